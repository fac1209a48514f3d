//! Park and retrieve: by transfer to the code or to a slot, by dialling while holding, return after the time. CTRL-05,
//! SIP-33, ORG-10, FC-08.

use config::{records::parties::PartyKind, snapshot::Destination};
use media::sdp::Direction;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

fn world(seed: u64) -> World {
    World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02)
}

/// Alice and Bob talk, Carol is there, and there are slots for everybody from 701 to 704.
fn talking(world: &mut World) -> [PhoneId; 3] {
    world.config(|c| {
        c.add_lot("701", None);
    });
    let phones = world.phones(["101", "102", "103"]);
    phones.iter().for_each(|phone| world.phone(*phone).lines = 2);
    world.habit(phones[1], Habit::Answer(ms(200)));
    world.dials(phones[0], "102");
    world.run_until(secs(30), |w| w.state(phones[0]) == State::Up && w.state(phones[1]) == State::Up);
    world.run_for(secs(2));
    phones
}

fn parked_in(world: &World) -> Vec<String> {
    world.live.values().filter_map(|call| call.parked.as_ref()).map(|parked| parked.slot.clone()).collect()
}

fn is_parked(world: &World) -> bool {
    !parked_in(world).is_empty()
}

/// CTRL-05, SIP-33, FC-08
#[test]
fn a_parked_caller_is_taken_from_its_slot_by_whoever_dials_it() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = talking(&mut world);
        let (to, slot) = if seed.is_multiple_of(2) { ("*70", "701") } else { ("703", "703") };
        world.transfers(bob, to);
        world.run_until(secs(30), |w| is_parked(w) && w.state(bob) == State::Idle);
        assert_eq!(parked_in(&world), [slot]);
        assert_eq!(world.phone(bob).notified.last(), Some(&200));
        world.run_for(secs(15));
        assert_eq!(world.state(alice), State::Up, "she waits");
        let dialled = if seed.is_multiple_of(3) { slot.to_owned() } else { format!("*71{slot}") };
        world.dials(carol, &dialled);
        world.run_until(secs(30), |w| w.state(carol) == State::Up);
        world.run_for(secs(6));
        world.assert_talking(alice, carol);
        assert!(parked_in(&world).is_empty(), "the slot is free again");
        world.hangs_up(if seed.is_multiple_of(5) { alice } else { carol });
        world.run_until_idle();
        world.assert_quiet();
        let answered = |kind, number: &str| Some((kind, "answered".to_owned(), number.to_owned()));
        assert_eq!(world.history("101"), answered(PartyKind::Outbound, "102"));
        assert_eq!(world.history("103"), answered(PartyKind::Inbound, "101"));
    });
}

/// CTRL-05, SIP-33: 120 s unless the lot says otherwise; the phone shows that the call was parked.
#[test]
fn a_call_that_nobody_takes_returns_to_who_parked_it() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, _] = talking(&mut world);
        world.transfers(bob, "*70");
        world.run_until(secs(30), |w| is_parked(w) && w.state(bob) == State::Idle);
        world.habit(bob, Habit::Ring);
        world.run_for(secs(115));
        assert_eq!(world.state(bob), State::Idle);
        world.run_until(secs(10), |w| w.state(bob) == State::Rings);
        let invite = world.phone(bob).last_invite.clone().unwrap();
        let from = String::from_utf8_lossy(invite.header(sip_stack::Name::From).unwrap()).into_owned();
        assert!(from.starts_with("\"Park User 101\" <sip:101@"), "{from}");
        assert!(!is_parked(&world));
        world.answers(bob);
        world.run_for(secs(6));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// CTRL-05: the parker does not take it back.
#[test]
fn a_call_that_is_not_taken_back_goes_to_the_fallback() {
    let mut world = World::new(6);
    let [alice, bob, carol] = talking(&mut world);
    world.hangs_up(alice);
    world.run_until_idle();
    world.config(|c| {
        c.lots[0].timeout = secs(20);
        c.lots[0].fallback = Destination::Extension("103".into());
    });
    world.dials(alice, "102");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.transfers(bob, "*70");
    world.run_until(secs(30), |w| w.state(bob) == State::Idle);
    world.habit(bob, Habit::Ring);
    world.habit(carol, Habit::Answer(ms(100)));
    world.run_until(secs(60), |w| w.state(carol) == State::Up);
    world.run_for(secs(2));
    world.assert_talking(alice, carol);
    world.hangs_up(carol);
    world.run_until_idle();
    world.assert_quiet();
}

