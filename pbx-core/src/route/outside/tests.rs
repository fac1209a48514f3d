use config::{
    DeviceId, NumberId, RoleId,
    numbering::Class,
    snapshot::{NumberOut, Rows, Sends, TimeFrame},
};

use super::*;
use crate::route::{
    Caller, Route,
    fixture::{ANNA, Berlin, ONE},
};

fn plan(route: Route) -> Plan {
    match route.to {
        Ok(Way::Outside(plan)) => *plan,
        other => panic!("{other:?}: {:?}", route.trace),
    }
}

fn sent(route: Route) -> Vec<(i64, String)> {
    plan(route).attempts.into_iter().map(|attempt| (attempt.trunk.0, attempt.number)).collect()
}

fn refused(route: &Route) -> Option<Refused> {
    route.to.clone().err()
}

fn says(route: &Route, what: &str) -> bool {
    route.trace.iter().any(|(_, detail, _)| detail.contains(what))
}

/// SIP-40
#[test]
fn a_company_with_trunks_and_without_routes_calls_by_all_of_them() {
    let mut berlin = Berlin::new();
    let both = vec![(1, "+49891234567".to_owned()), (2, "+49891234567".to_owned())];
    assert_eq!(sent(berlin.dials("0891234567")), both);
    assert_eq!(refused(&berlin.dials("999")), Some(Refused::UnknownExtension));
    berlin.trunk(1, |trunk| trunk.enabled = false);
    assert_eq!(sent(berlin.dials("0891234567")), [(2, "+49891234567".to_owned())]);
    berlin.trunk(2, |trunk| trunk.enabled = false);
    assert_eq!(refused(&berlin.dials("0891234567")), Some(Refused::NoWayOutside));
}

/// SIP-40, PRF-02: the first route that fits is taken, and the trace says why the others were not.
#[test]
fn routes_are_asked_in_order_and_say_why_they_are_passed_over() {
    let mut berlin = Berlin::new();
    berlin.route(1, "Service", &["115"], &[1]);
    let mut munich = berlin.route(2, "Munich", &["+4989."], &[1]);
    munich.roles = vec![RoleId(2)];
    berlin.put_route(munich);
    let mut premium = berlin.route(3, "Premium", &[], &[1]);
    premium.classes = vec![Class::Premium];
    berlin.put_route(premium);
    let mut rest = berlin.route(4, "Everything", &[], &[2, 1]);
    rest.sends = Sends { strip: 1, add: "00".into() };
    berlin.put_route(rest);
    let route = berlin.dials("0891234567");
    assert!(says(&route, "Munich: not for the caller's role"), "{:?}", route.trace);
    assert!(says(&route, "Premium: not for national calls"), "{:?}", route.trace);
    assert!(
        says(&route, "+49891234567 (national) by Everything: Spare line, Main line"),
        "{:?}",
        route.trace
    );
    assert_eq!(sent(route), [(2, "0049891234567".to_owned()), (1, "0049891234567".to_owned())]);
    assert_eq!(sent(berlin.dials("115")), [(1, "115".to_owned())]);
    assert_eq!(refused(&berlin.dials("116")), Some(Refused::UnknownExtension), "no pattern names it");
    assert_eq!(&*plan(berlin.dials("1234567")).route_name, "Everything");
}

/// SIP-40
#[test]
fn what_is_dialled_first_is_not_sent() {
    let mut berlin = Berlin::new();
    berlin.route(1, "With 9", &["9|."], &[1]);
    assert_eq!(sent(berlin.dials("90891234567")), [(1, "+49891234567".to_owned())]);
    assert_eq!(refused(&berlin.dials("0891234567")), Some(Refused::NoWayOutside));
}

/// SIP-40
#[test]
fn a_route_is_asked_within_its_times_only() {
    let mut berlin = Berlin::new();
    let hours = "mo 09:00-10:00".parse().unwrap();
    let frame = TimeFrame {
        id: config::TimeFrameId(1),
        tenant: ONE,
        name: "Mondays".into(),
        user: None,
        schedule: config::schedule::Schedule::Weekly(hours),
    };
    Rows::put(&mut berlin.rows.time_frames, [frame]);
    let mut timed = berlin.route(1, "Mondays", &[], &[1]);
    timed.time_frame = Some(config::TimeFrameId(1));
    berlin.put_route(timed);
    // A Friday.
    let route = berlin.dials("0891234567");
    assert!(says(&route, "Mondays: Mondays: "), "{:?}", route.trace);
    assert_eq!(refused(&route), Some(Refused::NoWayOutside));
}

/// SIP-40
#[test]
fn each_trunk_gets_the_number_in_its_own_words() {
    let mut berlin = Berlin::new();
    berlin.trunk(1, |trunk| trunk.outgoing.number = NumberOut::National);
    berlin.trunk(2, |trunk| trunk.outgoing.number = NumberOut::International);
    let both = vec![(1, "0891234567".to_owned()), (2, "0049891234567".to_owned())];
    assert_eq!(sent(berlin.dials("+49891234567")), both);
    assert_eq!(sent(berlin.dials("1234567"))[0].1, "0301234567");
}

