//! Faults that a peer can make, one message at a time, and the answer each must get.

use std::time::Duration;

use sip_stack::{Event, Name, Response, Settings, Transport};

use crate::raw::{Peer, request};

/// SIP-10, RFC 3261 §17.2.2
#[test]
fn repeated_request_is_seen_once_and_answered_twice() {
    let mut peer = Peer::new();
    peer.receives(&request("OPTIONS", "1", ""));
    peer.receives(&request("OPTIONS", "1", ""));
    let [Event::Request { id, .. }] = peer.events[..] else { panic!("{:?}", peer.events) };
    peer.on(|s, now| s.respond(now, id, Response::new(200)));
    peer.receives(&request("OPTIONS", "1", ""));
    assert_eq!(peer.took(), ["200", "200"]);
    peer.passes(Duration::from_secs(32));
    assert!(peer.stack.is_quiet());
}

/// SIP-10, RFC 3261 §8.2.2.3, §16.3, §8.2.2.2, §12.2.2
#[test]
fn request_that_cannot_be_let_in_gets_its_status() {
    for (method, extra, status) in [
        ("OPTIONS", "Max-Forwards: 0\n", "483"),
        ("INVITE", "Max-Forwards: 0\n", "483"),
        ("INVITE", "Require: 100rel, teleport\n", "420"),
        ("BYE", "", "481"),
        ("UPDATE", "", "481"),
        ("CANCEL", "", "481"),
        ("TELEPORT", "", "501"),
    ] {
        let mut peer = Peer::new();
        peer.receives(&request(method, "1", extra));
        assert_eq!(peer.took(), [status], "{method} {extra}");
        assert!(peer.events.is_empty(), "{:?}", peer.events);
    }
}

/// SIP-10: the unknown extension is named.
#[test]
fn unsupported_names_the_unknown_extension() {
    let mut peer = Peer::new();
    peer.receives(&request("INVITE", "1", "Require: 100rel, teleport\n"));
    assert_eq!(peer.last().header(Name::Unsupported), Some(&b"teleport"[..]));
}

/// SIP-10, RFC 3261 §8.2.2.2
#[test]
fn merged_request_gets_482() {
    let mut peer = Peer::new();
    peer.receives(&request("INVITE", "1", ""));
    peer.receives(&request("INVITE", "2", ""));
    assert_eq!(peer.took(), ["482"]);
    assert_eq!(peer.events.len(), 1);
}

/// SIP-10, RFC 3261 §12.2.2
#[test]
fn reinvite_outside_any_dialog_gets_481() {
    let mut peer = Peer::new();
    let text =
        request("INVITE", "1", "").replace("To: <sip:101@example.org>", "To: <sip:101@example.org>;tag=gone");
    peer.receives(&text);
    assert_eq!(peer.took(), ["481"]);
    assert!(peer.events.is_empty());
}

/// SIP-10: a stray ACK, a stray response and garbage lead to nothing.
#[test]
fn stray_messages_are_ignored() {
    let mut peer = Peer::new();
    peer.receives(&request("ACK", "1", ""));
    peer.receives("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1.00000001\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\n\n");
    peer.receives("\u{0}\u{1}garbage");
    assert!(peer.sent.is_empty() && peer.events.is_empty() && peer.stack.is_quiet());
}

/// RFC 3261 §8.2: what can be answered is told what is wrong with it.
#[test]
fn malformed_request_gets_400_with_the_fault() {
    let mut peer = Peer::new();
    peer.receives(&request("OPTIONS", "1", "").replace("CSeq: 1 OPTIONS", "CSeq: one"));
    assert!(peer.raw.starts_with(b"SIP/2.0 400 Malformed CSeq\r\nVia: "), "{:?}", peer.raw);
}

