//! INVITE usages message by message: forks, reliable responses, UPDATE, session timers, targets.

use std::time::Duration;

use sip_stack::{Event, InviteId, Message, Name, Response, Settings, Transport, stack::EndCause};

use crate::{
    net::{outgoing, sdp},
    raw::{Peer, request},
};

/// A response to the last request of this method that was sent; `tag` makes the fork.
fn response(peer: &Peer, method: &str, status: &str, tag: &str, extra: &str) -> String {
    let asked = peer.sent.iter().rev().find(|(_, m)| m.is_request() && m.method_token() == method).unwrap();
    reply(&asked.1, status, tag, extra)
}

fn reply(asked: &Message, status: &str, tag: &str, extra: &str) -> String {
    let text = |name| String::from_utf8_lossy(asked.header(name).unwrap()).into_owned();
    let to = text(Name::To);
    let to = if to.contains(";tag=") { to } else { format!("{to};tag={tag}") };
    let body = if extra.contains("application/sdp") { "sdp" } else { "" };
    format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {to}\nCall-ID: {}\nCSeq: {}\nContact: <sip:{tag}@192.0.2.2>\n\
         Allow: INVITE, UPDATE\n{extra}Content-Length: {}\n\n{body}",
        text(Name::Via),
        text(Name::From),
        text(Name::CallId),
        text(Name::CSeq),
        body.len(),
    )
}

/// A request of the peer in the dialog that our last response with a To tag, or our last request, made.
pub fn within(answer: &Message, method: &str, cseq: u32, extra: &str, body: &str) -> String {
    let text = |name| String::from_utf8_lossy(answer.header(name).unwrap()).into_owned();
    let (from, to) = if answer.is_request() { (Name::To, Name::From) } else { (Name::From, Name::To) };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
    format!(
        "{method} sip:us@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:40000;branch=z9hG4bK{method}{cseq};rport\n\
         From: {}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\nContact: <sip:102@198.51.100.7:40000>\n{extra}{kind}\
         Content-Length: {}\n\n{body}",
        text(from),
        text(to),
        text(Name::CallId),
        body.len(),
    )
}

fn sdp_type() -> &'static str {
    "Content-Type: application/sdp\n"
}

/// A peer that called us, not answered yet.
pub fn called(extra: &str) -> (Peer, InviteId) {
    let mut peer = Peer::new();
    let text = request("INVITE", "inv", &format!("{extra}Content-Type: application/sdp\n"));
    peer.receives(&text.replace("Content-Length: 0\n\n", "Content-Length: 5\n\noffer"));
    let id = match peer.events.pop() {
        Some(Event::Invite { id, .. }) => id,
        other => panic!("{other:?}"),
    };
    (peer, id)
}

/// The same, answered and acknowledged.
pub fn up(extra: &str) -> (Peer, InviteId, Message) {
    let (mut peer, id) = called(extra);
    peer.on(|s, now| s.answer(now, id, sdp("answer"), vec![]));
    let answer = peer.last().clone();
    peer.receives(&within(&answer, "ACK", 1, "", ""));
    assert!(matches!(peer.events.pop(), Some(Event::Confirmed { .. })));
    peer.took();
    (peer, id, answer)
}

/// SIP-13, RFC 3261 §13.2.2.4
#[test]
fn late_second_answer_is_acked_and_byed() {
    let mut peer = Peer::new();
    peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let first = response(&peer, "INVITE", "200 OK", "one", sdp_type());
    let second = response(&peer, "INVITE", "200 OK", "two", sdp_type());
    peer.receives(&first);
    peer.receives(&second);
    assert_eq!(peer.took(), ["INVITE", "ACK", "ACK", "BYE"]);
    assert_eq!(peer.events.len(), 1, "the second answer is not the application's business");
    // Both are repeated, both ACKs are too.
    peer.receives(&first);
    peer.receives(&second);
    assert_eq!(peer.took(), ["ACK", "ACK"]);
}

