//! A network address translator in front of a phone: lets in what comes while its mapping lives.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// One mapping, kept alive by what the phone sends (RFC 4787 REQ-6).
#[derive(Debug)]
pub struct Nat {
    /// The address the phone believes to have.
    pub inside: SocketAddr,
    /// How long the mapping lives without traffic.
    pub lifetime: Duration,
    sent_at: Option<Instant>,
}

impl Nat {
    /// No mapping yet.
    pub fn new(inside: &str, lifetime: Duration) -> Self {
        Self { inside: inside.parse().expect("an address"), lifetime, sent_at: None }
    }
    /// The phone sends.
    pub fn sends(&mut self, now: Instant) {
        self.sent_at = Some(now);
    }
    /// Whether something from outside gets through.
    pub fn lets_in(&self, now: Instant) -> bool {
        self.sent_at.is_some_and(|at| now < at + self.lifetime)
    }
}
