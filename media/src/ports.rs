//! The RTP ports of the node: even numbers handed out in turn, rested before they are used again.

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// Hands out RTP ports (RTCP is the next odd one). Owned by the engine, so SDP can name a port at once.
#[derive(Debug)]
pub struct Ports {
    range: RangeInclusive<u16>,
    /// Never used so far: the next one to take. Beyond the range when all were taken once.
    fresh: u32,
    /// Given back, the longest unused first, with the time from which each may be taken again.
    rested: VecDeque<(Instant, u16)>,
    /// The same for those that another program was found to use.
    aside: VecDeque<(Instant, u16)>,
    /// One bit per pair of ports: it is in use.
    taken: Vec<bool>,
    in_use: usize,
}

impl Ports {
    /// All even ports whose odd neighbour is in the range too.
    pub fn new(range: RangeInclusive<u16>) -> Self {
        let first = u32::from(*range.start()).next_multiple_of(2);
        let (rested, aside) = (VecDeque::new(), VecDeque::new());
        let mut ports = Self { range, fresh: first, rested, aside, taken: vec![], in_use: 0 };
        ports.taken = vec![false; ports.capacity()];
        ports
    }
    /// A free port, the one longest unused; `None` when all are taken or resting.
    pub fn take(&mut self, now: Instant) -> Option<u16> {
        let port = self.take_fresh().or_else(|| first_due(&mut self.rested, now));
        let port = port.or_else(|| first_due(&mut self.aside, now))?;
        let slot = self.slot(port)?;
        self.taken[slot] = true;
        self.in_use += 1;
        Some(port)
    }
    /// Gives a port back; it rests for 2 s, so that late packets of the old call meet nobody.
    /// What is not in use is ignored.
    pub fn give_back(&mut self, now: Instant, port: u16) {
        if self.release(port) {
            self.rested.push_back((now + REST, port));
        }
    }
    /// Gives back a port that another program uses: it is left alone for a minute, and then comes after all others.
    pub fn set_aside(&mut self, now: Instant, port: u16) {
        if self.release(port) {
            self.aside.push_back((now + ASIDE, port));
        }
    }
    /// How many can be in use at once.
    pub fn capacity(&self) -> usize {
        let (first, last) = (self.first(), u32::from(*self.range.end()));
        (last + 1).saturating_sub(first) as usize / 2
    }
    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.in_use
    }

    fn first(&self) -> u32 {
        u32::from(*self.range.start()).next_multiple_of(2)
    }

    fn take_fresh(&mut self) -> Option<u16> {
        let port = u16::try_from(self.fresh).ok()?;
        if self.fresh + 1 > u32::from(*self.range.end()) {
            return None;
        }
        self.fresh += 2;
        Some(port)
    }

    /// Whether the port was in use until now.
    fn release(&mut self, port: u16) -> bool {
        let Some(slot) = self.slot(port).filter(|slot| self.taken[*slot]) else { return false };
        self.taken[slot] = false;
        self.in_use -= 1;
        true
    }

    fn slot(&self, port: u16) -> Option<usize> {
        let offset = u32::from(port).checked_sub(self.first())?;
        let slot = offset as usize / 2;
        (offset % 2 == 0 && slot < self.taken.len()).then_some(slot)
    }
}

fn first_due(queue: &mut VecDeque<(Instant, u16)>, now: Instant) -> Option<u16> {
    queue.pop_front_if(|(at, _)| *at <= now).map(|(_, port)| port)
}

/// How long a port rests: longer than any packet is on its way.
const REST: Duration = Duration::from_secs(2);
/// How long a port of another program is left alone: those that ask the system for any port rarely keep it for long.
const ASIDE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-19: exhausted is `None`, not a port twice.
    #[test]
    fn each_pair_is_handed_out_once_and_rests_after_use() {
        let start = Instant::now();
        let mut ports = Ports::new(10_001..=10_008);
        assert_eq!(ports.capacity(), 3);
        let taken: Vec<_> = std::iter::from_fn(|| ports.take(start)).collect();
        assert_eq!(taken, [10_002, 10_004, 10_006]);
        ports.give_back(start, 10_004);
        ports.give_back(start, 10_004);
        ports.give_back(start, 10_003);
        ports.give_back(start, 9);
        assert_eq!(ports.in_use(), 2);
        assert_eq!(ports.take(start + Duration::from_millis(1_999)), None);
        assert_eq!(ports.take(start + REST), Some(10_004));
        assert_eq!(ports.take(start + REST), None);
    }

    #[test]
    fn the_one_longest_unused_comes_first() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=10_005);
        let taken: Vec<_> = std::iter::from_fn(|| ports.take(start)).collect();
        for port in taken.iter().rev() {
            ports.give_back(start, *port);
        }
        let again: Vec<_> = std::iter::from_fn(|| ports.take(start + REST)).collect();
        assert_eq!(again, [10_004, 10_002, 10_000]);
    }

    #[test]
    fn a_port_of_another_program_is_left_alone_and_comes_last() {
        let start = Instant::now();
        let mut ports = Ports::new(10_000..=10_003);
        let taken: Vec<_> = std::iter::from_fn(|| ports.take(start)).collect();
        ports.set_aside(start, 10_000);
        ports.set_aside(start, 10_000);
        assert_eq!((taken.len(), ports.in_use()), (2, 1));
        assert_eq!(ports.take(start + REST), None);
        ports.give_back(start + REST, 10_002);
        let again: Vec<_> = std::iter::from_fn(|| ports.take(start + ASIDE)).collect();
        assert_eq!(again, [10_002, 10_000]);
    }

    #[test]
    fn ranges_at_the_edges_hold_what_fits() {
        for (range, capacity) in
            [(65_534..=65_535, 1), (65_535..=65_535, 0), (0..=u16::MAX, 32_768), (5..=5, 0)]
        {
            let mut ports = Ports::new(range);
            assert_eq!(ports.capacity(), capacity);
            assert_eq!(std::iter::from_fn(|| ports.take(Instant::now())).count(), capacity);
        }
        #[allow(clippy::reversed_empty_ranges)]
        let mut backwards = Ports::new(9..=3);
        assert_eq!((backwards.capacity(), backwards.take(Instant::now())), (0, None));
    }
}
