//! Call records: opened at INVITE, closed at the end with trace, legs and ladder. SIP-45.

use std::time::Instant;

use config::{
    TenantId,
    records::{
        CallRow, Change,
        parties::{PartyKind, PartyRow},
    },
};
use media::{statistics::Direction, text};

use crate::{
    bindings::push_peer,
    call::{
        Call, Cause, Leg, Running,
        leg::{Party, Side},
        outside::Visit,
    },
    counters::Outcome,
    json, route,
};

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
        signature: record.signature.as_str().to_owned(),
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
    row.trace = call.handle.take_trace();
    row.legs = String::with_capacity(LEG * legs.len());
    for (index, leg) in legs.iter().enumerate() {
        row.legs.push(if index == 0 { '[' } else { ',' });
        push_leg(&mut row.legs, leg, started);
    }
    row.legs.push(']');
    row.ladder = call.record.ladder.pack(started);
    row
}

/// What the call was for each of its users; `end` is why and when it ended. CH-01, CH-07.
pub(crate) fn parties(call: &Running, legs: &[Leg], end: (Cause, i64)) -> Vec<PartyRow> {
    let (record, facts) = (&call.record, call.handle.facts());
    // The conversation is in the history of the call that it went on in.
    if record.went_on {
        return vec![];
    }
    let of = |user| legs.iter().filter(move |leg| leg.party.user == Some(user));
    let left = |user| of(user).filter_map(|leg| leg.times.left).max().map_or(end.1, |left| left.min(end.1));
    let result = outcome(call, end.0).as_str();
    let tenant_of = |user| facts.snapshot.user_anywhere(user).map_or(facts.tenant.id, |user| user.tenant);
    let row = |user, kind, result: &str| {
        let (number, name) = shown_to(&call.handle, tenant_of(user), &record.caller);
        PartyRow {
            user,
            tenant: tenant_of(user),
            call: record.name.to_string(),
            started_at: record.started.utc.timestamp_millis(),
            kind,
            result: result.to_owned(),
            number,
            name,
            answered_at: None,
            ended_at: end.1,
            device: None,
        }
    };
    let caller = record.caller.user.map(|user| PartyRow {
        number: record.dialled.clone(),
        name: route::name_of(&facts.snapshot, facts.tenant.id, &record.dialled),
        answered_at: record.answered_at.filter(|_| record.talked),
        ended_at: left(user),
        device: record.caller.device,
        ..row(user, PartyKind::Outbound, result)
    });
    // Who hid their number is not told to the called afterwards either. FC-15.
    let row = |user, kind, result: &str| match call.handle.is_hidden() {
        true => PartyRow { number: String::new(), name: "Anonymous".into(), ..row(user, kind, result) },
        false => row(user, kind, result),
    };
    let others = call.handle.called().into_iter().filter(|called| Some(called.user) != record.caller.user);
    let others = others.map(|called| {
        let talked = of(called.user).find(|leg| leg.times.talked.is_some());
        let mut theirs = match talked {
            Some(leg) => PartyRow {
                answered_at: leg.times.talked,
                ended_at: left(called.user),
                device: leg.party.device,
                ..row(called.user, PartyKind::Inbound, Outcome::Answered.as_str())
            },
            None if called.blocked => row(called.user, PartyKind::Blocked, "blocked"),
            None if record.talked => row(called.user, PartyKind::Inbound, "elsewhere"),
            None => row(called.user, PartyKind::Missed, result),
        };
        if let Some(from) = called.from {
            (theirs.number, theirs.name) = (from.number.clone(), from.name.clone());
        }
        theirs
    });
    caller.into_iter().chain(others).collect()
}

/// The records of other companies that the call came to; each reads its own part of the trace. SIP-43.
pub(crate) fn visits(call: &Running, closed: &CallRow) -> Vec<CallRow> {
    let visits = call.handle.take_visits().into_iter().enumerate();
    let row = |(index, visit): (usize, Visit)| {
        let mut trace = visit.trace;
        // Who came by a number of the public network is as strange to them as anybody outside.
        let (caller_name, cause) = match &visit.outside {
            Some(party) => {
                (party.name.clone(), closed.cause.replace(&call.record.caller.text(), &party.text()))
            }
            None => (closed.caller_name.clone(), closed.cause.clone()),
        };
        CallRow {
            id: format!("{}-{}", closed.id, index + 2),
            tenant: visit.tenant.0,
            caller_number: visit.caller,
            caller_name,
            cause,
            dialled: visit.dialled,
            trace: trace.finish(),
            legs: "[]".into(),
            ladder: vec![],
            ..closed.clone()
        }
    };
    visits.map(row).collect()
}

