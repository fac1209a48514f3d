//! Why a call went where it went: each decision with its rule, and the alternatives not taken. SIP-45.

use std::{borrow::Cow, fmt, time::Instant};

use serde::Serializer;

use crate::{json, limits};

/// One decision.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    at: Instant,
    what: Cow<'static, str>,
    detail: String,
    rule: &'static str,
}

/// A call's decisions in order; further ones than the limit are counted only.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: Vec<Line>,
    cut: usize,
}

#[derive(serde::Serialize)]
struct Shown<'a> {
    at_ms: u64,
    what: &'a str,
    detail: &'a str,
    #[serde(serialize_with = "as_text")]
    rule: Rule,
}

/// A rule and the revision it was read from; that our limits do not have.
struct Rule {
    name: &'static str,
    revision: Option<i64>,
}

impl Trace {
    /// Adds a decision. `rule` names what decided: a field of the configuration or an event.
    pub(crate) fn note(
        &mut self,
        at: Instant,
        what: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
        rule: &'static str,
    ) {
        if self.lines.len() >= limits::TRACE_LINES {
            self.cut += 1;
            return;
        }
        self.lines.push(Line { at, what: what.into(), detail: detail.into(), rule });
    }

    /// JSON as `config::records::CallRow` documents it, each rule with the revision it was read from.
    pub(crate) fn json(&self, started: Instant, revision: i64) -> String {
        let cut = (self.cut > 0).then(|| format!("{} further lines", self.cut));
        let rule = Rule { name: "limit", revision: None };
        let cut = cut.as_deref().map(|detail| Shown { at_ms: 0, what: "Trace cut", detail, rule });
        json::array(
            LINE * self.lines.len(),
            self.lines.iter().map(|line| line.shown(started, revision)).chain(cut),
        )
    }

    /// The decisions as text, for tests and logs.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|l| format!("{} | {}", l.what, l.detail)).collect()
    }
}

impl Line {
    fn shown(&self, started: Instant, revision: i64) -> Shown<'_> {
        Shown {
            at_ms: self.at.saturating_duration_since(started).as_millis() as u64,
            what: &self.what,
            detail: &self.detail,
            rule: Rule { name: self.rule, revision: Some(revision) },
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.revision.map_or(Ok(()), |revision| write!(f, " · revision {revision}"))
    }
}

fn as_text<S: Serializer>(rule: &Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(rule)
}

/// A usual line as JSON. [bytes]
const LINE: usize = 160;
