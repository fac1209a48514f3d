//! Call records: opened at INVITE, closed at the end with trace, legs and ladder. SIP-45.

use std::time::Instant;

use config::records::{CallRow, Change};
use media::statistics::Direction;

use crate::{
    bindings::print_peer,
    call::{Cause, Leg, Running, leg::Side},
    counters::Outcome,
    json,
};

#[derive(serde::Serialize)]
struct ShownLeg<'a> {
    side: &'static str,
    number: &'a str,
    name: &'a str,
    device: Option<i64>,
    address: String,
    started_ms: u64,
    ringing_ms: Option<u64>,
    answered_ms: Option<u64>,
    ended_ms: Option<u64>,
    cause: &'a str,
    codec: &'a str,
    heard: ShownDirection,
    said: ShownDirection,
    round_trip_ms: Option<f32>,
    dropped: u64,
}

#[derive(serde::Serialize)]
struct ShownDirection {
    packets: u64,
    lost: u64,
    disordered: u64,
    jitter_ms: f32,
    mos: f32,
}

/// The row of a call that runs: what a killed program leaves behind.
pub(crate) fn open(call: &Running) -> CallRow {
    let (record, facts) = (&call.record, call.handle.facts());
    CallRow {
        id: record.name.to_string(),
        tenant: facts.tenant.id.0,
        started_at: record.started.utc.timestamp_millis(),
        answered_at: record.answered_at,
        ended_at: None,
        caller_number: record.caller.number.clone(),
        caller_name: record.caller.name.clone(),
        dialled: record.dialled.clone(),
        answered_by: record.answered_by.clone(),
        outcome: String::new(),
        cause: String::new(),
        revision: facts.snapshot.revision,
        ..CallRow::default()
    }
}

/// What changes in the row when the call is answered.
pub(crate) fn answered(call: &Running) -> Change {
    let record = &call.record;
    Change::CallAnswered {
        id: record.name.to_string(),
        answered_at: record.answered_at.unwrap_or_default(),
        answered_by: record.answered_by.clone(),
    }
}

/// The row of a call that is over.
pub(crate) fn closed(call: &Running, legs: &[Leg]) -> CallRow {
    let started = call.record.started.at;
    let mut row = open(call);
    if let Some((cause, text, at)) = &call.record.ending {
        row.ended_at = Some(at.utc.timestamp_millis());
        row.outcome = outcome(call, *cause).as_str().into();
        row.cause =
            if row.answered_at.is_some() { text.clone() } else { format!("{} {text}", cause.status()) };
    }
    row.trace = call.handle.trace(|trace| trace.json(started, row.revision));
    row.legs = json::array(LEG * legs.len(), legs.iter().map(|leg| show_leg(leg, started)));
    row.ladder = call.record.ladder.pack(started);
    row
}

/// How the call counts.
pub(crate) fn outcome(call: &Running, cause: Cause) -> Outcome {
    if call.talking.is_some() { Outcome::Answered } else { cause.outcome() }
}

fn show_leg(leg: &Leg, started: Instant) -> ShownLeg<'_> {
    let ms = |at: Instant| at.saturating_duration_since(started).as_millis() as u64;
    ShownLeg {
        side: match leg.side {
            Side::Caller => "caller",
            Side::Callee => "callee",
        },
        number: &leg.party.number,
        name: &leg.party.name,
        device: leg.party.device.map(|d| d.0),
        address: print_peer(&leg.flow),
        started_ms: ms(leg.times.started),
        ringing_ms: leg.times.ringing.map(ms),
        answered_ms: leg.times.answered.map(ms),
        ended_ms: leg.times.ended.map(ms),
        cause: &leg.cause,
        codec: leg.codec(),
        heard: show_direction(&leg.statistics.sent),
        said: show_direction(&leg.statistics.received),
        round_trip_ms: leg.statistics.round_trip.map(|d| d.as_secs_f32() * 1000.0),
        dropped: leg.statistics.dropped,
    }
}

fn show_direction(direction: &Direction) -> ShownDirection {
    ShownDirection {
        packets: direction.packets,
        lost: direction.lost,
        disordered: direction.disordered,
        jitter_ms: direction.jitter.as_secs_f32() * 1000.0,
        mos: direction.mos,
    }
}

/// A usual leg as JSON. [bytes]
const LEG: usize = 512;
