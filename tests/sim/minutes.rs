//! Calls outside end when the minutes are used up that they may cost. SIP-44.

use config::snapshot::Limit;
use tests::{State, World, secs};

use crate::{outside::outside, rough, seeds};

/// SIP-44: at the minute, after a warning tone; both hear the end, the administrators are told, the next call is refused.
#[test]
fn a_running_call_is_cut_when_its_minutes_are_used_up() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| {
            c.limits.abroad = Limit { user: None, tenant: Some(2) };
            c.limits.alert_mail = vec!["boss@example.com".into()];
        });
        world.dials(alice, "0043123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        let since = world.now().utc;
        world.run_for(secs(80));
        world.assert_talking(alice, carrier);
        world.run_for(secs(15));
        assert_eq!(world.state(alice), State::Up, "warned, and on the line");
        world.assert_talking(alice, carrier);
        world.run_until(secs(60), |w| w.state(alice) == State::Idle && w.state(carrier) == State::Idle);
        let lasted = (world.now().utc - since).num_seconds();
        assert!((117..=122).contains(&lasted), "{lasted} s");
        world.run_until_idle();
        let record = world.record().clone();
        assert_eq!(record.cause, "The limit for such calls is reached");
        for part in ["the minutes of the day are nearly used up", "the company talks 2 min a day abroad"] {
            assert!(record.trace.contains(part), "{}", record.trace);
        }
        let alert = &world.store.alerts[0];
        assert!(
            alert.text.starts_with("A call of 101 was cut") && alert.mail == ["boss@example.com"],
            "{alert:?}"
        );
        assert!((118..=122).contains(&world.store.usage[0].seconds), "{:?}", world.store.usage);
        world.dials(alice, "0043123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.store.alerts.len(), 1, "told once a day");
        world.assert_quiet();
    });
}

/// SIP-44: two calls use the minutes up together; within the country nothing is cut.
#[test]
fn two_calls_share_the_minutes_and_others_go_on() {
    let mut world = World::new(3);
    let (alice, carrier) = outside(&mut world);
    world.phone(carrier).lines = 3;
    world.config(|c| {
        c.limits.abroad = Limit { user: None, tenant: Some(2) };
        for number in ["102", "103"] {
            c.add_user(number);
            c.user(number).calling.most = Some(config::numbering::Class::International);
        }
    });
    let [bob, carol] = ["102", "103"].map(|number| world.plug_in(number));
    for (phone, number) in [(alice, "0043123456"), (bob, "0043123457"), (carol, "089123456")] {
        let before = world.phone(carrier).invited;
        world.dials(phone, number);
        world.run_until(secs(20), |w| w.invited(carrier) > before);
        if before > 0 {
            world.swaps(carrier);
            world.answers(carrier);
        }
        world.run_until(secs(20), |w| w.state(phone) == State::Up);
    }
    world.run_for(secs(50));
    assert_eq!((world.state(alice), world.state(bob)), (State::Up, State::Up));
    world.run_for(secs(15));
    assert_eq!((world.state(alice), world.state(bob)), (State::Idle, State::Idle));
    assert_eq!(world.state(carol), State::Up);
    world.hangs_up(carol);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-44: an edit holds for calls that run: another limit, and none.
#[test]
fn a_limit_that_changes_counts_for_calls_that_run() {
    let mut world = World::new(4);
    let (alice, _) = outside(&mut world);
    world.dials(alice, "0043123456");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    world.config(|c| c.limits.abroad = Limit { user: Some(1), tenant: None });
    world.run_for(secs(40));
    world.config(|c| c.limits.abroad = Limit::default());
    world.run_for(secs(60));
    assert_eq!(world.state(alice), State::Up);
    world.config(|c| c.limits.abroad = Limit { user: Some(1), tenant: None });
    world.run_until(secs(2), |w| w.state(alice) == State::Idle);
    world.run_until_idle();
    world.assert_quiet();
}

/// SIP-44: what was talked before midnight is yesterday's: the minutes of the new day begin with it, and each day keeps its own.
#[test]
fn a_call_across_midnight_has_the_minutes_of_the_new_day() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| c.limits.abroad = Limit { user: Some(2), tenant: None });
        world.set_clock("2026-11-22T23:58:20Z");
        world.dials(alice, "0043123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        world.run_for(secs(160));
        assert_eq!(
            world.state(alice),
            State::Up,
            "two minutes of the day before are over, and of the new one not"
        );
        world.run_until(secs(80), |w| w.state(alice) == State::Idle && w.state(carrier) == State::Idle);
        let at = world.now().utc.format("%H:%M:%S").to_string();
        assert!(("00:01:57".."00:02:04").contains(&at.as_str()), "{at}");
        world.run_until_idle();
        let days: Vec<_> = world.store.usage.iter().map(|row| (row.day.as_str(), row.seconds)).collect();
        let [("2026-11-22", before), ("2026-11-23", after)] = days[..] else { panic!("{days:?}") };
        assert!((60..=101).contains(&before) && (117..=123).contains(&after), "{days:?}");
        world.assert_quiet();
    });
}
