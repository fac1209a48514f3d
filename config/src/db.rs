//! The database file: opening, migrations, the key file, connections.
//!
//! All calls block; callers with an event loop put them on a thread for that. There is one connection that writes, behind
//! a lock that is held for one transaction, and a few that read.

use std::{
    fs::{OpenOptions, Permissions},
    ops::Deref,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::{
    key::{self, KeyError},
    migrations,
    secret::{Cipher, Place, hex, random},
    triggers,
};

/// The handle to the configuration. Cheap to clone, usable from any thread (each call takes a pooled connection).
#[derive(Debug, Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    cipher: Cipher,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
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
    #[error("{file} is not a database of Dialtone: {problem}. Move it away, or restore a backup")]
    Content { file: PathBuf, problem: String },
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
        let unusable = |source| OpenError::Folder { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let file = folder.join("dialtone.db");
        // SQLite's own message for an unwritable folder does not say which.
        let probe = folder.join(format!(".probe.{}", hex(&random::<8>())));
        std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(unusable)?;
        keep_private(&file);
        let in_words = |error| explain(error, &file);
        let mut writer = Connection::open(&file).map_err(in_words)?;
        prepare(&writer).map_err(in_words)?;
        let found = migrations::version(&writer).map_err(in_words)?;
        if found > migrations::KNOWN {
            return Err(OpenError::Newer { file, found, known: migrations::KNOWN });
        }
        writer.pragma_update(None, "journal_mode", "WAL").map_err(in_words)?;
        writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT).map_err(in_words)?;
        migrations::run(&mut writer).map_err(in_words)?;
        triggers::install(&mut writer).map_err(in_words)?;
        let cipher = unlock(&writer, &folder.join("dialtone.key"))?;
        let inner = Inner { file, cipher, writer: Mutex::new(writer), readers: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The database file, for backups and messages.
    pub fn file(&self) -> &Path {
        &self.inner.file
    }

    pub(crate) fn cipher(&self) -> &Cipher {
        &self.inner.cipher
    }

    /// The connection that writes. A thread that panicked while it held it has rolled back by dropping its transaction.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that reads; it returns to the pool by itself.
    pub(crate) fn reader(&self) -> rusqlite::Result<Reader<'_>> {
        let pooled = self.readers().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => self.new_reader()?,
        };
        Ok(Reader { db: self, connection: Some(connection) })
    }

    /// A connection of one's own, that reads.
    pub(crate) fn new_reader(&self) -> rusqlite::Result<Connection> {
        let connection = self.new_scratch()?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    /// A connection of one's own, that reads, and can make temporary tables.
    pub(crate) fn new_scratch(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.inner.file, flags)?;
        prepare(&connection)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A borrowed reading connection.
pub(crate) struct Reader<'a> {
    db: &'a Db,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("taken only on drop")
    }
}

#[cfg(test)]
impl Reader<'_> {
    /// Counts what this connection does from now on, in steps of SQLite's machine.
    pub(crate) fn count_steps(&mut self, steps: &std::sync::Arc<std::sync::atomic::AtomicU64>) {
        let (steps, connection) = (steps.clone(), self.connection.as_mut().expect("taken only on drop"));
        let count = move || {
            steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        };
        connection.progress_handler(1, Some(count)).unwrap();
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut readers = self.db.readers();
        if let Some(connection) = self.connection.take()
            && readers.len() < POOLED_READERS
        {
            readers.push(connection);
        }
    }
}

/// Makes the database file if it is missing, and takes access to it from everybody but its owner: call records and
/// password hashes are in it. SQLite gives the files beside it the same rights. What fails here, SQLite explains.
fn keep_private(file: &Path) {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file);
    let Ok(found) = opened.and_then(|file| file.metadata()) else { return };
    if found.permissions().mode() & 0o077 == 0 {
        return;
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::set_permissions(&name, Permissions::from_mode(0o600));
    }
}

/// What every connection needs.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A password that was written by hand shall not stay in the free space of its page once it is sealed.
    connection.pragma_update(None, "secure_delete", true)
}

/// The cipher of the key file, after it has proved to be the key of this database.
fn unlock(writer: &Connection, file: &Path) -> Result<Cipher, OpenError> {
    let check: Option<String> =
        writer.query_row("SELECT sealed FROM key_check", [], |row| row.get(0)).optional()?;
    let key = match (key::read(file), &check) {
        (Err(KeyError::Missing), None) => key::make(file),
        (read, _) => read,
    };
    let wrong = || OpenError::Key { file: file.to_owned() };
    let key = key.map_err(|error| match error {
        KeyError::Missing | KeyError::Malformed => wrong(),
        KeyError::Io(source) => OpenError::Folder { folder: file.to_owned(), source },
    })?;
    let cipher = Cipher::new(&key);
    match check {
        Some(sealed) => {
            cipher.open(KEY_CHECK, &sealed).ok_or_else(wrong)?;
        }
        None => {
            let sealed = cipher.seal(KEY_CHECK, "dialtone");
            writer.execute("INSERT INTO key_check (id, sealed) VALUES (1, ?1)", [sealed])?;
        }
    }
    Ok(cipher)
}

fn explain(error: rusqlite::Error, file: &Path) -> OpenError {
    let file = file.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { file },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Content { file, problem: error.to_string() }
        }
        _ => OpenError::Sqlite(error),
    }
}

/// Longer than any transaction of ours takes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages in the log from which on it is worked into the database, 16 MiB: each time waits for the disk, and pages that
/// change often are copied once for many changes.
const CHECKPOINT: i64 = 4096;
const POOLED_READERS: usize = 4;
const PREPARED_STATEMENTS: usize = 128;
pub(crate) const KEY_CHECK: Place = Place { table: "key_check", field: "sealed", row: 1 };

#[cfg(test)]
mod tests;
