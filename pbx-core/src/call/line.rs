//! A leg's media line: what offer and answer agreed on, and what we print of it.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use media::{
    Path, Payload,
    sdp::{self, Codec, Description, Direction, Local},
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
}

/// A report that nothing came from the party for `since`, at `at`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence {
    pub at: Instant,
    pub since: Duration,
}

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
        let Some(local) = &mut self.local else { return Bytes::new() };
        let printed = match &self.remote {
            Some(remote) if remote.audio.is_some() => local.answer(remote, &payloads, direction),
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
        let Ok(description) = Description::parse(body) else { return false };
        let Some(audio) = &description.audio else { return false };
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
        let Some(local) = &mut self.local else { return Bytes::new() };
        let printed = local.answer(&offer, &payloads, direction);
        self.ours = direction;
        self.agreed = payloads;
        self.wants = offer.audio.as_ref().map_or(self.wants, |audio| audio.direction);
        self.remote = Some(offer);
        printed
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
            owes: self.owes,
            ..Self::default()
        }
    }
}

/// Whether the worker can make this codec itself.
pub(crate) fn is_g711(codec: &Codec) -> bool {
    codec.rate == 8000 && ["PCMU", "PCMA"].iter().any(|name| codec.name.eq_ignore_ascii_case(name))
}
