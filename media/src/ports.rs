//! The RTP ports of the node: even numbers handed out by chance, rested before they are used again.
//!
//! A worker may keep the sockets of a port open for a while after their session ([`keep`]), because opening them anew
//! is what a short call costs most. So a port that was used goes to the worker that had it, as long as there are others.

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Hands out RTP ports (RTCP is the next odd one). Owned by the engine, so SDP can name a port at once.
#[derive(Debug)]
pub struct Ports {
    range: RangeInclusive<u16>,
    random: StdRng,
    /// Never used so far.
    fresh: Vec<u16>,
    /// Used before, by worker.
    shelves: Vec<Shelf>,
    /// For each pair of ports the worker that uses it.
    taken: Vec<Option<usize>>,
    /// Found to be in use by another program: the time from which each may be tried again.
    aside: VecDeque<(Instant, u16)>,
    in_use: usize,
}

/// The ports that one worker used last.
#[derive(Debug, Default)]
struct Shelf {
    /// Given back, the longest unused first, with the time from which each may be taken again.
    resting: VecDeque<(Instant, u16)>,
    /// Rested long enough, those last used at the end.
    free: VecDeque<(Instant, u16)>,
}

impl Ports {
    /// All even ports whose odd neighbour is in the range too. `seed` makes unpredictable which port comes next, so that
    /// nobody sends to the ports of calls to come (RFC 6056).
    pub fn new(range: RangeInclusive<u16>, seed: [u8; 32]) -> Self {
        let fresh: Vec<u16> = pairs(&range).collect();
        let taken = vec![None; fresh.len()];
        let (shelves, aside) = (vec![], VecDeque::new());
        Self { range, random: StdRng::from_seed(seed), fresh, shelves, taken, aside, in_use: 0 }
    }
    /// A free port for a session of that worker; `None` when all are taken or resting.
    pub fn take(&mut self, now: Instant, worker: usize) -> Option<u16> {
        let port = self.choose(now, worker).or_else(|| self.take_aside(now))?;
        let slot = self.slot(port)?;
        self.taken[slot] = Some(worker);
        self.in_use += 1;
        Some(port)
    }
    /// Gives a port back; it rests for 1 s, so that late packets of the old call meet nobody.
    /// What is not in use is ignored.
    pub fn give_back(&mut self, now: Instant, port: u16) {
        let Some(worker) = self.release(port) else { return };
        if self.shelves.len() <= worker {
            self.shelves.resize_with(worker + 1, Shelf::default);
        }
        self.shelves[worker].resting.push_back((now + REST, port));
    }
    /// Gives back a port that another program uses: it is left alone for a minute, and then comes after all others.
    pub fn set_aside(&mut self, now: Instant, port: u16) {
        if self.release(port).is_some() {
            self.aside.push_back((now + ASIDE, port));
        }
    }
    /// How many can be in use at once.
    pub fn capacity(&self) -> usize {
        self.taken.len()
    }
    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.in_use
    }

    /// One that the worker used before, if there are enough of them that nobody can tell which.
    fn choose(&mut self, now: Instant, worker: usize) -> Option<u16> {
        let own = self.shelves.get_mut(worker);
        let chosen = own.and_then(|shelf| shelf.take(now, CHOICE, &mut self.random));
        let chosen = chosen.or_else(|| self.take_fresh());
        let chosen = chosen.or_else(|| self.shelves.get_mut(worker)?.take(now, 1, &mut self.random));
        chosen.or_else(|| self.take_elsewhere(now))
    }

    fn take_fresh(&mut self) -> Option<u16> {
        let at = self.random.random_range(0..self.fresh.len().max(1));
        (at < self.fresh.len()).then(|| self.fresh.swap_remove(at))
    }

    /// A port of another worker, after that one closed its sockets for good.
    fn take_elsewhere(&mut self, now: Instant) -> Option<u16> {
        let after = keep(&self.range) * 2;
        self.shelves.iter_mut().find_map(|shelf| shelf.take_oldest(now, after))
    }

    fn take_aside(&mut self, now: Instant) -> Option<u16> {
        self.aside.pop_front_if(|(until, _)| *until <= now).map(|(_, port)| port)
    }

    /// The worker that had the port in use until now.
    fn release(&mut self, port: u16) -> Option<usize> {
        let slot = self.slot(port)?;
        let worker = self.taken[slot].take()?;
        self.in_use -= 1;
        Some(worker)
    }

    fn slot(&self, port: u16) -> Option<usize> {
        let offset = u32::from(port).checked_sub(first(&self.range))?;
        let slot = offset as usize / 2;
        (offset % 2 == 0 && slot < self.taken.len()).then_some(slot)
    }
}

impl Shelf {
    /// One of those last used, by chance, if there are `at_least` so many.
    fn take(&mut self, now: Instant, at_least: usize, random: &mut StdRng) -> Option<u16> {
        self.settle(now);
        if self.free.len() < at_least {
            return None;
        }
        let last = self.free.len().checked_sub(1)?;
        let chosen = last - random.random_range(0..=last.min(CHOICE - 1));
        self.free.swap(chosen, last);
        self.free.pop_back().map(|(_, port)| port)
    }

    /// The one longest unused, if it was so for `after` since it rested.
    fn take_oldest(&mut self, now: Instant, after: Duration) -> Option<u16> {
        self.settle(now);
        self.free.pop_front_if(|(rested, _)| *rested + after <= now).map(|(_, port)| port)
    }

