//! A number of the public network: the plan's trunks in order until one takes the call. SIP-38, SIP-40.
//!
//! The next trunk is tried where one is out of order: no answer to the INVITE, 408, 5xx, a broken connection. What the
//! called says (486, 603) or the number is (404) ends the call.

use std::sync::Arc;

use config::snapshot::{Identity, Signer, Trunk};
use sip_stack::resolve::Hop;

use crate::{
    call::{
        Call, Cause, Next,
        outside::{Leave, NotTaken},
    },
    limits,
    passport::{self, Claims},
    route::outside::{Attempt, Plan},
};

/// Calls an outside number.
pub(crate) async fn external(call: &Call, plan: &Plan) -> Next {
    let facts = call.facts();
    let until = call.after(limits::OUTSIDE_RINGS);
    let mut cause = Cause::NoTrunk;
    for attempt in &plan.attempts {
        let Some(trunk) = facts.snapshot.trunk(facts.tenant.id, attempt.trunk).cloned() else {
            call.note(
                "Trunk not tried",
                format_args!("trunk {}: it is gone", attempt.trunk),
                "outbound routes",
            );
            continue;
        };
        let is_emergency = plan.emergency.is_some();
        let ways = facts.office.trunks.borrow().ways(call.now(), trunk.id, is_emergency);
        let hops = match ways {
            Ok(hops) => hops,
            Err(why) => {
                call.note("Trunk not tried", format_args!("{}: {why}", trunk.name), "trunk state");
                continue;
            }
        };
        for hop in hops {
            let why = match call.leave(leave(call, plan, attempt, (&trunk, hop)), until).await {
                Ok(leg) => return call.talk(leg).await,
                Err(why) => why,
            };
            cause = why.cause();
            if !why.is_the_trunks() {
                return Next::Hangup(cause);
            }
            call.note("Next trunk", format_args!("{}: {}", trunk.name, text(why)), "trunk failover");
            if !why.is_the_hops() {
                break;
            }
        }
    }
    Next::Hangup(cause)
}

/// A number as one trunk is to call it at one address.
pub(super) fn leave(call: &Call, plan: &Plan, attempt: &Attempt, (trunk, hop): (&Arc<Trunk>, Hop)) -> Leave {
    let detail = format_args!("{} by {} at {}", attempt.number, trunk.name, hop.remote).to_string();
    call.note("Calls outside", detail, "outbound routes");
    let lines = &call.facts().office.trunks;
    if lines.borrow().lines.get(&trunk.id).is_some_and(|line| line.passed_tls) {
        let why = format_args!("{}: its domain has TLS, and no listener here speaks it", trunk.name);
        call.note("TLS passed over", why, "transport of the trunk");
    }
    Leave {
        leg: call.facts().office.new_leg(),
        trunk: trunk.clone(),
        hop,
        number: attempt.number.clone(),
        plan: plan.clone(),
        diversions: call.diversions(),
        signatures: signatures(call, plan, trunk),
        whose: None,
        asks: false,
        at: call.now(),
    }
}

/// What goes along to prove who calls: the signature that came with the caller who is shown, or one of ours. SIP-41
fn signatures(call: &Call, plan: &Plan, trunk: &Trunk) -> Vec<String> {
    let facts = call.facts();
    let shown = &plan.shown.number;
    let came = call.signatures();
    let signer = match &trunk.outgoing.identity {
        Identity::Off => return vec![],
        Identity::Pass => None,
        Identity::Sign(signer) => Some(signer),
    };
    // A signature is for one number: that of who called, if they are still the one who is shown.
    if !came.is_empty() && *shown == facts.caller.number {
        call.note("Passes signatures on", format_args!("{} that came with {shown}", came.len()), "Identity");
        let diverted = signer.and_then(|signer| diverted(call, plan, signer, &came));
        return came.into_iter().chain(diverted).collect();
    }
    let Some(signer) = signer.filter(|_| plan.emergency.is_none()) else { return vec![] };
    // For numbers of others nobody can ask us to answer.
    let is_ours = facts.snapshot.number_by_e164(shown).is_some_and(|number| number.tenant == plan.payer.0);
    if !is_ours {
        call.note("Not signed", format_args!("{shown} is no number of the company"), "Identity");
        return vec![];
    }
    let origin = format!("{} {}", facts.tenant.domain, trunk.id);
    let to = plan.called.as_deref().unwrap_or_default();
    let claims = Claims { from: shown, to, at: call.utc(), origin: &origin };
    match passport::sign(claims, signer) {
        Ok(value) => {
            call.note("Signed", passport::words(signer.attestation), "Identity");
            vec![value]
        }
        Err(why) => {
            call.note("Not signed", why, "Identity");
            vec![]
        }
    }
}

/// What says that a call which was signed for a number of ours goes on to where it was forwarded (RFC 8946).
fn diverted(call: &Call, plan: &Plan, signer: &Signer, came: &[String]) -> Option<String> {
    let facts = call.facts();
    let stated = passport::read(came.last()?.as_bytes())?;
    let was_for = format!("+{}", stated.to);
    let is_ours = facts.snapshot.number_by_e164(&was_for).is_some_and(|number| number.tenant == plan.payer.0);
    if !is_ours {
        call.note("Forward not signed", format_args!("{was_for} is no number of the company"), "Identity");
        return None;
    }
    let to = plan.called.as_deref().unwrap_or_default();
    match passport::divert(&stated, to, call.utc(), signer) {
        Ok(value) => {
            call.note("Forward signed", format_args!("from {was_for} to {to}"), "Identity");
            Some(value)
        }
        Err(why) => {
            call.note("Forward not signed", why, "Identity");
            None
        }
    }
}

fn text(why: NotTaken) -> String {
    match why {
        NotTaken::Refused(408) => "nothing came back".into(),
        NotTaken::Refused(488) => "no codec in common".into(),
        NotTaken::Refused(status) => format!("it answers {status}"),
        NotTaken::Unanswered => "nobody answers".into(),
    }
}
