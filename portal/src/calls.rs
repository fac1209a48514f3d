//! Calls as people read them: one line of a list, the decisions, the parties. From running calls and from records alike.

use config::records::CallRow;
use serde_json::Value;

use crate::{
    assets::icon,
    live::{LiveCall, LiveLeg},
    text::{self, At},
};

/// A running call as a row.
#[derive(Debug)]
pub(crate) struct LiveRow {
    pub id: String,
    /// Whose phone calls, if it is a user's. USR-11.
    pub user: Option<i64>,
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
        let since = call.parked.as_ref().map_or(since, |parked| parked.since);
        let worst = call.legs.iter().map(|leg| leg.mos_heard).filter(|mos| *mos > 0.0).reduce(f32::min);
        let callee = call.legs.get(1);
        let (from, from_sub) = names(&call.caller_name, &call.caller_number);
        let party =
            callee.map(|leg| leg.party.clone()).filter(|party| *party != call.dialled).unwrap_or_default();
        let (to, to_sub) = names(&party, &call.dialled);
        Self {
            id: call.id.clone(),
            user: call.caller.map(|user| user.0),
            from,
            from_sub,
            to,
            to_sub,
            state: match &call.parked {
                Some(parked) => format!("Parked in {}", parked.slot),
                None => capital(call.state),
            },
            tint: if call.answered_at.is_some() && call.parked.is_none() { "ok" } else { "warn" },
            since,
            clock: text::clock(now - since),
            codec: call
                .legs
                .iter()
                .map(|leg| leg.codec.as_str())
                .find(|codec| !codec.is_empty())
                .unwrap_or_default()
                .to_owned(),
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
    /// What came of checking who signed for the caller, and its colour; blank where nothing was checked. SIP-41
    pub signature: (&'static str, &'static str),
}

impl From<&CallRow> for CallView {
    fn from(row: &CallRow) -> Self {
        let (from, from_sub) = names(&row.caller_name, &row.caller_number);
        let (tint, icon) = look(&row.outcome);
        let until = row.answered_at.or(row.ended_at);
        let talked = row.answered_at.zip(row.ended_at).map(|(from, to)| text::clock(to - from));
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
            waited: until.map(|until| text::clock(until - row.started_at)).unwrap_or_default(),
            talked: talked.unwrap_or_default(),
            revision: row.revision,
            signature: signature(&row.signature),
        }
    }
}

/// A verdict for people, and its colour.
fn signature(verdict: &str) -> (&'static str, &'static str) {
    match verdict {
        "verified" => ("Caller verified", "ok"),
        "failed" => ("Signature not right", "bad"),
        "none" => ("Not signed", "warn"),
        _ => ("", ""),
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
            waited: call.answered_at.map(|at| text::clock(at - call.started_at)).unwrap_or_default(),
            talked: String::new(),
            revision: call.revision,
            signature: ("", ""),
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
    Step { time: text::offset(at), what, detail: text(item, "detail"), rule: text(item, "rule"), icon, tint }
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
        let signalling = leg.address.starts_with("tls ");
        // Before there is any speech nothing can be said.
        let known = if leg.codec.is_empty() { "" } else { encrypted(signalling, leg.encrypted) };
        facts.push(("Encrypted", known.to_owned()));
        if leg.mos_heard > 0.0 {
            facts.push(("Packet loss", format!("{:.1} %", leg.loss)));
            facts.push(("Jitter", format!("{:.0} ms", leg.jitter_ms)));
        }
        facts.extend(leg.round_trip_ms.map(|ms| ("Round trip", format!("{ms:.0} ms"))));
        facts.retain(|(_, value)| !value.is_empty());
        Self {
            party: leg.party.clone(),
            state: capital(leg.state),
            address: leg.address.clone(),
            heard: leg.mos_heard,
            said: leg.mos_said,
            facts,
        }
    }
}

/// What nobody on the way can read.
fn encrypted(signalling: bool, speech: bool) -> &'static str {
    match (signalling, speech) {
        (true, true) => "signalling and speech",
        (true, false) => "signalling only",
        (false, true) => "speech only",
        (false, false) => "nothing",
    }
}

/// The parties of a record, see [`CallRow::legs`]; times are relative to the call's begin.
pub(crate) fn legs(json: &str) -> Vec<LegView> {
    items(json).iter().take(MOST).map(leg).collect()
}

