//! A program killed in the middle of writes leaves whole transactions and a database that opens. SIP-06, SIP-45, OPS-05.
#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use config::{
    Db, DeviceId, Feed, TenantId,
    records::{BindingRow, CallRow, Change},
    resource::Values,
    resources::{ring_groups::RING_GROUPS, users::USERS},
    write::Author,
};

/// Not a test of its own: the program that is killed, this binary started again by the test below.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let db = Db::open(Path::new(&folder)).unwrap();
    for n in 0.. {
        let user = values(&[("first_name", &format!("User {n}")), ("extension", &(1000 + n).to_string())]);
        let user = db.create(&author(), &USERS, &user).unwrap();
        let group = values(&[
            ("name", &format!("Group {n}")),
            ("extension", &(50_000 + n).to_string()),
            ("members", &format!("1,2,{}", user.id)),
        ]);
        db.create(&author(), &RING_GROUPS, &group).unwrap();
        db.write_records(&[Change::Bind(binding(n)), Change::CallClosed(Box::new(call(n)))]).unwrap();
        eprintln!("{ACKNOWLEDGED}{n}");
    }
}

#[test]
fn a_kill_in_the_middle_of_writes_leaves_whole_transactions() {
    for after in [1, 7, 23] {
        let folder = tempfile::tempdir().unwrap();
        Db::open(folder.path()).unwrap().first_start().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = 0;
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            if let Some(n) = line.unwrap().strip_prefix(ACKNOWLEDGED) {
                acknowledged = n.parse().unwrap();
                if acknowledged >= after {
                    break;
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        look_at(folder.path(), acknowledged);
    }
}

fn look_at(folder: &Path, acknowledged: i64) {
    let db = Db::open(folder).unwrap();
    let (mut feed, snapshot) = Feed::open(&db).unwrap();
    assert!(feed.poll().unwrap().is_none(), "nothing is invalid");
    for n in 0..=acknowledged {
        assert!(snapshot.extension(TenantId(1), &(1000 + n).to_string()).is_some(), "{n}");
        assert!(snapshot.extension(TenantId(1), &(50_000 + n).to_string()).is_some(), "{n}");
    }
    let shell = rusqlite::Connection::open(db.file()).unwrap();
    let count = |sql: &str| shell.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // Whole: a user has an extension (but the administrator), a group its members, and each an audit entry.
    let (users, groups) = (count("SELECT count(*) FROM users"), count("SELECT count(*) FROM ring_groups"));
    assert_eq!(count("SELECT count(*) FROM extensions"), users - 1 + groups);
    assert_eq!(count("SELECT count(*) FROM ring_groups_members"), 5 + 3 * (groups - 1));
    assert_eq!(count("SELECT count(*) FROM audit WHERE tbl = 'users'"), users);
    assert_eq!(count("SELECT held FROM revision"), 0);
    assert_eq!(shell.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    assert!(db.load_bindings(0).unwrap().len() as i64 > acknowledged);
    assert!(db.close_interrupted_calls(9).unwrap() as i64 > acknowledged);
}

fn author() -> Author {
    Author::program(TenantId(1), "test", "cli")
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn binding(n: i64) -> BindingRow {
    BindingRow {
        tenant: TenantId(1),
        device: DeviceId(1),
        key: n.to_string(),
        contact: "sip:101@192.0.2.1".into(),
        path: String::new(),
        flow: "udp 192.0.2.1:5060 192.0.2.9:5060".into(),
        user_agent: String::new(),
        call_id: String::new(),
        cseq: 1,
        position: n,
        registered_at: 0,
        expires_at: i64::MAX,
    }
}

fn call(n: i64) -> CallRow {
    CallRow { id: format!("{n:09}"), tenant: 1, started_at: n, trace: "[]".into(), ..CallRow::default() }
}

const FOLDER: &str = "DIALTONE_TEST_KILL_FOLDER";
const ACKNOWLEDGED: &str = "committed ";
