//! Which contacts behind NAT are asked when whether they are there, so that their pinhole stays open. SIP-07.
//!
//! A contact is either due at some time or asked right now, never both: one question is under way at most, and its
//! retransmissions keep the pinhole open while it waits. When a contact is due is drawn anew each time, so that
//! contacts that came back all at once (after a restart, a broken line) drift apart.

use std::{
    collections::{BTreeSet, hash_map::Entry},
    time::{Duration, Instant},
};

use config::{DeviceId, QuickMap};
use rand::{Rng, rngs::StdRng};
use sip_stack::RequestId;

/// A contact: its device and its place among all contacts.
pub(crate) type Key = (DeviceId, u32);

/// All contacts that are kept reachable.
#[derive(Debug, Default)]
pub(crate) struct Pinholes {
    due: BTreeSet<(Instant, Key)>,
    watched: QuickMap<Key, Watch>,
    asked: QuickMap<RequestId, Key>,
    unreachable: usize,
}

/// What is known of one contact.
#[derive(Debug, Default)]
struct Watch {
    /// `None` while it is asked.
    due: Option<Instant>,
    /// Questions in a row without answer.
    missed: u32,
}

/// What an answer, or none, changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing for people to know.
    None,
    /// It did not answer several times in a row.
    Lost,
    /// It answers again.
    Back,
}

impl Pinholes {
    /// Keeps a contact reachable from now on. One that is kept already goes on as it is.
    pub(crate) fn watch(&mut self, now: Instant, key: Key, random: &mut StdRng) {
        let Entry::Vacant(vacant) = self.watched.entry(key) else { return };
        vacant.insert(Watch::default());
        // It may be one of thousands that just came.
        self.schedule(now + EARLIEST.mul_f64(random.random_range(0.1..1.0)), key);
    }

    /// The contact is gone.
    pub(crate) fn forget(&mut self, key: Key) {
        let Some(watch) = self.watched.remove(&key) else { return };
        if let Some(at) = watch.due {
            self.due.remove(&(at, key));
        }
        self.unreachable -= usize::from(watch.missed >= MOST_MISSED);
    }

    /// A contact that is to be asked now.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Key> {
        let &(at, key) = self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, key));
        self.watched.get_mut(&key)?.due = None;
        Some(key)
    }

    /// It is asked with this request.
    pub(crate) fn asked(&mut self, request: RequestId, key: Key) {
        self.asked.insert(request, key);
    }

    /// The request was answered, or was not. `None` if it asked for a contact that is gone, or is none of ours.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        request: RequestId,
        is_there: bool,
        random: &mut StdRng,
    ) -> Option<(Key, Change)> {
        let key = self.asked.remove(&request)?;
        let watch = self.watched.get_mut(&key)?;
        let was_lost = watch.missed >= MOST_MISSED;
        watch.missed = if is_there { 0 } else { watch.missed.saturating_add(1) };
        let is_lost = watch.missed >= MOST_MISSED;
        let change = match (was_lost, is_lost) {
            (false, true) => Change::Lost,
            (true, false) => Change::Back,
            _ => Change::None,
        };
        self.unreachable = self.unreachable + usize::from(is_lost) - usize::from(was_lost);
        self.schedule(now + random.random_range(EARLIEST..LATEST), key);
        Some((key, change))
    }

    /// When the next contact is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|&(at, _)| at)
    }

    /// Contacts that did not answer several times in a row.
    pub(crate) fn unreachable(&self) -> usize {
        self.unreachable
    }

    fn schedule(&mut self, at: Instant, key: Key) {
        if let Some(watch) = self.watched.get_mut(&key) {
            watch.due = Some(at);
            self.due.insert((at, key));
        }
    }
}

/// Many mappings of datagrams live for 30 s only, whatever RFC 4787 REQ-5 wants.
const LATEST: Duration = Duration::from_secs(29);
/// Far enough from `LATEST` to spread contacts, not so early that phones are asked for nothing.
const EARLIEST: Duration = Duration::from_secs(24);
/// Unanswered questions in a row after which a contact counts as unreachable.
const MOST_MISSED: u32 = 3;

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn key(n: u32) -> Key {
        (DeviceId(n.into()), n)
    }

    /// SIP-07: contacts that come back at one moment are asked evenly over time, each every 24–29 s.
    #[test]
    fn contacts_that_came_at_once_are_asked_evenly() {
        let (start, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut pinholes = Pinholes::default();
        (0..10_000).for_each(|n| pinholes.watch(start, key(n), &mut random));
        let mut last = vec![start; 10_000];
        let mut per_second = [0; 300];
        let mut count = 0;
        while let Some(at) = pinholes.next().filter(|at| *at < start + Duration::from_secs(300)) {
            let key = pinholes.due(at).expect("one is due");
            let gap = at - std::mem::replace(&mut last[key.1 as usize], at);
            assert!(gap < LATEST && (gap >= EARLIEST || at < start + EARLIEST), "{gap:?}");
            per_second[(at - start).as_secs() as usize] += 1;
            count += 1;
            pinholes.asked(RequestId(count), key);
            assert_eq!(pinholes.due(at).filter(|k| *k == key), None, "it is not asked twice at once");
            pinholes.answered(at, RequestId(count), true, &mut random);
        }
        assert!(count > 100_000);
        assert!(per_second.iter().all(|n| *n < 700), "no bursts: {per_second:?}");
        assert!(per_second[60..].iter().all(|n| *n > 100), "no pauses: {per_second:?}");
    }

    /// SIP-07
    #[test]
    fn silence_several_times_in_a_row_is_told_once() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut pinholes = Pinholes::default();
        pinholes.watch(now, key(1), &mut random);
        let mut ask = |pinholes: &mut Pinholes, is_there: bool| {
            let at = pinholes.next().expect("it is due");
            let key = pinholes.due(at).expect("it is due");
            pinholes.asked(RequestId(1), key);
            let change = pinholes.answered(at, RequestId(1), is_there, &mut random).map(|(_, change)| change);
            (change, pinholes.unreachable())
        };
        let none = Some(Change::None);
        let heard: Vec<_> = [false, false, false, false, true, true, false, false, true]
            .map(|is_there| ask(&mut pinholes, is_there))
            .into();
        let lost = (Some(Change::Lost), 1);
        let back = (Some(Change::Back), 0);
        let expected =
            [(none, 0), (none, 0), lost, (none, 1), back, (none, 0), (none, 0), (none, 0), (none, 0)];
        assert_eq!(heard, expected);
    }

    /// SIP-07
    #[test]
    fn nothing_is_left_of_a_contact_that_is_gone() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut pinholes = Pinholes::default();
        for n in 0..2 {
            pinholes.watch(now, key(n), &mut random);
        }
        pinholes.forget(key(1));
        let at = pinholes.next().expect("one is left");
        assert_eq!(pinholes.due(at), Some(key(0)));
        pinholes.asked(RequestId(1), key(0));
        pinholes.forget(key(0));
        assert_eq!(pinholes.answered(at, RequestId(1), false, &mut random), None);
        assert!(pinholes.due.is_empty() && pinholes.watched.is_empty() && pinholes.asked.is_empty());
        assert_eq!(pinholes.next(), None);
    }
}
