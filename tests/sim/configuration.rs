//! Edits while calls run. OPS-02.

use tests::{Habit, State, World, ms, secs};

use crate::seeds;

/// OPS-02
#[test]
fn a_running_call_keeps_its_revision_and_the_next_one_obeys_the_edit() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.habit(bob, Habit::Answer(ms(200)));
        world.dials(alice, "102");
        world.run_for(secs(2));
        let before = world.live.values().next().expect("up").revision;
        // Many of them now and then: each makes a new snapshot, which is most of this test's time.
        let edits = if seed % 10 == 0 { 100 } else { 5 };
        for _ in 0..edits {
            world.config(|c| c.user("102").forwards.always = Some("103".into()));
            world.run_for(ms(20));
        }
        world.assert_talking(alice, bob);
        world.dials(dave, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(carol), State::Rings);
        let revisions: Vec<i64> = world.live.values().map(|c| c.revision).collect();
        assert_eq!(revisions, [before, before + edits]);
        world.assert_talking(alice, bob);
        world.hangs_up(dave);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains(&format!("revision {}", before + edits)));
    });
}

/// OPS-02: a device that is gone or has another secret must not be reached any more.
#[test]
fn bindings_go_with_their_device_its_secret_and_its_users_suspension() {
    for change in 0..3 {
        let mut world = World::new(change);
        let [alice, bob] = world.phones(["101", "102"]);
        assert_eq!(world.metric("dialtone_bindings"), 2.0);
        world.config(|c| match change {
            0 => c.devices.retain(|d| d.username != "102"),
            1 => c.device("102").ha1.md5[0] ^= 1,
            _ => c.user("102").suspended = true,
        });
        assert_eq!(world.metric("dialtone_bindings"), 1.0);
        world.run_for(secs(1));
        assert_eq!(world.store.bindings.len(), 1);
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!((world.state(alice), world.state(bob)), (State::Refused(480), State::Idle));
        world.run_until_idle();
        world.assert_quiet();
    }
}
