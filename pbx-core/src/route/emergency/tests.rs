use config::{GeolocationId, NumberId, RoleId, snapshot::Rows};

use super::*;
use crate::route::{
    Caller, Route,
    fixture::{ANNA, Berlin, OFFICE, ONE, tenant},
};

fn plan(route: Route) -> Plan {
    match route.to {
        Ok(Way::Outside(plan)) => *plan,
        other => panic!("{other:?}: {:?}", route.trace),
    }
}

fn place(plan: &Plan) -> &str {
    &plan.emergency.as_ref().unwrap().place
}

/// GEO-07: no role, no own limit, no missing route holds it back; it is tried by every trunk that takes it.
#[test]
fn a_call_for_help_is_refused_to_nobody() {
    let mut berlin = Berlin::new();
    berlin.user(|user| {
        user.role = Some(RoleId(7));
        user.calling.most = Some(Class::Internal);
        user.suspended = true;
    });
    berlin.limits(|limits| limits.countries = vec!["at".into()]);
    let plan_of = plan(berlin.dials("112"));
    let sent: Vec<_> = plan_of.attempts.iter().map(|one| (one.trunk.0, one.number.as_str())).collect();
    assert_eq!(sent, [(1, "112"), (2, "112")]);
    assert_eq!((plan_of.class, &*plan_of.route_name), (Class::Emergency, "every trunk"));
    berlin.trunk(1, |trunk| trunk.emergency = false);
    assert_eq!(plan(berlin.dials("110")).attempts.len(), 1);
    let lobby = Caller { number: "lobby".into(), ..Caller::default() };
    assert!(plan(berlin.ask(&lobby, "110")).emergency.is_some());
    berlin.trunk(2, |trunk| trunk.emergency = false);
    assert_eq!(berlin.dials("112").to, Err(Refused::NoWayOutside));
}

/// GEO-07: which numbers call for help is a matter of the country where the caller is.
#[test]
fn numbers_for_help_are_those_of_the_callers_country() {
    let mut berlin = Berlin::new();
    assert!(berlin.dials("911").to.is_err());
    berlin.site(|site| site.country = "us".into());
    assert!(!plan(berlin.dials("911")).emergency.unwrap().test);
    assert!(plan(berlin.dials("933")).emergency.unwrap().test);
    assert!(berlin.dials("110").to.is_err());
    let snapshot = berlin.snapshot();
    let company = snapshot.tenant(ONE).unwrap();
    assert!(is_help(&snapshot, company, "911") && is_help(&snapshot, company, "112"));
    assert!(!is_help(&snapshot, company, "999"));
}

/// GEO-02, GEO-03, GEO-06: phone, user, site, company.
#[test]
fn help_is_sent_to_where_the_phone_is() {
    let mut berlin = Berlin::new();
    let nowhere = berlin.dials("112");
    assert!(nowhere.trace.iter().any(|(what, ..)| *what == "Nowhere"), "{:?}", nowhere.trace);
    assert_eq!(plan(nowhere).emergency.unwrap().location, None);
    for id in 1..=4 {
        berlin.place(GeolocationId(id), None);
    }
    let mut company = tenant(1, "", "");
    company.calling.geolocation = Some(OFFICE);
    Rows::put(&mut berlin.rows.tenants, [company]);
    assert_eq!(place(&plan(berlin.dials("112"))), "Place 1, Main Street, Berlin, DE");
    berlin.site(|site| site.geolocation = Some(GeolocationId(2)));
    assert!(place(&plan(berlin.dials("112"))).starts_with("Place 2"));
    berlin.user(|user| user.calling.geolocation = Some(GeolocationId(3)));
    assert!(place(&plan(berlin.dials("112"))).starts_with("Place 3"));
    let mut device = (**berlin.rows.devices.get(&1).unwrap()).clone();
    device.geolocation = Some(GeolocationId(4));
    Rows::put(&mut berlin.rows.devices, [device]);
    let plan_of = plan(berlin.dials("112"));
    assert!(place(&plan_of).starts_with("Place 4"));
    let location = plan_of.emergency.unwrap().location.unwrap();
    assert!(location.contains("entity=\"pres:101@c1.example\""), "{location}");
}

/// GEO-04, GEO-05: the place's callback number, else the caller's own, else the trunk's.
#[test]
fn help_sees_the_number_that_it_can_call_back() {
    let mut berlin = Berlin::new();
    for (id, number) in [(1, "+49301111"), (2, "+49302222"), (3, "+49303333")] {
        berlin.number(id, number, None);
    }
    berlin.trunk(2, |trunk| trunk.caller_id = Some(NumberId(3)));
    assert_eq!(plan(berlin.dials("112")).shown.number, "+49303333");
    berlin.user(|user| user.calling.caller_id = Some(NumberId(2)));
    assert_eq!(plan(berlin.dials("112")).shown.number, "+49302222");
    berlin.place(OFFICE, Some(1));
    berlin.user(|user| user.calling.geolocation = Some(OFFICE));
    let shown = plan(berlin.dials("112")).shown;
    assert_eq!((shown.number.as_str(), shown.anonymous), ("+49301111", false));
}

/// GEO-07: routes that are named for emergency calls go first, whoever else may use them.
#[test]
fn a_route_for_emergency_calls_goes_first() {
    let mut berlin = Berlin::new();
    let mut route = berlin.route(1, "Emergency line", &[], &[2]);
    route.classes = vec![Class::Emergency];
    route.roles = vec![RoleId(2)];
    route.sends.add = "0".into();
    berlin.put_route(route);
    let plan = plan(berlin.dials("112"));
    let sent: Vec<_> = plan.attempts.iter().map(|one| (one.trunk.0, one.number.as_str())).collect();
    assert_eq!((sent, &*plan.route_name), (vec![(2, "0112"), (1, "112")], "Emergency line"));
    assert_eq!(plan.payer, (ONE, Some(ANNA)));
}
