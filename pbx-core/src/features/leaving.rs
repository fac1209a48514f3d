//! A call leaves its company: to another one of the group, or by a trunk. Here, and nowhere else, is decided whether it may.
//! MT-13, SIP-43, SIP-44, GEO-08.

use std::borrow::Cow;

use config::{
    TenantId,
    numbering::Class,
    records::{
        Change,
        outside::{AlertKind, AlertRow, EmergencyRow},
    },
};

use crate::{
    call::{Call, Cause, leg::Party, script::Action},
    guard::Charge,
    route::{
        Way, inbound,
        outside::{Emergency, Inside, Plan, Shown},
    },
};

/// The call as the other company has it from here on. Its own tenant again, if it comes back.
pub(super) fn elsewhere(call: &Call, tenant: TenantId, number: &str) -> Result<Call, Cause> {
    let Some(tenant) = call.facts().snapshot.tenant(tenant) else { return Err(Cause::NotFound) };
    let own = call.facts();
    call.note("Goes to another company", format_args!("{number} of {}", tenant.name), "company group");
    let there = call.elsewhere(tenant, number, None);
    let caller = &there.facts().caller.number;
    there.note("Comes from another company", format_args!("{caller}, {}", own.tenant.name), "company group");
    Ok(there)
}

/// The call as the company has it whose number of the public network it reaches without a trunk, and where it goes there.
/// SIP-40
pub(super) fn inside(call: &Call, inside: &Inside) -> Result<(Call, Way), Cause> {
    let own = call.facts();
    let Some(tenant) = own.snapshot.tenant(inside.tenant) else { return Err(Cause::NotFound) };
    let there = if tenant.id == own.tenant.id {
        call.clone()
    } else {
        let hides = call.is_hidden() || inside.shown.anonymous || inside.shown.number.is_empty();
        let party = if hides {
            Party { number: "anonymous".into(), name: "Anonymous".into(), ..Party::default() }
        } else {
            let Shown { number, name, .. } = inside.shown.clone();
            Party { number, name, ..Party::default() }
        };
        call.elsewhere(tenant, &inside.called, Some(party))
    };
    let caller = &there.facts().caller.number;
    let route = inbound::inside((&own.snapshot, tenant.id), (&inside.called, caller), call.utc());
    for (what, detail, rule) in route.trace {
        there.note(what, detail, rule);
    }
    Ok((there, route.to.map_err(Cause::from)?))
}

/// Whether a call goes out by a trunk. `home` is whose caller it is.
pub(super) fn may_leave(call: &Call, plan: &Plan, home: TenantId) -> Result<(), Cause> {
    if let Some(emergency) = &plan.emergency {
        alert(call, plan, emergency);
        return Ok(());
    }
    if call.is_guest(home) || call.is_of_others() {
        call.note("Refused", "a caller of another company takes no trunk of this one", "company group");
        return Err(Cause::OthersTrunk);
    }
    let facts = call.facts();
    let (tenant, user) = plan.payer;
    let Some(limits) = facts.snapshot.call_limits(tenant) else { return Ok(()) };
    let charge = Charge { tenant, user, class: plan.class, since: None };
    let Some(stop) = facts.office.guard.borrow_mut().stops(limits, &charge, call.time()) else {
        return Ok(());
    };
    call.note("Refused", &stop.text, "call limits");
    if stop.is_news {
        let who = &facts.caller.number;
        let text =
            format!("A call of {who} was stopped: {}. Further ones are, too. See Call limits.", stop.text);
        call.act(Action::Store(Change::Alert(Box::new(AlertRow {
            tenant,
            at: call.utc().timestamp_millis(),
            kind: AlertKind::Limit,
            text,
            user,
            mail: limits.alert_mail.clone(),
        }))));
    }
    Err(Cause::LimitReached)
}

/// The plan as the called see it: without the caller, if they dialled so. Help always sees who calls. FC-15
pub(super) fn shown<'a>(call: &Call, plan: &'a Plan) -> Cow<'a, Plan> {
    if plan.emergency.is_some() || !call.is_hidden() {
        return Cow::Borrowed(plan);
    }
    call.note("Shows nobody", "the caller hides their number", "feature code");
    let mut plan = plan.clone();
    plan.shown.anonymous = true;
    Cow::Owned(plan)
}

/// Tells who must know that somebody calls for help, and remembers whom help calls back.
fn alert(call: &Call, plan: &Plan, emergency: &Emergency) {
    let facts = call.facts();
    let (tenant, user) = plan.payer;
    let dialled = plan.attempts.first().map_or("", |attempt| &attempt.number).to_owned();
    let device = call.caller_device();
    let at = call.utc().timestamp_millis();
    let name =
        user.and_then(|id| facts.snapshot.user(tenant, id)).map(|user| user.full_name()).unwrap_or_default();
    let who = [&facts.caller.number, " ", &name].concat().trim().to_owned();
    let place = if emergency.place.is_empty() { "an unknown place" } else { &emergency.place };
    let tests = if emergency.test { " Nobody was alarmed: it tests the emergency service." } else { "" };
    let time = call.utc().format("%Y-%m-%d %H:%M:%S UTC");
    let text = format!("{who} called {dialled} from {place} at {time}.{tests}");
    call.note("Tells", &text, "emergency calls");
    let row = EmergencyRow {
        call: format!("{at:011x}{:x}", device.map_or(0, |device| device.0)),
        tenant,
        at,
        user,
        device,
        shown: plan.shown.number.clone(),
        dialled,
        reach: None,
    };
    debug_assert_eq!(plan.class, Class::Emergency);
    call.act(Action::Help(Box::new(row)));
    let mail = emergency.notify.clone();
    let alert = AlertRow { tenant, at, kind: AlertKind::Emergency, text, user, mail };
    call.act(Action::Store(Change::Alert(Box::new(alert))));
    for user in emergency.ring.iter().filter(|user| Some(**user) != plan.payer.1) {
        call.act(Action::Alarm(*user));
    }
}
