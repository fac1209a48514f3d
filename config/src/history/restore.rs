//! Back to how a tenant's configuration was at a revision, as one revision more.

use rusqlite::{Connection, OptionalExtension};

use super::{Past, PastError, compare::touched};
use crate::{
    Db, Kind, Resource,
    access::{Author, Scope},
    images,
    plan::{Act, Go, Plan, PlanError, Step},
    resource::Values,
    resources::{self, extensions::EXTENSIONS},
    rows,
    secret::Place,
    write::WriteError,
};

impl Db {
    /// Makes the author's tenant as it was at a revision: removed rows come back, added ones go, changed ones get their
    /// values of then, passwords too. [`Go::Rehearse`] says what would happen.
    ///
    /// # Errors
    /// When the revision is not kept, or the configuration is not the one that the plan was made for.
    pub fn restore(&self, author: &Author, revision: i64, go: Go) -> Result<Plan, PlanError> {
        let past = self.past(revision).map_err(|error| match error {
            PastError::Sqlite(error) => PlanError::Write(WriteError::Sqlite(error)),
            PastError::NotKept(..) => PlanError::Refused(format!("{error}.")),
        })?;
        self.carry_out(author, go, |rows, _| {
            let viewer = author.viewer;
            let mut steps = Vec::new();
            for of in resources::ALL.into_iter().filter(|of| of.name != EXTENSIONS.name) {
                for id in touched(rows, of, &viewer, revision)? {
                    steps.extend(step(self, (rows, &past), of, id)?);
                }
            }
            Ok(steps)
        })
    }
}

/// What a row needs to be as it was.
fn step(
    db: &Db,
    (rows, past): (&Connection, &Past),
    of: &'static Resource,
    id: i64,
) -> rusqlite::Result<Option<Step>> {
    let then = rows::stored(&past.rows, of, Scope::All, id)?;
    let now = rows::stored(rows, of, Scope::All, id)?;
    let tenant = then.as_ref().or(now.as_ref()).map_or(0, |row| row.tenant);
    let act = match (then, now) {
        (None, None) => return Ok(None),
        // Such rows come and go with their tenant; one that came back has a new one.
        (Some(then), None) if of.single => return in_place(rows, of, then),
        (None, Some(_)) if of.single => return Ok(None),
        (None, Some(_)) => Act::Delete,
        (Some(then), None) => {
            let mut values = then.values;
            secrets_of_then(db, (rows, past.revision), of, id, &mut values)?;
            let newest: Option<i64> = rows
                .prepare_cached("SELECT max(version) FROM audit WHERE tbl = ?1 AND row_id = ?2")?
                .query_row((of.name, id), |row| row.get(0))?;
            Act::Create { values, version: newest.unwrap_or_default() + 1 }
        }
        (Some(then), Some(now)) => {
            let mut values = Values::new();
            for field in of.settable() {
                let of_then = then.values.get(field.name);
                if let Some(value) = of_then.filter(|value| now.values.get(field.name) != Some(*value)) {
                    values.insert(field.name.to_owned(), value.clone());
                }
            }
            secrets_of_then(db, (rows, past.revision), of, id, &mut values)?;
            if values.is_empty() {
                return Ok(None);
            }
            Act::Change { values }
        }
    };
    Ok(Some(Step { of, tenant, id, act, undoes: None }))
}

/// The values of a table with one row a tenant, for the row that the tenant has now.
fn in_place(rows: &Connection, of: &'static Resource, then: rows::Stored) -> rusqlite::Result<Option<Step>> {
    if !of.tenant {
        return Ok(None);
    }
    let text = format!("SELECT id FROM {} WHERE tenant_id = ?1", of.name);
    let id: Option<i64> =
        rows.prepare_cached(&text)?.query_row([then.tenant], |row| row.get(0)).optional()?;
    let Some(id) = id else { return Ok(None) };
    let settable = |name: &String| {
        of.field(name).is_some_and(|field| !field.read_only && !matches!(field.kind, Kind::Secret))
    };
    let values: Values = then.values.into_iter().filter(|(name, _)| settable(name)).collect();
    Ok(Some(Step { of, tenant: then.tenant, id, act: Act::Change { values }, undoes: None }))
}

/// Adds the secrets of then that are others by now.
fn secrets_of_then(
    db: &Db,
    (rows, revision): (&Connection, i64),
    of: &Resource,
    id: i64,
    values: &mut Values,
) -> rusqlite::Result<()> {
    for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
        let then = images::secret(rows, of, id, field.name, revision)?;
        let now = images::secret(rows, of, id, field.name, i64::MAX)?;
        let place = Place { table: of.name, field: field.name, row: id };
        let secret = then.filter(|then| now.as_ref() != Some(then)).and_then(|s| db.cipher().open(place, &s));
        if let Some(secret) = secret {
            values.insert(field.name.to_owned(), secret);
        }
    }
    Ok(())
}
