//! Phones show whom their user talks with, whoever that was at first. CTRL-02, SIP-23, SIP-24, SIP-33; RFC 3325, RFC 4916.

use media::sdp::Direction;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

fn world(seed: u64) -> World {
    World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02)
}

fn told(number: &str) -> String {
    format!("\"User {number}\" <sip:{number}@example.test>")
}

/// Three phones of one group; the first one called the second, and they talk.
fn talking(world: &mut World) -> [PhoneId; 3] {
    let phones = world.phones(["101", "102", "103"]);
    world.config(|c| {
        c.add_department("Sales", "", &["101", "102", "103"]);
    });
    phones.iter().for_each(|phone| world.phone(*phone).lines = 2);
    world.habit(phones[1], Habit::Answer(ms(200)));
    world.dials(phones[0], "102");
    world.run_until(secs(30), |w| w.state(phones[0]) == State::Up && w.state(phones[1]) == State::Up);
    world.run_for(secs(2));
    phones
}

fn ends(mut world: World, phone: PhoneId) {
    world.hangs_up(phone);
    world.run_until_idle();
    world.assert_quiet();
}

/// CTRL-06: who is answered by whom they dialled sees their name; nobody is told twice.
#[test]
fn an_answer_says_who_answers() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, _] = talking(&mut world);
        assert_eq!(world.phone(alice).shows, [told("102")]);
        assert!(world.phone(bob).shows.is_empty(), "the INVITE said who calls");
        ends(world, alice);
    });
}

/// SIP-24, FC-14: after a pickup the caller sees who took the call, and who took it whom they talk with.
#[test]
fn after_a_pickup_both_phones_show_each_other() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_department("Sales", "", &["102", "103"]);
        });
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(bob) == State::Rings);
        world.dials(carol, "*98");
        world.run_until(secs(30), |w| w.state(carol) == State::Up && w.state(alice) == State::Up);
        world.run_for(secs(6));
        assert_eq!(world.phone(alice).shows, [told("103")]);
        assert_eq!(world.phone(carol).shows, [told("101")]);
        ends(world, carol);
    });
}

/// SIP-22: who was sent on sees whom they reached.
#[test]
fn after_a_blind_transfer_the_other_party_sees_the_new_one() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = talking(&mut world);
        world.habit(carol, Habit::Answer(ms(800)));
        world.transfers(alice, "103");
        world.run_until(secs(60), |w| w.state(carol) == State::Up);
        world.run_for(secs(12));
        world.assert_talking(bob, carol);
        assert_eq!(world.phone(bob).shows.last(), Some(&told("103")));
        assert!(world.phone(carol).shows.is_empty(), "the INVITE said who calls");
        ends(world, bob);
    });
}

/// SIP-23: after an attended transfer both who are left see each other.
#[test]
fn after_an_attended_transfer_both_phones_show_each_other() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = talking(&mut world);
        world.habit(carol, Habit::Answer(ms(300)));
        world.offers(alice, Direction::SendOnly);
        world.run_for(secs(6));
        world.swaps(alice);
        world.dials(alice, "103");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carol) == State::Up);
        world.run_for(secs(2));
        world.completes(alice);
        world.run_until(secs(30), |w| w.state(alice) == State::Idle);
        world.run_for(secs(12));
        world.assert_talking(bob, carol);
        assert_eq!(world.phone(bob).shows.last(), Some(&told("103")));
        assert_eq!(world.phone(carol).shows.last(), Some(&told("102")));
        ends(world, bob);
    });
}

/// SIP-33, CTRL-05: who parks a call that they hold sees the slot; who takes it sees who waited, and is seen.
#[test]
fn the_parker_sees_the_slot_and_who_retrieves_sees_who_waited() {
    seeds(|seed| {
        let mut world = world(seed);
        world.config(|c| {
            c.add_lot("701", None);
        });
        let [alice, bob, carol] = talking(&mut world);
        world.offers(bob, Direction::SendOnly);
        world.run_for(secs(6));
        world.swaps(bob);
        world.dials(bob, "*70");
        world.run_until(secs(30), |w| w.state(bob) == State::Up);
        world.run_for(secs(4));
        assert_eq!(world.phone(bob).shows.last().unwrap(), "\"Parked in 701\" <sip:701@example.test>");
        world.dials(carol, "701");
        world.run_until(secs(30), |w| w.state(carol) == State::Up);
        world.run_for(secs(12));
        world.assert_talking(alice, carol);
        assert_eq!(world.phone(alice).shows.last(), Some(&told("103")));
        assert_eq!(world.phone(carol).shows, [told("101")]);
        ends(world, carol);
    });
}

/// SIP-33: a phone that parks by transfer is told the slot as it is let go.
#[test]
fn a_phone_that_parks_by_transfer_is_told_the_slot() {
    seeds(|seed| {
        let mut world = world(seed);
        world.config(|c| {
            c.add_lot("701", None);
        });
        let [alice, bob, _] = talking(&mut world);
        world.phone(bob).waits_for_bye = true;
        world.transfers(bob, "*70");
        world.run_until(secs(30), |w| w.state(bob) == State::Idle);
        let reason = world.phone(bob).last_reason.clone();
        assert_eq!(reason.as_deref(), Some("SIP;cause=200;text=\"Parked in 701\""));
        ends(world, alice);
    });
}

/// FC-15: who hid their number is not shown by the back door.
#[test]
fn who_hides_their_number_is_not_shown_after_a_transfer_either() {
    let mut world = World::new(1);
    let [alice, bob, carol] = world.phones(["101", "102", "103"]);
    world.phone(bob).lines = 2;
    world.habit(bob, Habit::Answer(ms(200)));
    world.dials(alice, "*67102");
    world.run_until(secs(5), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
    world.habit(carol, Habit::Answer(ms(200)));
    world.transfers(bob, "103");
    world.run_until(secs(10), |w| w.state(carol) == State::Up);
    world.run_for(secs(5));
    assert!(world.phone(carol).shows.is_empty());
    ends(world, alice);
}
