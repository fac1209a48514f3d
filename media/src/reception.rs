//! What arrives from one peer: sequence, loss and jitter (RFC 3550 §6.4.1, appendices A.1, A.3, A.8).

use std::time::{Duration, Instant};

use rtp_rs::Seq;

/// Bookkeeping of the packets from one peer, over all the sources (SSRC) it used.
#[derive(Debug, Clone)]
pub(crate) struct Reception {
    epoch: Instant,
    ssrc: Option<u32>,
    streams: u32,
    /// Extended sequence numbers; they begin one cycle up, so that early ones do not underflow.
    base: u64,
    highest: u64,
    /// Bit n: `highest - n` has come.
    window: u128,
    /// What one more packet in sequence would be, after a jump (RFC 3550 A.1 `bad_seq`).
    after_jump: Option<Seq>,
    clock: Clock,
    current: Count,
    /// Of the sources before this one.
    earlier: Count,
    bytes: u64,
    disordered: u64,
    reported: Count,
}

/// How a packet fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// In sequence, late or twice.
    Same,
    /// The first of another source, or of a source that began anew.
    Restarted,
    /// Far from what was expected; believed only if the next one continues it.
    Jump,
}

/// The header fields that count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) ssrc: u32,
    pub(crate) sequence: Seq,
    pub(crate) timestamp: u32,
}

/// What a report block says about a source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Loss {
    /// Of 256 expected since the last report.
    pub(crate) fraction: u8,
    /// Since the source began; negative if more came twice than not.
    pub(crate) lost: i32,
    /// Extended highest sequence number.
    pub(crate) highest: u32,
    /// In timestamp units.
    pub(crate) jitter: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    expected: u64,
    /// Without those that came twice.
    received: u64,
    twice: u64,
}

/// Interarrival jitter, in the integer form of RFC 3550 A.8.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    rate: u32,
    transit: Option<u32>,
    /// Times 16.
    jitter: u32,
}

impl Reception {
    pub(crate) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            ssrc: None,
            streams: 0,
            base: 0,
            highest: 0,
            window: 0,
            after_jump: None,
            clock: Clock::default(),
            current: Count::default(),
            earlier: Count::default(),
            bytes: 0,
            disordered: 0,
            reported: Count::default(),
        }
    }

    /// A packet of so many bytes.
    #[inline]
    pub(crate) fn packet(&mut self, header: Header, bytes: usize) -> Arrival {
        let arrival = self.place(header);
        if arrival != Arrival::Jump {
            self.bytes += bytes as u64;
        }
        arrival
    }

    /// The packet was speech with this clock rate [Hz]; events repeat their timestamp and tell nothing.
    #[inline]
    pub(crate) fn speech(&mut self, now: Instant, timestamp: u32, rate: u32) {
        let elapsed = now.saturating_duration_since(self.epoch);
        let whole = elapsed.as_secs().wrapping_mul(u64::from(rate)) as u32;
        let part = (u64::from(elapsed.subsec_nanos()) * u64::from(rate) / 1_000_000_000) as u32;
        self.clock.arrive(whole.wrapping_add(part), timestamp, rate);
    }

    /// Which source is heard.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }
    /// How many streams began: counts with every [`Arrival::Restarted`].
    #[inline]
    pub(crate) fn streams(&self) -> u32 {
        self.streams
    }
    /// Packets that came, those twice included.
    pub(crate) fn packets(&self) -> u64 {
        let both = [self.earlier, self.current];
        both.iter().map(|count| count.received + count.twice).sum()
    }
    /// With RTP headers.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
    /// Packets that never came, of all sources.
    pub(crate) fn lost(&self) -> u64 {
        self.earlier.lost() + self.current.lost()
    }
    /// Packets that came late or twice.
    pub(crate) fn disordered(&self) -> u64 {
        self.disordered
    }
    /// Interarrival jitter.
    pub(crate) fn jitter(&self) -> Duration {
        ticks(self.clock.jitter >> 4, self.clock.rate)
    }

    /// For a report block; the fraction counts from the last call.
    pub(crate) fn report(&mut self) -> Loss {
        let Count { expected, received, twice } = self.current;
        let arrived = received + twice;
        let before = self.reported;
        self.reported = self.current;
        let expected_now = expected.saturating_sub(before.expected);
        let lost_now = expected_now.saturating_sub(arrived - (before.received + before.twice));
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8;
        let lost = (expected as i64 - arrived as i64).clamp(-(1 << 23), (1 << 23) - 1) as i32;
        // Extended numbers begin one cycle up here, and at zero on the wire.
        let highest = self.highest.wrapping_sub(1 << 16) as u32;
        Loss { fraction, lost, highest, jitter: self.clock.jitter >> 4 }
    }

    #[inline]
    fn place(&mut self, header: Header) -> Arrival {
        if self.ssrc != Some(header.ssrc) {
            self.restart(header);
            return Arrival::Restarted;
        }
        let step = header.sequence - Seq::from(self.highest as u16);
        if (1..MAX_DROPOUT).contains(&step) {
            self.highest += step as u64;
            self.window = self.window.checked_shl(step as u32).unwrap_or(0) | 1;
            self.count();
            return Arrival::Same;
        }
        if (-MAX_MISORDER..=0).contains(&step) {
            self.late(step.unsigned_abs());
            return Arrival::Same;
        }
        if self.after_jump == Some(header.sequence) {
            self.restart(header);
            return Arrival::Restarted;
        }
        self.after_jump = Some(header.sequence.next());
        Arrival::Jump
    }

    fn late(&mut self, behind: u32) {
        self.disordered += 1;
        let bit = 1u128 << behind;
        if self.window & bit != 0 {
            self.current.twice += 1;
            return;
        }
        self.window |= bit;
        self.base = self.base.min(self.highest - u64::from(behind));
        self.count();
    }

    #[inline]
    fn count(&mut self) {
        self.after_jump = None;
        self.current.received += 1;
        self.current.expected = self.highest - self.base + 1;
    }

    fn restart(&mut self, header: Header) {
        self.earlier.add(self.current);
        self.current = Count::default();
        self.reported = Count::default();
        self.ssrc = Some(header.ssrc);
        self.streams = self.streams.wrapping_add(1);
        self.highest = (1 << 16) + u64::from(u16::from(header.sequence));
        self.base = self.highest;
        self.window = 1;
        self.clock.transit = None;
        self.count();
    }
}

