//! The notifier message by message: SUBSCRIBE, refresh, NOTIFY, what ends a subscription. RFC 6665.

use std::time::Duration;

use sip_stack::{
    Event, Message, Name, RequestId, Response, SubscriptionId, Transport,
    stack::{Notice, NotifyOutcome, SubscriptionState, Termination},
};

use crate::raw::{Peer, request};

const HOUR: Duration = Duration::from_secs(3600);

fn text(message: &Message, name: Name) -> String {
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

/// A SUBSCRIBE that reached the application.
fn asked(peer: &mut Peer, extra: &str) -> RequestId {
    peer.receives(&request("SUBSCRIBE", "sub", &format!("Event: dialog;sla;id=7\n{extra}")));
    match peer.events.pop() {
        Some(Event::Request { id, .. }) => id,
        other => panic!("{other:?}"),
    }
}

/// The same, accepted.
fn subscribed(extra: &str) -> (Peer, SubscriptionId, Message) {
    let mut peer = Peer::new();
    let id = asked(&mut peer, extra);
    let id = peer.on(|s, now| s.accept_subscription(now, id, HOUR)).unwrap();
    let answer = peer.last().clone();
    (peer, id, answer)
}

fn notify(peer: &mut Peer, id: SubscriptionId, state: SubscriptionState) -> bool {
    peer.on(|s, now| s.notify(now, id, Notice { state, body: Some(("text/plain", b"on")) }))
}

/// The peer's answer to our last NOTIFY.
fn answers(peer: &mut Peer, status: &str) {
    let notify = peer.sent.iter().rev().find(|(_, m)| m.is_request()).unwrap().1.clone();
    let answer = format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: {}\nContent-Length: 0\n\n",
        text(&notify, Name::Via),
        text(&notify, Name::From),
        text(&notify, Name::To),
        text(&notify, Name::CallId),
        text(&notify, Name::CSeq),
    );
    peer.receives(&answer);
}

/// A request of the peer in the dialog that our 200 made.
fn within(answer: &Message, method: &str, cseq: u32, extra: &str) -> String {
    format!(
        "{method} sip:us@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:40000;branch=z9hG4bK{method}{cseq};rport\n\
         From: {}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\nContact: <sip:102@198.51.100.7:40099>\n{extra}\
         Content-Length: 0\n\n",
        text(answer, Name::From),
        text(answer, Name::To),
        text(answer, Name::CallId),
    )
}

fn outcome(peer: &mut Peer) -> NotifyOutcome {
    match peer.events.pop() {
        Some(Event::NotifyAnswered { outcome, .. }) => outcome,
        other => panic!("{other:?}"),
    }
}

/// SIP-27, RFC 6665 §4.2.1: 200 with time and Contact, then NOTIFY in the dialog it made.
#[test]
fn a_subscription_is_accepted_and_told_at_once() {
    let (mut peer, id, answer) = subscribed("Record-Route: <sip:proxy.example;lr>\n");
    assert_eq!((answer.status(), text(&answer, Name::Expires)), (Some(200), "3600".into()));
    assert!(answer.header(Name::Contact).is_some());
    assert!(notify(&mut peer, id, SubscriptionState::Active(HOUR)));
    let told = peer.last();
    assert_eq!(told.method_token(), "NOTIFY");
    assert_eq!(told.request_uri(), Some(&b"sip:102@198.51.100.7:40000"[..]));
    assert_eq!(text(told, Name::Route), "<sip:proxy.example;lr>");
    assert_eq!(text(told, Name::Event), "dialog;id=7", "parameters we do not know are not repeated");
    assert_eq!(text(told, Name::SubscriptionState), "active;expires=3600");
    assert_eq!(text(told, Name::From), text(&answer, Name::To));
    assert_eq!(text(told, Name::To), text(&answer, Name::From));
    assert_eq!((told.cseq(), told.header(Name::Contact)), (1, answer.header(Name::Contact)));
    answers(&mut peer, "200 OK");
    assert_eq!(outcome(&mut peer), NotifyOutcome::Delivered);
    peer.passes(HOUR);
    assert!(peer.stack.is_quiet());
    assert_eq!(peer.stack.subscriptions(), 1);
}