/// SIP-10, RFC 3261 §12.2.1.1: requests follow the route set and the remote target of the 2xx.
#[test]
fn requests_in_the_dialog_follow_its_route_set() {
    let mut peer = Peer::new();
    let id = peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let routes = "Record-Route: <sip:p2.example.org;lr>\nRecord-Route: <sip:192.0.2.2:5066;lr>\n";
    peer.receives_by(
        crate::net::World::flow(0),
        &response(&peer, "INVITE", "200 OK", "one", &format!("{routes}{}", sdp_type())),
    );
    peer.on(|s, now| s.bye(now, id, None));
    let (flow, bye) = peer.sent.last().unwrap();
    assert_eq!(bye.request_uri(), Some(&b"sip:one@192.0.2.2"[..]));
    let routes: Vec<_> = bye.values(Name::Route).collect();
    assert_eq!(routes, [&b"<sip:192.0.2.2:5066;lr>"[..], b"<sip:p2.example.org;lr>"]);
    assert_eq!(flow.remote.port(), 5066);
}

/// RFC 3261 §12.2.1.1: a strict router gets its own URI, the target stands last in Route.
#[test]
fn strict_router_is_obeyed() {
    let mut peer = Peer::new();
    let id = peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let text = response(
        &peer,
        "INVITE",
        "200 OK",
        "one",
        &format!("Record-Route: <sip:strict.example.org>\n{}", sdp_type()),
    );
    peer.receives(&text);
    peer.on(|s, now| s.bye(now, id, None));
    assert_eq!(peer.last().request_uri(), Some(&b"sip:strict.example.org"[..]));
    assert_eq!(peer.last().header(Name::Route), Some(&b"<sip:one@192.0.2.2>"[..]));
}

/// SIP-07: behind NAT requests go where the peer's came from, not to its Contact.
#[test]
fn request_goes_to_the_source_where_the_contact_is_elsewhere() {
    let (mut peer, id) = called("");
    peer.on(|s, now| s.answer(now, id, sdp("answer"), vec![]));
    let answer = peer.last().clone();
    peer.receives(
        &within(&answer, "ACK", 1, "", "").replace("<sip:102@198.51.100.7:40000>", "<sip:102@10.0.0.9>"),
    );
    peer.on(|s, now| s.bye(now, id, None));
    assert_eq!(peer.sent.last().unwrap().0, Peer::flow(Transport::Udp));
}

/// SIP-18, RFC 3262 §4: each reliable response is acknowledged once, in its order; repeated and early ones are not.
#[test]
fn reliable_responses_are_acknowledged_in_order() {
    let mut peer = Peer::new();
    peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let at = |peer: &Peer, rseq: u32| {
        response(
            peer,
            "INVITE",
            "183 Session Progress",
            "one",
            &format!("Require: 100rel\nRSeq: {rseq}\n{}", sdp_type()),
        )
    };
    let (first, second, third) = (at(&peer, 7), at(&peer, 8), at(&peer, 9));
    peer.took();
    peer.receives(&first);
    assert_eq!(peer.last().header(Name::Rack), Some(&b"7 1 INVITE"[..]));
    peer.receives(&first);
    peer.receives(&third);
    assert_eq!(peer.took(), ["PRACK"]);
    peer.receives(&second);
    assert_eq!(peer.last().header(Name::Rack), Some(&b"8 1 INVITE"[..]));
    assert_eq!(peer.took(), ["PRACK"]);
    assert_eq!(peer.events.len(), 2);
}

/// SIP-18, RFC 3262 §3: a reliable response is repeated at doubling intervals; without PRACK the call is refused.
#[test]
fn missing_prack_refuses_the_call() {
    let (mut peer, id) = called("Supported: 100rel\n");
    let early = Response { body: Some(("application/sdp", sdp("early"))), ..Response::new(183) };
    peer.on(|s, now| s.progress(now, id, early));
    assert_eq!(peer.last().header(Name::Require), Some(&b"100rel"[..]));
    peer.passes(Duration::from_millis(31_999));
    assert_eq!(peer.took(), ["183", "183", "183", "183", "183", "183", "183"]);
    peer.passes(Duration::from_millis(1));
    assert_eq!(peer.took(), ["504"]);
    assert!(matches!(peer.events[..], [Event::Cancelled { .. }]));
}

