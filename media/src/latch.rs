//! Symmetric latching: who is believed to be the peer of a socket, and where it hears us. MED-05, RFC 4961.
//!
//! Only the address of the negotiation and the address the signalling came from are believed, whatever the port,
//! because NAT changes ports. The first of them that sends something valid is the peer; it stays the peer until it
//! was silent for a while or the line is negotiated again. Who sends from the negotiated address and port itself is the
//! peer at once: a stray stream of an earlier call, from another phone behind the same address, must not keep it out.
//! Strangers change nothing.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

/// The other end of one socket.
#[derive(Debug, Clone)]
pub(crate) struct Latch {
    negotiated: SocketAddr,
    signalled_from: IpAddr,
    destination: SocketAddr,
    is_reachable: bool,
    source: Option<SocketAddr>,
    /// Until then another believed address may take over, because the line was negotiated again.
    open_until: Option<Instant>,
    heard_at: Option<Instant>,
}

/// What a valid packet's source means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The peer, as before.
    Known,
    /// The peer, from here on.
    Latched,
    /// Nobody we believe.
    Stranger,
}

impl Latch {
    /// Knows nobody: no destination, all are strangers.
    pub(crate) fn new() -> Self {
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        Self {
            negotiated: nowhere,
            signalled_from: nowhere.ip(),
            destination: nowhere,
            is_reachable: false,
            source: None,
            open_until: None,
            heard_at: None,
        }
    }

    /// The line was negotiated (again).
    pub(crate) fn agree(&mut self, now: Instant, negotiated: SocketAddr, signalled_from: IpAddr) {
        let negotiated = SocketAddr::new(negotiated.ip().to_canonical(), negotiated.port());
        let moved = negotiated != self.negotiated;
        self.negotiated = negotiated;
        self.signalled_from = signalled_from.to_canonical();
        self.open_until = Some(now + SETTLE);
        if self.source.is_some_and(|source| !self.believes(source)) {
            self.source = None;
        }
        if moved || self.source.is_none() {
            self.aim(self.first_destination());
        }
    }

    /// A valid packet came from there.
    #[inline]
    pub(crate) fn hear(&mut self, now: Instant, from: SocketAddr) -> Source {
        if self.source == Some(from) {
            self.heard_at = Some(now);
            if self.open_until.is_some() {
                self.settle(now, from);
            }
            return Source::Known;
        }
        self.consider(now, from)
    }

    /// A packet from there would not be a stranger's; nothing changes.
    pub(crate) fn admits(&self, from: SocketAddr) -> bool {
        self.source == Some(from) || self.believes(from)
    }

    /// Where to send; `None` if nobody is there or it is the address of a hold (0.0.0.0).
    #[inline]
    pub(crate) fn destination(&self) -> Option<&SocketAddr> {
        self.is_reachable.then_some(&self.destination)
    }

    fn consider(&mut self, now: Instant, from: SocketAddr) -> Source {
        let is_negotiated = SocketAddr::new(from.ip().to_canonical(), from.port()) == self.negotiated;
        let free = is_negotiated
            || self.source.is_none()
            || self.open_until.is_some()
            || self.heard_at.is_none_or(|at| now.saturating_duration_since(at) >= SILENCE);
        if !free || !self.believes(from) {
            return Source::Stranger;
        }
        self.source = Some(from);
        self.aim(from);
        self.heard_at = Some(now);
        self.open_until = None;
        Source::Latched
    }

    /// Packets of the old address may still be on their way when a new one is negotiated; only if they go on
    /// is the peer still there.
    fn settle(&mut self, now: Instant, from: SocketAddr) {
        if self.open_until.is_some_and(|until| now >= until) {
            self.open_until = None;
            self.aim(from);
        }
    }

    fn aim(&mut self, destination: SocketAddr) {
        self.destination = destination;
        self.is_reachable = destination.port() != 0 && !destination.ip().is_unspecified();
    }

    fn believes(&self, from: SocketAddr) -> bool {
        let ip = from.ip().to_canonical();
        !ip.is_unspecified() && (ip == self.negotiated.ip() || ip == self.signalled_from)
    }

    /// The negotiated address; but a private one that was named from a public one lies behind NAT and cannot be
    /// reached, so the public one is tried.
    fn first_destination(&self) -> SocketAddr {
        let (said, seen) = (self.negotiated.ip(), self.signalled_from);
        let behind_nat = is_private(said) && !is_private(seen) && said.is_ipv4() == seen.is_ipv4();
        if behind_nat && !said.is_unspecified() {
            SocketAddr::new(seen, self.negotiated.port())
        } else {
            self.negotiated
        }
    }
}

/// Cannot be reached from the public network (RFC 1918, 3927, 4193, 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared
        }
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}

