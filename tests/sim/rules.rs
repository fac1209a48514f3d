//! Answering rules, night mode, do not disturb, and settings that end. RNG-07…19, AR-01…09, OPS-12.

use config::{
    schedule::{Recurrence, Schedule},
    snapshot::{Callers, Night, NightSwitch, RuleAction, RuleRing},
};
use tests::{Company, Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

fn weekly(hours: &str) -> Schedule {
    Schedule::Weekly(hours.parse().unwrap())
}

fn days(lines: &str) -> Schedule {
    Schedule::Days(lines.parse().unwrap())
}

fn ring() -> RuleRing {
    RuleRing { also: vec![], busy: None, no_answer: None, no_answer_after: secs(20), offline: None }
}

fn forward(to: &str) -> RuleAction {
    RuleAction::Forward(to.into())
}

/// A call to 102 rings this phone and no other; then it is over.
fn rings_at(world: &mut World, caller: PhoneId, phone: PhoneId, others: &[PhoneId]) {
    world.dials(caller, "102");
    world.run_until(secs(20), |w| w.state(phone) == State::Rings);
    for other in others {
        assert_eq!(world.state(*other), State::Idle);
    }
    world.hangs_up(caller);
    world.run_until_idle();
}

fn moment(text: &str) -> chrono::DateTime<chrono::Utc> {
    text.parse().unwrap()
}

fn night(company: &mut Company, switch: NightSwitch) {
    let frame = company.add_frame("Office hours", weekly("mo-fr 08:00-18:00"));
    company.tenant.night = Night { enabled: true, switch, until: None, frame: Some(frame), within: false };
}

/// RNG-07, RNG-10: other forwards are in force at night.
#[test]
fn the_forwards_of_the_night_are_in_force_at_night() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.set_clock("2026-11-23T17:59:00Z");
        world.config(|c| {
            night(c, NightSwitch::Automatic);
            c.user("102").forwards.always = Some("103".into());
            c.user("102").forwards.night.always = Some("104".into());
        });
        rings_at(&mut world, alice, carol, &[bob, dave]);
        world.set_clock("2026-11-23T18:00:00Z");
        rings_at(&mut world, alice, dave, &[bob, carol]);
        assert!(world.record().trace.contains("Default at night"), "{}", world.record().trace);
        world.assert_quiet();
    });
}

/// RNG-10, RNG-11: a blank forward is off at night, whatever it is by day.
#[test]
fn a_forward_that_is_blank_at_night_is_off_at_night() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.set_clock("2026-11-22T12:00:00Z");
        world.config(|c| {
            night(c, NightSwitch::Automatic);
            c.user("102").forwards.always = Some("103".into());
            c.user("102").forwards.no_answer = Some("103".into());
            c.user("102").forwards.no_answer_after = secs(5);
        });
        rings_at(&mut world, alice, bob, &[carol]);
        world.dials(alice, "102");
        world.run_for(secs(7));
        assert_eq!((world.state(alice), world.phone(carol).invited), (State::Refused(480), 0));
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-08, RNG-09, RNG-10: busy and not answered go elsewhere at night, too.
#[test]
fn busy_and_not_answered_have_forwards_of_the_night() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| {
            night(c, NightSwitch::Night);
            let forwards = &mut c.user("102").forwards;
            (forwards.busy, forwards.no_answer) = (Some("101".into()), Some("101".into()));
            forwards.night.busy = Some("103".into());
            forwards.night.no_answer = Some("104".into());
            forwards.no_answer_after = secs(5);
        });
        world.habit(bob, Habit::Refuse(486));
        rings_at(&mut world, alice, carol, &[dave]);
        world.habit(bob, Habit::Ring);
        rings_at(&mut world, alice, dave, &[carol]);
        world.assert_quiet();
    });
}

