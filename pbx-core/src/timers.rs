//! The engine's own deadlines in one ordered set.

use std::{collections::BTreeSet, time::Instant};

use config::TenantId;

use crate::ids::{CallId, LegId};

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The call's script waits no longer.
    Script(CallId),
    /// The delayed device's turn to ring, RNG-04.
    Dial(LegId),
    /// A change held back by the rate bound is shown.
    Show(CallId),
    /// The trace of a call that lasts is stored.
    Trace(CallId),
    /// The ended call's record is closed, whatever is still missing.
    Close(CallId),
    /// Nothing came back from a trunk that was called. SIP-38
    Unheard(LegId),
    /// Minutes of a company may be used up. SIP-44
    Minutes(TenantId),
    /// A warning tone is over.
    Warned(LegId),
}

/// Deadlines in order of time.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    /// Adds a deadline.
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }
    /// Takes a deadline back.
    pub(crate) fn clear(&mut self, at: Instant, timer: Timer) {
        self.0.remove(&(at, timer));
    }
    /// The next one that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, timer) = self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first();
        Some(timer)
    }
    /// The earliest.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|&(at, _)| at)
    }
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