/// SIP-07, RFC 3581 §4, RFC 3261 §18.2.2
#[test]
fn response_goes_back_where_the_request_came_from() {
    let mut peer = Peer::new();
    peer.receives(&request("BYE", "1", "").replace("198.51.100.7:40000;branch", "10.0.0.5:5062;branch"));
    let (flow, response) = &peer.sent[0];
    assert_eq!(flow.remote, Peer::flow(Transport::Udp).remote);
    let via = response.via();
    assert_eq!(via.params.get("rport"), Some(&b"40000"[..]));
    assert_eq!(via.params.get("received"), Some(&b"198.51.100.7"[..]));
    // Without rport, from the sent-by host itself: to the sent-by port.
    peer.receives(&request("BYE", "2", "").replace(";rport", "").replace("40000;branch", "5070;branch"));
    assert_eq!(peer.sent[1].0.remote.port(), 5070);
}

/// SIP-10: at the limit new requests get 503 with Retry-After, and nothing is kept of them.
#[test]
fn limit_of_transactions_is_answered_503() {
    let mut peer = Peer::with(Settings { max_transactions: 1, ..Settings::default() });
    peer.receives(&request("OPTIONS", "1", ""));
    peer.receives(&request("OPTIONS", "2", "").replace("Call-ID: c1", "Call-ID: c2"));
    assert_eq!(peer.last().status(), Some(503));
    assert_eq!(peer.last().header(Name::RetryAfter), Some(&b"5"[..]));
    assert_eq!(peer.stack.load().0, 1);
}

/// RFC 3261 §17.2.1: 100 goes out once where the application takes its time, and not where it said something.
#[test]
fn trying_follows_after_200_ms_unless_something_was_said() {
    let mut peer = Peer::new();
    peer.receives(&request("INVITE", "1", ""));
    peer.passes(Duration::from_millis(199));
    peer.receives(&request("INVITE", "1", ""));
    assert!(peer.took().is_empty());
    peer.passes(Duration::from_millis(1));
    assert_eq!(peer.took(), ["100"]);
    peer.receives(&request("INVITE", "1", ""));
    assert_eq!(peer.took(), ["100"], "said again to who asks again");
    let Some(Event::Invite { id, .. }) = peer.events.pop() else { panic!() };
    peer.on(|s, now| s.progress(now, id, Response::new(180)));
    peer.passes(Duration::from_secs(50));
    assert_eq!(peer.took(), ["180"]);
}

/// SIP-02, RFC 3261 §8.2.7, §26.3.2.4: nothing is kept of an INVITE that proves nothing, and its ACK is no matter.
#[test]
fn challenged_invite_leaves_nothing_behind() {
    let mut peer = Peer::new();
    for _ in 0..2 {
        peer.receives(&request("INVITE", "1", ""));
        let Some(Event::Invite { id, .. }) = peer.events.pop() else {
            panic!("the repeated INVITE is a new one")
        };
        peer.on(|s, now| s.reject(now, id, Response::new(401)));
        assert!(peer.stack.is_quiet());
        let tag = String::from_utf8_lossy(peer.last().to_tag().unwrap()).into_owned();
        assert_eq!(peer.took(), ["401"]);
        let to = format!("To: <sip:101@example.org>;tag={tag}");
        peer.receives(&request("ACK", "1", "").replace("To: <sip:101@example.org>", &to));
        peer.receives(&request("CANCEL", "1", ""));
        assert_eq!(peer.took(), ["481"]);
        peer.passes(Duration::from_secs(32));
        assert!(peer.events.is_empty() && peer.stack.is_quiet());
    }
}

/// RFC 3261 §17.2.1: behind a 100 the caller waits, so there a challenge is resent until its ACK.
#[test]
fn challenge_behind_trying_is_resent_until_its_ack() {
    let mut peer = Peer::new();
    peer.receives(&request("INVITE", "1", ""));
    peer.passes(Duration::from_millis(200));
    let Some(Event::Invite { id, .. }) = peer.events.pop() else { panic!() };
    peer.on(|s, now| s.reject(now, id, Response::new(401)));
    peer.passes(Duration::from_millis(600));
    assert_eq!(peer.took(), ["100", "401", "401"]);
    peer.receives(&request("ACK", "1", ""));
    peer.passes(Duration::from_secs(40));
    assert!(peer.took().is_empty() && peer.stack.is_quiet());
}
