//! Calls by trunks: which is tried when, what it is told, what comes back.

use config::{
    TrunkId,
    snapshot::{CallerHeader, Codecs, NumberOut},
};
use media::sdp;
use sip_stack::{
    Name,
    resolve::{Kind, Record},
};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{
    outside::{header, outside},
    seeds,
};

/// A number abroad of the company.
const THEIRS: &str = "089123456";

/// A further carrier with its trunk, tried after the first.
fn second(world: &mut World) -> PhoneId {
    let carrier = world.carrier("+4989555");
    world.habit(carrier, Habit::Answer(ms(300)));
    let host = world.host(carrier);
    world.config(|c| {
        c.add_trunk("Second line", &host);
        c.trunks[1].priority = 20;
    });
    world.run_for(secs(2));
    carrier
}

fn talks(world: &mut World, caller: PhoneId, carrier: PhoneId, within: u64) {
    world.dials(caller, THEIRS);
    world.run_until(secs(within), |w| w.state(caller) == State::Up && w.state(carrier) == State::Up);
    world.run_for(secs(1));
    world.assert_talking(caller, carrier);
    world.hangs_up(caller);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-38: the next trunk takes the call that the first cannot.
#[test]
fn a_trunk_that_is_out_of_order_is_passed_over_for_the_next() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, first) = outside(&mut world);
        let second = second(&mut world);
        for status in [500, 503, 408] {
            world.habit(first, Habit::Refuse(status));
            talks(&mut world, alice, second, 10);
            let trace = world.record().trace.clone();
            assert!(trace.contains("Next trunk") && trace.contains("Main line"), "{trace}");
            assert!(world.record().legs.contains("\"trunk\":\"Second line\""));
        }
        // Nothing at all comes back.
        world.habit(first, Habit::Vanished);
        talks(&mut world, alice, second, 12);
        assert!(world.record().trace.contains("nothing came back"), "{}", world.record().trace);
    });
}

/// SIP-38: what the called says holds for every trunk.
#[test]
fn a_busy_or_unknown_number_is_not_called_again_by_another_trunk() {
    let mut world = World::new(3);
    let (alice, first) = outside(&mut world);
    let second = second(&mut world);
    for (status, told) in [(486, 486), (603, 603), (404, 404), (600, 486)] {
        world.habit(first, Habit::Refuse(status));
        world.dials(alice, THEIRS);
        world.run_until(secs(10), |w| w.state(alice) == State::Refused(told));
        world.run_until_idle();
        assert_eq!(world.phone(second).invited, 0, "{status}");
        world.assert_quiet();
    }
}

/// SIP-38: RFC 3263 §4.3
#[test]
fn another_server_of_the_same_trunk_is_tried_first() {
    let mut world = World::new(3);
    let (alice, first) = outside(&mut world);
    let second = world.carrier("+4989555");
    world.habit(second, Habit::Answer(ms(300)));
    world.habit(first, Habit::Refuse(503));
    let address = |world: &World, phone| Record::Address(world.host(phone).parse().unwrap());
    let both = vec![address(&world, first), address(&world, second)];
    world.names.insert(("carrier.example".into(), Kind::Address), both);
    world.config(|c| c.trunks[0].peer.host = "carrier.example".into());
    world.run_for(secs(2));
    talks(&mut world, alice, second, 10);
    assert!(world.record().legs.matches("\"trunk\":\"Main line\"").count() == 2);
}

/// SIP-38: all trunks are down.
#[test]
fn without_a_trunk_that_works_the_caller_hears_503_at_once() {
    let mut world = World::new(3);
    let (alice, carrier) = outside(&mut world);
    world.config(|c| c.trunks[0].health = Some(secs(30)));
    world.habit(carrier, Habit::Vanished);
    world.run_for(secs(180));
    world.dials(alice, THEIRS);
    world.run_until(secs(2), |w| w.state(alice) == State::Refused(503));
    world.run_for(secs(3));
    assert!(world.record().trace.contains("does not answer OPTIONS"), "{}", world.record().trace);
}

/// SIP-38: RFC 3261 §22.2, RFC 7616
#[test]
fn a_challenge_is_answered_with_the_accounts_password() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, carrier) = outside(&mut world);
        world.switch(carrier).asks = true;
        talks(&mut world, alice, carrier, 10);
        assert_eq!(world.switch(carrier).proved, 1);
        // The next one is proved by a nonce of its own.
        talks(&mut world, alice, carrier, 10);
        assert_eq!(world.switch(carrier).proved, 2);
    });
}

/// SIP-38: a wrong password is tried once, not for ever.
#[test]
fn a_trunk_that_does_not_take_our_password_is_passed_over() {
    let mut world = World::new(3);
    let (alice, first) = outside(&mut world);
    let second = second(&mut world);
    world.switch(first).asks = true;
    world.config(|c| c.trunks[0].account.secret = "wrong".into());
    world.run_for(secs(2));
    talks(&mut world, alice, second, 10);
    assert!(world.record().trace.contains("it answers 407"), "{}", world.record().trace);
}

