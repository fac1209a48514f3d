//! A user's mobile phone rings with their other phones. RNG-01.

use std::time::Duration;

use config::snapshot::Mobile;
use sip_stack::Name;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{
    outside::{header, outside},
    rough, seeds,
};

/// 101 calls 102, whose mobile rings, too.
fn with_mobile(world: &mut World, delay: Duration) -> [PhoneId; 3] {
    let (alice, carrier) = outside(world);
    world.config(|c| {
        c.add_user("102");
        c.add_role("Mobile", "place_calls,call_national", &["102"]);
        c.user("102").calling.mobile =
            Some(Mobile { number: "+491715550100".into(), delay, confirms: false });
    });
    let bob = world.plug_in("102");
    world.habit(bob, Habit::Ring);
    world.habit(carrier, Habit::Ring);
    [alice, bob, carrier]
}

/// RNG-01: whoever answers first has the call; the other one stops.
#[test]
fn the_mobile_rings_with_the_desk_phone_and_either_answers() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, mobile] = with_mobile(&mut world, Duration::ZERO);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings && w.state(mobile) == State::Rings);
        let (by, other) = if seed % 2 == 0 { (mobile, bob) } else { (bob, mobile) };
        world.answers(by);
        world.run_until(secs(20), |w| w.state(alice) == State::Up && w.state(other) == State::Idle);
        world.run_for(secs(2));
        world.assert_talking(alice, by);
        world.hangs_up(alice);
        world.run_until_idle();
        let record = world.record();
        assert!(record.trace.contains("+491715550100 of 102 User 102; its own mailbox may answer"));
        assert_eq!(world.history("102").map(|(_, result, _)| result), Some("answered".into()));
        let talked = world.store.usage.iter().map(|row| row.user).collect::<Vec<_>>();
        let payer = world.company.user("102").id;
        assert_eq!(talked, if by == mobile { vec![Some(payer)] } else { vec![] }, "whose mobile it is pays");
        world.assert_quiet();
    });
}

/// RNG-01: after its delay; and not at all if the phones ring no longer.
#[test]
fn a_delayed_mobile_rings_later_or_not_at_all() {
    let mut world = World::new(1);
    let [alice, bob, mobile] = with_mobile(&mut world, secs(10));
    world.dials(alice, "102");
    world.run_until(secs(5), |w| w.state(bob) == State::Rings);
    world.run_for(secs(8));
    assert_eq!(world.phone(mobile).invited, 0);
    world.run_for(secs(4));
    assert_eq!(world.state(mobile), State::Rings);
    world.hangs_up(alice);
    world.run_until_idle();
    world.dials(alice, "102");
    world.run_until(secs(5), |w| w.state(bob) == State::Rings);
    world.answers(bob);
    world.run_for(secs(15));
    assert_eq!(world.phone(mobile).invited, 1);
    world.hangs_up(alice);
    world.run_until_idle();
    world.config(|c| c.user("102").calling.mobile.as_mut().unwrap().delay = secs(40));
    world.dials(alice, "102");
    world.run_until(secs(40), |w| matches!(w.state(alice), State::Refused(_)));
    world.run_until_idle();
    assert!(world.record().trace.contains("its delay is longer than the ringing time"));
    world.assert_quiet();
}

/// RNG-01: without any phone that is registered the mobile is enough; what it shows is the caller or the user's number.
#[test]
fn the_mobile_alone_is_enough() {
    let mut world = World::new(2);
    let [alice, bob, mobile] = with_mobile(&mut world, Duration::ZERO);
    world.config(|c| c.device("102").ring = config::snapshot::Ring::Disabled);
    world.habit(mobile, Habit::Answer(ms(500)));
    world.dials(alice, "102");
    world.run_until(secs(10), |w| w.state(alice) == State::Up);
    assert_eq!(world.phone(bob).invited, 0);
    assert!(!header(&mut world, mobile, Name::From).contains("sip:101@"), "extensions stay inside");
    world.hangs_up(mobile);
    world.run_until_idle();
    world.assert_quiet();
}

/// RNG-01, ROL-10: as the user, with what they may call; the desk phone rings all the same.
#[test]
fn a_mobile_that_its_user_may_not_call_does_not_ring() {
    let mut world = World::new(3);
    let [alice, bob, mobile] = with_mobile(&mut world, Duration::ZERO);
    world.config(|c| c.user("102").calling.most = Some(config::numbering::Class::Internal));
    world.dials(alice, "102");
    world.run_until(secs(5), |w| w.state(bob) == State::Rings);
    world.answers(bob);
    world.run_until(secs(5), |w| w.state(alice) == State::Up);
    world.hangs_up(bob);
    world.run_until_idle();
    assert_eq!(world.phone(mobile).invited, 0);
    assert!(world.record().trace.contains("Mobile not rung"), "{}", world.record().trace);
    world.assert_quiet();
}

/// The same, where who answers the mobile presses a key to have the call.
fn with_careful_mobile(world: &mut World) -> [PhoneId; 3] {
    let phones = with_mobile(world, Duration::ZERO);
    world.config(|c| c.user("102").calling.mobile.as_mut().unwrap().confirms = true);
    phones
}

/// Alice calls Bob, whose phone rings; his mobile was answered, and whoever did is asked for the key.
fn asked(seed: u64) -> (World, [PhoneId; 3]) {
    let mut world = rough(seed);
    let [alice, bob, mobile] = with_careful_mobile(&mut world);
    world.habit(mobile, Habit::Answer(ms(500)));
    world.dials(alice, "102");
    world.run_until(secs(20), |w| w.state(mobile) == State::Up && w.state(bob) == State::Rings);
    (world, [alice, bob, mobile])
}

