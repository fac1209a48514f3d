//! Phones of a site that users log in to.

use tests::{PhoneId, State, World, secs};

use crate::{rough, seeds};

/// A user with a phone, another with one, and two phones of a site; PINs are set.
fn office(world: &mut World) -> ([PhoneId; 2], [PhoneId; 2]) {
    let own = world.phones(["101", "102"]);
    world.config(|c| {
        c.add_hotdesk("desk1");
        c.add_hotdesk("desk2");
        for (number, pin) in [("101", "2580"), ("102", "1470")] {
            let user = c.user(number).id;
            c.pins.insert(user, pin.into());
        }
    });
    (own, [world.plug_in("desk1"), world.plug_in("desk2")])
}

/// Dials the code and what it asks for; whether the phone is the user's then.
fn logs_in(world: &mut World, desk: PhoneId, extension: &str, pin: &str) {
    world.dials(desk, "*40");
    world.run_until(secs(30), |w| w.state(desk) == State::Up);
    world.run_for(secs(1));
    world.presses(desk, &format!("{extension}#"));
    world.run_for(secs(1));
    world.presses(desk, &format!("{pin}#"));
    world.run_for(secs(4));
    world.hangs_up(desk);
    world.run_until_idle();
}

/// HD-01, HD-05, SIP-34: calls to the user ring at the desk, calls from it show the user, without another registration.
#[test]
fn a_phone_is_the_users_from_login_to_logout() {
    seeds(|seed| {
        let mut world = rough(seed);
        let ([own, other], [desk, _]) = office(&mut world);
        let registered = world.metric("dialtone_registers_total");
        logs_in(&mut world, desk, "101", "2580");
        let alice = world.company.users[0].id;
        assert_eq!(world.company.device("desk1").user, Some(alice));
        world.dials(other, "101");
        world.run_until(secs(20), |w| w.state(desk) == State::Rings && w.state(own) == State::Rings);
        world.hangs_up(other);
        world.run_until_idle();
        world.dials(desk, "102");
        world.run_until(secs(20), |w| w.state(other) == State::Rings);
        assert_eq!(world.live.values().next().unwrap().caller_number, "101");
        world.hangs_up(desk);
        world.run_until_idle();
        if seed % 4 == 0 {
            world.kill_and_restart();
            assert!(world.company.device("desk1").user.is_some(), "it is configuration");
        }
        world.dials(desk, "*41");
        world.run_until(secs(30), |w| w.state(desk) == State::Up);
        world.run_until_idle();
        assert_eq!(world.company.device("desk1").user, None);
        if seed % 4 != 0 {
            assert_eq!(world.metric("dialtone_registers_total"), registered, "nobody registered again");
        }
        world.assert_quiet();
    });
}

/// HD-06
#[test]
fn a_phone_that_nobody_logged_in_to_calls_nobody() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (_, [desk, _]) = office(&mut world);
        for number in ["101", "*43", "*41", "+4930123456"] {
            world.dials(desk, number);
            world.run_until(secs(30), |w| w.state(desk) == State::Refused(403));
            world.run_until_idle();
            assert_eq!(world.record().cause, "403 Log in to this phone first");
            assert!(world.record().trace.contains("nobody has logged in to Desk desk1"));
        }
        world.assert_quiet();
    });
}

/// HD-05: a wrong PIN leaves the phone as it is; after three the call ends, and no digit is in the record.
#[test]
fn a_wrong_pin_is_refused_and_leaves_no_trace_of_its_digits() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (_, [desk, _]) = office(&mut world);
        world.dials(desk, "*40");
        world.run_until(secs(30), |w| w.state(desk) == State::Up);
        for extension in ["101", "199", "102"] {
            world.run_for(secs(1));
            world.presses(desk, &format!("{extension}#"));
            world.run_for(secs(1));
            world.presses(desk, "9753#");
            world.run_for(secs(2));
        }
        world.run_until(secs(30), |w| w.state(desk) == State::Idle);
        world.run_until_idle();
        assert_eq!(world.company.device("desk1").user, None);
        let trace = &world.record().trace;
        assert!(trace.contains("the PIN is wrong") && trace.contains("199 is no user's"), "{trace}");
        assert!(!trace.contains("9753") && !trace.contains("2580"), "{trace}");
        world.assert_quiet();
    });
}

/// HD-05: logging in elsewhere logs out here; a phone that is somebody's own is none to log in to.
#[test]
fn who_logs_in_elsewhere_is_logged_out_here() {
    seeds(|seed| {
        let mut world = rough(seed);
        let ([own, _], [one, two]) = office(&mut world);
        logs_in(&mut world, one, "101", "2580");
        logs_in(&mut world, two, "101", "0000");
        assert!(world.company.device("desk1").user.is_some(), "a wrong PIN logs nobody out");
        logs_in(&mut world, two, "101", "2580");
        let users = ["desk1", "desk2"].map(|desk| world.company.device(desk).user);
        assert_eq!(users, [None, Some(world.company.users[0].id)]);
        world.dials(own, "*40");
        world.run_until(secs(30), |w| w.state(own) == State::Refused(403));
        world.run_until_idle();
        assert!(world.record().trace.contains("users log in to phones of a site only"));
        world.assert_quiet();
    });
}

/// HD-04: an administrator logs a user out; the next call from the phone is refused.
#[test]
fn a_phone_whose_user_was_logged_out_calls_nobody_any_more() {
    let mut world = World::new(7);
    let (_, [desk, _]) = office(&mut world);
    logs_in(&mut world, desk, "101", "2580");
    world.config(|c| c.device("desk1").user = None);
    world.dials(desk, "102");
    world.run_until(secs(30), |w| w.state(desk) == State::Refused(403));
    world.run_until_idle();
    world.assert_quiet();
}
