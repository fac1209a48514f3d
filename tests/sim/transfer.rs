//! Blind and attended transfer, by REFER and from the portal. SIP-22, SIP-23, CTRL-02.

use config::records::parties::PartyKind;
use media::sdp::Direction;
use pbx_core::{Input, live};
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::seeds;

/// A bad network, and two media workers: the calls that come together live on different ones.
fn world(seed: u64) -> World {
    World::with(seed, |o| o.workers = 2).delay(ms(5)..ms(60)).loss(0.02).duplicates(0.02)
}

/// Three phones; the first one called the second, and they talk.
fn three(world: &mut World) -> [PhoneId; 3] {
    let phones = world.phones(["101", "102", "103"]);
    phones.iter().for_each(|phone| world.phone(*phone).lines = 2);
    world.habit(phones[1], Habit::Answer(ms(200)));
    world.dials(phones[0], "102");
    world.run_until(secs(30), |w| w.state(phones[0]) == State::Up && w.state(phones[1]) == State::Up);
    world.run_for(secs(2));
    world.assert_talking(phones[0], phones[1]);
    phones
}

/// Either of the two who talk, and the other one.
fn sides(world: &World, [alice, bob, _]: [PhoneId; 3]) -> (PhoneId, PhoneId) {
    if world.seed.is_multiple_of(2) { (alice, bob) } else { (bob, alice) }
}

fn ends(mut world: World, phone: PhoneId) -> World {
    world.hangs_up(phone);
    world.run_until_idle();
    world.assert_quiet();
    world
}

/// The transferor's phone holds, and calls the third on another line.
fn consults(world: &mut World, who: PhoneId, number: &str) {
    world.offers(who, Direction::SendOnly);
    world.run_for(secs(6));
    world.swaps(who);
    world.dials(who, number);
}

/// SIP-22, CTRL-02: whoever of the two transfers, the other one talks with the third.
#[test]
fn a_blind_transfer_leaves_the_other_two_talking() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let ((by, sent), carol) = (sides(&world, phones), phones[2]);
        if seed.is_multiple_of(3) {
            world.holds(by);
            world.run_for(secs(5));
        }
        world.habit(carol, Habit::Answer(ms(800)));
        world.transfers(by, "103");
        world.run_until(secs(60), |w| w.state(carol) == State::Up);
        world.run_for(secs(6));
        world.assert_talking(sent, carol);
        assert_eq!(world.state(by), State::Idle);
        assert_eq!(world.phone(by).referred, Some(202));
        let notified = world.phone(by).notified.clone();
        assert!(notified.first() == Some(&100) && notified.last() == Some(&200), "{notified:?}");
        let world = ends(world, sent);
        let record = world.record();
        assert_eq!((record.outcome.as_str(), record.answered_by.as_str()), ("answered", "103 User 103"));
        assert!(record.trace.contains("Transferred") && record.trace.contains("to 103"), "{}", record.trace);
        assert!(record.legs.contains("transferred the call"), "{}", record.legs);
        assert_eq!(world.store.calls.len(), 1, "it is one call");
    });
}

