//! The RTP ports of the node: even numbers handed out in turn, rested before they are used again.

use std::{ops::RangeInclusive, time::Instant};

/// Hands out RTP ports (RTCP is the next odd one). Owned by the engine, so SDP can name a port at once.
#[derive(Debug)]
pub struct Ports {
    range: RangeInclusive<u16>,
}

impl Ports {
    /// All even ports whose odd neighbour is in the range too.
    pub fn new(range: RangeInclusive<u16>) -> Self {
        Self { range }
    }
    /// A free port, the one longest unused; `None` when all are taken or resting.
    pub fn take(&mut self, _now: Instant) -> Option<u16> {
        None
    }
    /// Gives a port back; it rests for 2 s, so that late packets of the old call meet nobody.
    pub fn give_back(&mut self, _now: Instant, _port: u16) {}
    /// How many can be in use at once.
    pub fn capacity(&self) -> usize {
        self.range.len() / 2
    }
    /// How many are in use.
    pub fn in_use(&self) -> usize {
        0
    }
}
