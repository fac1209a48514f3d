//! Hold, resume, glare, delayed offers and codecs. SIP-20, SIP-21.

use media::sdp::{Direction, g711};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

pub(crate) fn talking(world: &mut World) -> (PhoneId, PhoneId) {
    let [alice, bob] = world.phones(["101", "102"]);
    world.habit(bob, Habit::Answer(ms(200)));
    world.dials(alice, "102");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.run_for(secs(2));
    world.assert_talking(alice, bob);
    (alice, bob)
}

pub(crate) fn ends(mut world: World, phone: PhoneId) {
    world.hangs_up(phone);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-20
#[test]
fn a_held_party_hears_nothing_until_it_is_taken_back() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, bob) = talking(&mut world);
        let (holder, held) = if seed.is_multiple_of(2) { (alice, bob) } else { (bob, alice) };
        world.offers(holder, Direction::Inactive);
        world.run_for(secs(6));
        assert!(world.hears(held).is_empty() && world.hears(holder).is_empty(), "both are silent");
        let live = world.live.values().next().expect("the call is up");
        assert_eq!(live.state, "held");
        world.resumes(holder);
        world.run_for(secs(6));
        world.assert_talking(alice, bob);
        ends(world, alice);
    });
}

/// SIP-21: the one who holds may send music of its own.
#[test]
fn hold_with_sendonly_lets_the_holder_be_heard_and_not_hear() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let (alice, bob) = talking(&mut world);
        world.holds(alice);
        world.run_for(secs(2));
        assert_eq!(world.hears(bob), [alice]);
        assert!(world.hears(alice).is_empty());
        world.resumes(alice);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        ends(world, bob);
    });
}

/// SIP-21
#[test]
fn both_may_hold_and_both_must_take_back() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let (alice, bob) = talking(&mut world);
        world.holds(alice);
        world.run_for(secs(2));
        world.holds(bob);
        world.run_for(secs(2));
        assert!(world.hears(alice).is_empty() && world.hears(bob).is_empty());
        world.resumes(alice);
        world.run_for(secs(2));
        assert!(world.hears(bob).is_empty(), "the second holder does not listen yet");
        world.resumes(bob);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        ends(world, alice);
    });
}

/// SIP-20: both offer at the same moment; nothing hangs, and the call is as usable as before.
#[test]
fn offers_that_cross_do_not_break_the_call() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(80)).loss(0.02);
        let (alice, bob) = talking(&mut world);
        world.holds(alice);
        world.run_for(ms(seed % 60));
        world.holds(bob);
        world.run_for(secs(12));
        world.resumes(alice);
        world.run_for(secs(8));
        world.resumes(bob);
        world.run_for(secs(12));
        world.assert_talking(alice, bob);
        ends(world, alice);
    });
}

/// SIP-20
#[test]
fn a_caller_without_an_offer_gets_ours_in_the_200() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.phone(alice).delayed_offer = true;
        world.habit(bob, Habit::Answer(ms(500)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.run_for(secs(4));
        world.assert_talking(alice, bob);
        ends(world, bob);
    });
}

/// MED-02: one speaks PCMU only, the other PCMA only.
#[test]
fn phones_with_different_g711_understand_each_other() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.phone(alice).codecs = g711().into_iter().filter(|p| p.number == 0).collect();
        world.phone(bob).codecs = g711().into_iter().filter(|p| p.number == 8).collect();
        world.habit(bob, Habit::Answer(ms(500)));
        world.dials(alice, "102");
        world.run_for(secs(3));
        assert_eq!((world.hears(alice).len(), world.hears(bob).len()), (1, 1));
        ends(world, alice);
    });
}

/// SIP-20: a phone without any codec of the caller's is not reached, and the caller is told.
#[test]
fn phones_without_a_common_codec_do_not_talk() {
    let mut world = World::new(5);
    let [alice, bob] = world.phones(["101", "102"]);
    let mut opus = g711().swap_remove(0);
    (opus.number, opus.codec.name, opus.codec.rate, opus.codec.channels) = (96, "opus".into(), 48_000, 2);
    world.phone(alice).codecs = vec![opus];
    world.habit(bob, Habit::Refuse(488));
    world.dials(alice, "102");
    world.run_for(secs(3));
    assert_eq!(world.state(alice), State::Refused(480));
    world.run_until_idle();
    world.assert_quiet();
}