/// RFC 3262 §3: the 200 waits for the PRACK of the answer, and repeats no description.
#[test]
fn answer_waits_for_the_prack() {
    let (mut peer, id) = called("Require: 100rel\n");
    let early = Response { body: Some(("application/sdp", sdp("early"))), ..Response::new(183) };
    peer.on(|s, now| s.progress(now, id, early));
    let progress = peer.last().clone();
    peer.on(|s, now| s.answer(now, id, sdp("early"), vec![]));
    assert_eq!(peer.took(), ["183"]);
    let rseq = String::from_utf8_lossy(progress.header(Name::Rseq).unwrap()).into_owned();
    peer.receives(&within(&progress, "PRACK", 2, &format!("RAck: {rseq} 1 INVITE\n"), ""));
    assert!(peer.last().body().is_empty());
    assert_eq!(peer.took(), ["200", "200"]);
}

/// RFC 3262 §3: a PRACK for nothing gets 481.
#[test]
fn prack_for_nothing_gets_481() {
    let (mut peer, id) = called("Supported: 100rel\n");
    peer.on(|s, now| s.progress(now, id, Response::new(180)));
    let ringing = peer.last().clone();
    peer.receives(&within(&ringing, "PRACK", 2, "RAck: 1 1 INVITE\n", ""));
    assert_eq!(peer.took(), ["180", "481"]);
}

/// SIP-19, RFC 4028 §9: too small an interval is refused with ours.
#[test]
fn small_session_interval_gets_422() {
    let mut peer = Peer::new();
    peer.receives(&request("INVITE", "1", "Supported: timer\nSession-Expires: 30\n"));
    assert_eq!(peer.last().header(Name::MinSe), Some(&b"90"[..]));
    assert_eq!(peer.took(), ["422"]);
    assert!(peer.events.is_empty());
}

/// SIP-19, RFC 4028 §7.3: after 422 the call is made again with the interval that is wanted.
#[test]
fn call_is_made_again_after_422() {
    let mut peer = Peer::new();
    peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    peer.receives(&response(&peer, "INVITE", "422 Session Interval Too Small", "one", "Min-SE: 3600\n"));
    let again = peer.last().clone();
    assert_eq!(again.header(Name::SessionExpires), Some(&b"3600"[..]));
    assert_eq!(again.header(Name::MinSe), Some(&b"3600"[..]));
    assert_eq!((again.cseq(), again.body()), (2, sdp("offer")));
    assert_eq!(peer.took(), ["INVITE", "ACK", "INVITE"]);
    assert!(peer.events.is_empty());
}

/// SIP-19, RFC 4028 §10: the peer that must refresh and does not is told BYE before the interval ends.
#[test]
fn session_that_is_not_refreshed_ends() {
    let (mut peer, _, answer) = up("Supported: timer\nSession-Expires: 600;refresher=uac\n");
    assert_eq!(answer.header(Name::SessionExpires), Some(&b"600;refresher=uac"[..]));
    peer.passes(Duration::from_secs(567));
    assert!(peer.events.is_empty());
    peer.passes(Duration::from_secs(2));
    assert!(matches!(peer.events[..], [Event::Ended { cause: EndCause::SessionExpired, .. }]));
    assert_eq!(peer.took()[0], "BYE");
}

/// RFC 4028 §10: a refresh by UPDATE without SDP is answered here and keeps the session.
#[test]
fn refresh_of_the_peer_is_answered_without_the_application() {
    let (mut peer, _, answer) = up("Supported: timer\nSession-Expires: 600;refresher=uac\n");
    for cseq in 2..10 {
        peer.passes(Duration::from_secs(300));
        let extra = "Supported: timer\nSession-Expires: 600;refresher=uac\n";
        peer.receives(&within(&answer, "UPDATE", cseq, extra, ""));
        assert_eq!(peer.last().header(Name::SessionExpires), Some(&b"600;refresher=uac"[..]));
        assert_eq!(peer.took(), ["200"]);
    }
    assert!(peer.events.is_empty());
}

/// RFC 4028 §7.4, §10: where the peer has no UPDATE, the refresh is a re-INVITE with the same description.
#[test]
fn refresh_without_update_repeats_the_description() {
    let (mut peer, _, _) = up("");
    peer.passes(Duration::from_secs(901));
    let refresh = peer.sent[0].1.clone();
    assert_eq!((refresh.method_token(), refresh.body()), ("INVITE", sdp("answer")));
    peer.receives(&reply(&refresh, "200 OK", "f1", sdp_type()));
    assert!(peer.took().contains(&"ACK".to_owned()));
    // The description that came back differs from what the peer offered at first.
    assert!(matches!(peer.events[..], [Event::OfferAnswered { .. }]));
}