/// SIP-22, CH-07: each of the three has in their history whom they talked with.
#[test]
fn a_transferred_call_is_in_the_history_of_all_three() {
    for seed in [2, 3] {
        let mut world = World::new(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        world.habit(phones[2], Habit::Answer(ms(500)));
        world.transfers(by, "103");
        world.run_until(secs(30), |w| w.state(phones[2]) == State::Up);
        world.run_for(secs(10));
        let mut world = ends(world, sent);
        let answered = |kind, number: &str| Some((kind, "answered".to_owned(), number.to_owned()));
        assert_eq!(world.history("101"), answered(PartyKind::Outbound, "102"));
        assert_eq!(world.history("102"), answered(PartyKind::Inbound, "101"));
        let number = if by == phones[0] { "102" } else { "101" };
        assert_eq!(world.history("103"), answered(PartyKind::Inbound, number));
        let transferor = if by == phones[0] { "101" } else { "102" };
        let user = world.company.user(transferor).id;
        let row = |user| world.store.parties.iter().find(|row| row.user == user).unwrap();
        let (left, last) = (row(user).ended_at, world.record().ended_at.unwrap());
        assert!(left + 5_000 < last, "who transferred was out of it at {left}, the call ended at {last}");
    }
}

/// SIP-22: the phone is called as any caller would call it.
#[test]
fn the_forwards_of_the_target_apply() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        let [dora] = world.phones(["104"]);
        world.config(|c| c.user("103").forwards.always = Some("104".into()));
        world.habit(dora, Habit::Answer(ms(300)));
        // The call keeps the configuration it began with, so the forward is set before.
        world.hangs_up(by);
        world.run_until_idle();
        world.dials(phones[0], "102");
        world.run_until(secs(30), |w| w.state(phones[0]) == State::Up && w.state(phones[1]) == State::Up);
        world.run_for(secs(2));
        world.transfers(by, "103");
        world.run_until(secs(60), |w| w.state(dora) == State::Up);
        world.run_for(secs(5));
        world.assert_talking(sent, dora);
        ends(world, dora);
    });
}

/// SIP-22: nobody is lost when the target does not answer; whoever sent them gets them back.
#[test]
fn a_transfer_that_fails_gives_the_call_back() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        world.habit(phones[2], Habit::Refuse(486));
        world.holds(by);
        world.run_for(secs(6));
        world.transfers(by, "103");
        world.run_until(secs(60), |w| w.phones_notified(by).last().is_some_and(|status| *status >= 200));
        assert_eq!(world.phone(by).notified.last(), Some(&486));
        assert_eq!(world.state(by), State::Up, "they are still there");
        world.resumes(by);
        world.run_for(secs(8));
        world.assert_talking(by, sent);
        let world = ends(world, sent);
        assert!(world.record().trace.contains("Transfer failed"));
    });
}

/// SIP-22: who hung up at once is rung.
#[test]
fn a_transfer_that_fails_rings_back_who_hung_up() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        world.transfers(by, "103");
        world.run_until(secs(30), |w| w.state(phones[2]) == State::Rings);
        world.hangs_up(by);
        world.run_for(secs(3));
        world.habit(by, Habit::Answer(ms(500)));
        world.hangs_up(phones[2]);
        world.run_until(secs(60), |w| w.state(by) == State::Up);
        world.run_for(secs(5));
        world.assert_talking(by, sent);
        ends(world, by);
    });
}

/// SIP-22: a caller who gives up while it rings ends it for all.
#[test]
fn who_is_sent_on_may_hang_up_while_it_rings() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        world.transfers(by, "103");
        world.run_until(secs(30), |w| w.state(phones[2]) == State::Rings);
        world.hangs_up(sent);
        world.run_until(secs(30), |w| w.state(phones[2]) == State::Idle && w.state(by) == State::Idle);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-22, ROL-10: a transfer needs what the transferor's own call would need, and a number that there is.
#[test]
fn a_transfer_is_routed_as_its_sender() {
    let mut world = World::new(8);
    world.config(|c| {
        c.add_user("105");
        c.add_role("Listener", "", &["105"]);
    });
    let [alice, bob] = world.phones(["101", "102"]);
    let listener = world.plug_in("105");
    world.habit(listener, Habit::Answer(ms(100)));
    world.dials(alice, "105");
    world.run_until(secs(5), |w| w.state(listener) == State::Up);
    world.run_for(secs(1));
    world.transfers(listener, "102");
    world.run_for(secs(2));
    assert_eq!((world.phone(listener).referred, world.state(bob)), (Some(403), State::Idle));
    world.transfers(alice, "199");
    world.run_for(secs(2));
    assert_eq!(world.phone(alice).referred, Some(404));
    world.assert_talking(alice, listener);
    ends(world, alice);
}

