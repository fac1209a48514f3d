//! Several phones ring: delays, races, groups, early media.

use std::time::Duration;

use config::snapshot::{Cause, Destination, Ring};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

fn desk_and_mobile(world: &mut World) -> (PhoneId, PhoneId, PhoneId) {
    let [alice, desk] = world.phones(["101", "102"]);
    world.config(|c| c.add_device("102", "102-mobile"));
    let mobile = world.plug_in("102-mobile");
    (alice, desk, mobile)
}

/// SIP-13, SIP-14, RNG-06
#[test]
fn of_two_answers_at_once_one_talks_and_the_other_is_told_elsewhere() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(20)..ms(120)).loss(0.03);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.add_group("600", &["102", "103"], Destination::Hangup(Cause::NoAnswer)));
        world.dials(alice, "600");
        world.run_until(secs(30), |w| w.state(bob) == State::Rings && w.state(carol) == State::Rings);
        world.answers(bob);
        world.answers(carol);
        world.run_for(secs(8));
        let up: Vec<PhoneId> = [bob, carol].into_iter().filter(|&p| world.state(p) == State::Up).collect();
        assert_eq!(up.len(), 1, "who talks");
        world.assert_talking(alice, up[0]);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-14
#[test]
fn phones_that_lost_show_no_missed_call() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.add_group("600", &["102", "103"], Destination::Hangup(Cause::NoAnswer)));
        world.dials(alice, "600");
        world.run_until(secs(30), |w| w.state(bob) == State::Rings && w.state(carol) == State::Rings);
        world.run_for(secs(1));
        world.answers(bob);
        world.run_for(secs(5));
        assert_eq!((world.state(bob), world.state(carol)), (State::Up, State::Idle));
        let reason = world.phone(carol).last_reason.clone().unwrap_or_default();
        assert!(reason.contains("cause=200") && reason.contains("Call completed elsewhere"), "{reason}");
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.record().answered_by, "102 User 102");
    });
}

/// RNG-02, RNG-04
#[test]
fn a_delayed_device_rings_when_its_delay_is_over() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let (alice, desk, mobile) = desk_and_mobile(&mut world);
        let delay = secs(1 + seed % 10);
        world.config(|c| c.device("102-mobile").ring = Ring::After(delay));
        world.dials(alice, "102");
        world.run_for(secs(15));
        let (first, second) = (world.phone(desk).rang_at[0], world.phone(mobile).rang_at[0]);
        let between = second - first;
        assert!(between.abs_diff(delay) < ms(200), "{between:?} instead of {delay:?}");
        world.answers(mobile);
        world.run_for(secs(2));
        world.assert_talking(alice, mobile);
        world.hangs_up(mobile);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-03, RNG-04
#[test]
fn a_delayed_device_does_not_ring_when_somebody_answered_before_nor_a_disabled_one_ever() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, desk, mobile) = desk_and_mobile(&mut world);
        let ring = if seed.is_multiple_of(2) { Ring::After(secs(10)) } else { Ring::Disabled };
        world.config(|c| c.device("102-mobile").ring = ring);
        world.habit(desk, Habit::Answer(secs(3)));
        world.dials(alice, "102");
        world.run_for(secs(20));
        world.assert_talking(alice, desk);
        assert!(world.phone(mobile).rang_at.is_empty());
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        if !seed.is_multiple_of(2) {
            assert!(world.record().trace.contains("switched off"), "{}", world.record().trace);
        }
    });
}

/// SIP-16: one busy phone does not stop the other; a decline does.
#[test]
fn busy_is_one_phones_word_and_decline_the_users() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, desk, mobile) = desk_and_mobile(&mut world);
        let declines = seed.is_multiple_of(2);
        world.habit(desk, Habit::Refuse(if declines { 603 } else { 486 }));
        if declines {
            world.dials(alice, "102");
            world.run_until(secs(15), |w| w.state(alice) == State::Refused(603));
            world.run_for(secs(2));
            assert_eq!(world.state(mobile), State::Idle);
        } else {
            world.habit(mobile, Habit::Answer(secs(4)));
            world.dials(alice, "102");
            world.run_for(secs(12));
            world.assert_talking(alice, mobile);
            world.hangs_up(alice);
        }
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GRP-12
#[test]
fn a_group_that_nobody_answers_overflows() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.habit(carol, Habit::Answer(secs(1)));
        world.config(|c| {
            c.add_group("600", &["102"], Destination::Extension("103".into()));
            c.groups[0].ring_time = secs(7);
        });
        world.dials(alice, "600");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, carol);
        assert_eq!(world.state(bob), State::Idle);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.record().answered_by, "103 User 103");
    });
}

/// GRP-08: members at their busy trigger are left out; a member's own forward is not followed.
#[test]
fn busy_members_are_left_out_and_their_forwards_not_followed() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| {
            c.add_group("600", &["102", "103"], Destination::Hangup(Cause::Busy));
            c.user("102").forwards.busy_trigger = 1;
            c.user("103").forwards.always = Some("104".into());
        });
        world.habit(bob, Habit::Answer(ms(200)));
        world.dials(dave, "102");
        world.run_for(secs(2));
        world.assert_talking(dave, bob);
        world.dials(alice, "600");
        world.run_for(secs(2));
        assert_eq!(world.state(carol), State::Rings);
        assert_eq!(world.phone(bob).invited, 1);
        world.hangs_up(alice);
        world.hangs_up(dave);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-18, MED-11
#[test]
fn early_media_of_the_only_phone_is_heard_and_then_the_call() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(50)).loss(0.02);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::EarlyMedia);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::HearsRinging(183));
        world.run_for(secs(2));
        assert_eq!(world.hears(alice), [bob]);
        world.answers(bob);
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        world.run_for(secs(1));
        world.assert_talking(alice, bob);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// MED-11
#[test]
fn a_tenant_with_ringback_in_band_lets_the_caller_hear_it() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.config(|c| c.tenant.inband_ringback = true);
        world.dials(alice, "102");
        world.run_for(secs(2));
        assert_eq!(world.state(alice), State::HearsRinging(183));
        assert!(!world.hears(alice).is_empty(), "the tone");
        world.answers(bob);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-12, SIP-18: the callee learns nothing of the caller's phone.
#[test]
fn the_callee_sees_the_callers_name_and_nothing_of_its_phone() {
    let mut world = World::new(1);
    let [alice, bob] = world.phones(["101", "102"]);
    world.dials(alice, "102");
    world.run_for(secs(1));
    let invite = world.phone(bob).last_invite.clone().expect("it rings");
    let text = String::from_utf8_lossy(invite.bytes()).into_owned();
    assert!(text.contains("From: \"User 101\" <sip:101@example.test>"), "{text}");
    assert!(text.contains("Max-Forwards: 69"), "{text}");
    let address = world.phone(alice).address.ip().to_string();
    assert!(!text.contains(&address), "{text}");
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// RNG-13: nobody answers within the user's time.
#[test]
fn no_answer_ends_after_the_users_time() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.config(|c| c.user("102").forwards.no_answer_after = Duration::from_secs(9));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(480));
        world.run_until_idle();
        assert_eq!(world.state(bob), State::Idle);
        world.assert_quiet();
        assert_eq!(world.record().cause, "480 No answer");
    });
}
