//! Legs and calls end; the record is closed when the last message and the last media figures are in. SIP-14, SIP-45.

use config::{
    TenantId, UserId,
    records::{
        Change,
        parties::{PartyKind, PartyRow},
    },
};
use sip_stack::{InviteId, stack::EndCause};

use super::Engine;
use crate::call::{
    Cause,
    leg::State,
    script::{Event, Hush},
};
use crate::{
    cdr,
    ids::{CallId, LegId},
    io::{Now, Output},
    limits, live,
    timers::Timer,
};

impl Engine {
    pub(super) fn on_ended(&mut self, now: Now, id: InviteId, cause: EndCause, reason: Option<String>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let Some(row) = self.calls.legs.get(&leg).filter(|row| !row.is_over()) else { return };
        let who = row.party.text();
        let text = match (cause, reason) {
            (EndCause::Bye, None) => format!("{who} hung up"),
            (EndCause::Bye, Some(reason)) => format!("{who} hung up ({reason})"),
            (EndCause::SessionExpired, _) => format!("{who} did not refresh the session"),
            (EndCause::NoAck, _) => format!("{who} did not confirm the answer"),
            (EndCause::Dead, _) => format!("{who} does not respond"),
        };
        let why = if cause == EndCause::Bye { Cause::Normal } else { Cause::Dead };
        let call = row.call;
        if self.two_are_left(now, leg, &text) {
            return;
        }
        if self.is_owner(leg) {
            return self.owner_gone(now, leg, why, text);
        }
        self.leg_over(now, leg, text);
        if let Some(call) = self.calls.running.get(&call) {
            call.handle.tell(Event::Ended(leg));
            self.ready.push_back(call.id);
        }
    }

    fn is_owner(&self, leg: LegId) -> bool {
        self.calls.call_of(leg).is_some_and(|call| call.owner == leg)
    }

    /// The caller gave up, or somebody who came to take a call over.
    pub(super) fn on_cancelled(&mut self, now: Now, id: InviteId, reason: Option<String>) {
        let Some(leg) = self.calls.leg_of(id) else { return };
        let text = reason.map_or_else(|| "Caller gave up".to_owned(), |r| format!("Caller gave up ({r})"));
        if self.is_owner(leg) {
            return self.owner_gone(now, leg, Cause::Cancelled, text);
        }
        self.leg_over(now, leg, text);
        let Some(call) = self.calls.call_of(leg) else { return };
        call.handle.tell(Event::Ended(leg));
        self.ready.push_back(call.id);
    }

    /// The leg whose end ends the call is gone.
    pub(super) fn owner_gone(&mut self, now: Now, leg: LegId, cause: Cause, text: String) {
        let Some(call) = self.calls.legs.get(&leg).map(|row| row.call) else { return };
        self.leg_over(now, leg, text.clone());
        self.end(now, call, cause, text);
    }

    /// The script is done: who hung up says it best.
    pub(super) fn end_by_script(&mut self, now: Now, id: CallId, cause: Cause) {
        let Some(call) = self.calls.running.get(&id) else { return };
        let by = call.talking.and_then(|leg| self.calls.legs.get(&leg)).map(|row| row.cause.clone());
        let text = by.filter(|text| cause == Cause::Normal && !text.is_empty());
        self.end(now, id, cause, text.unwrap_or_else(|| cause.text().into()));
    }

    /// Ends a call: everything that is left of it is cleared.
    pub(super) fn end(&mut self, now: Now, id: CallId, cause: Cause, text: String) {
        if self.calls.running.get(&id).is_none_or(|call| call.is_ending()) {
            return;
        }
        self.transfer_ended(now, id);
        self.reference_ended(now, id, cause.status());
        self.unpark(now, id);
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        call.script = None;
        if let Some(at) = call.wake_at.take() {
            self.timers.clear(at, Timer::Script(id));
        }
        if let Some(due) = call.shown.due.take() {
            self.timers.clear(due, Timer::Show(id));
        }
        self.timers.clear(call.record.started.at + limits::TRACE_WAIT, Timer::Trace(id));
        call.note(now, "Ended", &text, "end");
        let record = &call.record;
        tracing::info!(call.id = %record.name, tenant.id = %call.handle.facts().tenant.id,
            "{} called {}: {text}", record.caller.number, record.dialled);
        call.record.ending = Some((cause, text, now));
        let (tenant, name) = (call.handle.facts().tenant.id, call.record.name.to_string());
        let legs = call.legs.clone();
        self.calls.active -= 1;
        for leg in legs {
            self.part(now, leg, cause, None);
        }
        self.out.push_back(Output::Live(live::Change::CallEnded { tenant, id: name }));
        self.timers.set(now.at + limits::CLOSE_WAIT, Timer::Close(id));
        self.close_if_complete(now, id);
    }

