//! `dialtone why` beside a running program: the same decisions that calls get. OPS-02.

use std::process::{Command, Output};

use tests::server::{Server, binary};

fn why(server: &Server, words: &[&str]) -> (bool, String) {
    let words = [&["why"], words].concat();
    let done: Output =
        Command::new(binary()).args(words).arg("--data").arg(server.folder()).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// OPS-02
#[test]
fn the_command_line_says_what_would_become_of_a_call_and_why() {
    let server = Server::start();
    let revision = server.in_force();
    let (answered, said) = why(&server, &["--from", "101", "--to", "102", "--assume", "102=answers:4"]);
    assert!(answered && said.contains("102 Ben Castillo answers after 4.0 s"), "{said}");
    assert!(
        said.contains(&format!(
            "Routed: 102 is extension of Ben Castillo  [extension · revision {revision}]"
        )),
        "{said}"
    );
    let (answered, said) = why(&server, &["--from", "101", "--to", "102"]);
    assert!(!answered && said.contains("Ends after 20.0 s: 480 No answer"), "{said}");
    server.sql("UPDATE users SET forward_always = '103' WHERE id = 2");
    let (_, said) = why(&server, &["--from", "101", "--to", "102", "--assume", "103=busy"]);
    assert!(said.contains("Forwarded") && said.contains("486 Busy"), "{said}");
    let past = revision.to_string();
    let (_, said) = why(&server, &["--from", "101", "--to", "102", "--revision", &past]);
    assert!(!said.contains("Forwarded") && said.contains("480 No answer"), "{said}");
    let (_, said) = why(&server, &["--from", "101", "--to", "911"]);
    assert!(said.contains("no trunk takes emergency calls"), "{said}");
    let (answered, said) = why(&server, &["--from", "199", "--to", "102"]);
    assert!(!answered && said.contains("nobody has extension 199"), "{said}");
}
