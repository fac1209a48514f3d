//! Calls that somebody places in the portal: their own phone rings first.

use config::{
    records::parties::PartyKind,
    snapshot::{Cause, Destination, Ring},
};
use pbx_core::{
    Input,
    live::{Command, From},
};
use sip_stack::Name;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

fn header(world: &mut World, phone: PhoneId, name: Name) -> String {
    let invite = world.phone(phone).last_invite.clone().expect("it was called");
    String::from_utf8_lossy(invite.header(name).unwrap_or_default()).into_owned()
}

/// CTC-04
#[test]
fn the_own_phone_rings_first_and_then_the_number_is_called_from_it() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.clicks("101", From::OwnPhones, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        world.run_for(secs(3));
        assert_eq!(world.phone(bob).invited, 0, "the number is called before the own phone is answered");
        world.answers(alice);
        world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        assert!(header(&mut world, bob, Name::From).contains("sip:101@"), "as if dialled on it");
        world.answers(bob);
        world.run_for(secs(8));
        world.assert_talking(alice, bob);
        if seed % 2 == 0 {
            world.hangs_up(alice)
        } else {
            world.hangs_up(bob)
        }
        world.run_until_idle();
        assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
        world.assert_quiet();
        let record = world.record().clone();
        assert_eq!((record.caller_number.as_str(), record.dialled.as_str()), ("101", "102"));
        assert_eq!((record.outcome.as_str(), record.answered_by.as_str()), ("answered", "102 User 102"));
        assert!(record.legs.starts_with("[{\"side\":\"caller\",\"number\":\"101\""), "{}", record.legs);
        assert!(record.trace.contains("Own phone answered") && record.trace.contains("click to call"));
        let history = (PartyKind::Outbound, "answered".to_owned(), "102".to_owned());
        assert_eq!(world.history("101"), Some(history));
        assert_eq!(world.history("102"), Some((PartyKind::Inbound, "answered".to_owned(), "101".to_owned())));
    });
}

/// CTC-06: the phone shows whom it is going to call, and answers by itself only where it is set so.
#[test]
fn the_own_phone_shows_the_number_and_is_told_to_answer_if_it_is_set_so() {
    for auto_answer in [false, true] {
        let mut world = World::new(5);
        let [alice, _] = world.phones(["101", "102"]);
        world.config(|c| c.device("101").auto_answer = auto_answer);
        world.clicks("101", From::OwnPhones, "102");
        world.run_until(secs(2), |w| w.state(alice) == State::Rings);
        assert!(header(&mut world, alice, Name::From).starts_with("\"User 102\" <sip:102@example.test>"));
        assert_eq!(header(&mut world, alice, Name::CallInfo).contains("answer-after=0"), auto_answer);
        assert_eq!(header(&mut world, alice, Name::AlertInfo).contains("alert-autoanswer"), auto_answer);
        world.answers(alice);
        world.run_for(secs(1));
        let bob = PhoneId(1);
        assert_eq!(header(&mut world, bob, Name::CallInfo), "", "whom it calls is not told to answer");
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    }
}

/// CTC-04: abandoned if not answered, declined, not registered.
#[test]
fn nobody_is_called_when_the_own_phone_is_not_answered() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        match seed % 4 {
            0 => world.habit(alice, Habit::Refuse(486)),
            1 => world.habit(alice, Habit::Refuse(603)),
            2 => world.habit(alice, Habit::Redirect(102)),
            _ => {}
        }
        world.clicks("101", From::OwnPhones, "102");
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!((world.phone(bob).invited, world.state(alice)), (0, State::Idle));
        assert_eq!(world.record().cause, "480 You did not answer your phone");
        assert_eq!(world.history("102"), None, "nobody was called");
    });
    let mut world = World::new(1);
    world.config(|c| {
        c.add_user("101");
    });
    world.clicks("101", From::OwnPhones, "101");
    world.run_until_idle();
    assert_eq!(world.record().cause, "480 None of your phones is registered");
    assert!(world.record().trace.contains("not registered"));
}