/// RNG-16: switched by hand it is night at noon and day at midnight, until the switch is over.
#[test]
fn the_switch_by_hand_goes_before_the_schedule_until_it_is_over() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.set_clock("2026-11-23T12:00:00Z");
        world.config(|c| {
            night(c, NightSwitch::Night);
            c.tenant.night.until = Some(moment("2026-11-24T11:00:00Z"));
            c.user("102").forwards.night.always = Some("103".into());
        });
        rings_at(&mut world, alice, carol, &[bob]);
        world.set_clock("2026-11-24T12:00:00Z");
        rings_at(&mut world, alice, bob, &[carol]);
        world.config(|c| (c.tenant.night.switch, c.tenant.night.until) = (NightSwitch::Day, None));
        world.set_clock("2026-11-25T02:00:00Z");
        rings_at(&mut world, alice, bob, &[carol]);
        world.config(|c| c.tenant.night.switch = NightSwitch::Automatic);
        rings_at(&mut world, alice, carol, &[bob]);
        world.config(|c| c.tenant.night.enabled = false);
        rings_at(&mut world, alice, bob, &[carol]);
        world.assert_quiet();
    });
}

/// RNG-13: forward always goes before do not disturb, which goes before ringing; without a forward it is busy.
#[test]
fn do_not_disturb_is_asked_after_forward_always_and_before_ringing() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| c.user("102").dnd = true);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(486));
        world.run_until_idle();
        assert_eq!(world.phone(bob).invited, 0);
        assert!(world.record().trace.contains("\"what\":\"Do not disturb\""), "{}", world.record().trace);
        world.config(|c| c.user("102").forwards.busy = Some("103".into()));
        rings_at(&mut world, alice, carol, &[bob, dave]);
        world.config(|c| c.user("102").forwards.always = Some("104".into()));
        rings_at(&mut world, alice, dave, &[bob, carol]);
        world.assert_quiet();
    });
}

/// RNG-15: who calls themselves is not kept out by their own do not disturb.
#[test]
fn own_calls_pass_do_not_disturb() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [desk] = world.phones(["102"]);
        world.config(|c| {
            c.add_device("102", "102-mobile");
            c.user("102").dnd = true;
        });
        let mobile = world.plug_in("102-mobile");
        world.dials(desk, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(mobile), State::Rings);
        world.hangs_up(desk);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-19: what has an end is off from then on, without anybody switching it off.
#[test]
fn forwards_and_do_not_disturb_end_by_themselves() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.set_clock("2026-11-23T11:50:00Z");
        let until = Some(moment("2026-11-23T12:00:00Z"));
        world.config(|c| {
            let forwards = &mut c.user("102").forwards;
            (forwards.always, forwards.always_until) = (Some("103".into()), until);
        });
        rings_at(&mut world, alice, carol, &[bob]);
        world.set_clock("2026-11-23T12:00:00Z");
        rings_at(&mut world, alice, bob, &[carol]);
        assert!(world.record().trace.contains("forward always of 102 User 102, 2026-11-23 12:00 UTC"));
        world.config(|c| {
            let user = c.user("102");
            (user.dnd, user.dnd_until) = (true, Some(moment("2026-11-23T13:00:00Z")));
        });
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(486));
        world.run_until_idle();
        world.set_clock("2026-11-23T13:00:00Z");
        rings_at(&mut world, alice, bob, &[carol]);
        assert!(world.record().trace.contains("Do not disturb is over"));
        world.assert_quiet();
    });
}

/// RNG-19: the other forwards end, too, by day and by night.
#[test]
fn every_kind_of_forward_ends() {
    let soon = moment("2026-11-23T12:00:00Z");
    for at_night in [false, true] {
        let mut world = World::new(5);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            night(c, if at_night { NightSwitch::Night } else { NightSwitch::Day });
            let f = &mut c.user("102").forwards;
            f.no_answer_after = secs(5);
            let to = || Some("103".to_owned());
            (f.busy, f.no_answer, f.night.busy, f.night.no_answer) = (to(), to(), to(), to());
            (f.busy_until, f.no_answer_until) = (Some(soon), Some(soon));
            (f.night.busy_until, f.night.no_answer_until) = (Some(soon), Some(soon));
        });
        for (habit, status) in [(Habit::Refuse(486), 486), (Habit::Ring, 480)] {
            world.habit(bob, habit);
            world.set_clock("2026-11-23T11:00:00Z");
            rings_at(&mut world, alice, carol, &[]);
            world.set_clock("2026-11-23T12:00:00Z");
            world.dials(alice, "102");
            world.run_for(secs(8));
            assert_eq!(world.state(alice), State::Refused(status), "night: {at_night}");
            world.run_until_idle();
        }
        world.assert_quiet();
    }
}

