//! Who answers a phone of the public network is asked for a key before they have the call, so that a mailbox never takes it.
//! RNG-01.
//!
//! ```text
//!   mobile answers ──► two rising beeps, again and again ──► 1 ──► has the call
//!                                                        └─ 15 s, or they hang up ──► as if nobody had answered
//! ```

use std::time::{Duration, Instant};

use super::{
    ringing::Ringing,
    script::{Action, Call, Hush},
};
use crate::ids::LegId;

/// Who answered and is asked, each until when.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<(LegId, Instant)>);

impl Asked {
    /// Whether somebody is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether that leg is.
    pub(super) fn has(&self, leg: LegId) -> bool {
        self.0.iter().any(|(asked, _)| *asked == leg)
    }
    /// When to look again: at the end of the ringing time, and when somebody's time to press the key is over.
    pub(super) fn wait(&self, now: Instant, until: Instant) -> Instant {
        let rings = (now < until || self.is_empty()).then_some(until);
        self.0.iter().map(|(_, by)| *by).chain(rings).min().unwrap_or(until)
    }
}

impl Call {
    /// Asks who answered for the key.
    pub(super) fn ask(&self, leg: LegId, asked: &mut Asked) {
        self.listen();
        self.note("Asks for a key", "1 takes the call; a mailbox does not press it", "mobile phone");
        self.act(Action::Prompt(leg));
        asked.0.push((leg, self.after(PATIENCE)));
    }

    /// Somebody has the call: keys are of no interest any more.
    pub(super) fn confirmed(&self, asked: &Asked, leg: LegId) {
        if asked.has(leg) {
            self.note("Key pressed", "whoever answered takes the call", "mobile phone");
        }
        if !asked.is_empty() {
            self.listen_no_more();
        }
    }

    /// Who is asked is gone.
    pub(super) fn left(&self, leg: LegId, asked: &mut Asked) {
        asked.0.retain(|(asked, _)| *asked != leg);
        if asked.is_empty() {
            self.listen_no_more();
        }
    }

    /// Hangs up on those whose time is over; whether there were any.
    pub(super) fn give_up(&self, ringing: &mut Vec<Ringing>, asked: &mut Asked) -> bool {
        let now = self.now();
        let late: Vec<LegId> = asked.0.iter().filter(|(_, by)| *by <= now).map(|(leg, _)| *leg).collect();
        for leg in &late {
            self.note("Not taken", "no key was pressed: a mailbox, or nobody who wants it", "mobile phone");
            self.act(Action::Cancel(*leg, Hush::GivenUp));
            self.left(*leg, asked);
            ringing.retain(|ringing| ringing.0 != *leg);
        }
        !late.is_empty()
    }
}

/// Which key takes the call.
pub(super) const KEY: char = '1';
/// How long who answered has for it.
const PATIENCE: Duration = Duration::from_secs(15);