/// CTC-02: the chosen device, all of them, or the phone where somebody sits.
#[test]
fn the_chosen_phone_rings_and_of_several_the_first_that_answers_calls() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(5)..ms(60));
        let [desk, bob, reception] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_device("101", "101-mobile");
            c.device("101-mobile").ring = Ring::Disabled;
        });
        let mobile = world.plug_in("101-mobile");
        let device = world.company.device("101-mobile").id;
        let (from, rings) = match seed % 3 {
            0 => (From::OwnPhones, vec![desk, mobile]),
            1 => (From::Device(device), vec![mobile]),
            _ => (From::Extension("103".into()), vec![reception]),
        };
        world.clicks("101", from, "102");
        world.run_for(secs(2));
        for phone in [desk, mobile, reception] {
            assert_eq!(world.state(phone) == State::Rings, rings.contains(&phone), "{phone:?}");
        }
        let taken = *rings.last().unwrap();
        world.answers(taken);
        world.run_until(secs(5), |w| w.state(bob) == State::Rings);
        world.answers(bob);
        world.run_for(secs(4));
        world.assert_talking(taken, bob);
        assert!([desk, mobile, reception].iter().all(|p| *p == taken || world.state(*p) == State::Idle));
        assert!(header(&mut world, bob, Name::From).contains("sip:101@"));
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// CTC-04: refusals, groups and hanging up while it rings are those of a call that was dialled.
#[test]
fn what_follows_is_as_if_dialled() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| c.add_group("600", &["101", "102", "103"], Destination::Hangup(Cause::NoAnswer)));
        if seed % 3 == 1 {
            world.habit(bob, Habit::Refuse(486));
        }
        world.clicks("101", From::OwnPhones, if seed % 3 == 0 { "600" } else { "102" });
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        world.answers(alice);
        match seed % 3 {
            0 => {
                world.run_until(secs(20), |w| w.state(carol) == State::Rings);
                world.answers(carol);
                world.run_for(secs(8));
                world.assert_talking(alice, carol);
                world.hangs_up(carol);
            }
            1 => world.run_for(secs(1)),
            _ => {
                world.run_until(secs(20), |w| w.state(bob) == State::Rings);
                world.hangs_up(alice);
            }
        }
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
        let outcome = ["answered", "busy", "missed"][(seed % 3) as usize];
        assert_eq!(world.record().outcome, outcome, "{}", world.record().trace);
    });
}

/// CTC-04: who waits hears ringback.
#[test]
fn who_waits_for_the_number_hears_ringback() {
    let mut world = World::new(3);
    let [alice, bob] = world.phones(["101", "102"]);
    world.clicks("101", From::OwnPhones, "102");
    world.run_until(secs(2), |w| w.state(alice) == State::Rings);
    world.answers(alice);
    world.run_until(secs(2), |w| w.state(bob) == State::Rings);
    world.run_for(secs(2));
    // A packet of a tone carries the loudness of silence or of a sine, which is no phone's index.
    assert!(!world.hears(alice).is_empty(), "silence");
    world.answers(bob);
    world.run_for(secs(2));
    world.assert_talking(alice, bob);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// NAV-18: the one who placed a call cancels it, at any stage; nobody else does.
#[test]
fn who_placed_a_call_cancels_it() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        let id = world.clicks("101", From::OwnPhones, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        let (tenant, user) = (world.company.tenant.id, world.company.user("101").id);
        let stranger = world.company.user("102").id;
        world.input(Input::Command(Command::Cancel { tenant, user: stranger, id: id.clone() }));
        world.run_for(secs(1));
        assert_eq!(world.state(alice), State::Rings);
        if seed % 2 == 0 {
            world.answers(alice);
            world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        }
        assert_eq!(world.live[&id].state, if seed % 2 == 0 { "ringing" } else { "ringing caller" });
        world.input(Input::Command(Command::Cancel { tenant, user, id }));
        world.run_until_idle();
        assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
        world.assert_quiet();
        assert!(world.record().cause.contains("Cancelled in the portal"), "{}", world.record().cause);
    });
}

/// CTC-04: nonsense from the portal makes no call.
#[test]
fn an_order_that_names_nobody_makes_no_call() {
    let mut world = World::new(2);
    let [alice] = world.phones(["101"]);
    world.clicks("101", From::OwnPhones, "10\r\n1");
    world.clicks("101", From::OwnPhones, "");
    world.config(|c| c.user("101").suspended = true);
    world.clicks("101", From::OwnPhones, "101");
    world.run_until_idle();
    assert!(world.store.calls.is_empty() && world.phone(alice).invited == 0);
    world.assert_quiet();
}
