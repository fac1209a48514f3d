//! SDP (RFC 8866) and offer/answer (RFC 3264) as far as a telephone system needs it: one audio line.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use crate::session::Line;

/// A codec by its meaning, independent of its number. Compares without regard to case.
#[derive(Debug, Clone)]
pub struct Codec {
    /// `PCMU`, `opus`, `telephone-event`, …
    pub name: String,
    /// RTP clock rate. [Hz]
    pub rate: u32,
    /// 1 unless said.
    pub channels: u8,
    /// `a=fmtp` value, empty if none.
    pub fmtp: String,
}

/// `a=sendrecv` and its kin, from the point of view of whoever wrote it. `c=0.0.0.0` reads as `SendOnly`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// A session description that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The first usable audio line; `None` if there is none or it is refused (port 0).
    pub audio: Option<Audio>,
    /// Every m= line in order, `media port profile`, so that an answer can refuse the others.
    pub lines: Vec<String>,
    /// `o=` as received, to notice an unchanged version.
    pub origin: String,
    /// Index of `audio` in `lines`.
    pub audio_index: usize,
}

/// The audio line of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Where the writer wants RTP.
    pub address: SocketAddr,
    /// Where it wants RTCP.
    pub rtcp: SocketAddr,
    /// Offered or accepted `a=rtcp-mux`.
    pub rtcp_mux: bool,
    /// Payload types in order of preference, telephone-event among them.
    pub payloads: Vec<crate::Payload>,
    /// Direction as the writer sees it.
    pub direction: Direction,
    /// `a=ptime`. [ms]
    pub ptime: Option<u8>,
    /// `RTP/AVP`, `RTP/SAVP`, …
    pub profile: String,
}

/// Why a body is no description we can use. `Display` is fit for a Warning header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SdpError {
    #[error("Malformed SDP at line {0}")]
    Line(usize),
    #[error("SDP too large")]
    TooLarge,
    #[error("No audio line that can be used")]
    NoAudio,
    #[error("No codec in common")]
    NoCodec,
}

/// Our side of one leg's line; counts the `o=` version up when what is printed changes.
#[derive(Debug, Clone)]
pub struct Local {
    /// Our RTP address; RTCP is port + 1.
    pub address: SocketAddr,
    /// `o=` session id.
    pub id: u64,
    /// `o=` version.
    pub version: u64,
}

impl Description {
    /// Reads a body. Lenient: unknown lines are skipped; numbers are checked; 64 KiB, 32 media lines and 64 payload
    /// types at most.
    pub fn parse(_body: &[u8]) -> Result<Self, SdpError> {
        Err(SdpError::NoAudio)
    }
}

impl Local {
    /// A fresh line.
    pub fn new(address: SocketAddr, id: u64) -> Self {
        Self { address, id, version: 0 }
    }
    /// An offer with these payload types.
    pub fn offer(
        &mut self,
        _payloads: &[crate::Payload],
        _direction: Direction,
        _ptime: Option<u8>,
    ) -> Bytes {
        Bytes::new()
    }
    /// The answer to `offer` that accepts `payloads` (a subset of the offered ones, by their numbers), refusing all other
    /// media lines with port 0. `direction` is ours, already the mirror of theirs.
    pub fn answer(
        &mut self,
        _offer: &Description,
        _payloads: &[crate::Payload],
        _direction: Direction,
    ) -> Bytes {
        Bytes::new()
    }
}

/// The payload types both sides know, in the order of `offered` and with its numbers. Empty if they share no codec
/// (telephone-event alone does not count).
pub fn common(_offered: &[crate::Payload], _other: &[crate::Payload]) -> Vec<crate::Payload> {
    vec![]
}

/// What G.711 phones always understand: PCMU 0, PCMA 8 and telephone-event 101, for offers of our own.
pub fn g711() -> Vec<crate::Payload> {
    vec![]
}

/// What a worker needs of an exchange: `remote` is the peer's description, `agreed` the payload types in force,
/// `ours` the direction we printed.
pub fn line(
    _remote: &Audio,
    _agreed: &[crate::Payload],
    _ours: Direction,
    _signalled_from: IpAddr,
) -> Option<Line> {
    None
}

impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.rate == other.rate
            && self.channels == other.channels
    }
}
impl Eq for Codec {}
