//! A third joins two who talk: INVITE with Join. SIP-24, ROL-18; RFC 3911.

use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

fn world(seed: u64) -> World {
    World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02)
}

/// Alice and Bob talk; Carol supervises, Dave does not. The value that names Bob's dialog.
fn talking(world: &mut World) -> ([PhoneId; 4], String) {
    let phones = world.phones(["101", "102", "103", "104"]);
    world.config(|c| c.add_role("Supervisor", "place_calls,monitor", &["103"]));
    world.habit(phones[1], Habit::Answer(ms(200)));
    world.dials(phones[0], "102");
    world.run_until(secs(30), |w| w.state(phones[0]) == State::Up && w.state(phones[1]) == State::Up);
    world.run_for(secs(2));
    let Some([call, ours, theirs]) = world.phone(phones[1]).dialog() else { panic!("no dialog") };
    (phones, format!("{call};to-tag={theirs};from-tag={ours}"))
}

fn joined(seed: u64) -> (World, [PhoneId; 4]) {
    let mut world = world(seed);
    let (phones, join) = talking(&mut world);
    world.dials_joining(phones[2], "102", &join);
    world.run_until(secs(30), |w| w.state(phones[2]) == State::Up);
    world.run_for(secs(3));
    (world, phones)
}

/// Whether a phone hears a mix: nobody's voice alone, and something.
fn hears_all(world: &World, phone: PhoneId) -> bool {
    !world.hears(phone).is_empty()
}

/// SIP-24, ROL-18: all three hear something of the others; the two talk on when the third leaves.
#[test]
fn who_may_monitor_joins_and_leaves_a_call() {
    seeds(|seed| {
        let (mut world, [alice, bob, carol, _]) = joined(seed);
        assert!([alice, bob, carol].iter().all(|phone| hears_all(&world, *phone)));
        world.hangs_up(carol);
        world.run_for(secs(8));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        let first = world.store.calls.values().find(|row| row.trace.contains("Joined")).unwrap();
        assert!(first.trace.contains("by 103"), "{}", first.trace);
        assert_eq!(world.store.calls.len(), 2);
    });
}

/// SIP-24: whoever of the two leaves, the other one talks on with the third.
#[test]
fn one_of_the_two_leaves_and_the_other_talks_with_the_third() {
    seeds(|seed| {
        let (mut world, [alice, bob, carol, _]) = joined(seed);
        let (leaves, stays) = if seed.is_multiple_of(2) { (alice, bob) } else { (bob, alice) };
        world.hangs_up(leaves);
        world.run_for(secs(8));
        world.assert_talking(stays, carol);
        assert_eq!(world.state(leaves), State::Idle);
        world.hangs_up(if seed.is_multiple_of(3) { stays } else { carol });
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-24: of three, who holds holds alone, and nobody is sent on.
#[test]
fn of_three_one_may_hold_and_none_is_transferred() {
    seeds(|seed| {
        let (mut world, [alice, bob, carol, _]) = joined(seed);
        world.holds(alice);
        world.run_for(secs(6));
        assert!(hears_all(&world, bob) && hears_all(&world, carol));
        world.resumes(alice);
        world.run_for(secs(6));
        world.transfers(bob, "104");
        world.run_for(secs(6));
        assert_eq!(world.phone(bob).referred, Some(403));
        assert!(hears_all(&world, alice));
        world.hangs_up(carol);
        world.run_for(secs(8));
        world.assert_talking(alice, bob);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-24, ROL-18: not without the permission, not two, not what does not talk, not together with Replaces; one's own call
/// from another phone.
#[test]
fn a_call_is_joined_only_by_who_may_and_by_one() {
    let mut world = World::new(1);
    let ([alice, bob, carol, dave], join) = talking(&mut world);
    world.config(|c| {
        c.add_device("102", "102b");
        c.add_role("Other supervisor", "place_calls,monitor", &["104"]);
    });
    world.config(|c| c.user("104").role = None);
    let second = world.plug_in("102b");
    let refused = |world: &mut World, phone, join: &str, status| {
        world.dials_joining(phone, "102", join);
        world.run_until(secs(10), |w| w.state(phone) == State::Refused(status));
    };
    refused(&mut world, dave, &join, 403);
    refused(&mut world, carol, &format!("x{join}"), 481);
    refused(&mut world, carol, "nothing", 400);
    world.dials_joining(second, "102", &join);
    world.run_until(secs(10), |w| w.state(second) == State::Up);
    refused(&mut world, carol, &join, 486);
    world.hangs_up(second);
    world.run_for(secs(2));
    world.assert_talking(alice, bob);
    world.hangs_up(alice);
    world.run_until_idle();
    refused(&mut world, carol, &join, 481);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-24: what we cannot mix is said clearly.
#[test]
fn a_call_in_another_codec_is_not_joined() {
    let mut world = World::new(1);
    let phones = world.phones(["101", "102", "103"]);
    world.config(|c| c.add_role("Supervisor", "place_calls,monitor", &["103"]));
    let g722 = media::sdp::Codec::new("G722", 8000);
    for phone in [phones[0], phones[1]] {
        let payload = media::Payload { number: 9, codec: g722.clone() };
        world.phone(phone).codecs = vec![payload];
    }
    world.habit(phones[1], Habit::Answer(ms(200)));
    world.dials(phones[0], "102");
    world.run_until(secs(5), |w| w.state(phones[0]) == State::Up);
    world.run_for(secs(1));
    let Some([call, ours, theirs]) = world.phone(phones[1]).dialog() else { panic!("no dialog") };
    world.dials_joining(phones[2], "102", &format!("{call};to-tag={theirs};from-tag={ours}"));
    world.run_until(secs(5), |w| w.state(phones[2]) == State::Refused(488));
    world.hangs_up(phones[0]);
    world.run_until_idle();
    world.assert_quiet();
}
