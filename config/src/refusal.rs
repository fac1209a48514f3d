//! Why a write is refused, and whether an author may do it to a row at all.

use rusqlite::Connection;

use crate::{
    Problem, Resource,
    access::{self, Author, Verb, levels},
    resource::Values,
    rows,
};

/// Why nothing was written. Nothing is ever written in part.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The values are wrong; one entry per field.
    #[error("{} field(s) need attention", .0.len())]
    Invalid(Vec<Problem>),
    /// The row is gone or belongs to another tenant.
    #[error("this entry is gone")]
    Gone,
    /// The author may not do that; why, in words. ROL-03, ROL-07, USR-09.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Somebody saved since the form was opened; `by` and the present values.
    #[error("{by} changed this entry meanwhile")]
    #[allow(missing_docs)]
    Conflict { by: String, now: Values },
    /// Other rows point here: their titles.
    #[error("still used by {}", .0.join(", "))]
    Used(Vec<String>),
    /// The disk is full, the file is read-only, …
    #[error("the database did not accept the change: {}", in_words(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// The row of somebody whom the author may manage: in their reach and of a lower level. USR-09.
pub(crate) fn manageable(
    rows: &Connection,
    author: &Author,
    of: &'static Resource,
    id: i64,
) -> Result<rows::Stored, WriteError> {
    allowed(author, Verb::Edit, of)?;
    let stored = theirs(rows, author, of, id)?;
    on_their_level(rows, author, of, Some(&stored.values), None)?;
    Ok(stored)
}

/// Whether the author's role allows that with rows of the table at all.
pub(crate) fn allowed(author: &Author, verb: Verb, of: &Resource) -> Result<(), WriteError> {
    match access::may(&author.viewer, verb, of) {
        true => Ok(()),
        false if of.tenant => Err(WriteError::Forbidden("Your role does not allow this")),
        // Tables of the program are not there for others at all.
        false => Err(WriteError::Gone),
    }
}

/// The row as stored, if it is the author's to change.
pub(crate) fn theirs(
    rows: &Connection,
    author: &Author,
    of: &'static Resource,
    id: i64,
) -> Result<rows::Stored, WriteError> {
    let scope = access::scope(&author.viewer, of);
    match rows::stored(rows, of, scope, id)? {
        Some(stored) => Ok(stored),
        None if rows::is_beyond(rows, of, scope, id)? => Err(BEYOND),
        None => Err(WriteError::Gone),
    }
}

/// USR-09, ROL-07.
pub(crate) fn on_their_level(
    rows: &Connection,
    author: &Author,
    of: &Resource,
    old: Option<&Values>,
    new: Option<&Values>,
) -> Result<(), WriteError> {
    match levels::refusal(rows, &author.viewer, of, old, new)? {
        Some(why) => Err(WriteError::Forbidden(why)),
        None => Ok(()),
    }
}

/// An error if there is a problem.
pub(crate) fn invalid(problems: Vec<Problem>) -> Result<(), WriteError> {
    if problems.is_empty() { Ok(()) } else { Err(WriteError::Invalid(problems)) }
}

/// SQLite's error for people.
pub(crate) fn in_words(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode::*;
    match error.sqlite_error_code() {
        Some(DiskFull) => "the disk is full. Make room; calls go on meanwhile".into(),
        Some(ReadOnly) => "the file is read-only. Give the program write access to its folder".into(),
        Some(DatabaseBusy | DatabaseLocked) => "another program holds it locked. Try again".into(),
        Some(SystemIoFailure) => "the disk reports an error. Look at the system's log".into(),
        _ => error.to_string(),
    }
}

/// What is refused to somebody of another place. ROL-03.
pub(crate) const BEYOND: WriteError = WriteError::Forbidden("This belongs to another site or department");