    fn settle(&mut self, now: Instant) {
        while let Some(rested) = self.resting.pop_front_if(|(until, _)| *until <= now) {
            self.free.push_back(rested);
        }
    }
}

/// How long a worker may keep the sockets of a port open after their session. Zero for a small range: there every
/// worker must be able to use every port at once.
pub fn keep(range: &RangeInclusive<u16>) -> Duration {
    if pairs(range).count() >= MANY { KEEP } else { Duration::ZERO }
}

fn pairs(range: &RangeInclusive<u16>) -> impl Iterator<Item = u16> + use<> {
    let last = u32::from(*range.end());
    (first(range)..last).step_by(2).filter_map(|port| u16::try_from(port).ok())
}

fn first(range: &RangeInclusive<u16>) -> u32 {
    u32::from(*range.start()).next_multiple_of(2)
}

/// How long a port rests: longer than any packet is on its way.
const REST: Duration = Duration::from_secs(1);
/// How long a port of another program is left alone: those that ask the system for any port rarely keep it for long.
const ASIDE: Duration = Duration::from_secs(60);
/// Of so many ports the next one is chosen, if there are.
const CHOICE: usize = 256;
/// Pairs of ports from which on sockets are kept.
const MANY: usize = 1024;
const KEEP: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn all(ports: &mut Ports, now: Instant, worker: usize) -> BTreeSet<u16> {
        std::iter::from_fn(|| ports.take(now, worker)).collect()
    }

    /// SIP-19: exhausted is `None`, not a port twice.
    #[test]
    fn each_pair_is_handed_out_once_and_rests_after_use() {
        let start = Instant::now();
        let mut ports = Ports::new(10_001..=10_008, SEED);
        assert_eq!(ports.capacity(), 3);
        assert_eq!(all(&mut ports, start, 0), [10_002, 10_004, 10_006].into());
        ports.give_back(start, 10_004);
        ports.give_back(start, 10_004);
        ports.give_back(start, 10_003);
        ports.give_back(start, 9);
        assert_eq!(ports.in_use(), 2);
        assert_eq!(ports.take(start + Duration::from_millis(999), 0), None);
        assert_eq!(ports.take(start + REST, 0), Some(10_004));
        assert_eq!(ports.take(start + REST, 0), None);
    }

    #[test]
    fn a_small_range_is_shared_by_all_workers() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=10_005, SEED);
        for port in all(&mut ports, start, 0) {
            ports.give_back(start, port);
        }
        assert_eq!(all(&mut ports, start + REST, 1).len(), 3);
    }

    #[test]
    fn a_used_port_stays_with_its_worker_until_its_sockets_are_closed() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=20_000, SEED);
        assert_eq!(keep(&(10_000..=20_000)), KEEP);
        for port in all(&mut ports, start, 0) {
            ports.give_back(start, port);
        }
        let kept = start + REST + KEEP;
        assert_eq!(ports.take(kept, 1), None);
        let own = ports.take(kept, 0);
        assert!(own.is_some());
        assert_eq!(all(&mut ports, kept + KEEP, 1).len(), 4_999);
    }

    /// MED-05, RFC 6056: whoever saw the ports of earlier calls does not know those of the next.
    #[test]
    fn the_next_port_cannot_be_told_from_the_last() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=20_000, SEED);
        let mut seen = BTreeSet::new();
        for second in 0..2_000 {
            let now = start + REST * second;
            let port = ports.take(now, 0).unwrap();
            seen.insert(port);
            ports.give_back(now, port);
        }
        assert_eq!(seen.len(), CHOICE, "as many as the choice, and no more once there are enough");
        let next = |seed| {
            let mut ports = Ports::new(10_000..=20_000, seed);
            (0..8).filter_map(|_| ports.take(start, 0)).collect::<Vec<_>>()
        };
        assert_ne!(next(SEED), next([8; 32]));
        assert!(!next(SEED).is_sorted());
    }

    #[test]
    fn a_port_of_another_program_is_left_alone_and_comes_last() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=10_003, SEED);
        assert_eq!(all(&mut ports, start, 0).len(), 2);
        ports.set_aside(start, 10_000);
        ports.set_aside(start, 10_000);
        assert_eq!(ports.in_use(), 1);
        assert_eq!(ports.take(start + REST, 0), None);
        ports.give_back(start + REST, 10_002);
        let again: Vec<_> = std::iter::from_fn(|| ports.take(start + ASIDE, 0)).collect();
        assert_eq!(again, [10_002, 10_000]);
    }

    #[test]
    fn ranges_at_the_edges_hold_what_fits() {
        for (range, capacity) in
            [(65_534..=65_535, 1), (65_535..=65_535, 0), (0..=u16::MAX, 32_768), (5..=5, 0)]
        {
            let mut ports = Ports::new(range, SEED);
            assert_eq!(ports.capacity(), capacity);
            assert_eq!(all(&mut ports, Instant::now(), 0).len(), capacity);
        }
        #[allow(clippy::reversed_empty_ranges)]
        let mut backwards = Ports::new(9..=3, SEED);
        assert_eq!((backwards.capacity(), backwards.take(Instant::now(), 0)), (0, None));
    }
}
