//! REFER, its NOTIFYs, and the sessions that a Replaces finds, message by message.

use std::time::Duration;

use sip_stack::{Event, InviteId, Message, Name, Response, headers::Replaces, stack::Standing};

use crate::{
    net::sdp,
    raw::Peer,
    usage::{called, up, within},
};

fn text(message: &Message, name: Name) -> String {
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

/// The answer to the request of ours that was sent last.
fn answers(peer: &mut Peer, status: &str) {
    let asked = peer.sent.iter().rev().find(|(_, m)| m.is_request()).unwrap().1.clone();
    let [via, from, to, id, cseq] =
        [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq].map(|n| text(&asked, n));
    peer.receives(&format!(
        "SIP/2.0 {status}\nVia: {via}\nFrom: {from}\nTo: {to}\nCall-ID: {id}\nCSeq: {cseq}\nContent-Length: 0\n\n"
    ));
}

/// A session whose peer refers us to 103.
fn referred(extra: &str) -> (Peer, InviteId, Message) {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "REFER", 7, &format!("Refer-To: <sip:103@example.org>\n{extra}"), ""));
    assert!(matches!(peer.events.pop(), Some(Event::Refer { id: of, .. }) if of == id));
    assert!(peer.took().is_empty(), "the application answers");
    (peer, id, answer)
}

fn fragment(message: &Message) -> (String, String, String) {
    let body = String::from_utf8_lossy(&message.body()).trim_end().to_owned();
    (text(message, Name::Event), text(message, Name::SubscriptionState), body)
}

/// SIP-22, RFC 3515 §2.4.4
#[test]
fn a_refer_is_accepted_and_its_sender_hears_what_becomes_of_it() {
    let (mut peer, id, _) = referred("");
    peer.on(|s, now| s.accept_refer(now, id));
    let (accepted, first) = (peer.sent[0].1.clone(), peer.sent[1].1.clone());
    assert_eq!((accepted.status(), first.method_token()), (Some(202), "NOTIFY"));
    let event = "refer;id=7".to_owned();
    assert_eq!(fragment(&first), (event.clone(), "active;expires=300".into(), "SIP/2.0 100 Trying".into()));
    assert_eq!(text(&first, Name::ContentType), "message/sipfrag;version=2.0");
    peer.took();
    peer.on(|s, now| s.notify_refer(now, id, 180));
    peer.on(|s, now| s.notify_refer(now, id, 200));
    assert!(peer.took().is_empty(), "one NOTIFY at a time");
    peer.sent.push((Peer::flow(sip_stack::Transport::Udp), first));
    answers(&mut peer, "200 OK");
    let last = fragment(peer.last());
    assert_eq!(last, (event, "terminated;reason=noresource".into(), "SIP/2.0 200 OK".into()));
    answers(&mut peer, "200 OK");
    peer.took();
    peer.on(|s, now| s.notify_refer(now, id, 486));
    assert!(peer.took().is_empty(), "that was all");
}

/// SIP-22, RFC 5057 §4.2: phones hang up as soon as they may.
#[test]
fn the_outcome_is_told_also_after_the_session_is_over() {
    let (mut peer, id, answer) = referred("");
    peer.on(|s, now| s.accept_refer(now, id));
    answers(&mut peer, "200 OK");
    peer.receives(&within(&answer, "BYE", 8, "", ""));
    assert!(matches!(peer.events.pop(), Some(Event::Ended { .. })));
    peer.took();
    peer.on(|s, now| s.notify_refer(now, id, 603));
    assert_eq!(fragment(peer.last()).2, "SIP/2.0 603 Decline");
    answers(&mut peer, "481 Gone");
    peer.passes(Duration::from_secs(40));
    assert!(peer.stack.is_quiet());
}

/// SIP-22: our BYE does not overtake the NOTIFY that says why.
#[test]
fn a_bye_waits_for_the_last_notify() {
    let (mut peer, id, _) = referred("");
    peer.on(|s, now| s.accept_refer(now, id));
    answers(&mut peer, "200 OK");
    peer.took();
    peer.on(|s, now| {
        s.notify_refer(now, id, 200);
        s.bye(now, id, None);
    });
    assert_eq!(peer.sent.iter().map(|(_, m)| m.method_token()).collect::<Vec<_>>(), ["NOTIFY"]);
    answers(&mut peer, "200 OK");
    assert_eq!(peer.last().method_token(), "BYE");
    answers(&mut peer, "200 OK");
    peer.passes(Duration::from_secs(40));
    assert!(peer.stack.is_quiet() && peer.events.is_empty());
}

