//! Tenants with the same numbers and user names never meet. SIP-03, MT-15.

use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

/// 101 and 102 twice: here, and in another tenant with the same user names and secrets.
fn twins(world: &mut World) -> [PhoneId; 4] {
    let [alice, bob] = world.phones(["101", "102"]);
    let mut other = Company::new(2, "other.test");
    other.add_user("101");
    other.add_user("102");
    world.config(|c| c.neighbours.push(other));
    [alice, bob, world.plug_in("101@other.test"), world.plug_in("102@other.test")]
}

/// SIP-03, MT-15
#[test]
fn calls_stay_within_their_tenant() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, other_alice, other_bob] = twins(&mut world);
        world.habit(bob, Habit::Answer(ms(300)));
        world.habit(other_bob, Habit::Answer(ms(300)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.run_for(secs(2));
        assert_eq!((world.phone(bob).invited, world.phone(other_bob).invited), (1, 0));
        world.dials(other_alice, "102");
        world.run_until(secs(30), |w| w.state(other_alice) == State::Up && w.state(other_bob) == State::Up);
        world.run_for(secs(4));
        world.assert_talking(alice, bob);
        world.assert_talking(other_alice, other_bob);
        assert_eq!((world.phone(bob).invited, world.phone(other_bob).invited), (1, 1));
        world.hangs_up(alice);
        world.run_for(secs(4));
        world.assert_talking(other_alice, other_bob);
        world.hangs_up(other_bob);
        world.run_until_idle();
        world.assert_quiet();
        let mut tenants: Vec<_> = world.store.calls.values().map(|row| row.tenant).collect();
        tenants.sort_unstable();
        assert_eq!(tenants, [1, 2]);
    });
}

/// SIP-03: where only the twin is registered, the call finds nobody.
#[test]
fn a_registration_in_one_tenant_never_rings_for_the_other() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice] = world.phones(["101"]);
        world.company.add_user("102");
        let mut other = Company::new(2, "other.test");
        other.add_user("101");
        other.add_user("102");
        world.config(|c| c.neighbours.push(other));
        let other_bob = world.plug_in("102@other.test");
        world.dials(alice, "102");
        world.run_for(secs(3));
        assert_eq!(world.state(alice), State::Refused(480));
        assert_eq!((world.phone(other_bob).invited, world.state(other_bob)), (0, State::Idle));
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-03, SIP-08: the credentials of one tenant are worth nothing in the other's domain, same secret or not.
#[test]
fn a_phone_cannot_speak_for_its_twin() {
    let mut world = World::new(5);
    let [alice, _, other_alice, other_bob] = twins(&mut world);
    // The own user name with the other's domain in From and To, answered with the own realm's digest.
    world.phone(alice).claims = Some("103".into());
    world.dials(alice, "102");
    world.run_for(secs(3));
    assert_eq!(world.state(alice), State::Refused(403));
    assert_eq!((world.phone(other_bob).invited, world.state(other_alice)), (0, State::Idle));
    world.run_until_idle();
    world.assert_quiet();
}

/// MT-15: switching one tenant's users off leaves the other's registered.
#[test]
fn suspending_a_user_leaves_the_twin_alone() {
    let mut world = World::new(6);
    let [_, _, other_alice, other_bob] = twins(&mut world);
    world.config(|c| c.user("102").suspended = true);
    assert_eq!(world.metric("dialtone_bindings"), 3.0);
    world.dials(other_alice, "102");
    world.run_for(secs(1));
    assert_eq!(world.state(other_bob), State::Rings);
    world.hangs_up(other_alice);
    world.run_until_idle();
    world.assert_quiet();
}
