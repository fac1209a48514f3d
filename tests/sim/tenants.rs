//! Tenants with the same numbers and user names never meet. SIP-03, MT-15.

use bytes::Bytes;
use sip_stack::Message;
use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::{
    registration::{Device, PLAIN, Register},
    rough, seeds,
};

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

/// SIP-03, SIP-08: what proves a phone in one domain proves nothing in the other, same user name and secret or not.
#[test]
fn a_phone_cannot_register_as_its_twin() {
    for strong in [false, true] {
        let mut world = crate::registration::world();
        let mut other = Company::new(2, "other.test");
        other.add_user("102");
        world.config(|c| c.neighbours.push(other));
        let mut phone = Device::new("102", strong);
        assert_eq!(phone.send(&mut world, &PLAIN, "").status(), Some(401));
        let authorization = phone.authorization();
        let text = format!(
            "REGISTER sip:other.test SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.9.9:5060;branch=z9hG4bKtwin\r\n\
             Max-Forwards: 70\r\nFrom: <sip:102@other.test>;tag=1\r\nTo: <sip:102@other.test>\r\nCall-ID: twin\r\n\
             CSeq: 1 REGISTER\r\nContact: <sip:102@10.0.9.9>\r\n{authorization}Content-Length: 0\r\n\r\n"
        );
        world.mail.clear();
        world.sends_raw(phone.address, Bytes::from(text));
        world.run_for(ms(200));
        let answer = Message::parse(world.mail.last().unwrap().bytes.clone()).unwrap();
        assert_eq!(answer.status(), Some(403));
        assert_eq!(world.metric("dialtone_bindings"), 0.0);
    }
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

/// a right secret does not help; once the suspension is taken back it does.
#[test]
fn a_suspended_companys_phone_does_not_register() {
    let mut world = crate::registration::world();
    world.config(|c| c.tenant.suspended = true);
    let mut phone = Device::new("102", true);
    let refused = phone.registers(&mut world, &PLAIN);
    assert_eq!((refused.status(), refused.reason_phrase()), (Some(403), &b"Company suspended"[..]));
    world.config(|c| c.tenant.suspended = false);
    let again = Register { cseq: 2, ..PLAIN };
    assert_eq!(phone.registers(&mut world, &again).status(), Some(200));
}

/// R-01, MT-15: a suspended company's phones lose their registration and call nobody; the twin's go on, and what was
/// suspended comes back whole.
#[test]
fn a_suspended_companys_phones_are_turned_away() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, other_alice, other_bob] = twins(&mut world);
        world.config(|c| c.neighbours[0].tenant.suspended = true);
        assert_eq!(world.metric("dialtone_bindings"), 2.0);
        world.dials(other_alice, "102");
        world.run_until(secs(30), |w| w.state(other_alice) == State::Refused(403));
        world.habit(bob, Habit::Answer(ms(300)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.hangs_up(alice);
        world.run_until_idle();
        world.config(|c| c.neighbours[0].tenant.suspended = false);
        let other_bob_again = world.plug_in("102@other.test");
        world.dials(other_alice, "102");
        world.run_until(secs(30), |w| w.state(other_bob_again) == State::Rings);
        assert_eq!(world.phone(other_bob).invited, 0);
        world.hangs_up(other_alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}
