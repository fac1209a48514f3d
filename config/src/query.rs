//! Reading rows for people: list, search, filter, sort, page, one row. The only place that adds `WHERE tenant_id`, by
//! [`crate::access::Scope`].

use rusqlite::types::Value;

use crate::{
    Db, Field, Resource, access,
    resource::Values,
    rows,
    sql::{self, Stored},
};

pub use crate::access::Viewer;
use conditions::Conditions;

pub(crate) mod conditions;
mod cursor;
mod page;

/// What to show.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Free text over the text columns.
    pub search: String,
    /// `field → accepted values`; rows meet all of them. Behind a field's name `.not` takes none of the values, `.has` what
    /// contains one of them as people see it, `.min` and `.max` a limit. `id` takes row ids.
    pub filters: Vec<(String, Vec<String>)>,
    /// Field; empty takes the declared one.
    pub sort: String,
    /// Descending.
    pub descending: bool,
    /// Cursor of the previous page's end; empty for the first page.
    pub after: String,
    /// Rows a page, 1..=200; 0 takes 50.
    pub limit: usize,
}

/// One row as people see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Row id.
    pub id: i64,
    /// Stored values by field name (secrets absent). Lists joined by `,`.
    pub values: Values,
    /// What is shown: titles instead of ids, labels instead of keys.
    pub shown: Values,
    /// Grows with each change; pass it back to detect a concurrent edit.
    pub version: i64,
}

/// One page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// All that match, exact.
    pub total: u64,
    /// All that are visible without search and filters.
    pub of: u64,
    /// Cursor for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum QueryError {
    #[error("no field `{0}` to sort or filter by")]
    UnknownField(String),
    #[error("{message}, in the filter of `{field}`")]
    Filter { field: String, message: String },
    #[error("that page is gone, start again from the first")]
    Cursor,
    /// The row is there, but beyond the viewer's site or department. ROL-03.
    #[error("this belongs to another site or department")]
    Beyond,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// One page of a table.
    pub fn list(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        query: &ListQuery,
    ) -> Result<Page, QueryError> {
        let reader = self.reader()?;
        // Totals and rows of one moment.
        let moment = reader.unchecked_transaction()?;
        let scope = access::scope(viewer, of);
        let mut conditions = Conditions::of(scope, of, query)?;
        let all = count(&moment, of, &Conditions::everything(scope))?;
        let total = if conditions.looks() {
            // Every row was looked at; the page shall not look again.
            let ids = matching(&moment, of, &conditions)?;
            if ids.is_empty() {
                page::begins(of, query)?;
                return Ok(Page { of: all, ..Page::default() });
            }
            if ids.len() <= FEW {
                conditions = Conditions::everything(scope);
                conditions.among(&ids);
            }
            ids.len() as u64
        } else if conditions.narrow() {
            count(&moment, of, &conditions)?
        } else {
            all
        };
        let (rows, next) = page::page(&moment, of, query, conditions)?;
        Ok(Page { rows, total, of: all, next })
    }

    /// The first rows of a table that contain all words of `search`, without a count: for search over all tables.
    pub fn find(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        search: &str,
        limit: usize,
    ) -> Result<Vec<Row>, QueryError> {
        let reader = self.reader()?;
        let scope = access::scope(viewer, of);
        let query = ListQuery { search: search.to_owned(), limit, ..ListQuery::default() };
        let mut conditions = Conditions::of(scope, of, &query)?;
        let ids = matching(&reader, of, &conditions)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if ids.len() <= FEW {
            conditions = Conditions::everything(scope);
            conditions.among(&ids);
        }
        Ok(page::page(&reader, of, &query, conditions)?.0)
    }

    /// One row, `None` if it is not there or another tenant's.
    ///
    /// # Errors
    /// [`QueryError::Beyond`] if it is of their tenant, but not theirs to see.
    pub fn get(&self, viewer: &Viewer, of: &'static Resource, id: i64) -> Result<Option<Row>, QueryError> {
        let reader = self.reader()?;
        let scope = access::scope(viewer, of);
        let mut conditions = Conditions::everything(scope);
        conditions.add("t.id = ?", [Value::Integer(id)]);
        let row = page::one(&reader, of, &conditions)?;
        if row.is_none() && rows::is_beyond(&reader, of, scope, id)? {
            return Err(QueryError::Beyond);
        }
        Ok(row)
    }

    /// `(id, title)` of the rows a reference can point to, at most 200, matching `search`.
    pub fn choices(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        search: &str,
    ) -> Result<Vec<(i64, String)>, QueryError> {
        let title = sql::title(of, "t");
        let mut conditions = Conditions::everything(access::scope(viewer, of));
        conditions.add(&format!("{title} LIKE ? ESCAPE '\\'"), [conditions::containing(search)]);
        let text = format!(
            "SELECT t.id, {title} FROM {} t WHERE {} ORDER BY {}, t.id LIMIT {MOST_ROWS}",
            of.name,
            conditions.text(),
            of.field(of.sort).map_or_else(|| "t.id".to_owned(), |field| sql::order(of, field))
        );
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&text)?;
        let found = statement.query_map(conditions.parameters(), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

/// Ids of all rows that a query asks for, as the viewer may see them.
pub(crate) fn ids(
    rows: &rusqlite::Connection,
    viewer: &Viewer,
    of: &'static Resource,
    query: &ListQuery,
) -> Result<Vec<i64>, QueryError> {
    Ok(matching(rows, of, &Conditions::of(access::scope(viewer, of), of, query)?)?)
}

fn count(
    rows: &rusqlite::Connection,
    of: &Resource,
    conditions: &Conditions,
) -> Result<u64, rusqlite::Error> {
    let text = format!("SELECT count(*) FROM {} t WHERE {}", of.name, conditions.text());
    rows.prepare_cached(&text)?.query_row(conditions.parameters(), |row| row.get(0))
}

/// Ids of the rows that meet the conditions.
fn matching(
    rows: &rusqlite::Connection,
    of: &Resource,
    conditions: &Conditions,
) -> Result<Vec<i64>, rusqlite::Error> {
    let text = format!("SELECT t.id FROM {} t WHERE {}", of.name, conditions.text());
    let mut statement = rows.prepare_cached(&text)?;
    statement.query_map(conditions.parameters(), |row| row.get(0))?.collect()
}

/// Whether a field's stored text is in one of the table's own columns.
fn in_column(of: &Resource, field: &Field) -> bool {
    matches!(sql::stored(of, field), Stored::Column(_))
}

const MOST_ROWS: usize = 200;
/// Fewer than this are found again by their ids sooner than by what they are searched for.
const FEW: usize = 1000;

#[cfg(test)]
mod tests;
