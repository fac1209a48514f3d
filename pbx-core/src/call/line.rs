//! A leg's media line: what offer and answer agreed on, and what we print of it.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use media::{
    Path, Payload,
    sdp::{self, Audio, Codec, Crypto, Description, Direction, Encryption, Local, Sealing},
    srtp::{Key, Keying, Protection, Suite},
};

/// The leg's media line as offers and answers made it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Our side; `None` before a port was taken.
    pub local: Option<Local>,
    /// Where the worker binds.
    pub bind: Option<IpAddr>,
    /// The worker was told to open it.
    pub open: bool,
    /// What we offered last and is not answered yet, or was answered with `agreed`.
    pub offered: Vec<Payload>,
    /// The direction we printed last.
    pub ours: Direction,
    /// The peer is to hear and never to be heard, whatever it offers: it is paged. GRP-03
    pub only_listens: bool,
    /// The peer's last description that is in force.
    pub remote: Option<Description>,
    /// Payload types in force; empty before an agreement.
    pub agreed: Vec<Payload>,
    /// The answer that went out before the call was answered, or the offer to a caller who made none.
    pub early: Option<Bytes>,
    /// What the worker was told that the leg hears.
    pub path: Option<Path>,
    /// What the peer would do if we allowed everything, as far as it said.
    pub wants: Direction,
    /// The peer must be offered anew: it was told a port that we do not have any more, or talks with somebody else.
    pub is_stale: bool,
    /// An offer of ours is not answered yet that no renegotiation of this call waits for: one from before it came to this
    /// call, or the first one to a caller who made none.
    pub owes: bool,
    /// How many ports were taken by other programs.
    pub moves: u8,
    /// The last report that it sends nothing.
    pub silent: Option<Silence>,
    /// Whether it is encrypted. MED-03
    pub encryption: Encryption,
    /// Ours, one for each suite, as long as the line is there.
    pub keys: Option<Box<Keys>>,
    /// The keys in force; `None` is plain RTP.
    pub sealed: Option<Box<Protection>>,
}

/// A report that nothing came from the party for `since`, at `at`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence {
    pub at: Instant,
    pub since: Duration,
}

/// A key for each of [`Suite::ALL`].
pub(crate) type Keys = [Key; Suite::ALL.len()];

impl Line {
    /// What the peer last said it would do.
    pub(crate) fn theirs(&self) -> Direction {
        self.remote.as_ref().and_then(|d| d.audio.as_ref()).map_or(Direction::SendRecv, |a| a.direction)
    }
    /// What the peer offered or accepts; empty before it said anything.
    pub(crate) fn their_payloads(&self) -> &[Payload] {
        self.remote.as_ref().and_then(|d| d.audio.as_ref()).map_or(&[], |a| &a.payloads)
    }
    /// Packet time the peer asked for. [ms]
    pub(crate) fn ptime(&self) -> Option<u8> {
        self.remote.as_ref().and_then(|d| d.audio.as_ref()).and_then(|a| a.ptime)
    }

    /// Prints an offer of ours: the first, or a later one that keeps the number of media lines (RFC 3264 §8).
    pub(crate) fn print_offer(
        &mut self,
        payloads: Vec<Payload>,
        direction: Direction,
        ptime: Option<u8>,
    ) -> Bytes {
        let sealing = self.offered_keys();
        let Some(local) = &mut self.local else { return Bytes::new() };
        local.sealing = sealing;
        let printed = match &self.remote {
            Some(remote) if remote.audio.is_some() => local.offer_again(remote, &payloads, direction),
            _ => local.offer(&payloads, direction, ptime),
        };
        self.offered = payloads;
        if self.agreed.is_empty() {
            self.ours = direction;
        }
        printed
    }

