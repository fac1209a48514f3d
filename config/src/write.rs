//! The one write path: checks, rows, audit and revision in one transaction.

use crate::{Db, Problem, Resource, TenantId, resource::Values};

/// Who changes something, for the audit log.
#[derive(Debug, Clone)]
pub struct Author {
    /// Whose rows.
    pub tenant: TenantId,
    /// `anna@example.com`, `setup`, `api:reports`.
    pub name: String,
    /// Address of the browser, if any.
    pub address: String,
    /// `portal`, `api`, `phone`, `cli`.
    pub via: &'static str,
    /// 0–3.
    pub level: u8,
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The row.
    pub id: i64,
    /// The revision that holds the change.
    pub revision: i64,
}

/// Why nothing was written. Nothing is ever written in part.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The values are wrong; one entry per field.
    #[error("{} field(s) need attention", .0.len())]
    Invalid(Vec<Problem>),
    /// The row is gone or belongs to somebody else.
    #[error("this entry is gone")]
    Gone,
    /// Somebody saved since the form was opened; `by` and the present values.
    #[error("{by} changed this entry meanwhile")]
    #[allow(missing_docs)]
    Conflict { by: String, now: Values },
    /// Other rows point here: their titles.
    #[error("still used by {}", .0.join(", "))]
    Used(Vec<String>),
    /// The disk is full, the file is read-only, …
    #[error("the database did not accept the change: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// Adds a row.
    pub fn create(
        &self,
        _author: &Author,
        _of: &'static Resource,
        _values: &Values,
    ) -> Result<Saved, WriteError> {
        Err(WriteError::Gone)
    }
    /// Changes the given fields of a row. `version` is what the form was filled from; `None` overwrites.
    pub fn update(
        &self,
        _author: &Author,
        _of: &'static Resource,
        _id: i64,
        _values: &Values,
        _version: Option<i64>,
    ) -> Result<Saved, WriteError> {
        Err(WriteError::Gone)
    }
    /// Removes a row that nothing refers to.
    pub fn delete(&self, _author: &Author, _of: &'static Resource, _id: i64) -> Result<Saved, WriteError> {
        Err(WriteError::Gone)
    }
    /// What would be wrong with these values, without writing (for checks while typing).
    pub fn check(
        &self,
        _author: &Author,
        _of: &'static Resource,
        _id: Option<i64>,
        _values: &Values,
    ) -> Vec<Problem> {
        vec![]
    }
    /// A new secret for a `Secret` field, returned once in clear.
    pub fn renew_secret(
        &self,
        _author: &Author,
        _of: &'static Resource,
        _id: i64,
        _field: &str,
    ) -> Result<String, WriteError> {
        Err(WriteError::Gone)
    }
    /// All rows of a CSV with a header line, or none: problems carry `line n` in front.
    pub fn import_csv(
        &self,
        _author: &Author,
        _of: &'static Resource,
        _csv: &str,
    ) -> Result<usize, WriteError> {
        Ok(0)
    }
}
