//! One trunk as it is right now: where it is, whether it has us, whether it is there, how many calls it carries. SIP-38.

use std::{sync::Arc, time::Instant};

use config::snapshot::{Srtp, Transport, Trunk};
use rand::rngs::StdRng;
use sip_stack::{
    Message, Name, Series,
    digest::{self, Attempt},
    resolve::{self, Answers, Hop, Question, Resolved, Target},
};
use smallvec::SmallVec;

use super::{Health, Registration};
use crate::live::TrunkState;

/// One trunk as it is right now.
#[derive(Debug)]
pub(crate) struct Line {
    pub trunk: Arc<Trunk>,
    /// In the order in which they are tried; old ones stay until there are newer ones.
    pub hops: Vec<Hop>,
    /// Its domain has TLS, which is passed over: no listener of ours speaks it.
    pub passed_tls: bool,
    /// Which of them we register at and ask.
    at: usize,
    look_up: LookUp,
    pub registration: Option<Registration>,
    pub health: Option<Health>,
    /// All our REGISTERs.
    pub series: Option<Series>,
    pub challenge: Option<Challenge>,
    /// Calls by it, both directions.
    pub calls: u32,
}

/// How far the search for addresses is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LookUp {
    /// To be done then.
    At(Instant),
    /// Questions are open.
    Asked,
    /// Nothing was found; tried again then.
    Nowhere(Instant),
}

/// The last challenge to a REGISTER, so that the next one brings its credentials along.
#[derive(Debug)]
pub(crate) struct Challenge {
    value: Vec<u8>,
    header: Name,
    used: u32,
}

