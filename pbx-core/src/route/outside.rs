//! Numbers of the public network: which route takes them out, for whom, by which trunks, showing what. SIP-40, SIP-41,
//! ROL-10, NUM-08, PRF-02.
//!
//! The number is read as its caller dials at home; then each route in its order either takes it or is passed over with the
//! reason in the trace. A company with trunks and without routes has one route that takes all of them.

pub(crate) mod alone;
mod inside;
mod permission;

use std::sync::Arc;

pub use config::numbering::Class;
use config::{
    RoleId, TenantId, TrunkId, UserId,
    numbering::{self, Called, Home},
    pattern::Pattern,
    snapshot::{OutboundRoute, Sends, Trunk},
};

use super::{Lines, Question, Refused, Way, home::At};

/// How a call leaves: by which trunks in which order, and as whom. [`crate::features`] carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In order; the next one is tried where the one before cannot take the call.
    pub attempts: Vec<Attempt>,
    /// Who is shown to whom is called. SIP-41
    pub shown: Shown,
    /// Of an emergency call: where the caller is. GEO-05
    pub emergency: Option<Box<Emergency>>,
    /// What kind of number is called. SIP-40
    pub class: Class,
    /// The rule that decided, for the trace.
    pub route_name: Arc<str>,
    /// The number in full, where it has one.
    pub called: Option<String>,
    /// Whose call it is, and who of them makes it: they pay. SIP-44
    pub payer: (TenantId, Option<UserId>),
}

/// One trunk, and the number in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// By which trunk.
    pub trunk: TrunkId,
    /// As sent in the Request-URI.
    pub number: String,
}

/// A number of this system that is called without a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// Whose number it is.
    pub tenant: TenantId,
    /// As it was called, in full.
    pub called: String,
    /// Who is shown to whom is called.
    pub shown: Shown,
}

/// The caller as the called sees them. SIP-41
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// In the words of the trunks: E.164 with its plus sign as a rule.
    pub number: String,
    /// Blank for none.
    pub name: String,
    /// Number and name are told to the trunk alone (RFC 3323, RFC 3325 §9.3).
    pub anonymous: bool,
}

/// What an emergency call carries. SIP-42
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emergency {
    /// The caller's address as PIDF-LO (RFC 5139), for trunks that take it.
    pub location: Option<String>,
    /// For people: `Main site, Hauptstr. 1, 2nd floor`.
    pub place: String,
    /// Nobody is alarmed: it only tests what would be shown.
    pub test: bool,
    /// E-mail addresses that are told. GEO-08
    pub notify: Vec<String>,
    /// Whose phones ring then. GEO-08
    pub ring: Vec<UserId>,
}

/// A number as one route reads it.
struct Read {
    /// Without the digits that choose the route.
    dialled: String,
    called: Called,
}

/// The way out for what looks like an outside number, or is one because a route says so.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    if !question.dialled.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'*' | b'#')) {
        return None;
    }
    let at = At::of(question)?;
    let whole = numbering::read(question.dialled, at.dials());
    let routes = question.snapshot.outbound_routes(question.tenant);
    let mut passed = Passed::default();
    let mut ours = is_outside(question.dialled);
    let mut taken = None;
    for route in routes {
        let Some((read, explicit)) = reads(route, question, whole.as_ref(), at.dials()) else {
            passed.unlike += 1;
            continue;
        };
        // A typing error must not become a call outside: short numbers go there only where a pattern names them.
        if !ours && !explicit {
            passed.unlike += 1;
            continue;
        }
        ours = true;
        match takes(route, question, (&at, read.called.class)) {
            Ok(trunks) => {
                taken = Some((Some(route), read, trunks));
                break;
            }
            Err(why) => passed.add(&route.name, why),
        }
    }
    if !ours {
        return None;
    }
    if question.is_of_others() {
        trace.push(("Refused", "whoever dials is of another company".into(), "company group"));
        return Some(Err(Refused::OthersTrunk));
    }
    if routes.is_empty()
        && let Some(called) = whole.clone()
    {
        let trunks = question.snapshot.trunks_of(question.tenant);
        taken = Some((None, Read { dialled: question.dialled.to_owned(), called }, trunks))
            .filter(|(.., trunks)| !trunks.is_empty());
    }
    passed.tell(trace);
    let called = taken.as_ref().map(|(_, read, _)| &read.called).or(whole.as_ref());
    if let Some(inside) = called.and_then(|called| inside::find(question, &at, called, trace)) {
        return Some(inside);
    }
    let Some((route, read, trunks)) = taken else {
        let why =
            if routes.is_empty() { "there is neither a route nor a trunk" } else { "no route takes it" };
        trace.push(("Refused", why.into(), "outbound routes"));
        return Some(Err(Refused::NoWayOutside));
    };
    if let Err(refused) = permission::check(question, &at, &read.called, trace) {
        return Some(Err(refused));
    }
    let as_it_is = Sends::default();
    let rule = route.map_or(("every trunk", &as_it_is), |route| (route.name.as_str(), &route.sends));
    let plan = plan(question, &at, (rule, &read, &trunks), trace);
    Some(Ok(Way::Outside(Box::new(plan))))
}

/// The number as a route reads it, and whether one of its patterns names it; `None` if the route is for other numbers.
fn reads(
    route: &OutboundRoute,
    question: &Question<'_>,
    whole: Option<&Called>,
    home: Home<'_>,
) -> Option<(Read, bool)> {
    let e164 = whole.and_then(|called| called.e164.as_deref());
    let pattern = route.takes(question.dialled, e164)?;
    let access = pattern.map_or(0, Pattern::access);
    let dialled = question.dialled.get(access..)?.to_owned();
    let called = if access == 0 { whole.cloned() } else { numbering::read(&dialled, home) };
    // A pattern may take what is no number elsewhere, such as *31…
    let called = called.or_else(|| {
        pattern
            .map(|_| Called { e164: None, class: Class::National, country: None })
            .filter(|_| !dialled.is_empty())
    })?;
    Some((Read { dialled, called }, pattern.is_some()))
}