/// FC-08: a user without a transfer key holds, dials the code and is told that it is done.
#[test]
fn who_holds_a_call_parks_it_by_dialling_the_code_or_a_slot() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = talking(&mut world);
        world.offers(bob, Direction::SendOnly);
        world.run_for(secs(6));
        world.swaps(bob);
        world.dials(bob, if seed.is_multiple_of(2) { "*70" } else { "702" });
        world.run_until(secs(30), is_parked);
        world.run_for(secs(10));
        assert!(matches!(world.state(bob), State::Idle), "{:?}", world.state(bob));
        assert!(world.phone(bob).aside.is_empty(), "the held call is off the phone");
        let slot = parked_in(&world).remove(0);
        world.dials(carol, &slot);
        world.run_until(secs(30), |w| w.state(carol) == State::Up);
        world.run_for(secs(6));
        world.assert_talking(alice, carol);
        world.hangs_up(carol);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// ORG-10, FC-08: in one's own department; `*70` and its park code, or that code alone, for another.
#[test]
fn calls_are_parked_in_departments() {
    for (parks, slot) in [("*70", "801"), ("*7055", "901"), ("55", "901"), ("801", "801")] {
        let mut world = World::new(3);
        world.config(|c| {
            for number in ["101", "102", "103"] {
                c.add_user(number);
            }
            let sales = c.add_department("Sales", "44", &["102"]);
            let support = c.add_department("Support", "55", &["103"]);
            c.add_lot("701", None);
            c.add_lot("801", Some(sales));
            c.add_lot("901", Some(support));
        });
        let [alice, bob] = ["101", "102"].map(|number| world.plug_in(number));
        world.habit(bob, Habit::Answer(ms(200)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.transfers(bob, parks);
        world.run_until(secs(10), is_parked);
        assert_eq!(parked_in(&world), [slot], "{parks}");
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    }
}

/// SIP-33: there is nothing to take, no such slot, no free slot; who was sent there is given back.
#[test]
fn slots_that_are_free_full_or_unknown_are_told_apart() {
    let mut world = World::new(9);
    world.config(|c| c.add_lot("701", None).slots = 1);
    let phones = world.phones(["101", "102", "103", "104", "105"]);
    let [alice, bob, carol, dora, emil] = phones;
    for (caller, callee, number) in [(alice, bob, "102"), (carol, dora, "104")] {
        world.habit(callee, Habit::Answer(ms(100)));
        world.dials(caller, number);
        world.run_until(secs(10), |w| w.state(caller) == State::Up);
        world.run_for(secs(1));
    }
    for (dialled, status) in [("*71701", 404), ("701", 404), ("*70", 404), ("*71799", 404), ("702", 404)] {
        world.dials(emil, dialled);
        world.run_for(secs(2));
        assert_eq!(world.state(emil), State::Refused(status), "{dialled}");
    }
    world.transfers(bob, "*70");
    world.run_until(secs(5), is_parked);
    world.transfers(dora, "*70");
    world.run_for(secs(3));
    assert_eq!(world.phone(dora).notified.last(), Some(&486));
    world.assert_talking(carol, dora);
    world.hangs_up(carol);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// ROL-10: who may not park is given back whom they sent.
#[test]
fn parking_needs_the_permission() {
    let mut world = World::new(4);
    let [alice, bob, _] = talking(&mut world);
    world.hangs_up(alice);
    world.run_until_idle();
    world.config(|c| c.add_role("No parking", "place_calls", &["102"]));
    world.dials(alice, "102");
    world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.transfers(bob, "*70");
    world.run_for(secs(3));
    assert_eq!(world.phone(bob).referred, Some(403));
    world.transfers(bob, "702");
    world.run_for(secs(3));
    assert_eq!(world.phone(bob).notified.last(), Some(&403));
    world.assert_talking(alice, bob);
    world.hangs_up(bob);
    world.run_until_idle();
    world.assert_quiet();
}
