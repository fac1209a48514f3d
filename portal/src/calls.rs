//! Calls as people read them: one line of a list, the decisions, the parties. From running calls and from records alike.

use config::records::CallRow;
use serde_json::Value;

use crate::{
    assets::icon,
    live::{LiveCall, LiveLeg},
    view::{self, At},
};

/// A running call as a row.
#[derive(Debug)]
pub(crate) struct LiveRow {
    pub id: String,
    pub from: String,
    pub from_sub: String,
    pub to: String,
    pub to_sub: String,
    pub state: String,
    pub tint: &'static str,
    /// Unix milliseconds from which the clock counts.
    pub since: i64,
    pub clock: String,
    pub codec: String,
    pub mos: f32,
}

impl LiveRow {
    /// `now` in Unix milliseconds.
    pub fn new(call: &LiveCall, now: i64) -> Self {
        let since = call.answered_at.unwrap_or(call.started_at);
        let worst = call.legs.iter().map(|leg| leg.mos_heard).filter(|mos| *mos > 0.0).reduce(f32::min);
        let callee = call.legs.get(1);
        let (from, from_sub) = names(&call.caller_name, &call.caller_number);
        let party = callee.map(|leg| leg.party.clone()).filter(|party| *party != call.dialled).unwrap_or_default();
        let (to, to_sub) = names(&party, &call.dialled);
        Self {
            id: call.id.clone(),
            from,
            from_sub,
            to,
            to_sub,
            state: capital(call.state),
            tint: if call.answered_at.is_some() { "ok" } else { "warn" },
            since,
            clock: view::clock(now - since),
            codec: call.legs.iter().map(|leg| leg.codec.as_str()).find(|codec| !codec.is_empty()).unwrap_or_default().to_owned(),
            mos: worst.unwrap_or_default(),
        }
    }
}

/// A recorded call as a row and as the head of its page.
#[derive(Debug)]
pub(crate) struct CallView {
    pub id: String,
    pub from: String,
    pub from_sub: String,
    pub to: String,
    pub answered_by: String,
    pub outcome: String,
    pub cause: String,
    pub tint: &'static str,
    pub icon: &'static str,
    pub at: At,
    pub waited: String,
    pub talked: String,
    pub revision: i64,
}

impl From<&CallRow> for CallView {
    fn from(row: &CallRow) -> Self {
        let (from, from_sub) = names(&row.caller_name, &row.caller_number);
        let (tint, icon) = look(&row.outcome);
        let until = row.answered_at.or(row.ended_at);
        let talked = row.answered_at.zip(row.ended_at).map(|(from, to)| view::clock(to - from));
        Self {
            id: row.id.clone(),
            from,
            from_sub,
            to: row.dialled.clone(),
            answered_by: row.answered_by.clone(),
            outcome: if row.outcome.is_empty() { "Running".to_owned() } else { capital(&row.outcome) },
            cause: row.cause.clone(),
            tint,
            icon,
            at: At::full(row.started_at),
            waited: until.map(|until| view::clock(until - row.started_at)).unwrap_or_default(),
            talked: talked.unwrap_or_default(),
            revision: row.revision,
        }
    }
}

impl From<&LiveCall> for CallView {
    fn from(call: &LiveCall) -> Self {
        let (from, from_sub) = names(&call.caller_name, &call.caller_number);
        Self {
            id: call.id.clone(),
            from,
            from_sub,
            to: call.dialled.clone(),
            answered_by: String::new(),
            outcome: capital(call.state),
            cause: String::new(),
            tint: if call.answered_at.is_some() { "ok" } else { "warn" },
            icon: icon("phone-incoming"),
            at: At::full(call.started_at),
            waited: call.answered_at.map(|at| view::clock(at - call.started_at)).unwrap_or_default(),
            talked: String::new(),
            revision: call.revision,
        }
    }
}

/// A decision.
#[derive(Debug)]
pub(crate) struct Step {
    pub time: String,
    pub what: String,
    pub detail: String,
    pub rule: String,
    pub icon: &'static str,
    pub tint: &'static str,
}

/// The decisions of a record, see [`CallRow::trace`]; what cannot be read is left out.
pub(crate) fn trace(json: &str) -> Vec<Step> {
    items(json).iter().take(MOST).map(step).collect()
}

fn step(item: &Value) -> Step {
    let what = text(item, "what");
    let (icon, tint) = meaning(&what.to_lowercase());
    let at = item.get("at_ms").and_then(Value::as_i64).unwrap_or_default();
    Step { time: view::offset(at), what, detail: text(item, "detail"), rule: text(item, "rule"), icon, tint }
}

