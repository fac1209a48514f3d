//! Taking back what an audit entry or a revision changed. What somebody changed since is never overwritten. AUD-02.

use rusqlite::Connection;

use crate::{
    Db, Kind, Resource, TenantId,
    access::{Author, Scope, Viewer},
    audit::{self, AuditEntry, MASK},
    images, plan,
    plan::{Act, Go, PlanError, RowChange, RowProblem, Step},
    resource::Values,
    resources::{self, tenants::TENANTS},
    rows,
    secret::Place,
    transaction::Transaction,
    words::{self, Words},
    write::WriteError,
};

/// What was taken back.
#[derive(Debug, Clone, Default)]
pub struct Undone {
    /// The revision that holds it; the present one if there was nothing to change.
    pub revision: i64,
    /// Row by row, what became of it.
    pub rows: Vec<RowChange>,
    /// What stayed because it was changed since, or because something depends on it. Only when a trial ends, and of what
    /// went with a tenant; an undo that somebody asks for is refused instead.
    pub kept: Vec<String>,
}

/// A field that somebody changed after the change that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Later {
    /// The row, as people call it.
    pub title: String,
    /// The field's label; empty for the row as a whole.
    pub label: String,
    /// What is there, as people read it.
    pub now: String,
    /// Who changed it.
    pub by: String,
    /// Unix milliseconds; 0 if it is not known.
    pub at_ms: i64,
}

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum UndoError {
    #[error("there is no such change")]
    Gone,
    #[error("this cannot be taken back: {0}")]
    Never(&'static str),
    /// Taking it back would overwrite what somebody did since.
    #[error("it was changed since: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Later(Vec<Later>),
    /// Something depends on it, or what it needs is gone.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))]
    Refused(Vec<RowProblem>),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Db {
    /// Takes back what one audit entry changed, as one revision: changed fields get their old values, a removed row
    /// comes back with its id, lists and extension, an added one goes.
    ///
    /// # Errors
    /// [`UndoError::Later`] when a field was changed since, [`UndoError::Refused`] when something depends on the change
    /// or what it needs is gone. Nothing is written then.
    pub fn undo(&self, author: &Author, entry: i64) -> Result<Undone, UndoError> {
        self.undo_entries(author, |rows| {
            Ok(audit::entry(rows, author.viewer.tenant.0, entry)?.into_iter().collect())
        })
    }

    /// Takes back all that one revision changed, as one revision; see [`Db::undo`].
    pub fn undo_revision(&self, author: &Author, revision: i64) -> Result<Undone, UndoError> {
        self.undo_entries(author, |rows| Ok(audit::of_revision(rows, author.viewer.tenant.0, revision)?))
    }

    fn undo_entries(
        &self,
        author: &Author,
        find: impl FnOnce(&Connection) -> Result<Vec<AuditEntry>, UndoError>,
    ) -> Result<Undone, UndoError> {
        let (mut undone, returned) = self.undo_in_one(author, find)?;
        for (tenant, since) in returned {
            undone.kept.extend(self.refill(author, tenant, since)?);
        }
        Ok(undone)
    }

    /// What went with a tenant that comes back: its settings, sites, licences and roles, as they were at that revision. What
    /// could not be brought back, in words.
    fn refill(&self, author: &Author, tenant: i64, revision: i64) -> Result<Option<String>, UndoError> {
        let author = Author { viewer: Viewer::primary(TenantId(tenant)), ..author.clone() };
        match self.restore(&author, revision, Go::Apply(None)) {
            Ok(plan) if plan.problems.is_empty() => Ok(None),
            Err(PlanError::Write(error)) => Err(error.into()),
            Ok(_) | Err(_) => Ok(Some("its settings, sites, licences and roles are new ones".to_owned())),
        }
    }

    /// What was taken back, and the tenants that came back with the revision at which they still were.
    fn undo_in_one(
        &self,
        author: &Author,
        find: impl FnOnce(&Connection) -> Result<Vec<AuditEntry>, UndoError>,
    ) -> Result<(Undone, Vec<(i64, i64)>), UndoError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let entries = find(&transaction)?;
        let (mut steps, mut later, mut returned) = (Vec::new(), Vec::new(), Vec::new());
        for entry in by_row(entries)? {
            let Taken { step, changed } = step(self, &transaction, &entry)?;
            if let Some(Step { of, id, act: Act::Create { .. }, .. }) = &step
                && of.name == TENANTS.name
            {
                returned.push((*id, entry.since));
            }
            steps.extend(step);
            later.extend(changed);
        }
        if !later.is_empty() {
            return Err(UndoError::Later(later));
        }
        if steps.is_empty() {
            return Err(UndoError::Never("it holds no change of a row"));
        }
        let applied = plan::apply(self, &transaction, author, steps)?;
        if !applied.problems.is_empty() {
            return Err(UndoError::Refused(applied.problems));
        }
        let revision = if applied.rows.is_empty() { transaction.before() } else { transaction.commit()? };
        Ok((Undone { revision, rows: applied.rows, kept: Vec::new() }, returned))
    }
}

/// How one entry is taken back.
pub(super) struct Taken {
    /// `None`: there is nothing left of it.
    pub step: Option<Step>,
    /// Fields of it that somebody changed since.
    pub changed: Vec<Later>,
}

/// One entry a row: what several did to it within a revision, as if at once. The newest rows come first.
pub(super) fn by_row(entries: Vec<AuditEntry>) -> Result<Vec<AuditEntry>, UndoError> {
    if entries.is_empty() {
        return Err(UndoError::Gone);
    }
    let alone = entries.len() == 1;
    let mut merged: Vec<AuditEntry> = Vec::new();
    for entry in entries {
        if !CHANGING.contains(&entry.action.as_str()) {
            if alone {
                return Err(UndoError::Never("nothing was changed by it"));
            }
            continue;
        }
        match merged.iter_mut().find(|other| (other.row, &other.table) == (entry.row, &entry.table)) {
            Some(earlier) => earlier.followed_by(entry),
            None => merged.push(entry),
        }
    }
    merged.reverse();
    Ok(merged)
}

impl AuditEntry {
    /// What a later entry about the same row adds.
    fn followed_by(&mut self, later: Self) {
        for (field, (old, new)) in later.changes {
            match self.changes.get_mut(&field) {
                Some(pair) if pair.1 == old => pair.1 = new,
                // Somebody else was there in between: back to what they made of it.
                _ => drop(self.changes.insert(field, (old, new))),
            }
        }
        if self.action != "create" || later.action == "delete" {
            self.action = later.action;
        }
        self.id = later.id;
        self.revision = later.revision;
    }
}

/// What a row must become so that an entry is taken back.
pub(super) fn step(db: &Db, rows: &Connection, entry: &AuditEntry) -> Result<Taken, UndoError> {
    let of = resources::by_name(&entry.table).ok_or(UndoError::Never("its table is gone"))?;
    let stored = rows::stored(rows, of, Scope::All, entry.row)?;
    let undo = Undo { db, rows, entry, of };
    let taken = match (undo.kind()?, stored) {
        (Kept::Created, None) | (Kept::Neither, _) => Taken { step: None, changed: Vec::new() },
        (Kept::Created, Some(row)) => undo.remove(row)?,
        (Kept::Changed, Some(row)) => undo.change_back(row)?,
        (Kept::Changed, None) => {
            let changed = vec![undo.later("", "deleted".to_owned())?];
            Taken { step: None, changed }
        }
        (Kept::Deleted, None) => undo.bring_back()?,
        (Kept::Deleted, Some(_)) => {
            let changed = vec![undo.later("", "there again".to_owned())?];
            Taken { step: None, changed }
        }
    };
    Ok(taken)
}

/// What an entry did to its row.
enum Kept {
    Created,
    Changed,
    Deleted,
    /// Made and removed at once.
    Neither,
}

struct Undo<'a> {
    db: &'a Db,
    rows: &'a Connection,
    entry: &'a AuditEntry,
    of: &'static Resource,
}

