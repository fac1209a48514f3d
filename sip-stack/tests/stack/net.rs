//! Two stacks and a seeded network between them: loss, delay, reordering, duplicates, all in virtual time.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sip_stack::{Event, Flow, InviteId, Output, Settings, Stack, Transport, stack::OutgoingInvite};

/// The caller's side.
pub const ALICE: usize = 0;
/// The callee's side.
pub const BOB: usize = 1;

/// How the network treats datagrams.
#[derive(Debug, Clone)]
pub struct Net {
    pub loss: f64,
    pub duplicate: f64,
    pub delay: Range<u64>,
    /// How often a byte of a message is another one than was sent.
    pub garble: f64,
    /// Whether connections can be opened.
    pub tcp: bool,
    /// Nothing arrives at this side any more, and nothing leaves it.
    pub dead: [bool; 2],
}

/// Two nodes.
pub struct World {
    pub now: Instant,
    pub start: Instant,
    pub seed: u64,
    pub net: Net,
    pub stacks: [Stack; 2],
    pub ladder: Vec<String>,
    /// Whether the ladder is written.
    pub notes: bool,
    events: Vec<(usize, Event)>,
    rng: StdRng,
    wire: BTreeMap<(Instant, u64), (usize, Flow, Bytes)>,
    sent: u64,
    tcp_ready: [Instant; 2],
}

/// A network that only takes its time.
pub fn calm() -> Net {
    Net { loss: 0.0, duplicate: 0.0, delay: 10..11, garble: 0.0, tcp: true, dead: [false; 2] }
}

/// A network that loses, doubles and reorders.
pub fn rough() -> Net {
    Net { loss: 0.15, duplicate: 0.1, delay: 5..250, garble: 0.0, tcp: true, dead: [false; 2] }
}

