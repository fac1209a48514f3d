//! From a row of SQLite to a value of the snapshot.

use crate::secret::Cipher;

/// A row of the snapshot: how it is selected and read. What cannot be read is left out of the snapshot and reported.
pub trait Typed: Sized {
    /// Its table, of which `t` is the alias in [`Typed::SELECT`].
    const TABLE: &'static str;
    /// Up to and without `WHERE`.
    const SELECT: &'static str;
    /// Reads the present row of [`Typed::SELECT`].
    fn read(row: &rusqlite::Row<'_>, cipher: &Cipher) -> Result<Self, Unreadable>;
    /// Its id.
    fn id(&self) -> i64;
}

/// Why a row is not in the snapshot.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Unreadable {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("`{field}`: {message}")]
    Field { field: &'static str, message: &'static str },
}
