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
        c.user("102").calling.mobile = Some(Mobile { number: "+491715550100".into(), delay });
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
