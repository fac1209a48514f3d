//! What happens in dialogs at bad moments: forked answers, reliable ringing, crossing offers, offers that come late.

use tests::{
    agent::{
        Incoming, Phone, Rtp, Text,
        phone::{Manner, reply},
        sdp, unique,
    },
    patience::until_true,
    server::Server,
};

/// Bob's 200 as one of two forks behind his address would send it: that To tag, that Contact.
fn fork(bob: &Phone, invite: &Text, tag: &str, rtp: &Rtp) -> String {
    let contact = format!("Contact: <sip:{tag}@{}>\r\n", bob.link().local);
    let body = sdp::compose(rtp.local(), sdp::USUAL, "sendrecv", 1);
    reply(invite, 200, "OK", &contact, &body).replace(";tag=p", &format!(";tag={tag}"))
}

fn heard(phone: &Phone, method: &str, tag: &str) -> usize {
    let is = |t: &Text| t.method() == method && t.to_tag().is_some_and(|t| t.starts_with(tag));
    phone.log().iter().filter(|(ours, t)| !ours && is(t)).count()
}

/// SIP-13, RFC 3261 §13.2.2.4: two phones behind one proxy answered; the first has the call.
#[test]
fn a_late_second_answer_is_acked_and_byed_and_the_call_goes_on() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let incoming = bob.incoming();
    let (first, second) = (Rtp::open(bob.link().local.ip()), Rtp::open(bob.link().local.ip()));
    first.talk_to(sdp::read(&incoming.invite).map(|d| d.at));
    bob.say(&fork(&bob, &incoming.invite, "one", &first));
    let call = dialling.answered();
    bob.take("ACK of the first", |t| t.method() == "ACK" && t.to_tag().is_some_and(|t| t.starts_with("one")));
    let late = fork(&bob, &incoming.invite, "two", &second);
    bob.say(&late);
    let ack = bob.take("ACK of the second", |t| {
        t.method() == "ACK" && t.to_tag().is_some_and(|t| t.starts_with("two"))
    });
    assert!(ack.target().contains("sip:two@"), "the ACK goes to another Contact: {}", ack.start);
    assert_eq!(ack.cseq(), incoming.invite.cseq());
    until_true("BYE of the second", || heard(&bob, "BYE", "two") == 1);
    let bye = bob.log().into_iter().map(|(_, t)| t).find(|t| t.method() == "BYE").unwrap();
    assert!(bye.target().contains("sip:two@"), "{}", bye.start);
    // A repetition of it, as a phone sends until its ACK came, is acknowledged too.
    bob.say(&late);
    until_true("another ACK", || heard(&bob, "ACK", "two") >= 2);
    assert_eq!(heard(&bob, "BYE", "one"), 0, "the wrong fork was ended");
    call.rtp.hears_voice_of(&first);
    first.hears_voice_of(&call.rtp);
    assert_eq!(second.count(), 0, "the fork that lost is sent media");
    call.hang_up();
    until_true("BYE of the first", || heard(&bob, "BYE", "one") == 1);
    server.quiet();
}

/// SIP-18, RFC 3262 §3: who requires it is sent reliable ringing until the PRACK.
#[test]
fn ringing_is_repeated_until_a_caller_who_requires_it_acknowledges() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let rtp = Rtp::open(alice.link().local.ip());
    let dialling = alice.dial_with(&server.number(1), rtp, "Require: 100rel\r\n");
    let ringing = bob.incoming().ring();
    let first = dialling.progress(180);
    assert!(first.header("Require").is_some_and(|v| v.contains("100rel")), "{first:?}");
    let again = dialling.progress(180);
    assert_eq!((first.header("RSeq"), first.to_tag()), (again.header("RSeq"), again.to_tag()));
    let mut wrong = first.clone();
    wrong.headers.iter_mut().filter(|(n, _)| n == "RSeq").for_each(|(_, v)| *v = "7".into());
    assert_eq!(dialling.prack(&wrong, "").status(), Some(481), "a PRACK of another response");
    assert_eq!(dialling.prack(&first, "").status(), Some(200));
    assert_eq!(dialling.prack(&first, "").status(), Some(481), "a PRACK of what is settled");
    let by_bob = ringing.answer();
    let call = dialling.answered();
    call.rtp.hears_voice_of(&by_bob.rtp);
    call.hang_up();
    by_bob.ended();
    server.quiet();
}

