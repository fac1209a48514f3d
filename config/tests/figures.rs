//! Sizes and times of 10,000 users. Prints figures; asserts what does not depend on the machine.
//! `cargo test --release -p config --test figures -- --nocapture`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use config::{
    Db, Feed, Resource, TenantId, UserId,
    audit_log::LogQuery,
    contacts::{PeopleQuery, Whose},
    plan::Go,
    query::{ListQuery, Viewer},
    records::{CallRow, Change},
    resource::Values,
    resources::{contacts::CONTACTS, devices::DEVICES, users::USERS},
    text::Secrets,
    write::Author,
};

/// An unoptimized build proves no more with more.
const USERS_N: usize = if cfg!(debug_assertions) { 1000 } else { 10_000 };

const LISTS: u32 = 100;
const CALLS: usize = 3000;
/// Changes that the records thread finds waiting.
const BATCH: usize = 20;

#[test]
fn figures_of_a_large_company() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path()).unwrap();
    db.first_start().unwrap();
    let author = Author::program(TenantId(1), "test", "cli");
    let mut users = String::from("first_name,last_name,extension,email\n");
    let mut devices = String::from("name,user,username,secret\n");
    for n in 0..USERS_N {
        users += &format!("First{n},Last{n},{},user{n}@example.com\n", 10_000 + n);
        devices += &format!("Phone {n},{0},d{0},Password-{n:05}\n", 10_000 + n);
    }
    timed("import of users by CSV", || assert_eq!(db.import_csv(&author, &USERS, &users).unwrap(), USERS_N));
    timed("import of devices by CSV", || {
        assert_eq!(db.import_csv(&author, &DEVICES, &devices).unwrap(), USERS_N)
    });
    let (mut feed, snapshot) = timed("open and full load", || Feed::open(&db).unwrap());
    timed("second full load", || Feed::open(&db).unwrap());
    // Five of first start and the administrator.
    assert_eq!(snapshot.users().count(), USERS_N + 6);
    assert_eq!(snapshot.devices().count(), USERS_N + 5);
    let polls = 100_000;
    let start = Instant::now();
    for _ in 0..polls {
        assert!(feed.poll().unwrap().is_none());
    }
    println!("poll, nothing committed: {:?}", start.elapsed() / polls);
    edit_to_snapshot(&db, &author, &mut feed);
    create(&db, &author);
    lists(&db);
    let shell = rusqlite::Connection::open(db.file()).unwrap();
    shell
        .execute_batch("UPDATE users SET last_name = last_name || 'x'; UPDATE devices SET name = name || 'x'")
        .unwrap();
    let after = timed("all users and devices changed by hand, checked", || feed.poll().unwrap().unwrap());
    assert!(after.revision > snapshot.revision);
    texts(&db, &author);
}

