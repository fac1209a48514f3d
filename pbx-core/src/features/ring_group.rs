//! Ring group: ring the members by strategy until one answers, else overflow. GRP-01, 08, 12.
//!
//! Members who are suspended, block the caller, are at their busy trigger, or calling themselves are left out. The members' own forwards
//! are not followed: a call to the group must not end in one member's forward.

use std::sync::Arc;

use config::snapshot::{RingGroup, User};

use crate::{
    call::{Call, Next, verbs::name},
    hunt,
};

/// Calls a group.
pub(crate) async fn ring_group(call: &Call, group: &RingGroup) -> Next {
    for round in hunt::all(free_members(call, group)) {
        if let Ok(leg) = call.ring(&round, call.after(group.ring_time)).await {
            return call.talk(leg).await;
        }
    }
    call.note("Overflow", &group.name, "ring group overflow");
    Next::Go(group.overflow.clone())
}

fn free_members(call: &Call, group: &RingGroup) -> Vec<Arc<User>> {
    let facts = call.facts();
    let members = group.members.iter().filter_map(|&id| facts.snapshot.user(facts.tenant.id, id));
    let free = members.filter(|user| {
        let why = match () {
            () if user.suspended => "suspended",
            () if facts.caller.user == Some(user.id) => "calling",
            () if call.is_blocked_by(user) => "blocks the caller",
            () if call.is_busy(user) => "busy",
            () => return true,
        };
        call.note("Member left out", format_args!("{}: {why}", name(user)), "ring group members");
        false
    });
    free.cloned().collect()
}
