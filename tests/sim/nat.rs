//! Phones behind NAT: what keeps them reachable. SIP-07.

use tests::{Habit, Nat, PhoneId, State, World, ms, secs};

use crate::seeds;

/// Two phones; the second one registers through NAT with that life of a mapping.
fn behind_nat(world: &mut World, lifetime: u64) -> [PhoneId; 2] {
    world.company.add_user("102");
    let [alice] = world.phones(["101"]);
    let bob = world.phone_for("102");
    world.phone(bob).nat = Some(Nat::new("192.168.1.7:5060", secs(lifetime)));
    world.register(bob);
    [alice, bob]
}

/// SIP-07
#[test]
fn a_phone_behind_nat_stays_reachable_and_is_left_alone_when_its_binding_ends() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02);
        let [alice, bob] = behind_nat(&mut world, 45);
        world.run_for(secs(100));
        assert!(world.phone(alice).asked_at.is_empty(), "there is no NAT in front of it");
        world.dials(alice, "102");
        world.run_for(secs(4));
        assert_eq!(world.state(bob), State::Rings, "the mapping is open long after its life");
        world.hangs_up(alice);
        world.run_for(secs(40));
        assert_eq!(world.metric("dialtone_bindings"), 1.0, "bound for 120 s at most");
        let before = world.phone(bob).asked_at.clone();
        let longest = before.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        assert!(before.len() >= 4 && longest < secs(34), "{longest:?} between two of {}", before.len());
        world.run_for(secs(300));
        let after = &world.phone(bob).asked_at;
        assert!(after.len() <= before.len() + 1, "asked after its binding ended");
        assert_eq!(world.metric("dialtone_bindings_unreachable"), 0.0);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-07: the test above would fail without keep-alives.
#[test]
fn a_mapping_that_died_lets_no_call_in() {
    let mut world = World::new(1);
    let [alice, bob] = behind_nat(&mut world, 1);
    world.run_for(secs(2));
    world.dials(alice, "102");
    world.run_for(secs(2));
    assert_eq!(world.state(bob), State::Idle);
}

/// SIP-07: bound, counted as unreachable, asked on and on; gone when it expires.
#[test]
fn a_phone_that_does_not_answer_keeps_its_binding_until_it_expires() {
    seeds(|seed| {
        let mut world = World::new(seed);
        world.config(|c| c.node.registration_min = secs(600));
        let [_, bob] = behind_nat(&mut world, 45);
        world.run_for(secs(30 + seed % 60));
        world.habit(bob, Habit::Vanished);
        world.run_for(secs(60));
        assert_eq!(world.metric("dialtone_bindings_unreachable"), 0.0);
        world.run_for(secs(160));
        assert_eq!(world.metric("dialtone_bindings_unreachable"), 1.0);
        if seed.is_multiple_of(2) {
            world.habit(bob, Habit::Ring);
            world.phone(bob).nat = None;
            world.run_for(secs(80));
            assert_eq!(world.metric("dialtone_bindings_unreachable"), 0.0, "it is back");
        }
        assert_eq!(world.metric("dialtone_bindings"), 2.0);
        world.run_for(secs(400));
        assert_eq!(world.metric("dialtone_bindings_unreachable"), 0.0);
        assert_eq!(world.metric("dialtone_bindings"), 1.0);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-06, SIP-07: who was bound before a restart is kept reachable after it.
#[test]
fn keep_alives_go_on_after_a_restart() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob] = behind_nat(&mut world, 60);
        world.run_for(secs(40));
        world.kill_and_restart();
        let before = world.phone(bob).asked_at.len();
        world.run_for(secs(50));
        assert!(world.phone(bob).asked_at.len() > before);
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(bob), State::Rings);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}
