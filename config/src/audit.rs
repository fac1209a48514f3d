//! What was changed, by whom, from where: one entry a transaction. AUD-02, OPS-05.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::{
    Db, Kind, Resource,
    access::{Author, Viewer},
    resource::Values,
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
    /// `create`, `update`, `delete`, `renew`, `reveal`, `noticed` (changed in the file by hand).
    pub action: String,
    /// Table and row.
    pub table: String,
    pub row: i64,
    /// How the row was called.
    pub title: String,
    pub revision: i64,
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
        let mut statement = reader.prepare_cached(
            "SELECT id, at_ms, author, address, via, action, tbl, row_id, title, revision, changes FROM audit \
             WHERE tenant_id = ?1 AND id < ?2 AND (?3 = '' OR (tbl = ?3 AND row_id = ?4)) ORDER BY id DESC LIMIT ?5",
        )?;
        let limit = limit.clamp(1, 200) as i64;
        statement.query_map((viewer.tenant.0, before.unwrap_or(i64::MAX), table, row, limit), read)?.collect()
    }
}

/// The newest entry's id.
pub(crate) fn newest(rows: &Connection) -> rusqlite::Result<i64> {
    rows.query_row("SELECT COALESCE(max(id), 0) FROM audit", [], |row| row.get(0))
}

/// What was noted after that entry, oldest first.
pub(crate) fn after(rows: &Connection, entry: i64) -> rusqlite::Result<Vec<AuditEntry>> {
    let mut statement = rows.prepare_cached(
        "SELECT id, at_ms, author, address, via, action, tbl, row_id, title, revision, changes FROM audit \
         WHERE id > ?1 ORDER BY id",
    )?;
    statement.query_map([entry], read)?.collect()
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

/// Adds an entry. Within the transaction of the change.
pub(crate) fn note(
    rows: &Connection,
    author: &Author,
    about: About<'_>,
    changes: &Changes,
) -> rusqlite::Result<()> {
    let changes = serde_json::to_string(changes).expect("maps of strings are JSON");
    rows.prepare_cached(
        "INSERT INTO audit (tenant_id, author, address, via, action, tbl, row_id, title, version, revision, changes) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, number, ?10 FROM revision",
    )?
    .execute(rusqlite::params![
        about.tenant,
        author.name,
        author.address,
        author.via,
        about.action,
        about.of.name,
        about.id,
        about.title,
        about.version,
        changes
    ])?;
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

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditEntry> {
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
        changes: serde_json::from_str(&row.get::<_, String>(10)?).unwrap_or_default(),
    })
}

const MASK: &str = "•••";
