//! Deadlines: one heap per owner, and a few named slots per machine.
//!
//! A machine keeps each of its timers in a slot of [`Deadlines`]; its owner enters only the earliest one into
//! [`Timers`], so that the deadline of 20,000 transactions is a peek.

use std::time::{Duration, Instant};

/// Deadlines of many machines in order of time, and of key where the time is the same.
///
/// A heap of four children per node, in which each entry is found again by its ticket.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    heap: Vec<Entry<K>>,
    /// Where in the heap the entry of each ticket stands.
    places: Vec<u32>,
    free: Vec<u32>,
}

/// An entry of [`Timers`], held by the machine it is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

#[derive(Debug, Clone, Copy)]
struct Entry<K> {
    at: Instant,
    key: K,
    ticket: u32,
}

/// The timers of one machine, by the discriminant of its timer enum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines<const N: usize>([Option<Instant>; N]);

impl<K: Ord + Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Self { heap: Vec::new(), places: Vec::new(), free: Vec::new() }
    }
    /// Moves a machine's entry: `scheduled` is its ticket, `next` where it belongs.
    pub(crate) fn reschedule(&mut self, scheduled: &mut Option<Ticket>, next: Option<Instant>, key: K) {
        match (scheduled.as_ref(), next) {
            (None, None) => {}
            (None, Some(at)) => *scheduled = Some(self.insert(at, key)),
            (Some(ticket), Some(at)) => {
                let place = self.places[ticket.0 as usize] as usize;
                if self.heap[place].at != at {
                    self.heap[place].at = at;
                    self.settle(place);
                }
            }
            (Some(ticket), None) => {
                self.remove(self.places[ticket.0 as usize] as usize);
                *scheduled = None;
            }
        }
    }
    /// The earliest deadline.
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at)
    }
    /// Takes out one machine whose deadline has come. Its ticket is void then.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let first = *self.heap.first().filter(|first| first.at <= now)?;
        self.remove(0);
        Some(first.key)
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    fn insert(&mut self, at: Instant, key: K) -> Ticket {
        let ticket = self.free.pop().unwrap_or_else(|| {
            self.places.push(0);
            self.places.len() as u32 - 1
        });
        self.heap.push(Entry { at, key, ticket });
        self.rise(self.heap.len() - 1);
        Ticket(ticket)
    }
    fn remove(&mut self, place: usize) {
        self.free.push(self.heap.swap_remove(place).ticket);
        if place < self.heap.len() {
            self.settle(place);
        }
        if self.heap.is_empty() && self.places.len() > SHRINK_ABOVE {
            // No ticket is out: the memory of a storm can be given back.
            *self = Self::new();
        }
    }
    /// Brings the entry that was put here to where it belongs.
    fn settle(&mut self, place: usize) {
        if self.rise(place) == place {
            self.sink(place);
        }
    }
    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if !entry.is_before(&self.heap[parent]) {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }
    fn sink(&mut self, mut place: usize) {
        let entry = self.heap[place];
        loop {
            let first = place * CHILDREN + 1;
            let Some(least) = self.least_of(first) else { break };
            if !self.heap[least].is_before(&entry) {
                break;
            }
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, entry);
    }
    /// The earliest of the siblings that begin here.
    fn least_of(&self, first: usize) -> Option<usize> {
        let siblings = self.heap.get(first..)?;
        let mut least = 0;
        for (offset, sibling) in siblings.iter().enumerate().take(CHILDREN).skip(1) {
            if sibling.is_before(&siblings[least]) {
                least = offset;
            }
        }
        (!siblings.is_empty()).then_some(first + least)
    }
    fn put(&mut self, place: usize, entry: Entry<K>) {
        self.places[entry.ticket as usize] = place as u32;
        self.heap[place] = entry;
    }
}

impl<K: Ord> Entry<K> {
    fn is_before(&self, other: &Self) -> bool {
        (self.at, &self.key) < (other.at, &other.key)
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

/// Children of a node of the heap.
const CHILDREN: usize = 4;
/// Fewer entries than this keep their memory.
const SHRINK_ABOVE: usize = 4096;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

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

    proptest! {
        /// The heap against an ordered set, which is easier to trust.
        #[test]
        fn deadlines_come_in_the_order_of_a_sorted_set(
            steps in prop::collection::vec((0usize..40, prop::option::weighted(0.7, 0u64..30)), 1..400)
        ) {
            let start = Instant::now();
            let at = |s| start + Duration::from_secs(s);
            let (mut timers, mut set) = (Timers::new(), BTreeSet::new());
            let mut tickets: Vec<Option<Ticket>> = (0..40).map(|_| None).collect();
            let mut entered = [None; 40];
            for (key, next) in steps {
                timers.reschedule(&mut tickets[key], next.map(at), key);
                if let Some(old) = entered[key].take() {
                    set.remove(&(old, key));
                }
                entered[key] = next;
                set.extend(next.map(|next| (next, key)));
                prop_assert_eq!(timers.peek(), set.first().map(|(first, _)| at(*first)));
                if key % 7 == 0 {
                    let due = timers.pop_due(at(10));
                    let expected = set.first().copied().filter(|(first, _)| *first <= 10);
                    prop_assert_eq!(due, expected.map(|(_, key)| key));
                    if let Some((first, key)) = expected {
                        set.remove(&(first, key));
                        (entered[key], tickets[key]) = (None, None);
                    }
                }
            }
            while let Some((_, key)) = set.pop_first() {
                prop_assert_eq!(timers.pop_due(at(1000)), Some(key));
            }
            prop_assert!(timers.is_empty());
        }
    }
}