/// SIP-18, RFC 3262 §4: a callee's reliable early media is acknowledged once, heard, and need not be answered again.
#[test]
fn reliable_early_media_of_a_callee_is_acknowledged_and_heard() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let incoming = bob.incoming();
    assert!(incoming.invite.all("Supported").any(|v| v.contains("100rel")), "{:?}", incoming.invite);
    let rtp = Rtp::open(bob.link().local.ip());
    rtp.talk_to(sdp::read(&incoming.invite).map(|d| d.at));
    let contact = format!("Contact: <{}>\r\n", bob.contact());
    let body = sdp::compose(rtp.local(), sdp::USUAL, "sendrecv", 1);
    let reliable = format!("{contact}Require: 100rel\r\nRSeq: 4711\r\n");
    let progress = reply(&incoming.invite, 183, "Session Progress", &reliable, &body);
    bob.say(&progress);
    let prack = bob.take("PRACK", |t| t.method() == "PRACK");
    let rack = format!("4711 {} INVITE", incoming.invite.cseq());
    assert_eq!(prack.header("RAck"), Some(&*rack));
    assert!(prack.cseq() > incoming.invite.cseq());
    bob.say(&reply(&prack, 200, "OK", "", ""));
    let early = dialling.progress(183);
    dialling.rtp.talk_to(Some(sdp::read(&early).expect("early media").at));
    dialling.rtp.hears_voice_of(&rtp);
    // What was acknowledged and comes once more is not acknowledged as something new.
    bob.say(&progress);
    bob.say(&reply(&incoming.invite, 200, "OK", &contact, ""));
    let call = dialling.answered();
    bob.take("ACK", |t| t.method() == "ACK");
    let numbers =
        bob.log().into_iter().filter(|(ours, t)| !ours && t.method() == "PRACK").map(|(_, t)| t.cseq());
    assert!(numbers.into_iter().all(|n| n == prack.cseq()), "a second PRACK for one response");
    call.rtp.hears_voice_of(&rtp);
    rtp.hears_voice_of(&call.rtp);
    call.hang_up();
    until_true("BYE", || heard(&bob, "BYE", "p") == 1);
    server.quiet();
}

/// SIP-20, RFC 3261 §14.2: while an offer to him is under way, the other party's own is refused with 491; tried again it
/// is taken, and the first one takes effect too.
#[test]
fn crossing_offers_are_refused_with_491_and_both_take_effect_in_the_end() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let mut by_bob = bob.incoming().answer();
    let mut by_alice = dialling.answered();
    by_alice.rtp.hears(10);
    bob.set_ponders(true);
    // Alice holds; the offer to Bob is left open.
    let branch = unique("z9hG4bK");
    let hold = sdp::compose(by_alice.rtp.local(), sdp::USUAL, "sendonly", 2);
    let kind = "Content-Type: application/sdp\r\n";
    let holds = by_alice.compose_next("INVITE", &branch, kind, &hold);
    alice.say(&holds);
    let offered = bob.take("offer", |t| t.method() == "INVITE" && t.to_tag().is_some());
    assert_eq!(sdp::read(&offered).unwrap().direction, "sendonly");
    // Bob offers at that moment: both refuse.
    assert_eq!(by_bob.offer("sendrecv").status(), Some(491));
    bob.say(&reply(&offered, 491, "Request Pending", "", ""));
    bob.set_ponders(false);
    // The server tries again by itself, and what Alice wanted comes true.
    let held = alice.take("answer to the hold", |t| t.branch() == branch && t.status() >= Some(200));
    assert_eq!((held.status(), sdp::read(&held).unwrap().direction.as_str()), (Some(200), "recvonly"));
    by_alice.acknowledge();
    let again = bob.take("the offer again", |t| t.method() == "INVITE" && t.cseq() > offered.cseq());
    assert_eq!(sdp::read(&again).unwrap().direction, "sendonly");
    // So does what Bob wanted, and then the end of the hold.
    assert_eq!(by_bob.offer("sendrecv").status(), Some(200));
    assert_eq!(by_alice.offer("sendrecv").status(), Some(200));
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
    server.quiet();
}

/// SIP-20, RFC 3261 §13.2.1: the offer is in our 200, the answer in the ACK.
#[test]
fn a_caller_who_offers_nothing_is_offered_in_the_200_and_both_hear() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial_offering(&server.number(1), Rtp::open(alice.link().local.ip()), "");
    let ringing = bob.incoming().ring();
    let progress = dialling.progress(180);
    assert!(progress.body.is_empty(), "an offer that nobody may answer: {}", progress.body_text());
    let by_bob = ringing.answer();
    let by_alice = dialling.answered_late();
    assert!(sdp::read(&by_alice.made_by).is_some_and(|d| d.payloads.contains(&0)), "{:?}", by_alice.made_by);
    by_alice.rtp.hears_voice_of(&by_bob.rtp);
    by_bob.rtp.hears_voice_of(&by_alice.rtp);
    by_alice.hang_up();
    by_bob.ended();
    server.quiet();
}

