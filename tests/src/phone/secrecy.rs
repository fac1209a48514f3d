//! A phone's encrypted speech: its key, and what it does with the other side's. MED-03.

use media::{
    sdp::{Crypto, Encryption, Sealing},
    srtp::{Key, Keying, Opener, Sealer, Suite},
};

/// Whether speech is encrypted, and with which keys.
#[derive(Debug)]
pub struct Secrecy {
    /// What it offers and takes.
    pub encryption: Encryption,
    /// With which cipher it offers.
    pub suite: Suite,
    /// Packets that were not encrypted as agreed.
    pub foreign: usize,
    /// All of its key.
    byte: u8,
    agreed: Option<(Sealer, Opener)>,
}

impl Secrecy {
    /// In clear, with a key in case.
    pub fn new(index: u8) -> Self {
        let (encryption, suite) = (Encryption::Off, Suite::Aes128Sha80);
        Self { encryption, suite, foreign: 0, byte: index, agreed: None }
    }
    /// Whether the speech of its call is encrypted.
    pub fn is_agreed(&self) -> bool {
        self.agreed.is_some()
    }
    /// Has another key from now on, as phones that make one for each offer.
    pub fn change_key(&mut self) {
        self.byte = self.byte.wrapping_add(100);
    }
    fn own(&self, suite: Suite) -> Crypto {
        Crypto { tag: 1, keying: Keying { suite, key: Key::new([self.byte; 46]), mki: 0 } }
    }
    /// What its offers say.
    pub(super) fn offer(&self) -> Sealing {
        let own = (self.encryption != Encryption::Off).then(|| self.own(self.suite));
        Sealing { required: self.encryption == Encryption::Required, cryptos: own.into_iter().collect() }
    }
    /// What its answer to an offer with that key says; the key is in force.
    pub(super) fn answer(&mut self, theirs: Option<&Crypto>) -> Sealing {
        let ours = theirs.map(|theirs| Crypto { tag: theirs.tag, ..self.own(theirs.keying.suite) });
        self.agree(ours.zip(theirs.copied()));
        Sealing { required: false, cryptos: ours.into_iter().collect() }
    }
    /// The other side answered with that key.
    pub(super) fn hear(&mut self, theirs: Option<&Crypto>) {
        let ours = self.own(self.suite);
        self.agree(theirs.map(|theirs| (ours, *theirs)));
    }
    fn agree(&mut self, keys: Option<(Crypto, Crypto)>) {
        let contexts =
            |(ours, theirs): (Crypto, Crypto)| (Sealer::new(&ours.keying), Opener::new(&theirs.keying));
        self.agreed = keys.map(contexts);
    }
    pub(super) fn seal(&mut self, packet: &mut Vec<u8>) {
        let Some((sealer, _)) = &mut self.agreed else { return };
        let len = packet.len();
        packet.resize(len + 16, 0);
        let len = sealer.rtp(packet, len).expect("a packet of ours");
        packet.truncate(len);
    }
    pub(super) fn open(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        if let Some((_, opener)) = &mut self.agreed {
            let Some(len) = opener.rtp(&mut packet) else {
                self.foreign += 1;
                return None;
            };
            packet.truncate(len);
        }
        Some(packet)
    }
}
