//! Engine, worker, phones and network on one virtual clock.

mod sees;
mod verbs;

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    ops::Range,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use config::{
    TrunkId,
    edits::Edit,
    records::{CallRow, parties::PartyKind},
};
use media::{SocketId, Worker, sdp::Direction};
use pbx_core::{Engine, Input, Now, Options, Output, Stored, live};
use sip_stack::{
    Flow, Transport,
    resolve::{Kind, Question, Record},
};

use crate::{
    carrier::Carrier,
    company::{Company, password},
    network::{Datagram, Network},
    phone::{Habit, Phone, State},
    store::Store,
    watcher::Watcher,
};

/// One of the world's phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneId(pub usize);

/// Everything of one simulation.
#[derive(Debug)]
pub struct World {
    /// The one number that decides all chance.
    pub seed: u64,
    /// The engine under test.
    pub engine: Engine,
    /// Its configuration.
    pub company: Company,
    /// The network.
    pub network: Network,
    /// The disk.
    pub store: Store,
    /// Calls that the portal sees.
    pub live: BTreeMap<String, live::Call>,
    /// How users and groups stand, as the portal sees it.
    pub lamps: BTreeMap<String, &'static str>,
    /// Draining is done.
    pub drained: bool,
    /// What it was started with.
    pub options: Options,
    /// Datagrams that reached an address where no phone is.
    pub mail: Vec<Datagram>,
    /// UDP ports of the PBX's machine that other programs use.
    pub taken_ports: HashSet<u16>,
    /// How often the PBX wanted one of them.
    pub ports_refused: usize,
    /// Lamps of phones, by the order in which they were plugged in.
    pub watchers: Vec<Watcher>,
    /// What servers of names know: each name's records of a kind.
    pub names: HashMap<(String, Kind), Vec<Record>>,
    /// The trunks as the portal sees them.
    pub trunks: BTreeMap<TrunkId, live::Trunk>,
    phones: Vec<Phone>,
    workers: Vec<Worker>,
    /// By worker and its number there.
    sockets: HashMap<(usize, SocketId), SocketAddr>,
    start: (Instant, DateTime<Utc>),
    clock: Instant,
    ladder: VecDeque<String>,
    /// Ends of connections that are no more.
    broken: HashSet<SocketAddr>,
    /// What calls change in the configuration, and when that is written.
    edits: VecDeque<(Instant, u64, Box<Edit>)>,
}

