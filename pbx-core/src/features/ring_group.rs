//! Ring group: ring the members by strategy until one answers, else overflow. GRP-01, 05…09, 12.
//!
//! Members who are suspended, block the caller, do not want to be disturbed, are at their busy trigger, or calling
//! themselves are left out, each when its round begins. The members' own forwards are not followed: a call to the group must not end in one member's forward.

use std::sync::Arc;

use config::{
    UserId, hunt,
    records::Change,
    snapshot::{RingGroup, Strategy, User},
};

use super::mobile;
use crate::{
    call::{Call, Next, script::Action, verbs::name},
    route::Way,
};

/// Calls a group.
pub(crate) async fn ring_group(call: &Call, group: &RingGroup) -> Next {
    if !group.caller_prefix.is_empty() {
        call.set_caller_prefix(&group.caller_prefix);
    }
    let over = group.total_time.map(|most| call.after(most));
    let rounds = hunt::rounds(group, &call.facts().office.hunting.borrow());
    for round in rounds {
        if over.is_some_and(|over| over <= call.now()) {
            call.note("Time over", &group.name, "ring group at most");
            break;
        }
        let free = free_members(call, &round);
        let until = call.after(group.ring_time);
        let until = over.map_or(until, |over| until.min(over));
        let later =
            |user: &User| call.facts().snapshot.ring_delay(group.id, user.id).filter(|_| round.len() > 1);
        let mobile = |user: &Arc<User>| {
            let later = later(user).unwrap_or_default();
            group.rings_mobiles.then(|| mobile::ring_in_group(call, user, later, until)).flatten()
        };
        if let Ok(leg) = call.ring_with(&free, until, later, mobile).await {
            if let (Strategy::RoundRobin, [member]) = (group.strategy, &*free) {
                remember_turn(call, group, member.id);
            }
            return call.talk(leg).await;
        }
    }
    call.note("Overflow", &group.name, "ring group overflow");
    Next::Go(Way::To(group.overflow.clone()))
}

/// The next call begins after this member. GRP-07
fn remember_turn(call: &Call, group: &RingGroup, user: UserId) {
    call.facts().office.hunting.borrow_mut().answered(group.id, user);
    call.act(Action::Store(Change::Turn { group: group.id, user }));
}

fn free_members(call: &Call, members: &[UserId]) -> Vec<Arc<User>> {
    let facts = call.facts();
    let members = members.iter().filter_map(|&id| facts.snapshot.user(facts.tenant.id, id));
    let free = members.filter(|user| {
        let why = match () {
            () if user.suspended => "suspended",
            () if facts.caller.user == Some(user.id) => "calling",
            () if call.is_blocked_by(user) => "blocks the caller",
            () if facts.snapshot.is_dnd(user, call.utc()) => "do not disturb",
            () if call.is_busy(user) => "busy",
            () => return true,
        };
        call.note("Member left out", format_args!("{}: {why}", name(user)), "ring group members");
        false
    });
    free.cloned().collect()
}
