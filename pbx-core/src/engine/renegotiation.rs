//! Offers within a call: hold, resume, other codecs, passed on to the other party. SIP-20, SIP-21.
//!
//! What concerns one side only (a new address, the same session again) is answered here. Everything else is offered to
//! the other party first, and its answer decides ours:
//!
//! ```text
//!   A                engine                B
//!   │── offer ─────────►│                  │
//!   │                   │── offer ────────►│   same direction, codecs by B's numbers
//!   │                   │◄──────── answer ─│
//!   │◄──────── answer ──│                  │   refused there → 488 here; a second offer meanwhile → 491
//! ```

use bytes::Bytes;
use media::{
    Payload,
    sdp::{self, Description, Direction},
};
use sip_stack::InviteId;

use super::Engine;
use crate::call::{leg::State, running::Renegotiation};
use crate::{ids::LegId, io::Now};

impl Engine {
    pub(super) fn on_offer(&mut self, now: Now, id: InviteId, sdp: Option<Bytes>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let Some(call) = self.calls.call_of(leg) else { return };
        if call.is_ending() || self.calls.legs[&leg].is_over() {
            return self.stack.refuse(now.at, id, 488);
        }
        // Two offers at once would cross on the two legs (RFC 3261 §14.2 for one dialog).
        if call.renegotiation.is_some() {
            return self.stack.refuse(now.at, id, 491);
        }
        // Of three, who holds or changes codecs does so alone: what we mix is made for each.
        let partner = call.partner(leg).filter(|_| call.aside.third.is_none());
        let Some(body) = sdp else { return self.offer_back(now, leg, partner) };
        let offer = Description::parse(&body).ok().filter(|d| d.audio.is_some());
        match (offer, partner) {
            (None, _) => self.stack.refuse(now.at, id, 488),
            (Some(offer), Some(partner)) if self.concerns_partner(leg, &offer) => {
                self.pass_offer(now, leg, partner, offer);
            }
            (Some(offer), _) => self.answer_own(now, leg, offer),
        }
    }

