//! Which changes are on trial until when.

use rusqlite::{Connection, OptionalExtension};

use crate::{TenantId, access::Author, write::WriteError};

/// Changes that go at a deadline.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trial {
    /// Row id.
    pub id: i64,
    /// Whose configuration.
    pub tenant: TenantId,
    /// Who made the changes.
    pub author: String,
    /// The first revision on trial.
    pub first: i64,
    /// The last one; `None`: all that the author makes until the deadline.
    pub last: Option<i64>,
    /// Unix milliseconds.
    pub started_ms: i64,
    /// Unix milliseconds.
    pub deadline_ms: i64,
}

/// Why there is no trial.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TrialError {
    #[error("changes of {0} are on trial already; confirm them or take them back first")]
    Running(String),
    #[error("there is no such trial, it may be over")]
    Gone,
    #[error("a trial takes 1 to {LONGEST_MINUTES} minutes")]
    Length,
    #[error("your rights do not allow this")]
    Forbidden,
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Puts revisions on trial, within the transaction that makes them or that opens the trial.
pub(crate) fn begin(
    rows: &Connection,
    author: &Author,
    (first, last): (i64, Option<i64>),
    (now_ms, minutes): (i64, u32),
) -> Result<Trial, TrialError> {
    if !(1..=LONGEST_MINUTES).contains(&minutes) {
        return Err(TrialError::Length);
    }
    if let Some(other) = running(rows, author.viewer.tenant.0)? {
        return Err(TrialError::Running(other.author));
    }
    let deadline_ms = now_ms + i64::from(minutes) * 60_000;
    rows.execute(
        "INSERT INTO trials (tenant_id, author, first, last, started_ms, deadline_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (author.viewer.tenant.0, &author.name, first, last, now_ms, deadline_ms),
    )?;
    Ok(Trial {
        id: rows.last_insert_rowid(),
        tenant: author.viewer.tenant,
        author: author.name.clone(),
        first,
        last,
        started_ms: now_ms,
        deadline_ms,
    })
}

/// The trial of a tenant that is running.
pub(crate) fn running(rows: &Connection, tenant: i64) -> rusqlite::Result<Option<Trial>> {
    rows.prepare_cached(&format!("{SELECT} WHERE tenant_id = ?1"))?.query_row([tenant], read).optional()
}

/// Reads what [`SELECT`] selects.
pub(crate) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Trial> {
    Ok(Trial {
        id: row.get(0)?,
        tenant: TenantId(row.get(1)?),
        author: row.get(2)?,
        first: row.get(3)?,
        last: row.get(4)?,
        started_ms: row.get(5)?,
        deadline_ms: row.get(6)?,
    })
}

impl From<rusqlite::Error> for TrialError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Up to and without `WHERE`.
pub(crate) const SELECT: &str =
    "SELECT id, tenant_id, author, first, last, started_ms, deadline_ms FROM trials";
/// A day.
/// Minutes from the begin of a trial to its deadline, at most.
pub const LONGEST_MINUTES: u32 = 24 * 60;
