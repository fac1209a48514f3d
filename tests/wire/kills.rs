//! kill -9 while REST and CSV write: rows are there as a whole, with audit and revision, or not at all; the next start
//! works on what is there.

use std::thread;

use serde_json::json;
use tests::{
    agent::phone::Manner,
    patience::until_true,
    server::Server,
    visitor::{Form, Visitor, set},
};

/// What must hold in any database that a killed program left.
fn is_whole(server: &Server) {
    assert_eq!(server.sql("PRAGMA integrity_check"), "ok");
    assert_eq!(server.sql("PRAGMA foreign_key_check"), "");
    assert_eq!(server.sql("SELECT held FROM revision"), "0", "a transaction of ours is held");
    let newest = "SELECT (SELECT number FROM revision) >= (SELECT max(revision) FROM change) \
                  AND (SELECT number FROM revision) >= (SELECT max(revision) FROM audit)";
    assert_eq!(server.sql(newest), "1", "a change under a revision that does not exist");
}

/// Starts again; the configuration that is there is in force, and a call goes through.
fn works_again(server: &mut Server) {
    server.restart();
    server.in_force();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    alice.dial(&server.number(1)).answered().hang_up();
}

/// OPS-05: rows added and changed over REST by several at once, so that there is hardly a moment without a write; every
/// answered request is kept, and none is half there.
#[test]
fn kill_9_in_rest_writes_leaves_whole_rows_and_all_that_were_answered() {
    let mut server = Server::start();
    for round in 0..5 {
        let portal = server.portal();
        portal.patch("/api/v1/users/1", &json!({}));
        let adders: [_; WRITERS] = std::array::from_fn(|writer| {
            let portal = portal.clone();
            thread::spawn(move || add_until_killed(&portal, round * WRITERS + writer))
        });
        let changer = thread::spawn(move || change_until_killed(&portal, round));
        let wanted = 6 + round * 3;
        let count = format!("SELECT count(*) FROM users WHERE last_name = 'r{round}'");
        until_true("some rows", || server.sql(&count).parse::<usize>().unwrap() >= wanted);
        server.kill();
        let answered: usize = adders.into_iter().map(|a| a.join().unwrap()).sum();
        let changed = changer.join().unwrap();
        is_whole(&server);
        let rows: usize = server.sql(&count).parse().unwrap();
        assert!((answered..=answered + WRITERS).contains(&rows), "{answered} answered, {rows} there");
        // A row comes with its number and its audit entry.
        let missing = server.sql(&format!(
            "SELECT count(*) FROM users u WHERE last_name = 'r{round}' AND NOT (\
             EXISTS (SELECT 1 FROM extensions e WHERE e.user_id = u.id) AND \
             EXISTS (SELECT 1 FROM audit a WHERE a.tbl = 'users' AND a.row_id = u.id AND a.action = 'create' \
                     AND a.via = 'api'))"
        ));
        assert_eq!(missing, "0", "rows without number or audit");
        let stray = "SELECT count(*) FROM audit WHERE tbl = 'users' AND action = 'create' AND row_id NOT IN \
                     (SELECT id FROM users)";
        assert_eq!(server.sql(stray), "0", "audit of rows that are not there");
        // Both fields of a change, and its audit.
        let names = server.sql("SELECT first_name || '=' || last_name FROM users ORDER BY id LIMIT 1");
        let (first, last) = names.split_once('=').unwrap();
        assert_eq!(first, last, "half a change");
        let number: usize = first.rsplit('N').next().unwrap().parse().unwrap_or(0);
        assert!(number == changed || number == changed + 1, "{changed} answered, the row says {first}");
        let audited = "SELECT changes FROM audit WHERE tbl = 'users' AND row_id = 1 ORDER BY id DESC LIMIT 1";
        assert!(number == 0 || server.sql(audited).contains(first), "the row says {first}");
        works_again(&mut server);
    }
}

/// Adds users until the program is gone; how many were answered.
fn add_until_killed(portal: &Visitor, writer: usize) -> usize {
    let round = writer / WRITERS;
    for number in 0.. {
        let row = json!({
            "first_name": "Rest", "last_name": format!("r{round}"), "extension": format!("{}", 10_000 + writer * 500 + number),
        });
        let answer = portal.add("/api/v1/users", &row);
        if answer.status == 0 {
            return number;
        }
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    unreachable!("numbers have no end")
}

/// Changes both names of the first user until the program is gone; how many changes were answered.
fn change_until_killed(portal: &Visitor, round: usize) -> usize {
    for number in 1.. {
        let name = format!("R{round}N{number}");
        let answer = portal.patch("/api/v1/users/1", &json!({ "first_name": name, "last_name": name }));
        if answer.status == 0 {
            return number - 1;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    unreachable!("numbers have no end")
}

/// OPS-05: a CSV of hundreds of users is imported whole or not at all.
#[test]
fn kill_9_in_a_csv_import_leaves_all_of_its_rows_or_none() {
    const ROWS: usize = 600;
    let mut server = Server::start();
    let (mut outcomes, mut whole) = (vec![], 0);
    // The first one is let finish and tells how much work it is; the others are cut after a part of that.
    for round in 0..5u64 {
        let portal = server.portal();
        let form = import(&portal, round, ROWS);
        let began = server.cpu();
        let importer = thread::spawn(move || portal.post("/admin/users/import", &form).status);
        let cut = if round == 0 { u64::MAX } else { began + whole * (2 * round - 1) / 8 };
        until_true("the import to work", || server.cpu() >= cut || importer.is_finished());
        whole = whole.max(server.cpu() - began);
        server.kill();
        let status = importer.join().unwrap();
        is_whole(&server);
        let count = |what: &str| {
            server.sql(&what.replace("{}", &format!("'csv{round}n%'"))).parse::<usize>().unwrap()
        };
        let rows = count("SELECT count(*) FROM users WHERE email LIKE {}");
        assert!(rows == 0 || rows == ROWS, "{rows} of {ROWS} rows");
        assert!(status == 0 || rows == ROWS, "answered with {status}, and nothing is there");
        let numbers =
            "SELECT count(*) FROM extensions WHERE user_id IN (SELECT id FROM users WHERE email LIKE {})";
        assert_eq!(count(numbers), rows, "rows without their number");
        let audited = "SELECT count(*) FROM audit WHERE tbl = 'users' AND action = 'create' AND row_id IN \
                       (SELECT id FROM users WHERE email LIKE {})";
        assert_eq!(count(audited), rows, "rows without audit");
        let revisions = "SELECT count(DISTINCT revision) FROM audit WHERE tbl = 'users' AND action = 'create' AND \
                         row_id IN (SELECT id FROM users WHERE email LIKE {})";
        assert_eq!(count(revisions), usize::from(rows > 0), "one import, one revision");
        outcomes.push(rows);
        works_again(&mut server);
    }
    eprintln!("rows after each kill: {outcomes:?}");
    assert_eq!(outcomes[0], ROWS, "the import that was let finish");
    assert!(outcomes.contains(&0), "no kill came before the end of an import: {outcomes:?}");
}

fn import(portal: &Visitor, round: u64, rows: usize) -> Form {
    let mut csv = "first_name,last_name,extension,email\n".to_owned();
    for number in 0..rows {
        let extension = 20_000 + round as usize * 1_000 + number;
        csv += &format!("Csv,{number},{extension},csv{round}n{number}@example.com\n");
    }
    let mut form = portal.form("/admin/users");
    set(&mut form, "csv", &csv);
    form
}

/// Who add rows at the same time.
const WRITERS: usize = 3;
