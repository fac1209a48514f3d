//! Offers within a call that are late, refused, crossing, early, or of another codec. SIP-20.

use media::{Payload, sdp::g711};
use tests::{Habit, LateOffer, PhoneId, State, World, ms, secs};

use crate::{
    hold::{ends, talking},
    rough, seeds,
};

fn only(number: u8) -> Vec<Payload> {
    g711().into_iter().filter(|p| p.number == number).collect()
}

/// How many messages of that kind the record of the last call has.
fn messages(world: &World, text: &str) -> usize {
    String::from_utf8_lossy(&world.record().ladder).matches(text).count()
}

fn pick(seed: u64, alice: PhoneId, bob: PhoneId) -> (PhoneId, PhoneId) {
    if seed.is_multiple_of(2) { (alice, bob) } else { (bob, alice) }
}

/// SIP-20, RFC 3261 §14.1: our offer is in the 200, the answer in the ACK.
#[test]
fn a_re_invite_without_an_offer_changes_nothing_of_the_talk() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, bob) = talking(&mut world);
        let (asker, other) = pick(seed, alice, bob);
        world.phone(asker).late_offer = Some(LateOffer::default());
        world.resumes(asker);
        world.run_for(secs(6));
        assert!(world.phone(asker).late_offer.as_ref().is_some_and(LateOffer::was_used));
        assert_eq!(world.phone(asker).offer_refused, None);
        world.assert_talking(alice, bob);
        assert_eq!(world.live.values().next().expect("the call is up").state, "talking");
        ends(world, other);
    });
}

/// SIP-20: who is held and asks without an offer is offered what the holder wants; then the hold ends as ever.
#[test]
fn a_re_invite_without_an_offer_does_not_end_a_hold() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let (alice, bob) = talking(&mut world);
        let (holder, held) = pick(seed, alice, bob);
        world.offers(holder, media::sdp::Direction::Inactive);
        world.run_for(secs(2));
        world.phone(held).late_offer = Some(LateOffer::default());
        world.resumes(held);
        world.run_for(secs(4));
        assert!(world.hears(holder).is_empty() && world.hears(held).is_empty(), "both are silent");
        world.phone(held).late_offer = None;
        world.resumes(holder);
        world.run_for(secs(4));
        world.assert_talking(alice, bob);
        ends(world, held);
    });
}

/// SIP-20: the other party does not want it: 488, and the session is as before.
#[test]
fn an_offer_that_the_other_party_refuses_is_refused_and_changes_nothing() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, bob) = talking(&mut world);
        let (asker, other) = pick(seed, alice, bob);
        world.phone(other).refuses_offers = Some([488, 606, 500, 403][seed as usize % 4]);
        world.phone(asker).refuses_offers = Some(488);
        world.holds(asker);
        world.run_for(secs(6));
        assert_eq!(world.phone(asker).offer_refused, Some(488));
        world.phone(asker).refuses_offers = None;
        world.phone(other).refuses_offers = None;
        // The phone that was refused goes back to what was agreed before, without any offer.
        world.phone(asker).keeps_talking();
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        assert_eq!(world.live.values().next().expect("the call is up").state, "talking");
        world.holds(asker);
        world.run_for(secs(6));
        assert_eq!((world.phone(asker).offer_refused, world.hears(asker).len()), (None, 0));
        world.resumes(asker);
        world.run_for(secs(6));
        world.assert_talking(alice, bob);
        ends(world, asker);
    });
}

/// SIP-20, RFC 3261 §14.1: both offer at the very same moment; both get 491, both try again, both holds take effect.
#[test]
fn offers_of_both_at_once_are_tried_again_and_both_take_effect() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(20)..ms(60));
        let (alice, bob) = talking(&mut world);
        world.holds(alice);
        world.holds(bob);
        world.run_for(secs(15));
        assert!(world.hears(alice).is_empty() && world.hears(bob).is_empty(), "both hold");
        assert_eq!((world.phone(alice).offer_refused, world.phone(bob).offer_refused), (None, None));
        let (first, second) = pick(seed, alice, bob);
        world.resumes(first);
        world.run_for(secs(5));
        assert!(world.hears(second).is_empty(), "the other still holds");
        world.resumes(second);
        world.run_for(secs(5));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert!(messages(&world, "SIP/2.0 491") > 0);
    });
}

/// SIP-20: a call goes from one codec to another and back.
#[test]
fn a_phone_may_change_the_codec() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, bob) = talking(&mut world);
        let (changer, other) = pick(seed, alice, bob);
        for (number, name) in [(8, "PCMA"), (0, "PCMU")] {
            world.phone(changer).codecs = only(number);
            world.resumes(changer);
            world.run_for(secs(6));
            assert_eq!(world.phone(changer).offer_refused, None);
            // A voice that was converted is another byte.
            assert_eq!((world.hears(alice).len(), world.hears(bob).len()), (1, 1));
            let live = world.live.values().next().expect("the call is up");
            assert!(live.legs.iter().any(|leg| leg.codec == name), "{:?}", live.legs);
        }
        ends(world, other);
    });
}

/// SIP-20, RFC 3311: the caller moves its media while it rings; the answer does not undo that.
#[test]
fn a_caller_who_updates_while_it_rings_is_heard_and_hears_at_its_new_port() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(40)).loss(0.01);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(secs(2));
        let now = world.now().at;
        world.phone(alice).move_rtp(now, 4100);
        world.resumes(alice);
        world.run_for(secs(4));
        assert_eq!(world.hears(alice), [bob], "early media goes to the new port");
        world.answers(bob);
        world.run_for(secs(6));
        assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
        world.assert_talking(alice, bob);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
        assert!(messages(&world, "UPDATE sip:") > 0);
        assert_eq!(messages(&world, "SIP/2.0 500"), 0);
    });
}

/// SIP-20: UPDATE and answer cross.
#[test]
fn an_early_update_that_crosses_the_answer_does_not_break_the_call() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(40)).loss(0.01);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(ms(seed * 3));
        let now = world.now().at;
        if seed.is_multiple_of(2) {
            world.answers(bob);
            world.phone(alice).move_rtp(now, 4100);
            world.run_for(ms(0));
        } else {
            world.phone(alice).move_rtp(now, 4100);
            world.answers(bob);
        }
        world.run_for(secs(10));
        assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
        world.assert_talking(alice, bob);
        ends(world, alice);
    });
}