impl World {
    pub fn new(seed: u64, net: Net) -> Self {
        Self::with(seed, net, [Settings::default(), Settings::default()])
    }
    pub fn with(seed: u64, net: Net, settings: [Settings; 2]) -> Self {
        let now = Instant::now();
        let mut rng = StdRng::seed_from_u64(seed);
        let stacks = settings.map(|settings| Stack::new(settings, rng.random()));
        let tcp_ready = [now; 2];
        let (events, ladder, wire) = (vec![], vec![], BTreeMap::new());
        Self {
            now,
            start: now,
            seed,
            net,
            stacks,
            ladder,
            notes: true,
            events,
            rng,
            wire,
            sent: 0,
            tcp_ready,
        }
    }
    pub fn random(&mut self, range: Range<u64>) -> u64 {
        self.rng.random_range(range)
    }
    pub fn address(side: usize) -> SocketAddr {
        format!("192.0.2.{}:5060", side + 1).parse().unwrap()
    }
    pub fn flow(side: usize) -> Flow {
        Flow { transport: Transport::Udp, local: Self::address(side), remote: Self::address(1 - side) }
    }
    /// Alice calls Bob.
    pub fn call(&mut self, offer: Option<&str>) -> InviteId {
        let now = self.now;
        let id = self.stacks[ALICE].invite(now, outgoing(offer));
        self.drain(ALICE);
        id
    }
    /// Uses a verb, and sends what follows.
    pub fn on<T>(&mut self, side: usize, verb: impl FnOnce(&mut Stack, Instant) -> T) -> T {
        let result = verb(&mut self.stacks[side], self.now);
        self.drain(side);
        result
    }
    /// Runs until this much time is over, giving each event to `phone`.
    pub fn run(&mut self, time: Duration, mut phone: impl FnMut(&mut Self, usize, Event)) {
        let end = self.now + time;
        loop {
            while !self.events.is_empty() {
                let (side, event) = self.events.remove(0);
                phone(self, side, event);
            }
            let next = self.next_time().filter(|at| *at <= end);
            let Some(at) = next else { break };
            self.step(at);
        }
        self.now = end;
    }
    /// Runs until both are quiet; five minutes are enough for anything without a session.
    pub fn run_until_quiet(&mut self, phone: impl FnMut(&mut Self, usize, Event)) {
        self.run(Duration::from_secs(300), phone);
        for (side, stack) in self.stacks.iter().enumerate() {
            assert!(
                stack.is_quiet(),
                "seed {}: side {side} is left with {:?}\n{}",
                self.seed,
                stack.load(),
                self.text()
            );
        }
    }
    pub fn text(&self) -> String {
        self.ladder.join("\n")
    }
    fn next_time(&self) -> Option<Instant> {
        let wire = self.wire.first_key_value().map(|(key, _)| key.0);
        let timers = self.stacks.iter().filter_map(Stack::poll_timeout).min();
        wire.into_iter().chain(timers).min()
    }
    fn step(&mut self, at: Instant) {
        self.now = self.now.max(at);
        for side in [ALICE, BOB] {
            if self.stacks[side].poll_timeout().is_some_and(|due| due <= self.now) {
                let now = self.now;
                self.stacks[side].handle_timeout(now);
                self.drain(side);
            }
        }
        while let Some((&key, _)) = self.wire.first_key_value().filter(|(key, _)| key.0 <= self.now) {
            let (side, flow, bytes) = self.wire.remove(&key).unwrap();
            let now = self.now;
            if bytes.is_empty() {
                self.stacks[side].flow_failed(now, flow);
            } else if !self.net.dead[side] {
                self.stacks[side].receive(now, flow, bytes);
            }
            self.drain(side);
        }
    }
    fn drain(&mut self, side: usize) {
        while let Some(output) = self.stacks[side].poll_output() {
            match output {
                Output::Transmit { flow, bytes, .. } => self.transmit(side, flow, bytes),
                Output::Received { .. } => {}
                Output::Event(event) => {
                    if self.notes {
                        self.note(side, &format!("* {}", name(&event)));
                    }
                    self.events.push((side, event));
                }
            }
        }
    }
    fn transmit(&mut self, side: usize, flow: Flow, bytes: Bytes) {
        let bytes = self.garbled(bytes);
        let is_tcp = flow.transport == Transport::Tcp;
        if self.notes {
            let line = String::from_utf8_lossy(bytes.split(|b| *b == b'\r').next().unwrap());
            self.note(side, &format!("{} {line}", if is_tcp { "=>" } else { "->" }));
        }
        self.sent += 1;
        if is_tcp && !self.net.tcp {
            self.wire.insert((self.now + Duration::from_millis(30), self.sent), (side, flow, Bytes::new()));
            return;
        }
        if self.net.dead[side] {
            return;
        }
        let there = Flow { transport: flow.transport, local: flow.remote, remote: flow.local };
        let delay = Duration::from_millis(self.rng.random_range(self.net.delay.clone()));
        if is_tcp {
            let at = (self.now + delay).max(self.tcp_ready[side]);
            self.tcp_ready[side] = at;
            self.wire.insert((at, self.sent), (1 - side, there, bytes));
            return;
        }
        if self.rng.random_bool(self.net.duplicate) {
            let late = Duration::from_millis(self.rng.random_range(self.net.delay.clone()) * 3);
            self.wire.insert((self.now + late, self.sent), (1 - side, there, bytes.clone()));
            self.sent += 1;
        }
        if !self.rng.random_bool(self.net.loss) {
            self.wire.insert((self.now + delay, self.sent), (1 - side, there, bytes));
        }
    }
    fn garbled(&mut self, bytes: Bytes) -> Bytes {
        if self.net.garble == 0.0 || !self.rng.random_bool(self.net.garble) {
            return bytes;
        }
        let mut bytes = bytes.to_vec();
        for _ in 0..self.rng.random_range(1..4) {
            let at = self.rng.random_range(0..bytes.len());
            match self.rng.random_range(0..3) {
                0 => bytes[at] = self.rng.random(),
                1 => bytes[at] = b"0;,:<>\"\r\n "[self.rng.random_range(0..10)],
                _ => bytes.truncate(at.max(1)),
            }
        }
        Bytes::from(bytes)
    }
    fn note(&mut self, side: usize, what: &str) {
        let ms = (self.now - self.start).as_millis();
        self.ladder.push(format!("{ms:>8} {} {what}", ["alice", "        bob"][side]));
    }
}

/// A call from Alice to Bob.
pub fn outgoing(offer: Option<&str>) -> OutgoingInvite {
    OutgoingInvite {
        flow: World::flow(ALICE),
        uri: "sip:bob@192.0.2.2".into(),
        from: "\"Alice\" <sip:alice@example.org>".into(),
        to: "<sip:bob@example.org>".into(),
        route: vec![],
        max_forwards: 70,
        headers: vec![],
        offer: offer.map(sdp),
        account: None,
        parts: vec![],
    }
}

/// A body that stands for a description.
pub fn sdp(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn name(event: &Event) -> String {
    let text = format!("{event:?}");
    let brief = match event {
        Event::Progress { status, sdp, .. } => format!("Progress {status} {sdp:?}"),
        Event::Answered { sdp, .. } => format!("Answered {sdp:?}"),
        Event::Failed { status, .. } => format!("Failed {status}"),
        Event::Invite { offer, .. } => format!("Invite {offer:?}"),
        _ => text,
    };
    brief.chars().take(110).collect()
}
