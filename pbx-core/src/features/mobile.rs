//! A user's mobile phone rings with their other phones: one more leg, by the company's way outside, as the user. RNG-01.
//!
//! It rings by the first trunk that can take it now; there is no second try while the other phones ring. Who answers presses a
//! key to have the call (`call::confirming`), unless its user wants it otherwise: then the mailbox of the mobile may be faster,
//! which the trace says.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use config::snapshot::{Mobile, Shows, User};

use super::{external, leaving};
use crate::{
    call::{Call, outside::Leave, ringing::Ringing, verbs::name},
    route::{Caller, Way, outside::Plan},
};

/// Begins to call it, if it is to ring now; its leg.
pub(super) fn ring(call: &Call, user: &Arc<User>, until: Instant) -> Option<Ringing> {
    let mobile = user.calling.mobile.as_ref()?;
    begun(call, (user, mobile), mobile.delay, until)
}

/// The same for a member of a group whose phones ring that much later. A mobile that asks for no key does not ring: its mailbox
/// would have the calls of all members.
pub(super) fn ring_in_group(
    call: &Call,
    user: &Arc<User>,
    later: Duration,
    until: Instant,
) -> Option<Ringing> {
    let mobile = user.calling.mobile.as_ref()?;
    if !mobile.confirms {
        let what = format_args!("{} of {}: it asks for no key", mobile.number, name(user));
        call.note("Mobile not rung", what, "ring group");
        return None;
    }
    begun(call, (user, mobile), mobile.delay + later, until)
}

fn begun(
    call: &Call,
    (user, mobile): (&Arc<User>, &Mobile),
    delay: Duration,
    until: Instant,
) -> Option<Ringing> {
    match begin(call, (user, mobile), delay, until) {
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
    (user, mobile): (&Arc<User>, &Mobile),
    delay: Duration,
    until: Instant,
) -> Result<crate::ids::LegId, String> {
    let facts = call.facts();
    let at = call.after(delay);
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
    let delay = if delay.is_zero() { String::new() } else { format!(" after {} s", delay.as_secs()) };
    let how = if mobile.confirms { "1 takes the call" } else { "its own mailbox may answer" };
    let what = format_args!("{} of {}{delay}; {how}", mobile.number, name(user));
    call.note("Mobile rings", what, "mobile phone");
    if mobile.confirms {
        call.wants_key(leg);
    }
    call.start_leaving(Leave { whose: Some(user.clone()), at, asks: mobile.confirms, ..leave });
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