/// ROL-10
#[test]
fn what_a_role_does_not_allow_is_refused_and_the_user_may_be_an_exception() {
    let mut berlin = Berlin::new();
    berlin.user(|user| user.role = Some(RoleId(2)));
    assert!(refused(&berlin.dials("1234567")).is_none());
    let route = berlin.dials("0891234567");
    assert_eq!(refused(&route), Some(Refused::ClassNotAllowed));
    assert!(says(&route, "the role Clerk does not let 101 make national calls"), "{:?}", route.trace);
    berlin.user(|user| user.role = None);
    assert!(refused(&berlin.dials("0891234567")).is_none(), "ordinary users call within the country");
    assert_eq!(refused(&berlin.dials("0043123456")), Some(Refused::ClassNotAllowed));
    berlin.user(|user| user.calling.most = Some(Class::International));
    assert!(refused(&berlin.dials("0043123456")).is_none());
    assert_eq!(refused(&berlin.dials("09001234567")), Some(Refused::ClassNotAllowed));
    berlin.user(|user| user.calling.most = Some(Class::Internal));
    assert_eq!(refused(&berlin.dials("1234567")), Some(Refused::ClassNotAllowed));
}

/// SIP-44: nobody pays for dear calls of a phone that is nobody's.
#[test]
fn a_phone_of_nobody_calls_within_the_country_only() {
    let berlin = Berlin::new();
    let lobby = Caller { number: "lobby".into(), ..Caller::default() };
    assert!(refused(&berlin.ask(&lobby, "0891234567")).is_none());
    assert_eq!(refused(&berlin.ask(&lobby, "0043123456")), Some(Refused::ClassNotAllowed));
}

/// SIP-44
#[test]
fn only_countries_of_the_list_are_called() {
    let mut berlin = Berlin::new();
    berlin.limits(|limits| limits.countries = vec!["at".into()]);
    assert!(refused(&berlin.dials("0043123456")).is_none());
    assert!(refused(&berlin.dials("0891234567")).is_none());
    let jamaica = berlin.dials("0018765550100");
    assert_eq!(refused(&jamaica), Some(Refused::CountryNotAllowed));
    assert!(says(&jamaica, "JM is none of the countries"), "{:?}", jamaica.trace);
    assert_eq!(
        refused(&berlin.dials("+88161234567")),
        Some(Refused::CountryNotAllowed),
        "satellites are no country"
    );
}

/// NUM-08, SIP-41
#[test]
fn the_called_see_the_number_of_the_user_then_of_the_site_then_of_the_trunk() {
    let mut berlin = Berlin::new();
    for (id, number) in [(1, "+49301111"), (2, "+49302222"), (3, "+49303333")] {
        berlin.number(id, number, None);
    }
    let shows = |berlin: &Berlin| plan(berlin.dials("0891234567")).shown.number;
    assert_eq!(shows(&berlin), "");
    berlin.trunk(2, |trunk| trunk.caller_id = Some(NumberId(3)));
    assert_eq!(shows(&berlin), "+49303333");
    berlin.site(|site| site.caller_id = Some(NumberId(2)));
    assert_eq!(shows(&berlin), "+49302222");
    berlin.number(4, "+49304444", Some(ANNA));
    assert_eq!(shows(&berlin), "+49304444");
    berlin.user(|user| user.calling.caller_id = Some(NumberId(1)));
    assert_eq!(shows(&berlin), "+49301111");
    let route = berlin.dials("0891234567");
    assert!(
        route.trace.contains(&("Shows", "+49301111".into(), "caller ID of the user")),
        "{:?}",
        route.trace
    );
    assert_eq!(plan(route).shown.name, "Company 1");
}

/// PRF-02: the user's area, else the site's, else the company's; the site's country counts.
#[test]
fn local_numbers_are_completed_where_the_caller_is() {
    let mut berlin = Berlin::new();
    let first = |berlin: &Berlin| sent(berlin.dials("1234567")).remove(0).1;
    assert_eq!(first(&berlin), "+49301234567");
    berlin.site(|site| site.area_code = "089".into());
    assert_eq!(first(&berlin), "+49891234567");
    berlin.user(|user| user.calling.area_code = "040".into());
    assert_eq!(first(&berlin), "+49401234567");
    berlin.site(|site| site.country = "us".into());
    berlin.user(|user| user.calling.area_code = "208".into());
    assert_eq!(first(&berlin), "+12081234567");
}

/// SIP-40: what is no number stays where it is.
#[test]
fn codes_and_words_do_not_go_outside() {
    let berlin = Berlin::new();
    for dialled in ["*43", "anna", "12#", "", "+"] {
        assert_eq!(refused(&berlin.dials(dialled)), Some(Refused::UnknownExtension), "{dialled}");
    }
    let device =
        Caller { user: Some(ANNA), device: Some(DeviceId(1)), number: "101".into(), ..Caller::default() };
    assert!(matches!(berlin.ask(&device, "101").to, Ok(Way::To(_))));
}
