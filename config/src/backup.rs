//! A copy of the database while it is written to, for an archive; and whether a copy is fit to be put in its place. OPS-08.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, backup::Backup};

use crate::{Db, key, migrations, secret::Cipher};

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Version of the tables.
    pub schema: i64,
    /// Revision of the configuration.
    pub revision: i64,
}

/// Why a copy is not fit.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CopyError {
    #[error("it was written by a newer Dialtone (schema {found}, this program knows {known})")]
    Newer { found: i64, known: i64 },
    #[error("its database is damaged: {0}")]
    Damaged(String),
    #[error("its key is not the key of its database")]
    Key,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// Copies the database into a new file, as of one moment, while others go on writing.
    pub fn copy_to(&self, file: &Path) -> Result<Copied, CopyError> {
        // One step over a transaction of its own: however much is written meanwhile, it neither starts again nor waits.
        let source = self.new_reader()?;
        let mut copy = Connection::open(file)?;
        {
            let backup = Backup::new(&source, &mut copy)?;
            backup.step(-1)?;
        }
        // The copy stands alone, without a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        described(&copy)
    }

    /// The key file that the copy needs.
    pub fn key_file(&self) -> PathBuf {
        self.file().with_file_name("dialtone.key")
    }
}

/// Looks whether a copy can take the place of a database: whole, not newer than this program, and its key the right one.
pub fn verify_copy(file: &Path, key_file: &Path) -> Result<Copied, CopyError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(file, flags)?;
    let damaged = |error: rusqlite::Error| CopyError::Damaged(error.to_string());
    let schema = migrations::version(&copy).map_err(damaged)?;
    if schema > migrations::KNOWN {
        return Err(CopyError::Newer { found: schema, known: migrations::KNOWN });
    }
    let said: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(damaged)?;
    if said != "ok" {
        return Err(CopyError::Damaged(said));
    }
    let sealed: String =
        copy.query_row("SELECT sealed FROM key_check", [], |row| row.get(0)).map_err(|_| CopyError::Key)?;
    let key = key::read(key_file).map_err(|_| CopyError::Key)?;
    Cipher::new(&key).open(crate::db::KEY_CHECK, &sealed).ok_or(CopyError::Key)?;
    described(&copy)
}

fn described(copy: &Connection) -> Result<Copied, CopyError> {
    let revision = copy.query_row("SELECT number FROM revision", [], |row| row.get(0))?;
    Ok(Copied { schema: migrations::version(copy)?, revision })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::{
        fixture::{Company, author, values},
        resources::users::USERS,
    };

    /// OPS-08
    #[test]
    fn a_copy_under_writes_is_whole_and_of_one_moment() {
        let company = Company::new();
        let stop = AtomicBool::new(false);
        let file = company.folder.path().join("copy.db");
        let copied = std::thread::scope(|threads| {
            threads.spawn(|| {
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    last += 1;
                    let name = values([("last_name", &*format!("N{last}")), ("first_name", "Anna")]);
                    company.db.update(&author(1), &USERS, 1, &name, None).unwrap();
                    company.db.update(&author(1), &USERS, 2, &name, None).unwrap();
                }
            });
            let mut copied = None;
            for _ in 0..20 {
                let _ = std::fs::remove_file(&file);
                copied = Some(company.db.copy_to(&file).unwrap());
                assert_eq!(verify_copy(&file, &company.db.key_file()).unwrap(), copied.clone().unwrap());
            }
            stop.store(true, Ordering::Relaxed);
            copied.unwrap()
        });
        let copy = Connection::open(&file).unwrap();
        let audited: i64 = copy.query_row("SELECT max(revision) FROM audit", [], |row| row.get(0)).unwrap();
        assert_eq!(audited, copied.revision, "the audit and the revision are of one moment");
    }

    #[test]
    fn a_damaged_newer_or_foreign_copy_is_told() {
        let company = Company::new();
        let file = company.folder.path().join("copy.db");
        company.db.copy_to(&file).unwrap();
        let key = company.db.key_file();
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Db::open(elsewhere.path()).unwrap();
        assert!(matches!(verify_copy(&file, &other.key_file()), Err(CopyError::Key)));
        Connection::open(&file).unwrap().pragma_update(None, "user_version", 10_000).unwrap();
        assert!(matches!(verify_copy(&file, &key), Err(CopyError::Newer { found: 10_000, .. })));
        std::fs::write(&file, b"nothing").unwrap();
        assert!(matches!(verify_copy(&file, &key), Err(CopyError::Damaged(_))));
    }
}
