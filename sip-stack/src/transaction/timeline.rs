//! Timelines for the machines' tests: milliseconds since the start, written beside the RFC's figure.

use std::time::{Duration, Instant};

use super::{Actions, Machine};

/// One machine and its clock.
pub(crate) struct Timeline<M> {
    pub(crate) machine: M,
    start: Instant,
}

impl<M: Machine> Timeline<M> {
    pub(crate) fn start(make: impl FnOnce(Instant) -> M) -> Self {
        let start = Instant::now();
        Self { machine: make(start), start }
    }
    pub(crate) fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }
    /// When the next timer fires, in milliseconds.
    pub(crate) fn next(&self) -> Option<u64> {
        self.machine.poll_timeout().map(|at| (at - self.start).as_millis() as u64)
    }
    pub(crate) fn event(&mut self, ms: u64, event: impl FnOnce(&mut M, Instant) -> Actions) -> Actions {
        let now = self.at(ms);
        event(&mut self.machine, now)
    }
    pub(crate) fn fire(&mut self, ms: u64) -> Actions {
        let now = self.at(ms);
        self.machine.handle_timeout(now)
    }
}

/// At this time the timer fires with these actions.
macro_rules! sends {
    ($tx:expr, $ms:expr, $($action:expr),+) => {
        assert_eq!($tx.next(), Some($ms));
        assert_eq!($tx.fire($ms).as_slice(), &[$($action),+]);
    };
}

/// Nothing fires before this time.
macro_rules! silent {
    ($tx:expr, ..$ms:expr) => {
        assert!($tx.next().is_none_or(|at| at >= $ms), "a timer fires at {:?}", $tx.next());
    };
}

/// At this time the transaction ends, with this as its first action.
macro_rules! ends {
    ($tx:expr, $ms:expr, $action:expr) => {
        assert_eq!($tx.next(), Some($ms));
        let actions = $tx.fire($ms);
        assert_eq!((actions[0], actions[actions.len() - 1]), ($action, Action::End));
    };
}

/// This event at this time leads to these actions.
macro_rules! passes {
    ($tx:expr, $ms:expr, $event:expr, $($action:expr),*) => {{
        let expected: &[Action] = &[$($action),*];
        assert_eq!($tx.event($ms, $event).as_slice(), expected);
    }};
}

/// No timer is left.
macro_rules! quiet {
    ($tx:expr) => {
        assert_eq!($tx.next(), None);
    };
}

pub(crate) use {ends, passes, quiet, sends, silent};
