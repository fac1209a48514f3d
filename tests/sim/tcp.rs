//! SIP over streams, and over IPv6. SIP-01, SIP-09.

use sip_stack::Transport;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

/// Alice speaks TCP, Bob UDP or TCP; they talk.
fn talking(seed: u64) -> (World, PhoneId, PhoneId) {
    let mut world = World::with(seed, |o| o.listeners.push((Transport::Tcp, o.listeners[0].1)))
        .delay(ms(5)..ms(60))
        .loss(0.02);
    world.company.add_user("101");
    world.company.add_user("102");
    world.config(|_| {});
    let (alice, bob) = (world.phone_for("101"), world.phone_for("102"));
    world.phone(alice).transport = Transport::Tcp;
    if seed.is_multiple_of(3) {
        world.phone(bob).transport = Transport::Tcp;
    }
    world.register(alice);
    world.register(bob);
    world.habit(bob, Habit::Answer(ms(300)));
    world.dials(alice, "102");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.run_for(secs(4));
    world.assert_talking(alice, bob);
    (world, alice, bob)
}

fn both_idle(world: &World, phones: [PhoneId; 2]) {
    for phone in phones {
        assert_eq!(world.state(phone), State::Idle);
    }
}

/// SIP-01
#[test]
fn phones_call_each_other_over_tcp() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        let (first, second) = if seed.is_multiple_of(2) { (alice, bob) } else { (bob, alice) };
        world.hangs_up(first);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
        world.habit(alice, Habit::Answer(ms(100)));
        world.dials(second, if second == alice { "102" } else { "101" });
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.hangs_up(second);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
        world.assert_quiet();
    });
}

/// SIP-09: the call goes on; the one whose connection broke hangs up over a new one.
#[test]
fn a_broken_connection_ends_no_call_and_the_bye_comes_over_the_next_one() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        world.breaks(alice);
        world.run_for(secs(20));
        assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
        world.assert_quiet();
        assert_eq!(world.record().cause, "101 User 101 hung up");
    });
}

/// SIP-09: the other party hangs up while the phone has no connection: the call ends all the same, with its cause.
#[test]
fn a_call_ends_when_the_other_party_hangs_up_though_a_connection_is_broken() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        world.breaks(alice);
        world.run_for(secs(5));
        world.assert_talking(alice, bob);
        world.hangs_up(bob);
        world.run_for(secs(40));
        assert_eq!(world.state(bob), State::Idle);
        world.assert_quiet();
        assert_eq!((world.record().cause.as_str(), world.live.len()), ("102 User 102 hung up", 0));
        world.hangs_up(alice);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
    });
}

/// SIP-09: a phone that registered over a new connection hears of the end of its call there.
#[test]
fn a_phone_that_registered_anew_over_a_new_connection_is_reached_over_it() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        world.breaks(alice);
        world.run_for(ms(seed * 10));
        world.register(alice);
        world.run_for(secs(1));
        world.assert_talking(alice, bob);
        if seed.is_multiple_of(2) {
            world.holds(bob);
            world.run_for(secs(8));
            assert_eq!(world.hears(bob), []);
            world.resumes(bob);
            world.run_for(secs(8));
            world.assert_talking(alice, bob);
        }
        world.hangs_up(bob);
        world.run_for(secs(8));
        both_idle(&world, [alice, bob]);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-09, SIP-20: after a re-INVITE over the new connection, BYE finds its way there.
#[test]
fn a_phone_that_offers_over_a_new_connection_is_reached_over_it() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        world.breaks(alice);
        world.run_for(secs(1));
        world.resumes(alice);
        world.run_for(secs(3));
        assert_eq!(world.phone(alice).offer_refused, None);
        world.hangs_up(bob);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
        world.assert_quiet();
    });
}

/// SIP-09: a phone whose connection broke while it rang counts as not reached; the caller is told.
#[test]
fn a_connection_that_breaks_before_the_answer_ends_the_ringing() {
    seeds(|seed| {
        let mut world = World::with(seed, |o| o.listeners.push((Transport::Tcp, o.listeners[0].1)));
        world.company.add_user("102");
        let [alice] = world.phones(["101"]);
        let bob = world.phone_for("102");
        world.phone(bob).transport = Transport::Tcp;
        world.register(bob);
        world.dials(alice, "102");
        world.run_for(ms(seed * 2));
        world.breaks(bob);
        world.run_for(secs(60));
        assert!(matches!(world.state(alice), State::Refused(480 | 408 | 503)), "{:?}", world.state(alice));
        world.run_until_idle();
        world.assert_quiet();
        assert_ne!(world.record().cause, "");
    });
}

/// SIP-01
#[test]
fn phones_call_each_other_over_ipv6() {
    seeds(|seed| {
        let mut world = World::with(seed, |o| {
            let address = "[fd00::1]:5060".parse().unwrap();
            o.listeners = vec![(Transport::Udp, address), (Transport::Tcp, address)];
        });
        world.company.add_user("101");
        world.company.add_user("102");
        world.config(|_| {});
        let (alice, bob) = (world.phone_for("101"), world.phone_for("102"));
        if seed.is_multiple_of(2) {
            world.phone(bob).transport = Transport::Tcp;
        }
        world.register(alice);
        world.register(bob);
        world.habit(bob, Habit::Answer(ms(300)));
        world.dials(alice, "102");
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.holds(bob);
        world.run_for(secs(2));
        assert_eq!(world.hears(alice), [bob]);
        world.resumes(bob);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-09: an offer that cannot be delivered is refused; the talk goes on, and the phone is reached again later.
#[test]
fn a_hold_while_the_others_connection_is_broken_does_not_end_the_call() {
    seeds(|seed| {
        let (mut world, alice, bob) = talking(seed);
        world.breaks(alice);
        world.run_for(secs(1));
        world.holds(bob);
        world.run_for(secs(6));
        assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
        world.hangs_up(alice);
        world.run_until_idle();
        both_idle(&world, [alice, bob]);
        world.assert_quiet();
    });
}
