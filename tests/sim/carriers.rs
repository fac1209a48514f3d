//! What exactly goes outside, in the carrier's words: numbers, forwards that came before, signatures, codecs. SIP-40, SIP-41.

use config::snapshot::{Attestation, Codecs, Forwards, Identity, Limit, NumberOut, ShownAs, Shows, Signer};
use media::{Payload, sdp::Codec};
use sip_stack::Name;
use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::{
    outside::{header, outside},
    rough, seeds,
};

/// Calls and hangs up again.
fn calls(world: &mut World, from: PhoneId, number: &str) {
    world.dials(from, number);
    world.run_until(secs(30), |w| w.state(from) == State::Up);
    world.run_for(secs(1));
    world.hangs_up(from);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-41: the caller's number as the carrier wants it, in each place where it stands.
#[test]
fn the_callers_number_is_written_as_the_trunk_wants_it() {
    let mut world = World::new(1);
    let (alice, carrier) = outside(&mut world);
    for (form, prefix, expected) in [
        (NumberOut::Plus, "", "sip:+49301234500@"),
        (NumberOut::E164, "", "sip:49301234500@"),
        (NumberOut::International, "", "sip:0049301234500@"),
        (NumberOut::National, "", "sip:0301234500@"),
        (NumberOut::National, "99", "sip:990301234500@"),
    ] {
        world.config(|c| c.trunks[0].outgoing.shown = ShownAs { form, prefix: prefix.into() });
        calls(&mut world, alice, "089123456");
        for name in [Name::PAssertedIdentity, Name::From] {
            let shown = header(&mut world, carrier, name);
            assert!(shown.contains(expected), "{form:?}: {shown}");
        }
        let invite = world.phone(carrier).last_invite.clone().unwrap();
        let uri = String::from_utf8_lossy(invite.request_uri().unwrap()).into_owned();
        assert!(uri.starts_with("sip:+4989123456@"), "the called number has its own form: {uri}");
    }
}

/// RNG-17, RNG-18, SIP-41: who forwarded before is told to the carrier, with our forward behind.
#[test]
fn forwards_that_came_with_a_call_go_on_with_it() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (_, carrier) = outside(&mut world);
        let second = world.carrier("+4940777");
        let source = world.host(second);
        world.config(|c| {
            c.add_number("+49301234501").user = Some(c.users[0].id);
            c.trunks[0].incoming.sources = config::snapshot::Source::list(&source).unwrap();
            c.trunks[0].foreign_callers = true;
            let mobile = Forwards { always: Some("+49171555".into()), ..Forwards::default() };
            c.user("101").forwards = mobile;
        });
        let history = seed % 2 == 1;
        world.switch(second).adds = if history {
            vec![
                (Name::HistoryInfo, "<sip:+4940888@a.example>;index=1".into()),
                (Name::HistoryInfo, "<sip:+4940999@a.example;cause=408>;index=1.1;mp=1".into()),
                (Name::HistoryInfo, "<sip:+49301234501@a.example;cause=486>;index=1.1.1;mp=1.1".into()),
            ]
        } else {
            vec![
                (Name::Diversion, "<sip:+4940999@a.example>;reason=user-busy".into()),
                (Name::Diversion, "<sip:+4940888@a.example>;reason=no-answer;counter=1".into()),
            ]
        };
        world.dials(second, "+49301234501");
        world.run_until(secs(40), |w| w.state(second) == State::Up && w.state(carrier) == State::Up);
        let invite = world.phone(carrier).last_invite.clone().unwrap();
        let diversions: Vec<String> =
            invite.values(Name::Diversion).map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        let expected =
            [("+49301234500", "unconditional"), ("+4940999", "user-busy"), ("+4940888", "no-answer")];
        assert_eq!(diversions.len(), expected.len(), "{diversions:?}");
        for (value, (number, reason)) in diversions.iter().zip(expected) {
            assert!(value.contains(&format!("sip:{number}@")) && value.contains(reason), "{diversions:?}");
        }
        world.hangs_up(second);
        world.run_until_idle();
        let trace = &world.record().trace;
        assert!(trace.contains("+4940888 to +4940999 (no-answer)"), "{trace}");
        world.assert_quiet();
    });
}