/// SIP-18: early media of the callee cannot reach a caller who described nothing and takes no reliable response; he is
/// told that it rings. Both hear each other from the answer on.
#[test]
fn a_caller_who_offers_nothing_hears_no_early_media_but_is_told_that_it_rings() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let rtp = Rtp::open(alice.link().local.ip());
    let dialling = alice.dial_describing(&server.number(1), rtp, "", "");
    let (incoming, early, body) = progresses(&bob);
    assert!(dialling.progress(180).body.is_empty());
    let contact = format!("Contact: <{}>\r\n", bob.contact());
    bob.say(&reply(&incoming.invite, 200, "OK", &contact, &body));
    let call = dialling.answered_late();
    call.rtp.hears_voice_of(&early);
    early.hears_voice_of(&call.rtp);
    call.hang_up();
    server.quiet();
}

/// SIP-18, RFC 3262 §5: a caller who described nothing and supports reliable responses is offered something in one, answers
/// in the PRACK, and hears the callee before the answer. The 200 repeats nothing.
#[test]
fn a_caller_who_offers_nothing_hears_early_media_by_a_reliable_response() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let rtp = Rtp::open(alice.link().local.ip());
    let dialling = alice.dial_describing(&server.number(1), rtp, "Supported: 100rel\r\n", "");
    let (incoming, early, body) = progresses(&bob);
    let offered = dialling.progress(183);
    assert!(offered.header("Require").is_some_and(|v| v.contains("100rel")), "{offered:?}");
    dialling.rtp.talk_to(Some(sdp::read(&offered).expect("our offer").at));
    let answer = sdp::compose(dialling.rtp.local(), sdp::USUAL, "sendrecv", 1);
    assert_eq!(dialling.prack(&offered, &answer).status(), Some(200));
    dialling.rtp.hears_voice_of(&early);
    let contact = format!("Contact: <{}>\r\n", bob.contact());
    bob.say(&reply(&incoming.invite, 200, "OK", &contact, &body));
    let call = dialling.answered();
    assert!(call.made_by.body.is_empty(), "what was settled is not said again");
    call.rtp.hears_voice_of(&early);
    early.hears_voice_of(&call.rtp);
    call.hang_up();
    server.quiet();
}

/// A call comes to this phone, which sends early media: the call, its sound, and what it says of it.
fn progresses(phone: &Phone) -> (Incoming, Rtp, String) {
    let incoming = phone.incoming();
    let (contact, rtp) = (format!("Contact: <{}>\r\n", phone.contact()), Rtp::open(phone.link().local.ip()));
    rtp.talk_to(sdp::read(&incoming.invite).map(|d| d.at));
    let body = sdp::compose(rtp.local(), sdp::USUAL, "sendrecv", 1);
    phone.say(&reply(&incoming.invite, 183, "Session Progress", &contact, &body));
    (incoming, rtp, body)
}

/// SIP-20: an ACK that does not answer our offer ends the call on both sides.
#[test]
fn a_caller_who_does_not_answer_our_offer_is_hung_up() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    bob.set_manner(Manner::Answer);
    let call = alice.dial_offering(&server.number(1), Rtp::open(alice.link().local.ip()), "").answered();
    call.ended();
    until_true("the end at bob", || bob.talking() == 0);
    server.quiet();
    assert_eq!(server.sql("SELECT count(*) FROM calls WHERE cause = ''"), "0");
}

/// SIP-02: whoever overheard an INVITE cannot call with its credentials.
#[test]
fn a_replayed_invite_is_challenged_and_rings_nobody() {
    let server = Server::start();
    let [alice, bob] = server.phones();
    let dialling = alice.dial(&server.number(1));
    let ringing = bob.incoming().ring();
    dialling.rings();
    dialling.cancel();
    ringing.cancelled();
    let heard = alice
        .log()
        .into_iter()
        .rev()
        .find(|(_, t)| t.method() == "INVITE" && t.header("Authorization").is_some());
    let (_, overheard) = heard.unwrap();
    let thief = server.phone(2);
    for (call_id, tag) in [(overheard.call_id().to_owned(), unique("t")), (unique("c"), unique("t"))] {
        let (branch, mut replayed) = (unique("z9hG4bK"), overheard.clone());
        for (name, value) in &mut replayed.headers {
            match name.as_str() {
                "Via" => *value = thief.via(&branch),
                "Call-ID" => value.clone_from(&call_id),
                "From" => *value = format!("<{}>;tag={tag}", alice.address()),
                _ => {}
            }
        }
        let refused = thief.exchange(&branch, &replayed.print());
        assert_eq!(refused.status(), Some(401), "the same nonce count was taken twice");
    }
    assert!(!bob.is_called());
    server.quiet();
    until_true("the record", || server.sql("SELECT count(*) FROM calls") != "0");
    assert_eq!(server.sql("SELECT count(*) FROM calls"), "1");
}
