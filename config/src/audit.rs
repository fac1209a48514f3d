//! What was changed, by whom, from where: one entry a transaction. AUD-02, OPS-05.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Db, Kind, Resource,
    access::{self, Author, OPERATOR, Scope, Viewer},
    resource::Values,
    resources::tenants::TENANTS,
};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[allow(missing_docs)]
pub struct AuditEntry {
    pub id: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub author: String,
    pub address: String,
    pub via: String,
    /// `create`, `update`, `delete`, `renew`, `reveal`, `noticed` (changed in the file by hand), …; of users also `password`,
    /// `setup_link`, `locked`; of trunks also `test_call`.
    pub action: String,
    /// Table and row.
    pub table: String,
    pub row: i64,
    /// How the row was called.
    pub title: String,
    pub revision: i64,
    /// The revision at which the row still was as the old values say.
    pub since: i64,
    /// The entry that this one took back.
    pub undoes: Option<i64>,
    /// The entry that took this one back last.
    pub undone_by: Option<i64>,
    /// Field → (old, new), as stored; secrets masked.
    pub changes: Changes,
}

/// Field → (old, new).
pub type Changes = BTreeMap<String, (String, String)>;

/// What one entry is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub of: &'a Resource,
    pub id: i64,
    pub tenant: i64,
    pub title: &'a str,
    pub action: &'static str,
    /// The row's version after the change.
    pub version: i64,
}

/// The revisions that an entry is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The row still was as it had been.
    pub since: i64,
    /// The row is as it became.
    pub revision: i64,
}

impl Db {
    /// The newest changes of a tenant, from before the entry `before` (`None`: from the newest), at most `limit`
    /// (1..=200); of one row, if `of` is given.
    pub fn audit(
        &self,
        viewer: &Viewer,
        of: Option<(&Resource, i64)>,
        before: Option<i64>,
        limit: usize,
    ) -> rusqlite::Result<Vec<AuditEntry>> {
        let (table, row) = of.map_or(("", 0), |(of, row)| (of.name, row));
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&format!(
            "{SELECT} WHERE (tenant_id = ?1 OR {}) AND id < ?2 AND (?3 = '' OR (tbl = ?3 AND row_id = ?4)) \
             ORDER BY id DESC LIMIT ?5",
            if operates(viewer) { OPERATED } else { "0" }
        ))?;
        let limit = limit.clamp(1, 200) as i64;
        statement.query_map((viewer.tenant.0, before.unwrap_or(i64::MAX), table, row, limit), read)?.collect()
    }
}

impl Db {
    /// Notes that somebody took data out: the configuration, a log. AUD-03.
    pub fn note_export(&self, author: &Author, what: &str) -> rusqlite::Result<()> {
        let writer = self.writer();
        let tenant = author.viewer.tenant.0;
        let about = About { of: &TENANTS, id: tenant, tenant, title: what, action: "export", version: 0 };
        note(&writer, author, about, &Changes::new())
    }
}

/// Whether somebody sees what becomes of the companies on this system.
pub(crate) fn operates(viewer: &Viewer) -> bool {
    access::scope(viewer, &TENANTS) == Scope::All
}

/// The entry of a tenant with that id.
pub(crate) fn entry(rows: &Connection, tenant: i64, id: i64) -> rusqlite::Result<Option<AuditEntry>> {
    let text = format!("{SELECT} WHERE (tenant_id = ?1 OR {OPERATED}) AND id = ?2");
    rows.prepare_cached(&text)?.query_row((tenant, id), read).optional()
}

/// The entries of a tenant's revision, in the order in which they were made.
pub(crate) fn of_revision(
    rows: &Connection,
    tenant: i64,
    revision: i64,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let text = format!("{SELECT} WHERE (tenant_id = ?1 OR {OPERATED}) AND revision = ?2 ORDER BY id");
    rows.prepare_cached(&text)?.query_map((tenant, revision), read)?.collect()
}

impl Span {
    /// What the transaction at hand changes.
    pub(crate) fn present(rows: &Connection) -> rusqlite::Result<Self> {
        let revision: i64 =
            rows.prepare_cached("SELECT number FROM revision")?.query_row([], |row| row.get(0))?;
        Ok(Self { since: revision - 1, revision })
    }
}

