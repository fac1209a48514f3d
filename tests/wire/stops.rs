//! kill -9 in calls and in writes; SIGTERM; disks and folders that do not help.

use std::process::Command;

use tests::{
    agent::phone::Manner,
    patience::until_true,
    server::{Server, Setup, binary},
    visitor::Visitor,
};

/// SIP-45
#[test]
fn a_call_cut_by_kill_9_is_closed_and_marked_at_the_next_start() {
    let mut server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    call.rtp.hears(10);
    until_true("the open row", || server.sql("SELECT count(*) FROM calls WHERE ended_at IS NULL") == "1");
    server.kill();
    assert_eq!(server.last_call("ended_at"), "");
    server.restart();
    until_true("the closed row", || !server.last_call("ended_at").is_empty());
    assert_eq!(server.last_call("outcome"), "interrupted");
}

/// OPS-05: a write is there as a whole with its audit and revision, or not at all.
#[test]
fn kill_9_in_writes_leaves_whole_changes_only() {
    let mut server = Server::start();
    for round in 0..5 {
        let portal = server.portal();
        let path = format!("/admin/users/{}", server.user(0));
        let writer = std::thread::spawn({
            let portal = portal.clone();
            move || {
                for number in 0..1_000 {
                    let name = format!("R{round}N{number}");
                    if portal.get(&path).status == 0 {
                        return;
                    }
                    portal.save_if_there(&path, &[("first_name", &name), ("last_name", &name)]);
                }
            }
        });
        let wanted = format!("R{round}N{}", 3 + round * 2);
        until_true("some writes", || {
            server.sql(&format!("SELECT first_name FROM users WHERE id = {}", server.user(0))) >= wanted
        });
        server.kill();
        writer.join().unwrap();
        assert_eq!(server.sql("PRAGMA integrity_check"), "ok");
        assert_eq!(server.sql("PRAGMA foreign_key_check"), "");
        let names = server
            .sql(&format!("SELECT first_name || '=' || last_name FROM users WHERE id = {}", server.user(0)));
        let (first, last) = names.split_once('=').unwrap();
        assert_eq!(first, last, "half a change");
        let audited = server.sql("SELECT changes FROM audit WHERE tbl = 'users' ORDER BY id DESC LIMIT 1");
        assert!(audited.contains(first), "the row says {first}, the audit {audited}");
        server.restart();
    }
}

/// OPS-09
#[test]
fn sigterm_takes_no_new_calls_and_lets_the_running_one_finish() {
    let mut server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    server.terminate();
    until_true("draining", || {
        let refused = alice.dial(&server.number(1));
        let response = refused.finish();
        alice.with_put_back(response.clone());
        if response.status() == Some(200) {
            refused.answered().hang_up();
            return false;
        }
        refused.refused().status() == Some(503)
    });
    assert!(!call.is_ended(), "the running call was cut");
    call.rtp.hears(20);
    call.hang_up();
    assert_eq!(server.ended(), Some(0));
    assert_eq!(server.sql("SELECT count(*) FROM calls WHERE ended_at IS NULL"), "0");
}

/// OPS-09: after the limit, calls are ended with BYE.
#[test]
fn draining_ends_the_calls_after_its_limit_with_bye() {
    let arguments = vec!["--drain".to_owned(), "1".to_owned()];
    let mut server = Server::with(Setup { arguments, ..Setup::default() });
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    server.terminate();
    call.ended();
    assert_eq!(server.ended(), Some(0));
}

/// A second program on the same folder or the same port says so in one sentence and harms nothing.
#[test]
fn a_second_program_is_told_what_is_taken() {
    let mut server = Server::start();
    let start = |folder: &std::path::Path, sip: &str| {
        let mut command = Command::new(binary());
        command.arg("--data").arg(folder).args([
            "--sip",
            sip,
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
        ]);
        let out = command.output().unwrap();
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout),
        )
    };
    let (fine, said) = start(server.folder(), "127.0.0.1:0");
    assert!(!fine && said.to_lowercase().contains("running already"), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let (fine, said) = start(elsewhere.path(), &server.sip().to_string());
    assert!(!fine && said.contains(&server.sip().port().to_string()) && said.contains("--sip"), "{said}");
    assert!(server.is_running());
}

/// OPS-01
#[test]
fn the_setup_link_works_once() {
    let server = Server::start();
    server.portal();
    let path = format!("/setup/{}", server.setup_link().rsplit('/').next().unwrap());
    let again = Visitor::new(server.http());
    assert!(!again.form(&path).iter().any(|(n, _)| n == "confirm"), "the link works twice");
    assert_ne!(again.get("/admin").status, 200);
}

/// OPS-01: the key file is readable by its owner only, and no password is readable in the database.
#[test]
fn a_stolen_database_reveals_no_password() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let key = server.folder().join("dialtone.key");
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    for account in server.accounts() {
        for file in ["dialtone.db", "dialtone.db-wal"] {
            let bytes = std::fs::read(server.folder().join(file)).unwrap_or_default();
            let password = account.password.as_bytes();
            assert!(!bytes.windows(password.len()).any(|w| w == password), "{} is in {file}", account.user);
        }
    }
}
