//! Calls between two phones: audio both ways, refusals, hold, groups, records.

use tests::{
    agent::{Algorithm, Phone, Rtp, link::Over, phone::Manner, sdp},
    patience::until_true,
    server::Server,
};

fn hear_each_other(packet_io: &'static str) {
    let server = Server::with_packet_io(packet_io);
    assert_eq!(
        server.packet_io().replace('_', "-"),
        packet_io,
        "this machine cannot run the packet path under test"
    );
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let ringing = bob.incoming().ring();
    dialling.rings();
    let by_bob = ringing.answer();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
    server.quiet();
}

/// MED-02
#[test]
fn two_phones_hear_each_other_over_io_uring() {
    hear_each_other("io-uring");
}

/// MED-02
#[test]
fn two_phones_hear_each_other_over_epoll() {
    hear_each_other("epoll");
}

/// SIP-12. Each side has a dialog of its own; nothing of one is seen on the other.
#[test]
fn neither_side_sees_the_other_sides_dialog() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let incoming = bob.incoming();
    assert_ne!(incoming.invite.call_id(), dialling.call_id);
    let text = format!("{:?}\n{}", incoming.invite.headers, incoming.invite.body_text());
    assert!(!text.contains(&alice.link().local.port().to_string()), "alice's address leaks:\n{text}");
    let by_bob = incoming.answer();
    let by_alice = dialling.answered();
    by_bob.hang_up();
    by_alice.ended();
}

/// SIP-20, over every mixture of transports
#[test]
fn calls_cross_between_udp_tcp_ipv4_and_ipv6() {
    let server = Server::start();
    let mut account = server.accounts()[1].clone();
    account.domain = "[::1]".into();
    let callers =
        [server.phone_over(0, Over::Udp, Algorithm::Md5), server.phone_over(0, Over::Tcp, Algorithm::Sha256)];
    let callees = [
        Phone::with(account.clone(), server.sip6(), Over::Udp, Algorithm::Md5),
        Phone::with(account, server.sip6(), Over::Tcp, Algorithm::Md5),
        server.phone_over(1, Over::Tcp, Algorithm::Md5),
    ];
    for callee in &callees {
        callee.register();
        for caller in &callers {
            caller.register();
            let dialling = caller.dial(&server.number(1));
            let by_callee = callee.incoming().ring().answer();
            let by_caller = dialling.answered();
            by_caller.rtp.hears_voice_of(&by_callee.rtp);
            by_callee.rtp.hears_voice_of(&by_caller.rtp);
            by_callee.hang_up();
            by_caller.ended();
        }
        assert_eq!(callee.register_for(0).status(), Some(200));
    }
}

/// MED-02
#[test]
fn a_phone_with_pcma_only_and_one_with_pcmu_only_hear_each_other() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let rtp = Rtp::open(alice.link().local.ip());
    let body = sdp::compose(rtp.local(), &[(0, "PCMU/8000")], "sendrecv", 1);
    let dialling = alice.dial_offering(&server.number(1), rtp, &body);
    let by_bob = bob.incoming().answer_with(&[(8, "PCMA/8000")]);
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
}

/// SIP-20
#[test]
fn hold_silences_the_other_side_and_resume_brings_the_sound_back() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let by_bob = bob.incoming().answer();
    let mut by_alice = dialling.answered();
    by_bob.rtp.hears(20);
    assert_eq!(by_alice.offer("sendonly").status(), Some(200));
    assert_eq!(
        sdp::read(&bob.take("offer", |t| t.to_tag().is_some() && !t.body.is_empty())).unwrap().direction,
        "sendonly"
    );
    assert_eq!(by_alice.offer("sendrecv").status(), Some(200));
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
}

/// SIP-16
#[test]
fn who_cannot_be_reached_is_refused_with_the_right_status() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    assert_eq!(alice.dial("98765").refused().status(), Some(404), "an unknown number");
    assert_eq!(alice.dial(&server.number(2)).refused().status(), Some(480), "nobody registered");
    bob.set_manner(Manner::Refuse(486));
    assert_eq!(alice.dial(&server.number(1)).refused().status(), Some(486), "busy");
}

/// SIP-10
#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let ringing = bob.incoming().ring();
    dialling.rings();
    assert_eq!(dialling.cancel().status(), Some(487));
    ringing.cancelled();
    server.quiet();
}

/// RNG-06: several contacts of one device ring together; who answers first has the call.
#[test]
fn the_first_answer_wins_and_the_others_are_told_so() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let second = server.phone(1);
    second.register();
    let dialling = alice.dial(&server.number(1));
    let (first, other) = (bob.incoming().ring(), second.incoming().ring());
    let by_bob = first.answer();
    let cancel = other.cancelled();
    assert!(cancel.header("Reason").is_some_and(|r| r.contains("cause=200")), "{cancel:?}");
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_alice.hang_up();
    by_bob.ended();
}

/// GRP-01
#[test]
fn a_ring_group_rings_all_its_members() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    let group = server.sql("SELECT number FROM extensions WHERE ring_group_id IS NOT NULL LIMIT 1");
    let dialling = alice.dial(&group);
    let (at_bob, at_carol) = (bob.incoming().ring(), carol.incoming().ring());
    let by_carol = at_carol.answer();
    at_bob.cancelled();
    let by_alice = dialling.answered();
    by_alice.rtp.hears_voice_of(&by_carol.rtp);
    by_alice.hang_up();
    by_carol.ended();
}

/// SIP-45
#[test]
fn the_record_of_a_call_says_who_answered_and_why() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let call = alice.dial(&server.number(1)).answered();
    call.rtp.hears(50);
    call.hang_up();
    server.quiet();
    assert_eq!(server.last_call("outcome"), "answered");
    assert_eq!(server.last_call("caller_number"), server.number(0));
    assert_eq!(server.last_call("dialled"), server.number(1));
    let id = server.last_call("id");
    until_true("the ladder", || {
        server
            .sql(&format!("SELECT CAST(ladder AS TEXT) FROM call_ladders WHERE id='{id}'"))
            .contains("INVITE")
    });
    let steps = server.sql(&format!("SELECT json_array_length(trace) FROM call_ladders WHERE id='{id}'"));
    assert!(steps.parse::<u32>().unwrap() > 0, "a trace without a step");
    let ladder = server.sql(&format!("SELECT CAST(ladder AS TEXT) FROM call_ladders WHERE id='{id}'"));
    let hidden = |rest: &str| rest.starts_with('…');
    assert!(ladder.split("response=\"").skip(1).all(hidden), "digests do not belong into a record");
}

/// SIP-19: `Session-Expires` is answered, and a refresh keeps the call.
#[test]
fn a_session_timer_is_agreed_on_and_refreshed() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let rtp = Rtp::open(alice.link().local.ip());
    let dialling = alice.dial_with(
        &server.number(1),
        rtp,
        "Supported: timer\r\nSession-Expires: 1800;refresher=uac\r\n",
    );
    let mut call = dialling.answered();
    assert!(
        call.made_by.header("Session-Expires").is_some_and(|v| v.contains("refresher=uac")),
        "{:?}",
        call.made_by
    );
    assert_eq!(call.offer("sendrecv").status(), Some(200));
    call.hang_up();
}
