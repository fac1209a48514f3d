//! Which packets of one sender came already, and how often its sequence numbers began anew (RFC 3711 §3.3.1, §3.3.2).

/// The packets of one sender by index: the roll-over counter, then the sequence number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    highest: u64,
    /// Bit n: `highest - n` has come.
    seen: u128,
}

impl Window {
    /// The first packet.
    pub(super) fn at(index: u64) -> Self {
        Self { highest: index, seen: 1 }
    }
    /// The index that a sequence number stands for; `None` for one from before the sender began.
    #[inline]
    pub(super) fn index(&self, sequence: u16) -> Option<u64> {
        let (roc, last) = (self.highest >> 16, self.highest as u16);
        let roc = if last < HALF && sequence.wrapping_sub(last) > HALF && sequence > last {
            roc.checked_sub(1)?
        } else if last >= HALF && last - HALF > sequence {
            roc + 1
        } else {
            roc
        };
        Some(roc << 16 | u64::from(sequence))
    }
    /// Whether it has not come yet, as far as that is known: what is too old counts as come.
    #[inline]
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(back) => back < u64::from(u128::BITS) && self.seen >> back & 1 == 0,
        }
    }
    /// It came.
    #[inline]
    pub(super) fn take(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(step) => {
                self.seen = u32::try_from(step).ok().and_then(|n| self.seen.checked_shl(n)).unwrap_or(0) | 1;
                self.highest = index;
            }
            None => self.seen |= 1u128.checked_shl((self.highest - index) as u32).unwrap_or(0),
        }
    }
}

const HALF: u16 = 1 << 15;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 §3.3.1
    #[test]
    fn the_counter_follows_sequence_numbers_over_their_end_and_back() {
        let mut window = Window::at(65_530);
        for sequence in [65_535u16, 3, 65_534, 10, 30_000, 60_000, 20_000, 30_000] {
            let index = window.index(sequence).unwrap();
            window.take(index);
        }
        assert_eq!(window.index(30_001), Some(2 << 16 | 30_001));
        assert_eq!(window.index(65_000), Some(1 << 16 | 65_000), "late");
        assert_eq!(Window::at(5).index(65_000), None, "before the beginning");
    }

    /// RFC 3711 §3.3.2
    #[test]
    fn each_packet_is_new_once_and_old_ones_never() {
        let mut window = Window::at(1_000);
        assert!(!window.is_new(1_000) && window.is_new(999) && window.is_new(1_001));
        window.take(1_100);
        assert!(window.is_new(1_050) && !window.is_new(1_000) && !window.is_new(972), "{window:?}");
        window.take(1_050);
        assert!(!window.is_new(1_050) && window.is_new(1_049));
        window.take(5_000);
        assert!(window.is_new(4_999) && !window.is_new(4_872));
    }
}
