//! One row of any table, read by its declaration.

use rusqlite::{Connection, OptionalExtension};

use crate::{Field, Kind, Resource, access::Scope, resource::Values, sql};

/// A row as stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its tenant; for a tenant itself its own id, for the program's settings 0.
    pub tenant: i64,
    /// Grows with each change.
    pub version: i64,
    /// All fields but secrets.
    pub values: Values,
}

/// The row with that id, if it is there and in `scope`.
pub fn stored(rows: &Connection, of: &Resource, scope: Scope, id: i64) -> rusqlite::Result<Option<Stored>> {
    let fields: Vec<&Field> = readable(of).collect();
    let text = sql::once(("row", of.name, scope.condition()), || {
        let columns: Vec<String> = fields.iter().map(|field| sql::value(of, field)).collect();
        format!(
            "SELECT {}, t.version, {} FROM {} t WHERE t.id = ?3 AND {}",
            tenant_column(of),
            columns.join(", "),
            of.name,
            scope.condition()
        )
    });
    let [first, second] = scope.parameters();
    rows.prepare_cached(&text)?
        .query_row([first, second, id], |row| {
            let mut values = Values::new();
            for (at, field) in fields.iter().enumerate() {
                values.insert(field.name.to_owned(), row.get(at + 2)?);
            }
            Ok(Stored { tenant: row.get(0)?, version: row.get(1)?, values })
        })
        .optional()
}

/// Whether a row is there, but beyond the part of the tenant that `scope` is: it is refused, not denied. ROL-03.
pub fn is_beyond(rows: &Connection, of: &Resource, scope: Scope, id: i64) -> rusqlite::Result<bool> {
    if !matches!(scope, Scope::Part(..)) {
        return Ok(false);
    }
    let whole = scope.whole();
    let text = sql::once(("beyond", of.name, whole.condition()), || {
        format!("SELECT 1 FROM {} t WHERE t.id = ?3 AND {}", of.name, whole.condition())
    });
    let [first, second] = whole.parameters();
    rows.prepare_cached(&text)?.exists([first, second, id])
}

/// How people call a row; `#7` if it is gone.
pub fn title(rows: &Connection, of: &Resource, id: i64) -> rusqlite::Result<String> {
    let text = format!("SELECT {} FROM {} t WHERE t.id = ?1", sql::title(of, "t"), of.name);
    let title = rows.prepare_cached(&text)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(title.unwrap_or_else(|| format!("#{id}")))
}

/// The fields whose value may be read: all but secrets.
pub fn readable(of: &Resource) -> impl Iterator<Item = &'static Field> {
    of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret))
}

/// Where a table says whose a row is.
pub fn tenant_column(of: &Resource) -> &'static str {
    match (of.tenant, of.single) {
        (true, _) => "t.tenant_id",
        (false, true) => "0",
        (false, false) => "t.id",
    }
}
