use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::fixture::Company;

#[test]
fn an_empty_folder_becomes_a_database_and_opens_again() {
    let company = Company::new();
    let key = company.folder.path().join("dialtone.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let again = Db::open(company.folder.path()).unwrap();
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(again.first_start().unwrap().is_none());
    let files: Vec<_> =
        std::fs::read_dir(company.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(files.iter().all(|file| file.to_string_lossy().starts_with("dialtone.")), "{files:?}");
    assert_eq!(company.number::<String>("PRAGMA journal_mode"), "wal");
    assert_eq!(company.number::<i64>("PRAGMA user_version"), migrations::KNOWN);
}

/// OPS-02: call records and hashes are nobody else's business.
#[test]
fn only_the_owner_may_read_the_database() {
    let company = Company::new();
    let mode = |name: &str| {
        std::fs::metadata(company.folder.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    let names = ["dialtone.db", "dialtone.db-wal", "dialtone.db-shm"];
    assert_eq!(names.map(mode), [0o600; 3]);
    for name in names {
        std::fs::set_permissions(company.folder.path().join(name), Permissions::from_mode(0o644)).unwrap();
    }
    let _again = Db::open(company.folder.path()).unwrap();
    assert_eq!(names.map(mode), [0o600; 3]);
}

#[test]
fn a_newer_schema_is_refused() {
    let company = Company::new();
    company.by_hand("PRAGMA user_version = 999");
    let error = Db::open(company.folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 999, .. }), "{error}");
    assert!(error.to_string().contains("Start the newer program"));
}

#[test]
fn a_missing_or_wrong_key_is_refused() {
    let company = Company::new();
    let key = company.folder.path().join("dialtone.key");
    for content in [None, Some("00".repeat(32)), Some("garbage".into()), Some("\u{fffd}".repeat(9))] {
        std::fs::remove_file(&key).ok();
        if let Some(content) = content {
            std::fs::write(&key, content).unwrap();
        }
        let error = Db::open(company.folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::Key { .. }), "{error}");
    }
}

#[test]
fn a_locked_database_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let other = Connection::open(folder.path().join("dialtone.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = explain(
        Connection::open(folder.path().join("dialtone.db"))
            .and_then(|connection| {
                connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
            })
            .unwrap_err(),
        Path::new("dialtone.db"),
    );
    assert_eq!(error.to_string(), "dialtone.db is locked by another program. Is Dialtone running already?");
}

#[test]
fn what_is_no_database_or_no_folder_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("dialtone.db"),
        "not a database, but long enough to be looked at".repeat(20),
    )
    .unwrap();
    let error = Db::open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::Content { .. }), "{error}");
    let error = Db::open(&folder.path().join("dialtone.db/below")).unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
}
