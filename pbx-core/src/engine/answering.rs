//! A callee rings or answers; the caller hears of it. SIP-13, SIP-18, MED-11.

use bytes::Bytes;
use media::{
    MixId, Path, Tone,
    sdp::{self, Direction},
};
use sip_stack::{InviteId, Message, Name, Response, stack::EarlyOffer};

use super::Engine;
use crate::call::{
    Cause, Leg,
    leg::{Side, State},
    line::is_g711,
    script::Event,
};
use crate::{
    cdr,
    ids::{CallId, LegId},
    io::Now,
};

impl Engine {
    pub(super) fn on_progress(&mut self, now: Now, id: InviteId, status: u16, sdp: Option<Bytes>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| !row.is_over()) else { return };
        if status >= 180 {
            row.state = State::Ringing;
            row.times.ringing.get_or_insert(now.at);
        }
        let early = sdp.is_some_and(|sdp| row.line.take_answer(&sdp));
        let call = row.call;
        if early {
            self.agree(leg);
        }
        if early && self.is_only_callee(leg) && self.pass_early_media(now, leg) {
            // The caller hears the callee's own ringing or announcement.
        } else if status == 180 || early {
            self.announce(now, call);
        }
        self.show(now, call);
    }

    pub(super) fn on_answered(&mut self, now: Now, id: InviteId, sdp: Option<Bytes>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| !row.is_over()) else { return };
        row.state = State::Up;
        row.times.answered = Some(now.at);
        self.office.guard.borrow_mut().answered(leg, now.at);
        let usable = sdp.map_or(row.line.remote.is_some(), |sdp| row.line.take_answer(&sdp));
        let call = row.call;
        if !usable {
            self.stack.bye(now.at, id, Some(&Cause::NotAcceptable.reason()));
            return self.leg_failed(now, leg, 488, "its answer has no codec in common");
        }
        self.agree(leg);
        if let Some(call) = self.calls.running.get(&call) {
            call.handle.tell(Event::Answered(leg));
            self.ready.push_back(call.id);
        }
        self.watch_minutes(now, leg);
        self.offer_anew(now, call);
    }

    pub(super) fn on_failed(
        &mut self,
        now: Now,
        id: InviteId,
        (status, reason): (u16, &str),
        response: Option<&Message>,
    ) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        if !self.calls.legs.get(&leg).is_some_and(|row| !row.is_over() && row.side == Side::Callee) {
            return;
        }
        let redirection = response.filter(|_| (300..400).contains(&status));
        if !redirection.is_some_and(|response| self.on_moved(now, leg, response)) {
            self.leg_failed(now, leg, status, reason);
        }
    }

    /// The caller and this callee talk: the caller is answered, if it is not yet.
    pub(super) fn connect(&mut self, now: Now, id: CallId, callee: LegId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let owner = call.owner;
        let row = self.calls.legs.get(&callee);
        // Who came to talk with the caller is answered now, others have answered.
        if row.is_none_or(|row| row.is_over() || !(row.came_in || row.state == State::Up)) {
            call.handle.tell(Event::Ended(callee));
            self.ready.push_back(id);
            return;
        }
        call.talking = Some(callee);
        call.record.answered_by = self.calls.legs[&callee].party.text();
        call.note(now, "Answered", &call.record.answered_by, "first answer");
        if !self.both_answered(now, owner, callee) {
            return self.end(now, id, Cause::NotAcceptable, Cause::NotAcceptable.text().into());
        }
        [owner, callee].into_iter().for_each(|leg| self.note_encryption(now, leg));
        self.talk_together(now, id, [owner, callee]);
        self.transfer_arrived(now, id);
        self.reference_ended(now, id, 200);
        self.store_answered(now, id);
        self.show(now, id);
    }

    /// Answers whoever of two is not answered yet; `false` if they cannot understand each other.
    pub(super) fn both_answered(&mut self, now: Now, owner: LegId, other: LegId) -> bool {
        let is_up = |this: &Self, leg| this.calls.legs.get(&leg).is_some_and(|row| row.state == State::Up);
        (is_up(self, other) || self.answer_for(now, other, owner))
            && (is_up(self, owner) || self.answer_for(now, owner, other))
    }

    /// These two hear each other; each is offered anew what does not fit the other, and told whom it talks with.
    pub(super) fn talk_together(&mut self, now: Now, id: CallId, pair: [LegId; 2]) {
        let [one, other] = pair;
        if let Some(call) = self.calls.running.get_mut(&id) {
            call.record.talked = true;
        }
        self.join(one, other);
        for leg in pair {
            if let Some(row) = self.calls.legs.get_mut(&leg) {
                row.times.talked.get_or_insert(now.utc.timestamp_millis());
            }
        }
        for (leg, partner) in [(one, other), (other, one)] {
            let Some(fitting) = self.calls.legs.get(&partner).and_then(|partner| {
                let own = &self.calls.legs.get(&leg)?.line;
                if own.agreed.is_empty() || partner.line.agreed.is_empty() {
                    return None;
                }
                let understood = !sdp::relay_answer(&own.agreed, &partner.line.agreed).is_empty();
                Some(understood.then(|| own.fitting(&partner.line)))
            }) else {
                continue;
            };
            let Some(row) = self.calls.legs.get_mut(&leg) else { continue };
            row.line.is_stale |= row.state == State::Up && fitting != Some(row.line.ours);
        }
        self.introduce(now, one, other);
        self.introduce(now, other, one);
        self.offer_anew(now, id);
    }

    /// Answers the caller with media of our own. Only G.711 is accepted: we make no other codec.
    pub(super) fn answer_alone(&mut self, now: Now, id: CallId) {
        self.transfer_arrived(now, id);
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let owner = call.owner;
        let greeting = call.aside.greeting.take().map(|text| (Name::PAssertedIdentity, text.into_string()));
        if self.calls.legs.get(&owner).is_none_or(|row| row.state == State::Up) {
            return;
        }
        if self.answer_with_own(now, owner, greeting.into_iter().collect()) {
            self.store_answered(now, id);
        } else {
            self.end(now, id, Cause::NotAcceptable, Cause::NotAcceptable.text().into());
        }
    }

    /// Answers a leg with what we can make ourselves; `false` if that is nothing to it.
    pub(super) fn answer_with_own(&mut self, now: Now, leg: LegId, headers: Vec<(Name, String)>) -> bool {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return false };
        let line = &mut row.line;
        let sdp = match (line.early.take(), line.remote.clone()) {
            (Some(early), _) => early,
            (None, None) => line.print_offer(sdp::g711(), Direction::SendRecv, None),
            (None, Some(offer)) => {
                let payloads = own_payloads(line.their_payloads());
                let direction = line.theirs().mirror();
                line.print_answer(offer, payloads, direction)
            }
        };
        self.send_answer(now, leg, sdp, headers)
    }

    /// Lets the caller hear a tone.
    pub(super) fn play_tone(&mut self, id: CallId, tone: Tone) {
        let Some(call) = self.calls.running.get(&id) else { return };
        let (owner, country) = (call.owner, call.country());
        self.set_path(owner, Path::Tone(tone, country));
    }

    /// The callee who answered is one of those who hear the caller at once. SIP-32.
    pub(super) fn mix(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(call) = self.calls.running.get(&id) else { return };
        let owner = call.owner;
        let Some(row) = self.calls.legs.get(&leg).filter(|row| row.state == State::Up) else { return };
        call.note(now, "Answered", row.party.text(), "page");
        // All legs of a call are of one worker.
        let path = Path::Mix(MixId(id.0));
        self.set_path(owner, path);
        self.set_path(leg, path);
        self.show(now, id);
    }

    /// Lets the caller hear nothing.
    pub(super) fn quiet(&mut self, id: CallId) {
        let Some(owner) = self.calls.running.get(&id).map(|call| call.owner) else { return };
        self.set_path(owner, Path::Silent);
    }

    /// Lets the caller hear what they say. MED-12.
    pub(super) fn echo(&mut self, id: CallId) {
        let Some(owner) = self.calls.running.get(&id).map(|call| call.owner) else { return };
        self.set_path(owner, Path::Peer(owner.session()));
    }

    /// The callee whose early media the caller heard is gone: silence must not be the next thing.
    pub(super) fn early_media_over(&mut self, id: CallId) {
        let Some(call) = self.calls.running.get(&id) else { return };
        if !call.is_ending() && call.talking.is_none() {
            self.play_tone(id, Tone::Ringback);
        }
    }

    pub(super) fn on_confirmed(&mut self, now: Now, id: InviteId, answer: Option<Bytes>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| !row.is_over()) else { return };
        if row.line.remote.is_some() {
            return;
        }
        // We offered in the 2xx, so the ACK must answer (RFC 3261 §13.2.1).
        let call = row.call;
        if answer.is_some_and(|sdp| row.line.take_answer(&sdp)) {
            self.agree(leg);
            return self.offer_anew(now, call);
        }
        self.end(now, call, Cause::NotAcceptable, "the caller did not answer our offer".into());
    }

    /// An answer made from what the other party agreed to, or offers; `false` if they cannot understand each other.
    fn answer_for(&mut self, now: Now, owner: LegId, other: LegId) -> bool {
        let partner = other;
        let Some(other) = self.calls.legs.get(&partner).map(|row| &row.line) else { return false };
        let agreed = match (other.agreed.as_slice(), other.their_payloads()) {
            ([], []) => sdp::g711(),
            ([], offered) => offered.to_vec(),
            (agreed, _) => agreed.to_vec(),
        };
        let (theirs, ptime) = (other.wish(), other.ptime());
        let Some(row) = self.calls.legs.get_mut(&owner) else { return false };
        let line = &mut row.line;
        let sdp = if let Some(early) = line.early.take() {
            early
        } else if line.remote.is_none() {
            line.print_offer(agreed, theirs, ptime)
        } else {
            let payloads = sdp::relay_answer(line.their_payloads(), &agreed);
            let direction = line.theirs().mirror().and(theirs);
            let Some(offer) = line.remote.take_if(|_| !payloads.is_empty()) else { return false };
            line.print_answer(offer, payloads, direction)
        };
        let connected = self.connected(owner, partner);
        self.send_answer(now, owner, sdp, connected.into_iter().collect())
    }

    fn send_answer(&mut self, now: Now, owner: LegId, sdp: Bytes, headers: Vec<(Name, String)>) -> bool {
        let Some(row) = self.calls.legs.get_mut(&owner) else { return false };
        let Some(invite) = row.invite.filter(|_| row.line.remote.is_none() || !row.line.agreed.is_empty())
        else {
            return false;
        };
        row.state = State::Up;
        row.times.answered = Some(now.at);
        self.stack.answer(now.at, invite, sdp, headers);
        self.agree(owner);
        let Some(call) = self.calls.call_of(owner) else { return false };
        call.handle.mark_answered();
        let id = call.id;
        self.offer_anew(now, id);
        true
    }

    pub(super) fn store_answered(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        call.record.answered_at.get_or_insert(now.utc.timestamp_millis());
        let stored = self.records.store(cdr::answered(call));
        self.out.push_back(stored);
    }

    /// Tells the caller that it rings: once by 180, or with a tone in band where the tenant wants that.
    pub(super) fn announce(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        if let Some(refer) = call.transfer.as_ref().and_then(|transfer| transfer.refer) {
            self.stack.notify_refer(now.at, refer, 180);
        }
        if let Some(reference) = call.aside.reference {
            self.tell_reference(now, reference, 180);
        }
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        if call.announced >= 180 {
            return;
        }
        if call.handle.is_answered() {
            // Only audio is left to tell them.
            call.announced = 180;
            return if call.talking.is_none() {
                self.play_tone(id, Tone::Ringback)
            };
        }
        call.announced = 180;
        let (owner, country) = (call.owner, call.country());
        let wanted = call.handle.facts().tenant.inband_ringback;
        let Some(row) = self.calls.legs.get(&owner) else { return };
        let Some(invite) = row.invite else { return };
        let (payloads, direction) = match &row.line.remote {
            Some(_) => (own_payloads(row.line.their_payloads()), row.line.theirs().mirror()),
            None => (sdp::g711(), Direction::SendRecv),
        };
        let audible = row.line.early.is_none() && payloads.iter().any(|p| is_g711(&p.codec));
        let inband = wanted || self.stack.early_offer(invite) == EarlyOffer::Required;
        if inband && audible && self.send_early(now, owner, payloads, direction) {
            self.set_path(owner, Path::Tone(Tone::Ringback, country));
        } else {
            self.stack.progress(now.at, invite, Response::new(180));
        }
    }

    /// Lets the caller hear a callee who has not answered; `false` if the caller cannot.
    fn pass_early_media(&mut self, now: Now, callee: LegId) -> bool {
        let (agreed, theirs) =
            (self.calls.legs[&callee].line.agreed.clone(), self.calls.legs[&callee].line.theirs());
        let Some(call) = self.calls.call_of_mut(callee) else { return false };
        let owner = call.owner;
        if call.handle.is_answered() {
            return false;
        }
        if call.early == Some(callee) {
            return true;
        }
        // Without a caller's leg nobody listens: a call from the portal.
        let Some(line) = self.calls.legs.get(&owner).map(|row| &row.line) else { return false };
        if line.early.is_none() {
            let (payloads, direction) = match &line.remote {
                Some(_) => {
                    let payloads = sdp::relay_answer(line.their_payloads(), &agreed);
                    (payloads, line.theirs().mirror().and(theirs))
                }
                None => (agreed, theirs),
            };
            if payloads.is_empty() || !self.send_early(now, owner, payloads, direction) {
                return false;
            }
        }
        let who = self.calls.legs[&callee].party.text();
        if let Some(call) = self.calls.call_of_mut(callee) {
            call.early = Some(callee);
            call.announced = call.announced.max(183);
            call.note(now, "Early media", who, "183 with a description");
        }
        self.join(owner, callee);
        true
    }

    /// 183 with our answer to the caller's offer, which goes into the 200 too. A caller who made no offer gets ours if it
    /// can; its answer comes in the PRACK (RFC 3262 §5). `false` if it cannot.
    fn send_early(
        &mut self,
        now: Now,
        owner: LegId,
        payloads: Vec<media::Payload>,
        direction: Direction,
    ) -> bool {
        let Some(row) = self.calls.legs.get_mut(&owner) else { return false };
        let Some(invite) = row.invite else { return false };
        let line = &mut row.line;
        let sdp = match line.remote.clone() {
            Some(offer) => line.print_answer(offer, payloads, direction),
            None if self.stack.early_offer(invite) == EarlyOffer::Impossible => return false,
            None => {
                line.owes = true;
                line.print_offer(payloads, direction, None)
            }
        };
        line.early = Some(sdp.clone());
        let response = Response { body: Some(("application/sdp", sdp)), ..Response::new(183) };
        self.stack.progress(now.at, invite, response);
        self.agree(owner);
        true
    }

    fn is_only_callee(&self, leg: LegId) -> bool {
        let Some(call) = self.calls.call_of(leg) else { return false };
        let others = call.legs.iter().filter_map(|id| self.calls.legs.get(id));
        let rings = |row: &&Leg| row.side == Side::Callee && !row.is_over() && row.state != State::Up;
        others.filter(rings).count() == 1
    }
}

/// Of what the caller offers, what we can make ourselves.
fn own_payloads(offered: &[media::Payload]) -> Vec<media::Payload> {
    let own = |p: &&media::Payload| is_g711(&p.codec) || p.codec.name.eq_ignore_ascii_case("telephone-event");
    offered.iter().filter(own).cloned().collect()
}
