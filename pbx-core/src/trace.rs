//! Why a call went where it went: each decision with its rule, and the alternatives not taken. SIP-45.
//!
//! Written as the JSON of its record at once, so that a decision costs a few bytes in one buffer.

use std::{fmt::Display, time::Instant};

use media::text;

use crate::{json, limits};

/// A call's decisions in order; further ones than the limit are counted only.
#[derive(Debug)]
pub(crate) struct Trace {
    /// An array that is not closed.
    json: String,
    started: Instant,
    revision: i64,
    lines: usize,
    cut: u64,
}

impl Trace {
    /// Of a call that begins now, under this revision.
    pub(crate) fn new(started: Instant, revision: i64) -> Self {
        Self { json: String::with_capacity(USUAL), started, revision, lines: 0, cut: 0 }
    }

    /// Adds a decision. `rule` names what decided: a field of the configuration or an event.
    pub(crate) fn note(&mut self, at: Instant, what: &str, detail: impl Display, rule: &str) {
        if self.lines >= limits::TRACE_LINES {
            self.cut += 1;
            return;
        }
        let at = at.saturating_duration_since(self.started).as_millis() as u64;
        self.json.push_str(if self.lines == 0 { "[{\"at_ms\":" } else { ",{\"at_ms\":" });
        self.lines += 1;
        text::push_number(&mut self.json, at);
        self.json.push_str(",\"what\":");
        json::push_text(&mut self.json, what);
        self.json.push_str(",\"detail\":");
        json::push_shown(&mut self.json, detail);
        self.json.push_str(",\"rule\":");
        json::push_text(&mut self.json, rule);
        // A rule is read from a revision; that our limits do not have comes at the end only.
        self.json.pop();
        self.json.push_str(" · revision ");
        text::push_number(&mut self.json, self.revision.unsigned_abs());
        self.json.push_str("\"}");
    }

    /// JSON as `config::records::CallRow` documents it, each rule with the revision it was read from. The call is over
    /// then: nothing is left of the trace.
    pub(crate) fn finish(&mut self) -> String {
        let json = std::mem::take(&mut self.json);
        self.closed(json)
    }

    /// The same for a call that goes on.
    pub(crate) fn so_far(&self) -> String {
        self.closed(self.json.clone())
    }

    fn closed(&self, mut json: String) -> String {
        if self.lines == 0 {
            json.push('[');
        }
        if self.cut > 0 {
            json.push_str(",{\"at_ms\":0,\"what\":\"Trace cut\",\"detail\":\"");
            text::push_number(&mut json, self.cut);
            json.push_str(" further lines\",\"rule\":\"limit\"}");
        }
        json.push(']');
        json
    }
}

/// The trace of a usual call: longer ones grow. [bytes]
const USUAL: usize = 768;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lines(trace: &mut Trace) -> Vec<serde_json::Value> {
        serde_json::from_str(&trace.finish()).unwrap()
    }

    /// SIP-45
    #[test]
    fn each_decision_names_its_time_its_rule_and_its_revision() {
        let start = Instant::now();
        let mut trace = Trace::new(start, 7);
        trace.note(start, "Call begins", "101 \"Anna\" dials 102", "INVITE");
        trace.note(start + Duration::from_millis(70), "Rings", format_args!("{}", 102), "device ringing");
        let lines = lines(&mut trace);
        let expected = serde_json::json!([
            { "at_ms": 0, "what": "Call begins", "detail": "101 \"Anna\" dials 102", "rule": "INVITE · revision 7" },
            { "at_ms": 70, "what": "Rings", "detail": "102", "rule": "device ringing · revision 7" },
        ]);
        assert_eq!(serde_json::Value::from(lines), expected);
    }

    #[test]
    fn a_trace_is_cut_at_its_limit_and_says_so() {
        let start = Instant::now();
        let mut trace = Trace::new(start, 1);
        assert!(lines(&mut trace).is_empty());
        let mut trace = Trace::new(start, 1);
        for _ in 0..limits::TRACE_LINES + 3 {
            trace.note(start, "Forwarded", "", "forward always");
        }
        let lines = lines(&mut trace);
        assert_eq!(lines.len(), limits::TRACE_LINES + 1);
        assert_eq!(lines[limits::TRACE_LINES]["detail"], "3 further lines");
    }
}