impl Undo<'_> {
    fn kind(&self) -> Result<Kept, WriteError> {
        Ok(match self.entry.action.as_str() {
            "create" => Kept::Created,
            "delete" => Kept::Deleted,
            "noticed" => match (self.was_there(self.entry.since)?, self.was_there(self.entry.revision)?) {
                (false, false) => Kept::Neither,
                (false, true) => Kept::Created,
                (true, false) => Kept::Deleted,
                (true, true) => Kept::Changed,
            },
            _ => Kept::Changed,
        })
    }

    fn was_there(&self, revision: i64) -> rusqlite::Result<bool> {
        match images::before(self.rows, self.of, self.entry.row, revision)? {
            Some(image) => Ok(image.values.is_some()),
            None => Ok(rows::stored(self.rows, self.of, Scope::All, self.entry.row)?.is_some()),
        }
    }

    fn remove(&self, row: rows::Stored) -> Result<Taken, UndoError> {
        let changed = self.changed_since(&row)?;
        Ok(Taken { step: Some(self.towards(row.tenant, Act::Delete)), changed })
    }

    fn change_back(&self, row: rows::Stored) -> Result<Taken, UndoError> {
        let changed = self.changed_since(&row)?;
        let mut values = Values::new();
        for (name, (old, new)) in &self.entry.changes {
            let Some(field) = self.of.field(name).filter(|field| !field.read_only) else { continue };
            if matches!(field.kind, Kind::Secret) {
                let secret = self.old_secret(field.name)?;
                values.insert(name.clone(), secret.ok_or(UndoError::Never("the old password is not kept"))?);
            } else if row.values.get(name) == Some(new) {
                values.insert(name.clone(), old.clone());
            }
        }
        let step = (!values.is_empty()).then(|| self.towards(row.tenant, Act::Change { values }));
        Ok(Taken { step, changed })
    }

    fn bring_back(&self) -> Result<Taken, UndoError> {
        let mut values = Values::new();
        let image = images::before(self.rows, self.of, self.entry.row, self.entry.since)?;
        // The image has what nobody can set, too; the entry has the row's own extension.
        for (name, value) in image.as_ref().and_then(|image| image.values.clone()).unwrap_or_default() {
            if self.of.field(&name).is_some_and(|field| !matches!(field.kind, Kind::Secret)) {
                values.insert(name, value);
            }
        }
        for (name, (old, _)) in &self.entry.changes {
            values.insert(name.clone(), old.clone());
        }
        for field in self.of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
            match self.old_secret(field.name)? {
                Some(secret) => values.insert(field.name.to_owned(), secret),
                None => values.remove(field.name),
            };
        }
        let version = self
            .rows
            .prepare_cached("SELECT version FROM audit WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([self.entry.id], |row| row.get::<_, i64>(0)))?;
        let tenant = match (self.of.tenant, image) {
            (_, Some(image)) => image.tenant,
            (true, None) => self.tenant()?,
            (false, None) => self.entry.row,
        };
        let act = Act::Create { values, version: version + 1 };
        Ok(Taken { step: Some(self.towards(tenant, act)), changed: Vec::new() })
    }

    fn tenant(&self) -> Result<i64, UndoError> {
        let found = self
            .rows
            .prepare_cached("SELECT tenant_id FROM audit WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([self.entry.id], |row| row.get(0)));
        Ok(found?)
    }

    fn towards(&self, tenant: i64, act: Act) -> Step {
        Step { of: self.of, tenant, id: self.entry.row, act, undoes: Some(self.entry.id) }
    }

    /// The fields that are not as the entry left them.
    fn changed_since(&self, row: &rows::Stored) -> Result<Vec<Later>, UndoError> {
        let mut changed = Vec::new();
        for (name, (_, new)) in &self.entry.changes {
            let Some(field) = self.of.field(name) else { continue };
            if matches!(field.kind, Kind::Secret) {
                let secret =
                    |revision| images::secret(self.rows, self.of, self.entry.row, field.name, revision);
                let left = secret(self.entry.revision)?;
                let present = secret(i64::MAX)?;
                if left.is_some() && left != present {
                    changed.push(self.later(name, MASK.to_owned())?);
                }
                continue;
            }
            let now = row.values.get(name).cloned().unwrap_or_default();
            if now != *new {
                let shown = Words::default().value(self.rows, field, &now);
                changed.push(self.later(name, shown?)?);
            }
        }
        Ok(changed)
    }

    /// Who changed a field, or the row as a whole, after the entry.
    fn later(&self, name: &str, now: String) -> Result<Later, UndoError> {
        let found = last_author(self.rows, self.of, (self.entry.row, self.entry.id), name);
        let (by, at_ms) = found?;
        let label = words::label(self.of, name).to_owned();
        Ok(Later { title: format!("{} {}", self.of.one, self.entry.title), label, now, by, at_ms })
    }

    fn old_secret(&self, field: &'static str) -> Result<Option<String>, UndoError> {
        let (of, row) = (self.of, self.entry.row);
        let sealed = images::secret(self.rows, of, row, field, self.entry.since)?;
        let place = Place { table: of.name, field, row };
        Ok(sealed.and_then(|sealed| self.db.cipher().open(place, &sealed)))
    }
}

/// Who changed a field of a row (id and entry) last since the entry, and when.
fn last_author(
    rows: &Connection,
    of: &Resource,
    (row, entry): (i64, i64),
    field: &str,
) -> rusqlite::Result<(String, i64)> {
    let mut statement = rows.prepare_cached(
        "SELECT author, at_ms FROM audit WHERE tbl = ?1 AND row_id = ?2 AND id > ?3 \
         AND (?4 = '' OR EXISTS (SELECT 1 FROM json_each(changes) c WHERE c.key = ?4)) \
         ORDER BY id DESC LIMIT 1",
    )?;
    let mut found = statement.query((of.name, row, entry, field))?;
    match found.next()? {
        Some(found) => Ok((found.get(0)?, found.get(1)?)),
        None => Ok(("somebody with access to the database file".to_owned(), 0)),
    }
}

impl std::fmt::Display for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.label.is_empty() { "it" } else { &self.label };
        write!(f, "{}: {} made {what} “{}”", self.title, self.by, self.now)
    }
}

impl From<rusqlite::Error> for UndoError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Actions that changed a row.
const CHANGING: [&str; 5] = ["create", "update", "delete", "renew", "noticed"];