/// RNG-17: five forwards are followed, each is named in Diversion and History-Info; the sixth is cut and recorded.
#[test]
fn a_chain_of_five_forwards_is_told_and_the_sixth_is_cut() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, last] = world.phones(["101", "107"]);
        world.config(|c| {
            for number in 102..107 {
                c.add_user(&number.to_string());
                let forwards = &mut c.user(&number.to_string()).forwards;
                let to = Some((number + 1).to_string());
                if number == 106 { forwards.no_answer = to } else { forwards.always = to }
            }
        });
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(last), State::Rings);
        let invite = world.phone(last).last_invite.clone().unwrap();
        let history: Vec<_> = invite
            .values(sip_stack::Name::HistoryInfo)
            .map(|v| String::from_utf8_lossy(v).into_owned())
            .collect();
        assert_eq!(history.len(), 6, "{history:?}");
        assert_eq!(history[0], "<sip:102@example.test>;index=1");
        assert_eq!(history[1], "<sip:103@example.test;cause=302>;index=1.1;mp=1");
        assert_eq!(history[5], "<sip:107@example.test;cause=408>;index=1.1.1.1.1.1;mp=1.1.1.1.1");
        assert_eq!(invite.values(sip_stack::Name::Diversion).count(), 5);
        world.hangs_up(alice);
        world.run_until_idle();
        world.config(|c| {
            c.add_user("108");
            c.user("107").forwards.always = Some("108".into());
        });
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(alice), State::Refused(480));
        world.run_until_idle();
        assert!(world.record().trace.contains("Forward loop cut"));
        assert_eq!(world.record().cause, "480 Forwarding loop");
        world.assert_quiet();
    });
}

/// RNG-18, ROL-10: an extension can be forwarded to by anybody; outside only with the permission to place calls.
#[test]
fn forwards_to_colleagues_need_no_permission_and_those_outside_do() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_role("Lobby", "", &["102"]);
            c.user("102").forwards.always = Some("103".into());
        });
        rings_at(&mut world, alice, carol, &[bob]);
        world.config(|c| c.user("102").forwards.always = Some("+49301234567".into()));
        world.dials(alice, "102");
        world.run_for(secs(1));
        assert_eq!(world.state(alice), State::Refused(403));
        world.run_until_idle();
        assert!(world.record().trace.contains("the role Lobby does not let 102 place calls"));
        world.assert_quiet();
    });
}

/// SIP-17: a phone whose user may not place calls cannot send a call elsewhere; it counts as not answered.
#[test]
fn a_phone_of_who_may_not_place_calls_is_not_obeyed() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| c.add_role("Lobby", "", &["102"]));
        world.habit(bob, Habit::Redirect(103));
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(480));
        world.run_until_idle();
        assert!(world.record().trace.contains("Not followed"), "{}", world.record().trace);
        world.config(|c| c.user("102").forwards.no_answer = Some("104".into()));
        rings_at(&mut world, alice, dave, &[carol]);
        world.assert_quiet();
    });
}

/// AR-02: a time frame alone changes nothing.
#[test]
fn a_time_frame_by_itself_does_nothing() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_frame("Vacation", Schedule::Always);
        });
        rings_at(&mut world, alice, bob, &[carol]);
        world.assert_quiet();
    });
}

