//! Running calls as the portal sees them, at a bounded rate.

use super::Engine;
use crate::call::{Leg, Running, leg::State};
use crate::{
    bindings::print_peer,
    ids::CallId,
    io::{Now, Output},
    limits, live,
    parking::Parking,
    timers::Timer,
};

impl Engine {
    /// Shows a change of the call, at once or when the rate allows.
    pub(super) fn show(&mut self, now: Now, id: CallId) {
        self.touched(id);
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        if call.is_ending() || call.shown.due.is_some() {
            return;
        }
        match call.shown.at.map(|at| at + limits::SHOW_INTERVAL).filter(|due| *due > now.at) {
            Some(due) => {
                call.shown.due = Some(due);
                self.timers.set(due, Timer::Show(id));
            }
            None => self.show_now(now, id),
        }
    }

    /// The rate allows the change that was held back.
    pub(super) fn show_held_back(&mut self, now: Now, id: CallId) {
        if let Some(call) = self.calls.running.get_mut(&id) {
            call.shown.due = None;
            self.show_now(now, id);
        }
    }

    fn show_now(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        call.shown.at = Some(now.at);
        let legs: Vec<&Leg> = call.legs.iter().filter_map(|leg| self.calls.legs.get(leg)).collect();
        let shown = live_call(call, &legs, &self.office.parking.borrow());
        if call.shown.last.as_ref() != Some(&shown) {
            call.shown.last = Some(shown.clone());
            self.out.push_back(Output::Live(live::Change::Call(shown)));
        }
    }
}

fn live_call(call: &Running, legs: &[&Leg], parking: &Parking) -> live::Call {
    let held = legs.iter().any(|leg| leg.is_held());
    let parked = call.aside.slot.as_deref().and_then(|slot| shown_slot(call, slot, parking));
    let state = match () {
        () if parked.is_some() => "parked",
        () if call.talking.is_some() && held => "held",
        () if call.talking.is_some() => "talking",
        () if !call.legs.contains(&call.owner) => "ringing caller",
        () => "ringing",
    };
    let facts = call.handle.facts();
    live::Call {
        tenant: facts.tenant.id,
        id: call.record.name.to_string(),
        started_at: call.record.started.utc.timestamp_millis(),
        answered_at: call.record.answered_at,
        caller: call.record.caller.user,
        caller_number: call.record.caller.number.clone(),
        caller_name: call.record.caller.name.clone(),
        dialled: call.record.dialled.clone(),
        state,
        parked,
        revision: facts.snapshot.revision,
        legs: legs.iter().filter(|leg| leg.state != State::Over).map(|leg| live_leg(leg)).collect(),
    }
}

fn shown_slot(call: &Running, slot: &str, parking: &Parking) -> Option<live::Parked> {
    let parked = parking.in_slot(call.handle.facts().tenant.id, slot)?;
    Some(live::Parked {
        slot: slot.to_owned(),
        lot: parked.lot,
        who: [&*parked.number, &*parked.name].join(" ").trim().to_owned(),
        by: parked.by.clone(),
        since: parked.since.timestamp_millis(),
    })
}

fn live_leg(leg: &Leg) -> live::Leg {
    let statistics = &leg.statistics;
    let expected = statistics.received.packets + statistics.received.lost;
    let lost = if expected == 0 { 0.0 } else { statistics.received.lost as f32 * 100.0 / expected as f32 };
    live::Leg {
        party: leg.party.text(),
        device: leg.party.device,
        address: print_peer(&leg.flow),
        state: leg.state_text(),
        codec: leg.codec().to_owned(),
        mos_heard: statistics.sent.mos,
        mos_said: statistics.received.mos,
        loss: lost,
        jitter_ms: statistics.received.jitter.as_secs_f32() * 1000.0,
        round_trip_ms: statistics.round_trip.map(|d| d.as_secs_f32() * 1000.0),
    }
}
