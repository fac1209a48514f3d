//! A file that somebody imports.

use std::cell::RefCell;

use config::{Db, TenantId, access::Author, query::ListQuery, resources};

/// CSV into each table: what was refused left nothing, what was taken can be exported and imported again without a change.
pub fn csv(bytes: &[u8]) {
    let Some((&table, text)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let of = resources::ALL[usize::from(table) % resources::ALL.len()];
    COMPANY.with_borrow_mut(|company| {
        if company.as_ref().is_none_or(|c| c.used > LIFE) {
            *company = None;
            *company = Some(Company::new());
        }
        let company = company.as_mut().expect("one was made");
        company.used += 1;
        let before = company.export(of);
        match company.db.import_csv(&company.author, of, &text) {
            Ok(0) | Err(_) => assert_eq!(company.export(of), before, "{} changed", of.name),
            Ok(_) => {
                let now = company.export(of);
                let again = company.db.import_csv(&company.author, of, &now).expect("our own export fits");
                assert_eq!(again, 0, "{} came back as another", of.name);
            }
        }
    });
}

struct Company {
    db: Db,
    author: Author,
    used: u32,
    _folder: tempfile::TempDir,
}

impl Company {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(folder.path()).expect("a database");
        db.first_start().expect("a company");
        Self { db, author: Author::program(TenantId(1), "fuzz", "cli"), used: 0, _folder: folder }
    }
    fn export(&self, of: &'static config::Resource) -> String {
        self.db.export_csv(&self.author.viewer, of, &ListQuery::default()).expect("an export")
    }
}

thread_local! {
    static COMPANY: RefCell<Option<Company>> = const { RefCell::new(None) };
}

/// Imports into one database, which grows with them.
const LIFE: u32 = 200;
