//! A trunk beyond real sockets: what exactly goes outside, and what comes in. SIP-38, SIP-39, SIP-41.

use tests::{
    agent::{Phone, phone::Account},
    server::Server,
};

/// Our number, and that of somebody outside.
pub const OURS: &str = "+12025550100";
pub const THEIRS: &str = "+12025550199";

/// A carrier's switch, and a trunk to it that is known by its address.
pub fn carrier(server: &Server) -> Phone {
    let account = Account {
        extension: THEIRS.into(),
        user: THEIRS.into(),
        password: "secret".into(),
        domain: "carrier.example".into(),
    };
    let carrier = Phone::new(account, server.sip());
    let port = carrier.link().local.port();
    server.edit(&format!(
        "INSERT INTO trunks (tenant_id, name, kind, host, port, domain, secret) \
         VALUES (1, 'Carrier', 'address', '127.0.0.1', {port}, 'carrier.example', 'plain:secret')"
    ));
    server.edit(&format!(
        "INSERT INTO numbers (tenant_id, number, user_id) VALUES (1, '{OURS}', \
         (SELECT user_id FROM extensions WHERE number = '{}'))",
        server.number(0)
    ));
    carrier
}

/// SIP-38, SIP-41, NUM-08
#[test]
fn a_call_outside_is_what_the_carrier_expects_and_carries_voice() {
    let server = Server::start();
    let [alice] = server.phones();
    let carrier = carrier(&server);
    let dialling = alice.dial(THEIRS);
    let incoming = carrier.incoming();
    let invite = &incoming.invite;
    assert!(invite.target().starts_with(&format!("sip:{THEIRS}@127.0.0.1:")), "{}", invite.target());
    let asserted = invite.header("P-Asserted-Identity").expect("who calls");
    assert!(asserted.contains(&format!("sip:{OURS}@carrier.example")), "{asserted}");
    let shown = format!("{:?}\n{}", invite.headers, invite.body_text());
    assert!(!shown.contains(&alice.link().local.port().to_string()), "alice's address leaks:\n{shown}");
    let by_carrier = incoming.answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_carrier.rtp);
    by_carrier.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_carrier.ended();
    server.quiet();
    tests::patience::until_true("the trunk is named in the record", || {
        let legs = server.sql("SELECT legs FROM call_ladders ORDER BY id DESC LIMIT 1");
        legs.contains("\"trunk\":\"Carrier\"")
    });
}

/// SIP-39, NUM-02, NUM-10
#[test]
fn a_call_from_the_carrier_rings_whose_number_it_is() {
    let server = Server::start();
    let [alice] = server.phones();
    let carrier = carrier(&server);
    let dialling = carrier.dial(OURS);
    let ringing = alice.incoming().ring();
    dialling.rings();
    let by_alice = ringing.answer();
    let by_carrier = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_carrier.rtp);
    by_carrier.hang_up();
    by_alice.ended();
    server.quiet();
    assert_eq!(
        (server.last_call("dialled"), server.last_call("caller_number")),
        (OURS.into(), THEIRS.into())
    );
}

/// placed in the portal, the own phone first, then that trunk; the page says what came of it.
#[test]
fn a_test_call_in_the_portal_rings_the_carrier_and_says_what_it_answered() {
    let server = Server::start();
    let [alice] = server.phones();
    let carrier = carrier(&server);
    let admin = server.portal();
    let trunk = server.sql("SELECT id FROM trunks");
    let path = format!("/api/v1/trunks/{trunk}/test-calls");
    tests::patience::until_true("the trunk is up", || says(&server, "dialtone_trunks_up 1"));
    let order = serde_json::json!({ "number": THEIRS, "extension": server.number(0) });
    let place = || assert_eq!(admin.add(&path, &order).status, 202);
    place();
    let by_alice = alice.incoming().ring().answer();
    let incoming = carrier.incoming();
    assert!(incoming.invite.target().starts_with(&format!("sip:{THEIRS}@")), "{}", incoming.invite.target());
    let by_carrier = incoming.answer();
    by_alice.rtp.hears_voice_of(&by_carrier.rtp);
    by_alice.hang_up();
    by_carrier.ended();
    server.quiet();
    let newest = || {
        let page: serde_json::Value = serde_json::from_str(&admin.get(&path).body).unwrap();
        page["items"][0].clone()
    };
    tests::patience::until_true("the answered call", || newest()["answered"] == true);
    place();
    let by_alice = alice.incoming().ring().answer();
    carrier.incoming().refuse(404);
    by_alice.ended();
    server.quiet();
    tests::patience::until_true("the refused call", || {
        newest()["said"].as_str().is_some_and(|said| said.contains("404"))
    });
    let page = admin.get(&format!("/admin/trunks/{trunk}/test-call")).body;
    assert!(page.contains("404") && page.contains("Show call"), "{page}");
}

/// SIP-38: the state is in `/metrics`, and goes with the trunk.
#[test]
fn a_trunk_that_is_gone_is_told_of() {
    let server = Server::start();
    let carrier = carrier(&server);
    tests::patience::until_true("the trunk is up", || says(&server, "dialtone_trunks_up 1"));
    drop(carrier);
    server.edit("UPDATE trunks SET host = 'no-such-host.invalid', port = NULL");
    tests::patience::until_true("the trunk is down", || says(&server, "dialtone_trunks_down 1"));
    server.edit("DELETE FROM trunks");
    tests::patience::until_true("the trunk is gone", || says(&server, "dialtone_trunks_down 0"));
}

/// Whether a line of `/metrics` is that one; there are none in the first moment.
fn says(server: &Server, line: &str) -> bool {
    server.metrics().lines().any(|there| there == line)
}