/// A caller's number and name as people of a tenant have them: those of other companies by an access code before the number
/// (MT-14), or as anybody outside.
pub(crate) fn shown_to(call: &Call, tenant: TenantId, caller: &Party) -> (String, String) {
    let facts = call.facts();
    if tenant == facts.tenant.id {
        return (caller.number.clone(), caller.name.clone());
    }
    match call.seen_from_outside(tenant) {
        Some(party) => (party.number, party.name),
        None => ([&facts.tenant.calling.access_code, &*caller.number].concat(), caller.name.clone()),
    }
}

/// How the call counts.
pub(crate) fn outcome(call: &Running, cause: Cause) -> Outcome {
    // A call that we answered ourselves, such as an echo test, is none that anybody missed.
    let served = cause == Cause::Normal && call.record.answered_at.is_some();
    if call.record.talked || call.record.went_on || served { Outcome::Answered } else { cause.outcome() }
}

fn push_leg(json: &mut String, leg: &Leg, started: Instant) {
    let ms = |at: Instant| at.saturating_duration_since(started).as_millis() as u64;
    json.push_str(match leg.side {
        Side::Caller => "{\"side\":\"caller\",\"number\":",
        Side::Callee => "{\"side\":\"callee\",\"number\":",
    });
    json::push_text(json, &leg.party.number);
    json.push_str(",\"name\":");
    json::push_text(json, &leg.party.name);
    json.push_str(",\"device\":");
    json::push_perhaps(json, leg.party.device.map(|device| device.0.unsigned_abs()));
    if let Some(link) = &leg.link {
        json.push_str(",\"trunk\":");
        json::push_text(json, &link.trunk.name);
    }
    json.push_str(",\"address\":\"");
    push_peer(json, &leg.flow);
    json.push_str("\",\"started_ms\":");
    text::push_number(json, ms(leg.times.started));
    for (name, at) in [
        (",\"ringing_ms\":", leg.times.ringing),
        (",\"answered_ms\":", leg.times.answered),
        (",\"ended_ms\":", leg.times.ended),
    ] {
        json.push_str(name);
        json::push_perhaps(json, at.map(ms));
    }
    json.push_str(",\"cause\":");
    json::push_text(json, &leg.cause);
    json.push_str(",\"codec\":");
    json::push_text(json, leg.codec());
    push_encryption(json, leg);
    push_direction(json, ",\"heard\":", &leg.statistics.sent);
    push_direction(json, ",\"said\":", &leg.statistics.received);
    json.push_str(",\"round_trip_ms\":");
    match leg.statistics.round_trip {
        Some(round_trip) => json::push_decimal(json, round_trip.as_secs_f32() * 1000.0),
        None => json.push_str("null"),
    }
    json.push_str(",\"dropped\":");
    text::push_number(json, leg.statistics.dropped);
    json.push('}');
}

/// Whether the party's signalling is encrypted, and by what its speech is: `null` where it is in clear or there was none.
fn push_encryption(json: &mut String, leg: &Leg) {
    json.push_str(if leg.flow.transport.is_encrypted() {
        ",\"encrypted\":{\"signalling\":true,\"speech\":"
    } else {
        ",\"encrypted\":{\"signalling\":false,\"speech\":"
    });
    match &leg.line.sealed {
        Some(sealed) => json::push_text(json, sealed.ours.suite.name()),
        None => json.push_str("null"),
    }
    json.push('}');
}

fn push_direction(json: &mut String, name: &str, direction: &Direction) {
    json.push_str(name);
    for (name, number) in [
        ("{\"packets\":", direction.packets),
        (",\"lost\":", direction.lost),
        (",\"disordered\":", direction.disordered),
    ] {
        json.push_str(name);
        text::push_number(json, number);
    }
    json.push_str(",\"jitter_ms\":");
    json::push_decimal(json, direction.jitter.as_secs_f32() * 1000.0);
    json.push_str(",\"mos\":");
    json::push_decimal(json, direction.mos);
    json.push('}');
}

/// A usual leg as JSON. [bytes]
const LEG: usize = 576;