impl Count {
    fn lost(self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
    fn add(&mut self, other: Self) {
        self.expected += other.expected;
        self.received += other.received;
        self.twice += other.twice;
    }
}

impl Clock {
    #[inline]
    fn arrive(&mut self, arrival: u32, timestamp: u32, rate: u32) {
        let transit = arrival.wrapping_sub(timestamp);
        if self.rate != rate {
            *self = Self { rate, transit: None, jitter: 0 };
        }
        if let Some(before) = self.transit {
            let step = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            // A leap is a sender's clock that was set, not the network.
            if step < rate {
                self.jitter = self.jitter + step - ((self.jitter + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }
}

/// Timestamp units as time; zero without a rate.
pub(crate) fn ticks(units: u32, rate: u32) -> Duration {
    let nanos = (u64::from(units) * 1_000_000_000).checked_div(u64::from(rate));
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// RFC 3550 A.1.
const MAX_DROPOUT: i32 = 3_000;
/// RFC 3550 A.1. Less than the bits of the window.
const MAX_MISORDER: i32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn reception() -> Reception {
        Reception::new(Instant::now())
    }

    fn hear(reception: &mut Reception, ssrc: u32, sequence: u16) -> Arrival {
        let header = Header { ssrc, sequence: Seq::from(sequence), timestamp: 0 };
        reception.packet(header, 172)
    }

    /// MED-04
    #[test]
    fn losses_late_and_twice_are_told_apart() {
        let mut r = reception();
        for n in [10, 11, 13, 12, 13, 15, 15, 20] {
            hear(&mut r, 1, n);
        }
        assert_eq!((r.packets(), r.lost(), r.disordered()), (8, 5, 3));
        assert_eq!(r.report(), Loss { fraction: (3 * 256 / 11) as u8, lost: 3, highest: 20, jitter: 0 });
    }

    /// RFC 3550 A.3: the fraction is that of the interval.
    #[test]
    fn fraction_counts_from_report_to_report() {
        let mut r = reception();
        (0..100u16).filter(|n| n % 4 != 3).for_each(|n| {
            hear(&mut r, 1, n);
        });
        assert_eq!(r.report().fraction, (24 * 256 / 99) as u8);
        (100..200).for_each(|n| {
            hear(&mut r, 1, n);
        });
        assert_eq!((r.report().fraction, r.report().fraction, r.lost()), (2, 0, 25), "1 of 101");
    }

    #[test]
    fn early_packet_that_comes_second_is_counted() {
        let mut r = reception();
        for n in [0, 65_535, 2] {
            hear(&mut r, 1, n);
        }
        assert_eq!((r.packets(), r.lost(), r.disordered()), (3, 1, 1));
    }

    #[test]
    fn a_million_packets_wrap_without_loss() {
        let mut r = reception();
        for n in 0..1_000_000u32 {
            assert_ne!(hear(&mut r, 1, (n + 65_000) as u16), Arrival::Jump);
        }
        assert_eq!((r.packets(), r.lost(), r.disordered()), (1_000_000, 0, 0));
        assert_eq!(r.report().highest, 1_064_999);
    }

    /// RFC 3550 A.1
    #[test]
    fn jump_is_believed_when_it_continues() {
        let mut r = reception();
        hear(&mut r, 1, 100);
        assert_eq!(hear(&mut r, 1, 40_000), Arrival::Jump);
        assert_eq!(hear(&mut r, 1, 101), Arrival::Same);
        assert_eq!(hear(&mut r, 1, 40_001), Arrival::Jump);
        assert_eq!(hear(&mut r, 1, 40_002), Arrival::Restarted);
        assert_eq!(hear(&mut r, 2, 7), Arrival::Restarted);
        assert_eq!((r.packets(), r.lost()), (4, 0));
    }

    /// RFC 3550 A.8: J += (|D| - J) / 16, for D always 10 ms, tends to 10 ms.
    #[test]
    fn jitter_tends_to_the_injected_one() {
        let mut r = reception();
        let start = r.epoch;
        for n in 0..2_000u32 {
            let late = if n % 2 == 0 { 0 } else { 10 };
            r.speech(start + Duration::from_millis(u64::from(n) * 20 + late), n.wrapping_mul(160), 8_000);
        }
        let ms = r.jitter().as_secs_f64() * 1e3;
        assert!((9.5..=10.0).contains(&ms), "{ms} ms");
    }

    #[test]
    fn steady_arrival_has_no_jitter_and_a_leap_adds_none() {
        let mut r = reception();
        let start = r.epoch;
        for n in 0..100u32 {
            let leap = if n < 50 { 0 } else { 1 << 31 };
            let timestamp = (n * 160).wrapping_add(u32::MAX - 4_000).wrapping_add(leap);
            r.speech(start + Duration::from_millis(u64::from(n) * 20), timestamp, 8_000);
        }
        assert_eq!(r.jitter(), Duration::ZERO);
    }
}
