//! Feature codes with real phones and real audio: the echo, a page, a forward that is in force at once.

use tests::{patience::until_true, server::Server};

/// FC-15, MED-12: the caller hears what they said, sample for sample.
#[test]
fn the_echo_test_sends_back_what_the_caller_says() {
    let server = Server::start();
    let [alice, _] = server.phones();
    let talking = alice.dial("*43").answered();
    talking.rtp.hears_voice_of(&talking.rtp);
    talking.hang_up();
    server.quiet();
    until_true("the record", || server.last_call("outcome") == "answered");
}

/// MED-12: the test tone is heard without a break.
#[test]
fn the_test_tone_is_heard() {
    let server = Server::start();
    let [alice, _] = server.phones();
    let talking = alice.dial("*42").answered();
    talking.rtp.hears(100);
    talking.hang_up();
    server.quiet();
    until_true("the record", || server.last_call("outcome") == "answered");
}

/// FC-11: set on the phone, stored as the portal would, in the audit log, and in force for the next call.
#[test]
fn a_forward_that_is_dialled_is_in_the_portal_and_in_force() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    let to = server.number(2);
    alice.dial(&format!("*72{to}")).answered().ended();
    let user = server.user(0);
    assert_eq!(server.sql(&format!("SELECT forward_always FROM users WHERE id = {user}")), to);
    assert_eq!(server.sql("SELECT via FROM audit ORDER BY id DESC LIMIT 1"), "phone");
    server.in_force();
    let dialling = bob.dial(&server.number(0));
    let by_carol = carol.incoming().answer();
    dialling.answered().hang_up();
    by_carol.ended();
    assert!(!alice.is_called());
    alice.dial("*73").answered().ended();
    assert_eq!(server.sql(&format!("SELECT forward_always FROM users WHERE id = {user}")), "");
    server.quiet();
}

/// GRP-03, SIP-31, SIP-32: all members hear the pager's voice, and nobody theirs.
#[test]
fn a_page_reaches_the_members_of_a_group_one_way() {
    let server = Server::start();
    let [alice, bob, carol] = server.phones();
    let group = server.sql("SELECT number FROM extensions WHERE ring_group_id IS NOT NULL LIMIT 1");
    let paging = alice.dial(&format!("*80{group}")).answered();
    let members = [bob.incoming(), carol.incoming()].map(|incoming| {
        assert!(incoming.invite.header("Call-Info").unwrap_or_default().contains("answer-after=0"));
        assert!(incoming.invite.body_text().contains("a=sendonly"));
        incoming.answer()
    });
    for member in &members {
        member.rtp.hears_voice_of(&paging.rtp);
    }
    paging.hang_up();
    members.into_iter().for_each(|member| member.ended());
    server.quiet();
}
