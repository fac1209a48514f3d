//! A colleague takes a call that rings elsewhere: by code, or by INVITE with Replaces. Call waiting. SIP-24, FC-14, CTRL-06.

use config::{
    records::parties::PartyKind,
    snapshot::{Cause, Destination},
};
use media::sdp::Direction;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

fn world(seed: u64) -> World {
    World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02)
}

/// Alice calls Bob, whose phone rings. Bob and Carol are in one group or department, Dora is in none.
fn ringing(world: &mut World) -> [PhoneId; 4] {
    let phones = world.phones(["101", "102", "103", "104"]);
    let seed = world.seed;
    world.config(|c| {
        if seed.is_multiple_of(2) {
            c.add_group("600", &["102", "103"], Destination::Hangup(Cause::NoAnswer));
        } else {
            c.add_department("Sales", "", &["102", "103"]);
        }
    });
    world.dials(phones[0], "102");
    world.run_until(secs(30), |w| w.state(phones[1]) == State::Rings);
    world.run_for(secs(1));
    phones
}

fn talks_and_ends(mut world: World, one: PhoneId, other: PhoneId) -> World {
    world.run_until(secs(30), |w| w.state(other) == State::Up && w.state(one) == State::Up);
    world.run_for(secs(5));
    world.assert_talking(one, other);
    world.hangs_up(if world.seed.is_multiple_of(3) { one } else { other });
    world.run_until_idle();
    world.assert_quiet();
    world
}

/// FC-14, SIP-24
#[test]
fn a_colleague_picks_up_a_call_by_code() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol, _] = ringing(&mut world);
        world.dials(carol, if seed.is_multiple_of(5) { "*98" } else { "*97102" });
        world.run_until(secs(30), |w| w.state(bob) == State::Idle);
        assert_eq!(
            world.phone(bob).last_reason.as_deref(),
            Some("SIP;cause=200;text=\"Call completed elsewhere\"")
        );
        let mut world = talks_and_ends(world, alice, carol);
        let row = |kind, result: &str, number: &str| Some((kind, result.to_owned(), number.to_owned()));
        assert_eq!(world.history("101"), row(PartyKind::Outbound, "answered", "102"));
        assert_eq!(world.history("102"), row(PartyKind::Inbound, "elsewhere", "101"));
        assert_eq!(world.history("103"), row(PartyKind::Inbound, "answered", "101"));
        let records: Vec<_> = world.store.calls.values().collect();
        assert_eq!(records.len(), 2);
        let first = records.iter().find(|record| record.dialled == "102").unwrap();
        assert_eq!((first.outcome.as_str(), first.answered_by.as_str()), ("answered", "103 User 103"));
        assert!(first.trace.contains("Taken over"), "{}", first.trace);
    });
}

/// FC-14: a call to a ring group is picked up by the group's number.
#[test]
fn a_call_to_a_group_is_picked_up() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.add_group("600", &["102", "103"], Destination::Hangup(Cause::NoAnswer)));
        world.config(|c| c.device("103").ring = config::snapshot::Ring::Disabled);
        world.dials(alice, "600");
        world.run_until(secs(30), |w| w.state(bob) == State::Rings);
        world.dials(carol, "*97600");
        talks_and_ends(world, alice, carol);
    });
}

