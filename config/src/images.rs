//! What rows were before their changes, as the triggers kept it in `history`. Secrets in here are encrypted; they leave
//! this crate only to be stored again.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Kind, Resource,
    audit::{Changes, MASK},
    resource::Values,
    sql::{self, Stored},
};

/// A row as it was before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// The revision of that change.
    pub revision: i64,
    /// Whose row; 0 for the program's own.
    pub tenant: i64,
    /// Its columns and lists by field, secrets encrypted; `None`: it was not there.
    pub values: Option<Values>,
}

impl Image {
    /// How people called it, as far as the row itself says.
    pub(crate) fn title(&self, of: &Resource, id: i64) -> String {
        if of.single {
            return of.one.to_owned();
        }
        let title = self.values.as_ref().and_then(|values| values.get(of.title));
        title.filter(|title| !title.is_empty()).cloned().unwrap_or_else(|| format!("#{id}"))
    }
}

/// What a row was at a revision, if it was changed since; `None` if it still is so.
pub(crate) fn before(
    rows: &Connection,
    of: &Resource,
    id: i64,
    revision: i64,
) -> rusqlite::Result<Option<Image>> {
    rows.prepare_cached(
        "SELECT revision, tenant_id, before FROM history WHERE tbl = ?1 AND row_id = ?2 AND revision > ?3 \
         ORDER BY revision LIMIT 1",
    )?
    .query_row((of.name, id, revision), |row| {
        Ok(Image { revision: row.get(0)?, tenant: row.get(1)?, values: parsed(row.get(2)?) })
    })
    .optional()
}

/// The encrypted text of a secret as it was at a revision; `None` if the row was not there, or it is not kept.
pub(crate) fn secret(
    rows: &Connection,
    of: &Resource,
    id: i64,
    field: &str,
    revision: i64,
) -> rusqlite::Result<Option<String>> {
    if let Some(image) = before(rows, of, id, revision)? {
        return Ok(image.values.and_then(|mut values| values.remove(field)).filter(|text| !text.is_empty()));
    }
    let text = format!("SELECT {field} FROM {} WHERE id = ?1", of.name);
    rows.prepare_cached(&text)?.query_row([id], |row| row.get(0)).optional()
}

/// What differs between a row as it was kept and as it is, secrets masked; `None`: it was not, or is not, there. The
/// row's own extension is left out: it is a row of its own for those who write in the file.
pub(crate) fn changes(
    rows: &Connection,
    of: &Resource,
    id: i64,
    was: Option<&Values>,
    is: Option<Values>,
) -> rusqlite::Result<Changes> {
    let mut changes = Changes::new();
    for field in of.settable() {
        if matches!(sql::stored(of, field), Stored::Extension { .. }) {
            continue;
        }
        let old = was.and_then(|values| values.get(field.name)).cloned().unwrap_or_default();
        if matches!(field.kind, Kind::Secret) {
            let new = if is.is_some() { secret(rows, of, id, field.name, i64::MAX)? } else { None };
            if old != new.unwrap_or_default() {
                changes.insert(field.name.to_owned(), (MASK.to_owned(), MASK.to_owned()));
            }
            continue;
        }
        let new = is.as_ref().and_then(|values| values.get(field.name)).cloned().unwrap_or_default();
        if old != new {
            changes.insert(field.name.to_owned(), (old, new));
        }
    }
    Ok(changes)
}

/// The JSON that the triggers write.
pub(crate) fn parsed(json: Option<String>) -> Option<Values> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json?).ok()?;
    let text = |value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    Some(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}
