//! Forwards, busy triggers, and calls that lead nowhere. RNG-07…13.

use tests::{Habit, State, World, ms, secs};

use crate::{rough, seeds};

/// RNG-07
#[test]
fn forward_always_rings_the_other_phone_only() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.user("102").forwards.always = Some("103".into()));
        world.habit(carol, Habit::Answer(ms(500)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.run_for(secs(1));
        world.assert_talking(alice, carol);
        assert!(world.phone(bob).rang_at.is_empty());
        let invite = world.phone(carol).last_invite.clone().expect("it rang");
        let diversion = invite.header(sip_stack::Name::Diversion).expect("it says through whom");
        assert!(
            String::from_utf8_lossy(diversion).starts_with("<sip:102@example.test>;reason=unconditional")
        );
        world.hangs_up(carol);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-08, RNG-12, C-4
#[test]
fn the_call_at_the_busy_trigger_is_forwarded() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| {
            c.user("102").forwards.busy = Some("104".into());
            c.user("102").forwards.busy_trigger = 1;
        });
        world.habit(bob, Habit::Answer(ms(300)));
        world.dials(alice, "102");
        world.run_for(secs(1));
        world.assert_talking(alice, bob);
        world.dials(carol, "102");
        world.run_for(secs(1));
        assert_eq!(world.phone(bob).invited, 1, "the phone that talks is left in peace");
        assert_eq!(world.state(dave), State::Rings);
        world.answers(dave);
        world.run_for(secs(1));
        world.assert_talking(carol, dave);
        world.hangs_up(alice);
        world.hangs_up(carol);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-12, SIP-25: an own call counts too.
#[test]
fn without_a_forward_the_busy_trigger_gives_486() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.user("102").forwards.busy_trigger = 1);
        world.dials(bob, "103");
        world.run_for(secs(1));
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(alice), State::Refused(486));
        assert_eq!(world.record().outcome, "busy");
        assert_eq!(world.phone(bob).invited, 0, "the phone that calls is left in peace");
        world.hangs_up(bob);
        world.run_until_idle();
        assert_eq!(world.state(carol), State::Idle);
        world.assert_quiet();
    });
}

/// RNG-09
#[test]
fn an_unanswered_call_is_forwarded_after_the_users_time() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.user("102").forwards.no_answer = Some("103".into());
            c.user("102").forwards.no_answer_after = secs(6);
        });
        world.habit(carol, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_until(secs(40), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, carol);
        assert_eq!(world.state(bob), State::Idle);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-13: unregistered counts as no answer at once.
#[test]
fn an_unregistered_user_is_forwarded_at_once_or_480() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, carol] = world.phones(["101", "103"]);
        let forwarded = seed.is_multiple_of(2);
        world.config(|c| {
            c.add_user("102");
            c.user("102").forwards.no_answer = forwarded.then(|| "103".into());
        });
        world.dials(alice, "102");
        world.run_for(ms(500));
        if forwarded {
            assert_eq!(world.state(carol), State::Rings);
            world.hangs_up(alice);
        } else {
            assert_eq!(world.state(alice), State::Refused(480));
        }
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("not registered"));
    });
}

/// SIP-17: a forward that is set on the phone itself is followed like one of the portal.
#[test]
fn a_phone_that_sends_the_call_elsewhere_is_obeyed() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.add_device("102", "102-mobile"));
        let mobile = world.plug_in("102-mobile");
        world.habit(bob, Habit::Redirect(103));
        world.habit(carol, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.run_for(secs(4));
        world.assert_talking(alice, carol);
        assert_eq!(world.state(mobile), State::Idle, "the user's other phone stops");
        let invite = world.phone(carol).last_invite.clone().expect("it rang");
        let diversion = invite.header(sip_stack::Name::Diversion).unwrap_or_default();
        assert_eq!(diversion, b"<sip:102@example.test>;reason=deflection;counter=1");
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("102 User 102 to 103"), "{}", world.record().trace);
    });
}

/// SIP-17, RNG-17: phones that send calls to each other do not do so for ever; who is elsewhere is not obeyed.
#[test]
fn redirections_in_a_circle_or_to_strangers_end() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.habit(bob, Habit::Redirect(103));
        world.habit(carol, if seed % 2 == 0 { Habit::Redirect(102) } else { Habit::Refuse(302) });
        world.dials(alice, "102");
        world.run_for(secs(5));
        assert_eq!(world.state(alice), State::Refused(480));
        world.run_until_idle();
        world.assert_quiet();
        let looped = world.record().trace.contains("Forward loop cut");
        assert_eq!(looped, seed % 2 == 0, "{}", world.record().trace);
    });
}

/// RNG-07: forwards in a circle are cut and recorded.
#[test]
fn forwards_in_a_circle_end() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, ..] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.user("102").forwards.always = Some("103".into());
            c.user("103").forwards.always = Some("102".into());
        });
        world.dials(alice, "102");
        world.run_for(secs(2));
        assert_eq!(world.state(alice), State::Refused(480));
        world.run_until_idle();
        world.assert_quiet();
        assert!(world.record().trace.contains("Forward loop cut"));
    });
}

/// SIP-16, EXT-04
#[test]
fn unknown_and_outside_numbers_get_404_with_the_reason() {
    for (number, cause) in [
        ("199", "404 No such extension"),
        ("0301234567", "404 No way outside configured"),
        ("+49301234", "404 No way outside configured"),
    ] {
        let mut world = World::new(7);
        let [alice] = world.phones(["101"]);
        world.dials(alice, number);
        world.run_for(secs(1));
        assert_eq!(world.state(alice), State::Refused(404));
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!((world.record().cause.as_str(), world.record().outcome.as_str()), (cause, "failed"));
    }
}

/// SIP-16
#[test]
fn a_busy_phone_without_forward_gives_486() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::Refuse(486));
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(486));
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// EXT-04: who dials the own number rings the own other phones.
#[test]
fn the_own_number_rings_the_own_other_phones() {
    let mut world = World::new(3);
    let [desk] = world.phones(["101"]);
    world.config(|c| c.add_device("101", "101-mobile"));
    let mobile = world.plug_in("101-mobile");
    world.dials(desk, "101");
    world.run_for(secs(1));
    assert_eq!(world.state(mobile), State::Rings);
    assert!(world.phone(desk).rang_at.is_empty());
    world.answers(mobile);
    world.run_for(secs(1));
    world.assert_talking(desk, mobile);
    world.hangs_up(desk);
    world.run_until_idle();
    world.assert_quiet();
}
