//! Pickup: the caller takes a call that rings for a colleague. FC-14, SIP-24.

use config::{UserId, snapshot::Target};

use crate::call::{Call, Cause, Next, script::Wanted};

/// Takes the call that rings at that extension, or without one at any colleague: members of the caller's ring groups and
/// of their department.
pub(crate) async fn pickup(call: &Call, number: Option<&str>) -> Next {
    let facts = call.facts();
    let colleagues =
        facts.caller.user.map(|user| facts.snapshot.colleagues(facts.tenant.id, user)).unwrap_or_default();
    let rung = match number {
        Some(number) => of_extension(call, number),
        None => colleagues.clone(),
    };
    let allowed: Vec<UserId> = rung.iter().copied().filter(|user| colleagues.contains(user)).collect();
    if allowed.is_empty() && !rung.is_empty() {
        call.note("Not picked up", "they share no ring group and no department", "pickup");
        return Next::Hangup(Cause::NotAllowed);
    }
    call.take_over(Wanted::Ringing(allowed)).await;
    call.note("Nothing to pick up", number.unwrap_or("no colleague's phone rings"), "pickup");
    Next::Hangup(Cause::NobodyThere)
}

fn of_extension(call: &Call, number: &str) -> Vec<UserId> {
    let facts = call.facts();
    let (snapshot, tenant) = (&facts.snapshot, facts.tenant.id);
    match snapshot.extension(tenant, number).map(|extension| extension.target) {
        Some(Target::User(id)) => vec![id],
        Some(Target::RingGroup(id)) => {
            snapshot.ring_group(tenant, id).map(|group| group.members.clone()).unwrap_or_default()
        }
        None => vec![],
    }
}