/// The newest entry's id.
pub(crate) fn newest(rows: &Connection) -> rusqlite::Result<i64> {
    rows.query_row("SELECT COALESCE(max(id), 0) FROM audit", [], |row| row.get(0))
}

/// What was noted after that entry, oldest first.
pub(crate) fn after(rows: &Connection, entry: i64) -> rusqlite::Result<Vec<AuditEntry>> {
    let text = format!("{SELECT} WHERE id > ?1 ORDER BY id");
    rows.prepare_cached(&text)?.query_map([entry], read)?.collect()
}

/// What differs, secrets masked.
pub(crate) fn changes(of: &Resource, old: &Values, new: &Values) -> Changes {
    let mut changes = Changes::new();
    for field in of.settable() {
        let value = |values: &Values| values.get(field.name).cloned().unwrap_or_default();
        let (old, new) = (value(old), value(new));
        if matches!(field.kind, Kind::Secret) {
            if !new.is_empty() {
                changes.insert(field.name.to_owned(), (MASK.to_owned(), MASK.to_owned()));
            }
        } else if old != new {
            changes.insert(field.name.to_owned(), (old, new));
        }
    }
    changes
}

/// Adds an entry about what the transaction at hand changes.
pub(crate) fn note(
    rows: &Connection,
    author: &Author,
    about: About<'_>,
    changes: &Changes,
) -> rusqlite::Result<()> {
    note_span(rows, author, about, changes, Span::present(rows)?).map(|_| ())
}

/// Adds an entry about what was changed in those revisions. Returns its id.
pub(crate) fn note_span(
    rows: &Connection,
    author: &Author,
    about: About<'_>,
    changes: &Changes,
    span: Span,
) -> rusqlite::Result<i64> {
    let changes = serde_json::to_string(changes).expect("maps of strings are JSON");
    rows.prepare_cached(
        "INSERT INTO audit \
         (tenant_id, author, address, via, action, tbl, row_id, title, version, revision, since, changes) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(rusqlite::params![
        // The program's own settings are for those who run it to see.
        if about.tenant == 0 { OPERATOR.0 } else { about.tenant },
        author.name,
        author.address,
        author.via,
        about.action,
        about.of.name,
        about.id,
        about.title,
        about.version,
        span.revision,
        span.since,
        changes
    ])?;
    Ok(rows.last_insert_rowid())
}

/// Notes that an entry took another one back.
pub(crate) fn note_undone(rows: &Connection, entry: i64, undoes: i64) -> rusqlite::Result<()> {
    rows.prepare_cached("UPDATE audit SET undoes = ?2 WHERE id = ?1")?.execute([entry, undoes])?;
    Ok(())
}

/// Who made this version of a row.
pub(crate) fn author_of(rows: &Connection, of: &Resource, id: i64, version: i64) -> rusqlite::Result<String> {
    let mut statement = rows.prepare_cached(
        "SELECT author FROM audit WHERE tbl = ?1 AND row_id = ?2 AND version = ?3 ORDER BY id DESC LIMIT 1",
    )?;
    let mut found = statement.query((of.name, id, version))?;
    Ok(match found.next()? {
        Some(row) => row.get(0)?,
        None => "somebody with access to the database file".to_owned(),
    })
}

pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at_ms: row.get(1)?,
        author: row.get(2)?,
        address: row.get(3)?,
        via: row.get(4)?,
        action: row.get(5)?,
        table: row.get(6)?,
        row: row.get(7)?,
        title: row.get(8)?,
        revision: row.get(9)?,
        since: row.get(10)?,
        undoes: row.get(11)?,
        undone_by: row.get(12)?,
        changes: serde_json::from_str(&row.get::<_, String>(13)?).unwrap_or_default(),
    })
}

/// What [`read`] reads.
pub(crate) const SELECT: &str = "SELECT id, at_ms, author, address, via, action, tbl, row_id, title, revision, since, \
    undoes, (SELECT max(u.id) FROM audit u WHERE u.undoes = audit.id), changes FROM audit";
/// Who runs the program makes and changes the other tenants.
const OPERATED: &str = "(?1 = 1 AND tbl = 'tenants')";
/// What is said instead of a secret.
pub(crate) const MASK: &str = "•••";
