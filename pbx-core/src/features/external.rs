//! A number of the public network: the plan's trunks in order until one takes the call. SIP-38, SIP-40.

use crate::{
    call::{Call, Cause, Next},
    route::outside::Plan,
};

/// Calls an outside number.
pub(crate) async fn external(call: &Call, plan: &Plan) -> Next {
    let facts = call.facts();
    for attempt in &plan.attempts {
        let name = facts.snapshot.trunk(facts.tenant.id, attempt.trunk).map_or("–", |trunk| &trunk.name);
        call.note("Trunk not tried", format_args!("{name}: it is not reached yet"), "trunk");
    }
    Next::Hangup(Cause::NoTrunk)
}
