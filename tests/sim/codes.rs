//! Feature codes, dialled on bad networks: what they change, what they refuse, whom they call.

use config::{codes::Function, snapshot::FeatureCode};
use tests::{PhoneId, State, World, secs};

use crate::{rough, seeds};

/// Dials a code that we answer, and waits for its end.
fn dials_code(world: &mut World, phone: PhoneId, code: &str) {
    world.dials(phone, code);
    world.run_until(secs(30), |w| w.state(phone) == State::Up);
    world.run_until(secs(60), |w| w.state(phone) == State::Idle);
    world.run_until_idle();
}

/// Dials a code that is refused.
fn is_refused(world: &mut World, phone: PhoneId, code: &str, status: u16) {
    world.dials(phone, code);
    world.run_until(secs(30), |w| w.state(phone) == State::Refused(status));
    world.run_until_idle();
}

/// FC-11
#[test]
fn forwards_are_set_and_taken_back_by_code_and_are_in_force_for_the_next_call() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        let (on, off) = [("*72", "*73"), ("*90", "*91"), ("*92", "*93")][seed as usize % 3];
        dials_code(&mut world, bob, &format!("{on}103"));
        let forwards = &world.company.user("102").forwards;
        let set = [&forwards.always, &forwards.busy, &forwards.no_answer][seed as usize % 3].clone();
        assert_eq!(set.as_deref(), Some("103"));
        assert_eq!(world.record().outcome, "answered");
        assert!(world.record().trace.contains("\"Saved\""), "{}", world.record().trace);
        if on == "*72" {
            world.dials(alice, "102");
            world.run_until(secs(20), |w| w.state(carol) == State::Rings);
            world.hangs_up(alice);
            world.run_until_idle();
        }
        dials_code(&mut world, bob, off);
        let forwards = world.company.user("102").forwards.clone();
        assert_eq!((forwards.always, forwards.busy, forwards.no_answer), (None, None, None));
        world.assert_quiet();
    });
}

/// FC-11: what the database refuses is told by another tone, and changes nothing.
#[test]
fn a_forward_to_nobody_is_refused_after_the_answer() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [bob] = world.phones(["102"]);
        dials_code(&mut world, bob, "*72199");
        assert_eq!(world.company.user("102").forwards.always, None);
        let trace = &world.record().trace;
        assert!(trace.contains("Not saved") && trace.contains("There is no extension 199"), "{trace}");
        is_refused(&mut world, bob, "*72", 484);
        assert!(world.record().trace.contains("wants a number behind it"));
        world.assert_quiet();
    });
}

/// FC-11: who forwards to a code does not have it change the settings of whoever calls.
#[test]
fn a_call_that_was_forwarded_to_a_code_changes_nothing() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, _] = world.phones(["101", "102"]);
        world.config(|c| {
            c.user("101").forwards.busy = Some("102".into());
            c.user("102").forwards.always = Some("*91".into());
        });
        is_refused(&mut world, alice, "102", 403);
        assert_eq!(world.company.user("101").forwards.busy.as_deref(), Some("102"));
        assert!(world.record().trace.contains("calls that were forwarded change nothing"));
        world.config(|c| c.user("102").forwards.always = Some("*80101".into()));
        is_refused(&mut world, alice, "102", 403);
        world.assert_quiet();
    });
}

/// FC-15: the last caller is called back, also after a restart; nobody before the first call.
#[test]
fn the_last_caller_is_called_back() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob, carol] = world.phones(["101", "102", "103"]);
        is_refused(&mut world, bob, "*69", 404);
        for phone in [carol, alice] {
            world.dials(phone, "102");
            world.run_until(secs(20), |w| w.state(bob) == State::Rings);
            world.hangs_up(phone);
            world.run_until_idle();
        }
        if seed % 2 == 0 {
            world.kill_and_restart();
        }
        world.dials(bob, "*69");
        world.run_until(secs(20), |w| w.state(alice) == State::Rings);
        world.answers(alice);
        world.run_until(secs(20), |w| w.state(bob) == State::Up && w.hears(bob) == [alice]);
        world.hangs_up(bob);
        world.run_until_idle();
        assert_eq!(world.phone(carol).invited, 0);
        world.assert_quiet();
    });
}

/// FC-15: the callee sees nobody, neither on the phone nor in the history, and cannot call back.
#[test]
fn a_caller_who_hides_is_not_shown_and_not_called_back() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.dials(alice, "*67102");
        world.run_until(secs(20), |w| w.state(bob) == State::Rings);
        let invite = world.phone(bob).last_invite.clone().unwrap();
        let text = String::from_utf8_lossy(invite.from().uri).into_owned();
        assert_eq!(text, "sip:anonymous@anonymous.invalid");
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.history("102").map(|(.., number)| number).as_deref(), Some(""));
        is_refused(&mut world, bob, "*69", 404);
        world.assert_quiet();
    });
}

