//! A company in a folder that goes with the test.

use crate::{
    Db, TenantId,
    access::{Author, Viewer},
    db::Welcome,
    resource::Values,
};

pub struct Company {
    pub folder: tempfile::TempDir,
    pub db: Db,
    pub welcome: Welcome,
}

impl Company {
    /// As first start makes it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        let welcome = db.first_start().unwrap().unwrap();
        Self { folder, db, welcome }
    }

    /// What somebody does with the `sqlite3` shell, whose foreign keys are off.
    pub fn by_hand(&self, sql: &str) {
        let shell = rusqlite::Connection::open(self.db.file()).unwrap();
        shell.pragma_update(None, "foreign_keys", false).unwrap();
        shell.execute_batch(sql).unwrap();
    }

    pub fn number<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.db.reader().unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub fn revision(&self) -> i64 {
        self.number("SELECT number FROM revision")
    }
}

pub fn author(tenant: i64) -> Author {
    Author {
        viewer: viewer(tenant),
        name: "anna@example.com".into(),
        address: "192.0.2.7".into(),
        via: "portal",
    }
}

pub fn viewer(tenant: i64) -> Viewer {
    Viewer::primary(TenantId(tenant))
}

pub fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
