//! Maps by numbers that we choose ourselves, or that are hashes already: looking one up costs a multiplication.
//!
//! What the network chooses may enter only as a [`Mark`], which is hashed under a secret.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    net::IpAddr,
};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::Flow;

/// A map whose keys nobody outside can choose.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<Spread>>;

/// 128 bits that stand for bytes of a peer. Without the secret nobody finds two texts with the same mark, and by
/// chance none are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark(u128);

/// 64 bits that stand for a flow. Two flows may have the same by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FlowMark(u64);

/// The secret of [`Mark`] and [`FlowMark`].
#[derive(Debug)]
pub(crate) struct Marker(SipHasher13);

impl Marker {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(&secret))
    }
    /// The mark of a few numbers and two texts; what ends one text cannot begin the other.
    pub(crate) fn mark(&self, numbers: u64, first: &[u8], second: &[u8]) -> Mark {
        let mut hasher = self.0;
        hasher.write_u64(numbers);
        hasher.write_u64(first.len() as u64);
        hasher.write(first);
        hasher.write(second);
        Mark(hasher.finish128().as_u128())
    }
    pub(crate) fn mark_flow(&self, flow: Flow) -> FlowMark {
        let mut hasher = self.0;
        for address in [flow.local, flow.remote] {
            match address.ip() {
                IpAddr::V4(ip) => hasher.write_u64(ip.to_bits().into()),
                IpAddr::V6(ip) => hasher.write(&ip.octets()),
            }
        }
        let ports = u64::from(flow.local.port()) << 16 | u64::from(flow.remote.port());
        hasher.write_u64(ports << 8 | flow.transport as u64);
        FlowMark(hasher.finish128().h1)
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

    /// SIP-09: equal texts have one mark; others, differently cut ones, and other secrets have another.
    #[test]
    fn a_mark_stands_for_its_texts_and_its_secret() {
        let (ours, theirs) = (Marker::new([1; 16]), Marker::new([2; 16]));
        let mark = ours.mark(1, b"z9hG4bK1", b"a");
        assert_eq!(mark, ours.mark(1, b"z9hG4bK1", b"a"));
        for other in [
            ours.mark(2, b"z9hG4bK1", b"a"),
            ours.mark(1, b"z9hG4bK", b"1a"),
            theirs.mark(1, b"z9hG4bK1", b"a"),
        ] {
            assert_ne!(mark, other);
        }
    }
}
