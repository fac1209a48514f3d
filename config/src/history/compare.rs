//! What differs between two revisions, row by row.

use rusqlite::Connection;

use super::{
    Past, PastError,
    past::{changed_since, is_of},
};
use crate::{
    Db, Kind, Resource,
    access::{Scope, Viewer},
    audit::{self, MASK},
    images,
    plan::{Action, RowChange},
    resource::Values,
    resources::{self, extensions::EXTENSIONS},
    rows, sql,
    words::Words,
};

impl Db {
    /// What became of the rows that a viewer may see from one revision to a later one. The rows of extensions are left
    /// out: the change is told of the user or group whose number it is.
    ///
    /// # Errors
    /// When one of the revisions is not kept.
    pub fn compare(&self, viewer: &Viewer, from: i64, to: i64) -> Result<Vec<RowChange>, PastError> {
        let (from, to) = (self.past(from.min(to))?, self.past(from.max(to))?);
        let mut changes = Vec::new();
        let mut words = (Words::default(), Words::default());
        for of in resources::ALL.into_iter().filter(|of| of.name != EXTENSIONS.name) {
            for id in touched(&from.rows, of, viewer, from.revision)? {
                changes.extend(change(of, id, (&from, &to), &mut words)?);
            }
        }
        Ok(changes)
    }
}

/// Ids of the rows of a table that changed after a revision, also those whose own extension did.
pub(super) fn touched(
    rows: &Connection,
    of: &'static Resource,
    viewer: &Viewer,
    revision: i64,
) -> rusqlite::Result<Vec<i64>> {
    let mut ids: Vec<i64> = changed_since(rows, of, revision)?
        .into_iter()
        .filter(|(_, image)| is_of(of, viewer, image.tenant))
        .map(|(id, _)| id)
        .collect();
    if let Some(field) = owner_field(of) {
        for (id, image) in changed_since(rows, &EXTENSIONS, revision)? {
            if image.tenant != viewer.tenant.0 {
                continue;
            }
            let then = image.values.and_then(|values| values.get(field.name).cloned());
            let now = rows::stored(rows, &EXTENSIONS, Scope::All, id)?;
            let now = now.and_then(|row| row.values.get(field.name).cloned());
            ids.extend(then.into_iter().chain(now).filter_map(|id| id.parse::<i64>().ok()));
        }
        // An extension may have had several owners.
        let mut statement = rows.prepare_cached(&format!(
            "SELECT DISTINCT CAST(before ->> '{0}' AS INTEGER) FROM main.history WHERE tbl = 'extensions' \
             AND revision > ?1 AND tenant_id = ?2 AND before ->> '{0}' <> ''",
            field.name
        ))?;
        let owners = statement.query_map((revision, viewer.tenant.0), |row| row.get(0))?;
        ids.extend(owners.collect::<Result<Vec<i64>, _>>()?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The field of extensions that points to a table with numbers of its own.
fn owner_field(of: &Resource) -> Option<&'static crate::Field> {
    sql::own_extension(of)?;
    EXTENSIONS.fields.iter().find(|field| matches!(field.kind, Kind::Reference(name) if name == of.name))
}

fn change(
    of: &'static Resource,
    id: i64,
    (from, to): (&Past, &Past),
    words: &mut (Words, Words),
) -> rusqlite::Result<Option<RowChange>> {
    let read = |past: &Past| rows::stored(&past.rows, of, Scope::All, id);
    let (old, new) = (read(from)?, read(to)?);
    let action = match (&old, &new) {
        (None, None) => return Ok(None),
        (None, Some(_)) => Action::Create,
        (Some(_), None) => Action::Delete,
        (Some(_), Some(_)) => Action::Change,
    };
    let of_then = if new.is_some() { to } else { from };
    let title = rows::title(&of_then.rows, of, id)?;
    let values = |row: Option<rows::Stored>| row.map_or_else(Values::new, |row| row.values);
    let mut changes = audit::changes(of, &values(old), &values(new));
    for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
        let sealed = |past: &Past| images::secret(&past.rows, of, id, field.name, past.revision);
        if action == Action::Change && sealed(from)? != sealed(to)? {
            changes.insert(field.name.to_owned(), (MASK.to_owned(), MASK.to_owned()));
        }
    }
    if changes.is_empty() && action == Action::Change {
        return Ok(None);
    }
    let mut shown = words.0.changes(&from.rows, of, &changes)?;
    for (name, pair) in words.1.changes(&to.rows, of, &changes)? {
        if let Some(both) = shown.get_mut(&name) {
            both.1 = pair.1;
        }
    }
    Ok(Some(RowChange { table: of.name, id, title, action, changes, shown }))
}