/// Making a world.
impl World {
    /// A company without phones on a good network.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, |_| {})
    }
    /// The same with other options.
    pub fn with(seed: u64, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options {
            listeners: vec![(Transport::Udp, PBX.parse().expect("an address"))],
            external_address: None,
            rtp_ports: 20_000..=20_999,
            workers: 1,
            max_calls: 100,
            seed: [seed as u8; 32],
        };
        options.seed[..8].copy_from_slice(&seed.to_le_bytes());
        change(&mut options);
        let start = (Instant::now(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let mut company = Company::default();
        let now = Now { at: start.0, utc: start.1 };
        Self {
            seed,
            engine: Engine::new(now, options.clone(), company.snapshot(), Stored::default()),
            company,
            network: Network::new(seed),
            store: Store::default(),
            live: BTreeMap::new(),
            lamps: BTreeMap::new(),
            drained: false,
            mail: vec![],
            taken_ports: HashSet::new(),
            ports_refused: 0,
            watchers: vec![],
            names: HashMap::new(),
            trunks: BTreeMap::new(),
            phones: vec![],
            workers: workers(options.workers, seed),
            sockets: HashMap::new(),
            options,
            start,
            clock: start.0,
            ladder: VecDeque::new(),
            broken: HashSet::new(),
            edits: VecDeque::new(),
        }
    }
    /// Each datagram takes a time out of this range.
    pub fn delay(mut self, delay: Range<Duration>) -> Self {
        self.network.delay = delay;
        self
    }
    /// Share of datagrams that are lost.
    pub fn loss(mut self, loss: f64) -> Self {
        self.network.loss = loss;
        self
    }
    /// Share of datagrams that arrive twice.
    pub fn duplicates(mut self, duplicates: f64) -> Self {
        self.network.duplicates = duplicates;
        self
    }
    /// The calendar says this from now on, whatever it said before.
    pub fn set_clock(&mut self, utc: &str) {
        let utc = DateTime::parse_from_rfc3339(utc).expect("a moment").to_utc();
        self.start.1 += utc - self.now().utc;
    }
    /// Users with these extensions, each with a registered phone.
    pub fn phones<const N: usize>(&mut self, numbers: [&str; N]) -> [PhoneId; N] {
        for number in numbers {
            self.company.add_user(number);
        }
        self.config(|_| {});
        numbers.map(|number| self.plug_in(number))
    }
    /// A phone for a device that is configured; it registers.
    pub fn plug_in(&mut self, username: &str) -> PhoneId {
        let phone = self.phone_for(username);
        self.register(phone);
        phone
    }
    /// A phone for a device that is configured; it does not register. `account` may name a domain after `@`.
    pub fn phone_for(&mut self, account: &str) -> PhoneId {
        let index = self.phones.len() as u8 + 1;
        let ip = match self.pbx() {
            SocketAddr::V4(_) => IpAddr::from([10, 0, 1, index]),
            SocketAddr::V6(_) => IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 1, u16::from(index)]),
        };
        let address = SocketAddr::new(ip, 5060);
        self.phones.push(Phone::new(index, account, address, self.pbx(), self.seed));
        PhoneId(usize::from(index) - 1)
    }
    /// The lamps of a phone that is configured; its place among the watchers.
    pub fn lamps_of(&mut self, account: &str) -> usize {
        let index = self.watchers.len();
        let address = SocketAddr::from(([10, 0, 2 + (index / 200) as u8, 1 + (index % 200) as u8], 5062));
        self.watchers.push(Watcher::new(account, address));
        index
    }
    /// Subscribes for an hour; the lamp's place.
    pub fn watches(&mut self, watcher: usize, event: &str, number: &str) -> usize {
        self.with_watcher(watcher, |watcher, now| watcher.subscribe(now, event, number, 3600))
    }
    /// Has a watcher do something.
    pub fn with_watcher<T>(&mut self, watcher: usize, verb: impl FnOnce(&mut Watcher, Instant) -> T) -> T {
        let result = verb(&mut self.watchers[watcher], self.clock);
        self.settle();
        result
    }
    /// The switch of a carrier that knows us as `line`, at an address of its own; its calls come from `caller`.
    pub fn carrier(&mut self, caller: &str) -> PhoneId {
        let carrier = self.phone_for("line@carrier.example");
        let phone = self.phone(carrier);
        phone.claims = Some(caller.into());
        phone.carrier = Some(Box::new(Carrier::new(&password("line"))));
        carrier
    }
    /// The host of a phone or carrier.
    pub fn host(&self, phone: PhoneId) -> String {
        self.phones[phone.0].address.ip().to_string()
    }
    /// What a carrier knows.
    pub fn switch(&mut self, carrier: PhoneId) -> &mut Carrier {
        self.phone(carrier).carrier.as_mut().expect("it is a carrier")
    }
    /// Registers, and waits for it.
    pub fn register(&mut self, phone: PhoneId) {
        let now = self.clock;
        self.phone(phone).register(now);
        self.settle();
        self.run_until(secs(60), |w| w.phones[phone.0].registered.is_some());
    }
    /// Tries to register, and waits for what that comes to.
    pub fn tries_to_register(&mut self, phone: PhoneId) {
        let now = self.clock;
        self.phone(phone).register(now);
        self.settle();
        self.run_for(secs(40));
    }
    /// Another revision.
    pub fn config(&mut self, change: impl FnOnce(&mut Company)) {
        change(&mut self.company);
        let snapshot = self.company.snapshot();
        self.input(Input::Config(snapshot));
    }
    /// The program is killed and started again: only what the disk has survives.
    pub fn kill_and_restart(&mut self) {
        self.store.fail();
        let stored = self.store.read();
        let now = self.now();
        self.options.seed[31] = self.options.seed[31].wrapping_add(1);
        self.engine = Engine::new(now, self.options.clone(), self.company.snapshot(), stored);
        self.workers = workers(self.options.workers, self.seed);
        self.sockets.clear();
        self.live.clear();
        self.lamps.clear();
        self.edits.clear();
        self.settle();
    }
}