/// AR-03, AR-09: the first rule whose frame holds decides, later ones and the user's forwards do not; outside of all frames
/// the forwards do. The trace names what decided and what did not apply.
#[test]
fn the_first_rule_that_matches_decides_and_default_comes_last() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.set_clock("2026-11-23T10:00:00Z");
        world.config(|c| {
            c.user("102").forwards.always = Some("104".into());
            let holidays = c.add_frame("Holidays", days("2026-12-24/2026-12-26 Christmas"));
            let office = c.add_frame("Office hours", weekly("mo-fr 09:00-17:00"));
            let always = c.add_frame("Any time", Schedule::Always);
            c.add_rule("102", holidays, RuleAction::Refuse);
            c.add_rule("102", office, RuleAction::Ring(ring()));
            c.add_rule("102", office, RuleAction::Refuse);
            c.add_rule("102", always, RuleAction::Refuse).active = false;
        });
        rings_at(&mut world, alice, bob, &[carol, dave]);
        let trace = world.record().trace.clone();
        assert!(trace.contains("rule Holidays did not apply: from 24 Dec"), "{trace}");
        assert!(trace.contains("rule Office hours: Mon–Fri 09:00–17:00"), "{trace}");
        world.set_clock("2026-11-23T17:00:00Z");
        rings_at(&mut world, alice, dave, &[bob, carol]);
        let trace = world.record().trace.clone();
        assert!(trace.contains("rule Any time did not apply: switched off"), "{trace}");
        assert!(trace.contains("\"what\":\"Rule decides\",\"detail\":\"Default\""), "{trace}");
        world.set_clock("2026-12-25T10:00:00Z");
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(603));
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// AR-05: forward, do not disturb, refuse.
#[test]
fn rules_forward_and_keep_quiet() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            let frame = c.add_frame("Any time", Schedule::Always);
            c.add_rule("102", frame, forward("103"));
        });
        rings_at(&mut world, alice, carol, &[bob]);
        world.config(|c| c.rules[0].action = RuleAction::DoNotDisturb);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(486));
        world.run_until_idle();
        world.config(|c| c.rules[0].action = RuleAction::Refuse);
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(603));
        world.run_until_idle();
        assert_eq!((world.phone(bob).invited, world.record().outcome.as_str()), (0, "declined"));
        world.assert_quiet();
    });
}

/// AR-05, RNG-12, SIP-16: a rule rings others too, and says where busy, unanswered and unregistered calls go.
#[test]
fn a_rule_rings_others_and_forwards_by_what_happened() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol, dave] = world.phones(["101", "102", "103", "104"]);
        world.config(|c| {
            let frame = c.add_frame("Any time", Schedule::Always);
            let also = vec![c.user("103").id];
            let rule = RuleRing {
                also,
                busy: Some("104".into()),
                no_answer: Some("104".into()),
                no_answer_after: secs(5),
                ..ring()
            };
            c.add_rule("102", frame, RuleAction::Ring(rule));
        });
        world.dials(alice, "102");
        world.run_until(secs(3), |w| w.state(bob) == State::Rings && w.state(carol) == State::Rings);
        world.run_until(secs(20), |w| w.state(dave) == State::Rings);
        world.run_until(secs(20), |w| w.state(bob) == State::Idle && w.state(carol) == State::Idle);
        world.hangs_up(alice);
        world.run_until_idle();
        world.config(|c| c.user("102").dnd = true);
        rings_at(&mut world, alice, dave, &[bob, carol]);
        world.assert_quiet();
    });
}

/// AR-05, RNG-13: unregistered goes where the rule says, else where unanswered goes.
#[test]
fn a_rule_has_a_forward_for_who_is_not_registered() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, carol, dave] = world.phones(["101", "103", "104"]);
        let offline = seed.is_multiple_of(2);
        world.config(|c| {
            c.add_user("102");
            let frame = c.add_frame("Any time", Schedule::Always);
            let rule =
                RuleRing { no_answer: Some("104".into()), offline: offline.then(|| "103".into()), ..ring() };
            c.add_rule("102", frame, RuleAction::Ring(rule));
        });
        let (rings, quiet) = if offline { (carol, dave) } else { (dave, carol) };
        rings_at(&mut world, alice, rings, &[quiet]);
        world.assert_quiet();
    });
}