/// RFC 4488 §4
#[test]
fn who_wants_no_subscription_gets_none() {
    let (mut peer, id, _) = referred("Refer-Sub: false\n");
    peer.on(|s, now| s.accept_refer(now, id));
    assert_eq!((peer.last().status(), text(peer.last(), Name::ReferSub)), (Some(202), "false".into()));
    peer.on(|s, now| s.notify_refer(now, id, 200));
    assert_eq!(peer.took(), ["202"]);
}

/// SIP-22
#[test]
fn a_refer_without_a_target_a_second_one_and_a_refused_one_lead_nowhere() {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "REFER", 7, "", ""));
    assert_eq!(peer.took(), ["400"]);
    peer.receives(&within(&answer, "REFER", 8, "Refer-To: <sip:103@example.org>\n", ""));
    peer.receives(&within(&answer, "REFER", 9, "Refer-To: <sip:104@example.org>\n", ""));
    assert_eq!(peer.took(), ["491"]);
    peer.on(|s, now| s.refuse_refer(now, id, &Response::new(403)));
    assert_eq!(peer.took(), ["403"]);
    peer.receives(&within(&answer, "REFER", 10, "Refer-To: <sip:104@example.org>\n", ""));
    assert!(matches!(peer.events.pop(), Some(Event::Refer { .. })), "the refused one is forgotten");
}

/// SIP-22: an application that says nothing does not keep a subscription alive.
#[test]
fn a_subscription_ends_by_itself() {
    let (mut peer, id, _) = referred("");
    peer.on(|s, now| s.accept_refer(now, id));
    answers(&mut peer, "200 OK");
    peer.passes(Duration::from_secs(299));
    peer.took();
    peer.passes(Duration::from_secs(2));
    let notify = peer.sent.iter().find(|(_, m)| m.method_token() == "NOTIFY").unwrap().1.clone();
    assert_eq!(fragment(&notify).2, "SIP/2.0 408 Request Timeout");
}

/// SIP-23: our own REFER, as a phone sends it.
#[test]
fn our_refer_is_answered_and_its_notifies_are_heard() {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "NOTIFY", 6, "Event: refer\n", ""));
    assert_eq!(peer.took(), ["481"], "nobody asked");
    peer.on(|s, now| s.refer(now, id, "<sip:103@example.org>", vec![]));
    assert_eq!(text(peer.last(), Name::ReferTo), "<sip:103@example.org>");
    answers(&mut peer, "202 Accepted");
    assert!(matches!(peer.events.pop(), Some(Event::Referred { status: 202, .. })));
    peer.took();
    for (cseq, line, over) in [(7, "SIP/2.0 100 Trying", false), (8, "SIP/2.0 486 Busy", true)] {
        let notify = within(&answer, "NOTIFY", cseq, "Event: refer\n", line);
        let notify = notify.replace("application/sdp", "message/sipfrag");
        peer.receives(&notify);
        let status = if over { 486 } else { 100 };
        assert!(matches!(peer.events.pop(), Some(Event::Notified { status: heard, .. }) if heard == status));
    }
    peer.receives(&within(&answer, "NOTIFY", 9, "Event: refer\n", ""));
    peer.receives(&within(&answer, "NOTIFY", 10, "Event: dialog\n", ""));
    assert_eq!(peer.took(), ["200", "200", "481", "489"]);
}

/// SIP-24, RFC 3891 §3
#[test]
fn a_replaces_finds_early_and_answered_sessions_by_both_tags() {
    let (mut peer, id) = called("");
    let find = |peer: &Peer, value: &str| peer.stack.replaced(&Replaces::parse(value.as_bytes()).unwrap());
    peer.on(|s, now| s.progress(now, id, Response::new(180)));
    let tag = String::from_utf8_lossy(peer.last().to_tag().unwrap()).into_owned();
    assert_eq!(find(&peer, &format!("c1;to-tag={tag};from-tag=f1")), Some((id, Standing::Calls)));
    peer.on(|s, now| s.answer(now, id, sdp("answer"), vec![]));
    for (value, found) in [
        (format!("c1;to-tag={tag};from-tag=f1"), true),
        (format!("c1;from-tag={tag};to-tag=f1"), true),
        (format!("c2;to-tag={tag};from-tag=f1"), false),
        (format!("c1;to-tag={tag};from-tag=f2"), false),
        (format!("c1;to-tag={tag}0;from-tag=f1"), false),
        ("c1;to-tag=zz;from-tag=f1".into(), false),
    ] {
        assert_eq!(find(&peer, &value), found.then_some((id, Standing::Confirmed)), "{value}");
    }
    assert_eq!(peer.stack.dialog_ids(id), Some(["c1".into(), tag, "f1".into()]));
}
