//! The configuration as it was at a revision: a connection on which each table, by its own name, holds the rows of then.
//! All that reads rows by their declaration reads the past there.

use rusqlite::{Connection, params_from_iter, types::Value};

use crate::{
    Db, Field, Kind, Resource,
    access::{self, Viewer},
    images::{self, Image},
    resource::Values,
    resources::{self, tenants::TENANTS},
    rows,
    sql::{self, Stored},
    words::Words,
};

/// The configuration at a revision. Holds a connection; drop it soon.
#[derive(Debug)]
pub struct Past {
    pub(crate) rows: Connection,
    /// Which one.
    pub revision: i64,
}

/// A row as it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PastRow {
    /// Its id.
    pub id: i64,
    /// How people called it.
    pub title: String,
    /// As stored; secrets absent.
    pub values: Values,
    /// As people read it.
    pub shown: Values,
}

/// Some rows of a table as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PastPage {
    /// In the order of their titles.
    pub rows: Vec<PastRow>,
    /// All that match.
    pub total: u64,
}

/// Why the past cannot be shown.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PastError {
    /// It was removed, or lies in the future.
    #[error("revision {0} is not kept; the oldest is {1}")]
    NotKept(i64, i64),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// The configuration as it was at a revision.
    ///
    /// # Errors
    /// [`PastError::NotKept`] if it is older than the history is kept, or not reached yet.
    pub fn past(&self, revision: i64) -> Result<Past, PastError> {
        let rows = self.new_scratch()?;
        // What was not changed since is read where it is, as of one moment.
        rows.execute_batch("BEGIN")?;
        let (floor, newest): (i64, i64) =
            rows.query_row("SELECT f.revision, r.number FROM history_floor f, revision r", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if !(floor..=newest).contains(&revision) {
            return Err(PastError::NotKept(revision, floor));
        }
        for of in resources::ALL {
            let changed = changed_since(&rows, of, revision)?;
            if !changed.is_empty() {
                put_back(&rows, of, revision, &changed)?;
            }
        }
        rows.pragma_update(None, "query_only", true)?;
        Ok(Past { rows, revision })
    }
}

impl Past {
    /// Rows of a table that the viewer may see, whose title contains `search`, from the `skip`-th on, at most `limit`
    /// (1..=200).
    pub fn list(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        search: &str,
        (skip, limit): (u64, u64),
    ) -> rusqlite::Result<PastPage> {
        let scope = access::scope(viewer, of);
        let [first, second] = scope.parameters();
        let title = sql::title(of, "t");
        let condition = format!("{} AND instr(lower({title}), lower(?3)) > 0", scope.condition());
        let total = self
            .rows
            .prepare_cached(&format!("SELECT count(*) FROM {} t WHERE {condition}", of.name))?
            .query_row((first, second, search), |row| row.get(0))?;
        let text = format!(
            "SELECT t.id FROM {} t WHERE {condition} ORDER BY {title} COLLATE NOCASE, t.id LIMIT ?4 OFFSET ?5",
            of.name
        );
        let mut statement = self.rows.prepare_cached(&text)?;
        let ids = statement
            .query_map((first, second, search, limit.clamp(1, 200), skip), |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        let mut words = Words::default();
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.row(of, id, &mut words)?);
        }
        Ok(PastPage { rows: found, total })
    }

    fn row(&self, of: &'static Resource, id: i64, words: &mut Words) -> rusqlite::Result<Option<PastRow>> {
        let Some(stored) = rows::stored(&self.rows, of, access::Scope::All, id)? else { return Ok(None) };
        let mut shown = Values::new();
        for field in rows::readable(of) {
            let value = stored.values.get(field.name).map_or("", String::as_str);
            shown.insert(field.name.to_owned(), words.value(&self.rows, field, value)?);
        }
        let title = rows::title(&self.rows, of, id)?;
        Ok(Some(PastRow { id, title, values: stored.values, shown }))
    }
}

/// The rows of a table that are not as they were at a revision, with what they were.
pub(super) fn changed_since(
    rows: &Connection,
    of: &Resource,
    revision: i64,
) -> rusqlite::Result<Vec<(i64, Image)>> {
    let mut statement = rows.prepare_cached(
        "SELECT row_id, min(revision), tenant_id, before FROM history WHERE tbl = ?1 AND revision > ?2 \
         GROUP BY row_id",
    )?;
    statement
        .query_map((of.name, revision), |row| {
            let values = images::parsed(row.get(3)?);
            Ok((row.get(0)?, Image { revision: row.get(1)?, tenant: row.get(2)?, values }))
        })?
        .collect()
}

