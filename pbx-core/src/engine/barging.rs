//! Somebody joins two who talk: INVITE with Join, and all three hear each other. SIP-24, ROL-18; RFC 3911.
//!
//! Who may: one of the two from another phone of theirs, or whoever's role has "barge, whisper and monitor". The third has a
//! leg in the call of the two, as whoever takes a call over has; when one of the three leaves, the other two talk on. What we
//! mix we decode: only calls in G.711 can be joined. As long as there are three nobody is transferred, and who holds holds alone.

use config::access::Permission;
use media::{MixId, Path};
use sip_stack::{Message, Name, headers::Join, stack::Standing};

use super::Engine;
use crate::call::{
    Cause,
    leg::{Side, State},
    line::{Line, is_g711},
};
use crate::{
    auth::{Identity, Refused},
    counters::Refusal,
    ids::{CallId, LegId},
    io::Now,
};

impl Engine {
    /// The leg that an INVITE is to join, if its sender may; `None` without Join.
    pub(super) fn joined(&self, identity: &Identity, request: &Message) -> Result<Option<LegId>, Refused> {
        let mut values = request.headers(Name::Join);
        let Some(value) = values.next() else { return Ok(None) };
        let refused = |status, why: &str| Refused::new(status, why, Refusal::NotTheirs);
        let gone = || refused(481, "No such call to join");
        // RFC 3911 §4: one at a time, and never together with Replaces.
        if values.next().is_some() || request.header(Name::Replaces).is_some() {
            return Err(refused(400, "More than one Join, or with Replaces"));
        }
        let join = Join::parse(value).ok_or_else(|| refused(400, "Malformed Join"))?;
        let (invite, standing) = self.stack.joined(&join).ok_or_else(gone)?;
        let leg = self.calls.leg_of(invite).ok_or_else(gone)?;
        let call = self.calls.call_of(leg).filter(|call| !call.is_ending()).ok_or_else(gone)?;
        if call.handle.facts().tenant.id != identity.tenant.id || standing != Standing::Confirmed {
            return Err(gone());
        }
        if !self.may_join(identity, leg) {
            return Err(refused(403, "Not allowed to join this call"));
        }
        let Some(partner) = call.partner(leg).filter(|_| call.transfer.is_none()) else {
            return Err(refused(486, "Nobody talks there right now"));
        };
        if call.aside.third.is_some() {
            return Err(refused(486, "Somebody has joined this call already"));
        }
        if ![leg, partner].iter().all(|leg| is_mixable(&self.calls.legs[leg].line)) {
            return Err(refused(488, "Only calls in G.711 can be joined"));
        }
        Ok(Some(leg))
    }

    fn may_join(&self, identity: &Identity, leg: LegId) -> bool {
        let Some(user) = &identity.user else { return false };
        let is_own = self.calls.legs.get(&leg).is_some_and(|row| row.party.user == Some(user.id));
        is_own || self.snapshot.allows(user, Permission::Monitor)
    }

    /// The caller of a call goes on beside the two of whom one is `leg`; `false` if there are no two any more.
    pub(super) fn sit_in(&mut self, now: Now, id: CallId, leg: LegId) -> bool {
        let Some(own) = self.calls.running.get(&id).map(|call| call.owner) else { return false };
        let pair = self.calls.call_of(leg).filter(|call| !call.is_ending() && call.aside.third.is_none());
        let Some((into, partner)) = pair.and_then(|call| Some((call.id, call.partner(leg)?))) else {
            return false;
        };
        let Some(third) = self.move_leg(now, own, into) else { return false };
        let told = self.connected(third, leg);
        if let Some(row) = self.calls.legs.get_mut(&third) {
            row.side = Side::Callee;
        }
        let who = self.calls.legs[&third].party.text();
        if !self.answer_with_own(now, third, told.into_iter().collect()) {
            self.part(now, third, Cause::NotAcceptable, None);
            self.end(now, id, Cause::NotAcceptable, Cause::NotAcceptable.text().into());
            return true;
        }
        let Some(call) = self.calls.running.get_mut(&into) else { return false };
        call.aside.third = Some(third);
        call.note(now, "Joined", format_args!("by {who}"), "INVITE with Join");
        let name = call.record.name.clone();
        // All legs of a call are of one worker.
        let path = Path::Mix(MixId(into.0));
        [leg, partner, third].into_iter().for_each(|leg| self.set_path(leg, path));
        if let Some(row) = self.calls.legs.get_mut(&third) {
            row.times.talked.get_or_insert(now.utc.timestamp_millis());
        }
        self.remember_partners(third, leg);
        self.show(now, into);
        if let Some(call) = self.calls.running.get_mut(&id) {
            call.record.went_on = true;
            call.note(now, "Joins", format_args!("call {name}"), "INVITE with Join");
        }
        self.end(now, id, Cause::Normal, format!("goes on in call {name}"));
        true
    }

    /// One of three hangs up: whoever of the others is not in their place yet takes it. `false` if there are no three.
    pub(super) fn two_are_left(&mut self, now: Now, leg: LegId, text: &str) -> bool {
        let Some(call) = self.calls.call_of_mut(leg).filter(|call| call.partner(leg).is_some()) else {
            return false;
        };
        let (id, Some(third)) = (call.id, call.aside.third.take()) else { return false };
        self.leg_over(now, leg, text.to_owned());
        self.take_place(now, id, third, leg);
        true
    }

    /// The third is out of it: the two who were there before hear each other alone.
    pub(super) fn third_is_gone(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        if call.aside.third.take_if(|third| *third == leg).is_none() || call.is_ending() {
            return;
        }
        if let Some(talking) = call.talking {
            let pair = [call.owner, talking];
            if pair.iter().all(|leg| self.calls.legs.get(leg).is_some_and(|row| row.state == State::Up)) {
                self.talk_together(now, id, pair);
            }
        }
    }
}

/// Whether we read what the party says: it sends by the first codec that was agreed on.
fn is_mixable(line: &Line) -> bool {
    line.agreed.first().is_some_and(|payload| is_g711(&payload.codec))
}
