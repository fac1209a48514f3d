//! Who points to a row: the guard of every delete and renumbering, and the check after a foreign delete. References are
//! known from the field kinds.

use rusqlite::Connection;

use crate::{
    Db, Field, Kind, Resource, WhenGone,
    access::{self, Viewer},
    resources,
    resources::extensions::EXTENSIONS,
    resources::tenants::{MADE_WITH, TENANTS},
    rows,
    sql::{self, Stored},
};

/// A row that points to another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Use {
    /// Its table's name.
    pub table: &'static str,
    /// What a row of the table is called: `Ring group`.
    pub one: &'static str,
    /// Row id.
    pub id: i64,
    /// `Everyone (600)`.
    pub title: String,
}

impl Db {
    /// The rows that point to a row or dial its number, at most [`ENOUGH`] a field: what a delete would be refused for.
    pub fn used_by(&self, viewer: &Viewer, of: &'static Resource, id: i64) -> rusqlite::Result<Vec<Use>> {
        let reader = self.reader()?;
        let scope = access::scope(viewer, of);
        let Some(stored) = rows::stored(&reader, of, scope, id)? else { return Ok(Vec::new()) };
        let mut uses = uses_of(&reader, of, stored.tenant, id)?;
        // What follows it or is cleared does not hold it.
        uses.retain(|one| {
            !letting_go(of).any(|(table, field)| table.name == one.table && field.when_gone != WhenGone::Move)
        });
        let own = sql::own_extension(of).map(|field| field.name);
        let number = own.or_else(|| (of.name == EXTENSIONS.name).then_some(EXTENSIONS.title));
        let number = number.and_then(|field| stored.values.get(field)).filter(|number| !number.is_empty());
        if let Some(number) = number {
            uses.extend(uses_of_number(&reader, stored.tenant, number, (of.name, id))?);
        }
        uses.dedup();
        Ok(uses)
    }
}

/// Titles of the rows that point to this one, `Ring group Everyone (600)`; at most [`ENOUGH`]. The row's own extension
/// does not count, it goes with the row.
pub fn users_of(rows: &Connection, of: &Resource, tenant: i64, id: i64) -> rusqlite::Result<Vec<String>> {
    if of.name == TENANTS.name {
        return contents_of(rows, id);
    }
    Ok(titles(uses_of(rows, of, tenant, id)?))
}

/// The rows that point to this one.
fn uses_of(rows: &Connection, of: &Resource, tenant: i64, id: i64) -> rusqlite::Result<Vec<Use>> {
    let mut uses = Vec::new();
    for table in resources::ALL {
        for field in table.fields {
            let points = match field.kind {
                Kind::Reference(name) | Kind::Many(name) => name == of.name,
                _ => false,
            };
            let is_own_extension = table.name == EXTENSIONS.name && sql::own_extension(of).is_some();
            if !points || is_own_extension {
                continue;
            }
            let condition = match sql::stored(table, field) {
                Stored::Join { table: join, .. } => format!(
                    "EXISTS (SELECT 1 FROM {join} m WHERE m.tenant_id = ?1 AND m.target = ?2 AND m.owner = t.id)"
                ),
                Stored::Column(column) => format!("t.{column} = ?2"),
                Stored::Extension { .. } | Stored::Made(_) => continue,
            };
            find(rows, table, &condition, (tenant, id), &mut uses)?;
        }
    }
    Ok(uses)
}

/// A row that points to another by one of its fields.
#[derive(Debug, Clone, Copy)]
pub struct Pointer {
    /// Whose row.
    pub table: &'static Resource,
    /// The field that points.
    pub field: &'static Field,
    /// The row that points.
    pub row: i64,
}

/// The rows that point to this one and need not: they follow it, move or are cleared.
pub fn pointers(rows: &Connection, of: &Resource, tenant: i64, id: i64) -> rusqlite::Result<Vec<Pointer>> {
    let mut pointers = Vec::new();
    for (table, field) in letting_go(of) {
        let Stored::Column(column) = sql::stored(table, field) else { continue };
        let text = format!("SELECT t.id FROM {} t WHERE t.tenant_id = ?1 AND t.{column} = ?2", table.name);
        let mut statement = rows.prepare_cached(&text)?;
        let found = statement.query_map((tenant, id), |row| row.get(0))?;
        for row in found {
            pointers.push(Pointer { table, field, row: row? });
        }
    }
    Ok(pointers)
}

