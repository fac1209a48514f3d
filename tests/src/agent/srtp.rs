//! A phone's encrypted speech: its key in descriptions (RFC 4568), its packets (RFC 3711).

use media::{
    sdp::Crypto,
    srtp::{Key, Keying, Opener, Sealer, Suite},
};

use super::Text;

/// The keys of one media line.
#[derive(Debug)]
pub struct Srtp {
    ours: Crypto,
    sealer: Sealer,
    /// `None` before the other side told its key.
    opener: Option<Opener>,
    /// Its profile says so; otherwise the other side may talk in clear.
    required: bool,
}

impl Srtp {
    /// With a key of its own.
    pub fn new(suite: Suite, required: bool) -> Self {
        let keying = Keying { suite, key: Key::new(std::array::from_fn(|_| rand::random())), mki: 0 };
        Self { ours: Crypto { tag: 1, keying }, sealer: Sealer::new(&keying), opener: None, required }
    }
    /// That of an answer to an offer with a key, whose suite and number it takes.
    pub fn answering(offer: &Text) -> Option<Self> {
        let theirs = told(offer)?;
        let mut answering = Self::new(theirs.keying.suite, offer.body_text().contains("RTP/SAVP"));
        answering.ours.tag = theirs.tag;
        answering.opener = Some(Opener::new(&theirs.keying));
        Some(answering)
    }
    /// The description with our key.
    pub fn describe(&self, description: &str) -> String {
        let profile = if self.required { "RTP/SAVP " } else { "RTP/AVP " };
        let key = format!("a=crypto:{}\r\na=ptime", self.ours);
        description.replace("RTP/AVP ", profile).replace("a=ptime", &key)
    }
    /// Takes the other side's key; whether it told one.
    pub fn hear(&mut self, description: &Text) -> bool {
        self.opener = told(description).map(|theirs| Opener::new(&theirs.keying));
        self.opener.is_some()
    }
    pub fn seal(&mut self, packet: &mut Vec<u8>) {
        let len = packet.len();
        packet.resize(len + 16, 0);
        let len = self.sealer.rtp(packet, len).expect("a packet of ours");
        packet.truncate(len);
    }
    /// How long the packet is in clear; `None` for what is not encrypted with the other side's key.
    pub fn open(&mut self, packet: &mut [u8]) -> Option<usize> {
        self.opener.as_mut()?.rtp(packet)
    }
}

/// The key that a description tells.
fn told(description: &Text) -> Option<Crypto> {
    let body = description.body_text();
    body.lines().filter_map(|line| line.strip_prefix("a=crypto:")).find_map(Crypto::parse)
}
