//! Callers who are blocked, by one user or by the company.

use config::{
    records::parties::PartyKind,
    snapshot::{Cause, Destination},
};
use tests::{State, World, secs};

use crate::{rough, seeds};

/// CH-17
#[test]
fn a_blocked_caller_is_refused_before_a_phone_rings_and_others_are_not() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        let by_company = seed % 2 == 0;
        world.config(|c| c.block(if seed % 3 == 0 { "10*" } else { "101" }, (!by_company).then_some("102")));
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(603));
        assert_eq!(world.phone(bob).invited, 0);
        world.run_until_idle();
        world.assert_quiet();
        let record = world.record().clone();
        assert_eq!(record.cause, "603 Caller is blocked");
        assert!(
            record.trace.contains("\"Blocked\"") && record.trace.contains("101 is blocked"),
            "{}",
            record.trace
        );
        let seen = world.history("102").map(|(kind, ..)| kind);
        assert_eq!(seen, (!by_company).then_some(PartyKind::Blocked));
        if !by_company {
            world.dials(alice, "103");
            world.run_until(secs(20), |w| w.state(carol) == State::Rings);
            world.hangs_up(alice);
            world.run_until_idle();
        }
    });
}

/// CH-17: in a group the others ring; taking the block back lets the caller through.
#[test]
fn a_member_who_blocks_the_caller_is_left_out_until_it_is_taken_back() {
    let mut world = World::new(9);
    let [alice, bob, carol] = world.phones(["101", "102", "103"]);
    world.config(|c| {
        c.add_group("600", &["102", "103"], Destination::Hangup(Cause::NoAnswer));
        c.block("101", Some("102"));
    });
    world.dials(alice, "600");
    world.run_until(secs(5), |w| w.state(carol) == State::Rings);
    world.run_for(secs(1));
    assert_eq!(world.phone(bob).invited, 0);
    world.hangs_up(alice);
    world.run_until_idle();
    assert!(world.record().trace.contains("102 User 102: blocks the caller"));
    world.config(|c| c.blocked.clear());
    world.dials(alice, "102");
    world.run_until(secs(5), |w| w.state(bob) == State::Rings);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}
