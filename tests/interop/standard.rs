//! SIPp's scenarios: register, call, refuse, give up, hold.

use tests::{agent::phone::Manner, server::Server};

use crate::sipp::{Over, Sipp};

/// A SIPp phone of position 1, registered, running `scenario`.
fn registered(server: &Server, scenario: &'static str) -> Sipp {
    let account = &server.accounts()[1];
    let register = Sipp::start("register", server.sip(), account, "", 0, Over::Udp);
    let port = register.port;
    register.succeeds();
    Sipp::start(scenario, server.sip(), account, "", port, Over::Udp)
}

fn caller(server: &Server, scenario: &'static str) -> Sipp {
    Sipp::start(scenario, server.sip(), &server.accounts()[0], &server.number(1), 0, Over::Udp)
}

/// SIP-02
#[test]
fn sipp_registers_over_udp_and_tcp() {
    let server = Server::start();
    Sipp::start("register", server.sip(), &server.accounts()[0], "", 0, Over::Udp).succeeds();
    Sipp::start("register", server.sip(), &server.accounts()[1], "", 0, Over::Tcp).succeeds();
}

/// SIP-12
#[test]
fn sipp_calls_sipp_and_hangs_up() {
    let server = Server::start();
    let callee = registered(&server, "uas_answer");
    caller(&server, "uac_call").succeeds();
    callee.succeeds();
}

/// SIP-16
#[test]
fn sipp_hears_that_the_other_sipp_is_busy() {
    let server = Server::start();
    let callee = registered(&server, "uas_busy");
    caller(&server, "uac_busy").succeeds();
    callee.succeeds();
}

/// SIP-10
#[test]
fn sipp_gives_up_and_the_other_sipp_stops_ringing() {
    let server = Server::start();
    let callee = registered(&server, "uas_ring");
    caller(&server, "uac_cancel").succeeds();
    callee.succeeds();
}

/// SIP-20
#[test]
fn sipp_holds_and_resumes_a_scripted_phone() {
    let server = Server::start();
    let [_, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    caller(&server, "uac_hold").succeeds();
    let directions: Vec<_> = bob
        .log()
        .iter()
        .filter(|(ours, t)| !ours && matches!(t.method(), "INVITE" | "UPDATE") && t.to_tag().is_some())
        .filter_map(|(_, t)| tests::agent::sdp::read(t).map(|d| d.direction))
        .collect();
    assert_eq!(directions, ["sendonly", "sendrecv"], "{}", bob.ladder());
}

/// SIP-22, SIP-33: SIPp refers to the park code and hears what became of it; the other side waits and hangs up.
#[test]
fn sipp_parks_a_scripted_phone() {
    let server = Server::start();
    let [_, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    caller(&server, "uac_transfer").succeeds();
    let parked = bob.take_talking().remove(0);
    parked.rtp.hears(10);
    parked.hang_up();
}
