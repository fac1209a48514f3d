//! What a role lets somebody do with their phone.

use pbx_core::live::From;
use tests::{State, World, secs};

use crate::{rough, seeds};

/// ROL-10
#[test]
fn who_may_not_place_calls_is_refused_clearly_and_may_still_be_called() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.config(|c| c.add_role("Lobby", "park_calls", &["101"]));
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        let record = world.record().clone();
        assert_eq!(record.cause, "403 Not allowed to place calls");
        assert!(record.trace.contains("the role Lobby does not let 101 place calls"), "{}", record.trace);
        world.dials(bob, "101");
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// ROL-10, CTC-04
#[test]
fn who_may_not_place_calls_places_none_in_the_portal() {
    let mut world = World::new(1);
    let [alice, bob] = world.phones(["101", "102"]);
    world.config(|c| c.add_role("Lobby", "", &["101"]));
    world.clicks("101", From::OwnPhones, "102");
    world.run_until_idle();
    assert_eq!((world.phone(alice).invited, world.phone(bob).invited), (0, 0));
    assert_eq!(world.record().cause, "403 Not allowed to place calls");
    world.assert_quiet();
}
