//! One trunk alone, whatever the outbound routes say: how an administrator tries it. A-35.
//!
//! Who may not call such a number may not try a trunk with it either, and nobody is called for help.

use config::{
    TrunkId,
    numbering::{self, Class},
    snapshot::Sends,
};

use super::{Read, is_outside, permission, plan};
use crate::route::{Lines, Question, Refused, Route, Way, emergency, home::At, not_allowed, suspended};

/// The way of a test call by that trunk.
pub(crate) fn by(question: &Question<'_>, trunk: TrunkId) -> Route {
    let mut trace = Lines::new();
    let to = find(question, trunk, &mut trace);
    Route { to, trace }
}

fn find(question: &Question<'_>, trunk: TrunkId, trace: &mut Lines) -> Result<Way, Refused> {
    let mut refuse = |why: String, rule, refused| {
        trace.push(("Refused", why, rule));
        Err(refused)
    };
    let Question { snapshot, tenant, dialled, .. } = *question;
    let at = At::of(question).filter(|_| !question.is_of_others());
    let (Some(at), Some(trunk)) = (at, snapshot.trunk(tenant, trunk)) else {
        return refuse("there is no such trunk".into(), TEST_CALL, Refused::NoWayOutside);
    };
    if suspended(snapshot, tenant) {
        return refuse("the company is suspended".into(), "suspension", Refused::Suspended);
    }
    if let Some((_, why, rule)) = not_allowed(question) {
        return refuse(why, rule, Refused::NotAllowed);
    }
    let called = numbering::read(dialled, at.dials()).filter(|_| is_outside(dialled));
    let is_help = emergency::is_help(snapshot, at.tenant, dialled);
    let called = match called {
        Some(called) if !is_help && called.class != Class::Emergency => called,
        _ if is_help => {
            let why = format!("{dialled} is dialled for help: no trunk is tried with it");
            return refuse(why, TEST_CALL, Refused::ClassNotAllowed);
        }
        _ => return refuse(format!("{dialled} is no number outside"), TEST_CALL, Refused::NoWayOutside),
    };
    permission::check(question, &at, &called, trace)?;
    let read = Read { dialled: dialled.to_owned(), called };
    let plan = plan(question, &at, ((TEST_CALL, &Sends::default()), &read, &[trunk]), trace);
    Ok(Way::Outside(Box::new(plan)))
}

/// The rule in the trace.
const TEST_CALL: &str = "test call";

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::route::{
        Caller,
        fixture::{ANNA, Berlin, ONE},
    };

    fn tries(berlin: &Berlin, dialled: &str, trunk: i64) -> Route {
        let snapshot = berlin.snapshot();
        let caller = Caller { user: Some(ANNA), number: "101".into(), ..Caller::default() };
        let utc = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        by(&Question { snapshot: &snapshot, tenant: ONE, caller: &caller, dialled, utc }, TrunkId(trunk))
    }

    ///
    #[test]
    fn that_trunk_is_tried_alone_whatever_the_routes_say() {
        let mut berlin = Berlin::new();
        berlin.route(1, "Everything", &[], &[1]);
        let route = tries(&berlin, "0891234567", 2);
        let Ok(Way::Outside(plan)) = &route.to else { panic!("{route:?}") };
        let sent: Vec<_> = plan.attempts.iter().map(|at| (at.trunk, at.number.as_str())).collect();
        assert_eq!(sent, [(TrunkId(2), "+49891234567")]);
        assert_eq!(&*plan.route_name, TEST_CALL);
        assert!(route.trace.iter().any(|(_, detail, _)| detail.contains("by test call: Spare line")));
        assert_eq!(tries(&berlin, "0891234567", 3).to, Err(Refused::NoWayOutside));
    }

    /// A-35, ROL-10, SIP-44: a test call is a call of who places it.
    #[test]
    fn a_test_call_is_held_to_what_its_caller_may_do() {
        let mut berlin = Berlin::new();
        berlin.limits(|limits| limits.countries = vec!["de".into()]);
        assert_eq!(tries(&berlin, "0015551234567", 1).to, Err(Refused::CountryNotAllowed));
        berlin.user(|anna| anna.calling.most = Some(Class::Local));
        assert_eq!(tries(&berlin, "0891234567", 1).to, Err(Refused::ClassNotAllowed));
        assert!(tries(&berlin, "1234567", 1).to.is_ok(), "a local number");
    }

    /// A-35, GEO-07
    #[test]
    fn neither_help_nor_extensions_are_tested() {
        let berlin = Berlin::new();
        assert_eq!(tries(&berlin, "112", 1).to, Err(Refused::ClassNotAllowed));
        assert_eq!(tries(&berlin, "101", 1).to, Err(Refused::NoWayOutside));
        assert_eq!(tries(&berlin, "*97", 1).to, Err(Refused::NoWayOutside));
    }
}
