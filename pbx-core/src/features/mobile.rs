//! A user's mobile phone rings with their other phones: one more leg, by the company's way outside, as the user. RNG-01.
//!
//! It rings by the first trunk that can take it now; there is no second try while the other phones ring. Who answers is not
//! asked to prove that they are a person: the mailbox of the mobile may be faster, which the page and the trace say.

use std::{sync::Arc, time::Instant};

use config::snapshot::{Mobile, Shows, User};

use super::{external, leaving};
use crate::{
    call::{Call, outside::Leave, ringing::Ringing, verbs::name},
    route::{Caller, Way, outside::Plan},
};

/// Begins to call it, if it is to ring now; its leg.
pub(super) fn ring(call: &Call, user: &Arc<User>, until: Instant) -> Option<Ringing> {
    let mobile = user.calling.mobile.as_ref()?;
    match begin(call, user, mobile, until) {
        Ok(leg) => Some((leg, user.id)),
        Err(why) => {
            let what = format_args!("{} of {}: {why}", mobile.number, name(user));
            call.note("Mobile not rung", what, "mobile phone");
            None
        }
    }
}

fn begin(
    call: &Call,
    user: &Arc<User>,
    mobile: &Mobile,
    until: Instant,
) -> Result<crate::ids::LegId, String> {
    let facts = call.facts();
    let at = call.after(mobile.delay);
    if at >= until {
        return Err("its delay is longer than the ringing time".into());
    }
    if facts.caller.number == mobile.number {
        return Err("it is calling".into());
    }
    if call.is_guest_of_group() {
        return Err("a caller of another company takes no trunk of this one".into());
    }
    let by = Caller {
        user: Some(user.id),
        number: user.number.clone().unwrap_or_default(),
        shows: (user.forwards.shows == Shows::Caller).then(|| facts.caller.number.clone()),
        ..Caller::default()
    };
    let route = call.route_forward(&by, &mobile.number);
    for (what, detail, rule) in route.trace {
        call.note(what, detail, rule);
    }
    let plan = match route.to {
        Ok(Way::Outside(plan)) if plan.emergency.is_none() => plan,
        Ok(_) => return Err("its number is none of the public network".into()),
        Err(_) => return Err("its user may not call it, or there is no way outside".into()),
    };
    let home = facts.tenant.id;
    leaving::may_leave(call, &plan, home).map_err(|cause| cause.text().to_owned())?;
    let plan = leaving::shown(call, &plan);
    let leave = first_way(call, &plan).ok_or("no trunk can take it now")?;
    let leg = leave.leg;
    let delay =
        if mobile.delay.is_zero() { String::new() } else { format!(" after {} s", mobile.delay.as_secs()) };
    let what = format_args!("{} of {}{delay}; its own mailbox may answer", mobile.number, name(user));
    call.note("Mobile rings", what, "mobile phone");
    call.start_leaving(Leave { whose: Some(user.clone()), at, ..leave });
    Ok(leg)
}

/// By the first trunk that can take a call now.
fn first_way(call: &Call, plan: &Plan) -> Option<Leave> {
    let facts = call.facts();
    plan.attempts.iter().find_map(|attempt| {
        let trunk = facts.snapshot.trunk(facts.tenant.id, attempt.trunk)?;
        let ways = facts.office.trunks.borrow().ways(call.now(), trunk.id, false);
        match ways {
            Ok(hops) => Some(external::leave(call, plan, attempt, (trunk, *hops.first()?))),
            Err(why) => {
                call.note("Trunk not tried", format_args!("{}: {why}", trunk.name), "trunk state");
                None
            }
        }
    })
}
