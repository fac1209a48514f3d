//! Whatever up to eight people do with their phones, in whatever order: in the end nothing is left over, and every record is
//! whole. MT-13, CTRL-01…06, SIP-22…24, SIP-33.

use std::{cell::RefCell, collections::BTreeSet};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

/// Something that somebody does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Dial,
    Answer,
    Hold,
    Resume,
    Swap,
    Transfer,
    Complete,
    Park,
    Retrieve,
    PickUp,
    Join,
    HangUp,
    Wait,
}

/// Half of the phones are of one company, half of another of its group; each company has a lot and a department of all.
fn two_companies(world: &mut World, count: usize) -> Vec<PhoneId> {
    let numbers = |count: usize| (0..count).map(|n| (101 + n).to_string()).collect::<Vec<_>>();
    let furnish = |company: &mut Company, code: &str, numbers: &[String]| {
        company.tenant.calling.group = "Twins".into();
        company.tenant.calling.access_code = code.into();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        company.add_department("All", "", &numbers);
        company.add_lot("701", None).timeout = secs(20);
        company.add_role("Everything", "place_calls,park_calls,monitor", &numbers);
    };
    let (ours, theirs) = (numbers(count.div_ceil(2)), numbers(count / 2));
    let mut other = Company::new(2, "other.test");
    theirs.iter().for_each(|number| {
        other.add_user(number);
    });
    furnish(&mut other, "72", &theirs);
    world.config(|c| {
        ours.iter().for_each(|number| {
            c.add_user(number);
        });
        furnish(c, "71", &ours);
        c.neighbours.push(other);
    });
    let accounts = ours.iter().cloned().chain(theirs.iter().map(|number| format!("{number}@other.test")));
    accounts.map(|account| world.plug_in(&account)).collect()
}

/// A number that leads somewhere, from that phone: a colleague, somebody of the other company, a slot, a code, or nowhere.
fn number(random: &mut StdRng) -> String {
    let extension = 101 + random.random_range(0..4);
    match random.random_range(0..12) {
        0..6 => extension.to_string(),
        6..8 => format!("{}{extension}", random.random_range(71..73)),
        8 => (701 + random.random_range(0..3)).to_string(),
        9 => "*70".into(),
        10 => format!("{}{}", random.random_range(71..73), 701 + random.random_range(0..2)),
        _ => ["*98", "*43", "999"][random.random_range(0..3)].into(),
    }
}

fn does(world: &mut World, random: &mut StdRng, phones: &[PhoneId]) {
    let phone = phones[random.random_range(0..phones.len())];
    let acts = [
        Act::Dial,
        Act::Dial,
        Act::Answer,
        Act::Answer,
        Act::Answer,
        Act::Hold,
        Act::Resume,
        Act::Swap,
        Act::Transfer,
        Act::Complete,
        Act::Park,
        Act::Retrieve,
        Act::PickUp,
        Act::Join,
        Act::HangUp,
        Act::Wait,
    ];
    let is_free = world.phone(phone).is_free();
    match acts[random.random_range(0..acts.len())] {
        Act::Dial if is_free => world.dials(phone, &number(random)),
        Act::Answer => world.answers(phone),
        Act::Hold if world.state(phone) == State::Up => world.holds(phone),
        Act::Resume if world.state(phone) == State::Up => world.resumes(phone),
        Act::Swap => world.swaps(phone),
        Act::Transfer if world.state(phone) == State::Up => world.transfers(phone, &number(random)),
        Act::Complete if world.state(phone) == State::Up => world.completes(phone),
        Act::Park if is_free => world.dials(phone, ["*70", "701", "702"][random.random_range(0..3)]),
        Act::Retrieve if is_free => world.dials(phone, ["701", "*71702"][random.random_range(0..2)]),
        Act::PickUp if is_free => world.dials(phone, ["*98", "*97101"][random.random_range(0..2)]),
        Act::Join if is_free => {
            let other = phones[random.random_range(0..phones.len())];
            if let Some([call, ours, theirs]) = world.phone(other).dialog() {
                world.dials_joining(phone, "101", &format!("{call};to-tag={theirs};from-tag={ours}"));
            }
        }
        Act::HangUp => world.hangs_up(phone),
        _ => {}
    }
    world.run_for(ms(random.random_range(0..1_500)));
}

/// Everybody hangs up whatever they have.
fn all_hang_up(world: &mut World, phones: &[PhoneId]) {
    for _ in 0..6 {
        for &phone in phones {
            world.hangs_up(phone);
            world.swaps(phone);
        }
        world.run_for(secs(1));
    }
}

/// MT-13, CTRL-01…06
#[test]
fn any_sequence_by_up_to_eight_phones_ends_quiet_with_whole_records() {
    let came_about = RefCell::new(BTreeSet::new());
    seeds(|seed| {
        let mut random = StdRng::seed_from_u64(seed);
        let mut world = World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.01).duplicates(0.01);
        let phones = two_companies(&mut world, 2 + (seed % 7) as usize);
        for &phone in &phones {
            world.phone(phone).lines = 3;
            if random.random_range(0..3) > 0 {
                world.habit(phone, Habit::Answer(ms(random.random_range(50..2_000))));
            }
        }
        for _ in 0..40 {
            does(&mut world, &mut random, &phones);
        }
        phones.iter().for_each(|phone| world.habit(*phone, Habit::Refuse(486)));
        all_hang_up(&mut world, &phones);
        world.run_until_idle();
        world.assert_quiet();
        records_are_whole(&world);
        let traces = || world.store.calls.values().map(|row| &row.trace);
        let seen = EVENTS.iter().filter(|what| traces().any(|trace| trace.contains(&format!("\"{what}\""))));
        came_about.borrow_mut().extend(seen);
        if world.store.calls.values().any(|row| row.tenant == 2) {
            came_about.borrow_mut().insert(&"a call of the other company");
        }
    });
    assert_eq!(
        came_about.borrow().len(),
        EVENTS.len() + 1,
        "never came about: all but {:?}",
        came_about.borrow()
    );
}

/// What must come about with some seed, or the test tests less than it says.
const EVENTS: [&str; 7] =
    ["Answered", "Holds", "Transferred", "Given back", "Parked", "Taken over", "Joined"];

/// Each record ends after it began, no leg of it is left up, its users' histories lie within it, and nobody waits in a slot.
fn records_are_whole(world: &World) {
    assert_eq!(world.metric("dialtone_calls_parked"), 0.0);
    assert_eq!(world.metric("dialtone_legs"), 0.0);
    for row in world.store.calls.values() {
        let ended = row.ended_at.unwrap();
        assert!(
            row.started_at <= ended
                && row.answered_at.is_none_or(|at| (row.started_at..=ended).contains(&at))
        );
        assert!(!row.cause.is_empty(), "{row:?}");
        let legs = row.legs.matches("\"side\":").count();
        let ends = legs - row.legs.matches("\"ended_ms\":null").count();
        assert_eq!(ends, legs, "a leg that never ended: {}", row.legs);
    }
    for party in &world.store.parties {
        let call =
            world.store.calls.values().find(|row| row.id == party.call).expect("its call has a record");
        assert!(party.ended_at <= call.ended_at.unwrap() && party.started_at == call.started_at, "{party:?}");
    }
}
