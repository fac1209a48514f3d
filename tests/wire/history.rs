//! Trials over kill -9, and texts and archives beside a program that takes calls. OPS-05, OPS-08.

use std::{
    net::{SocketAddr, TcpStream},
    process::{Command, Output},
};

use tests::{
    agent::{Algorithm, link::Over, tls::Tls},
    patience::until_true,
    server::{Server, binary, sqlite},
};

/// OPS-05: the deadline is in the database, so a kill does not make a trial permanent.
#[test]
fn a_trial_that_nobody_confirmed_is_taken_back_after_kill_9() {
    let mut server = Server::start();
    let db = config::Db::open(server.folder()).unwrap();
    let author = config::access::Author::program(config::TenantId(1), "anna", "portal");
    let name = |server: &Server| server.sql("SELECT last_name FROM users WHERE id = 1");
    let before = name(&server);
    db.begin_trial(&author, chrono::Utc::now().timestamp_millis(), 10).unwrap();
    let tried = [("last_name".to_owned(), "Tried".to_owned())].into();
    db.update(&author, &config::resources::users::USERS, 1, &tried, None).unwrap();
    assert_eq!(name(&server), "Tried");
    server.kill();
    // The ten minutes pass while nothing runs.
    sqlite(&server.database(), "UPDATE trials SET deadline_ms = 1");
    drop(db);
    server.restart();
    assert_eq!(name(&server), before, "before anybody calls");
    // And one that ends while it runs.
    let db = config::Db::open(server.folder()).unwrap();
    db.begin_trial(&author, 0, 1).unwrap();
    until_true("the end of the trial", || server.sql("SELECT count(*) FROM trials") == "0");
}

/// OPS-05: what the command line imports is in force in the running program.
#[test]
fn an_import_beside_the_running_program_is_in_force() {
    let server = Server::start();
    let file = server.folder().join("company.toml");
    let run = |words: &[&str]| run(&server, words);
    let path = file.to_str().unwrap();
    assert!(run(&["export", path]).status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + "\n[[tenants.users]]\nfirst_name = \"Zoe\"\nextension = \"150\"\n").unwrap();
    let planned = run(&["import", path, "--dry-run"]);
    let said = String::from_utf8_lossy(&planned.stdout).into_owned();
    assert!(said.contains("+ users: Zoe (150)") && said.contains("1 to add"), "{said}");
    let revision = server.in_force();
    let done = run(&["import", path, "--yes"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    until_true("the import", || server.in_force() == revision + 1);
}

/// OPS-08: an archive of the running program makes the same system elsewhere, and is not put under it.
#[test]
fn a_backup_of_the_running_program_is_restored_elsewhere() {
    let server = Server::start();
    let file = server.folder().join("backup.tar");
    let made = run(&server, &["backup", file.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let refused = run(&server, &["restore", file.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is running"));
    let other = tempfile::TempDir::with_prefix("dialtone-").unwrap();
    let mut restore = Command::new(binary());
    restore.arg("restore").arg(&file).arg("--data").arg(other.path());
    assert!(restore.status().unwrap().success());
    let users = |database: &std::path::Path| sqlite(database, "SELECT group_concat(name) FROM users");
    assert_eq!(users(&other.path().join("dialtone.db")), users(&server.database()));
    let check = Command::new(binary()).arg("check").arg("--data").arg(other.path()).output().unwrap();
    assert!(check.status.success(), "{check:?}");
    let restored = server.on_restored(other);
    assert_eq!(served(restored.sip_tls()), served(server.sip_tls()), "phones believe that certificate");
    let [alice, bob] = [0, 1].map(|position| restored.phone_over(position, Over::Tls, Algorithm::Sha256));
    alice.register();
    bob.register();
    let dialling = alice.dial(&restored.number(1));
    let by_bob = bob.incoming().answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
}

/// The certificate that is shown at an address.
fn served(address: SocketAddr) -> Vec<u8> {
    Tls::open(TcpStream::connect(address).unwrap()).certificate()
}

fn run(server: &Server, words: &[&str]) -> Output {
    Command::new(binary()).args(words).arg("--data").arg(server.folder()).output().unwrap()
}
