//! Numbers that are dialled for help: asked before every other room, refused to nobody. GEO-05…07, SIP-42.
//!
//! Neither role nor suspension, licence, limit or country list holds them back. They show the callback number of where the
//! caller is and carry the address.

use std::sync::Arc;

use config::{
    Snapshot, TenantId,
    numbering::{self, Class, Emergency as Calls},
    snapshot::{OutboundRoute, Tenant, Trunk},
};

use super::{
    Lines, Question, Refused, Way,
    home::At,
    outside::{Attempt, Emergency, Plan, Shown},
};
use crate::pidf;

/// The way to help, if that is what was dialled.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    // Who calls in from outside has help of their own.
    if question.caller.trunk.is_some() {
        return None;
    }
    let at = At::of(question)?;
    let kind = numbering::emergency(at.dials().country, question.dialled)?;
    let what = match kind {
        Calls::Help => "is dialled for help here",
        Calls::Test => "tests what a call for help would show",
    };
    trace.push((
        "Emergency call",
        format!("{} {what}: no permission and no limit holds it back", question.dialled),
        "emergency numbers",
    ));
    let (attempts, route_name) = ways(question);
    if attempts.is_empty() {
        trace.push(("Refused", "no trunk takes emergency calls".into(), "trunks"));
        return Some(Err(Refused::NoWayOutside));
    }
    let emergency = emergency(question, &at, kind, trace);
    let shown = shown(question, &at, trace);
    trace.push(("Routed", format!("by {route_name}"), "emergency calls"));
    let plan = Plan {
        attempts,
        shown,
        emergency: Some(Box::new(emergency)),
        class: Class::Emergency,
        route_name,
        called: None,
        payer: (question.tenant, question.caller.user),
    };
    Some(Ok(Way::Outside(Box::new(plan))))
}

/// Whether a number is dialled for help in that company, wherever in it. For phones that may do nothing else.
pub(crate) fn is_help(snapshot: &Snapshot, tenant: &Tenant, dialled: &str) -> bool {
    let calls = |country: &str| numbering::emergency(country, dialled).is_some();
    calls(&tenant.country) || snapshot.sites_of(tenant.id).any(|site| calls(&site.calling.country))
}

/// Where the caller is, and who must know.
fn emergency(question: &Question<'_>, at: &At<'_>, kind: Calls, trace: &mut Lines) -> Emergency {
    let mut emergency = Emergency { test: kind == Calls::Test, ..Emergency::default() };
    let Some((place, rule)) = at.place(question) else {
        trace.push((
            "Nowhere",
            "neither phone, user, site nor company has a geolocation".into(),
            "geolocation",
        ));
        return emergency;
    };
    let address = place.address.in_words();
    trace.push(("Calls from", format!("{}: {address}", place.name), rule));
    let who = if question.caller.number.is_empty() { "anonymous" } else { &question.caller.number };
    emergency.location = Some(pidf::document(&place.address, &[who, "@", &at.tenant.domain].concat()));
    emergency.place = [&place.name, ", ", &address].concat();
    emergency.notify.clone_from(&place.notify);
    emergency.ring.clone_from(&place.ring);
    emergency
}

/// The number that help sees and calls back: that of the place, else the caller's own. GEO-04, GEO-05.
fn shown(question: &Question<'_>, at: &At<'_>, trace: &mut Lines) -> Shown {
    let place = at.place(question).and_then(|(place, _)| place.callback);
    let callback = place.and_then(|id| question.snapshot.number(question.tenant, id));
    let found = callback.map(|number| (number.as_ref(), "callback number of the geolocation"));
    let Some((number, rule)) = found.or_else(|| at.shows(question)).or_else(|| trunks_own(question)) else {
        trace.push(("Shows no number", "help cannot call back".into(), "caller ID"));
        return Shown::default();
    };
    trace.push(("Shows", number.number.clone(), rule));
    Shown { number: number.number.clone(), name: at.tenant.name.clone(), anonymous: false }
}

fn trunks_own<'a>(question: &Question<'a>) -> Option<(&'a config::snapshot::PhoneNumber, &'static str)> {
    let Question { snapshot, tenant, .. } = *question;
    let own = trunks(snapshot, tenant).find_map(|trunk| snapshot.number(tenant, trunk.caller_id?))?;
    Some((own, "caller ID of the trunk"))
}

/// The trunks of the routes that are named for emergency calls, then all others that take them: one call for help is
/// tried everywhere.
fn ways(question: &Question<'_>) -> (Vec<Attempt>, Arc<str>) {
    let Question { snapshot, tenant, dialled, .. } = *question;
    let named = |route: &&Arc<OutboundRoute>| route.classes.contains(&Class::Emergency);
    let routes: Vec<_> = snapshot.outbound_routes(tenant).iter().filter(named).collect();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut add = |trunk: &Trunk, number: String| {
        if !attempts.iter().any(|attempt| attempt.trunk == trunk.id) {
            attempts.push(Attempt { trunk: trunk.id, number });
        }
    };
    for route in &routes {
        for id in &route.trunks {
            if let Some(trunk) = snapshot.trunk(tenant, *id).filter(|trunk| trunk.enabled) {
                add(trunk, route.sends.as_dialled(dialled));
            }
        }
    }
    trunks(snapshot, tenant).for_each(|trunk| add(trunk, dialled.to_owned()));
    let name = routes.first().map_or_else(|| "every trunk".into(), |route| route.name.as_str().into());
    (attempts, name)
}

fn trunks(snapshot: &Snapshot, tenant: TenantId) -> impl Iterator<Item = &Trunk> {
    snapshot.trunks_of(tenant).into_iter().map(Arc::as_ref).filter(|trunk| trunk.emergency)
}

#[cfg(test)]
mod tests;
