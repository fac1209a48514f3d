//! RTP port ranges that no two running tests share, across threads and processes.

use std::{net::TcpListener, ops::RangeInclusive};

/// A range that is ours while this value lives.
#[derive(Debug)]
pub struct Range {
    first: u16,
    _claim: TcpListener,
}

impl Range {
    /// Claims a free slot below the ephemeral ports. Waits while all are taken.
    pub fn claim() -> Self {
        crate::patience::until("a free range of RTP ports", crate::patience::PATIENCE * 30, || {
            (0..SLOTS).find_map(|slot| {
                let first = BASE + slot * WIDTH;
                // Holding the slot's last port (never part of the range) tells other tests that it is taken.
                let claim = TcpListener::bind(("127.0.0.1", first + WIDTH - 1)).ok()?;
                Some(Self { first, _claim: claim })
            })
        })
    }
    /// All usable ports of the slot.
    pub fn all(&self) -> RangeInclusive<u16> {
        self.first..=self.first + WIDTH - 3
    }
    /// The first `count` ports.
    pub fn only(&self, count: u16) -> RangeInclusive<u16> {
        self.first..=self.first + count - 1
    }
}

const BASE: u16 = 20_000;
const WIDTH: u16 = 600;
const SLOTS: u16 = 20;
