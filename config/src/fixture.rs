//! A company in a folder that goes with the test.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, sync::LazyLock};

use crate::{
    Db, Resource, TenantId,
    access::{Author, Viewer},
    db::Welcome,
    resource::Values,
    resources::devices::DEVICES,
};

pub struct Company {
    pub folder: tempfile::TempDir,
    pub db: Db,
    pub welcome: Welcome,
}

/// The files of a first start, and what it said. Each company begins with a copy: making the tables takes longer than
/// most tests.
struct Pattern {
    files: [(&'static str, Vec<u8>); 2],
    welcome: Welcome,
}

impl Pattern {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        let welcome = db.first_start().unwrap().unwrap();
        // The last connection writes what the journal holds to the file.
        drop(db);
        let files = ["dialtone.db", "dialtone.key"].map(|name| {
            let file = folder.path().join(name);
            (name, std::fs::read(file).unwrap())
        });
        Self { files, welcome }
    }
}

impl Company {
    /// As first start makes it; one key for all.
    pub fn new() -> Self {
        static PATTERN: LazyLock<Pattern> = LazyLock::new(Pattern::new);
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in &PATTERN.files {
            let file = folder.path().join(name);
            std::fs::write(&file, content).unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        }
        let db = Db::open(folder.path()).unwrap();
        Self { folder, db, welcome: PATTERN.welcome.clone() }
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

    /// A new row of the first tenant; its id.
    pub fn add(&self, of: &'static Resource, pairs: &[(&str, &str)]) -> i64 {
        self.db.create(&author(1), of, &given(pairs)).unwrap().id
    }

    pub fn change(&self, of: &'static Resource, id: i64, pairs: &[(&str, &str)]) {
        self.db.update(&author(1), of, id, &given(pairs), None).unwrap();
    }

    /// A desk phone that fetches its settings from here; its id.
    pub fn add_phone(&self, mac: &str) -> i64 {
        let name = format!("Phone {mac}");
        self.add(&DEVICES, &[("name", &name), ("username", mac), ("mac", mac), ("model", "yealink-t54w")])
    }

    pub fn revision(&self) -> i64 {
        self.number("SELECT number FROM revision")
    }
}

fn given(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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
