//! Codecs: what they are called, and the ones we can convert between.

pub mod g711;

use std::borrow::Cow;

/// A codec by its meaning, independent of its number. Compares without regard to case, and without `fmtp`.
#[derive(Debug, Clone)]
pub struct Codec {
    /// `PCMU`, `opus`, `telephone-event`, …
    pub name: Cow<'static, str>,
    /// RTP clock rate. [Hz]
    pub rate: u32,
    /// 1 unless said.
    pub channels: u8,
    /// `a=fmtp` value, empty if none.
    pub fmtp: String,
}

impl Codec {
    /// A codec of one channel without parameters.
    pub fn new(name: &str, rate: u32) -> Self {
        Self { name: written(name), rate, channels: 1, fmtp: String::new() }
    }
    /// µ-law G.711.
    pub fn is_pcmu(&self) -> bool {
        self.is_g711("PCMU")
    }
    /// A-law G.711.
    pub fn is_pcma(&self) -> bool {
        self.is_g711("PCMA")
    }
    /// Digits as RTP events (RFC 4733), at any clock rate.
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }
    /// Comfort noise (RFC 3389).
    pub fn is_comfort_noise(&self) -> bool {
        self.name.eq_ignore_ascii_case("CN")
    }
    /// Carries speech by itself: neither events nor comfort noise nor redundancy around another codec.
    pub fn is_speech(&self) -> bool {
        !self.is_telephone_event() && !self.is_comfort_noise() && !self.name.eq_ignore_ascii_case("red")
    }

    fn is_g711(&self, name: &str) -> bool {
        self.rate == 8000 && self.channels == 1 && self.name.eq_ignore_ascii_case(name)
    }
}

impl PartialEq for Codec {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.rate == other.rate
            && self.channels == other.channels
    }
}
impl Eq for Codec {}

/// A codec's name as it was written; the usual ones need no memory of their own.
fn written(name: &str) -> Cow<'static, str> {
    match USUAL.iter().find(|usual| **usual == name) {
        Some(usual) => Cow::Borrowed(usual),
        None => Cow::Owned(name.to_owned()),
    }
}

/// What nearly every phone offers.
const USUAL: [&str; 8] = ["PCMU", "PCMA", "telephone-event", "opus", "G722", "G729", "GSM", "CN"];