/// FC-15, MED-12
#[test]
fn the_echo_test_lets_callers_hear_themselves() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice] = world.phones(["101"]);
        world.dials(alice, "*43");
        world.run_until(secs(20), |w| w.hears(alice) == [alice]);
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.record().outcome, "answered");
        world.assert_quiet();
    });
}

/// FC-01…07, FC-15: what this system does not have says so, in words and by a status of its own.
#[test]
fn a_function_that_is_not_there_answers_501_and_the_trace_says_which() {
    let mut world = World::new(1);
    let [alice] = world.phones(["101"]);
    world.config(|c| c.add_role("All", "place_calls,queue_self,conferences,record", &["101"]));
    let lacking = config::codes::FUNCTIONS.iter().filter(|declared| !declared.function.is_here());
    for declared in lacking {
        let code = &format!("{}{}", declared.code, if declared.argument.is_wanted() { "101" } else { "" });
        is_refused(&mut world, alice, code, 501);
        assert!(world.record().trace.contains("this system has no"), "{code}: {}", world.record().trace);
        assert_eq!(world.record().cause, "501 This system does not have that function");
    }
    world.assert_quiet();
}

/// ROL-16, FC-13: a code asks for its permission; the company may ask for another, or change the keys, or switch it off.
#[test]
fn codes_are_the_companys_own() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice] = world.phones(["101"]);
        world.config(|c| c.add_role("Plain", "place_calls", &["101"]));
        is_refused(&mut world, alice, "*27", 403);
        assert!(world.record().trace.contains("wants the permission Switch night mode"));
        let echo = |c: &mut tests::Company, change: &dyn Fn(&mut FeatureCode)| {
            change(c.codes.iter_mut().find(|code| code.function == Function::Echo).unwrap());
        };
        world.config(|c| echo(c, &|code| code.code = "*44".into()));
        is_refused(&mut world, alice, "*43", 404);
        world.dials(alice, "*44");
        world.run_until(secs(20), |w| w.hears(alice) == [alice]);
        world.hangs_up(alice);
        world.run_until_idle();
        world.config(|c| echo(c, &|code| code.enabled = false));
        is_refused(&mut world, alice, "*44", 404);
        assert!(world.record().trace.contains("*44 (Echo test) is switched off"));
        world.assert_quiet();
    });
}

/// FC-12: set on the phone, in force for the next call as if it had been set in the portal, and gone by the other code.
#[test]
fn do_not_disturb_is_switched_by_code() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [bob] = world.phones(["102"]);
        dials_code(&mut world, bob, "*78");
        assert!(world.company.user("102").dnd);
        let trace = world.record().trace.clone();
        assert!(trace.contains("*78 is Do not disturb") && trace.contains("\"Saved\""), "{trace}");
        dials_code(&mut world, bob, "*79");
        assert!(!world.company.user("102").dnd);
        world.assert_quiet();
    });
}

/// FC-13, RNG-16: night by day, day by night, for the whole company; only with the permission.
#[test]
fn night_mode_is_switched_by_who_may() {
    seeds(|seed| {
        let mut world = rough(seed);
        let [alice, bob] = world.phones(["101", "102"]);
        world.config(|c| c.add_role("Keeper", "place_calls,night_mode", &["101"]));
        is_refused(&mut world, bob, "*27", 403);
        dials_code(&mut world, alice, "*27");
        let tenant = world.company.tenant.id;
        let (utc, snapshot) = (world.now().utc, world.company.snapshot());
        assert!(snapshot.is_night(tenant, utc));
        dials_code(&mut world, alice, "*27");
        assert!(!world.company.snapshot().is_night(tenant, utc));
        world.assert_quiet();
    });
}

/// RNG-15: who does not want to be disturbed hears what they asked for themselves all the same.
#[test]
fn who_is_not_to_be_disturbed_uses_codes_and_calls() {
    let mut world = World::new(3);
    let [alice, bob] = world.phones(["101", "102"]);
    dials_code(&mut world, alice, "*78");
    world.dials(alice, "*43");
    world.run_until(secs(20), |w| w.hears(alice) == [alice]);
    world.hangs_up(alice);
    world.run_until_idle();
    world.clicks("101", pbx_core::live::From::OwnPhones, "102");
    world.run_until(secs(20), |w| w.state(alice) == State::Rings);
    world.answers(alice);
    world.run_until(secs(20), |w| w.state(bob) == State::Rings);
    world.hangs_up(alice);
    world.run_until_idle();
    world.assert_quiet();
}
