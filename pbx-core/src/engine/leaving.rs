//! A leg to the public network: a number is called by a trunk, in the trunk's words. SIP-38, SIP-41, SIP-25.

mod words;

use media::{
    Payload, Statistics,
    sdp::{self, Direction},
};

use super::Engine;
use crate::call::{
    Cause, Leg,
    leg::{Later, Link, Party, Side, State, Times},
    line::{Line, is_g711},
    outside::Leave,
    script::Event,
};
use crate::{
    guard::Charge,
    ids::{CallId, LegId},
    io::Now,
    limits,
    timers::Timer,
};

impl Engine {
    /// Calls a number by a trunk.
    pub(super) fn leave(&mut self, now: Now, id: CallId, leave: Box<Leave>) {
        let leg = leave.leg;
        let flow = self.flow_to(leave.hop);
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let (true, Some(flow)) = (call.legs.len() < limits::LEGS_PER_CALL, flow) else {
            let why = if flow.is_none() { "no listener leads there" } else { "too many legs" };
            call.note(now, "Not called", format_args!("{}: {why}", leave.trunk.name), "limit");
            call.handle.tell(Event::Failed(leg, 503));
            self.ready.push_back(id);
            return;
        };
        call.legs.push(leg);
        let is_emergency = leave.plan.emergency.is_some();
        if is_emergency {
            self.make_way(now, id, &leave);
        }
        let at = leave.at;
        self.calls.legs.insert(leg, called_leg(now, id, leave, flow));
        self.engage(leg);
        if at > now.at {
            self.timers.set(at, Timer::Dial(leg));
        } else {
            self.set_out(now, leg);
        }
    }

    /// Calls the number that a leg waits to call.
    pub(super) fn set_out(&mut self, now: Now, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        let Some(Later::Leave(leave)) = row.later.take() else { return };
        // Who waited finds others there perhaps.
        let is_emergency = leave.plan.emergency.is_some();
        let is_full =
            |trunk| self.office.trunks.borrow().lines.get(&trunk).is_some_and(|line| line.is_full());
        if !is_emergency && is_full(leave.trunk.id) {
            return self.leg_failed(now, leg, 503, "all channels of the trunk are in use");
        }
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.link = Some(Link { trunk: leave.trunk.clone(), is_emergency });
        row.times = Times::new(now.at);
        let (tenant, user) = leave.plan.payer;
        let charge = Charge { tenant, user, class: leave.plan.class, since: None };
        self.office.guard.borrow_mut().begin(leg, charge);
        self.engage_trunk(now, leg);
        if !self.take_port(now, leg) {
            self.log_no_room(now, "RTP ports");
            return self.leg_failed(now, leg, 503, "no RTP port is free");
        }
        if let Some(why) = self.must_not_be_called(leg) {
            return self.leg_failed(now, leg, 488, why);
        }
        self.open_line(leg);
        self.call_outside(now, leg, &leave);
    }

    /// Nothing at all came back from a trunk: the call is given up there, so that another can be tried.
    pub(super) fn give_up_unheard(&mut self, now: Now, leg: LegId) {
        let Some(row) = self.calls.legs.get(&leg).filter(|row| row.state == State::Calling) else { return };
        let Some(invite) = row.invite.filter(|invite| !self.stack.is_heard(*invite)) else { return };
        self.stack.cancel(now.at, invite, None);
        self.leg_failed(now, leg, 408, "nothing came back");
    }

    /// The leg takes a channel of its trunk. SIP-25
    pub(super) fn engage_trunk(&mut self, now: Now, leg: LegId) {
        let Some(link) = self.calls.legs.get(&leg).and_then(|row| row.link.as_ref()) else { return };
        self.office.trunks.borrow_mut().engage(link.trunk.id);
        self.show_trunks(now);
    }

    /// The opposite.
    pub(super) fn disengage_trunk(&mut self, now: Now, leg: LegId) {
        let Some(link) = self.calls.legs.get(&leg).and_then(|row| row.link.as_ref()) else { return };
        self.office.trunks.borrow_mut().release(link.trunk.id);
        self.show_trunks(now);
    }