/// SIP-17: a call that went round among switches is not sent round once more.
#[test]
fn a_call_that_was_forwarded_too_often_outside_is_not_forwarded_again() {
    let mut world = World::new(2);
    let (_, carrier) = outside(&mut world);
    let second = world.carrier("+4940777");
    let source = world.host(second);
    world.config(|c| {
        c.add_number("+49301234501").user = Some(c.users[0].id);
        c.trunks[0].incoming.sources = config::snapshot::Source::list(&source).unwrap();
        c.user("101").forwards = Forwards { always: Some("+49171555".into()), ..Forwards::default() };
    });
    let many = (0..30).map(|n| (Name::Diversion, format!("<sip:+4940{n:04}@a.example>;reason=no-answer")));
    world.switch(second).adds = many.collect();
    world.dials(second, "+49301234501");
    world.run_until(secs(10), |w| matches!(w.state(second), State::Refused(_)));
    world.run_until_idle();
    assert_eq!(world.phone(carrier).invited, 0);
    assert!(world.record().trace.contains("Forward loop cut"), "{}", world.record().trace);
    world.assert_quiet();
}

/// SIP-41: a signature for the caller goes on with a forwarded call that shows the caller, and with no other.
#[test]
fn a_signature_goes_on_with_the_caller_for_whom_it_was_made() {
    let mut world = World::new(3);
    let (_, carrier) = outside(&mut world);
    let second = world.carrier("+4940777");
    let source = world.host(second);
    // {"attest":"B","orig":{"tn":"4940777"}}
    let signature =
        "e30.eyJhdHRlc3QiOiJCIiwib3JpZyI6eyJ0biI6IjQ5NDA3NzcifX0.c2ln;info=<https://a.example/c>;ppt=shaken";
    world.config(|c| {
        c.add_number("+49301234501").user = Some(c.users[0].id);
        c.trunks[0].incoming.sources = config::snapshot::Source::list(&source).unwrap();
        c.trunks[0].foreign_callers = true;
        c.user("101").forwards = Forwards { always: Some("+49171555".into()), ..Forwards::default() };
    });
    let too_long = "x".repeat(5000);
    world.switch(second).adds = vec![(Name::Identity, signature.into()), (Name::Identity, too_long)];
    calls(&mut world, second, "+49301234501");
    assert_eq!(header(&mut world, carrier, Name::Identity), signature);
    let trace = world.record().trace.clone();
    assert!(trace.contains("4940777 by https://a.example/c, attestation B; not checked"), "{trace}");
    assert!(trace.contains("Signature dropped"), "{trace}");
    world.config(|c| c.user("101").forwards.shows = Shows::Own);
    calls(&mut world, second, "+49301234501");
    assert_eq!(header(&mut world, carrier, Name::Identity), "", "another number is shown");
    world.config(|c| {
        c.user("101").forwards.shows = Shows::Caller;
        c.trunks[0].outgoing.identity = Identity::Off;
    });
    calls(&mut world, second, "+49301234501");
    assert_eq!(header(&mut world, carrier, Name::Identity), "");
}

/// SIP-41 (RFC 8224, RFC 8588)
#[test]
fn a_trunk_with_a_key_signs_for_our_own_numbers() {
    let mut world = World::new(4);
    let (alice, carrier) = outside(&mut world);
    let sign = |key: &str| {
        let certificate = "https://cert.example/c.pem".to_owned();
        Identity::Sign(Box::new(Signer { key: key.into(), certificate, attestation: Attestation::Partial }))
    };
    world.config(|c| c.trunks[0].outgoing.identity = sign(KEY));
    calls(&mut world, alice, "089123456");
    let identity = header(&mut world, carrier, Name::Identity);
    let end = ";info=<https://cert.example/c.pem>;alg=ES256;ppt=\"shaken\"";
    let token = identity.strip_suffix(end).unwrap_or_else(|| panic!("{identity}"));
    assert_eq!(token.split('.').count(), 3, "{identity}");
    assert!(world.record().trace.contains("B: the caller is known"), "{}", world.record().trace);
    calls(&mut world, alice, "110");
    assert_eq!(header(&mut world, carrier, Name::Identity), "", "help needs no signature");
    world.config(|c| c.trunks[0].outgoing.identity = sign("no key"));
    calls(&mut world, alice, "089123456");
    assert_eq!(header(&mut world, carrier, Name::Identity), "", "the call goes out all the same");
    assert!(world.record().trace.contains("no P-256 key"), "{}", world.record().trace);
}