impl Line {
    /// A trunk that nothing is known of.
    pub(crate) fn new(now: Instant, trunk: Arc<Trunk>, random: &mut StdRng) -> Self {
        let registers = trunk.account.registers.filter(|_| trunk.enabled);
        let health = trunk.health.filter(|_| trunk.enabled);
        Self {
            registration: registers.map(|wanted| Registration::new(now, wanted)),
            health: health.map(|interval| Health::new(now, interval, random)),
            trunk,
            hops: Vec::new(),
            passed_tls: false,
            at: 0,
            look_up: LookUp::At(now),
            series: None,
            challenge: None,
            calls: 0,
        }
    }
    /// When something is to be done.
    pub(crate) fn next(&self) -> Option<Instant> {
        let look_up = match self.look_up {
            LookUp::At(at) | LookUp::Nowhere(at) => Some(at),
            LookUp::Asked => None,
        };
        if !self.trunk.enabled {
            return None;
        }
        // Without address nothing can be sent.
        let is_placed = !self.hops.is_empty();
        let registration = self.registration.as_ref().filter(|_| is_placed).and_then(Registration::next);
        let health = self.health.as_ref().filter(|_| is_placed).and_then(Health::next);
        [look_up, registration, health].into_iter().flatten().min()
    }
    /// Whether addresses are to be looked up now.
    pub(crate) fn must_look_up(&self, now: Instant) -> bool {
        let due = match self.look_up {
            LookUp::At(at) | LookUp::Nowhere(at) => at <= now,
            LookUp::Asked => false,
        };
        due && self.trunk.enabled
    }
    /// Whether it waits for answers.
    pub(crate) fn waits_for_answers(&self) -> bool {
        self.look_up == LookUp::Asked
    }
    /// Looks its addresses up in what is known; what must be asked first.
    pub(crate) fn look_up(
        &mut self,
        now: Instant,
        (answers, speaks): (&Answers, &[sip_stack::Transport]),
        random: &mut dyn FnMut(u64) -> u64,
    ) -> Vec<Question> {
        let (host, port) = self.trunk.hop();
        let transport = match self.trunk.peer.transport {
            Transport::Udp => Some(sip_stack::Transport::Udp),
            Transport::Tcp => Some(sip_stack::Transport::Tcp),
            Transport::Tls => Some(sip_stack::Transport::Tls),
            Transport::Dns => None,
        };
        // Whose speech must be encrypted is not called in clear, whatever its domain has (RFC 4568 §1: keys need a safe way).
        let wanted = self.trunk.peer.encryption;
        let demands_tls = wanted.srtp == Srtp::Required && !wanted.clear_keys;
        let fits = |transport: &&sip_stack::Transport| !demands_tls || transport.is_encrypted();
        let speaks: SmallVec<[sip_stack::Transport; 4]> = speaks.iter().filter(fits).copied().collect();
        match resolve::resolve(answers, now, Target { host, port, transport, speaks: &speaks }, random) {
            Resolved::Hops { hops, until, passed_tls } => {
                self.passed_tls = passed_tls;
                self.look_up = LookUp::At(until);
                self.move_to(now, hops);
                vec![]
            }
            Resolved::Ask(questions) => {
                self.look_up = LookUp::Asked;
                questions
            }
            Resolved::Nowhere { until, passed_tls } => {
                self.passed_tls = passed_tls;
                self.look_up = LookUp::Nowhere(until);
                vec![]
            }
        }
    }
    /// The address that we register at and ask.
    pub(crate) fn hop(&self) -> Option<Hop> {
        self.hops.get(self.at).copied()
    }
    /// That address does not answer: the next one is used from now on.
    pub(crate) fn try_next_hop(&mut self) {
        if !self.hops.is_empty() {
            self.at = (self.at + 1) % self.hops.len();
        }
    }
    /// Credentials for a REGISTER to that URI, if it was challenged before.
    pub(crate) fn credentials(&mut self, uri: &str, cnonce: &str) -> Option<(Name, String)> {
        let challenge = self.challenge.as_mut()?;
        challenge.used += 1;
        let attempt = Attempt { method: "REGISTER", uri, cnonce, nc: challenge.used };
        let account = &self.trunk.account;
        let answer = digest::answer(&challenge.value, &attempt, &account.auth_name, &account.secret)?;
        Some((challenge.header, answer))
    }
    /// Takes the challenge of a 401 or 407 to a REGISTER. Whether it can be answered: it is the first in this attempt, or
    /// says that only the nonce was old.
    pub(crate) fn hear_challenge(&mut self, response: &Message, was_proved: bool) -> bool {
        let Some(value) = digest::best_challenge(response) else { return false };
        let is_stale = digest::is_stale(value);
        let header =
            if response.status() == Some(407) { Name::ProxyAuthorization } else { Name::Authorization };
        self.challenge = Some(Challenge { value: value.to_vec(), header, used: 0 });
        !was_proved || is_stale
    }
    /// Its state in a word and in words.
    pub(crate) fn state(&self, now: Instant) -> (TrunkState, String) {
        if !self.trunk.enabled {
            return (TrunkState::Off, "switched off".into());
        }
        match (self.hops.is_empty(), self.look_up) {
            (true, LookUp::Nowhere(_)) if self.passed_tls => {
                return (TrunkState::Down, "its domain wants TLS, and no listener here speaks it".into());
            }
            (true, LookUp::Nowhere(_)) => {
                let (host, _) = self.trunk.hop();
                return (TrunkState::Down, format!("no address is found for {host}"));
            }
            (true, _) => return (TrunkState::Searching, "its address is looked up".into()),
            (false, _) => {}
        }
        match &self.registration {
            Some(registration) if !registration.is_held(now) => {
                return match registration.why() {
                    Some(why) => (TrunkState::Down, format!("registration: {why}")),
                    None => (TrunkState::Registering, "registers".into()),
                };
            }
            _ => {}
        }
        match &self.health {
            Some(health) if health.is_down() => (TrunkState::Down, "it does not answer OPTIONS".into()),
            _ if self.registration.is_some() => (TrunkState::Up, "registered".into()),
            Some(health) if health.seen => (TrunkState::Up, "answers".into()),
            _ => (TrunkState::Up, "not checked".into()),
        }
    }
    /// Whether one more call may go by it.
    pub(crate) fn is_full(&self) -> bool {
        self.trunk.channels.is_some_and(|most| self.calls >= most)
    }

    fn move_to(&mut self, now: Instant, hops: Vec<Hop>) {
        let present = self.hop();
        self.hops = hops;
        let kept = present.and_then(|hop| self.hops.iter().position(|other| *other == hop));
        self.at = kept.unwrap_or(0);
        if let (None, Some(_), Some(registration)) = (kept, present, &mut self.registration) {
            registration.renew(now);
        }
    }
}
