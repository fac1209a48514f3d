//! Reading rows for people: list, search, filter, sort, page, one row. The only place that adds `WHERE tenant_id`.

use crate::{Db, Resource, TenantId, resource::Values};

/// Who looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The tenant whose rows are visible.
    pub tenant: TenantId,
    /// 0–3, see ROL-01…06.
    pub level: u8,
}

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
        _viewer: &Viewer,
        _of: &'static Resource,
        _query: &ListQuery,
    ) -> Result<Page, QueryError> {
        Ok(Page::default())
    }
    /// One row, `None` if it is not there or not theirs to see.
    pub fn get(&self, _viewer: &Viewer, _of: &'static Resource, _id: i64) -> Result<Option<Row>, QueryError> {
        Ok(None)
    }
    /// `(id, title)` of the rows a reference can point to, at most 200, matching `search`.
    pub fn choices(
        &self,
        _viewer: &Viewer,
        _of: &'static Resource,
        _search: &str,
    ) -> Result<Vec<(i64, String)>, QueryError> {
        Ok(vec![])
    }
    /// CSV of all rows that match, header first; cells that a spreadsheet would run are neutralised.
    pub fn export_csv(
        &self,
        _viewer: &Viewer,
        _of: &'static Resource,
        _query: &ListQuery,
    ) -> Result<String, QueryError> {
        Ok(String::new())
    }
}
