//! The state of one leg's media: what is believed, received, sent and measured.

use std::time::{Duration, Instant};

use rand::{Rng, rngs::StdRng};

use super::{mixing::Mixed, player::Player, sealing::Sealed};
use crate::{
    codec::Codec,
    dtmf::Digits,
    latch::Latch,
    outgoing::Outgoing,
    quality::{Conditions, mos},
    reception::{self, Reception},
    routes::Routes,
    rtcp,
    session::{Line, Path, SessionId},
    statistics::{Direction, Statistics},
};

/// One leg's media.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) generation: u32,
    pub(super) opened_at: Instant,
    /// What was negotiated; nothing flows before.
    pub(super) line: Option<Line>,
    pub(super) links: Links,
    pub(super) rtp: Latch,
    pub(super) rtcp: Latch,
    /// From this leg's payload types to those of who hears it.
    pub(super) routes: Routes,
    pub(super) reception: Reception,
    pub(super) outgoing: Outgoing,
    pub(super) digits: Digits,
    pub(super) reports: Reports,
    /// The tone that is played.
    pub(super) player: Option<Player>,
    /// Its part of a mix.
    pub(super) mixed: Option<Box<Mixed>>,
    /// Keys and numbers, if it is encrypted.
    pub(super) sealed: Option<Box<Sealed>>,
    pub(super) dropped: u64,
    /// The last packet, or when one was first to be expected.
    pub(super) quiet_since: Instant,
}

/// A session at an index, not another one that took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// Who hears whom.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) path: Path,
    /// Whom this leg hears, of [`Path::Peer`].
    pub(super) peer: Option<Place>,
    /// Who hears this leg.
    pub(super) listener: Option<Place>,
}

/// What RTCP needs to know from report to report.
#[derive(Debug)]
pub(super) struct Reports {
    pub(super) heard: rtcp::Heard,
    /// Random for each session (RFC 7022).
    pub(super) cname: [u8; 24],
    /// A report was sent.
    pub(super) reported: bool,
    /// Packets sent when the last two reports were made.
    pub(super) sent_before: [u64; 2],
}

impl Session {
    pub(super) fn new(id: SessionId, generation: u32, now: Instant, random: &mut StdRng) -> Self {
        Self {
            id,
            generation,
            opened_at: now,
            line: None,
            links: Links::default(),
            rtp: Latch::new(),
            rtcp: Latch::new(),
            routes: Routes::none(),
            reception: Reception::new(now),
            // In the lower half, so that losses at the beginning hide no roll-over (RFC 3711 §3.3.1).
            outgoing: Outgoing::new(random.random(), random.random::<u16>() >> 1, random.random()),
            digits: Digits::default(),
            reports: Reports::new(random),
            player: None,
            mixed: None,
            sealed: None,
            dropped: 0,
            quiet_since: now,
        }
    }

    pub(super) fn clock(&self) -> rtcp::NtpClock {
        rtcp::NtpClock { epoch: self.opened_at }
    }

    /// The peer may be sent to.
    pub(super) fn may_send(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.send)
    }

    /// The peer should be sending.
    pub(super) fn expects_packets(&self) -> bool {
        matches!(self.links.path, Path::Peer(_)) && self.line.as_ref().is_some_and(|line| line.receive)
    }

    /// The figures so far.
    pub(super) fn statistics(&self) -> Statistics {
        Statistics {
            received: self.received(),
            sent: self.sent(),
            round_trip: self.reports.heard.round_trip,
            dropped: self.dropped,
        }
    }

    fn received(&self) -> Direction {
        let (packets, lost) = (self.reception.packets(), self.reception.lost());
        let jitter = self.reception.jitter();
        Direction {
            packets,
            bytes: self.reception.bytes(),
            lost,
            disordered: self.reception.disordered(),
            jitter,
            mos: self.score(packets + lost, lost, jitter),
        }
    }

    /// As the peer's reports say; without them only what was sent is known.
    fn sent(&self) -> Direction {
        let Outgoing { packets, bytes, rate, .. } = self.outgoing;
        let Some(block) = self.reports.heard.block else {
            return Direction { packets, bytes, ..Direction::default() };
        };
        let lost = u64::try_from(block.lost).unwrap_or(0).min(packets);
        let jitter = reception::ticks(block.jitter, rate);
        Direction { packets, bytes, lost, disordered: 0, jitter, mos: self.score(packets, lost, jitter) }
    }

    /// Delay is half the round trip, one packet, and a jitter buffer of twice the jitter.
    fn score(&self, expected: u64, lost: u64, jitter: Duration) -> f32 {
        let Some(line) = &self.line else { return 0.0 };
        let codec: Option<&Codec> = line.payloads.iter().map(|p| &p.codec).find(|codec| codec.is_speech());
        let way = self.reports.heard.round_trip.unwrap_or_default() / 2;
        let buffer = jitter.min(LONGEST_BUFFER) * 2;
        let delay = way + buffer + Duration::from_millis(line.ptime.into());
        mos(Conditions { codec: codec.map_or("", |codec| &codec.name), delay, expected, lost })
    }
}

impl Reports {
    fn new(random: &mut StdRng) -> Self {
        let mut cname = [0; 24];
        cname.fill_with(|| b"0123456789abcdef"[random.random_range(0..16)]);
        Self { heard: rtcp::Heard::default(), cname, reported: false, sent_before: [0; 2] }
    }
}

/// No phone buffers more.
const LONGEST_BUFFER: Duration = Duration::from_millis(500);
