//! SIPp as a carrier that sees exactly what goes outside and brings calls in. SIP-38, SIP-39, SIP-41.

use tests::{
    agent::{Account, phone::Manner},
    server::Server,
};

use crate::sipp::{Over, Sipp, free_port};

/// Our number, and that of somebody outside.
const OURS: &str = "+12025550100";
const THEIRS: &str = "+12025550199";

/// A trunk to that port; `more` are further columns with their values.
fn trunk(server: &Server, name: &str, port: u16, more: &[(&str, &str)]) {
    let columns: String = more.iter().map(|(column, _)| format!(", {column}")).collect();
    let values: String = more.iter().map(|(_, value)| format!(", {value}")).collect();
    server.edit(&format!(
        "INSERT INTO trunks (tenant_id, name, kind, host, port, domain{columns}) \
         VALUES (1, '{name}', 'address', '127.0.0.1', {port}, 'carrier.example'{values})"
    ));
}

/// The first phone's user has a number of their own.
fn number(server: &Server) {
    server.edit(&format!(
        "INSERT INTO numbers (tenant_id, number, user_id) VALUES (1, '{OURS}', \
         (SELECT user_id FROM extensions WHERE number = '{}'))",
        server.number(0)
    ));
}

fn carrier(server: &Server, scenario: &'static str, number: &str, port: u16) -> Sipp {
    let account = Account {
        extension: THEIRS.into(),
        user: THEIRS.into(),
        password: "none".into(),
        domain: "carrier.example".into(),
    };
    Sipp::start(scenario, server.sip(), &account, number, port, Over::Udp)
}

/// The lines of the first INVITE that was received.
fn invite(log: &str) -> Vec<String> {
    let start = log.find("INVITE sip:").expect("an INVITE");
    log[start..].lines().take_while(|line| !line.starts_with("-----")).map(str::to_owned).collect()
}

fn line<'a>(invite: &'a [String], name: &str) -> &'a str {
    invite.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
}

/// SIP-38, SIP-41, FC-15: both numbers as the trunk wants them; a hidden caller is told to the carrier alone.
#[test]
fn sipp_as_a_carrier_sees_the_numbers_as_it_wants_them_and_echoes_the_voice() {
    let server = Server::start();
    let [alice] = server.phones();
    number(&server);
    let port = free_port();
    let forms = [
        ("health", "0"),
        ("number_out", "'international'"),
        ("caller_form", "'national'"),
        ("caller_prefix", "'7'"),
    ];
    trunk(&server, "Carrier", port, &forms);
    for (dialled, hides) in [(THEIRS.to_owned(), false), (format!("*67{THEIRS}"), true)] {
        let sipp = carrier(&server, "trunk_answer", "", port);
        let talking = alice.dial(&dialled).answered();
        talking.rtp.hears_voice_of(&talking.rtp);
        talking.hang_up();
        let invite = invite(&sipp.saw());
        assert!(
            invite[0].starts_with(&format!("INVITE sip:01112025550199@127.0.0.1:{port}")),
            "{}",
            invite[0]
        );
        let asserted = line(&invite, "P-Asserted-Identity:");
        assert!(asserted.contains("<sip:712025550100@carrier.example>"), "{asserted}");
        let (from, privacy) = (line(&invite, "From:"), line(&invite, "Privacy:"));
        if hides {
            assert!(
                from.contains("<sip:anonymous@anonymous.invalid>") && privacy == "id",
                "{from} {privacy}"
            );
        } else {
            assert!(
                from.contains("<sip:712025550100@carrier.example>") && privacy.is_empty(),
                "{from} {privacy}"
            );
        }
        let all = invite.join("\n");
        let own = [server.number(0), alice.link().local.port().to_string()];
        assert!(!own.iter().any(|inner| all.contains(&format!(":{inner}"))), "what is inside leaks:\n{all}");
    }
    server.quiet();
}

/// SIP-39, NUM-02: a call by its number rings whose it is; who forwarded it before is shown.
#[test]
fn sipp_as_a_carrier_brings_a_call_for_a_number_of_ours() {
    let server = Server::start();
    let [alice] = server.phones();
    number(&server);
    let port = free_port();
    trunk(&server, "Carrier", port, &[("health", "0")]);
    alice.set_manner(Manner::Answer);
    let sipp = carrier(&server, "trunk_call", OURS, port);
    tests::patience::until_true("a call", || alice.talking() == 1);
    let talking = alice.take_talking().remove(0);
    talking.rtp.hears_voice_of(&talking.rtp);
    let shown =
        alice.log().iter().map(|(_, text)| text.print()).find(|text| text.starts_with("INVITE")).unwrap();
    assert!(shown.contains(&format!("sip:{THEIRS}@")) && shown.contains("sip:+12025550177@"), "{shown}");
    talking.hang_up();
    sipp.succeeds();
    server.quiet();
    assert_eq!(
        (server.last_call("dialled"), server.last_call("caller_number")),
        (OURS.into(), THEIRS.into())
    );
}

/// SIP-38: a carrier that answers 503 is passed over.
#[test]
fn the_next_sipp_takes_the_call_that_the_first_one_cannot() {
    let server = Server::start();
    let [alice] = server.phones();
    number(&server);
    let (first, second) = (free_port(), free_port());
    trunk(&server, "First", first, &[("health", "0"), ("priority", "1")]);
    trunk(&server, "Second", second, &[("health", "0"), ("priority", "2")]);
    let broken = carrier(&server, "trunk_503", "", first);
    let works = carrier(&server, "trunk_answer", "", second);
    let talking = alice.dial(THEIRS).answered();
    talking.rtp.hears_voice_of(&talking.rtp);
    talking.hang_up();
    broken.succeeds();
    works.succeeds();
    server.quiet();
    let trace = server.sql("SELECT trace FROM call_ladders ORDER BY rowid DESC LIMIT 1");
    assert!(trace.contains("First: it answers 503"), "{trace}");
}

/// SIP-38: each side asks the other whether it is there, and is answered.
#[test]
fn sipp_and_we_answer_each_others_options() {
    let server = Server::start();
    let port = free_port();
    carrier(&server, "trunk_asks", "", port).succeeds();
    let asked = carrier(&server, "trunk_asked", "", port);
    trunk(&server, "Carrier", port, &[("health", "1"), ("health_interval", "10")]);
    asked.succeeds();
    tests::patience::until_true("the trunk is up", || {
        server.metrics().lines().any(|line| line == "dialtone_trunks_up 1")
    });
}
