//! SDP (RFC 8866) and offer/answer (RFC 3264) as far as a telephone system needs it: one audio line.
//!
//! [`Description::parse`] reads what came, [`Local`] prints what we say, the functions of [`agree`](self) decide
//! which payload types are in force. Nothing here knows a call.

mod agree;
mod crypto;
mod direction;
mod parse;
mod print;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub use crate::codec::Codec;
use crate::session::Payload;
pub use agree::{common, g711, line, relay_answer, relay_offer};
pub use crypto::{Crypto, Encryption};
pub use direction::Direction;
pub use print::{Local, Sealing};

/// A session description that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The first usable audio line; `None` if there is none or it is refused (port 0).
    pub audio: Option<Audio>,
    /// Every m= line in order, `media port profile formats`, so that an answer can refuse the others.
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
    pub payloads: Vec<Payload>,
    /// Direction as the writer sees it.
    pub direction: Direction,
    /// `a=ptime`, no more than `a=maxptime`. [ms]
    pub ptime: Option<u8>,
    /// `RTP/AVP`, `RTP/AVPF`, `RTP/SAVP` or `RTP/SAVPF`.
    pub profile: String,
    /// The first key that we can use; of an answer the one that was chosen.
    pub crypto: Option<Box<Crypto>>,
}

/// Why a body is no description we can use. `Display` is fit for a Warning header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// The line of this number, counted from 1, cannot be read, or something it needs is missing.
    #[error("Malformed SDP at line {0}")]
    Line(usize),
    /// Beyond 64 KiB, 32 media lines or 64 payload types.
    #[error("SDP too large")]
    TooLarge,
    /// There is audio, but none over plain RTP.
    #[error("No audio line that can be used: plain RTP (RTP/AVP or RTP/AVPF) is needed")]
    NoAudio,
    /// There is audio, but none with a key that can be used.
    #[error("No audio line that can be used: speech is encrypted here (RTP/SAVP with a=crypto)")]
    NotEncrypted,
    /// No codec that both sides have.
    #[error("No codec in common")]
    NoCodec,
}
