//! What we send to one peer: one continuous RTP stream, whoever's packets it is made of (RFC 3550 §5.1).
//!
//! A peer hears a tone, then another leg, then a third; it must see one SSRC whose sequence numbers follow each
//! other and whose timestamps go on with the clock. A marker bit tells where the source changed.

use std::time::Instant;

use rtp_rs::Seq;

/// The stream to one peer.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// Ours, for the whole session.
    pub(crate) ssrc: u32,
    /// RTP packets sent.
    pub(crate) packets: u64,
    /// With their headers.
    pub(crate) bytes: u64,
    /// Payload bytes, for sender reports.
    pub(crate) payload_bytes: u64,
    /// Clock rate of the latest source. [Hz]
    pub(crate) rate: u32,
    highest: Seq,
    timestamp: u32,
    /// When a packet with `timestamp` was first sent.
    stamped_at: Option<Instant>,
    source: Option<Origin>,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// Sequence numbers since the source changed, no more than half their range.
    advanced: u16,
}

/// Whose packets they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Generation of the session that is heard; 0 is ourselves.
    pub(crate) generation: u32,
    /// Which of the streams of its peer.
    pub(crate) stream: u32,
}

/// How fast timestamps run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// [Hz]
    pub(crate) rate: u32,
    /// [ms]
    pub(crate) ptime: u8,
}

/// What to write into the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) sequence: Seq,
    pub(crate) timestamp: u32,
    /// The source changed: set the marker bit.
    pub(crate) switched: bool,
}

impl Outgoing {
    /// A stream that begins at these numbers, which an eavesdropper should not guess (RFC 3550 §5.1).
    pub(crate) fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            packets: 0,
            bytes: 0,
            payload_bytes: 0,
            rate: 8_000,
            highest: Seq::from(sequence),
            timestamp,
            stamped_at: None,
            source: None,
            sequence_offset: 0,
            timestamp_offset: 0,
            advanced: 0,
        }
    }

    /// Whatever comes next is another source.
    pub(crate) fn forget_source(&mut self) {
        self.source = None;
    }

    /// A packet of `origin` is to be sent. `None` for a late one that belongs before the last change of source: its
    /// number is taken.
    #[inline]
    pub(crate) fn relay(
        &mut self,
        now: Instant,
        origin: Origin,
        sequence: Seq,
        timestamp: u32,
        pace: Pace,
    ) -> Option<Stamp> {
        let switched = self.source != Some(origin);
        if switched {
            self.switch(now, origin, pace);
            self.sequence_offset = u16::from(self.highest).wrapping_add(1).wrapping_sub(sequence.into());
            self.timestamp_offset = self.timestamp.wrapping_sub(timestamp);
        }
        let sequence = sequence + self.sequence_offset;
        let timestamp = timestamp.wrapping_add(self.timestamp_offset);
        let step = sequence - self.highest;
        if step > 0 {
            self.advance(now, sequence, timestamp, step as u16);
        } else if step.unsigned_abs() >= u32::from(self.advanced) {
            return None;
        }
        Some(Stamp { sequence, timestamp, switched })
    }

    /// A packet of our own, so many timestamp units after the one before.
    pub(crate) fn own(&mut self, now: Instant, units: u32, pace: Pace) -> Stamp {
        let switched = self.source != Some(OURSELVES);
        if switched {
            self.switch(now, OURSELVES, pace);
        } else {
            self.timestamp = self.timestamp.wrapping_add(units);
        }
        let (sequence, timestamp) = (self.highest.next(), self.timestamp);
        self.stamped_at = None;
        self.advance(now, sequence, timestamp, 1);
        Stamp { sequence, timestamp, switched }
    }

    /// A packet of so many bytes went out.
    #[inline]
    pub(crate) fn count(&mut self, bytes: usize, payload: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.payload_bytes += payload as u64;
    }

    /// The timestamp that corresponds to `now` (sender reports, RFC 3550 §6.4.1).
    pub(crate) fn timestamp_at(&self, now: Instant) -> u32 {
        let elapsed = self.stamped_at.map_or(0, |at| now.saturating_duration_since(at).as_micros() as u64);
        let units = elapsed.wrapping_mul(u64::from(self.rate)) / 1_000_000;
        self.timestamp.wrapping_add(units as u32)
    }

    /// Puts `timestamp` where the next packet belongs: on by the time that passed, in whole packets, one at least.
    fn switch(&mut self, now: Instant, origin: Origin, pace: Pace) {
        self.source = Some(origin);
        self.rate = pace.rate;
        self.advanced = 0;
        if let Some(at) = self.stamped_at {
            let ptime = u64::from(pace.ptime.max(1)) * 1_000;
            let elapsed = now.saturating_duration_since(at).as_micros() as u64;
            let packets = ((elapsed + ptime / 2) / ptime).max(1);
            let units = packets.wrapping_mul(ptime).wrapping_mul(u64::from(pace.rate)) / 1_000_000;
            self.timestamp = self.timestamp.wrapping_add(units as u32);
            self.stamped_at = None;
        }
    }

    #[inline]
    fn advance(&mut self, now: Instant, sequence: Seq, timestamp: u32, step: u16) {
        self.highest = sequence;
        self.advanced = self.advanced.saturating_add(step).min(HALF);
        if self.timestamp != timestamp || self.stamped_at.is_none() {
            self.timestamp = timestamp;
            self.stamped_at = Some(now);
        }
    }
}