/// OPS-05: the text twin, the past and the way back of a large company.
fn texts(db: &Db, author: &Author) {
    let viewer = Viewer::primary(TenantId(1));
    let export = || db.export_text(&viewer, "", Secrets::InClear).unwrap();
    let text = timed("export as text", export);
    println!("text: {} kB", text.len() / 1024);
    let import = |text: &str, go: Go| {
        let plan = db.import_text(author, text, go).unwrap();
        assert!(plan.problems.is_empty(), "{:?}", plan.problems);
        plan
    };
    let plan = timed("plan of a text that changes nothing", || import(&text, Go::Rehearse));
    assert!(plan.rows.is_empty());
    let edited = text.replace("Firstx", "First").replace("@example.com", "@example.org");
    let before = db.history_bounds().unwrap().newest;
    let plan = timed("plan of a text that changes all users", || import(&edited, Go::Rehearse));
    assert_eq!(plan.rows.len(), USERS_N);
    timed("the same applied", || import(&edited, Go::Apply(None)));
    timed("the past as text", || db.export_past(&viewer, &db.past(before).unwrap()).unwrap());
    let restore = |go| db.restore(author, before, go).unwrap();
    assert_eq!(timed("plan of a restore of all users", || restore(Go::Rehearse)).rows.len(), USERS_N);
    timed("the same applied", || restore(Go::Apply(None)));
    assert_eq!(export(), text);
    let log = || db.audit_log(&viewer, &LogQuery { search: "Last77".into(), ..LogQuery::default() }).unwrap();
    println!("audit log: {} entries match", timed("audit log searched", log).total);
    timed("audit log, first page", || db.audit_log(&viewer, &LogQuery::default()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let empty = Db::open(folder.path()).unwrap();
    timed("import into an empty system", || empty.import_text(author, &text, Go::Apply(None)).unwrap());
    assert_eq!(empty.export_text(&viewer, "", Secrets::InClear).unwrap(), text);
    timed("copy for a backup", || db.copy_to(&folder.path().join("copy.db")).unwrap());
}

/// DIR-34, DIR-25: what ten thousand contacts cost a call and a page.
#[test]
fn figures_of_many_contacts() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path()).unwrap();
    db.first_start().unwrap();
    let author = Author::program(TenantId(1), "test", "cli");
    let contacts: Vec<Values> = (0..USERS_N)
        .map(|n| {
            let cells = [
                ("last_name", format!("Contact {n}")),
                ("work", format!("030 1{n:06}")),
                ("mobile", format!("+49 170 2{n:06}")),
            ];
            cells.map(|(name, value)| (name.to_owned(), value)).into()
        })
        .collect();
    timed("import of contacts", || db.add_contacts(&author, Whose::Shared, &contacts).unwrap());
    let (mut feed, snapshot) = timed("open and full load with contacts", || Feed::open(&db).unwrap());
    let known = |number: &str| snapshot.name_of_number(TenantId(1), Some(UserId(1)), number);
    assert_eq!(known("+49301000007").as_deref(), Some("Contact 7"));
    for (what, number) in [("known", "+49301000007"), ("unknown", "+49309999999"), ("extension", "101")] {
        let start = Instant::now();
        for _ in 0..10_000 {
            std::hint::black_box(known(number));
        }
        println!("name of a number, {what}: {:?}", start.elapsed() / 10_000);
    }
    let edits = (0..50).map(|n| {
        let values = Values::from([("last_name".to_owned(), format!("New {n}"))]);
        db.update(&author, &CONTACTS, 100 + n, &values, None).unwrap();
        let start = Instant::now();
        assert!(feed.poll().unwrap().is_some());
        start.elapsed()
    });
    println!("contact: commit to snapshot {:?}", median(edits.collect()));
    let me = author.viewer;
    for (what, search) in
        [("first page", ""), ("a name", "Contact 77"), ("a number", "0301000077"), ("nobody", "xyzzy")]
    {
        let query = PeopleQuery { search: search.into(), ..PeopleQuery::default() };
        let times = (0..20).map(|_| {
            let start = Instant::now();
            db.people(&me, &query).unwrap();
            start.elapsed()
        });
        println!("contacts, {what}: {:?}", median(times.collect()));
    }
    let numbers: Vec<String> = (0..50).map(|n| format!("+49301{:06}", n * 7)).collect();
    let asked: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let known = timed("whom 50 numbers belong to", || db.known_numbers(&me, &asked).unwrap());
    assert!(known.iter().all(Option::is_some));
}

fn edit_to_snapshot(db: &Db, author: &Author, feed: &mut Feed) {
    for (what, of, field) in [
        ("user", &USERS, "last_name"),
        ("user's extension", &USERS, "extension"),
        ("device", &DEVICES, "name"),
        ("device's user name", &DEVICES, "username"),
    ] {
        let (mut commits, mut polls) = (Vec::new(), Vec::new());
        for n in 0..50 {
            let values = Values::from([(field.to_owned(), new_value(field, n))]);
            let start = Instant::now();
            db.update(author, of, 100 + n, &values, None).unwrap();
            commits.push(start.elapsed());
            let start = Instant::now();
            assert!(feed.poll().unwrap().is_some());
            polls.push(start.elapsed());
        }
        println!("{what}: edit {:?}, commit to snapshot {:?}", median(commits), median(polls));
    }
}

