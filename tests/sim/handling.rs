//! Whatever people do with their calls, in whatever order: it ends quiet, each record is closed, and nobody is lost. CTRL-02,
//! CTRL-05, SIP-22…24, SIP-33.

use config::snapshot::{Cause, Destination};
use media::sdp::Direction;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

/// A company of up to eight phones with two lines each, a group, a department and park slots.
fn company(seed: u64, chance: &mut StdRng) -> (World, Vec<PhoneId>) {
    let mut world = World::with(seed, |o| o.workers = 3).delay(ms(2)..ms(60)).loss(0.01).duplicates(0.01);
    let count = chance.random_range(3..=NUMBERS.len());
    world.config(|c| {
        for number in &NUMBERS[..count] {
            c.add_user(number);
        }
        c.add_group("600", &NUMBERS[..3], Destination::Hangup(Cause::NoAnswer));
        let sales = c.add_department("Sales", "44", &NUMBERS[count - 2..count]);
        c.add_lot("701", None).timeout = secs(15);
        c.add_lot("801", Some(sales)).timeout = secs(25);
    });
    let phones: Vec<PhoneId> = NUMBERS[..count].iter().map(|number| world.plug_in(number)).collect();
    for phone in &phones {
        world.phone(*phone).lines = 2;
        let after = ms(chance.random_range(100..4_000));
        world.habit(*phone, if chance.random_bool(0.7) { Habit::Answer(after) } else { Habit::Ring });
    }
    (world, phones)
}

/// One thing that somebody does at random.
fn act(world: &mut World, phones: &[PhoneId], chance: &mut StdRng) {
    let who = phones[chance.random_range(0..phones.len())];
    let other = NUMBERS[chance.random_range(0..phones.len())];
    let codes = ["*70", "*7044", "*71701", "701", "702", "801", "*98", "600", "*97101", "*97102", "999"];
    let number = if chance.random_bool(0.5) { other } else { codes[chance.random_range(0..codes.len())] };
    let is_up = world.state(who) == State::Up;
    match chance.random_range(0..12) {
        0..=2 if world.phone(who).is_free() => world.dials(who, number),
        3 => world.answers(who),
        4 if is_up => {
            world.offers(who, [Direction::SendOnly, Direction::Inactive][chance.random_range(0..2)])
        }
        5 if is_up => world.resumes(who),
        6 if is_up => world.transfers(who, number),
        7 if is_up || matches!(world.state(who), State::HearsRinging(_)) => world.completes(who),
        8 | 9 => world.swaps(who),
        10 => world.hangs_up(who),
        11 => {
            let watched = phones[chance.random_range(0..phones.len())];
            let ids = world.phone(watched).dialog();
            if let (Some([call, ours, theirs]), true) = (ids, world.phone(who).is_free()) {
                world.dials_replacing(who, other, &format!("{call};to-tag={theirs};from-tag={ours}"));
            }
        }
        _ => {}
    }
}

/// Everybody puts the receiver down, on each line.
fn all_hang_up(world: &mut World, phones: &[PhoneId]) {
    for phone in phones {
        world.habit(*phone, Habit::Refuse(486));
        for _ in 0..3 {
            world.hangs_up(*phone);
            world.swaps(*phone);
        }
    }
}

/// SIP-22, SIP-23, SIP-24, SIP-33, CTRL-02, CTRL-05, FC-14
#[test]
fn any_sequence_of_what_people_do_ends_quiet_with_closed_records() {
    seeds(|seed| {
        let mut chance = StdRng::seed_from_u64(seed ^ 0x7261_6E64);
        let (mut world, phones) = company(seed, &mut chance);
        for _ in 0..chance.random_range(10..40) {
            act(&mut world, &phones, &mut chance);
            let pause = if chance.random_bool(0.3) { 20..200 } else { 200..4_000 };
            world.run_for(ms(chance.random_range(pause)));
        }
        all_hang_up(&mut world, &phones);
        world.run_for(secs(40));
        all_hang_up(&mut world, &phones);
        world.run_until_idle();
        world.assert_quiet();
        let records = &world.store.calls;
        for party in &world.store.parties {
            let record = &records[&party.call];
            let (began, ended) = (record.started_at, record.ended_at.unwrap());
            let within = began..=ended;
            assert!(within.contains(&party.ended_at), "{party:?} of {record:?}");
            assert!(
                party.answered_at.is_none_or(|at| within.contains(&at) && at <= party.ended_at),
                "{party:?}"
            );
        }
    });
}

const NUMBERS: [&str; 8] = ["101", "102", "103", "104", "105", "106", "107", "108"];