/// FC-14: strangers to the rung phone may not, and where nothing rings there is nothing to pick up.
#[test]
fn who_shares_no_group_picks_nothing_up() {
    let mut world = World::new(2);
    let [alice, bob, carol, dora] = ringing(&mut world);
    for (phone, code, status) in
        [(dora, "*97102", 403), (dora, "*98", 404), (carol, "*97103", 403), (carol, "*97199", 404)]
    {
        world.dials(phone, code);
        world.run_for(secs(2));
        assert_eq!(world.state(phone), State::Refused(status), "{code}");
    }
    assert_eq!(world.state(bob), State::Rings);
    world.hangs_up(alice);
    world.run_for(secs(2));
    world.dials(carol, "*97102");
    world.run_for(secs(2));
    assert_eq!(world.state(carol), State::Refused(404));
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-24, RFC 3891: a phone that watches another one takes the call that rings there.
#[test]
fn an_invite_with_replaces_takes_a_ringing_call() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol, _] = ringing(&mut world);
        let Some([call, ours, theirs]) = world.phone(bob).dialog() else { panic!("no dialog") };
        let early = if seed.is_multiple_of(4) { ";early-only" } else { "" };
        world.dials_replacing(carol, "102", &format!("{call};to-tag={theirs};from-tag={ours}{early}"));
        world.run_until(secs(30), |w| w.state(bob) == State::Idle);
        talks_and_ends(world, alice, carol);
    });
}

/// SIP-24: a user takes a call that is up to another phone of theirs; nobody else may.
#[test]
fn an_invite_with_replaces_moves_a_call_to_another_phone_of_its_user() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_device("102", "102b");
            c.device("102b").ring = config::snapshot::Ring::Disabled;
        });
        let second = world.plug_in("102b");
        world.habit(bob, Habit::Answer(ms(200)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.run_for(secs(2));
        let Some([call, ours, theirs]) = world.phone(bob).dialog() else { panic!("no dialog") };
        let value = format!("{call};to-tag={theirs};from-tag={ours}");
        for (phone, value, status) in [
            (carol, value.clone(), 403),
            (second, format!("{value};early-only"), 486),
            (second, format!("x{value}"), 481),
        ] {
            world.dials_replacing(phone, "102", &value);
            world.run_until(secs(40), |w| w.state(phone) == State::Refused(status));
        }
        world.dials_replacing(second, "102", &value);
        world.run_until(secs(30), |w| w.state(second) == State::Up && w.state(bob) == State::Idle);
        talks_and_ends(world, alice, second);
    });
}

/// SIP-24: a caller's early dialog is not ours to give away.
#[test]
fn the_call_of_a_caller_who_waits_is_not_taken() {
    let mut world = World::new(1);
    let [alice, bob, carol, _] = ringing(&mut world);
    let Some([call, ours, theirs]) = world.phone(alice).dialog() else { panic!("no dialog") };
    world.dials_replacing(carol, "102", &format!("{call};to-tag={theirs};from-tag={ours}"));
    world.run_for(secs(2));
    assert_eq!((world.state(carol), world.state(bob)), (State::Refused(481), State::Rings));
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// CTRL-06, RNG-12: a second call rings while there is one, up to the busy trigger; the user changes between them.
#[test]
fn a_second_call_waits_while_the_first_is_held() {
    seeds(|seed| {
        let mut world = world(seed);
        let [alice, bob, carol, dora] = world.phones(["101", "102", "103", "104"]);
        world.phone(bob).lines = 3;
        world.habit(bob, Habit::Answer(ms(200)));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(bob) == State::Up);
        world.run_for(secs(1));
        world.dials(carol, "102");
        world.run_until(secs(30), |w| matches!(w.state(carol), State::HearsRinging(_)));
        world.dials(dora, "102");
        world.run_until(secs(30), |w| w.state(dora) == State::Refused(486));
        world.offers(bob, Direction::SendOnly);
        world.run_for(secs(6));
        world.swaps(bob);
        world.answers(bob);
        world.run_until(secs(30), |w| w.state(carol) == State::Up);
        world.run_for(secs(3));
        assert_eq!(world.hears(carol), [bob]);
        world.offers(bob, Direction::SendOnly);
        world.run_for(secs(6));
        world.swaps(bob);
        world.resumes(bob);
        world.run_for(secs(6));
        assert_eq!(world.hears(alice), [bob]);
        world.hangs_up(alice);
        world.hangs_up(carol);
        world.run_until_idle();
        world.assert_quiet();
    });
}