/// Shadows a table and its lists by temporary ones that hold the rows of then.
fn put_back(
    rows: &Connection,
    of: &Resource,
    revision: i64,
    changed: &[(i64, Image)],
) -> rusqlite::Result<()> {
    let table = of.name;
    let since = format!("(SELECT row_id FROM main.history WHERE tbl = '{table}' AND revision > {revision})");
    let joins: Vec<(&Field, String)> = of.fields.iter().filter_map(|field| join(of, field)).collect();
    rows.execute_batch(&format!(
        "CREATE TEMP TABLE {table} AS SELECT * FROM main.{table} WHERE id NOT IN {since};"
    ))?;
    for (_, join) in &joins {
        rows.execute_batch(&format!(
            "CREATE TEMP TABLE {join} AS SELECT * FROM main.{join} WHERE owner NOT IN {since};"
        ))?;
    }
    for (id, image) in changed {
        let Some(values) = &image.values else { continue };
        insert(rows, of, (*id, image.tenant), values)?;
        for (field, join) in &joins {
            let text = format!(
                "INSERT INTO temp.{join} (tenant_id, owner, position, target) VALUES (?1, ?2, ?3, ?4)"
            );
            let list = values.get(field.name).map_or("", String::as_str);
            for (position, target) in (1_i64..).zip(list.split(',').filter(|id| !id.is_empty())) {
                rows.prepare_cached(&text)?.execute((image.tenant, id, position, target))?;
            }
        }
    }
    index(rows, of, &joins)
}

fn insert(
    rows: &Connection,
    of: &Resource,
    (id, tenant): (i64, i64),
    values: &Values,
) -> rusqlite::Result<()> {
    let mut columns = vec!["id".to_owned(), "version".to_owned()];
    let mut stored = vec![Value::Integer(id), Value::Integer(0)];
    if of.tenant {
        columns.push("tenant_id".to_owned());
        stored.push(Value::Integer(tenant));
    }
    for field in of.fields {
        let Stored::Column(column) = sql::stored(of, field) else { continue };
        // A field that was added since has no value of then.
        let value = values.get(field.name).map_or(field.default, String::as_str);
        columns.push(column);
        stored.push(match field.kind {
            Kind::Reference(_) if value.is_empty() => Value::Null,
            _ if value.is_empty() && sql::may_be_null(field) => Value::Null,
            _ => Value::Text(value.to_owned()),
        });
    }
    let places = vec!["?"; columns.len()].join(", ");
    let text = format!("INSERT INTO temp.{} ({}) VALUES ({places})", of.name, columns.join(", "));
    rows.prepare_cached(&text)?.execute(params_from_iter(stored))?;
    Ok(())
}

/// So that rows are found by their ids, lists by their owners, and extensions by theirs.
fn index(rows: &Connection, of: &Resource, joins: &[(&Field, String)]) -> rusqlite::Result<()> {
    let table = of.name;
    let mut text = format!("CREATE INDEX temp.past_{table} ON {table} (id);");
    for (_, join) in joins {
        text += &format!("CREATE INDEX temp.past_{join} ON {join} (tenant_id, owner, position);");
    }
    for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Reference(_))) {
        if let (true, Stored::Column(column)) = (of.tenant, sql::stored(of, field)) {
            text += &format!("CREATE INDEX temp.past_{table}_{column} ON {table} (tenant_id, {column});");
        }
    }
    rows.execute_batch(&text)
}

fn join<'a>(of: &Resource, field: &'a Field) -> Option<(&'a Field, String)> {
    match sql::stored(of, field) {
        Stored::Join { table, .. } => Some((field, table)),
        _ => None,
    }
}

/// Whether rows of a table, with that tenant in the history, are a tenant's to look at and bring back.
pub(super) fn is_of(of: &Resource, viewer: &Viewer, tenant: i64) -> bool {
    match (of.tenant, of.name == TENANTS.name) {
        (true, _) | (false, true) => tenant == viewer.tenant.0,
        (false, false) => access::scope(viewer, of) == access::Scope::All,
    }
}
