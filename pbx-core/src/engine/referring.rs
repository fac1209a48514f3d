//! Somebody sends the other party on: blind transfer, attended transfer, from the phone (REFER) or from the portal.
//! SIP-22, SIP-23, CTRL-02; RFC 3515, RFC 3891, RFC 3892, RFC 5589.
//!
//! ```text
//!   blind      A refers B to 103: B is the caller of the call now and hears it ring; A stays until 103 answers, and gets B
//!              back if nobody does. 103 is called as A would: A's permissions, 103's forwards.
//!   attended   A refers B to its call with C, answered or not: B takes A's place there.
//! ```

use sip_stack::{
    InviteId, Message, Name, Response,
    headers::{NameAddr, Replaces},
    stack::Standing,
    uri::Uri,
};

use super::{Engine, incoming::number_of};
use crate::call::{
    Cause,
    leg::{Party, Side, State},
    running::Transfer,
    script::{Event, Script, Sender},
};
use crate::{
    features,
    ids::{CallId, LegId},
    io::Now,
    live::Side as LiveSide,
    route::{Lines, Way},
};
use config::TenantId;
use media::Path;

/// What a REFER wants.
enum Wish {
    /// The way, how it was found, and the number.
    Blind(Way, Lines, String),
    /// The referrer's leg in the other call.
    Attended(LegId),
}

impl Engine {
    pub(super) fn on_refer(&mut self, now: Now, id: InviteId, request: &Message) {
        match self.read_refer(now, id, request) {
            Ok((leg, wish)) => {
                self.stack.accept_refer(now.at, id);
                match wish {
                    Wish::Blind(way, lines, to) => self.send_on(now, leg, (way, lines, to), Some(id)),
                    Wish::Attended(other) => self.put_together(now, (leg, other), id),
                }
            }
            Err(response) => self.stack.refuse_refer(now.at, id, &response),
        }
    }

    /// Somebody in the portal sends one party of a call to a number; it goes as the other party would send it.
    pub(super) fn transfer(&mut self, now: Now, tenant: TenantId, (name, to): (&str, &str), who: LiveSide) {
        let Some(call) = self.calls.names.get(name).and_then(|id| self.calls.running.get(id)) else { return };
        let by = match who {
            LiveSide::Caller => call.talking,
            LiveSide::Callee => call.talking.map(|_| call.owner),
        };
        let Some(by) = by.filter(|_| call.handle.facts().tenant.id == tenant && self.may_send_on(call.id))
        else {
            return;
        };
        // Who is of outside, or of another company, sends nobody anywhere for people of this one: then it is the one who goes
        // on who dials, so to speak.
        let sender = if self.company_of(by) == Some(tenant) { Some(by) } else { call.partner(by) };
        let sender = sender.filter(|sender| self.company_of(*sender) == Some(tenant));
        let way = sender.ok_or(Cause::NotAllowed).and_then(|sender| self.way_of(now, sender, to));
        match way {
            Ok((way, lines)) => self.send_on(now, by, (way, lines, to.to_owned()), None),
            Err(cause) => {
                if let Some(call) = self.calls.call_of(by) {
                    call.note(now, "Not transferred", format_args!("to {to}: {}", cause.text()), "portal");
                }
            }
        }
        self.settle(now);
    }

    fn read_refer(&mut self, now: Now, id: InviteId, request: &Message) -> Result<(LegId, Wish), Response> {
        let refused = |status: u16, why: &str| Response::new(status).because(why);
        let leg = self.calls.leg_of(id).ok_or_else(|| refused(481, "No such call"))?;
        let call = self.calls.call_of(leg).ok_or_else(|| refused(481, "No such call"))?;
        if !self.is_one_of_us(leg) {
            return Err(refused(403, "Only phones of this system transfer calls"));
        }
        if call.partner(leg).is_none() || !self.may_send_on(call.id) {
            return Err(refused(403, "Nobody to transfer"));
        }
        let target = request.header(Name::ReferTo).and_then(NameAddr::parse);
        let uri =
            target.and_then(|target| Uri::parse(target.uri)).ok_or_else(|| refused(400, "No Refer-To"))?;
        if let Some(value) = uri.header("Replaces") {
            let replaces = Replaces::parse(&value).ok_or_else(|| refused(400, "Malformed Replaces"))?;
            return Ok((leg, Wish::Attended(self.own_leg(leg, &replaces)?)));
        }
        if !self.is_ours(leg, &uri) {
            return Err(refused(403, "Not a number of this company"));
        }
        let to = number_of(&uri).ok_or_else(|| refused(404, "No number to transfer to"))?;
        let (way, lines) = self.way_of(now, leg, &to).map_err(Cause::response)?;
        Ok((leg, Wish::Blind(way, lines, to)))
    }

    /// The leg of another call that a party may put the one it talks with in the place of: its own, as the same person.
    fn own_leg(&self, leg: LegId, replaces: &Replaces<'_>) -> Result<LegId, Response> {
        let gone = || Response::new(481).because("No such call to transfer to");
        let (invite, standing) = self.stack.replaced(replaces).ok_or_else(gone)?;
        let other = self.calls.leg_of(invite).ok_or_else(gone)?;
        let (Some(here), Some(there)) = (self.calls.call_of(leg), self.calls.call_of(other)) else {
            return Err(gone());
        };
        let (one, two) = (&self.calls.legs[&leg].party, &self.calls.legs[&other].party);
        let is_same = (one.user.is_some() && one.user == two.user)
            || (one.device.is_some() && one.device == two.device);
        // Whoever asks for another company's call, or another person's, learns nothing of it.
        if here.handle.facts().tenant.id != there.handle.facts().tenant.id || !is_same || here.id == there.id
        {
            return Err(gone());
        }
        let is_callee = there.owner != other;
        let in_it = there.owner == other || there.talking == Some(other);
        if there.is_ending() || !in_it || (is_callee && standing != Standing::Confirmed) {
            return Err(gone());
        }
        if there.transfer.is_some() || there.aside.slot.is_some() || there.aside.third.is_some() {
            return Err(Response::new(491));
        }
        Ok(other)
    }

