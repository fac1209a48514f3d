//! The way outside, as carriers see it: who is let out, by which trunk, showing what. SIP-40, SIP-41, SIP-44, ROL-10.

use config::{
    numbering::Class,
    snapshot::{Forwards, Limit, OutboundRoute, Sends},
};
use sip_stack::Name;
use tests::{Habit, PhoneId, State, World, ms, secs};

use crate::{rough, seeds};

/// 101, and a carrier behind the trunk `Main line`; the company is in Berlin, and shows +49 30 1234500.
pub fn outside(world: &mut World) -> (PhoneId, PhoneId) {
    let [alice] = world.phones(["101"]);
    let carrier = world.carrier("+4989555");
    world.habit(carrier, Habit::Answer(ms(300)));
    let host = world.host(carrier);
    world.config(|c| {
        c.tenant.calling.area_code = "30".into();
        c.add_role(
            "Everything",
            "place_calls,call_local,call_national,call_international,call_premium",
            &["101"],
        );
        let trunk = c.add_trunk("Main line", &host);
        let number = c.add_number("+49301234500").id;
        c.user("101").calling.caller_id = Some(number);
        assert_eq!(c.trunks[0].id, trunk);
    });
    world.run_for(secs(2));
    (alice, carrier)
}

/// A header of the last INVITE that reached a phone.
pub fn header(world: &mut World, phone: PhoneId, name: Name) -> String {
    let invite = world.phone(phone).last_invite.clone().expect("it was invited");
    invite.header(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

fn uri(world: &mut World, phone: PhoneId) -> String {
    let invite = world.phone(phone).last_invite.clone().expect("it was invited");
    String::from_utf8_lossy(invite.request_uri().unwrap_or_default()).into_owned()
}

fn route(world: &World, name: &str) -> OutboundRoute {
    OutboundRoute {
        id: config::OutboundRouteId(1),
        tenant: world.company.tenant.id,
        position: 1,
        name: name.into(),
        patterns: vec![],
        classes: vec![],
        roles: vec![],
        trunks: vec![],
        sends: Sends::default(),
        enabled: true,
        time_frame: None,
    }
}

/// SIP-40, SIP-41, NUM-08, PRF-02
#[test]
fn a_local_number_leaves_in_full_and_shows_the_users_number() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.dials(alice, "7654321");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        assert!(uri(&mut world, carrier).starts_with("sip:+49307654321@"));
        assert!(header(&mut world, carrier, Name::PAssertedIdentity).contains("+49301234500"));
        world.hangs_up(alice);
        world.run_until_idle();
        let record = world.record().clone();
        for line in ["+49307654321 (local) by every trunk: Main line", "caller ID of the user"] {
            assert!(record.trace.contains(line), "{}", record.trace);
        }
        let usage = &world.store.usage;
        assert!(usage.len() == 1 && usage[0].class == Class::Local, "{usage:?}");
        world.assert_quiet();
    });
}

/// SIP-40: the route decides, and says why others did not.
#[test]
fn routes_decide_what_is_sent_and_the_trace_says_why_the_others_did_not() {
    let mut world = World::new(1);
    let (alice, carrier) = outside(&mut world);
    let mut abroad = route(&world, "Abroad");
    abroad.classes = vec![Class::International];
    let mut rest = OutboundRoute { id: config::OutboundRouteId(2), position: 2, ..route(&world, "Rest") };
    rest.sends = Sends { strip: 1, add: "00".into() };
    world.config(|c| c.routes = vec![abroad, rest]);
    world.dials(alice, "089123456");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    assert!(uri(&mut world, carrier).starts_with("sip:004989123456@"));
    world.hangs_up(alice);
    world.run_until_idle();
    let trace = world.record().trace.clone();
    assert!(trace.contains("Abroad: not for national calls"), "{trace}");
    world.assert_quiet();
}

/// ROL-10, SIP-44: refused with 403 and without a word to the carrier.
#[test]
fn calls_that_are_not_allowed_reach_no_trunk() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| {
            c.user("101").calling.most = Some(Class::National);
            c.limits.countries = vec!["at".into()];
        });
        world.dials(alice, "0043123456");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.record().cause, "403 Not allowed to call this kind of number");
        world.config(|c| c.user("101").calling.most = Some(Class::Premium));
        world.dials(alice, "0018765550100");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.record().cause, "403 Not allowed to call this country");
        assert_eq!(world.phone(carrier).invited, 0);
        world.assert_quiet();
    });
}