/// RNG-01: a mailbox that answers presses nothing: it hears nobody, nobody hears it, and the other phones ring on.
#[test]
fn a_mobiles_mailbox_never_takes_the_call() {
    seeds(|seed| {
        let (mut world, [alice, bob, mobile]) = asked(seed);
        world.presses(alice, "11");
        world.run_for(secs(5));
        assert!(matches!(world.state(alice), State::HearsRinging(_)) && world.state(bob) == State::Rings);
        assert!(!world.hears(mobile).contains(&alice) && !world.hears(alice).contains(&mobile));
        assert!(!world.hears(mobile).is_empty(), "it hears that a key is wanted");
        world.run_until(secs(20), |w| w.state(mobile) == State::Idle);
        assert_eq!(world.state(bob), State::Rings, "it rings on");
        world.answers(bob);
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        world.run_for(secs(2));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        let record = world.record();
        assert!(record.trace.contains("1 takes the call") && record.trace.contains("no key was pressed"));
        assert_eq!(record.answered_by, "102 User 102");
        world.assert_quiet();
    });
}

/// RNG-01: by RFC 4733; another key does nothing.
#[test]
fn who_presses_the_key_on_the_mobile_has_the_call() {
    seeds(|seed| {
        let (mut world, [alice, bob, mobile]) = asked(seed);
        world.run_for(secs(3));
        world.presses(mobile, "5");
        world.run_for(secs(2));
        assert!(matches!(world.state(alice), State::HearsRinging(_)) && world.state(bob) == State::Rings);
        world.presses(mobile, "1");
        world.run_until(secs(20), |w| w.state(alice) == State::Up && w.state(bob) == State::Idle);
        world.run_for(secs(2));
        world.assert_talking(alice, mobile);
        world.hangs_up(mobile);
        world.run_until_idle();
        assert!(world.record().trace.contains("Key pressed"), "{}", world.record().trace);
        world.assert_quiet();
    });
}

/// RNG-01: whoever answers a desk phone meanwhile, hangs up the mobile or gives up: no leg is left over.
#[test]
fn whatever_comes_first_ends_the_question() {
    seeds(|seed| {
        let (mut world, [alice, bob, mobile]) = asked(seed);
        match seed % 3 {
            0 => {
                world.answers(bob);
                world.run_until(secs(20), |w| w.state(alice) == State::Up && w.state(mobile) == State::Idle);
            }
            1 => {
                world.hangs_up(mobile);
                world.run_for(secs(3));
                assert!(
                    matches!(world.state(alice), State::HearsRinging(_)) && world.state(bob) == State::Rings
                );
            }
            _ => {}
        }
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!((world.state(bob), world.state(mobile)), (State::Idle, State::Idle));
        world.assert_quiet();
    });
}

/// RNG-01, RNG-10: without another phone a call that nobody takes on the mobile is one that nobody answered.
#[test]
fn a_call_that_the_mailbox_would_have_taken_is_not_answered() {
    let mut world = World::new(6);
    let [alice, bob, mobile] = with_careful_mobile(&mut world);
    let [carol] = world.phones(["103"]);
    world.config(|c| {
        c.device("102").ring = config::snapshot::Ring::Disabled;
        c.user("102").forwards.no_answer = Some("103".into());
        c.user("102").forwards.no_answer_after = secs(10);
    });
    world.habit(mobile, Habit::Answer(secs(8)));
    world.dials(alice, "102");
    world.run_until(secs(12), |w| w.state(mobile) == State::Up);
    world.run_for(secs(5));
    assert_eq!(
        world.state(mobile),
        State::Up,
        "there is time to press the key when the ringing time is over"
    );
    world.run_until(secs(15), |w| w.state(carol) == State::Rings);
    world.run_for(secs(1));
    assert_eq!((world.state(mobile), world.phone(bob).invited), (State::Idle, 0));
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// RNG-01, GRP-08: with a group that wants it ring the members' mobiles that ask for a key, and no others.
#[test]
fn a_group_rings_the_mobiles_that_ask_for_a_key() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, mobile] = with_careful_mobile(&mut world);
        let nobody = config::snapshot::Destination::Hangup(config::snapshot::Cause::NoAnswer);
        world.config(|c| {
            c.add_group("600", &["102"], nobody);
            c.groups[0].ring_time = secs(10);
        });
        let mut calls = |rings: bool, confirms: bool| {
            world.config(|c| {
                c.groups[0].rings_mobiles = rings;
                c.user("102").calling.mobile.as_mut().unwrap().confirms = confirms;
            });
            let before = world.phone(mobile).invited;
            world.dials(alice, "600");
            world.run_until(secs(20), |w| w.state(bob) == State::Rings);
            world.run_for(secs(2));
            let rang = world.phone(mobile).invited > before;
            if rang {
                world.answers(mobile);
                world.run_for(secs(2));
                world.presses(mobile, "1");
                world.run_until(secs(20), |w| w.state(alice) == State::Up && w.state(bob) == State::Idle);
            }
            world.hangs_up(alice);
            world.run_until_idle();
            rang
        };
        assert_eq!([calls(false, true), calls(true, false), calls(true, true)], [false, false, true]);
        world.assert_quiet();
    });
}
