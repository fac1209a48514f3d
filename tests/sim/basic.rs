//! Two phones call each other, and the ways in which that ends.

use std::{cell::RefCell, collections::BTreeMap};

use tests::{Habit, State, World, ms, secs};

use crate::{rough, seeds};

/// SIP-12, MED-02
#[test]
fn two_phones_hear_each_other_until_one_hangs_up() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::Answer(secs(2)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.run_for(secs(3));
        world.assert_talking(alice, bob);
        if seed.is_multiple_of(2) {
            world.hangs_up(alice)
        } else {
            world.hangs_up(bob)
        }
        world.run_until_idle();
        world.assert_quiet();
        let record = world.record();
        assert_eq!((record.outcome.as_str(), record.answered_by.as_str()), ("answered", "102 User 102"));
    });
}

/// RNG-06
#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.dials(alice, "102");
        world.run_for(ms(100 + seed * 20));
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.state(bob), State::Idle);
        world.assert_quiet();
    });
}

/// SIP-13: CANCEL and 200 cross at every possible moment.
#[test]
fn answer_and_cancel_that_cross_leave_nothing_behind() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(10)..ms(40)).loss(0.02);
        let [alice, bob] = world.phones(["101", "102"]);
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(bob) == State::Rings);
        world.run_for(ms(seed % 50));
        world.answers(bob);
        world.run_for(ms(seed % 90));
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.state(bob), State::Idle);
        world.assert_quiet();
    });
}

/// SIP-13: who comes first decides: the call is either given up, or answered and then ended. The other phone stops.
#[test]
fn a_cancel_at_the_moment_of_the_answer_has_one_outcome() {
    let outcomes = RefCell::new(BTreeMap::<String, usize>::new());
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(9)..ms(11));
        let [alice, bob] = world.phones(["101", "102"]);
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::HearsRinging(180));
        if seed.is_multiple_of(2) {
            world.answers(bob);
            world.run_for(ms(seed % 24));
            world.hangs_up(alice);
        } else {
            world.hangs_up(alice);
            world.run_for(ms(seed % 24));
            world.answers(bob);
        }
        world.run_until_idle();
        assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
        world.assert_quiet();
        let row = world.record();
        let cancelled = row.cause.contains("gave up");
        assert_eq!(row.outcome, if cancelled { "missed" } else { "answered" }, "{}", row.cause);
        assert_eq!(row.answered_at.is_some(), !cancelled);
        *outcomes.borrow_mut().entry(row.outcome.clone()).or_default() += 1;
    });
    let outcomes = outcomes.into_inner();
    assert!(outcomes["missed"] > 20 && outcomes["answered"] > 20, "both orders: {outcomes:?}");
}
