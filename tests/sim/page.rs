//! Page and intercom: phones that answer by themselves.

use config::snapshot::{Cause, Destination, Paged};
use media::sdp::Direction;
use sip_stack::Name;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

/// Four users, of whom three are a group; all phones answer at once.
fn office(world: &mut World) -> [PhoneId; 4] {
    let phones = world.phones(["101", "102", "103", "104"]);
    world.config(|c| c.add_group("600", &["101", "102", "103", "104"], Destination::Hangup(Cause::NoAnswer)));
    for phone in phones {
        world.habit(phone, Habit::Answer(ms(50)));
    }
    phones
}

/// Which of the phones a phone hears; what the mix makes of several, or of silence, is none of them.
fn voices(world: &World, phone: PhoneId) -> Vec<PhoneId> {
    world.hears(phone).into_iter().filter(|voice| voice.0 < 8).collect()
}

/// GRP-03, SIP-31, SIP-32: members answer by themselves, hear the pager and are not heard; it ends with the pager.
#[test]
fn a_page_is_heard_by_all_members_and_heard_from_none() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [pager, bob, carol, dave] = office(&mut world);
        world.dials(pager, "*80600");
        world.run_until(secs(20), |w| [bob, carol, dave].iter().all(|phone| voices(w, *phone) == [pager]));
        assert_eq!(voices(&world, pager), []);
        let invite = world.phone(bob).last_invite.clone().unwrap();
        let value = |name| String::from_utf8_lossy(invite.header(name).unwrap_or_default()).into_owned();
        assert!(value(Name::CallInfo).contains("answer-after=0") && value(Name::AnswerMode) == "Auto");
        assert!(String::from_utf8_lossy(&invite.body()).contains("a=sendonly"));
        assert_eq!(world.phone(pager).invited, 0, "the pager's own phone is left out");
        world.offers(bob, Direction::SendRecv);
        world.run_for(secs(3));
        assert_eq!(
            (voices(&world, pager), voices(&world, bob)),
            (vec![], vec![pager]),
            "nor when it offers more"
        );
        world.hangs_up(pager);
        world.run_until_idle();
        assert_eq!([bob, carol, dave].map(|phone| world.state(phone)), [State::Idle; 3]);
        assert_eq!(world.record().outcome, "answered");
        assert_eq!(world.history("102"), None);
        world.assert_quiet();
    });
}

/// GRP-04: everybody's microphone is open; the others go on when one leaves, and nobody is left over.
#[test]
fn an_intercom_of_a_group_opens_all_microphones() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [pager, bob, carol, dave] = office(&mut world);
        world.dials(pager, "*81600");
        world.run_until(secs(20), |w| [bob, carol, dave].iter().all(|phone| w.state(*phone) == State::Up));
        world.run_for(secs(2));
        assert!(!world.hears(pager).is_empty() && !world.hears(bob).is_empty());
        let invite = world.phone(bob).last_invite.clone().unwrap();
        assert!(!String::from_utf8_lossy(&invite.body()).contains("a=sendonly"));
        world.hangs_up(carol);
        world.run_for(secs(2));
        assert_eq!((world.state(bob), world.state(pager)), (State::Up, State::Up));
        world.hangs_up(bob);
        world.hangs_up(dave);
        world.run_until(secs(20), |w| w.state(pager) == State::Idle);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GRP-04: with one user it is a call, which their phone answers.
#[test]
fn an_intercom_with_one_user_is_a_call_both_ways() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, ..] = office(&mut world);
        world.dials(alice, "*81102");
        world.run_until(secs(20), |w| w.hears(alice) == [bob] && w.hears(bob) == [alice]);
        world.hangs_up(bob);
        world.run_until_idle();
        assert_eq!(world.record().answered_by, "102 User 102");
        world.dials(alice, "*80103");
        let carol = PhoneId(2);
        world.run_until(secs(20), |w| voices(w, carol) == [alice]);
        assert_eq!(voices(&world, alice), []);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-32: who is on a call, does not want to be disturbed or does not answer by itself is left out; the others hear.
#[test]
fn busy_phones_are_skipped() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [pager, bob, carol, dave] = office(&mut world);
        let [other] = world.phones(["105"]);
        world.config(|c| c.user("103").dnd = true);
        world.dials(other, "104");
        world.run_until(secs(20), |w| w.state(dave) == State::Up && w.state(other) == State::Up);
        let (to_carol, to_dave) = (world.phone(carol).invited, world.phone(dave).invited);
        world.dials(pager, "*80600");
        world.run_until(secs(20), |w| voices(w, bob) == [pager]);
        assert_eq!((world.phone(carol).invited, world.phone(dave).invited), (to_carol, to_dave));
        world.hangs_up(pager);
        world.run_for(secs(3));
        let trace = world.store.calls.values().find(|row| row.dialled == "*80600").unwrap().trace.clone();
        assert!(trace.contains("104 User 104: on a call"), "{trace}");
        assert!(trace.contains("103 User 103: does not want to be disturbed"), "{trace}");
        world.habit(bob, Habit::Ring);
        world.dials(pager, "*80102");
        world.run_until(secs(60), |w| w.state(pager) == State::Idle);
        assert_eq!(world.state(bob), State::Idle, "who does not answer within 8 s is not rung on");
        world.hangs_up(other);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// GRP-11, ROL-16: only with the permission, and only groups that are set up for it.
#[test]
fn who_may_not_page_is_refused_and_groups_say_what_may_be_done_with_them() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [pager, bob, ..] = office(&mut world);
        world.config(|c| {
            c.add_role("No page", "place_calls", &["102"]);
            c.groups[0].paged = [Paged::No, Paged::Page][seed as usize % 2];
        });
        let refused = |world: &mut World, phone: PhoneId, number: &str, status: u16| {
            world.dials(phone, number);
            world.run_until(secs(20), |w| w.state(phone) == State::Refused(status));
            world.run_until_idle();
        };
        refused(&mut world, bob, "*80600", 403);
        assert!(
            world.record().trace.contains("wants the permission Page groups"),
            "{}",
            world.record().trace
        );
        refused(&mut world, pager, "*81600", 403);
        assert!(world.record().trace.contains("Group 600 is not set up for it"));
        if seed % 2 == 0 {
            refused(&mut world, pager, "*80600", 403);
        }
        refused(&mut world, pager, "*80199", 404);
        assert_eq!(world.phone(PhoneId(2)).invited, 0);
        world.assert_quiet();
    });
}
