//! SRTP (RFC 3711): speech and reports encrypted and proved in place, without allocation. Keys come by SDES (RFC 4568), of
//! which the text is in [`crate::sdp`].
//!
//! One direction is a context of its own: [`Sealer`] for what we send, [`Opener`] for what comes. Neither knows a socket or
//! a call. What is in here must not be printed: keys show as dots.

mod cipher;
mod open;
mod seal;
#[cfg(test)]
mod tests;
mod window;

use std::fmt;

pub use open::Opener;
pub use seal::Sealer;

/// A cipher with its proof (RFC 4568 §6.2, RFC 6188 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Suite {
    Aes128Sha80,
    Aes128Sha32,
    Aes256Sha80,
    Aes256Sha32,
}

/// A master key and its salt; how many bytes of it count the [`Suite`] says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub(crate) [u8; Key::MOST]);

/// A key in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keying {
    /// By which cipher.
    pub suite: Suite,
    /// What whoever sends encrypts with.
    pub key: Key,
    /// Bytes of the key's name in each packet (MKI), which the sender chose. 0–128.
    pub mki: u8,
}

/// Both directions of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    /// What we send.
    pub ours: Keying,
    /// What comes.
    pub theirs: Keying,
}

impl Suite {
    /// All, in the order in which we offer them.
    pub const ALL: [Self; 4] = [Self::Aes128Sha80, Self::Aes256Sha80, Self::Aes128Sha32, Self::Aes256Sha32];

    /// As a description says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128Sha32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes256Sha80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256Sha32 => "AES_256_CM_HMAC_SHA1_32",
        }
    }
    /// The suite of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }
    /// Of the key without its salt. [bytes]
    fn key_len(self) -> usize {
        match self {
            Self::Aes128Sha80 | Self::Aes128Sha32 => 16,
            Self::Aes256Sha80 | Self::Aes256Sha32 => 32,
        }
    }
    /// Of key and salt together. [bytes]
    pub(crate) fn master_len(self) -> usize {
        self.key_len() + SALT
    }
    /// Of what proves an RTP packet. Reports have 80 bits always (RFC 4568 §6.2.2). [bytes]
    fn tag_len(self) -> usize {
        match self {
            Self::Aes128Sha80 | Self::Aes256Sha80 => REPORT_TAG,
            Self::Aes128Sha32 | Self::Aes256Sha32 => 4,
        }
    }
}

impl Key {
    /// Of the longest suite. [bytes]
    pub(crate) const MOST: usize = 32 + SALT;

    /// Of random bytes.
    pub fn new(bytes: [u8; Self::MOST]) -> Self {
        Self(bytes)
    }
    fn master(&self, suite: Suite) -> (&[u8], &[u8]) {
        self.0[..suite.master_len()].split_at(suite.key_len())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Where the payload begins (RFC 3550 §5.1, §5.3.1); `None` for what is no RTP.
fn payload_at(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let fixed = RTP_HEADER + usize::from(first & 0x0f) * 4;
    if first >> 6 != 2 || packet.len() < fixed {
        return None;
    }
    if first & 0x10 == 0 {
        return Some(fixed);
    }
    let words: [u8; 2] = packet.get(fixed + 2..fixed + 4)?.try_into().ok()?;
    let end = fixed + 4 + usize::from(u16::from_be_bytes(words)) * 4;
    (end <= packet.len()).then_some(end)
}

/// Four bytes of a packet as a number.
fn number_at(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Of a master key's and a session's salt. [bytes]
const SALT: usize = 14;
/// Of an RTP header without CSRC and extension. [bytes]
const RTP_HEADER: usize = 12;
/// What of a report stays readable: its first header and who sends it (RFC 3711 §3.4). [bytes]
const REPORT_HEADER: usize = 8;
/// Of what proves a report. [bytes]
const REPORT_TAG: usize = 10;
/// Of the index behind a report, whose first bit says that it is encrypted. [bytes]
const REPORT_INDEX: usize = 4;
/// That bit (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;
