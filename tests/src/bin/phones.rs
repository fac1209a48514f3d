//! A started server with two registered, answering phones, steered by lines on stdin. For the browser tests.
//!
//! Prints one JSON line when ready (`http`, `setup`, `numbers`, `devices`), then one per command: `call`, `ended`, `hangup`,
//! `unregister`, `register`, `sql <statement>`, `keys` (API keys that write and that read), `bad` (an invalid row by hand), `good` (mended again).
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
        ("keys", _) => {
            json!({ "all": key(server, "write", "Everything"), "read": key(server, "read", "Reader") })
        }
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

/// A new API key of the first administrator.
fn key(server: &Server, scope: &str, name: &str) -> String {
    let db = config::Db::open(server.folder()).unwrap();
    let admin = db.account_by_login("admin", None).unwrap().expect("first start makes it");
    let author = config::access::Author {
        viewer: admin.viewer,
        name: admin.login,
        address: String::new(),
        via: "cli",
    };
    let groups = ["organization", "configuration", "call_center", "reporting", "system"];
    let mut values: config::resource::Values =
        groups.map(|group| (group.to_owned(), scope.to_owned())).into();
    values.extend([("name".to_owned(), name.to_owned()), ("rate".to_owned(), "60000".to_owned())]);
    let id = db.create(&author, &config::resources::api_keys::API_KEYS, &values).unwrap().id;
    db.issue_api_key(&author, id, chrono::Utc::now().timestamp_millis()).unwrap()
}

fn device(server: &Server, position: usize) -> Value {
    let user = &server.accounts()[position].user;
    server.sql(&format!("SELECT id FROM devices WHERE username = '{user}'")).parse::<i64>().unwrap().into()
}

fn say(line: &Value) {
    println!("{line}");
}