fn leg(item: &Value) -> LegView {
    let figure = |at: &Value, name: &str| at.get(name).and_then(Value::as_f64);
    let time = |name: &str| figure(item, name).map(|ms| ms as i64);
    let side = |name: &str| item.get(name).unwrap_or(&Value::Null);
    let (heard, said) = (side("heard"), side("said"));
    let both = |name: &str, unit: &str, digits: usize| {
        let (h, s) = (figure(heard, name)?, figure(said, name)?);
        Some(format!("{h:.digits$} / {s:.digits$} {unit}"))
    };
    let loss = |direction: &Value| {
        let (packets, lost) = (figure(direction, "packets")?, figure(direction, "lost")?);
        Some(if packets + lost > 0.0 { 100.0 * lost / (packets + lost) } else { 0.0 })
    };
    let spoken = heard.is_object()
        && figure(heard, "packets").unwrap_or_default() + figure(said, "packets").unwrap_or_default() > 0.0;
    let (from, to) = (time("started_ms"), time("ended_ms"));
    let mut facts: Vec<(&'static str, Option<String>)> = vec![
        ("Number", Some(text(item, "number"))),
        ("Address", Some(text(item, "address"))),
        ("Codec", Some(text(item, "codec"))),
        ("Encrypted", secrecy(item)),
        ("Rang after", time("ringing_ms").zip(from).map(|(at, from)| text::offset(at - from) + " s")),
        ("Answered after", time("answered_ms").zip(from).map(|(at, from)| text::clock(at - from))),
        ("Was there for", to.zip(from).map(|(to, from)| text::clock(to - from))),
    ];
    if spoken {
        facts.push(("Packet loss", loss(heard).zip(loss(said)).map(|(h, s)| format!("{h:.1} / {s:.1} %"))));
        facts.push(("Jitter", both("jitter_ms", "ms", 0)));
        facts.push(("Round trip", figure(item, "round_trip_ms").map(|ms| format!("{ms:.0} ms"))));
    }
    facts.push(("Ended because", Some(text(item, "cause"))));
    let (party, _) = names(&text(item, "name"), &text(item, "number"));
    LegView {
        party,
        state: capital(&text(item, "side")),
        address: text(item, "address"),
        heard: if spoken { figure(heard, "mos").unwrap_or_default() as f32 } else { 0.0 },
        said: if spoken { figure(said, "mos").unwrap_or_default() as f32 } else { 0.0 },
        facts: facts
            .into_iter()
            .filter_map(|(label, fact)| Some((label, fact.filter(|f| !f.is_empty())?)))
            .collect(),
    }
}

/// What was encrypted; `None` where the leg had no speech, or its record is older than the question.
fn secrecy(item: &Value) -> Option<String> {
    let at = item.get("encrypted").filter(|_| !text(item, "codec").is_empty())?;
    let signalling = at.get("signalling").and_then(Value::as_bool)?;
    let suite = text(at, "speech");
    let words = encrypted(signalling, !suite.is_empty());
    Some(if suite.is_empty() { words.to_owned() } else { format!("{words} ({suite})") })
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
        "missed" | "busy" | "declined" => ("warn", icon("phone-pause")),
        _ => ("bad", icon("phone-x")),
    }
}

/// The sign beside a decision, from its words.
fn meaning(what: &str) -> (&'static str, &'static str) {
    let says = |words: &[&str]| words.iter().any(|word| what.contains(word));
    match () {
        () if says(&["answer"]) && !says(&["no answer", "not answer", "nobody"]) => {
            (icon("phone-check"), "ok")
        }
        () if says(&[
            "busy",
            "declin",
            "refus",
            "fail",
            "unknown",
            "not found",
            "no answer",
            "not answer",
            "nobody",
        ]) =>
        {
            (icon("phone-x"), "bad")
        }
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
        let steps = trace(
            r#"[{"at_ms":0,"what":"Call arrives","detail":"d","rule":"r"},{"at_ms":1500,"what":"102 rings"}]"#,
        );
        assert_eq!((steps[0].time.as_str(), steps[0].rule.as_str()), ("0.000", "r"));
        assert_eq!((steps[1].time.as_str(), steps[1].icon), ("1.500", "phone-ringing"));
    }

    #[test]
    fn a_leg_tells_how_both_directions_sounded() {
        let legs = legs(
            r#"[{"side":"caller","number":"101","name":"Anna","device":3,"address":"udp 192.0.2.7:5060","started_ms":0,
            "ringing_ms":80,"answered_ms":900,"ended_ms":5000,"cause":"hung up","codec":"PCMU","encrypted":{"signalling":true,"speech":"AES_CM_128_HMAC_SHA1_80"},"round_trip_ms":12.0,"dropped":0,
            "heard":{"packets":98,"lost":2,"disordered":0,"jitter_ms":3.2,"mos":4.2},
            "said":{"packets":100,"lost":0,"disordered":0,"jitter_ms":1.0,"mos":4.4}},
            {"side":"callee","number":"102","name":"","ringing_ms":null,"heard":{"packets":0,"mos":4.5},"said":{"packets":0,"mos":4.5}}]"#,
        );
        assert_eq!((legs[0].party.as_str(), legs[1].party.as_str()), ("Anna", "102"));
        assert!((legs[0].heard - 4.2).abs() < 0.01 && legs[1].heard == 0.0, "who said nothing was not heard");
        assert!(legs[0].facts.contains(&("Packet loss", "2.0 / 0.0 %".into())), "{:?}", legs[0].facts);
        assert!(legs[0].facts.contains(&("Jitter", "3 / 1 ms".into())));
        let secrecy = "signalling and speech (AES_CM_128_HMAC_SHA1_80)".to_owned();
        assert!(legs[0].facts.contains(&("Encrypted", secrecy)), "{:?}", legs[0].facts);
        assert!(legs[1].facts.iter().all(|(label, _)| *label != "Encrypted"), "there was no speech");
    }

    #[test]
    fn nonsense_does_no_harm() {
        for text in [
            "",
            "null",
            "[1,[],{\"what\":5,\"at_ms\":\"x\"}]",
            "[{\"heard\":[],\"said\":{\"packets\":\"x\"}}]",
            "{\"a\":1}",
        ] {
            let _ = (trace(text), legs(text));
        }
    }
}
