//! Room, stopping, and phones that vanish. SIP-25, OPS-09, MED-05, SIP-19.

use config::records::ladder::unpack;
use pbx_core::{Input, live};
use tests::{Habit, State, World, ms, secs};

use crate::seeds;

/// SIP-25
#[test]
fn without_ports_a_call_gets_503_and_the_others_go_on() {
    seeds(|seed| {
        let mut world = World::with(seed, |o| o.rtp_ports = 20_000..=20_003);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.habit(bob, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_for(secs(1));
        world.dials(carol, "104");
        world.run_for(secs(1));
        assert_eq!((world.state(carol), world.state(dave)), (State::Refused(503), State::Idle));
        world.assert_talking(alice, bob);
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
        world.run_for(secs(3));
        world.dials(carol, "102");
        world.run_for(secs(1));
        world.assert_talking(carol, bob);
        world.hangs_up(carol);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-25: what another program took is found out after the phones were told of the port; they talk all the same.
#[test]
fn a_call_whose_rtp_ports_are_taken_moves_to_others() {
    seeds(|seed| {
        let mut world = World::new(seed).delay(ms(2)..ms(40)).loss(if seed % 3 == 0 { 0.03 } else { 0.0 });
        let [alice, bob] = world.phones(["101", "102"]);
        // RTP or RTCP, of the caller, of the callee, of both, once or several times in a row.
        world.taken_ports = (20_000..=20_999).filter(|port| (u64::from(*port) + seed) * 7 % 11 < 2).collect();
        let early = seed % 5 == 4;
        world.habit(bob, if early { Habit::EarlyMedia } else { Habit::Answer(ms(seed * 3 % 50)) });
        world.dials(alice, "102");
        if early {
            world.run_for(secs(2));
            world.answers(bob);
        }
        world.run_for(secs(20));
        world.assert_talking(alice, bob);
        world.holds(alice);
        world.run_for(secs(20));
        world.resumes(alice);
        world.run_for(secs(20));
        world.assert_talking(alice, bob);
        if seed % 2 == 0 {
            world.hangs_up(alice)
        } else {
            world.hangs_up(bob)
        }
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.record().outcome, "answered");
        assert_eq!(world.record().trace.contains("another program uses port"), world.ports_refused > 0);
    });
}

/// SIP-25: where no port can be opened at all the caller is told, and nothing is left.
#[test]
fn a_call_for_which_no_rtp_port_can_be_opened_ends() {
    let mut world = World::new(1);
    let [alice, bob] = world.phones(["101", "102"]);
    world.taken_ports = (20_000..21_000).collect();
    world.habit(bob, Habit::Answer(ms(100)));
    world.dials(alice, "102");
    world.run_for(secs(1));
    assert_eq!((world.state(alice), world.state(bob)), (State::Refused(503), State::Idle));
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-25
#[test]
fn beyond_the_most_calls_a_call_gets_503() {
    seeds(|seed| {
        let mut world = World::with(seed, |o| o.max_calls = 1);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.dials(alice, "102");
        world.run_for(secs(1));
        world.dials(carol, "102");
        world.run_for(secs(1));
        assert_eq!((world.state(carol), world.state(bob)), (State::Refused(503), State::Rings));
        world.hangs_up(alice);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// OPS-09
#[test]
fn draining_takes_no_new_call_and_ends_with_the_last_one() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.habit(bob, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_for(secs(1));
        world.input(Input::Drain);
        world.dials(carol, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(carol), State::Refused(503));
        assert!(!world.drained);
        world.assert_talking(alice, bob);
        if seed.is_multiple_of(2) {
            world.hangs_up(bob)
        } else {
            world.input(Input::HangUpAll)
        }
        world.run_until_idle();
        assert!(world.drained);
        assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
        world.assert_quiet();
    });
}

/// An administrator ends a call, of the own tenant only.
#[test]
fn the_portal_can_end_a_call() {
    let mut world = World::new(1);
    let [alice, bob] = world.phones(["101", "102"]);
    world.habit(bob, Habit::Answer(ms(100)));
    world.dials(alice, "102");
    world.run_for(secs(1));
    let id = world.live.keys().next().expect("the call is shown").clone();
    let foreign = live::Command::HangUp { tenant: config::TenantId(2), id: id.clone() };
    world.input(Input::Command(foreign));
    assert_eq!(world.live.len(), 1);
    world.input(Input::Command(live::Command::HangUp { tenant: config::TenantId(1), id }));
    world.run_until_idle();
    assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
    world.assert_quiet();
    assert_eq!(world.record().cause, "Ended by an administrator");
}

/// MED-05: after the configured time, neither earlier nor much later.
#[test]
fn a_call_whose_phones_vanished_ends_by_itself() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        let patience = 5 + seed % 40;
        world.config(|c| c.node.rtp_silence_timeout = secs(patience));
        world.habit(bob, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_for(secs(2 + seed % 7));
        world.assert_talking(alice, bob);
        world.habit(alice, Habit::Vanished);
        world.run_for(ms(seed * 50));
        world.habit(bob, Habit::Vanished);
        let since = world.now().utc.timestamp_millis();
        world.run_for(secs(120));
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.record().cause, "No media from either phone");
        assert_eq!(world.metric("dialtone_calls_silent_total"), 1.0);
        let after = world.record().ended_at.expect("it ended") - since;
        let patience = patience as i64 * 1000;
        assert!((patience - 200..patience + 1300).contains(&after), "{after} ms instead of {patience}");
    });
}

/// MED-05: zero means never.
#[test]
fn silence_is_not_missed_where_that_is_switched_off() {
    let mut world = World::new(3);
    let [alice, bob] = world.phones(["101", "102"]);
    world.config(|c| c.node.rtp_silence_timeout = secs(0));
    world.habit(bob, Habit::Answer(ms(100)));
    world.dials(alice, "102");
    world.run_for(secs(2));
    world.habit(alice, Habit::Vanished);
    world.habit(bob, Habit::Vanished);
    world.run_for(secs(600));
    assert_eq!(world.live.len(), 1);
    world.run_for(secs(2000));
    world.run_until_idle();
    world.assert_quiet();
}

/// MED-05: hold is no silence.
#[test]
fn a_call_on_hold_is_not_ended_for_its_silence() {
    let mut world = World::new(2);
    let [alice, bob] = world.phones(["101", "102"]);
    world.habit(bob, Habit::Answer(ms(100)));
    world.dials(alice, "102");
    world.run_for(secs(2));
    world.offers(alice, media::sdp::Direction::Inactive);
    world.run_for(secs(600));
    assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-16: the phone that is called is not there any more.
#[test]
fn a_phone_that_vanished_while_registered_counts_as_no_answer() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::Vanished);
        world.dials(alice, "102");
        world.run_until(secs(40), |w| w.state(alice) == State::Refused(480));
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// SIP-19: on hold there is no media to miss; the session timer finds out.
#[test]
fn a_held_call_whose_phones_vanished_ends_with_its_session() {
    for seed in 0..10 {
        let mut world = World::new(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.habit(bob, Habit::Answer(ms(100)));
        world.dials(alice, "102");
        world.run_for(secs(2));
        world.offers(alice, media::sdp::Direction::Inactive);
        world.run_for(secs(2));
        world.habit(alice, Habit::Vanished);
        world.habit(bob, Habit::Vanished);
        world.run_for(secs(2000));
        world.run_until_idle();
        world.assert_quiet();
        assert_eq!(world.record().outcome, "answered");
    }
}

/// SIP-45: what a killed program leaves behind is an open row, not a gap.
#[test]
fn a_call_that_runs_has_an_open_record() {
    let mut world = World::new(4);
    let [alice, bob] = world.phones(["101", "102"]);
    world.habit(bob, Habit::Answer(ms(100)));
    world.dials(alice, "102");
    world.run_for(secs(1));
    let row = world.record().clone();
    assert_eq!((row.ended_at, row.outcome.as_str(), row.answered_by.as_str()), (None, "", "102 User 102"));
    assert_eq!(row.trace, "", "a short call is written once");
    world.run_for(secs(6));
    assert!(world.record().trace.contains("first answer · revision"), "{}", world.record().trace);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
    let closed = world.record();
    assert_eq!(closed.id, row.id);
    let messages: Vec<_> = unpack(&closed.ladder).into_iter().map(|message| message.text).collect();
    for method in ["INVITE sip:102@example.test", "BYE "] {
        assert!(messages.iter().any(|text| text.starts_with(method)), "{messages:#?}");
    }
    assert!(messages.iter().any(|text| text.contains("Authorization: Digest username=")), "{messages:#?}");
    for secret in ["response=\"f", "cnonce=\"f00dcafe"] {
        assert!(!messages.iter().any(|text| text.contains(secret)), "{secret}");
    }
    assert!(
        closed.legs.contains("\"side\":\"callee\"") && closed.legs.contains("\"packets\":"),
        "{}",
        closed.legs
    );
}
