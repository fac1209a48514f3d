//! All deadlines of a worker in one heap: the next one is a peek, setting one moves it, and nothing is allocated
//! once there is room for all sessions.

use std::time::Instant;

/// What a session waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next frame of a tone.
    Frame,
    /// The next RTCP report.
    Report,
    /// The next figures for the engine.
    Quality,
    /// The peer was silent for too long.
    Silence,
    /// A telephone-event's end was lost.
    Digit,
}

/// A binary heap that knows the place of each entry.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<Entry>,
    /// Place in `heap` by key, or [`NOWHERE`].
    places: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Instant,
    key: u32,
}

impl Timers {
    /// Makes room for the timers of a session.
    pub(crate) fn make_room(&mut self, session: u32) {
        let needed = (session as usize + 1) * KINDS.len();
        if self.places.len() < needed {
            self.places.resize(needed, NOWHERE);
            self.heap.reserve(needed - self.heap.len());
        }
    }

    /// Sets or moves one.
    pub(crate) fn set(&mut self, session: u32, timer: Timer, at: Instant) {
        let entry = Entry { at, key: key(session, timer) };
        match self.places[entry.key as usize] {
            NOWHERE => {
                self.heap.push(entry);
                self.rise(self.heap.len() - 1);
            }
            place => {
                self.heap[place as usize] = entry;
                self.settle(place as usize);
            }
        }
    }

    /// Clears one, if it is set.
    pub(crate) fn clear(&mut self, session: u32, timer: Timer) {
        let place = self.places[key(session, timer) as usize];
        if place != NOWHERE {
            self.remove(place as usize);
        }
    }

    /// Clears all of a session.
    pub(crate) fn clear_all(&mut self, session: u32) {
        for timer in KINDS {
            self.clear(session, timer);
        }
    }

    pub(crate) fn is_set(&self, session: u32, timer: Timer) -> bool {
        self.places[key(session, timer) as usize] != NOWHERE
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Takes the earliest one that is due, with its deadline.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(u32, Timer, Instant)> {
        let Entry { at, key } = *self.heap.first().filter(|entry| entry.at <= now)?;
        self.remove(0);
        let kinds = KINDS.len() as u32;
        Some((key / kinds, KINDS[(key % kinds) as usize], at))
    }

    fn remove(&mut self, place: usize) {
        let removed = self.heap.swap_remove(place);
        self.places[removed.key as usize] = NOWHERE;
        if place < self.heap.len() {
            self.settle(place);
        }
    }

    /// Moves the entry at `place` to where it belongs.
    fn settle(&mut self, place: usize) {
        let place = self.rise(place);
        self.sink(place);
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 && self.heap[place].at < self.heap[(place - 1) / 2].at {
            self.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        self.note(place);
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut least = place;
            for child in [left, right] {
                if child < self.heap.len() && self.heap[child].at < self.heap[least].at {
                    least = child;
                }
            }
            if least == place {
                return self.note(place);
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.note(a);
        self.note(b);
    }

    fn note(&mut self, place: usize) {
        self.places[self.heap[place].key as usize] = place as u32;
    }
}

fn key(session: u32, timer: Timer) -> u32 {
    session * KINDS.len() as u32 + timer as u32
}

/// In the order of their discriminants.
const KINDS: [Timer; 5] = [Timer::Frame, Timer::Report, Timer::Quality, Timer::Silence, Timer::Digit];
const NOWHERE: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Set(u32, usize, u64),
        Clear(u32, usize),
        ClearAll(u32),
        Take(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0u32..6, 0usize..5, 0u64..100).prop_map(|(s, k, at)| Step::Set(s, k, at)),
            1 => (0u32..6, 0usize..5).prop_map(|(s, k)| Step::Clear(s, k)),
            1 => (0u32..6).prop_map(Step::ClearAll),
            2 => (0u64..100).prop_map(Step::Take),
        ]
    }

    proptest! {
        #[test]
        fn heap_behaves_like_a_sorted_map(steps in prop::collection::vec(step(), 0..200)) {
            let start = Instant::now();
            let ms = |n| start + Duration::from_millis(n);
            let (mut timers, mut model) = (Timers::default(), BTreeMap::new());
            timers.make_room(5);
            for step in steps {
                match step {
                    Step::Set(s, k, at) => {
                        timers.set(s, KINDS[k], ms(at));
                        model.insert((s, k), ms(at));
                    }
                    Step::Clear(s, k) => {
                        timers.clear(s, KINDS[k]);
                        model.remove(&(s, k));
                    }
                    Step::ClearAll(s) => {
                        timers.clear_all(s);
                        model.retain(|(session, _), _| *session != s);
                    }
                    Step::Take(until) => {
                        while let Some((s, timer, at)) = timers.take_due(ms(until)) {
                            prop_assert_eq!(Some(&at), model.values().min());
                            prop_assert_eq!(model.remove(&(s, timer as usize)), Some(at));
                        }
                        prop_assert!(model.values().all(|at| *at > ms(until)));
                    }
                }
                prop_assert_eq!(timers.next(), model.values().min().copied());
            }
        }
    }
}