    fn call_outside(&mut self, now: Now, leg: LegId, leave: &Leave) {
        let Some(call) = self.calls.call_of(leg) else { return };
        let nobody = Line::default();
        let caller = self.calls.legs.get(&call.owner).map_or(&nobody, |row| &row.line);
        let Some(payloads) =
            offered(caller, leave.trunk.outgoing.codecs).map(|offered| asking(offered, leave))
        else {
            let why = format_args!("{}: it takes G.711 alone, and the caller has none", leave.trunk.name);
            call.note(now, "Not called", why, "codecs of the trunk");
            return self.leg_failed(now, leg, 488, "no codec in common with the trunk");
        };
        // A caller who offers less than both ways (call begun on hold) is passed on as it is.
        let direction = if caller.remote.is_some() { caller.theirs() } else { Direction::SendRecv };
        let ptime = caller.ptime();
        let Some(row) = self.calls.legs.get(&leg) else { return };
        let mut invite = words::invite(call, leave, row.flow);
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.ours = direction;
        row.state = State::Calling;
        invite.offer = Some(row.line.print_offer(payloads, direction, ptime));
        let invite = self.stack.invite(now.at, invite);
        row.invite = Some(invite);
        self.calls.invites.insert(invite, leg);
        self.timers.set(now.at + leave.trunk.outgoing.answer_within, Timer::Unheard(leg));
    }

    /// An emergency call finds a channel: the call that began last gives its own up. GEO-07
    fn make_way(&mut self, now: Now, id: CallId, leave: &Leave) {
        let is_full =
            self.office.trunks.borrow().lines.get(&leave.trunk.id).is_some_and(|line| line.is_full());
        if !is_full {
            return;
        }
        let gives_way = |row: &&Leg| {
            let by_it = row.link.as_ref().is_some_and(|l| l.trunk.id == leave.trunk.id && !l.is_emergency);
            by_it && !row.is_over() && row.call != id
        };
        let last = self.calls.legs.values().filter(gives_way).map(|row| row.call).max();
        if let Some(last) = last {
            self.end(now, last, Cause::Congestion, "Gave way to an emergency call".into());
        }
    }
}

fn called_leg(now: Now, call: CallId, leave: Box<Leave>, flow: sip_stack::Flow) -> Leg {
    Leg {
        call,
        invite: None,
        side: Side::Callee,
        came_in: false,
        party: Party {
            number: leave.number.clone(),
            name: leave.whose.as_ref().map(|user| user.full_name()).unwrap_or_default(),
            user: leave.whose.as_ref().map(|user| user.id),
            device: None,
        },
        flow,
        state: State::Waiting,
        line: Line::default(),
        times: Times::new(now.at),
        cause: String::new(),
        statistics: Statistics::default(),
        later: Some(Later::Leave(leave)),
        shows: None,
        parting: false,
        link: None,
    }
}

/// Who is asked for a key hears tones of ours, which are G.711, and presses it by RFC 4733, whatever the caller has. RNG-01
fn asking(mut offered: Vec<Payload>, leave: &Leave) -> Vec<Payload> {
    if !leave.asks || !offered.iter().any(|p| is_g711(&p.codec)) {
        return offered;
    }
    offered.retain(|p| is_g711(&p.codec) || p.codec.is_telephone_event());
    if !offered.iter().any(|p| p.codec.is_telephone_event()) {
        let is_free = |p: &Payload| offered.iter().all(|other| other.number != p.number);
        let events = sdp::g711().into_iter().find(|p| p.codec.is_telephone_event() && is_free(p));
        offered.extend(events);
    }
    offered
}

/// What is offered: what the caller offers, as far as the trunk takes it; G.711 where the caller says nothing. `None` if that
/// is nothing: PCMU and PCMA are converted into each other, other codecs into none.
fn offered(caller: &Line, codecs: config::snapshot::Codecs) -> Option<Vec<Payload>> {
    let mut payloads = sdp::relay_offer(match (caller.agreed.as_slice(), caller.their_payloads()) {
        ([], []) => return Some(sdp::g711()),
        ([], offered) => offered,
        (agreed, _) => agreed,
    });
    if codecs == config::snapshot::Codecs::G711 {
        payloads.retain(|p| is_g711(&p.codec) || p.codec.is_telephone_event());
    }
    payloads.iter().any(|p| p.codec.is_speech()).then_some(payloads)
}
