//! Tells somebody in the house that a colleague called for help: their phones ring, and the display says who and where.
//! GEO-08.

use std::sync::Arc;

use config::{UserId, snapshot::User};

use crate::{
    call::{Call, Cause, ringing::Own},
    limits,
};

/// Rings all phones of a user until one is answered. Whoever answers hears a tone; the call for help stays undisturbed.
pub(crate) async fn alarm(call: Call, user: UserId) -> Cause {
    let phones = phones(&call, user);
    if phones.is_empty() {
        call.note("Not rung", "there is no such phone", "geolocation");
        return Cause::Unavailable;
    }
    call.set_caller_prefix("EMERGENCY");
    match call.summon(&phones, call.after(limits::ALARM)).await {
        Ok(()) => {
            call.tone(media::Tone::Busy, call.after(limits::FAREWELL_TONE)).await;
            Cause::Normal
        }
        Err(why) => why.cause(),
    }
}

fn phones(call: &Call, user: UserId) -> Vec<Own> {
    let facts = call.facts();
    let (snapshot, tenant) = (&facts.snapshot, facts.tenant.id);
    let of = |user: &Arc<User>| -> Vec<Own> {
        snapshot.devices_of(tenant, user.id).iter().map(|device| (user.clone(), device.clone())).collect()
    };
    snapshot.user(tenant, user).filter(|user| !user.suspended).map(of).unwrap_or_default()
}
