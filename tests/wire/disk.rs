//! A full disk, seen from outside: the data folder is a file system of a few megabytes that the test fills.

use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::json;
use tests::{
    agent::phone::Manner,
    alone,
    patience::{PATIENCE, until, until_true},
    server::{Server, binary, sqlite},
};

const SMALL: &str = "mount -t tmpfs -o size=12m tmpfs \"$DISK\"";

/// Everything that was free on the disk of the test.
struct Filler(PathBuf);

impl Filler {
    fn take_all() -> Self {
        let path = std::env::temp_dir().join("filler");
        let mut file = File::create(&path).unwrap();
        // Ever smaller pieces, until not one byte fits.
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        Self(path)
    }
    fn give_back(self) {
        std::fs::remove_file(self.0).unwrap();
    }
}

/// SIP-06, SIP-45, OPS-05: calls and registrations go on, who writes is told, nothing is half-written, and everything
/// that happened is there when there is room again.
#[test]
fn a_full_disk_stops_no_call_and_is_over_when_there_is_room() {
    alone("disk::a_full_disk_stops_no_call_and_is_over_when_there_is_room", SMALL, || {
        let mut server = Server::start();
        let [alice, bob] = server.phones();
        bob.set_manner(Manner::Answer);
        let portal = server.portal();
        let before = alice.dial(&server.number(1)).answered();
        before.rtp.hears(10);
        // The session was not used for a while, so that the next page would note its use.
        server.sql("UPDATE sessions SET seen_at = seen_at - 600000");
        let filler = Filler::take_all();

        // Calls, one after the other, until the log of changes would have to grow.
        let mut made = 0;
        until_true("the alarm", || {
            let call = alice.dial(&server.number(1)).answered();
            call.rtp.hears(5);
            call.hang_up();
            made += 1;
            portal.get("/admin").body.contains("cannot be written")
        });
        before.rtp.hears(20);
        assert!(!before.is_ended(), "the running call was cut");
        let carol = server.phone(2);
        carol.register();
        let page = portal.get("/admin");
        assert!(page.body.contains("disk is full") && page.body.contains("Calls go on"), "{}", page.body);
        a_write_is_refused_in_words(&server, &portal);
        assert_eq!(server.metric("dialtone_records_lost_total"), 0.0);
        let dialling = alice.dial(&server.number(2));
        let ringing = carol.incoming().ring();
        dialling.rings();
        dialling.cancel();
        ringing.cancelled();

        filler.give_back();
        until_true("the end of the alarm", || !portal.get("/admin").body.contains("cannot be written"));
        before.hang_up();
        server.quiet();
        let calls: usize = server.sql("SELECT count(*) FROM calls").parse().unwrap();
        assert_eq!(calls, made + 2, "calls of the full disk are missing");
        assert_eq!(
            server.sql("SELECT count(*) FROM calls WHERE outcome = 'answered'"),
            (made + 1).to_string()
        );
        assert_eq!(server.sql("PRAGMA integrity_check"), "ok");
        let renamed = portal.save(&format!("/admin/users/{}", server.user(1)), &[("last_name", "Roomy")]);
        assert!(renamed.status < 400, "{renamed:?}");
        server.in_force();
        // The registration that only memory had is on the disk too.
        server.kill();
        server.restart();
        carol.set_manner(Manner::Answer);
        server.phone(0).register();
        alice.dial(&server.number(2)).answered().hang_up();
    });
}

/// Forms and REST: an answer that says why, and not a trace in the tables.
fn a_write_is_refused_in_words(server: &Server, portal: &tests::visitor::Visitor) {
    let state = || {
        server.sql(
            "SELECT group_concat(first_name || last_name), (SELECT count(*) FROM audit), (SELECT number FROM revision) \
             FROM users",
        )
    };
    let before = state();
    let user = server.user(1);
    // Larger than what a page that is in the log already may hold.
    let name = "N".repeat(60);
    let form = portal.save(&format!("/admin/users/{user}"), &[("first_name", &name)]);
    assert_eq!(form.status, 503, "{form:?}");
    assert!(form.body.contains("the disk is full"), "{}", form.body);
    let rest = portal.patch(&format!("/api/v1/users/{user}"), &json!({ "first_name": name }));
    assert_eq!(rest.status, 503, "{rest:?}");
    assert!(rest.body.contains("the disk is full"), "{}", rest.body);
    assert_eq!(state(), before, "half a change");
}

/// OPS-01: a folder without room gives a sentence, and no half a company.
#[test]
fn a_first_start_on_a_full_disk_says_so_and_works_once_there_is_room() {
    alone("disk::a_first_start_on_a_full_disk_says_so_and_works_once_there_is_room", SMALL, || {
        let filler = Filler::take_all();
        let folder = std::env::temp_dir().join("data");
        let mut command = Command::new(binary());
        command.arg("--data").arg(&folder).args([
            "--sip",
            "127.0.0.1:0",
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
        ]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let status = until("the end of the program", PATIENCE, || child.try_wait().unwrap());
        let said = child.wait_with_output().unwrap().stderr;
        let said = String::from_utf8_lossy(&said);
        assert!(!status.success(), "started without a database");
        assert!(said.contains("full") && !said.contains("panicked"), "{said}");
        filler.give_back();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        until_true("the start in the same folder", || folder.join("run.json").exists());
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap().stdout;
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("/setup/"), "no first start:\n{said}");
        assert_eq!(sqlite(&folder.join("dialtone.db"), "SELECT count(*) FROM users"), "6");
    });
}
