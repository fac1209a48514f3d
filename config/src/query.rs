//! Reading rows for people: list, search, filter, sort, page, one row. The only place that adds `WHERE tenant_id`, by
//! [`crate::access::Scope`].

use rusqlite::types::Value;

use crate::{
    Db, Field, Kind, Resource,
    access::{self, Scope},
    resource::Values,
    rows,
    sql::{self, Stored},
};

pub use crate::access::Viewer;
use conditions::Conditions;

mod conditions;
mod cursor;

/// What to show.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Free text over the text columns.
    pub search: String,
    /// `field → accepted values`.
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
    #[error("that page is gone, start again from the first")]
    Cursor,
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
        let scope = scope(viewer, of);
        let conditions = Conditions::of(scope, of, query)?;
        let all = count(&moment, of, &Conditions::everything(scope))?;
        let total = if conditions.narrow() { count(&moment, of, &conditions)? } else { all };
        let (rows, next) = page(&moment, of, query, conditions)?;
        Ok(Page { rows, total, of: all, next })
    }

    /// One row, `None` if it is not there or not theirs to see.
    pub fn get(&self, viewer: &Viewer, of: &'static Resource, id: i64) -> Result<Option<Row>, QueryError> {
        let reader = self.reader()?;
        let mut conditions = Conditions::everything(scope(viewer, of));
        conditions.add("t.id = ?", [Value::Integer(id)]);
        let query = ListQuery { limit: 1, ..ListQuery::default() };
        Ok(page(&reader, of, &query, conditions)?.0.pop())
    }

    /// `(id, title)` of the rows a reference can point to, at most 200, matching `search`.
    pub fn choices(
        &self,
        viewer: &Viewer,
        of: &'static Resource,
        search: &str,
    ) -> Result<Vec<(i64, String)>, QueryError> {
        let title = sql::title(of, "t");
        let mut conditions = Conditions::everything(scope(viewer, of));
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

fn count(
    rows: &rusqlite::Connection,
    of: &Resource,
    conditions: &Conditions,
) -> Result<u64, rusqlite::Error> {
    let text = format!("SELECT count(*) FROM {} t WHERE {}", of.name, conditions.text());
    rows.prepare_cached(&text)?.query_row(conditions.parameters(), |row| row.get(0))
}

/// The rows of one page, and the cursor of the next.
fn page(
    rows: &rusqlite::Connection,
    of: &'static Resource,
    query: &ListQuery,
    mut conditions: Conditions,
) -> Result<(Vec<Row>, Option<String>), QueryError> {
    let limit = if query.limit == 0 { DEFAULT_ROWS } else { query.limit.min(MOST_ROWS) };
    let sort = if query.sort.is_empty() { of.sort } else { &query.sort };
    let field = sortable(of, sort)?;
    let order = sql::order(of, field);
    let (direction, beyond) = if query.descending { ("DESC", "<") } else { ("ASC", ">") };
    let name = cursor::Order { field: field.name, descending: query.descending };
    if !query.after.is_empty() {
        let (value, id) = cursor::read(name, &query.after).ok_or(QueryError::Cursor)?;
        let text = format!("({order} {beyond} ? OR ({order} = ? AND t.id {beyond} ?))");
        conditions.add(&text, [value.clone(), value, Value::Integer(id)]);
    }
    let text = format!(
        "SELECT t.id, t.version, {order}{} FROM {} t WHERE {} ORDER BY {order} {direction}, t.id {direction} LIMIT {}",
        columns(of),
        of.name,
        conditions.text(),
        limit + 1
    );
    let mut statement = rows.prepare_cached(&text)?;
    let read = |row: &rusqlite::Row<'_>| Ok((read(of, row)?, row.get::<_, Value>(2)?));
    let mut found: Vec<(Row, Value)> =
        statement.query_map(conditions.parameters(), read)?.collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|(row, value)| cursor::print(name, value, row.id));
    Ok((found.into_iter().map(|(row, _)| row).collect(), next))
}

/// `, value, value, …, shown, …` of all readable fields.
fn columns(of: &Resource) -> String {
    let values = rows::readable(of).map(|field| sql::value(of, field));
    let shown = rows::readable(of).filter_map(|field| sql::shown(of, field));
    values.chain(shown).map(|column| format!(", {column}")).collect()
}

/// A row selected with [`columns`] after three others.
fn read(of: &Resource, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let (mut values, mut shown) = (Values::new(), Values::new());
    let mut at = 3;
    for field in rows::readable(of) {
        values.insert(field.name.to_owned(), row.get(at)?);
        at += 1;
    }
    for field in rows::readable(of) {
        let text = if sql::shown(of, field).is_some() {
            at += 1;
            row.get(at - 1)?
        } else {
            field.show(&values[field.name])
        };
        shown.insert(field.name.to_owned(), text);
    }
    Ok(Row { id: row.get(0)?, version: row.get(1)?, values, shown })
}

fn sortable(of: &'static Resource, name: &str) -> Result<&'static Field, QueryError> {
    of.field(name)
        .filter(|field| !matches!(field.kind, Kind::Secret | Kind::Many(_)))
        .ok_or_else(|| QueryError::UnknownField(name.to_owned()))
}

fn scope(viewer: &Viewer, of: &Resource) -> Scope {
    access::scope(viewer.tenant, viewer.level, of)
}

/// Whether a field's stored text is in one of the table's own columns.
fn in_column(of: &Resource, field: &Field) -> bool {
    matches!(sql::stored(of, field), Stored::Column(_))
}

const DEFAULT_ROWS: usize = 50;
const MOST_ROWS: usize = 200;
