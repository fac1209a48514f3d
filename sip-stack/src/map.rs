//! Maps by numbers that we choose ourselves, or that are hashes already: looking one up costs a multiplication.
//!
//! What the network chooses may enter only as a [`Mark`], which is hashed under a secret.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
};

/// A map whose keys nobody outside can choose.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<Spread>>;

/// 128 bits that stand for bytes of a peer. Without the secret nobody finds two texts with the same mark, and by
/// chance none are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark(u128);

/// The secrets of [`Mark`].
#[derive(Debug, Default)]
pub(crate) struct Marker {
    low: RandomState,
    high: RandomState,
}

impl Marker {
    pub(crate) fn mark(&self, text: &[u8]) -> Mark {
        let half = |secret: &RandomState| {
            let mut hasher = secret.build_hasher();
            hasher.write(text);
            u128::from(hasher.finish())
        };
        Mark(half(&self.high) << 64 | half(&self.low))
    }
}

/// Spreads counted numbers over a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(GOLDEN);
    }
    fn write_u128(&mut self, mark: u128) {
        self.0 ^= mark as u64;
    }
}

/// Gives memory back once a map is nearly empty after a storm.
pub(crate) fn shrink<K: Eq + std::hash::Hash, V>(map: &mut IdMap<K, V>) {
    if map.capacity() > SHRINK_ABOVE && map.len() * 16 < map.capacity() {
        map.shrink_to(map.len() * 2);
    }
}

/// 2⁶⁴ divided by the golden ratio, odd: multiples of it lie evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// Maps smaller than this are left alone. [entries]
const SHRINK_ABOVE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::Marker;

    /// SIP-09: equal bytes have one mark, others and other secrets have another.
    #[test]
    fn a_mark_stands_for_its_bytes_and_its_secret() {
        let (ours, theirs) = (Marker::default(), Marker::default());
        assert_eq!(ours.mark(b"z9hG4bK1"), ours.mark(b"z9hG4bK1"));
        assert_ne!(ours.mark(b"z9hG4bK1"), ours.mark(b"z9hG4bK2"));
        assert_ne!(ours.mark(b"z9hG4bK1"), theirs.mark(b"z9hG4bK1"));
    }
}
