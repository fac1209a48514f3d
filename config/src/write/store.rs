//! Storing a checked row by its declaration: its columns, its extension, its lists.

use rusqlite::{Connection, ToSql, params_from_iter};

use crate::{
    Field, Kind, Resource,
    audit::Changes,
    resource::Values,
    secret::{Cipher, Place},
    sql::{self, Stored},
};

/// Which row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub of: &'static Resource,
    pub tenant: i64,
    pub id: i64,
    pub cipher: &'a Cipher,
}

/// The id that the next row of a table gets. Ids are never used again, so an old audit entry or call names nobody else.
pub(crate) fn next_id(rows: &Connection, of: &Resource) -> rusqlite::Result<i64> {
    rows.prepare_cached("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0) + 1")?
        .query_row([of.name], |row| row.get(0))
}

/// Adds a row with complete values.
pub(crate) fn insert(rows: &Connection, row: Row<'_>, values: &Values) -> rusqlite::Result<()> {
    let mut columns = vec!["id".to_owned()];
    let mut stored: Vec<Box<dyn ToSql>> = vec![Box::new(row.id)];
    if row.of.tenant {
        columns.push("tenant_id".into());
        stored.push(Box::new(row.tenant));
    }
    for field in row.of.settable() {
        if let Stored::Column(column) = sql::stored(row.of, field) {
            columns.push(column);
            stored.push(column_value(row, field, text(values, field)));
        }
    }
    let places = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT INTO {} ({}) VALUES ({places})", row.of.name, columns.join(", "));
    rows.prepare_cached(&insert)?.execute(params_from_iter(stored))?;
    for field in row.of.settable() {
        store_apart(rows, row, field, text(values, field))?;
    }
    Ok(())
}

/// Changes those fields of a row that differ.
pub(crate) fn update(
    rows: &Connection,
    row: Row<'_>,
    values: &Values,
    changes: &Changes,
) -> rusqlite::Result<()> {
    let mut sets = vec!["version = version + 1".to_owned()];
    let mut stored: Vec<Box<dyn ToSql>> = vec![Box::new(row.id)];
    for field in row.of.settable().filter(|field| changes.contains_key(field.name)) {
        match sql::stored(row.of, field) {
            Stored::Column(column) => {
                stored.push(column_value(row, field, text(values, field)));
                sets.push(format!("{column} = ?{}", stored.len()));
            }
            _ => store_apart(rows, row, field, text(values, field))?,
        }
    }
    let update = format!("UPDATE {} SET {} WHERE id = ?1", row.of.name, sets.join(", "));
    rows.prepare_cached(&update)?.execute(params_from_iter(stored))?;
    Ok(())
}

/// Removes a row with its extension; lists go by foreign key.
pub(crate) fn delete(rows: &Connection, of: &Resource, tenant: i64, id: i64) -> rusqlite::Result<()> {
    if let Some(Stored::Extension { owner }) = sql::own_extension(of).map(|field| sql::stored(of, field)) {
        let text = format!("DELETE FROM extensions WHERE tenant_id = ?1 AND {owner} = ?2");
        rows.prepare_cached(&text)?.execute([tenant, id])?;
    }
    rows.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", of.name))?.execute([id])?;
    Ok(())
}

/// Stores what is not in a column of the row.
fn store_apart(rows: &Connection, row: Row<'_>, field: &Field, value: &str) -> rusqlite::Result<()> {
    match sql::stored(row.of, field) {
        Stored::Column(_) | Stored::Made(_) => Ok(()),
        Stored::Extension { owner } => store_extension(rows, row, &owner, value),
        Stored::Join { table, .. } => {
            let delete = format!("DELETE FROM {table} WHERE tenant_id = ?1 AND owner = ?2");
            rows.prepare_cached(&delete)?.execute([row.tenant, row.id])?;
            let insert =
                format!("INSERT INTO {table} (tenant_id, owner, position, target) VALUES (?1, ?2, ?3, ?4)");
            for (position, target) in (1_i64..).zip(value.split(',').filter(|id| !id.is_empty())) {
                rows.prepare_cached(&insert)?.execute((row.tenant, row.id, position, target))?;
            }
            Ok(())
        }
    }
}

fn store_extension(rows: &Connection, row: Row<'_>, owner: &str, number: &str) -> rusqlite::Result<()> {
    if number.is_empty() {
        let delete = format!("DELETE FROM extensions WHERE tenant_id = ?1 AND {owner} = ?2");
        rows.prepare_cached(&delete)?.execute([row.tenant, row.id])?;
        return Ok(());
    }
    let update = format!(
        "UPDATE extensions SET number = ?3, version = version + 1 WHERE tenant_id = ?1 AND {owner} = ?2"
    );
    if rows.prepare_cached(&update)?.execute((row.tenant, row.id, number))? == 0 {
        let insert = format!("INSERT INTO extensions (tenant_id, {owner}, number) VALUES (?1, ?2, ?3)");
        rows.prepare_cached(&insert)?.execute((row.tenant, row.id, number))?;
    }
    Ok(())
}

/// A checked value as its column holds it.
pub(crate) fn column_value(row: Row<'_>, field: &Field, value: &str) -> Box<dyn ToSql> {
    match field.kind {
        _ if sql::may_be_null(field) => Box::new(value.parse::<i64>().ok()),
        _ if sql::is_number(field) => Box::new(value.parse::<i64>().unwrap_or_default()),
        Kind::Reference(_) => Box::new(value.parse::<i64>().ok()),
        Kind::Secret if value.is_empty() => Box::new(String::new()),
        Kind::Secret => {
            let place = Place { table: row.of.name, field: field.name, row: row.id };
            Box::new(row.cipher.seal(place, value))
        }
        _ => Box::new(value.to_owned()),
    }
}

fn text<'a>(values: &'a Values, field: &Field) -> &'a str {
    values.get(field.name).map_or("", String::as_str)
}
