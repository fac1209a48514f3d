//! Which rows changed, and what is wrong with those that nobody checked.

use rusqlite::Connection;

use crate::{
    Kind, Problem, Resource,
    access::Scope,
    check::{self, Draft},
    resources,
    resources::{extensions::EXTENSIONS, tenants::TENANTS},
    rows,
    sql::{self, Stored},
};

/// The counters of the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Revision {
    pub number: i64,
    /// Up to this one all rows passed the checks.
    pub checked: i64,
}

/// A row that was added, changed or removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touched {
    pub of: &'static Resource,
    pub id: i64,
    pub revision: i64,
}

/// Something that is wrong.
#[derive(Debug)]
pub(super) struct Bad {
    /// The row to leave out; `None` if it is gone.
    pub row: Option<Touched>,
    pub message: String,
}

pub(super) fn revision(rows: &Connection) -> rusqlite::Result<Revision> {
    rows.prepare_cached("SELECT number, checked FROM revision")?
        .query_row([], |row| Ok(Revision { number: row.get(0)?, checked: row.get(1)? }))
}

/// The rows touched after a revision, in order of tables, so that what is pointed to comes before who points.
pub(super) fn since(rows: &Connection, revision: i64) -> rusqlite::Result<Vec<Touched>> {
    let mut statement = rows
        .prepare_cached("SELECT tbl, row_id, revision FROM change WHERE revision > ?1 ORDER BY revision")?;
    let mut found = statement.query([revision])?;
    let mut touched = Vec::new();
    while let Some(row) = found.next()? {
        if let Some(of) = watched(row.get_ref(0)?.as_str()?) {
            touched.push(Touched { of, id: row.get(1)?, revision: row.get(2)? });
        }
    }
    Ok(touched)
}

/// A table whose rows the snapshot holds, declared for administrators or not.
fn watched(name: &str) -> Option<&'static Resource> {
    resources::by_name(name).or_else(|| resources::UNLISTED.into_iter().find(|of| of.name == name))
}

/// What is wrong with touched rows.
pub(super) fn problems(rows: &Connection, touched: &[Touched]) -> rusqlite::Result<Vec<Bad>> {
    let mut all = Vec::new();
    let mut shrunk: Vec<Touched> = Vec::new();
    for &touched in touched {
        let Touched { of, id, .. } = touched;
        match rows::stored(rows, of, Scope::All, id)? {
            Some(stored) => {
                let draft = Draft { of, tenant: stored.tenant, id, values: &stored.values };
                let mut wrong = draft.problems(rows)?;
                wrong.extend(check::rules(rows, of, stored.tenant, &[&stored.values])?);
                wrong.extend(lost_tenant(rows, of, stored.tenant)?);
                all.extend(worded(rows, touched, wrong)?);
            }
            None => {
                all.extend(still_used(rows, of, id)?);
                if !of.rules.is_empty() && !shrunk.iter().any(|other| other.of.name == of.name) {
                    shrunk.push(touched);
                }
            }
        }
    }
    for touched in shrunk {
        all.extend(broken_by_delete(rows, touched)?);
    }
    // Whoever dials a number that is gone or another now.
    if touched.iter().any(|touched| touched.of.name == EXTENSIONS.name) {
        all.extend(dead_targets(rows)?);
    }
    Ok(all)
}

/// Problems of a row for people who look at tables.
fn worded(rows: &Connection, touched: Touched, wrong: Vec<Problem>) -> rusqlite::Result<Vec<Bad>> {
    if wrong.is_empty() {
        return Ok(Vec::new());
    }
    let Touched { of, id, .. } = touched;
    let title = rows::title(rows, of, id)?;
    let bad = |problem: Problem| {
        let column = if problem.field.is_empty() { String::new() } else { format!(" `{}`:", problem.field) };
        let message = format!("{} {title} (table {}, id {id}){column} {}", of.one, of.name, problem.message);
        Bad { row: Some(touched), message }
    };
    Ok(wrong.into_iter().map(bad).collect())
}