/// The origin of tones.
const OURSELVES: Origin = Origin { generation: 0, stream: 0 };
/// Beyond half the range a number cannot be said to be earlier or later.
const HALF: u16 = 0x7fff;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PACE: Pace = Pace { rate: 8_000, ptime: 20 };
    const A: Origin = Origin { generation: 1, stream: 1 };
    const B: Origin = Origin { generation: 2, stream: 1 };

    fn stamp(sequence: u16, timestamp: u32, switched: bool) -> Stamp {
        Stamp { sequence: Seq::from(sequence), timestamp, switched }
    }

    /// MED-02: the receiver sees one stream.
    #[test]
    fn sources_follow_each_other_without_a_gap() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut out = Outgoing::new(7, 65_534, u32::MAX);
        let mut relay = |at, origin, seq, ts| out.relay(ms(at), origin, Seq::from(seq), ts, PACE);
        assert_eq!(relay(0, A, 100, 1_000), Some(stamp(65_535, u32::MAX, true)));
        assert_eq!(relay(20, A, 101, 1_160), Some(stamp(0, 159, false)));
        assert_eq!(relay(33, B, 9, 5), Some(stamp(1, 319, true)));
        assert_eq!(relay(53, B, 10, 165), Some(stamp(2, 479, false)));
        assert_eq!(relay(253, A, 500, 0), Some(stamp(3, 479 + 1_600, true)));
        assert_eq!(relay(254, B, 11, 0), Some(stamp(4, 479 + 1_760, true)), "on by one packet at least");
    }

    /// Packets of one event repeat its timestamp; time goes on meanwhile (RFC 4733 §2.5.1.2).
    #[test]
    fn repeated_timestamps_do_not_stop_the_clock() {
        let start = Instant::now();
        let mut out = Outgoing::new(7, 0, 0);
        for n in 0..10 {
            out.relay(start + Duration::from_millis(n * 20), A, Seq::from(n as u16), 800, PACE);
        }
        let later = out.relay(start + Duration::from_millis(200), B, Seq::from(1), 0, PACE);
        assert_eq!(later, Some(stamp(11, 1_600, true)));
    }

    #[test]
    fn late_packet_of_before_the_change_is_not_sent() {
        let now = Instant::now();
        let mut out = Outgoing::new(7, 0, 0);
        let mut relay = |origin, seq| out.relay(now, origin, Seq::from(seq), 0, PACE).map(|s| s.sequence);
        assert_eq!(relay(A, 100), Some(Seq::from(1)));
        assert_eq!(relay(A, 99), None);
        assert_eq!(relay(A, 100), Some(Seq::from(1)), "twice is the receiver's to sort out");
        assert_eq!(relay(A, 103), Some(Seq::from(4)));
        assert_eq!(relay(A, 102), Some(Seq::from(3)));
        for n in 0..200_000u32 {
            assert!(relay(A, (104 + n) as u16).is_some());
        }
    }

    #[test]
    fn own_packets_and_relayed_ones_join() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut out = Outgoing::new(7, 10, 1_000);
        assert_eq!(out.own(ms(0), 160, PACE), stamp(11, 1_000, true));
        assert_eq!(out.own(ms(20), 160, PACE), stamp(12, 1_160, false));
        let relayed = out.relay(ms(45), A, Seq::from(77), 9, PACE);
        assert_eq!(relayed, Some(stamp(13, 1_320, true)));
        assert_eq!(out.timestamp_at(ms(55)), 1_400);
        assert_eq!(out.own(ms(60), 160, PACE), stamp(14, 1_480, true));
    }
}