/// SIP-44: so many minutes a day, and an administrator is told once. A restart forgets nothing.
#[test]
fn a_days_minutes_stop_further_calls_over_a_restart_and_are_told_once() {
    let mut world = World::new(7);
    let (alice, carrier) = outside(&mut world);
    world.config(|c| {
        c.limits.abroad = Limit { user: Some(1), tenant: None };
        c.limits.alert_mail = vec!["boss@example.com".into()];
    });
    world.dials(alice, "0043123456");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    world.run_for(secs(61));
    assert_eq!(world.state(alice), State::Idle, "it was cut");
    world.run_until_idle();
    assert!(world.store.usage[0].seconds >= 60, "{:?}", world.store.usage);
    for restart in [false, true] {
        if restart {
            world.kill_and_restart();
            world.register(alice);
            world.run_for(secs(2));
        }
        world.dials(alice, "0043123456");
        world.run_until(secs(20), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.record().cause, "403 The limit for such calls is reached");
    }
    assert_eq!(world.phone(carrier).invited, 1);
    world.dials(alice, "089123456");
    world.run_until(secs(20), |w| w.state(alice) == State::Up);
    world.hangs_up(alice);
    world.run_until_idle();
    let alerts = &world.store.alerts;
    assert!(alerts[0].text.contains("101") && alerts[0].mail == ["boss@example.com"], "{alerts:?}");
    assert_eq!(alerts.len(), 2, "once a day, and once more by a program that does not know it");
    world.assert_quiet();
}

/// SIP-44
#[test]
fn calls_abroad_at_once_are_counted_while_they_run() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| c.limits.abroad_at_once = Limit { user: None, tenant: Some(1) });
        world.config(|c| {
            c.add_user("102");
            c.user("102").calling.most = Some(Class::International);
        });
        let bob = world.plug_in("102");
        world.dials(alice, "0043123456");
        world.run_until(secs(30), |w| w.state(alice) == State::Up && w.state(carrier) == State::Up);
        world.dials(bob, "0043123457");
        world.run_until(secs(30), |w| w.state(bob) == State::Refused(403));
        world.hangs_up(alice);
        world.run_until_idle();
        world.dials(bob, "0043123457");
        world.run_until(secs(30), |w| w.state(bob) == State::Up);
        world.hangs_up(bob);
        world.run_until_idle();
        world.assert_quiet();
    });
}

/// RNG-18: who forwards outside must be allowed to call there themselves.
#[test]
fn a_forward_outside_needs_the_permission_of_who_forwards() {
    seeds(|seed| {
        let mut world = rough(seed);
        let (alice, carrier) = outside(&mut world);
        world.config(|c| {
            c.add_user("102");
            c.user("102").forwards = Forwards { always: Some("0043123456".into()), ..Forwards::default() };
        });
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Refused(403));
        world.run_until_idle();
        assert_eq!(world.phone(carrier).invited, 0);
        world.config(|c| c.user("102").calling.most = Some(Class::International));
        world.dials(alice, "102");
        world.run_until(secs(30), |w| w.state(alice) == State::Up);
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.store.usage.last().and_then(|row| row.user), Some(world.company.user("102").id));
        world.assert_quiet();
    });
}

/// SIP-40: within its times a route is taken, outside of them the next one.
#[test]
fn a_route_is_taken_within_its_times_only() {
    let mut world = World::new(9);
    let (alice, carrier) = outside(&mut world);
    let mut by_day = route(&world, "By day");
    by_day.sends = Sends { strip: 0, add: "1".into() };
    let rest = OutboundRoute { id: config::OutboundRouteId(2), position: 2, ..route(&world, "Rest") };
    world.config(|c| {
        let hours = config::schedule::Schedule::Weekly("mo-fr 08:00-18:00".parse().unwrap());
        by_day.time_frame = Some(c.add_frame("Office hours", hours));
        c.routes = vec![by_day, rest];
    });
    for (clock, sent) in
        [("2026-11-23T10:00:00Z", "sip:1+4989123456@"), ("2026-11-23T22:00:00Z", "sip:+4989123456@")]
    {
        world.set_clock(clock);
        world.dials(alice, "089123456");
        world.run_until(secs(20), |w| w.state(alice) == State::Up);
        let uri = uri(&mut world, carrier);
        assert!(uri.starts_with(sent), "{clock}: {uri}");
        world.hangs_up(alice);
        world.run_until_idle();
        assert_eq!(world.record().trace.contains("By day: Office hours: "), sent.contains("sip:+"));
    }
    world.assert_quiet();
}