/// AR-05: a rule lets only some through, or all but some.
#[test]
fn rules_let_through_whom_they_list() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            let frame = c.add_frame("Any time", Schedule::Always);
            c.add_rule("102", frame, RuleAction::Ring(ring())).callers = Callers::Listed(vec!["101".into()]);
        });
        rings_at(&mut world, alice, bob, &[]);
        world.dials(carol, "102");
        world.run_until(secs(20), |w| w.state(carol) == State::Refused(603));
        world.run_until_idle();
        world.config(|c| c.rules[0].callers = Callers::Others(vec!["10*".into()]));
        world.dials(alice, "102");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(603));
        world.run_until_idle();
        assert!(world.record().trace.contains("rule Any time does not let 101 through"));
        world.config(|c| c.rules[0].callers = Callers::Others(vec!["103".into()]));
        rings_at(&mut world, alice, bob, &[]);
        world.assert_quiet();
    });
}

/// AR-08, OPS-12: the clocks are the user's, else the site's, else the company's, also on the day on which they are set.
#[test]
fn rules_go_by_the_users_own_clock() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            c.add_site("Europe/Berlin".parse().unwrap());
            let tokyo = c.add_site("Asia/Tokyo".parse().unwrap());
            c.user("103").site = Some(tokyo);
            let frame = c.add_frame("Early", weekly("su 03:00-04:00"));
            c.add_rule("102", frame, forward("103"));
        });
        // Clocks in Berlin go from 02:00 to 03:00 at 01:00 UTC.
        for (at, forwarded) in [
            ("2027-03-28T00:30:00Z", false),
            ("2027-03-28T01:30:00Z", true),
            ("2027-03-28T02:30:00Z", false),
            ("2027-10-31T01:30:00Z", false),
            ("2027-10-31T02:30:00Z", true),
        ] {
            world.set_clock(at);
            let (rings, quiet) = if forwarded { (carol, bob) } else { (bob, carol) };
            rings_at(&mut world, alice, rings, &[quiet]);
        }
        world.config(|c| c.user("102").zone = Some("UTC".parse().unwrap()));
        world.set_clock("2027-03-28T03:30:00Z");
        rings_at(&mut world, alice, carol, &[bob]);
        world.config(|c| (c.user("102").zone, c.user("102").site) = (None, c.user("103").site));
        rings_at(&mut world, alice, bob, &[carol]);
        world.set_clock("2027-03-27T18:30:00Z");
        rings_at(&mut world, alice, carol, &[bob]);
        world.assert_quiet();
    });
}

/// AR-01, AR-08: a meeting every Monday, as cron says it.
#[test]
fn a_recurring_frame_is_in_force_each_time() {
    seeds(|seed| {
        let mut world = World::new(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        world.config(|c| {
            let meeting = Recurrence::new("0 10 * * mon", secs(3600)).unwrap();
            let frame = c.add_frame("Team meeting", Schedule::Recurring(meeting));
            c.add_rule("102", frame, forward("103"));
        });
        for (at, forwarded) in [
            ("2026-11-23T09:59:00Z", false),
            ("2026-11-23T10:00:00Z", true),
            ("2026-11-30T10:59:00Z", true),
            ("2026-11-30T11:00:00Z", false),
            ("2026-12-01T10:30:00Z", false),
        ] {
            world.set_clock(at);
            let (rings, quiet) = if forwarded { (carol, bob) } else { (bob, carol) };
            rings_at(&mut world, alice, rings, &[quiet]);
        }
        world.assert_quiet();
    });
}

/// RNG-13, GRP-01: a group leaves out who does not want to be disturbed.
#[test]
fn groups_leave_out_members_who_do_not_want_to_be_disturbed() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        let by_rule = seed.is_multiple_of(2);
        world.config(|c| {
            c.add_group("600", &["102", "103"], config::snapshot::Destination::Extension("101".into()));
            if by_rule {
                let frame = c.add_frame("Any time", Schedule::Always);
                c.add_rule("102", frame, RuleAction::DoNotDisturb);
            } else {
                c.user("102").dnd = true;
            }
        });
        world.dials(alice, "600");
        world.run_until(secs(20), |w| w.state(carol) == State::Rings);
        world.run_for(ms(500));
        assert_eq!(world.state(bob), State::Idle);
        world.hangs_up(alice);
        world.run_until_idle();
        assert!(world.record().trace.contains("102 User 102: do not disturb"), "{}", world.record().trace);
        world.assert_quiet();
    });
}