/// SIP-20, RFC 3261 §14.2: the peer's re-INVITE is offered, answered, and its 2xx repeated until the ACK.
#[test]
fn reinvite_is_answered_until_its_ack() {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "INVITE", 2, "", "hold"));
    let Some(Event::Offer { sdp: Some(offer), .. }) = peer.events.pop() else { panic!() };
    assert_eq!(offer, sdp("hold"));
    peer.on(|s, now| s.accept(now, id, sdp("held")));
    peer.passes(Duration::from_millis(1_600));
    assert_eq!(peer.took(), ["100", "200", "200", "200"]);
    peer.receives(&within(&answer, "ACK", 2, "", ""));
    peer.passes(Duration::from_secs(40));
    assert!(peer.took().is_empty() && peer.events.is_empty());
}

/// SIP-20, RFC 3261 §14.2: a re-INVITE without SDP gets our offer; the answer is in the ACK.
#[test]
fn reinvite_without_description_gets_our_offer() {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "INVITE", 2, "", ""));
    assert!(matches!(peer.events.pop(), Some(Event::Offer { sdp: None, .. })));
    peer.on(|s, now| s.accept(now, id, sdp("our offer")));
    assert_eq!(peer.last().body(), sdp("our offer"));
    peer.receives(&within(&answer, "ACK", 2, "", "their answer"));
    let Some(Event::OfferAnswered { sdp: answer, .. }) = peer.events.pop() else { panic!() };
    assert_eq!(answer, sdp("their answer"));
}

/// RFC 3261 §14.2: a second offer while the first waits gets 500 with Retry-After; refused, nothing is left.
#[test]
fn second_offer_while_one_waits_gets_500() {
    let (mut peer, id, answer) = up("");
    peer.receives(&within(&answer, "INVITE", 2, "", "one"));
    peer.receives(&within(&answer, "UPDATE", 3, "", "two"));
    assert!(peer.last().header(Name::RetryAfter).is_some());
    peer.on(|s, now| s.refuse(now, id, 488));
    assert_eq!(peer.took(), ["100", "500", "488"]);
}

/// RFC 3261 §12.2.2: a request with an older CSeq gets 500.
#[test]
fn older_cseq_gets_500() {
    let (mut peer, _, answer) = up("");
    peer.receives(&within(&answer, "INFO", 5, "", ""));
    peer.receives(&within(&answer, "INFO", 4, "", ""));
    peer.receives(&within(&answer, "OPTIONS", 6, "", ""));
    peer.receives(&within(&answer, "MESSAGE", 7, "", ""));
    assert_eq!(peer.took(), ["200", "500", "200", "405"]);
}

/// RFC 3261 §12.2.1.2: 481 to a request of ours ends the session.
#[test]
fn peer_that_forgot_the_dialog_ends_the_session() {
    let (mut peer, id, _) = up("");
    peer.on(|s, now| s.offer(now, id, sdp("again")));
    let asked = peer.last().clone();
    peer.receives(&reply(&asked, "481 Gone", "f1", ""));
    assert!(matches!(peer.events[..], [Event::Ended { cause: EndCause::Dead, .. }]));
    assert_eq!(peer.took(), ["INVITE", "ACK", "BYE"]);
}

/// RFC 3261 §15: hung up before the ACK came, the BYE waits for it.
#[test]
fn bye_waits_for_the_ack() {
    let (mut peer, id) = called("");
    peer.on(|s, now| s.answer(now, id, sdp("answer"), vec![]));
    let answer = peer.last().clone();
    peer.on(|s, now| s.bye(now, id, None));
    assert_eq!(peer.took(), ["200"]);
    peer.receives(&within(&answer, "ACK", 1, "", ""));
    assert_eq!(peer.took(), ["BYE"]);
    assert!(peer.events.is_empty());
}