/// After so much silence of the peer another believed address may take over: a phone that rebooted, a NAT that
/// forgot.
const SILENCE: Duration = Duration::from_secs(2);
/// How long after a negotiation the old address is not sure to be the peer's.
const SETTLE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn latch(now: Instant, negotiated: &str, signalled_from: &str) -> Latch {
        let mut latch = Latch::new();
        latch.agree(now, at(negotiated), signalled_from.parse().expect("an address"));
        latch
    }

    #[test]
    fn nobody_is_known_before_the_negotiation() {
        let mut latch = Latch::new();
        assert_eq!(latch.hear(Instant::now(), at("192.0.2.1:4000")), Source::Stranger);
        assert_eq!(latch.hear(Instant::now(), at("0.0.0.0:4000")), Source::Stranger);
        assert_eq!(latch.destination(), None);
    }

    #[test]
    fn stranger_who_is_first_neither_latches_nor_hears() {
        let now = Instant::now();
        let mut latch = latch(now, "192.0.2.1:4000", "192.0.2.1");
        assert_eq!(latch.hear(now, at("203.0.113.66:4000")), Source::Stranger);
        assert_eq!(latch.destination(), Some(&at("192.0.2.1:4000")));
        assert_eq!(latch.hear(now, at("192.0.2.1:4444")), Source::Latched);
        assert_eq!(latch.hear(now, at("203.0.113.66:4000")), Source::Stranger);
        assert_eq!(latch.hear(now, at("192.0.2.1:4444")), Source::Known);
        assert_eq!(latch.destination(), Some(&at("192.0.2.1:4444")));
    }

    /// MED-05: a stream left over from another call of the same address gives way to the negotiated one.
    #[test]
    fn negotiated_address_takes_over_from_a_stray_stream_at_once() {
        let now = Instant::now();
        let mut latch = latch(now, "192.0.2.1:4000", "192.0.2.1");
        assert_eq!(latch.hear(now, at("192.0.2.1:9999")), Source::Latched);
        assert_eq!(latch.hear(now, at("192.0.2.1:4000")), Source::Latched);
        assert_eq!(latch.hear(now, at("192.0.2.1:9999")), Source::Stranger);
        assert_eq!(latch.destination(), Some(&at("192.0.2.1:4000")));
    }

    #[test]
    fn address_of_the_signalling_is_believed_behind_nat() {
        let now = Instant::now();
        let mut latch = latch(now, "192.168.1.9:4000", "198.51.100.7");
        assert_eq!(latch.destination(), Some(&at("198.51.100.7:4000")));
        assert_eq!(latch.hear(now, at("198.51.100.7:61000")), Source::Latched);
        assert_eq!(latch.destination(), Some(&at("198.51.100.7:61000")));
    }

    #[test]
    fn second_source_waits_for_two_seconds_of_silence() {
        let now = Instant::now();
        let mut latch = latch(now, "192.0.2.1:4000", "192.0.2.1");
        latch.hear(now, at("192.0.2.1:4000"));
        let (early, late) = (now + Duration::from_millis(1_999), now + SILENCE);
        assert_eq!(latch.hear(early, at("192.0.2.1:5000")), Source::Stranger);
        assert_eq!(latch.hear(late, at("203.0.113.66:5000")), Source::Stranger);
        assert_eq!(latch.hear(late, at("192.0.2.1:5000")), Source::Latched);
    }

    /// SIP-20: a re-INVITE moves the media; the last packets of the old port do not turn us back.
    #[test]
    fn negotiating_again_opens_the_latch_once() {
        let now = Instant::now();
        let mut latch = latch(now, "192.0.2.1:4000", "192.0.2.1");
        latch.hear(now, at("192.0.2.1:4000"));
        latch.agree(now, at("192.0.2.1:6000"), "192.0.2.1".parse().expect("an address"));
        assert_eq!(latch.hear(now, at("192.0.2.1:4000")), Source::Known);
        assert_eq!(latch.destination(), Some(&at("192.0.2.1:6000")));
        assert_eq!(latch.hear(now, at("192.0.2.1:6000")), Source::Latched);
        assert_eq!(latch.hear(now, at("192.0.2.1:4000")), Source::Stranger);
        latch.agree(now, at("198.51.100.1:7000"), "198.51.100.1".parse().expect("an address"));
        assert_eq!(latch.hear(now, at("192.0.2.1:6000")), Source::Stranger);
    }

    #[test]
    fn peer_that_stays_in_spite_of_its_new_address_keeps_hearing_us() {
        let now = Instant::now();
        let mut latch = latch(now, "192.168.1.9:4000", "198.51.100.7");
        latch.hear(now, at("198.51.100.7:61000"));
        latch.agree(now, at("192.168.1.9:4002"), "198.51.100.7".parse().expect("an address"));
        assert_eq!(latch.hear(now, at("198.51.100.7:61000")), Source::Known);
        assert_eq!(latch.destination(), Some(&at("198.51.100.7:4002")));
        assert_eq!(latch.hear(now + SETTLE, at("198.51.100.7:61000")), Source::Known);
        assert_eq!(latch.destination(), Some(&at("198.51.100.7:61000")));
    }

    #[test]
    fn hold_address_is_never_sent_to() {
        let now = Instant::now();
        assert_eq!(latch(now, "0.0.0.0:4000", "192.0.2.1").destination(), None);
        assert_eq!(latch(now, "192.0.2.1:0", "192.0.2.1").destination(), None);
    }
}