/// SIP-41 (RFC 8946): a call that came signed for a number of ours goes on with that signature, and with one of ours that says
/// where it goes.
#[test]
fn a_forward_of_a_signed_call_is_signed_beside_what_came() {
    let mut world = World::new(5);
    let (_, carrier) = outside(&mut world);
    let second = world.carrier("+4940777");
    let source = world.host(second);
    // {"attest":"B","dest":{"tn":["49301234501"]},"orig":{"tn":"4940777"}}; the other is for somebody else's 4940111222.
    let ours = "e30.eyJhdHRlc3QiOiJCIiwiZGVzdCI6eyJ0biI6WyI0OTMwMTIzNDUwMSJdfSwib3JpZyI6eyJ0biI6IjQ5NDA3NzcifX0.c2ln;info=<https://a.example/c>";
    let foreign = "e30.eyJhdHRlc3QiOiJCIiwiZGVzdCI6eyJ0biI6WyI0OTQwMTExMjIyIl19LCJvcmlnIjp7InRuIjoiNDk0MDc3NyJ9fQ.c2ln;info=<https://a.example/c>";
    world.config(|c| {
        c.add_number("+49301234501").user = Some(c.users[0].id);
        c.trunks[0].incoming.sources = config::snapshot::Source::list(&source).unwrap();
        c.trunks[0].foreign_callers = true;
        c.user("101").forwards = Forwards { always: Some("+49171555".into()), ..Forwards::default() };
        let certificate = "https://cert.example/c.pem".to_owned();
        let signer = Signer { key: KEY.into(), certificate, attestation: Attestation::Partial };
        c.trunks[0].outgoing.identity = Identity::Sign(Box::new(signer));
    });
    world.switch(second).adds = vec![(Name::Identity, ours.into())];
    calls(&mut world, second, "+49301234501");
    let invite = world.phone(carrier).last_invite.clone().unwrap();
    let values: Vec<_> =
        invite.headers(Name::Identity).map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    assert_eq!((values.len(), values[0].as_str()), (2, ours));
    assert!(values[1].ends_with(";info=<https://cert.example/c.pem>;alg=ES256;ppt=\"div\""), "{values:?}");
    let trace = world.record().trace.clone();
    assert!(trace.contains("from +49301234501 to +49171555"), "{trace}");
    world.switch(second).adds = vec![(Name::Identity, foreign.into())];
    calls(&mut world, second, "+49301234501");
    let invite = world.phone(carrier).last_invite.clone().unwrap();
    assert_eq!(invite.headers(Name::Identity).count(), 1, "nobody here may say where others' calls go");
    assert!(
        world.record().trace.contains("+4940111222 is no number of the company"),
        "{}",
        world.record().trace
    );
}

/// MED-01, SIP-38: PCMU and PCMA are converted into each other; who has neither takes the next trunk, or is refused with 488.
#[test]
fn a_trunk_for_g711_is_offered_what_the_caller_has_of_it() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| c.trunks[0].outgoing.codecs = Codecs::G711);
        let one = |number, name| vec![Payload { number, codec: Codec::new(name, 8000) }];
        world.phone(alice).codecs = one(0, "PCMU");
        world.phone(carrier).codecs = one(8, "PCMA");
        world.dials(alice, "089123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        world.run_for(secs(2));
        // What is converted does not say any more whose voice it is.
        assert_eq!((world.hears(alice).len(), world.hears(carrier).len()), (1, 1));
        world.hangs_up(alice);
        world.run_until_idle();
        let before = world.phone(carrier).invited;
        world.phone(alice).codecs = one(9, "G722");
        world.dials(alice, "089123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(488));
        world.run_until_idle();
        assert_eq!(world.phone(carrier).invited, before, "it is not troubled with what it cannot take");
        let record = world.record();
        assert_eq!(record.cause, "488 No common codec");
        assert!(record.trace.contains("it takes G.711 alone, and the caller has none"), "{}", record.trace);
        world.assert_quiet();
    });
}

/// SIP-38
#[test]
fn who_has_no_g711_takes_the_trunk_that_takes_other_codecs() {
    let mut world = World::new(6);
    let (alice, carrier) = outside(&mut world);
    let wide = world.carrier("+4989556");
    world.habit(wide, Habit::Answer(ms(300)));
    let host = world.host(wide);
    let g722 = vec![Payload { number: 9, codec: Codec::new("G722", 8000) }];
    world.phone(alice).codecs = g722.clone();
    world.phone(wide).codecs = g722;
    world.config(|c| {
        c.trunks[0].outgoing.codecs = Codecs::G711;
        c.add_trunk("Wide line", &host);
        c.trunks[1].priority = 20;
    });
    world.run_for(secs(1));
    calls(&mut world, alice, "089123456");
    assert_eq!((world.phone(carrier).invited, world.phone(wide).invited), (0, 1));
}

