//! Ids of the engine's own rows, and the map for them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A call. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(pub u64);

/// A leg, and with the same number its media session. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LegId(pub u64);

impl CallId {
    /// The worker of all its sessions: the two ends of a relay must be in one place.
    pub(crate) fn worker(self, workers: usize) -> usize {
        (self.0 % workers.max(1) as u64) as usize
    }
}

impl LegId {
    /// The leg's media session: each leg has one for its whole life.
    pub(crate) fn session(self) -> media::SessionId {
        media::SessionId(self.0)
    }
}

/// A map whose keys are numbers that we counted up ourselves, so nobody outside can choose colliding ones.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Spreads a counted number over the table by one multiplication.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }
    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: high and low bits of the product both vary with each step of the counter.
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}
