//! Quality of one leg's media in both directions (RFC 3550 §6.4, ITU-T G.107 for the MOS estimate).

use std::time::Duration;

/// One direction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Direction {
    /// RTP packets.
    pub packets: u64,
    /// RTP bytes with headers.
    pub bytes: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came late or twice.
    pub disordered: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// Estimated mean opinion score, 1.0–4.5; 0 if unknown.
    pub mos: f32,
}

/// What is known about one leg.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// From the peer to us, measured here.
    pub received: Direction,
    /// From us to the peer, as its RTCP reports say (`packets`, `bytes` counted here).
    pub sent: Direction,
    /// Round trip from RTCP; `None` without reports.
    pub round_trip: Option<Duration>,
    /// Dropped: from strangers, malformed, unknown payload type, or sent while on hold.
    pub dropped: u64,
}
