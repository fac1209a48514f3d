//! Calls by which an administrator tries a trunk.

use config::TrunkId;
use tests::{Habit, State, World, ms, secs};

use crate::{
    rough, seeds,
    trunks::{THEIRS, by_address},
};

/// the own phone first, then exactly that trunk, whatever the routes say; the record says so.
#[test]
fn a_test_call_goes_by_exactly_that_trunk() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice] = world.phones(["101"]);
        let (first, _) = by_address(&mut world);
        let second = world.carrier("+4940111333");
        let host = world.host(second);
        let mut id = TrunkId(0);
        world.config(|c| id = c.add_trunk("Second", &host));
        let call = world.tries("101", id, THEIRS);
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        world.answers(alice);
        world.run_until(secs(20), |w| w.state(second) == State::Rings);
        world.answers(second);
        world.run_for(secs(8));
        world.assert_talking(alice, second);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.phone(first).invited, 0);
        let record = world.record();
        assert_eq!((record.id.as_str(), record.outcome.as_str()), (call.as_str(), "answered"));
        assert!(record.trace.contains("by test call: Second"), "{}", record.trace);
    });
}

/// what the trunk answers is in the record; no other trunk takes the call over.
#[test]
fn a_refused_test_call_is_not_taken_over_by_another_trunk() {
    let mut world = World::new(1);
    let [alice] = world.phones(["101"]);
    world.habit(alice, Habit::Answer(ms(100)));
    let (first, id) = by_address(&mut world);
    let second = world.carrier("+4940111333");
    let host = world.host(second);
    world.config(|c| {
        c.add_trunk("Second", &host);
    });
    world.habit(first, Habit::Refuse(503));
    world.tries("101", id, THEIRS);
    world.run_for(secs(40));
    world.run_until_idle();
    assert_eq!((world.phone(first).invited > 0, world.phone(second).invited), (true, 0));
    let record = world.record();
    assert!(record.trace.contains("it answers 503"), "{}", record.trace);
    assert_eq!(record.outcome, "failed");
    world.assert_quiet();
}

/// A-35, SIP-44: the company's limits hold for a test call, too.
#[test]
fn a_test_call_is_stopped_by_the_limits_of_the_company() {
    let mut world = World::new(1);
    let [alice] = world.phones(["101"]);
    world.habit(alice, Habit::Answer(ms(100)));
    let (carrier, id) = by_address(&mut world);
    world.config(|c| {
        c.add_role("Traveller", "place_calls,call_international", &["101"]);
        c.limits.countries = vec!["fr".into()];
    });
    world.tries("101", id, "+12025550199");
    world.run_for(secs(20));
    world.run_until_idle();
    assert_eq!((world.phone(alice).invited, world.phone(carrier).invited), (0, 0));
    assert!(
        world.record().trace.contains("is none of the countries that are called"),
        "{}",
        world.record().trace
    );
    world.assert_quiet();
}
