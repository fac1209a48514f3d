//! People move between calls: transfer, pickup, park and Replaces are this one operation. CTRL-02, CTRL-05, SIP-23, SIP-24.
//!
//! A leg is one party's part in one call. Who goes on in another call gets a leg there over the same dialog; the old one
//! stays in the record of the call it was in. Media lives on the worker of the call: the new leg has a port there, and an
//! answered phone hears of it by the offer that it needs anyway, since it was on hold. A phone that is not answered was told
//! of no port yet.
//!
//! ```text
//!   call 1: A ── B     A refers B to call 2      call 1: A over, B over     records: 1 "transferred to 103"
//!   call 2: A ── C     (REFER with Replaces)     call 2: B ── C                      2 "102 in the place of 101"
//! ```

use media::{Path, Tone};

use super::Engine;
use crate::call::{
    Cause, Leg,
    leg::{Side, State, Times},
    line::Line,
    script::Event,
};
use crate::{
    ids::{CallId, LegId},
    io::Now,
    limits,
};

impl Engine {
    /// The leg goes on in another call, where nobody hears it yet; its leg there. `None` if there is no room: nothing has
    /// changed then.
    pub(super) fn move_leg(&mut self, now: Now, leg: LegId, into: CallId) -> Option<LegId> {
        let from = self.calls.legs.get(&leg).filter(|row| !row.is_over())?.call;
        // A port that the phone was told without an answer cannot be changed: so it is answered first.
        let row = self.calls.legs.get(&leg)?;
        if row.line.early.is_some() && row.state != State::Up && row.came_in {
            self.answer_alone(now, from);
        }
        let target = self.calls.running.get(&into).filter(|call| !call.is_ending())?;
        if target.legs.len() >= limits::LEGS_PER_CALL {
            return None;
        }
        let name = target.record.name.clone();
        let new = self.office.new_leg();
        let row = self.calls.legs.get(&leg).filter(|row| !row.is_over())?;
        let invite = row.invite?;
        let moved = arrived(row, now, into);
        self.calls.legs.insert(new, moved);
        if !self.take_port(now, new) {
            self.calls.legs.remove(&new);
            self.log_no_room(now, "RTP ports");
            return None;
        }
        self.carry_offers(now, leg, new);
        self.calls.invites.insert(invite, new);
        if let Some(call) = self.calls.running.get_mut(&into) {
            call.legs.push(new);
        }
        self.engage(new);
        self.engage_trunk(now, new);
        self.office.guard.borrow_mut().carry(leg, new, now.at);
        if let Some(row) = self.calls.legs.get_mut(&leg) {
            row.invite = None;
        }
        self.leg_over(now, leg, format!("goes on in call {name}"));
        self.watch_minutes(now, new);
        self.open_line(new);
        self.agree(new);
        Some(new)
    }

    /// A leg that came into the call takes the place of another, which is cleared.
    pub(super) fn take_place(&mut self, now: Now, id: CallId, leg: LegId, old: LegId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let as_owner = call.owner == old;
        let (owner, other) = if as_owner { (leg, call.talking) } else { (call.owner, Some(leg)) };
        call.owner = owner;
        call.talking = call.talking.and(other);
        let talking = call.talking.is_some();
        let party = self.calls.legs[&leg].party.clone();
        if as_owner {
            call.handle.set_presents(party.clone());
            call.handle.set_caller_device_to(party.device);
        }
        let role = if as_owner { Side::Caller } else { Side::Callee };
        let heard = self.calls.legs.get(&old).and_then(|row| row.line.path);
        if let Some(row) = self.calls.legs.get_mut(&leg) {
            row.side = role;
        }
        self.part(now, old, Cause::Normal, None);
        match other.filter(|_| talking) {
            Some(other) => {
                self.remember_partners(leg, if as_owner { other } else { owner });
                self.tell_joined(id, leg, Some(old));
                if !self.both_answered(now, owner, other) {
                    return self.end(now, id, Cause::NotAcceptable, Cause::NotAcceptable.text().into());
                }
                if !as_owner && let Some(call) = self.calls.running.get_mut(&id) {
                    call.record.answered_by = party.text();
                }
                self.talk_together(now, id, [owner, other]);
                self.store_answered(now, id);
            }
            None => self.wait_in_place(now, id, heard),
        }
        self.show(now, id);
    }

    /// The new caller hears what the one before heard: it rings, or the system speaks.
    fn wait_in_place(&mut self, now: Now, id: CallId, heard: Option<Path>) {
        self.answer_alone(now, id);
        let Some(call) = self.calls.running.get(&id) else { return };
        let (owner, country, rings) = (call.owner, call.country(), call.announced >= 180);
        call.handle.mark_answered();
        match heard {
            Some(Path::Tone(..)) => heard.into_iter().for_each(|path| self.set_path(owner, path)),
            _ if rings => self.set_path(owner, Path::Tone(Tone::Ringback, country)),
            _ => {}
        }
        self.offer_anew(now, id);
    }

    /// A leg that came into the call waits for the script to let it talk with the caller.
    pub(super) fn bring_in(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(call) = self.calls.running.get(&id) else { return };
        let owner = call.owner;
        if let Some(row) = self.calls.legs.get_mut(&leg) {
            row.side = Side::Callee;
        }
        self.remember_partners(leg, owner);
        self.tell_joined(id, leg, None);
        self.show(now, id);
    }

    /// The history of who came has the call, with the party they talk with.
    pub(super) fn remember_partners(&self, leg: LegId, partner: LegId) {
        let (Some(row), Some(partner)) = (self.calls.legs.get(&leg), self.calls.legs.get(&partner)) else {
            return;
        };
        if let (Some(user), Some(call)) = (row.party.user, self.calls.running.get(&row.call)) {
            call.handle.concerns_also(user, partner.party.clone());
        }
    }

    fn tell_joined(&mut self, id: CallId, leg: LegId, place_of: Option<LegId>) {
        if let Some(call) = self.calls.running.get(&id) {
            call.handle.tell(Event::Joined { leg, place_of });
            self.ready.push_back(id);
        }
    }

    /// Offers under way on a leg that moves: ours will be answered in its new call, the phone's own it makes again.
    fn carry_offers(&mut self, now: Now, leg: LegId, new: LegId) {
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        let Some(pending) = call.renegotiation.take_if(|p| p.to == leg || p.from == Some(leg)) else {
            return;
        };
        if pending.from == Some(leg) {
            if let Some(invite) = self.calls.legs.get(&leg).and_then(|row| row.invite) {
                self.stack.refuse(now.at, invite, 491);
            }
        } else {
            if let Some(row) = self.calls.legs.get_mut(&new) {
                row.line.owes = true;
                row.line.ours = pending.direction;
            }
            self.refuse_pending(now, &pending, 491);
        }
    }
}

/// The leg as it begins in another call.
fn arrived(row: &Leg, now: Now, into: CallId) -> Leg {
    let is_up = row.state == State::Up;
    let line = match is_up {
        true => row.line.elsewhere(),
        false => Line { remote: row.line.remote.clone(), ..Line::default() },
    };
    Leg {
        call: into,
        invite: row.invite,
        side: row.side,
        came_in: row.came_in,
        party: row.party.clone(),
        flow: row.flow,
        state: row.state,
        line,
        times: Times { answered: is_up.then_some(now.at), ..Times::new(now.at) },
        cause: String::new(),
        statistics: Default::default(),
        later: None,
        shows: row.shows,
        parting: false,
        link: row.link.clone(),
    }
}
