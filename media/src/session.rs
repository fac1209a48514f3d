//! One leg's media line: addresses, payload types, what it hears.

use std::net::SocketAddr;

use smallvec::SmallVec;

use crate::{
    codec::Codec,
    srtp::Protection,
    tone::{Country, Tone},
};

/// One leg's media. Chosen by the engine, never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// One payload type that was negotiated. Equal in both directions (we always answer with the offerer's numbers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// 0..=127.
    pub number: u8,
    /// What it carries.
    pub codec: Codec,
}

/// What offer and answer agreed on for one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where the peer wants RTP. Packets go here until a packet of the negotiated peer arrives
    /// from elsewhere and is believed (symmetric latching).
    pub remote: SocketAddr,
    /// Where the peer wants RTCP (`a=rtcp`, else port + 1; equals `remote` with rtcp-mux).
    pub remote_rtcp: SocketAddr,
    /// RTP and RTCP on one port (RFC 5761).
    pub rtcp_mux: bool,
    /// Payload types, the preferred one first, telephone-event among them.
    pub payloads: SmallVec<[Payload; 6]>,
    /// We may send to the peer.
    pub send: bool,
    /// The peer may send to us; what arrives in spite of `false` is dropped and counted.
    pub receive: bool,
    /// Packet time. [ms, 10..=60]
    pub ptime: u8,
    /// Speech and reports are encrypted; `None` is plain RTP.
    pub protection: Option<Box<Protection>>,
    /// Where the peer's signalling came from: an address behind NAT from which media is believed too.
    pub signalled_from: std::net::IpAddr,
}

/// What a leg hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Path {
    /// Nothing is sent.
    #[default]
    Silent,
    /// A tone, until the path changes. Silent if neither PCMU nor PCMA was negotiated.
    Tone(Tone, Country),
    /// The other leg's packets: relayed if they share the codec, transcoded between PCMU and PCMA otherwise. Its own id is an
    /// echo.
    Peer(SessionId),
    /// All others whose path is that mix, summed up; they hear it, too. Silent if neither PCMU nor PCMA was negotiated. All
    /// sessions of a mix are of one worker.
    Mix(MixId),
}

/// Parties who hear each other. Chosen by the engine, never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MixId(pub u64);
