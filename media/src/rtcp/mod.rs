//! RTCP between us and one peer (RFC 3550 §6). Reports end here: each leg's are made from what was measured on that
//! leg. Extended reports (RFC 3611) and feedback are stepped over.

mod parse;
mod print;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(crate) use parse::{Report, reports};
pub(crate) use print::{Compound, Sender, write};

/// One report block (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// The source that is reported on.
    pub(crate) ssrc: u32,
    /// Of 256, since the last report.
    pub(crate) fraction: u8,
    /// Since the beginning, 24 bits with sign.
    pub(crate) lost: i32,
    /// Extended highest sequence number.
    pub(crate) highest: u32,
    /// In timestamp units.
    pub(crate) jitter: u32,
    /// Middle of the NTP timestamp of the last sender report, 0 if none.
    pub(crate) last_report: u32,
    /// Since that report came. [1/65,536 s]
    pub(crate) delay: u32,
}

/// What a peer's RTCP told, and what ours must repeat to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// Middle of its last sender report's NTP timestamp, and when it came.
    sender_report: Option<(u32, Instant)>,
    /// Its last block on our stream.
    pub(crate) block: Option<Block>,
    /// From our report to its answer and back, without its own time.
    pub(crate) round_trip: Option<Duration>,
}

impl Heard {
    /// A report of the peer. `ours` is the SSRC of what we send.
    pub(crate) fn take(&mut self, now: Instant, clock: NtpClock, report: &Report<'_>, ours: u32) {
        if let Some(middle) = report.ntp_middle {
            self.sender_report = Some((middle, now));
        }
        let Some(block) = report.blocks().find(|block| block.ssrc == ours) else { return };
        self.block = Some(block);
        if block.last_report != 0 {
            let units = clock.middle(now).wrapping_sub(block.last_report).wrapping_sub(block.delay);
            let plausible = u64::from(units) < LONGEST_ROUND_TRIP.as_secs() << 16;
            if plausible {
                self.round_trip = Some(Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16));
            }
        }
    }

    /// `last_report` and `delay` of our next block.
    pub(crate) fn echo(&self, now: Instant) -> (u32, u32) {
        self.sender_report.map_or((0, 0), |(middle, at)| {
            let since = now.saturating_duration_since(at);
            let units = (since.as_secs() << 16) | ((u64::from(since.subsec_nanos()) << 16) / 1_000_000_000);
            (middle, u32::try_from(units).unwrap_or(u32::MAX))
        })
    }
}

/// NTP timestamps of a node that has no wall clock here: time since its start (RFC 3550 §4 allows it; only
/// differences are used).
#[derive(Debug, Clone, Copy)]
pub(crate) struct NtpClock {
    pub(crate) epoch: Instant,
}

impl NtpClock {
    /// 64 bits: seconds and fraction.
    pub(crate) fn full(self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.epoch);
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        // From one second on: a middle of zero would mean "none".
        ((since.as_secs() + 1) << 32) | fraction
    }
    /// The middle 32 of them. [1/65,536 s]
    pub(crate) fn middle(self, now: Instant) -> u32 {
        (self.full(now) >> 16) as u32
    }
}

/// What is longer is a lie or a clock gone wrong.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(30);

/// Packet types (RFC 3550 §12.1).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