/// A party with what is known about it.
#[derive(Debug)]
pub(crate) struct LegView {
    pub party: String,
    pub state: String,
    pub address: String,
    pub heard: f32,
    pub said: f32,
    pub facts: Vec<(&'static str, String)>,
}

impl From<&LiveLeg> for LegView {
    fn from(leg: &LiveLeg) -> Self {
        let mut facts = vec![("Address", leg.address.clone()), ("Codec", leg.codec.clone())];
        if leg.mos_heard > 0.0 {
            facts.push(("Packet loss", format!("{:.1} %", leg.loss)));
            facts.push(("Jitter", format!("{:.0} ms", leg.jitter_ms)));
        }
        facts.extend(leg.round_trip_ms.map(|ms| ("Round trip", format!("{ms:.0} ms"))));
        facts.retain(|(_, value)| !value.is_empty());
        Self { party: leg.party.clone(), state: capital(leg.state), address: leg.address.clone(), heard: leg.mos_heard, said: leg.mos_said, facts }
    }
}

/// The parties of a record, see [`CallRow::legs`]. Statistics stand in the leg or in its `media`.
pub(crate) fn legs(json: &str) -> Vec<LegView> {
    items(json).iter().take(MOST).map(leg).collect()
}

fn leg(item: &Value) -> LegView {
    let figure = |name: &str| {
        let found = item.get(name).or_else(|| item.get("media").and_then(|media| media.get(name)));
        found.and_then(Value::as_f64).map(|f| f as f32)
    };
    let word = |name: &str| {
        let own = text(item, name);
        if own.is_empty() { item.get("media").map(|media| text(media, name)).unwrap_or_default() } else { own }
    };
    let mut facts = vec![("Address", word("address")), ("Device", word("device")), ("Codec", word("codec"))];
    for (label, name) in [("Rang for", "ringing_ms"), ("Talked for", "talked_ms")] {
        facts.extend(figure(name).map(|ms| (label, view::clock(ms as i64))));
    }
    let between = |from: &str, to: &str| Some(view::clock((figure(to)? - figure(from)?) as i64));
    facts.extend(between("started_at", "answered_at").map(|t| ("Answered after", t)));
    facts.extend(figure("loss").map(|loss| ("Packet loss", format!("{loss:.1} %"))));
    facts.extend(figure("jitter_ms").map(|ms| ("Jitter", format!("{ms:.0} ms"))));
    facts.extend(figure("round_trip_ms").map(|ms| ("Round trip", format!("{ms:.0} ms"))));
    facts.push(("Ended because", word("cause")));
    facts.retain(|(_, value)| !value.is_empty());
    LegView {
        party: text(item, "party"),
        state: capital(&text(item, "state")),
        address: word("address"),
        heard: figure("mos_heard").unwrap_or_default(),
        said: figure("mos_said").unwrap_or_default(),
        facts,
    }
}

fn items(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A member as text; numbers are taken too, everything else is nothing.
fn text(item: &Value, name: &str) -> String {
    match item.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Name above number, or the number alone.
fn names(name: &str, number: &str) -> (String, String) {
    match (name.trim(), number) {
        ("", "") => ("Anonymous".to_owned(), String::new()),
        ("", number) => (number.to_owned(), String::new()),
        (name, number) => (name.to_owned(), number.to_owned()),
    }
}

fn capital(word: &str) -> String {
    let word = word.replace('_', " ");
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn look(outcome: &str) -> (&'static str, &'static str) {
    match outcome {
        "" => ("accent", icon("phone-call")),
        "answered" => ("ok", icon("phone-check")),
        "missed" | "busy" | "no_answer" => ("warn", icon("phone-pause")),
        _ => ("bad", icon("phone-x")),
    }
}

/// The sign beside a decision, from its words.
fn meaning(what: &str) -> (&'static str, &'static str) {
    let says = |words: &[&str]| words.iter().any(|word| what.contains(word));
    match () {
        () if says(&["answer"]) && !says(&["no answer", "not answer", "nobody"]) => (icon("phone-check"), "ok"),
        () if says(&["busy", "declin", "refus", "fail", "unknown", "not found", "no answer", "not answer", "nobody"]) => (icon("phone-x"), "bad"),
        () if says(&["hang", "ends", "ended", "bye", "cancel"]) => (icon("phone-off"), ""),
        () if says(&["forward", "overflow", "divert"]) => (icon("corner-up-right"), "accent"),
        () if says(&["ring"]) => (icon("phone-ringing"), "warn"),
        () if says(&["hold", "resum"]) => (icon("player-pause"), ""),
        () if says(&["arriv", "incoming", "calls", "dial"]) => (icon("phone-incoming"), "accent"),
        () => (icon("route"), ""),
    }
}

/// More entries than a page should show.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_in_order_with_its_rules() {
        let steps = trace(r#"[{"at_ms":0,"what":"Call arrives","detail":"d","rule":"r"},{"at_ms":1500,"what":"102 rings"}]"#);
        assert_eq!((steps[0].time.as_str(), steps[0].rule.as_str()), ("0.000", "r"));
        assert_eq!((steps[1].time.as_str(), steps[1].icon), ("1.500", "phone-ringing"));
    }

    #[test]
    fn statistics_may_stand_in_the_leg_or_in_its_media() {
        let legs = legs(r#"[{"party":"101","mos_heard":4.2},{"party":"102","media":{"mos_heard":3.1,"codec":"PCMU"}}]"#);
        assert!((legs[0].heard - 4.2).abs() < 0.01 && (legs[1].heard - 3.1).abs() < 0.01);
        assert_eq!(legs[1].facts, [("Codec", "PCMU".to_owned())]);
    }

    #[test]
    fn nonsense_does_no_harm() {
        for text in ["", "null", "[1,[],{\"what\":5,\"at_ms\":\"x\"}]", "[{\"media\":[]}]", "{\"a\":1}"] {
            let _ = (trace(text), legs(text));
        }
    }
}