fn new_value(field: &str, n: i64) -> String {
    match field {
        "extension" => format!("{}", 90_000 + n),
        "username" => format!("new{n}"),
        _ => format!("New {n}"),
    }
}

fn create(db: &Db, author: &Author) {
    let users = (0..50).map(|n| {
        let values = [("first_name", format!("Added {n}")), ("extension", format!("{}", 80_000 + n))];
        created(db, author, &USERS, values)
    });
    println!("user: create {:?}", median(users.collect()));
    let devices = (0..50).map(|n| {
        let (user, username) = (format!("{}", 300 + n), format!("added{n}"));
        created(
            db,
            author,
            &DEVICES,
            [("name", format!("Added {n}")), ("user", user), ("username", username)],
        )
    });
    println!("device: create {:?}", median(devices.collect()));
}

fn created<const N: usize>(
    db: &Db,
    author: &Author,
    of: &'static Resource,
    values: [(&str, String); N],
) -> Duration {
    let values = Values::from(values.map(|(name, value)| (name.to_owned(), value)));
    let start = Instant::now();
    db.create(author, of, &values).unwrap();
    start.elapsed()
}

fn lists(db: &Db) {
    let viewer = Viewer::primary(TenantId(1));
    for (what, query) in [
        ("first page", ListQuery::default()),
        ("page by extension", ListQuery { sort: "extension".into(), ..ListQuery::default() }),
        ("search", ListQuery { search: "last77".into(), ..ListQuery::default() }),
        ("search of what all have", ListQuery { search: "last".into(), ..ListQuery::default() }),
        (
            "search by extension",
            ListQuery { search: "first1".into(), sort: "extension".into(), ..ListQuery::default() },
        ),
        (
            "filter",
            ListQuery { filters: vec![("suspended".into(), vec!["1".into()])], ..ListQuery::default() },
        ),
    ] {
        let before = cpu();
        for _ in 0..LISTS {
            db.list(&viewer, &USERS, &query).unwrap();
        }
        println!("list of users, {what}: CPU {:?}", (cpu() - before) / LISTS);
    }
}

#[test]
fn figures_of_call_records() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path()).unwrap();
    let call = |n: usize, stage: usize| {
        let mut row = CallRow {
            id: format!("20261122T06{n:012}"),
            tenant: 1,
            started_at: n as i64,
            caller_number: "101".into(),
            caller_name: "Anna Schmidt".into(),
            dialled: "102".into(),
            ..CallRow::default()
        };
        if stage > 0 {
            row.answered_at = Some(n as i64 + 5000);
            row.answered_by = "102".into();
        }
        if stage > 1 {
            row.ended_at = Some(n as i64 + 90_000);
            row.outcome = "answered".into();
            row.cause = "Normal clearing".into();
            row.trace = "t".repeat(900);
            row.legs = "l".repeat(700);
            row.ladder = vec![b'i'; 10_000];
        }
        match stage {
            0 => Change::CallOpened(Box::new(row)),
            1 => Change::CallAnswered { id: row.id, answered_at: n as i64, answered_by: row.answered_by },
            _ => Change::CallClosed(Box::new(row)),
        }
    };
    let mut batches: Vec<Vec<Change>> = Vec::new();
    for n in (0..CALLS).step_by(BATCH) {
        batches.extend((0..3).map(|stage| (n..n + BATCH).map(|n| call(n, stage)).collect()));
    }
    let before = cpu();
    for batch in &batches {
        db.write_records(batch).unwrap();
    }
    println!("three writes of a call, in batches of {BATCH}: CPU {:?}", (cpu() - before) / CALLS as u32);
}

fn timed<T>(what: &str, of: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), cpu());
    let result = of();
    println!("{what}: {:?}, CPU {:?}", start.elapsed(), cpu() - before);
    result
}

/// What this thread has computed so far, counted in ticks of the system, so of use for sums only; other programs on the
/// machine do not count.
fn cpu() -> Duration {
    let counters = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(counters.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