/// Time passes.
impl World {
    /// Runs for that long.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.clock + time;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.advance(at);
        }
        self.clock = end;
    }
    /// Runs until that holds.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.clock + limit;
        while !done(self) {
            let at = self.next().filter(|at| *at <= end);
            self.advance(at.unwrap_or_else(|| panic!("not so within {limit:?}")));
        }
    }
    /// Runs until nothing is left to do but to wait for expiries.
    pub fn run_until_idle(&mut self) {
        self.run_until(secs(240), |w| {
            let phones = w.phones.iter().filter(|p| p.habit != Habit::Vanished);
            let watchers = w.watchers.iter().all(|watcher| watcher.next().is_none());
            watchers
                && w.engine.is_quiet()
                && w.store.next().is_none()
                && phones.map(|p| &p.stack).all(|s| s.is_quiet())
        });
    }

    fn next(&self) -> Option<Instant> {
        let phones = self.phones.iter().filter_map(Phone::next);
        let phones = phones.chain(self.watchers.iter().filter_map(Watcher::next));
        let workers = self.workers.iter().filter_map(Worker::poll_timeout);
        let edit = self.edits.front().map(|(at, ..)| *at);
        [edit, self.network.next(), self.store.next(), self.engine.poll_timeout()]
            .into_iter()
            .flatten()
            .chain(workers)
            .chain(phones)
            .min()
    }

    fn advance(&mut self, at: Instant) {
        self.clock = self.clock.max(at);
        while let Some(datagram) = self.network.arrived(self.clock) {
            self.deliver(datagram);
            self.settle();
        }
        while let Some(ticket) = self.store.commit(self.clock) {
            self.input(Input::Stored(ticket));
        }
        while let Some((_, ticket, edit)) = self.edits.pop_front_if(|(at, ..)| *at <= self.clock) {
            let outcome = self.company.edit(&edit);
            let written = outcome.is_ok();
            self.input(Input::Edited { ticket, outcome });
            if written {
                self.config(|_| {});
            }
        }
        if self.engine.poll_timeout().is_some_and(|t| t <= self.clock) {
            let now = self.now();
            self.engine.handle_timeout(now);
            self.settle();
        }
        for index in 0..self.workers.len() {
            if self.workers[index].poll_timeout().is_some_and(|t| t <= self.clock) {
                self.workers[index].handle_timeout(self.clock);
                self.settle();
            }
        }
        for index in 0..self.watchers.len() {
            if self.watchers[index].next().is_some_and(|t| t <= self.clock) {
                self.watchers[index].handle_timeout(self.clock);
                self.settle();
            }
        }
        for index in 0..self.phones.len() {
            if self.phones[index].next().is_some_and(|t| t <= self.clock) {
                let from = self.phones[index].rtp();
                if let Some((to, bytes)) = self.phones[index].handle_timeout(self.clock) {
                    self.network.send(self.clock, Datagram { transport: Transport::Udp, from, to, bytes });
                }
                self.settle();
            }
        }
    }

    fn deliver(&mut self, Datagram { transport, from, to, bytes }: Datagram) {
        if self.broken.contains(&from) || self.broken.contains(&to) {
            return;
        }
        if to == self.pbx() {
            let flow = Flow { transport, local: to, remote: from };
            let now = self.now();
            return self.engine.receive(now, flow, bytes);
        }
        let socket = self.sockets.iter().find(|(_, address)| **address == to).map(|(socket, _)| *socket);
        if let Some((worker, socket)) = socket {
            let mut packet = bytes.to_vec();
            let len = packet.len();
            // The proof of SRTP comes behind it.
            packet.resize(len + 16, 0);
            let heard = (socket, from);
            if let Some(forward) = self.workers[worker].receive_in(self.clock, heard, &mut packet, len) {
                packet.truncate(forward.len);
                self.send_media(worker, forward, packet);
            }
            return;
        }
        let (clock, pbx) = (self.clock, self.pbx());
        if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.address == to) {
            return watcher.receive(clock, bytes);
        }
        let Some(phone) = self.phones.iter_mut().find(|p| p.address.ip() == to.ip()) else {
            return self.mail.push(Datagram { transport, from, to, bytes });
        };
        if phone.habit == Habit::Vanished {
            return;
        }
        if to == phone.address {
            if phone.nat.as_ref().is_none_or(|nat| nat.lets_in(clock)) {
                phone.receive(clock, Flow { transport, local: to, remote: pbx }, bytes);
            }
        } else if to == phone.rtp() {
            phone.hear(clock, &bytes);
        }
    }

    /// Drains everybody until nothing moves at this moment.
    fn settle(&mut self) {
        loop {
            let moved = self.drain_engine() | self.drain_workers() | self.drain_phones();
            if !moved {
                break;
            }
        }
    }

    fn drain_engine(&mut self) -> bool {
        let mut moved = false;
        while let Some(output) = self.engine.poll_output() {
            moved = true;
            match output {
                Output::Transmit { flow, .. } if self.broken.contains(&flow.remote) => {
                    let now = self.now();
                    self.engine.handle(now, Input::FlowFailed(flow));
                }
                Output::Transmit { flow, bytes } => {
                    self.note("PBX", &flow, &bytes);
                    self.network.send(self.clock, datagram(flow, bytes));
                }
                Output::Media { worker, command } => self.workers[worker].handle(self.clock, command),
                Output::Store { ticket, change } => self.store.take(self.clock, ticket, change),
                Output::Live(change) => self.see(change),
                Output::Resolve(question) => self.answer(question),
                // Simulated servers have no certificates.
                Output::Demand { .. } => {}
                Output::Drained => self.drained = true,
                Output::Edit { ticket, edit } => self.edits.push_back((self.clock + EDIT_TIME, ticket, edit)),
            }
        }
        moved
    }

    fn see(&mut self, change: live::Change) {
        match change {
            live::Change::Call(call) => {
                self.live.insert(call.id.clone(), call);
            }
            live::Change::CallEnded { id, .. } => {
                self.live.remove(&id);
            }
            live::Change::Lamp(lamp) => {
                self.lamps.insert(lamp.watched, lamp.state);
            }
            live::Change::Bound(_)
            | live::Change::Unbound { .. }
            | live::Change::Watching(_)
            | live::Change::Unwatched { .. } => {}
            live::Change::Trunk(trunk) => {
                self.trunks.insert(trunk.trunk, trunk);
            }
            live::Change::TrunkGone { trunk } => {
                self.trunks.remove(&trunk);
            }
        }
    }

    /// Answers for the servers of names and for the network.
    fn answer(&mut self, question: Question) {
        let records = match question.kind {
            Kind::Local => vec![Record::Address(self.pbx().ip())],
            kind => self.names.get(&(question.name.clone(), kind)).cloned().unwrap_or_default(),
        };
        let now = self.now();
        self.engine.handle(now, Input::Resolved { question, records, ttl: secs(60) });
    }

    fn drain_workers(&mut self) -> bool {
        (0..self.workers.len()).fold(false, |moved, worker| moved | self.drain_worker(worker))
    }

    fn drain_worker(&mut self, worker: usize) -> bool {
        let mut moved = false;
        let mut buffer = [0; 1500];
        while let Some(output) = self.workers[worker].poll_output(&mut buffer) {
            moved = true;
            match output {
                media::Output::OpenSocket { socket, local } if self.taken_ports.contains(&local.port()) => {
                    self.ports_refused += 1;
                    self.workers[worker].socket_failed(socket);
                }
                media::Output::OpenSocket { socket, local } => {
                    let taken = self.sockets.values().any(|address| *address == local);
                    assert!(!taken, "{local} is opened twice");
                    self.sockets.insert((worker, socket), local);
                }
                media::Output::CloseSocket { socket } => {
                    self.sockets.remove(&(worker, socket));
                }
                media::Output::Transmit(forward) => {
                    let packet = buffer[..forward.len].to_vec();
                    self.send_media(worker, forward, packet);
                }
                media::Output::Event(event) => {
                    let now = self.now();
                    self.engine.handle(now, Input::Media(event));
                }
            }
        }
        moved
    }

    fn send_media(&mut self, worker: usize, forward: media::Forward, packet: Vec<u8>) {
        let Some(&from) = self.sockets.get(&(worker, forward.socket)) else { return };
        let packet = Datagram { transport: Transport::Udp, from, to: forward.to, bytes: packet.into() };
        self.network.send(self.clock, packet);
    }

    fn drain_phones(&mut self) -> bool {
        let mut moved = false;
        for index in 0..self.watchers.len() {
            while let Some(bytes) = self.watchers[index].poll() {
                moved = true;
                let (from, to) = (self.watchers[index].address, self.pbx());
                let flow = Flow { transport: Transport::Udp, local: from, remote: to };
                self.note(&format!("W{index}"), &flow, &bytes);
                self.network.send(self.clock, Datagram { transport: Transport::Udp, from, to, bytes });
            }
        }
        for index in 0..self.phones.len() {
            while let Some(output) = self.phones[index].stack.poll_output() {
                moved = true;
                match output {
                    sip_stack::Output::Transmit { flow, bytes, .. } => self.phone_sends(index, flow, bytes),
                    sip_stack::Output::Event(event) => self.phones[index].on_event(self.clock, event),
                    sip_stack::Output::Received { .. } => {}
                }
            }
        }
        moved
    }

    fn phone_sends(&mut self, index: usize, flow: Flow, mut bytes: Bytes) {
        let phone = &mut self.phones[index];
        if phone.habit == Habit::Vanished {
            return;
        }
        // Whatever flow its dialogs began on, a phone sends over the connection it has.
        let flow = if flow.transport.is_reliable() { phone.flow() } else { flow };
        bytes = phone.reliable.rewrite(bytes);
        if let Some(late) = &mut phone.late_offer {
            bytes = late.rewrite(bytes);
        }
        if let Some(nat) = &mut phone.nat {
            nat.sends(self.clock);
        }
        self.note(&format!("P{}", index + 1), &flow, &bytes);
        self.network.send(self.clock, datagram(flow, bytes));
    }

    fn note(&mut self, who: &str, flow: &Flow, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().next().unwrap_or_default();
        let cseq = text.lines().find(|l| l.starts_with("CSeq")).unwrap_or_default();
        let direction = text
            .lines()
            .find(|l| l.starts_with("a=send") || l.starts_with("a=recv") || l.starts_with("a=inact"));
        let at = (self.clock - self.start.0).as_millis();
        if self.ladder.len() >= LADDER {
            self.ladder.pop_front();
        }
        let direction = direction.unwrap_or_default();
        self.ladder.push_back(format!("{at:>7} ms  {who} → {}  {line}  {cseq} {direction}", flow.remote));
    }

    fn pbx(&self) -> SocketAddr {
        self.options.listeners[0].1
    }
}

impl Drop for World {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let ladder: Vec<_> = self.ladder.iter().map(String::as_str).collect();
            eprintln!("seed {}\n{}", self.seed, ladder.join("\n"));
            for row in self.store.calls.values() {
                eprintln!("record {} {} {} {}", row.dialled, row.outcome, row.cause, row.trace);
            }
        }
    }
}

fn datagram(flow: Flow, bytes: Bytes) -> Datagram {
    Datagram { transport: flow.transport, from: flow.local, to: flow.remote, bytes }
}

/// Milliseconds.
pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
/// Seconds.
pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// As the shell sets them: silence is reported each second, the engine knows how long is too long.
fn worker_settings() -> media::worker::Settings {
    media::worker::Settings { silence: secs(1), ..media::worker::Settings::default() }
}

fn workers(count: usize, seed: u64) -> Vec<Worker> {
    (0..count.max(1)).map(|_| Worker::new(worker_settings(), [seed as u8; 32])).collect()
}

/// The engine's SIP listener.
const PBX: &str = "10.0.0.1:5060";
/// How long an edit takes to be written.
const EDIT_TIME: Duration = Duration::from_millis(20);
/// Messages kept for the print of a failed run.
const LADDER: usize = 300;