/// The references to a table that do not hold its rows.
fn letting_go(of: &Resource) -> impl Iterator<Item = (&'static Resource, &'static Field)> {
    let points = |field: &&Field| {
        field.when_gone != WhenGone::Refuse && matches!(field.kind, Kind::Reference(name) if name == of.name)
    };
    resources::ALL
        .into_iter()
        .flat_map(move |table| table.fields.iter().filter(points).map(move |f| (table, f)))
}

/// Titles of the rows of a tenant that dial this number, except one row (table and id) that may.
pub fn users_of_number(
    rows: &Connection,
    tenant: i64,
    number: &str,
    except: (&str, i64),
) -> rusqlite::Result<Vec<String>> {
    Ok(titles(uses_of_number(rows, tenant, number, except)?))
}

fn uses_of_number(
    rows: &Connection,
    tenant: i64,
    number: &str,
    except: (&str, i64),
) -> rusqlite::Result<Vec<Use>> {
    let mut uses = Vec::new();
    for table in resources::ALL {
        for field in table.fields {
            let Some(text) = dialled_as(field, number) else { continue };
            let Stored::Column(column) = sql::stored(table, field) else { continue };
            let but = if table.name == except.0 { except.1 } else { 0 };
            // Not blank: the indexes of such columns have no entries for blank ones.
            let condition = format!("t.{column} = ?2 AND t.{column} <> '' AND t.id <> {but}");
            find(rows, table, &condition, (tenant, text), &mut uses)?;
        }
    }
    Ok(uses)
}

fn titles(uses: Vec<Use>) -> Vec<String> {
    let mut titles: Vec<String> = uses.into_iter().map(|row| format!("{} {}", row.one, row.title)).collect();
    titles.truncate(ENOUGH);
    titles
}

/// How a field that can hold a number holds it.
fn dialled_as(field: &Field, number: &str) -> Option<String> {
    match field.kind {
        Kind::PhoneNumber => Some(number.to_owned()),
        Kind::Destination => Some(format!("extension:{number}")),
        _ => None,
    }
}

fn find(
    rows: &Connection,
    table: &'static Resource,
    condition: &str,
    parameters: impl rusqlite::Params,
    uses: &mut Vec<Use>,
) -> rusqlite::Result<()> {
    let text = format!(
        "SELECT t.id, {} FROM {} t WHERE t.tenant_id = ?1 AND {condition} LIMIT {ENOUGH}",
        sql::title(table, "t"),
        table.name
    );
    let mut statement = rows.prepare_cached(&text)?;
    let mut found = statement.query(parameters)?;
    while let Some(row) = found.next()? {
        uses.push(Use { table: table.name, one: table.one, id: row.get(0)?, title: row.get(1)? });
    }
    Ok(())
}

/// `5 Users`, …: what a tenant holds.
fn contents_of(rows: &Connection, tenant: i64) -> rusqlite::Result<Vec<String>> {
    let mut contents = Vec::new();
    let counted = |table: &&Resource| table.tenant && !table.single && !MADE_WITH.contains(&table.name);
    for table in resources::ALL.into_iter().filter(counted) {
        let text = format!("SELECT count(*) FROM {} t WHERE t.tenant_id = ?1", table.name);
        let count: i64 = rows.prepare_cached(&text)?.query_row([tenant], |row| row.get(0))?;
        if count > 0 {
            contents.push(format!("{count} {}", table.many));
        }
    }
    Ok(contents)
}

/// The owner of an extension whose declaration says that it must have one: `Ring group Everyone (600)`.
pub fn owner_in_need(
    rows: &Connection,
    extension: &crate::resource::Values,
) -> rusqlite::Result<Option<String>> {
    for field in EXTENSIONS.fields {
        let Kind::Reference(name) = field.kind else { continue };
        let owner = extension.get(field.name).and_then(|id| id.parse::<i64>().ok());
        let table = resources::by_name(name);
        if let (Some(owner), Some(table)) = (owner, table)
            && sql::own_extension(table).is_some_and(|own| own.required)
        {
            return Ok(Some(format!("{} {}", table.one, rows::title(rows, table, owner)?)));
        }
    }
    Ok(None)
}

/// More titles help nobody.
const ENOUGH: usize = 20;
