//! A number of the public network: the plan's trunks in order until one takes the call. SIP-38, SIP-40.
//!
//! The next trunk is tried where one is out of order: no answer to the INVITE, 408, 5xx, a broken connection. What the
//! called says (486, 603) or the number is (404) ends the call.

use std::sync::Arc;

use config::snapshot::Trunk;
use sip_stack::resolve::Hop;

use crate::{
    call::{
        Call, Cause, Next,
        outside::{Leave, NotTaken},
    },
    limits,
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

fn leave(call: &Call, plan: &Plan, attempt: &Attempt, (trunk, hop): (&Arc<Trunk>, Hop)) -> Leave {
    let detail = format_args!("{} by {} at {}", attempt.number, trunk.name, hop.remote).to_string();
    call.note("Calls outside", detail, "outbound routes");
    Leave {
        leg: call.facts().office.new_leg(),
        trunk: trunk.clone(),
        hop,
        number: attempt.number.clone(),
        plan: plan.clone(),
        diversions: call.diversions(),
    }
}

fn text(why: NotTaken) -> String {
    match why {
        NotTaken::Refused(408) => "nothing came back".into(),
        NotTaken::Refused(status) => format!("it answers {status}"),
        NotTaken::Unanswered => "nobody answers".into(),
    }
}