/// SIP-41: RFC 3325 §9
#[test]
fn the_caller_stands_in_the_header_that_the_trunk_wants() {
    let mut world = World::new(3);
    let (alice, carrier) = outside(&mut world);
    for (wants, name) in [
        (CallerHeader::Asserted, Some(Name::PAssertedIdentity)),
        (CallerHeader::Preferred, Some(Name::PPreferredIdentity)),
        (CallerHeader::RemoteParty, Some(Name::RemotePartyId)),
        (CallerHeader::From, None),
    ] {
        world.config(|c| {
            c.trunks[0].outgoing.caller = wants;
            c.trunks[0].outgoing.shown.form = NumberOut::E164;
        });
        talks(&mut world, alice, carrier, 10);
        assert!(header(&mut world, carrier, Name::From).contains("sip:49301234500@carrier.example"));
        for other in [Name::PAssertedIdentity, Name::PPreferredIdentity, Name::RemotePartyId] {
            let value = header(&mut world, carrier, other);
            assert_eq!(value.contains("49301234500"), Some(other) == name, "{wants:?}: {value}");
        }
    }
}

/// SIP-25
#[test]
fn the_call_beyond_a_trunks_channels_leaves_by_the_next() {
    let mut world = World::new(3);
    let (alice, first) = outside(&mut world);
    let second = second(&mut world);
    world.config(|c| c.trunks[0].channels = Some(1));
    let [bob] = world.phones(["102"]);
    world.config(|c| c.user("102").calling.most = Some(config::numbering::Class::National));
    world.dials(alice, THEIRS);
    world.run_until(secs(10), |w| w.state(alice) == State::Up);
    world.dials(bob, THEIRS);
    world.run_until(secs(10), |w| w.state(bob) == State::Up && w.state(second) == State::Up);
    assert_eq!(world.trunks[&TrunkId(1)].calls, 1);
    world.run_for(secs(1));
    world.assert_talking(alice, first);
    world.assert_talking(bob, second);
    world.hangs_up(alice);
    world.hangs_up(bob);
    world.run_until_idle();
    assert!(world.record().trace.contains("all 1 channels are in use"), "{}", world.record().trace);
    world.assert_quiet();
}

/// SIP-38, MED-11
#[test]
fn early_media_from_outside_is_heard_before_the_answer() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let (alice, carrier) = outside(&mut world);
        world.habit(carrier, Habit::EarlyMedia);
        world.dials(alice, THEIRS);
        world.run_until(secs(5), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(secs(1));
        assert_eq!(world.hears(alice), [carrier]);
        world.answers(carrier);
        world.run_until(secs(5), |w| w.state(alice) == State::Up);
        world.hangs_up(carrier);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-38: what is offered to a trunk that takes G.711 only.
#[test]
fn a_trunk_for_g711_is_offered_nothing_else() {
    let mut world = World::new(3);
    let (alice, carrier) = outside(&mut world);
    world.config(|c| c.trunks[0].outgoing.codecs = Codecs::G711);
    let mut codecs = sdp::g711();
    codecs.reverse();
    world.phone(alice).codecs = codecs;
    talks(&mut world, alice, carrier, 10);
    let body = world.phone(carrier).last_invite.clone().expect("it was called").body();
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(body.contains("PCMA") || body.contains("RTP/AVP 8"), "{body}");
}

/// SIP-38, SIP-43: who calls from outside is not let out again, except by a forward of ours.
#[test]
fn a_call_from_outside_leaves_by_a_forward_and_not_otherwise() {
    let mut world = World::new(3);
    let (alice, carrier) = outside(&mut world);
    let abroad = second(&mut world);
    world.config(|c| {
        c.trunks[0].priority = 30;
        c.numbers[0].user = Some(c.users[0].id);
    });
    // A number of somebody outside, called by the trunk: no way through us.
    world.dials(carrier, "+4989123456");
    world.run_for(secs(2));
    assert_eq!((world.state(carrier), world.phone(abroad).invited), (State::Refused(404), 0));
    // Forwarded by Alice it goes, for her.
    world.config(|c| c.user("101").forwards.always = Some(THEIRS.into()));
    world.dials(carrier, "+49301234500");
    world.run_until(secs(10), |w| w.state(carrier) == State::Up && w.state(abroad) == State::Up);
    assert!(header(&mut world, abroad, Name::Diversion).contains("+49301234500"));
    assert_eq!(world.state(alice), State::Idle);
    world.hangs_up(carrier);
    world.run_until_idle();
    world.assert_quiet();
}
