//! Somebody takes over whom another talks with or who rings elsewhere: pickup, retrieval from a slot, INVITE with Replaces.
//! SIP-24, FC-14, CTRL-05; RFC 3891. Their own call ends; they go on in the other one.

use config::{Snapshot, TenantId, UserId};
use sip_stack::{Message, Name, headers::Replaces, stack::Standing};

use super::Engine;
use crate::call::{
    Cause, Running,
    leg::State,
    script::{Event, Wanted},
};
use crate::{
    auth::{Identity, Refused},
    counters::Refusal,
    ids::{CallId, LegId},
    io::Now,
};

impl Engine {
    /// The caller of a call goes on in the call of whom they want.
    pub(super) fn take(&mut self, now: Now, id: CallId, wanted: &Wanted) {
        let brought = match wanted {
            Wanted::Both(leg) => self.sit_in(now, id, *leg),
            _ => self.find(id, wanted).is_some_and(|(into, old)| self.bring(now, id, (into, old))),
        };
        if let (false, Some(call)) = (brought, self.calls.running.get(&id)) {
            call.handle.tell(Event::NobodyThere);
            self.ready.push_back(id);
        }
    }

    /// The leg that an INVITE is to replace, if its sender may; `None` without Replaces.
    pub(super) fn replaced(&self, identity: &Identity, request: &Message) -> Result<Option<LegId>, Refused> {
        let mut values = request.headers(Name::Replaces);
        let Some(value) = values.next() else { return Ok(None) };
        let refused = |status, why: &str| Refused::new(status, why, Refusal::NotTheirs);
        let gone = || refused(481, "No such call to take over");
        if values.next().is_some() {
            return Err(refused(400, "More than one Replaces"));
        }
        let replaces = Replaces::parse(value).ok_or_else(|| refused(400, "Malformed Replaces"))?;
        let (invite, standing) = self.stack.replaced(&replaces).ok_or_else(gone)?;
        let leg = self.calls.leg_of(invite).ok_or_else(gone)?;
        let call = self.calls.call_of(leg).filter(|call| !call.is_ending()).ok_or_else(gone)?;
        let facts = call.handle.facts();
        if facts.tenant.id != identity.tenant.id {
            return Err(gone());
        }
        let party = &self.calls.legs[&leg].party;
        let is_own = party.device == Some(identity.device.id)
            || party.user.is_some() && party.user == identity.device.user;
        let ours = (identity.device.user, party.user);
        match standing {
            // RFC 3891 §3: only whoever called can have an early dialog replaced; for this one that is us.
            Standing::Calls => Err(gone()),
            Standing::Rings if is_own || may_pick_up(&self.snapshot, facts.tenant.id, ours) => Ok(Some(leg)),
            Standing::Confirmed if replaces.early_only => Err(refused(486, "Answered already")),
            Standing::Confirmed if is_own && call.partner(leg).is_some() && is_of_two(call) => Ok(Some(leg)),
            Standing::Rings | Standing::Confirmed => Err(refused(403, "Not allowed to take this call")),
        }
    }

    /// The call of whom they want, and whose place they take there; `None` is a place beside the caller.
    fn find(&self, id: CallId, wanted: &Wanted) -> Option<(CallId, Option<LegId>)> {
        let asking = self.calls.running.get(&id)?;
        let tenant = asking.handle.facts().tenant.id;
        match wanted {
            Wanted::Slot(slot) => {
                self.office.parking.borrow().in_slot(tenant, slot).map(|parked| (parked.call, None))
            }
            Wanted::Ringing(users) => {
                let calls = self.calls.running.values().filter(|call| {
                    call.handle.facts().tenant.id == tenant && call.id != id && call.owner != asking.owner
                });
                let found = calls.filter(|call| self.rings_for(call.id, users)).map(|call| call.id).min();
                found.map(|call| (call, None))
            }
            Wanted::PartnerOf(leg) => {
                let row = self.calls.legs.get(leg).filter(|row| !row.is_over())?;
                if row.state == State::Up {
                    return Some((row.call, Some(*leg)));
                }
                let users: Vec<UserId> = row.party.user.into_iter().collect();
                self.rings_for(row.call, &users).then_some((row.call, None))
            }
            Wanted::Both(_) => None,
        }
    }

    fn rings_for(&self, id: CallId, users: &[UserId]) -> bool {
        let Some(call) = self.calls.running.get(&id).filter(|call| !call.is_ending()) else { return false };
        let has_caller = self.calls.legs.get(&call.owner).is_some_and(|row| !row.is_over());
        let rings = |leg: &LegId| {
            self.calls.legs.get(leg).is_some_and(|row| {
                !row.came_in
                    && matches!(row.state, State::Calling | State::Ringing)
                    && row.party.user.is_some_and(|user| users.contains(&user))
            })
        };
        has_caller && call.talking.is_none() && call.legs.iter().any(rings)
    }

    fn bring(&mut self, now: Now, id: CallId, (into, old): (CallId, Option<LegId>)) -> bool {
        let Some(owner) = self.calls.running.get(&id).map(|call| call.owner) else { return false };
        let who = self.calls.legs.get(&owner).map(|row| row.party.text()).unwrap_or_default();
        let Some(moved) = self.move_leg(now, owner, into) else { return false };
        let Some(target) = self.calls.running.get(&into) else { return false };
        let name = target.record.name.clone();
        let (caller, dialled) = (target.record.caller.text(), target.record.dialled.clone());
        target.note(now, "Taken over", format_args!("by {who}"), "pickup");
        match old {
            Some(old) => self.take_place(now, into, moved, old),
            None => self.bring_in(now, into, moved),
        }
        if let Some(call) = self.calls.running.get_mut(&id) {
            call.record.went_on = true;
            let what = format_args!("the call of {caller} to {dialled}, call {name}");
            call.note(now, "Takes over", what, "pickup");
        }
        self.end(now, id, Cause::Normal, format!("goes on in call {name}"));
        true
    }
}

/// Whether nobody is being sent on from a call, and no third is in it.
fn is_of_two(call: &Running) -> bool {
    call.transfer.is_none() && call.aside.third.is_none()
}

/// Whether somebody may take calls that ring for another: colleagues of a ring group or of a department. FC-14
pub(crate) fn may_pick_up(
    snapshot: &Snapshot,
    tenant: TenantId,
    (picker, rung): (Option<UserId>, Option<UserId>),
) -> bool {
    let (Some(picker), Some(rung)) = (picker, rung) else { return false };
    snapshot.colleagues(tenant, picker).contains(&rung)
}
