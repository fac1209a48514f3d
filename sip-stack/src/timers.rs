//! Deadlines: one ordered set per owner, and a few named slots per machine.
//!
//! A machine keeps each of its timers in a slot of [`Deadlines`]; its owner enters only the earliest one into
//! [`Timers`], so that the deadline of 20,000 transactions is a peek.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// Deadlines of many machines in order of time.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    set: BTreeSet<(Instant, K)>,
}

/// The timers of one machine, by the discriminant of its timer enum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines<const N: usize>([Option<Instant>; N]);

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { set: BTreeSet::new() }
    }
    /// Moves a machine's entry: `scheduled` is where it stands, `next` where it belongs.
    pub(crate) fn reschedule(&mut self, scheduled: &mut Option<Instant>, next: Option<Instant>, key: K) {
        if *scheduled == next {
            return;
        }
        if let Some(at) = scheduled.take() {
            self.set.remove(&(at, key));
        }
        if let Some(at) = next {
            self.set.insert((at, key));
        }
        *scheduled = next;
    }
    /// The earliest deadline.
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.set.first().map(|(at, _)| *at)
    }
    /// Takes out one machine whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        if self.peek()? > now {
            return None;
        }
        self.set.pop_first().map(|(_, key)| key)
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }
}

impl<const N: usize> Deadlines<N> {
    pub(crate) fn none() -> Self {
        Self([None; N])
    }
    pub(crate) fn set(&mut self, timer: usize, at: Instant) {
        self.0[timer] = Some(at);
    }
    pub(crate) fn clear(&mut self, timer: usize) {
        self.0[timer] = None;
    }
    pub(crate) fn clear_all(&mut self) {
        self.0 = [None; N];
    }
    pub(crate) fn is_set(&self, timer: usize) -> bool {
        self.0[timer].is_some()
    }
    /// The earliest deadline of the machine.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }
    /// Takes out the earliest timer that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        let (timer, at) =
            self.0.iter().enumerate().filter_map(|(i, at)| Some((i, (*at)?))).min_by_key(|t| t.1)?;
        (at <= now).then(|| {
            self.0[timer] = None;
            timer
        })
    }
}

/// Round-trip estimate, RFC 3261 §17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// Longest retransmission interval, RFC 3261 §17.1.2.2.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// Longest life of a message in the network, RFC 3261 §17.1.2.2.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// 64*T1: how long a transaction tries (timers B, F, H, J, L, M), RFC 3261 §17, RFC 6026 §8.
pub(crate) const T1_64: Duration = Duration::from_secs(32);
/// Timer D over unreliable transports, RFC 3261 §17.1.1.2.
pub(crate) const TIMER_D: Duration = Duration::from_secs(32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_deadline_comes_first_and_moves() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut timers = Timers::new();
        let (mut one, mut two) = (None, None);
        timers.reschedule(&mut one, Some(at(5)), 1);
        timers.reschedule(&mut two, Some(at(3)), 2);
        assert_eq!(timers.peek(), Some(at(3)));
        timers.reschedule(&mut two, Some(at(9)), 2);
        assert_eq!(timers.peek(), Some(at(5)));
        assert_eq!(timers.pop_due(at(4)), None);
        assert_eq!(timers.pop_due(at(5)), Some(1));
        timers.reschedule(&mut two, None, 2);
        assert!(timers.is_empty());
    }
}
