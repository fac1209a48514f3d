//! A started server with two registered, answering phones, steered by lines on stdin. For the browser tests.
//!
//! Prints one JSON line when ready (`http`, `setup`, `numbers`, `devices`), then one per command: `call`, `ended`, `hangup`,
//! `unregister`, `register`, `sql <statement>`, `bad` (an invalid row by hand), `good` (mended again).
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::BufRead;

use serde_json::{Value, json};
use tests::{
    agent::{Phone, Talking, phone::Manner},
    patience::until_true,
    server::Server,
};

fn main() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let devices: Vec<Value> = (0..2).map(|position| device(&server, position)).collect();
    say(&json!({
        "http": server.http(), "setup": server.setup_link(), "devices": devices,
        "numbers": (0..5).map(|p| server.number(p)).collect::<Vec<_>>(),
    }));
    let mut talking: Option<Talking> = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        say(&obey(&server, [&alice, &bob], &mut talking, (command, rest)));
    }
}

fn obey(
    server: &Server,
    [alice, bob]: [&Phone; 2],
    talking: &mut Option<Talking>,
    command: (&str, &str),
) -> Value {
    match command {
        ("call", _) => {
            let call = alice.dial(&server.number(1)).answered();
            call.rtp.hears(60);
            *talking = Some(call);
            json!({ "ok": true })
        }
        ("hangup", _) => {
            talking.take().expect("a call").hang_up();
            server.quiet();
            json!({ "id": server.last_call("id") })
        }
        ("ended", _) => {
            talking.take().expect("a call").ended();
            server.quiet();
            json!({ "id": server.last_call("id") })
        }
        ("unregister", _) => json!({ "status": bob.register_for(0).status() }),
        ("register", _) => json!({ "status": bob.register().status() }),
        ("sql", statement) => json!({ "rows": server.sql(statement) }),
        ("bad", _) => {
            server.sql("UPDATE ring_groups SET overflow = 'extension:98765'");
            until_true("the refusal", || server.metric("dialtone_config_refused_total") >= 1.0);
            json!({ "ok": true })
        }
        ("good", _) => {
            json!({ "revision": server.edit("UPDATE ring_groups SET overflow = 'hangup:no_answer'") })
        }
        (other, _) => json!({ "unknown": other }),
    }
}

fn device(server: &Server, position: usize) -> Value {
    let user = &server.accounts()[position].user;
    server.sql(&format!("SELECT id FROM devices WHERE username = '{user}'")).parse::<i64>().unwrap().into()
}

fn say(line: &Value) {
    println!("{line}");
}