    pub(super) fn on_offer_answered(&mut self, now: Now, id: InviteId, sdp: &[u8]) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        if self.settle_debt(now, leg, Some(sdp)) {
            return;
        }
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        let Some(pending) = call.renegotiation.take_if(|pending| pending.to == leg) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let (before, ours) = (row.line.wish(), row.line.ours);
        row.line.ours = pending.direction;
        if !row.line.take_answer(sdp) {
            row.line.ours = ours;
            return self.refuse_pending(now, &pending, 488);
        }
        let wish = row.line.wish();
        self.agree(leg);
        match (pending.from, pending.offer) {
            (Some(from), Some(offer)) => self.answer_passed(now, from, leg, offer),
            _ if wish != before => self.tell_partner(now, leg, wish),
            _ => {}
        }
        let Some(call) = self.calls.legs.get(&leg).map(|row| row.call) else { return };
        self.show(now, call);
        self.offer_anew(now, call);
    }

    pub(super) fn on_offer_refused(&mut self, now: Now, id: InviteId, status: u16) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        if self.settle_debt(now, leg, None) {
            return;
        }
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        let Some(pending) = call.renegotiation.take_if(|pending| pending.to == leg) else { return };
        let id = call.id;
        self.refuse_pending(now, &pending, if status == 491 { 491 } else { 488 });
        self.offer_anew(now, id);
    }

    /// The answer to an offer from before the leg came to its call, if that is what it is.
    fn settle_debt(&mut self, now: Now, leg: LegId, sdp: Option<&[u8]>) -> bool {
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| row.line.owes) else { return false };
        row.line.owes = false;
        let call = row.call;
        if sdp.is_some_and(|sdp| row.line.take_answer(sdp)) {
            self.agree(leg);
        }
        self.offer_anew(now, call);
        true
    }

    /// A leg is out of the call: nobody waits for its answer, and its offer needs none.
    pub(super) fn forget_offers_of(&mut self, now: Now, leg: LegId) {
        let Some(call) = self.calls.call_of_mut(leg) else { return };
        let id = call.id;
        match call.renegotiation.take() {
            Some(pending) if pending.to == leg => self.refuse_pending(now, &pending, 491),
            Some(pending) if pending.from == Some(leg) => {
                call.renegotiation = Some(Renegotiation { from: None, offer: None, ..pending });
            }
            pending => call.renegotiation = pending,
        }
        self.offer_anew(now, id);
    }

    /// Whether the other party must hear of this offer: the direction is another, or a codec in force is gone.
    fn concerns_partner(&self, leg: LegId, offer: &Description) -> bool {
        let line = &self.calls.legs[&leg].line;
        let Some(audio) = &offer.audio else { return false };
        let still_there = |p: &Payload| audio.payloads.iter().any(|o| o.codec == p.codec);
        audio.direction != line.theirs() || !line.agreed.iter().all(still_there)
    }

    /// Answers an offer that concerns this side only.
    fn answer_own(&mut self, now: Now, leg: LegId, offer: Description) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let Some(invite) = row.invite else { return };
        let Some(audio) = &offer.audio else { return };
        let known = if row.line.agreed.is_empty() { sdp::g711() } else { row.line.agreed.clone() };
        let payloads = sdp::relay_answer(&audio.payloads, &known);
        if payloads.is_empty() {
            return self.stack.refuse(now.at, invite, 488);
        }
        let same = audio.direction == row.line.theirs() && row.state == State::Up;
        let direction = if same { row.line.ours } else { audio.direction.mirror() };
        let direction = if row.line.only_listens { direction.and(Direction::SendOnly) } else { direction };
        let sdp = row.line.print_answer(offer, payloads, direction);
        if row.line.early.is_some() {
            row.line.early = Some(sdp.clone());
        }
        self.stack.accept(now.at, invite, sdp);
        self.agree(leg);
    }

    /// Offers to the other party what this one offers.
    fn pass_offer(&mut self, now: Now, from: LegId, to: LegId, offer: Description) {
        let Some(audio) = &offer.audio else { return };
        let (payloads, direction) = (sdp::relay_offer(&audio.payloads), audio.direction);
        if let Some(call) = self.calls.call_of(from) {
            let who = self.calls.legs[&from].party.text();
            let what = if direction.is_hold() { "Holds" } else { "Offers anew" };
            call.note(now, what, format_args!("{who}: {}", direction.name()), "offer of a phone");
        }
        self.offer_to(
            now,
            to,
            payloads,
            Renegotiation { from: Some(from), offer: Some(offer), to, direction },
        );
    }

    /// Offers of our own accord, or what another party offered.
    pub(super) fn offer_to(&mut self, now: Now, to: LegId, payloads: Vec<Payload>, pending: Renegotiation) {
        let Some(row) = self.calls.legs.get_mut(&to) else { return };
        let Some(invite) = row.invite else { return };
        let payloads = renumber(payloads, &row.line);
        let sdp = row.line.print_offer(payloads, pending.direction, None);
        if let Some(call) = self.calls.call_of_mut(to) {
            call.renegotiation = Some(pending);
        }
        self.stack.offer(now.at, invite, sdp);
    }

    /// The other party answered: so do we.
    fn answer_passed(&mut self, now: Now, from: LegId, answered: LegId, offer: Description) {
        let other = &self.calls.legs[&answered].line;
        let (agreed, theirs) = (other.agreed.clone(), other.theirs());
        let Some(row) = self.calls.legs.get_mut(&from).filter(|row| !row.is_over()) else { return };
        let (Some(invite), Some(audio)) = (row.invite, &offer.audio) else { return };
        let payloads = sdp::relay_answer(&audio.payloads, &agreed);
        if payloads.is_empty() {
            return self.stack.refuse(now.at, invite, 488);
        }
        let direction = audio.direction.mirror().and(theirs);
        let sdp = row.line.print_answer(offer, payloads, direction);
        self.stack.accept(now.at, invite, sdp);
        self.agree(from);
    }

    /// A re-INVITE without a description: our offer says what the other party would do.
    fn offer_back(&mut self, now: Now, leg: LegId, partner: Option<LegId>) {
        let direction = partner.map_or(Direction::SendRecv, |p| self.calls.legs[&p].line.wish());
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let Some(invite) = row.invite else { return };
        let direction = if row.line.only_listens { Direction::SendOnly } else { direction };
        let payloads = if row.line.agreed.is_empty() { sdp::g711() } else { row.line.agreed.clone() };
        let sdp = row.line.print_offer(payloads, direction, None);
        if let Some(call) = self.calls.call_of_mut(leg) {
            call.renegotiation = Some(Renegotiation { from: None, offer: None, to: leg, direction });
        }
        self.stack.accept(now.at, invite, sdp);
    }

    /// One party changed its mind in an answer: the other hears of it by an offer of ours.
    fn tell_partner(&mut self, now: Now, leg: LegId, direction: Direction) {
        let Some(partner) = self.calls.call_of(leg).and_then(|call| call.partner(leg)) else { return };
        let payloads = sdp::relay_offer(&self.calls.legs[&leg].line.agreed);
        self.offer_to(
            now,
            partner,
            payloads,
            Renegotiation { from: None, offer: None, to: partner, direction },
        );
    }

    pub(super) fn refuse_pending(&mut self, now: Now, pending: &Renegotiation, status: u16) {
        let Some(from) = pending.from.and_then(|from| self.calls.legs.get(&from)) else { return };
        if let (Some(invite), false) = (from.invite, from.is_over()) {
            self.stack.refuse(now.at, invite, status);
        }
    }
}

/// The same codecs under the numbers this leg knows them by: a number never changes its meaning within a session
/// (RFC 3264 §8.3.2).
fn renumber(payloads: Vec<Payload>, line: &crate::call::line::Line) -> Vec<Payload> {
    let known: Vec<&Payload> = line.agreed.iter().chain(&line.offered).chain(line.their_payloads()).collect();
    let mut result: Vec<Payload> = vec![];
    for mut payload in payloads {
        let same = known.iter().find(|k| k.codec == payload.codec);
        payload.number = match same {
            Some(known) => known.number,
            None => free_number(payload.number, |n| {
                known.iter().any(|k| k.number == n) || result.iter().any(|r| r.number == n)
            }),
        };
        if !result.iter().any(|r| r.number == payload.number) {
            result.push(payload);
        }
    }
    result
}

/// The wished number, or else the first free dynamic one (RFC 3551 §6).
fn free_number(wished: u8, taken: impl Fn(u8) -> bool) -> u8 {
    std::iter::once(wished).chain(96..=127).find(|&n| !taken(n)).unwrap_or(wished)
}