    fn may_send_on(&self, id: CallId) -> bool {
        let call = self.calls.running.get(&id).filter(|call| !call.is_ending() && call.transfer.is_none());
        // Of three none is sent on: whom would the third talk with?
        let call = call.filter(|call| call.aside.third.is_none());
        let Some((owner, callee)) = call.and_then(|call| Some((call.owner, call.talking?))) else {
            return false;
        };
        [owner, callee].iter().all(|leg| self.calls.legs.get(leg).is_some_and(|row| row.state == State::Up))
    }

    /// The party that `by` talks with is the caller of the call now and goes this way; `by` waits for what comes of it.
    pub(super) fn send_on(
        &mut self,
        now: Now,
        by: LegId,
        (way, lines, to): (Way, Lines, String),
        refer: Option<InviteId>,
    ) {
        let (caller, company) = (self.as_caller(by), self.company_of(by));
        let Some(call) = self.calls.call_of(by) else { return };
        let (id, Some(partner)) = (call.id, call.partner(by)) else { return };
        let company = company.unwrap_or(call.handle.facts().tenant.id);
        let (sent, sender) = (self.sent_as_caller(partner), Sender { leg: by, caller, company });
        let party = Party { number: sent.number.clone(), ..self.calls.legs[&partner].party.clone() };
        let who = self.calls.legs[&by].party.text();
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let what = format_args!("{who} sends {party} to {to}");
        call.note(now, "Transferred", what, if refer.is_some() { "REFER" } else { "transfer" });
        lines.into_iter().for_each(|(what, detail, rule)| call.note(now, what, detail, rule));
        call.handle = call.handle.handed_to(sent, party);
        call.handle.set_sender(Some(sender));
        call.owner = partner;
        (call.talking, call.early, call.announced) = (None, None, 100);
        call.transfer = Some(Transfer { by, refer });
        let script = Script::new(features::transfer(call.handle.clone(), way));
        if let Some(at) = call.wake_at.take() {
            self.timers.clear(at, crate::timers::Timer::Script(id));
        }
        call.script = Some(script);
        for (leg, side) in [(partner, Side::Caller), (by, Side::Callee)] {
            if let Some(row) = self.calls.legs.get_mut(&leg) {
                row.side = side;
                row.line.is_stale |= leg == partner && row.line.ours != media::sdp::Direction::SendRecv;
            }
            self.set_path(leg, Path::Silent);
        }
        self.offer_anew(now, id);
        self.show(now, id);
        self.ready.push_back(id);
    }

    /// Who was sent on has arrived: who sent them is out of it.
    pub(super) fn transfer_arrived(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let Some(Transfer { by, refer }) = call.transfer.take() else { return };
        call.handle.set_sender(None);
        let slot = call.aside.slot.as_ref().map(|slot| format!("SIP;cause=200;text=\"Parked in {slot}\""));
        if let Some(refer) = refer {
            self.stack.notify_refer(now.at, refer, 200);
        }
        self.part_as(now, by, ("transferred the call", slot.as_deref()));
    }

    /// What somebody was sent to came to nothing: they talk again with who sent them, if that one is still there.
    pub(super) fn give_back(&mut self, now: Now, id: CallId, cause: Cause) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let Some(Transfer { by, refer }) = call.transfer.take() else { return };
        call.handle.set_sender(None);
        if let Some(refer) = refer {
            self.stack.notify_refer(now.at, refer, cause.status());
        }
        let is_there = self.calls.legs.get(&by).is_some_and(|row| row.state == State::Up);
        let event = if is_there { Event::Answered(by) } else { Event::Failed(by, 480) };
        if let Some(call) = self.calls.running.get(&id) {
            call.handle.tell(event);
            self.ready.push_back(id);
        }
    }

    /// The call ends before anybody answered who was sent on: who sent them hears it.
    pub(super) fn transfer_ended(&mut self, now: Now, id: CallId) {
        let transfer = self.calls.running.get_mut(&id).and_then(|call| call.transfer.take());
        if let Some(refer) = transfer.and_then(|transfer| transfer.refer) {
            self.stack.notify_refer(now.at, refer, 487);
        }
    }

    /// Who talks with `leg` takes the place of `other`, the same person's leg in another call.
    fn put_together(&mut self, now: Now, (leg, other): (LegId, LegId), refer: InviteId) {
        let (Some(here), Some(there)) = (self.calls.call_of(leg), self.calls.call_of(other)) else { return };
        let (from, into) = (here.id, there.id);
        let Some(partner) = here.partner(leg) else { return };
        let [who, whom] = [leg, partner].map(|leg| self.calls.legs[&leg].party.text());
        let with = there.partner(other).map(|leg| self.calls.legs[&leg].party.text());
        let with = with.unwrap_or_else(|| there.record.dialled.clone());
        let Some(moved) = self.move_leg(now, partner, into) else {
            return self.stack.notify_refer(now.at, refer, 503);
        };
        self.stack.notify_refer(now.at, refer, 200);
        let text = format!("{who} put {whom} through to {with}");
        for id in [from, into] {
            if let Some(call) = self.calls.running.get(&id) {
                call.note(now, "Transferred", &text, "REFER with Replaces");
            }
        }
        self.take_place(now, into, moved, other);
        self.end(now, from, Cause::Normal, text);
    }
}