/// SIP-23, CTRL-02
#[test]
fn an_attended_transfer_joins_the_two_who_were_called() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let ((by, sent), carol) = (sides(&world, phones), phones[2]);
        world.habit(carol, Habit::Answer(ms(300)));
        consults(&mut world, by, "103");
        world.run_until(secs(30), |w| w.state(carol) == State::Up && w.state(by) == State::Up);
        world.run_for(secs(2));
        assert_eq!(world.hears(carol), [by]);
        if seed.is_multiple_of(3) {
            world.holds(by);
            world.run_for(secs(5));
        }
        world.completes(by);
        world.run_until(secs(30), |w| w.state(by) == State::Idle && w.phones_notified(by).contains(&200));
        world.run_for(secs(8));
        world.assert_talking(sent, carol);
        let world = ends(world, if seed.is_multiple_of(5) { carol } else { sent });
        let records: Vec<_> = world.store.calls.values().collect();
        assert_eq!(records.len(), 2);
        for record in records {
            assert_eq!(record.outcome, "answered");
            assert!(record.trace.contains("put"), "{}", record.trace);
        }
    });
}

/// SIP-23: the one who is called still rings; they talk with who was put through when they answer.
#[test]
fn an_attended_transfer_works_while_the_target_still_rings() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let ((by, sent), carol) = (sides(&world, phones), phones[2]);
        consults(&mut world, by, "103");
        world.run_until(secs(30), |w| w.state(carol) == State::Rings);
        world.run_until(secs(30), |w| matches!(w.state(by), State::HearsRinging(_)));
        world.completes(by);
        world.run_until(secs(30), |w| w.phones_notified(by).contains(&200));
        world.run_for(secs(5));
        world.answers(carol);
        world.run_for(secs(8));
        world.assert_talking(sent, carol);
        assert_eq!(world.state(by), State::Refused(480));
        let mut world = ends(world, carol);
        let number = if sent == phones[0] { "101" } else { "102" };
        let history = world.history(number).unwrap();
        assert_eq!(history.1, "answered");
    });
}

/// SIP-23, SIP-43: no way into a call that is not one's own, of the own company or of another.
#[test]
fn nobody_is_put_through_to_somebody_elses_call() {
    let mut world = World::new(11);
    let phones = three(&mut world);
    let [dora, emil] = world.phones(["104", "105"]);
    world.habit(emil, Habit::Answer(ms(100)));
    world.dials(dora, "105");
    world.run_until(secs(5), |w| w.state(dora) == State::Up);
    let Some([call, ours, theirs]) = world.phone(dora).dialog() else { panic!("no dialog") };
    let value = format!("{call}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}").replace('@', "%40");
    world.transfers(phones[0], &format!("105@example.test?Replaces={value}&x=y"));
    world.run_for(secs(2));
    assert_eq!(world.phone(phones[0]).referred, Some(481));
    world.assert_talking(phones[0], phones[1]);
    world.assert_talking(dora, emil);
    world.hangs_up(dora);
    ends(world, phones[0]);
}

/// CTRL-02: from the portal, either party.
#[test]
fn the_portal_transfers_a_call() {
    seeds(|seed| {
        let mut world = world(seed);
        let phones = three(&mut world);
        let (by, sent) = sides(&world, phones);
        world.habit(phones[2], Habit::Answer(ms(500)));
        let (tenant, id) = (world.company.tenant.id, world.live.keys().next().unwrap().clone());
        let who = if sent == phones[0] { live::Side::Caller } else { live::Side::Callee };
        let command = live::Command::Transfer { tenant, id, who, to: "103".into() };
        world.input(Input::Command(command));
        world.run_until(secs(30), |w| w.state(phones[2]) == State::Up && w.state(by) == State::Idle);
        world.run_for(secs(6));
        world.assert_talking(sent, phones[2]);
        ends(world, sent);
    });
}