/// Two companies that know nothing of each other, each with its carrier; 101 of each has a number of its own.
fn neighbours(world: &mut World) -> [PhoneId; 4] {
    let (alice, ours) = outside(world);
    let theirs = world.carrier("+4989555");
    world.habit(theirs, Habit::Answer(ms(300)));
    let host = world.host(theirs);
    let mut other = Company::new(2, "other.test");
    other.add_user("101");
    other.user("101").last_name = "Bob".into();
    other.add_trunk("Theirs", &host);
    other.add_number("+49407000").user = Some(other.users[0].id);
    other.tenant.name = "Other".into();
    world.config(|c| c.neighbours.push(other));
    let bob = world.plug_in("101@other.test");
    world.habit(bob, Habit::Answer(ms(300)));
    world.run_for(secs(2));
    [alice, bob, ours, theirs]
}

/// SIP-40: off unless both companies want it; then no trunk is touched, and each has its own record.
#[test]
fn a_number_of_this_system_is_reached_without_a_trunk_where_both_want_that() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ours, theirs] = neighbours(&mut world);
        for (own, other) in [(false, false), (true, false), (false, true)] {
            world.config(|c| {
                c.limits.own_numbers_inside = own;
                c.neighbours[0].limits.own_numbers_inside = other;
            });
            let before = world.phone(ours).invited;
            calls(&mut world, alice, "+49407000");
            assert_eq!(world.phone(ours).invited, before + 1, "{own} {other}");
            assert_eq!(world.phone(bob).invited, 0);
            let told = world.record().trace.contains("its company takes such calls by its trunk");
            assert_eq!(told, own && !other);
        }
        world.config(|c| {
            c.limits.own_numbers_inside = true;
            c.neighbours[0].limits.own_numbers_inside = true;
        });
        let before = world.phone(ours).invited;
        world.dials(alice, "040 7000".replace(' ', "").as_str());
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.run_for(secs(1));
        world.assert_talking(alice, bob);
        let from = header(&mut world, bob, Name::From);
        assert!(from.contains("sip:+49301234500@other.test") && !from.contains("User 101"), "{from}");
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!((world.phone(ours).invited, world.phone(theirs).invited), (before, 0));
        let records: Vec<_> = world.store.calls.values().cloned().collect();
        let [.., one, two] = records.as_slice() else { panic!("{records:?}") };
        assert_eq!((one.tenant, &*one.dialled), (1, "0407000"));
        assert_eq!((two.tenant, &*two.caller_number, &*two.dialled), (2, "+49301234500", "+49407000"));
        assert!(one.trace.contains("no trunk is needed"), "{one:?}");
        let seen = format!("{} {} {}", two.caller_name, two.cause, two.trace);
        assert!(!seen.contains("User 101"), "who calls is seen as from outside: {two:?}");
        world.assert_quiet();
    });
}

/// SIP-40, RNG-18, MT-13: there, who calls is like anybody outside: a forward of theirs takes them out by their trunk, and
/// what may not be called outside may not be called inside.
#[test]
fn who_comes_by_a_number_of_this_system_is_forwarded_like_anybody_outside() {
    let mut world = World::new(8);
    let [alice, bob, ours, theirs] = neighbours(&mut world);
    world.config(|c| {
        c.limits.own_numbers_inside = true;
        let other = &mut c.neighbours[0];
        other.limits.own_numbers_inside = true;
        other.add_role("Everything", "place_calls,call_national", &["101"]);
        other.user("101").forwards = Forwards { always: Some("+4989123456".into()), ..Forwards::default() };
    });
    calls(&mut world, alice, "+49407000");
    assert_eq!((world.phone(ours).invited, world.phone(bob).invited, world.phone(theirs).invited), (0, 0, 1));
    let payer = world.store.usage.last().map(|row| row.tenant.0);
    assert_eq!(payer, Some(2), "who forwards pays");
    world.config(|c| {
        c.user("101").calling.most = Some(config::numbering::Class::Local);
        c.limits.abroad = Limit { user: Some(0), tenant: Some(0) };
    });
    world.dials(alice, "+49407000");
    world.run_until(secs(10), |w| w.state(alice) == State::Refused(403));
    world.run_until_idle();
    world.assert_quiet();
}

/// P-256 in PKCS #8, made for this test alone.
const KEY: &str = "-----BEGIN PRIVATE KEY----- \
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFPHiPQafZtY7oJyd \
    iAOp6NCzfuPvc5eC0ro18bEBn06hRANCAATd4XoJmQEm2gF9vnx9p8F4Wr2zQCSA \
    WoIuwELo3DMPaymkMdlNeLKvooQd4xoBcbgayFbWmySVQdKtXZOMuWr+ \
    -----END PRIVATE KEY-----";
