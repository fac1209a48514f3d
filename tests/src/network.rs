//! A seeded network: loses, delays, and with unequal delays reorders, and repeats. Streams it only delays.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sip_stack::Transport;

/// A datagram, or a message in a stream, on its way.
#[derive(Debug, Clone)]
pub struct Datagram {
    /// How it travels.
    pub transport: Transport,
    /// Sender.
    pub from: SocketAddr,
    /// Receiver.
    pub to: SocketAddr,
    /// What it carries.
    pub bytes: Bytes,
}

/// Datagrams in flight.
#[derive(Debug)]
pub struct Network {
    random: StdRng,
    /// Each datagram takes a time out of this range.
    pub delay: Range<Duration>,
    /// Share of datagrams that are lost, 0.0–1.0.
    pub loss: f64,
    /// Share of datagrams that arrive twice, 0.0–1.0.
    pub duplicates: f64,
    flying: BTreeMap<(Instant, u64), Datagram>,
    /// When the last message of each stream arrives.
    streams: HashMap<(SocketAddr, SocketAddr), Instant>,
    sent: u64,
}

impl Network {
    /// A good network: 1–5 ms, nothing lost.
    pub fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            delay: Duration::from_millis(1)..Duration::from_millis(5),
            loss: 0.0,
            duplicates: 0.0,
            flying: BTreeMap::new(),
            streams: HashMap::new(),
            sent: 0,
        }
    }
    /// Sends; what becomes of it the seed decides.
    pub fn send(&mut self, now: Instant, datagram: Datagram) {
        if datagram.transport.is_reliable() {
            return self.send_in_order(now, datagram);
        }
        if self.random.random_bool(self.loss) {
            return;
        }
        let copies = 1 + usize::from(self.random.random_bool(self.duplicates));
        for _ in 0..copies {
            let at = now + self.random.random_range(self.delay.clone());
            self.sent += 1;
            self.flying.insert((at, self.sent), datagram.clone());
        }
    }
    fn send_in_order(&mut self, now: Instant, message: Datagram) {
        let last = self.streams.entry((message.from, message.to)).or_insert(now);
        *last = (now + self.random.random_range(self.delay.clone())).max(*last);
        self.sent += 1;
        self.flying.insert((*last, self.sent), message);
    }
    /// When the next one arrives.
    pub fn next(&self) -> Option<Instant> {
        self.flying.keys().next().map(|&(at, _)| at)
    }
    /// One that has arrived.
    pub fn arrived(&mut self, now: Instant) -> Option<Datagram> {
        let entry = self.flying.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }
}
