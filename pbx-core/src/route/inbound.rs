//! Numbers of ours that are called from outside: whose they are, and where such a call goes. SIP-39, NUM-02…07, ICR-01.

use chrono::{DateTime, Utc};
use config::{
    NumberId, Snapshot, TenantId,
    numbering::{self, Home},
    snapshot::{NumberIn, PhoneNumber, Target, Trunk},
};

use super::{Lines, Refused, Route, Way, suspended, unreachable};

/// What is asked: which trunk brings a call for which number, when.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// The configuration that decides.
    pub snapshot: &'a Snapshot,
    /// By which trunk it comes.
    pub trunk: &'a Trunk,
    /// The called number as the trunk wrote it.
    pub called: &'a str,
    /// Who calls, in full if it is a number.
    pub caller: &'a str,
    /// Decides schedules.
    pub utc: DateTime<Utc>,
}

/// What decides once it is known which number is called.
struct Within<'a> {
    snapshot: &'a Snapshot,
    caller: &'a str,
    utc: DateTime<Utc>,
}

/// Whose call it is, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The company that is called.
    pub tenant: TenantId,
    /// The called number in full, for the record. NUM-10
    pub called: String,
    /// Where it goes.
    pub route: Route,
}

/// Where a call goes that a trunk brings; `None` if the number is nobody's.
pub fn route(arrived: &Arrived<'_>) -> Option<Inbound> {
    let Arrived { snapshot, trunk, called, caller, utc } = *arrived;
    let mut trace = Lines::new();
    let full = in_full(snapshot, trunk, called);
    trace.push(("Comes in", format!("{called} by {}", trunk.name), "trunk"));
    let found = number(snapshot, trunk, called);
    let tenant = found.map_or(trunk.tenant, |number| number.tenant);
    if suspended(snapshot, tenant) {
        let to = unreachable(&mut trace);
        return Some(Inbound { tenant, called: full, route: Route { to, trace } });
    }
    let within = Within { snapshot, caller, utc };
    if let Some(refused) = blocked(&within, tenant, &mut trace) {
        let route = Route { to: Err(refused), trace };
        return Some(Inbound { tenant, called: full, route });
    }
    let to = match found {
        Some(number) => of_number(&within, number, &mut trace),
        None => {
            trace.push(("Not listed", format!("{full} is none of the phone numbers"), "phone numbers"));
            routed(&within, tenant, None, &mut trace)
        }
    };
    let to = to?;
    Some(Inbound { tenant, called: full, route: Route { to, trace } })
}

/// Where a call goes to a number of this system that somebody of another company, or of the same, calls. SIP-40.
pub fn inside(
    (snapshot, tenant): (&Snapshot, TenantId),
    (called, caller): (&str, &str),
    utc: DateTime<Utc>,
) -> Route {
    let mut trace = Lines::new();
    let arrived = Within { snapshot, caller, utc };
    trace.push(("Comes in", format!("{called} without a trunk"), "own numbers"));
    if suspended(snapshot, tenant) {
        return Route { to: unreachable(&mut trace), trace };
    }
    let found = listed(snapshot, called, |number| number.tenant == tenant);
    if let Some(refused) = blocked(&arrived, tenant, &mut trace) {
        return Route { to: Err(refused), trace };
    }
    let to = found.and_then(|number| of_number(&arrived, number, &mut trace));
    Route { to: to.unwrap_or(Err(Refused::UnknownExtension)), trace }
}

/// The number that is called, if the trunk may bring calls for it: the longest one of ours with which the called number
/// begins. A company's own trunk brings calls for it alone.
pub fn number<'a>(snapshot: &'a Snapshot, trunk: &Trunk, called: &str) -> Option<&'a PhoneNumber> {
    let full = in_full(snapshot, trunk, called);
    listed(snapshot, &full, |number| snapshot.trunk(number.tenant, trunk.id).is_some())
}

/// The longest listed number with which a number in full begins, of those that are meant.
pub(super) fn listed<'a>(
    snapshot: &'a Snapshot,
    full: &str,
    is_meant: impl Fn(&PhoneNumber) -> bool,
) -> Option<&'a PhoneNumber> {
    let mut beginning = full;
    while beginning.len() > SHORTEST {
        if let Some(number) = snapshot.number_by_e164(beginning).filter(|number| is_meant(number)) {
            return Some(number);
        }
        // What came may be anything; numbers are ASCII.
        let (rest, _) = beginning.split_at_checked(beginning.len() - 1)?;
        beginning = rest;
    }
    None
}

/// A number in full, as the trunk means it; as it came, where that makes no number.
pub fn in_full(snapshot: &Snapshot, trunk: &Trunk, written: &str) -> String {
    let country = snapshot.tenant(trunk.tenant).map_or("", |tenant| tenant.country.as_str());
    let home = Home { country, area: "" };
    let digits = written.trim_start_matches('+');
    let whole = match trunk.incoming.number {
        _ if written.starts_with('+') => return written.to_owned(),
        NumberIn::E164 => return format!("+{}", digits.trim_start_matches('0')),
        NumberIn::National => {
            let plan = numbering::plan(country);
            let national = digits.strip_prefix(plan.trunk).unwrap_or(digits);
            numbering::read(&format!("+{}{national}", plan.code), home)
        }
        NumberIn::Written => numbering::read(digits, home),
    };
    whole.and_then(|called| called.e164).unwrap_or_else(|| written.to_owned())
}

/// Whether the whole company takes no calls of who calls. CH-17.
fn blocked(arrived: &Within<'_>, tenant: TenantId, trace: &mut Lines) -> Option<Refused> {
    let blocked = arrived.snapshot.blocks(tenant, None, arrived.caller)?;
    let detail = format!("{} is blocked for the whole company by {}", arrived.caller, blocked.number);
    trace.push(("Blocked", detail, "blocked callers"));
    Some(Refused::Blocked)
}

fn of_number(arrived: &Within<'_>, number: &PhoneNumber, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    let snapshot = arrived.snapshot;
    if let Some(user) = number.user.and_then(|id| snapshot.user(number.tenant, id)) {
        trace.push((
            "Routed",
            format!("{} is {}'s own number", number.number, user.full_name()),
            "phone numbers",
        ));
        return Some(Ok(Way::Direct(Target::User(user.id))));
    }
    if let Some(group) = number.ring_group.and_then(|id| snapshot.ring_group(number.tenant, id)) {
        trace.push(("Routed", format!("{} rings {}", number.number, group.name), "phone numbers"));
        return Some(Ok(Way::Direct(Target::RingGroup(group.id))));
    }
    routed(arrived, number.tenant, Some(number.id), trace)
}

/// Where inbound routing sends a call now. ICR-01, ICR-03, NUM-07
fn routed(
    arrived: &Within<'_>,
    tenant: TenantId,
    number: Option<NumberId>,
    trace: &mut Lines,
) -> Option<Result<Way, Refused>> {
    let Within { snapshot, utc, .. } = *arrived;
    let Some(route) = snapshot.inbound_route(tenant, number) else {
        trace.push(("Not routed", "no inbound route takes it".into(), "inbound routing"));
        return None;
    };
    let (is_open, why) = snapshot.is_route_open(route, utc);
    let to = if is_open { &route.open_to } else { &route.closed_to };
    let state = if is_open { "open" } else { "closed" };
    trace.push(("Routed", format!("{}: {state} ({why}), {}", route.name, to.in_words()), "inbound routing"));
    Some(Ok(Way::To(to.clone())))
}

/// Characters of the shortest number in full, its sign included.
const SHORTEST: usize = 6;