/// The trunks by which a route takes the call; or why it is passed over.
fn takes<'a>(
    route: &OutboundRoute,
    question: &Question<'a>,
    (at, class): (&At<'a>, Class),
) -> Result<Vec<&'a Arc<Trunk>>, String> {
    let Question { snapshot, tenant, utc, .. } = *question;
    if !route.takes_class(class) {
        return Err(format!("not for {} calls", class.key()));
    }
    let has_role =
        |roles: &[RoleId]| at.user.and_then(|user| user.role).is_some_and(|role| roles.contains(&role));
    if !route.roles.is_empty() && !has_role(&route.roles) {
        return Err("not for the caller's role".into());
    }
    if let Some(frame) = route.time_frame.and_then(|id| snapshot.time_frame(tenant, id)) {
        let zone = snapshot.zone_of_tenant(at.tenant);
        if !frame.schedule.contains(utc, zone) {
            return Err(format!("{}: {}", frame.name, frame.schedule.why_not(utc, zone)));
        }
    }
    let trunks: Vec<_> = if route.trunks.is_empty() {
        snapshot.trunks_of(tenant)
    } else {
        route
            .trunks
            .iter()
            .filter_map(|id| snapshot.trunk(tenant, *id))
            .filter(|trunk| trunk.enabled)
            .collect()
    };
    if trunks.is_empty() { Err("no trunk of it is switched on".into()) } else { Ok(trunks) }
}

/// What is carried out, by the rule of that name, which says how the number is sent.
fn plan(
    question: &Question<'_>,
    at: &At<'_>,
    ((name, sends), read, trunks): ((&str, &Sends), &Read, &[&Arc<Trunk>]),
    trace: &mut Lines,
) -> Plan {
    let (class, home) = (read.called.class, numbering::plan(at.dials().country));
    let number = |trunk: &Trunk| sends.number(&read.dialled, &read.called, (trunk.outgoing.number, home));
    let attempts: Vec<Attempt> =
        trunks.iter().map(|trunk| Attempt { trunk: trunk.id, number: number(trunk) }).collect();
    let meant = read.called.e164.as_deref().unwrap_or(&read.dialled);
    let names: Vec<&str> = trunks.iter().map(|trunk| trunk.name.as_str()).collect();
    trace.push((
        "Routed",
        format!("{meant} ({}) by {name}: {}", class.key(), names.join(", ")),
        "outbound routes",
    ));
    let shown = shown(question, at, trunks, trace);
    let payer = (question.tenant, question.caller.user);
    let called = read.called.e164.clone();
    Plan { attempts, shown, emergency: None, class, route_name: name.into(), called, payer }
}

/// Whom the called sees. NUM-08, SIP-41.
fn shown(question: &Question<'_>, at: &At<'_>, trunks: &[&Arc<Trunk>], trace: &mut Lines) -> Shown {
    // RNG-18: of a forward, who called, where every trunk takes numbers that are not ours.
    if let Some(caller) = question.caller.shows.as_deref().filter(|number| number.starts_with('+')) {
        if trunks.iter().all(|trunk| trunk.foreign_callers) {
            trace.push(("Shows", caller.to_owned(), "forwards outside show"));
            return Shown { number: caller.to_owned(), ..Shown::default() };
        }
        trace.push(("Does not show", format!("{caller}: the trunk takes our own numbers only"), "trunk"));
    }
    let trunks_own = || {
        let own =
            trunks.iter().find_map(|trunk| question.snapshot.number(question.tenant, trunk.caller_id?))?;
        Some((own.as_ref(), "caller ID of the trunk"))
    };
    let Some((number, rule)) = at.shows(question).or_else(trunks_own) else {
        trace.push(("Shows no number", "neither user, site nor trunk has one".into(), "caller ID"));
        return Shown { name: at.tenant.name.clone(), ..Shown::default() };
    };
    trace.push(("Shows", number.number.clone(), rule));
    Shown { number: number.number.clone(), name: at.tenant.name.clone(), anonymous: false }
}

/// Routes that did not take the number.
#[derive(Default)]
struct Passed {
    /// For other numbers.
    unlike: usize,
    reasons: Vec<String>,
    further: usize,
}

impl Passed {
    fn add(&mut self, route: &str, why: String) {
        if self.reasons.len() < MOST_REASONS {
            self.reasons.push(format!("{route}: {why}"));
        } else {
            self.further += 1;
        }
    }
    fn tell(self, trace: &mut Lines) {
        for reason in self.reasons {
            trace.push(("Route passed over", reason, "outbound routes"));
        }
        if self.further > 0 {
            trace.push(("Routes passed over", format!("{} more", self.further), "outbound routes"));
        }
        if self.unlike > 0 {
            trace.push((
                "Routes passed over",
                format!("{} for other numbers", self.unlike),
                "outbound routes",
            ));
        }
    }
}

/// Longer than any extension can be, or marked as a full number (E.164).
pub(super) fn is_outside(dialled: &str) -> bool {
    let digits = dialled.strip_prefix('+').unwrap_or(dialled);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number && (dialled.len() > LONGEST_EXTENSION || dialled.starts_with('+'))
}

/// Extensions have 2 to 6 digits.
const LONGEST_EXTENSION: usize = 6;
/// Lines of the trace for routes that could have taken the number.
const MOST_REASONS: usize = 8;

#[cfg(test)]
mod tests;
