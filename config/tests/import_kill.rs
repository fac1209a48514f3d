//! A program killed in the middle of an import leaves all of it or nothing, and an export of what is there. OPS-05.
#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use config::{
    Db, Feed, TenantId,
    access::{Author, Viewer},
    plan::Go,
    text::Secrets,
};

/// Not a test of its own: the program that is killed, this binary started again by the test below.
#[test]
fn imports_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let db = Db::open(Path::new(&folder)).unwrap();
    let texts = texts(&db);
    for n in 0.. {
        let done = db.import_text(&author(), &texts[n % 2], Go::Apply(None)).unwrap();
        assert!(done.problems.is_empty(), "{:?}", done.problems);
        eprintln!("{IMPORTED}{n}");
    }
}

#[test]
fn a_kill_in_the_middle_of_an_import_leaves_all_of_it_or_nothing() {
    for after in [0, 1, 3, 4] {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let texts = texts(&db);
        drop(db);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "imports_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            let imported = line.strip_prefix(IMPORTED).map(|n| n.parse::<i64>().unwrap());
            if imported.is_some_and(|n| n >= after) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let db = Db::open(folder.path()).unwrap();
        let there = exported(&db);
        assert!(texts.contains(&there), "neither the one nor the other:\n{there}");
        let (mut feed, _) = Feed::open(&db).unwrap();
        assert!(feed.poll().unwrap().is_none(), "nothing is invalid");
        let shell = rusqlite::Connection::open(db.file()).unwrap();
        let held: i64 = shell.query_row("SELECT held FROM revision", [], |row| row.get(0)).unwrap();
        assert_eq!(held, 0);
    }
}

/// A company as first start makes it, and the same with many more phones.
fn texts(db: &Db) -> [String; 2] {
    let small = exported(db);
    let mut large = small.clone();
    for n in 0..MORE {
        large += &format!("\n[[tenants.devices]]\nname = \"Spare {n:03}\"\nusername = \"{}\"\n", 2000 + n);
    }
    let done = db.import_text(&author(), &large, Go::Apply(None)).unwrap();
    assert!(done.problems.is_empty(), "{:?}", done.problems);
    let large = exported(db);
    db.import_text(&author(), &small, Go::Apply(None)).unwrap();
    assert_eq!(exported(db), small);
    [large, small]
}

fn exported(db: &Db) -> String {
    db.export_text(&viewer(), "", Secrets::LeftOut).unwrap()
}

fn author() -> Author {
    Author::program(TenantId(1), "test", "cli")
}

fn viewer() -> Viewer {
    Viewer::primary(TenantId(1))
}

const FOLDER: &str = "DIALTONE_TEST_IMPORT_FOLDER";
const IMPORTED: &str = "imported ";
const MORE: usize = 60;