/// RFC 3261 §9.1: no CANCEL before a provisional response; then at once, with its reason.
#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut peer = Peer::new();
    let id = peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let (trying, gone) =
        (response(&peer, "INVITE", "100 Trying", "x", ""), response(&peer, "INVITE", "487 Gone", "x", ""));
    peer.on(|s, now| s.cancel(now, id, Some("SIP;cause=200")));
    assert_eq!(peer.took(), ["INVITE"]);
    peer.receives(&trying);
    assert_eq!(peer.last().header(Name::Reason), Some(&b"SIP;cause=200"[..]));
    assert_eq!(peer.took(), ["CANCEL"]);
    peer.receives(&gone);
    assert_eq!(peer.took(), ["ACK"]);
    peer.passes(Duration::from_secs(40));
    assert!(peer.events.is_empty() && peer.stack.is_quiet());
}

/// SIP-20, RFC 3311: while it rings, an offer goes by UPDATE once the first was answered reliably.
#[test]
fn early_offer_goes_by_update() {
    let mut peer = Peer::new();
    let id = peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    peer.on(|s, now| s.offer(now, id, sdp("too early")));
    assert_eq!(peer.took_kept(), ["INVITE"]);
    let extra = format!("Require: 100rel\nRSeq: 1\n{}", sdp_type());
    peer.receives(&response(&peer, "INVITE", "183 Session Progress", "one", &extra));
    peer.receives(&response(&peer, "PRACK", "200 OK", "one", ""));
    assert_eq!(peer.took_kept(), ["INVITE", "PRACK", "UPDATE"]);
    assert_eq!(peer.last().body(), sdp("too early"));
    peer.receives(&response(&peer, "UPDATE", "200 OK", "one", sdp_type()));
    assert!(matches!(peer.events.last(), Some(Event::OfferAnswered { .. })));
}

/// The address beyond NAT is shown to public peers only.
#[test]
fn advertised_address_is_shown_to_public_peers() {
    let listener = "192.168.1.5:5060".parse().unwrap();
    let advertised = vec![(listener, "203.0.113.9:5061".parse().unwrap())];
    for (remote, shown) in [("8.8.8.8:5060", "203.0.113.9:5061"), ("192.168.1.77:5060", "192.168.1.5:5060")] {
        let mut peer = Peer::with(Settings { advertised: advertised.clone(), ..Settings::default() });
        let mut ask = outgoing(None);
        ask.flow.local = listener;
        ask.flow.remote = remote.parse().unwrap();
        peer.on(|s, now| s.invite(now, ask));
        let contact = String::from_utf8_lossy(peer.last().header(Name::Contact).unwrap()).into_owned();
        assert!(contact.ends_with(&format!("@{shown}>")), "{contact}");
    }
}

/// RFC 3262 §5: an answer that came reliably while it rang is the answer of the call.
#[test]
fn answered_call_has_its_early_answer() {
    let mut peer = Peer::new();
    peer.on(|s, now| s.invite(now, outgoing(Some("offer"))));
    let extra = format!("Require: 100rel\nRSeq: 1\n{}", sdp_type());
    peer.receives(&response(&peer, "INVITE", "183 Session Progress", "one", &extra));
    peer.receives(&response(&peer, "INVITE", "200 OK", "one", ""));
    let Some(Event::Answered { sdp: Some(answer), .. }) = peer.events.pop() else { panic!() };
    assert_eq!(answer, sdp("sdp"));
}

/// RFC 3261 §13.3.1.1: a ringing phone says so once a minute.
#[test]
fn ringing_is_repeated_each_minute() {
    let (mut peer, id) = called("");
    peer.on(|s, now| s.progress(now, id, Response::new(180)));
    peer.passes(Duration::from_secs(150));
    assert_eq!(peer.took(), ["180", "180", "180"]);
    peer.on(|s, now| s.reject(now, id, Response::new(486)));
    peer.passes(Duration::from_secs(40));
    assert!(peer.stack.is_quiet());
}

/// RFC 3261 §16.6: a re-INVITE of ours that is only rung about is cancelled after timer C.
#[test]
fn reinvite_without_final_response_is_cancelled() {
    let (mut peer, id, _) = up("");
    peer.on(|s, now| s.offer(now, id, sdp("again")));
    let asked = peer.last().clone();
    peer.receives(&reply(&asked, "100 Trying", "f1", ""));
    peer.passes(Duration::from_secs(182));
    assert!(peer.took().contains(&"CANCEL".to_owned()));
    peer.receives(&reply(&asked, "487 Gone", "f1", ""));
    assert!(matches!(peer.events[..], [Event::OfferRefused { status: 487, .. }]));
}
