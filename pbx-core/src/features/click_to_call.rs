//! Click to call: the caller's own phone rings first; once it is answered the number is called as if dialled on it.
//! CTC-01…06.

use std::sync::Arc;

use config::snapshot::{Target, User};

use crate::{
    call::{
        Call, Cause,
        ringing::{Own, Unanswered},
    },
    limits,
    live::From,
    route::Way,
};

/// Places a call for somebody who clicked a number, see [`crate::live::Order`].
pub(crate) async fn click_to_call(call: Call, from: From, to: Way) -> Cause {
    let phones = phones(&call, &from);
    if phones.is_empty() {
        call.note("Not rung", "there is no such phone", "click to call");
    }
    match call.summon(&phones, call.after(limits::SUMMONS)).await {
        Ok(()) => super::run(call, to).await,
        Err(Unanswered::Unreachable) => Cause::NoOwnPhone,
        Err(Unanswered::NoRoom) => Cause::Congestion,
        Err(Unanswered::Busy | Unanswered::Declined | Unanswered::Moved | Unanswered::Timeout) => {
            Cause::OwnPhoneUnanswered
        }
    }
}

/// The phones that ring first. One that is chosen rings also if it is switched off for calls that come in.
fn phones(call: &Call, from: &From) -> Vec<Own> {
    let facts = call.facts();
    let (snapshot, tenant) = (&facts.snapshot, facts.tenant.id);
    let of = |user: &Arc<User>| -> Vec<Own> {
        snapshot.devices_of(tenant, user.id).iter().map(|device| (user.clone(), device.clone())).collect()
    };
    let caller = facts.caller.user.and_then(|id| snapshot.user(tenant, id));
    match from {
        From::OwnPhones => caller.map(of).unwrap_or_default(),
        From::Device(id) => {
            let mut own = caller.map(of).unwrap_or_default();
            own.retain(|(_, device)| device.id == *id);
            own
        }
        From::Extension(number) => match snapshot.extension(tenant, number).map(|x| x.target) {
            Some(Target::User(id)) => snapshot.user(tenant, id).filter(|user| !user.suspended).map(of),
            _ => None,
        }
        .unwrap_or_default(),
    }
}