    /// The script does not want this leg any more.
    pub(super) fn clear(&mut self, now: Now, leg: LegId, hush: Hush) {
        let elsewhere = (hush == Hush::ElsewhereAnswered).then_some(COMPLETED_ELSEWHERE);
        self.part(now, leg, Cause::Normal, elsewhere);
        if let Some(call) = self.calls.call_of(leg) {
            call.handle.forget(leg);
        }
    }

    /// Says goodbye in the way that fits the leg's state.
    pub(super) fn part(&mut self, now: Now, leg: LegId, cause: Cause, reason: Option<&str>) {
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| !row.is_over()) else { return };
        let quotable = cause != Cause::Cancelled && cause != Cause::Normal;
        let own = quotable.then(|| cause.reason());
        let reason = reason.or(own.as_deref());
        match (row.invite, row.came_in, row.state) {
            (Some(invite), _, State::Up) => {
                row.parting = true;
                self.stack.bye(now.at, invite, reason);
            }
            (Some(invite), true, _) => self.stack.reject(now.at, invite, cause.response()),
            (Some(invite), false, _) => {
                row.parting = true;
                self.stack.cancel(now.at, invite, reason);
            }
            (None, ..) => {
                if let Some(later) = &row.later {
                    self.timers.clear(later.at(), Timer::Dial(leg));
                }
            }
        }
        let text = match (reason, cause) {
            (Some(COMPLETED_ELSEWHERE), _) => "answered elsewhere",
            (_, Cause::Normal) => "cleared",
            _ => cause.text(),
        };
        self.leg_over(now, leg, text.into());
    }

    /// The same; the record says in these words why, and the phone perhaps in others.
    pub(super) fn part_as(&mut self, now: Now, leg: LegId, (text, reason): (&str, Option<&str>)) {
        let is_there = self.calls.legs.get(&leg).is_some_and(|row| !row.is_over());
        self.part(now, leg, Cause::Normal, reason);
        if let (true, Some(row)) = (is_there, self.calls.legs.get_mut(&leg)) {
            row.cause = text.to_owned();
        }
    }

    /// The leg is out of the call; its row stays for the record.
    pub(super) fn leg_over(&mut self, now: Now, leg: LegId, text: String) {
        let Some(row) = self.calls.legs.get_mut(&leg).filter(|row| !row.is_over()) else { return };
        let answered = row.times.answered;
        row.state = State::Over;
        row.times.ended = Some(now.at);
        row.times.left = Some(now.utc.timestamp_millis());
        row.cause = text;
        row.later = None;
        let unheard = row.link.as_ref().map(|link| row.times.started + link.trunk.outgoing.answer_within);
        let (call, talked) = (row.call, row.party.user.filter(|_| row.times.answered.is_some()));
        if let Some(user) = talked {
            self.remember_last_call(now, user);
        }
        let payer = self.office.guard.borrow().tenant_of(leg);
        let talked_outside = self.office.guard.borrow_mut().over(leg, answered, now);
        for usage in talked_outside {
            let stored = self.records.store(Change::Usage(usage));
            self.out.push_back(stored);
        }
        // Whoever talks on has more time than was reckoned: that is seen when it was to be over.
        let rests = payer.and_then(|tenant| Some((tenant, self.office.guard.borrow_mut().rests(tenant)?)));
        if let Some((tenant, at)) = rests {
            self.timers.clear(at, Timer::Minutes(tenant));
        }
        self.disengage(leg);
        self.disengage_trunk(now, leg);
        if let Some(at) = unheard {
            self.timers.clear(at, Timer::Unheard(leg));
        }
        self.free_line(now, leg);
        self.forget_offers_of(now, leg);
        let Some(running) = self.calls.running.get_mut(&call) else { return };
        if running.early == Some(leg) {
            running.early = None;
            self.early_media_over(call);
        }
        self.third_is_gone(now, call, leg);
        self.show(now, call);
    }

    /// An answered call of the user is over. GRP-09
    fn remember_last_call(&mut self, now: Now, user: UserId) {
        let ended_at = now.utc.timestamp_millis();
        self.office.hunting.borrow_mut().call_ended(user, ended_at);
        if self.snapshot.hunts_by_idle(user) {
            let stored = self.records.store(Change::LastCall { user, ended_at });
            self.out.push_back(stored);
        }
    }

    /// Closes the record once nothing more is expected.
    pub(super) fn close_if_complete(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get(&id).filter(|call| call.is_ending()) else { return };
        let expected = call.legs.iter().any(|leg| {
            let parting = self.calls.legs.get(leg).is_some_and(|row| row.parting);
            parting || self.calls.sessions.contains_key(&leg.session())
        });
        if !expected {
            self.close_record(now, id);
        }
    }

    /// Stores why the call went where it went, in case the program does not see its end.
    pub(super) fn store_trace(&mut self, id: CallId) {
        let Some(call) = self.calls.running.get(&id) else { return };
        let (id, trace) = (call.record.name.to_string(), call.handle.trace_so_far());
        let stored = self.records.store(Change::CallTraced { id, trace });
        self.out.push_back(stored);
    }

    /// Closes the record with what is known.
    pub(super) fn close_record(&mut self, _now: Now, id: CallId) {
        let Some(call) = self.calls.running.remove(&id) else { return };
        let Some((cause, _, at)) = &call.record.ending else { return };
        self.timers.clear(at.at + limits::CLOSE_WAIT, Timer::Close(id));
        self.calls.names.remove(&call.record.name);
        self.counters.ended(cdr::outcome(&call, *cause));
        let legs: Vec<_> = call.legs.iter().filter_map(|leg| self.calls.legs.remove(leg)).collect();
        for invite in legs.iter().filter_map(|leg| leg.invite) {
            self.calls.invites.remove(&invite);
        }
        let parties = cdr::parties(&call, &legs, (*cause, at.utc.timestamp_millis()));
        let row = cdr::closed(&call, &legs);
        for visit in cdr::visits(&call, &row) {
            let stored = self.records.store(Change::CallClosed(Box::new(visit)));
            self.out.push_back(stored);
        }
        let stored = self.records.store(Change::CallClosed(Box::new(row)));
        self.out.push_back(stored);
        self.remember_callers(&parties);
        if !parties.is_empty() {
            let stored = self.records.store(Change::CallParties(parties));
            self.out.push_back(stored);
        }
    }

    /// Whom the called can call back. FC-15.
    fn remember_callers(&mut self, parties: &[PartyRow]) {
        let called = |row: &&PartyRow| row.kind != PartyKind::Outbound && row.kind != PartyKind::Blocked;
        for row in parties.iter().filter(called).filter(|row| !row.number.is_empty()) {
            if self.office.hunting.borrow_mut().called_by(row.user, &row.number) {
                let change = Change::LastCaller { user: row.user, number: row.number.clone() };
                let stored = self.records.store(change);
                self.out.push_back(stored);
            }
        }
    }

    pub(super) fn hang_up(&mut self, now: Now, tenant: TenantId, name: &str) {
        let Some(&id) = self.calls.names.get(name) else { return };
        let theirs = self.calls.running.get(&id).is_some_and(|c| c.handle.facts().tenant.id == tenant);
        if theirs {
            self.end(now, id, Cause::Administrative, "Ended by an administrator".into());
        }
    }

    pub(super) fn hang_up_all(&mut self, now: Now) {
        let ids: Vec<CallId> = self.calls.running.keys().copied().collect();
        for id in ids {
            self.end(now, id, Cause::Administrative, "The system stops".into());
        }
    }
}

/// For the phones that lost the race (RFC 3326 §3.1, SIP-14).
const COMPLETED_ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