    /// Takes the peer's answer to what we offered; `false` if nothing is in common.
    pub(crate) fn take_answer(&mut self, body: &[u8]) -> bool {
        let Ok(description) = Description::read(body, self.encryption) else { return false };
        let Some(audio) = &description.audio else { return false };
        let Ok(sealed) = self.chosen(audio) else { return false };
        let agreed = sdp::common(&self.offered, &audio.payloads);
        if agreed.is_empty() {
            return false;
        }
        let theirs = audio.direction;
        // What we forbade it to do says nothing of what it wants.
        self.wants = Direction::new(
            if self.ours.receives() { theirs.sends() } else { self.wants.sends() },
            if self.ours.sends() { theirs.receives() } else { self.wants.receives() },
        );
        self.agreed = agreed;
        self.sealed = sealed;
        self.remote = Some(description);
        true
    }

    /// Prints our answer to the peer's offer and puts it in force.
    pub(crate) fn print_answer(
        &mut self,
        offer: Description,
        payloads: Vec<Payload>,
        direction: Direction,
    ) -> Bytes {
        let taken = offer.audio.as_ref().and_then(|audio| audio.crypto.as_deref());
        let ours = taken.and_then(|theirs| {
            let keying = Keying { suite: theirs.keying.suite, key: self.key(theirs.keying.suite)?, mki: 0 };
            Some((Crypto { tag: theirs.tag, keying }, theirs.keying))
        });
        let Some(local) = &mut self.local else { return Bytes::new() };
        local.sealing = Sealing { required: false, cryptos: ours.iter().map(|(ours, _)| *ours).collect() };
        self.sealed = ours.map(|(ours, theirs)| Box::new(Protection { ours: ours.keying, theirs }));
        let printed = local.answer(&offer, &payloads, direction);
        self.ours = direction;
        self.agreed = payloads;
        self.wants = offer.audio.as_ref().map_or(self.wants, |audio| audio.direction);
        self.remote = Some(offer);
        printed
    }

    /// The keys that an offer of ours names, to choose from.
    fn offered_keys(&self) -> Sealing {
        let crypto =
            |(suite, tag)| Some(Crypto { tag, keying: Keying { suite, key: self.key(suite)?, mki: 0 } });
        let cryptos = Suite::ALL.into_iter().zip(1..).filter_map(crypto).collect();
        Sealing { required: self.encryption == Encryption::Required, cryptos }
    }

    /// What an answer to such an offer chose; an error if that was none of it.
    fn chosen(&self, audio: &Audio) -> Result<Option<Box<Protection>>, NotOffered> {
        let Some(theirs) = &audio.crypto else { return Ok(None) };
        let offered = self.offered_keys();
        let ours = offered.cryptos.iter().find(|ours| ours.tag == theirs.tag).ok_or(NotOffered)?;
        if ours.keying.suite != theirs.keying.suite {
            return Err(NotOffered);
        }
        Ok(Some(Box::new(Protection { ours: ours.keying, theirs: theirs.keying })))
    }

    fn key(&self, suite: Suite) -> Option<Key> {
        let at = Suite::ALL.iter().position(|other| *other == suite)?;
        self.keys.as_ref().map(|keys| keys[at])
    }

    /// The direction the peer would take if we offered everything.
    pub(crate) fn wish(&self) -> Direction {
        if self.agreed.is_empty() { self.theirs() } else { self.wants }
    }
    /// The direction of our descriptions for the peer while it talks with that one.
    pub(crate) fn fitting(&self, partner: &Self) -> Direction {
        self.wish().mirror().and(partner.wish())
    }
    /// The same media of the same peer in another call, under a port that is not chosen yet.
    pub(crate) fn elsewhere(&self) -> Self {
        Self {
            local: self.local.clone(),
            bind: self.bind,
            offered: self.offered.clone(),
            ours: self.ours,
            remote: self.remote.clone(),
            agreed: self.agreed.clone(),
            wants: self.wants,
            is_stale: true,
            encryption: self.encryption,
            keys: self.keys.clone(),
            sealed: self.sealed.clone(),
            owes: self.owes,
            ..Self::default()
        }
    }
}

/// A key that was not among those offered (RFC 4568 §5.1.2).
struct NotOffered;

/// Whether the worker can make this codec itself.
pub(crate) fn is_g711(codec: &Codec) -> bool {
    codec.rate == 8000 && ["PCMU", "PCMA"].iter().any(|name| codec.name.eq_ignore_ascii_case(name))
}
