//! Park: a caller waits in a slot until somebody dials it; after a while they return to who parked them. SIP-33, CTRL-05,
//! ORG-10, FC-08.

use std::slice;

use config::{ParkLotId, UserId, access::Permission};
use media::Tone;

use crate::{
    call::{
        Call, Cause, Next,
        script::{Action, Wanted},
    },
    limits,
    route::{Way, parking},
};

/// Parks: the caller, if another party sent them here; else whom the caller holds on the same phone. In `slot`, or in the
/// first that is free.
pub(crate) async fn park(call: &Call, lot: ParkLotId, slot: Option<&str>) -> Next {
    let parker = call.sender().map_or_else(|| call.facts().caller.clone(), |sender| sender.caller);
    if !may_park(call, parker.user) {
        return Next::Hangup(Cause::NotAllowed);
    }
    if call.sender().is_none() {
        return park_held(call, lot, slot).await;
    }
    if !call.park(lot, slot, &parker.number).await {
        return Next::Hangup(Cause::Busy);
    }
    call.answer();
    wait(call, lot, parker.user).await
}

/// The same in the lot of one's own department, or of the one with that park code. FC-08, ORG-10
pub(crate) async fn in_department(call: &Call, code: &str) -> Next {
    let facts = call.facts();
    let parker = call.sender().map_or(facts.caller.user, |sender| sender.caller.user);
    let department =
        parker.and_then(|id| facts.snapshot.user(facts.tenant.id, id)).and_then(|u| u.department);
    let (lot, (what, detail, rule)) = parking::lot(&facts.snapshot, facts.tenant.id, (department, code));
    call.note(what, detail, rule);
    match lot {
        Some(lot) => park(call, lot, None).await,
        None => Next::Hangup(Cause::NotFound),
    }
}

/// A slot's number: whoever waits there is taken out; into a free one goes who is sent there, or is held.
pub(crate) async fn slot(call: &Call, number: &str) -> Next {
    let facts = call.facts();
    let Some(lot) = facts.snapshot.park_lot_of_slot(facts.tenant.id, number).map(|lot| lot.id) else {
        return Next::Hangup(Cause::NotFound);
    };
    let is_taken = facts.office.parking.borrow().in_slot(facts.tenant.id, number).is_some();
    if is_taken && call.sender().is_none() {
        return retrieve(call, number).await;
    }
    park(call, lot, Some(number)).await
}

/// Takes whoever waits in the slot.
pub(crate) async fn retrieve(call: &Call, number: &str) -> Next {
    call.take_over(Wanted::Slot(number.to_owned())).await;
    call.note("Nobody parked", number, "park lot");
    Next::Hangup(Cause::NobodyThere)
}

/// The caller dials the slot while they hold somebody.
async fn park_held(call: &Call, lot: ParkLotId, slot: Option<&str>) -> Next {
    if call.park_held(lot, slot).await {
        call.note("Parked", "whom the caller holds", "park lot");
        call.answer();
        call.tone(Tone::Waiting, call.after(limits::PARKED_TONE)).await;
        return Next::Hangup(Cause::Normal);
    }
    call.note("Nothing to park", "the caller holds nobody, or no slot is free", "park lot");
    Next::Hangup(Cause::NobodyThere)
}

async fn wait(call: &Call, lot: ParkLotId, parker: Option<UserId>) -> Next {
    let facts = call.facts();
    let Some(lot) = facts.snapshot.park_lot(facts.tenant.id, lot) else { return Next::Hangup(Cause::Fault) };
    call.act(Action::Tone(Tone::Waiting));
    if let Some(leg) = call.wait_for_somebody(call.after(lot.timeout)).await {
        call.act(Action::Unpark);
        return call.talk(leg).await;
    }
    call.act(Action::Unpark);
    let parker =
        parker.and_then(|id| facts.snapshot.user(facts.tenant.id, id)).filter(|user| !user.suspended);
    if let Some(user) = parker {
        call.note("Returns", user.number.as_deref().unwrap_or_default(), "park timeout");
        call.set_caller_prefix(&lot.caller_prefix);
        if let Ok(leg) = call.ring(slice::from_ref(user), call.after(limits::RING_BACK)).await {
            return call.talk(leg).await;
        }
        call.set_caller_prefix("");
    }
    call.note("Not taken back", &lot.name, "park lot fallback");
    Next::Go(Way::To(lot.fallback.clone()))
}

/// ROL-10. A phone without a user may.
fn may_park(call: &Call, parker: Option<UserId>) -> bool {
    let facts = call.facts();
    let user = parker.and_then(|id| facts.snapshot.user(facts.tenant.id, id));
    let may = user.is_none_or(|user| facts.snapshot.allows(user, Permission::ParkCalls));
    if !may {
        call.note("Not parked", "their role does not let them park calls", "role permissions");
    }
    may
}