/// SIP-27, RFC 3261 §17.1.2.2: again until it is answered; at most one is under way.
#[test]
fn a_notify_is_repeated_and_another_waits_for_its_answer() {
    let (mut peer, id, _) = subscribed("");
    peer.took();
    assert!(notify(&mut peer, id, SubscriptionState::Active(HOUR)));
    assert!(!notify(&mut peer, id, SubscriptionState::Active(HOUR)));
    peer.passes(Duration::from_millis(1600));
    assert_eq!(peer.took_kept(), ["NOTIFY"; 3], "at 0, 500 and 1500 ms");
    answers(&mut peer, "200 OK");
    assert_eq!(outcome(&mut peer), NotifyOutcome::Delivered);
    assert!(notify(&mut peer, id, SubscriptionState::Active(HOUR)));
    assert_eq!((peer.last().cseq(), peer.stack.notifies(id)), (2, 2));
}

/// SIP-27, RFC 6665 §4.2.2, RFC 5057 §5.3
#[test]
fn a_481_or_silence_ends_the_subscription_and_a_503_does_not() {
    for (status, expected, left) in [
        (Some("481 Subscription does not exist"), NotifyOutcome::Lost, 0),
        (Some("503 Service Unavailable"), NotifyOutcome::Undelivered, 1),
        (Some("202 Accepted"), NotifyOutcome::Delivered, 1),
        (None, NotifyOutcome::Lost, 0),
    ] {
        let (mut peer, id, _) = subscribed("");
        notify(&mut peer, id, SubscriptionState::Active(HOUR));
        match status {
            Some(status) => answers(&mut peer, status),
            None => peer.passes(Duration::from_secs(33)),
        }
        assert_eq!(outcome(&mut peer), expected, "{status:?}");
        assert_eq!(peer.stack.subscriptions(), left, "{status:?}");
        assert_eq!(notify(&mut peer, id, SubscriptionState::Active(HOUR)), left == 1);
    }
}

/// SIP-27: a broken connection is not the phone's word.
#[test]
fn a_broken_connection_leaves_the_subscription() {
    let (mut peer, id, _) = subscribed("");
    let tcp = Peer::flow(Transport::Tcp);
    peer.on(|s, _| s.reroute_subscription(id, tcp));
    notify(&mut peer, id, SubscriptionState::Active(HOUR));
    assert_eq!(peer.sent.last().unwrap().0, tcp);
    peer.on(|s, now| s.flow_failed(now, tcp));
    assert_eq!((outcome(&mut peer), peer.stack.subscriptions()), (NotifyOutcome::Undelivered, 1));
}

/// SIP-27, RFC 6665 §4.1.3: after the last word nothing of it is left.
#[test]
fn the_last_notify_says_why_and_lets_go() {
    let (mut peer, id, answer) = subscribed("");
    notify(&mut peer, id, SubscriptionState::Terminated(Termination::NoResource));
    assert_eq!(text(peer.last(), Name::SubscriptionState), "terminated;reason=noresource");
    assert_eq!(peer.stack.subscriptions(), 0);
    answers(&mut peer, "200 OK");
    assert!(peer.events.is_empty());
    peer.receives(&within(&answer, "SUBSCRIBE", 2, "Event: dialog;id=7\n"));
    assert_eq!(peer.last().status(), Some(481));
    peer.passes(Duration::from_secs(40));
    assert!(peer.stack.is_quiet());
}