/// Rules that hold no more since a row of the table was deleted: what the row was is not known, so all others are asked.
fn broken_by_delete(rows: &Connection, deleted: Touched) -> rusqlite::Result<Vec<Bad>> {
    let of = deleted.of;
    let mut statement = rows.prepare_cached(&format!("SELECT id FROM {}", of.name))?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut bad = Vec::new();
    for id in ids {
        let Some(stored) = rows::stored(rows, of, Scope::All, id)? else { continue };
        let wrong = check::rules(rows, of, stored.tenant, &[&stored.values])?;
        bad.extend(worded(rows, Touched { id, ..deleted }, wrong)?);
    }
    Ok(bad)
}

/// A row of a tenant that does not exist.
fn lost_tenant(rows: &Connection, of: &Resource, tenant: i64) -> rusqlite::Result<Option<Problem>> {
    let exists =
        !of.tenant || rows.prepare_cached("SELECT 1 FROM tenants WHERE id = ?1")?.exists([tenant])?;
    Ok((!exists).then(|| Problem::of("tenant_id", format!("There is no tenant {tenant}."))))
}

/// Rows that point to one that was deleted.
fn still_used(rows: &Connection, of: &Resource, id: i64) -> rusqlite::Result<Vec<Bad>> {
    let mut bad = Vec::new();
    for (table, select) in pointers_to(of) {
        let mut statement = rows.prepare_cached(&format!("{select} LIMIT 20"))?;
        let mut found = statement.query([id])?;
        while let Some(row) = found.next()? {
            let other: i64 = row.get(0)?;
            let message = format!(
                "{} {} (table {}, id {other}) points to the {} with the id {id}, which was deleted. Put it back, or \
                 change what points to it.",
                table.one,
                rows::title(rows, table, other)?,
                table.name,
                of.one.to_lowercase()
            );
            bad.push(Bad { row: None, message });
        }
    }
    Ok(bad)
}

/// Tables that can point to a table, and how their ids are selected.
fn pointers_to(of: &Resource) -> Vec<(&'static Resource, String)> {
    let mut pointers = Vec::new();
    for table in resources::ALL {
        if table.tenant && of.name == TENANTS.name {
            pointers.push((table, format!("SELECT t.id FROM {} t WHERE t.tenant_id = ?1", table.name)));
        }
        for field in table.fields {
            let select = match (field.kind, sql::stored(table, field)) {
                (Kind::Reference(name), Stored::Column(column)) if name == of.name => {
                    format!("SELECT t.id FROM {} t WHERE t.{column} = ?1", table.name)
                }
                (Kind::Many(name), Stored::Join { table: join, .. }) if name == of.name => {
                    format!("SELECT m.owner FROM {join} m WHERE m.target = ?1")
                }
                _ => continue,
            };
            pointers.push((table, select));
        }
    }
    pointers
}

/// Rows whose destination or forward is no extension any more.
fn dead_targets(rows: &Connection) -> rusqlite::Result<Vec<Bad>> {
    let mut bad = Vec::new();
    for of in resources::ALL {
        for field in of.fields {
            let prefix = match field.kind {
                Kind::PhoneNumber => "",
                Kind::Destination => "extension:",
                _ => continue,
            };
            let Stored::Column(column) = sql::stored(of, field) else { continue };
            let number = format!("substr(t.{column}, {})", prefix.len() + 1);
            let text = format!(
                "SELECT t.id, {number} FROM {} t WHERE t.{column} <> '' AND t.{column} LIKE '{prefix}__%' \
                 AND length({number}) BETWEEN 2 AND 6 AND {number} NOT GLOB '*[^0-9]*' AND NOT EXISTS \
                 (SELECT 1 FROM extensions x WHERE x.tenant_id = t.tenant_id AND x.number = {number}) LIMIT 20",
                of.name
            );
            let mut statement = rows.prepare_cached(&text)?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                let (id, number): (i64, String) = (row.get(0)?, row.get(1)?);
                let title = rows::title(rows, of, id)?;
                let message = format!(
                    "{} {title} (table {}, id {id}) `{}`: there is no extension {number} any more.",
                    of.one, of.name, field.name
                );
                bad.push(Bad { row: None, message });
            }
        }
    }
    Ok(bad)
}

impl PartialEq for Touched {
    fn eq(&self, other: &Self) -> bool {
        (self.of.name, self.id) == (other.of.name, other.id)
    }
}

impl Eq for Touched {}

impl std::hash::Hash for Touched {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.of.name, self.id).hash(state);
    }
}