/// SIP-27, RFC 6665 §4.4.1: a refresh moves the target; an old or strange one changes nothing.
#[test]
fn a_refresh_in_order_and_of_the_same_event_is_handed_up() {
    let (mut peer, id, answer) = subscribed("");
    peer.receives(&within(&answer, "SUBSCRIBE", 1, "Event: dialog;id=7\n"));
    assert_eq!(peer.last().status(), Some(500));
    peer.receives(&within(&answer, "SUBSCRIBE", 2, "Event: dialog;id=8\n"));
    assert_eq!(peer.last().status(), Some(489));
    peer.receives(&within(&answer, "NOTIFY", 3, "Event: dialog;id=7\n"));
    assert_eq!(peer.last().status(), Some(405));
    peer.receives(&within(&answer, "SUBSCRIBE", 4, "Event: dialog;id=7\nExpires: 60\n"));
    let Some(Event::Subscribe { id: asked, request, message, .. }) = peer.events.pop() else {
        panic!("nothing")
    };
    assert_eq!((asked, message.cseq()), (id, 4));
    peer.on(|s, now| s.refresh_subscription(now, request, id, Duration::from_secs(60)));
    assert_eq!((peer.last().status(), text(peer.last(), Name::Expires)), (Some(200), "60".into()));
    assert_eq!(text(peer.last(), Name::To), text(&answer, Name::To));
    notify(&mut peer, id, SubscriptionState::Active(HOUR));
    assert_eq!(peer.last().request_uri(), Some(&b"sip:102@198.51.100.7:40099"[..]));
    peer.receives(&within(&answer, "SUBSCRIBE", 5, "Event: dialog;id=7\n"));
    let Some(Event::Subscribe { request, .. }) = peer.events.pop() else { panic!("nothing") };
    peer.on(|s, now| s.respond(now, request, Response::new(403)));
    assert_eq!((peer.last().status(), peer.stack.subscriptions()), (Some(403), 1));
}

/// SIP-27, SIP-08: where our challenge is lost the phone sends the same refresh again; it is no old one.
#[test]
fn a_refresh_that_was_challenged_may_come_again() {
    let (mut peer, id, answer) = subscribed("");
    let refresh = within(&answer, "SUBSCRIBE", 2, "Event: dialog;id=7\n");
    for _ in 0..2 {
        peer.receives(&refresh);
        let Some(Event::Subscribe { request, .. }) = peer.events.pop() else { panic!("nothing") };
        peer.on(|s, now| s.respond(now, request, Response::new(401)));
        assert_eq!(peer.last().status(), Some(401));
    }
    peer.receives(&within(&answer, "SUBSCRIBE", 3, "Event: dialog;id=7\n"));
    let Some(Event::Subscribe { request, .. }) = peer.events.pop() else { panic!("nothing") };
    peer.on(|s, now| s.refresh_subscription(now, request, id, HOUR));
    assert_eq!(peer.last().status(), Some(200));
    peer.took();
    peer.receives(&refresh);
    assert_eq!(peer.last().status(), Some(500), "now it is old");
}

/// SIP-27: another process goes on with the dialog, above any CSeq the phone has seen.
#[test]
fn a_subscription_goes_on_after_a_restart() {
    let (mut peer, id, answer) = subscribed("Record-Route: <sip:a;lr>, <sip:b;lr>\n");
    for _ in 0..3 {
        notify(&mut peer, id, SubscriptionState::Active(HOUR));
        answers(&mut peer, "200 OK");
    }
    let (kept, event) = peer.stack.keep_subscription(id).unwrap();
    let mut again = Peer::new();
    again.stack.restore_subscription(id, &kept, &event);
    assert_eq!(again.stack.keep_subscription(id).unwrap().0.routes, kept.routes);
    notify(&mut again, id, SubscriptionState::Active(HOUR));
    let (before, after) = (peer.last().clone(), again.last().clone());
    for name in [Name::From, Name::To, Name::CallId, Name::Contact, Name::Event] {
        assert_eq!(text(&before, name), text(&after, name), "{name:?}");
    }
    assert_eq!(before.values(Name::Route).count(), 2);
    assert!(before.values(Name::Route).eq(after.values(Name::Route)));
    assert_eq!(before.request_uri(), after.request_uri());
    assert!(after.cseq() > before.cseq());
    answers(&mut again, "200 OK");
    assert_eq!(outcome(&mut again), NotifyOutcome::Delivered);
    again.receives(&within(&answer, "SUBSCRIBE", 2, "Event: dialog;id=7\n"));
    assert!(matches!(again.events.pop(), Some(Event::Subscribe { .. })));
    // A new one has another number than the one that was kept.
    let request = asked(&mut again, "");
    let other = again.on(|s, now| s.accept_subscription(now, request, HOUR)).unwrap();
    assert_ne!(other, id);
}
