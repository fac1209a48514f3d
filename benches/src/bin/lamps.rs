//! What lamps cost: the CPU time of the engine for each NOTIFY, and the memory of each subscription. SIP-27.
//!
//! The engine runs in this process on a virtual clock; phones and watchers are those of the tests, and their time is not
//! counted. First 1,000 watchers of one extension that rings and stops ringing, then 10,000.
//!
//! `lamps [watchers …]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../../../pbx-core/examples/call_cost/allocations.rs"]
mod allocations;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::Utc;
use pbx_core::{Engine, Input, Now, Options, Output, Stored};
use sip_stack::{Flow, Transport};
use tests::{Company, Phone, State, Watcher};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|count| count.parse().ok()).collect();
    for watchers in if asked.is_empty() { vec![1000, 10_000] } else { asked } {
        run(watchers);
    }
}

fn run(count: usize) {
    let mut node = Node::new(count);
    let before = node.held;
    node.plug_in();
    let idle = node.held;
    for index in 0..count {
        let (now, lamp) = (node.now.at, format!("{}", FIRST + 1));
        node.watchers[index].subscribe(now, "dialog", &lamp, 3600);
        node.settle();
    }
    node.pass(Duration::from_secs(40));
    let active = node.watchers.iter().filter(|watcher| watcher.lamps[0].is_active()).count();
    assert_eq!(active, count, "subscriptions");
    let state = (node.held - idle) / count as i64;
    println!("{count} watchers: {state} bytes of state each ({} for {} phones)", idle - before, 2);
    for (what, lamp) in [("rings", "blinks"), ("is free again", "off")] {
        let (cpu, notifies) = (node.cpu, node.notifies());
        let began = node.now.at;
        match lamp {
            "blinks" => node.dial(),
            _ => node.hang_up(),
        }
        let mut all = None;
        for _ in 0..2000 {
            node.pass(Duration::from_millis(1));
            if all.is_none() && node.watchers.iter().all(|watcher| watcher.shows(0) == lamp) {
                all = Some(node.now.at - began);
                break;
            }
        }
        node.settle();
        let (cpu, notifies) = (node.cpu - cpu, node.notifies() - notifies);
        println!(
            "  {what}: {notifies} NOTIFYs, {:.1} ms of CPU, {:.1} us each; all lamps after {} ms",
            cpu.as_secs_f64() * 1e3,
            cpu.as_secs_f64() * 1e6 / notifies,
            all.map_or_else(|| "?".to_owned(), |all| all.as_millis().to_string()),
        );
    }
}

/// Something that the engine is to do.
type Work = Box<dyn FnOnce(&mut Engine, Now)>;

/// The engine with who is around it.
struct Node {
    engine: Engine,
    now: Now,
    phones: [Phone; 2],
    watchers: Vec<Watcher>,
    by_address: HashMap<SocketAddr, usize>,
    wire: VecDeque<(Flow, Bytes)>,
    /// Of the engine.
    cpu: Duration,
    /// Bytes that the engine keeps.
    held: i64,
}

impl Node {
    fn new(count: usize) -> Self {
        let mut company = Company::default();
        // A device may have 200 lamps.
        let devices = 2 + count.div_ceil(200);
        let numbers: Vec<String> = (0..devices).map(|n| (FIRST + n).to_string()).collect();
        numbers.iter().for_each(|number| {
            company.add_user(number);
        });
        let pbx: SocketAddr = PBX.parse().unwrap();
        let options = Options {
            listeners: vec![(Transport::Udp, pbx)],
            external_address: None,
            rtp_ports: 10_000..=20_000,
            workers: 1,
            max_calls: 1000,
            seed: [7; 32],
        };
        let now = Now { at: Instant::now(), utc: Utc::now() };
        let engine = Engine::new(now, options, company.snapshot(), Stored::default());
        let address = |n: usize| SocketAddr::from(([10, 1, (n / 250) as u8, (n % 250) as u8 + 1], 5062));
        let watchers: Vec<_> = (0..count).map(|n| Watcher::new(&numbers[2 + n / 200], address(n))).collect();
        let by_address = (0..count).map(|n| (address(n), n)).collect();
        let phone = |n: u8| {
            let address = SocketAddr::from(([10, 0, 1, n + 1], 5060));
            Phone::new(n + 1, &numbers[usize::from(n)], address, pbx, 7)
        };
        let phones = [phone(0), phone(1)];
        let (wire, cpu, held) = (VecDeque::new(), Duration::ZERO, 0);
        Self { engine, now, phones, watchers, by_address, wire, cpu, held }
    }
    fn plug_in(&mut self) {
        for phone in &mut self.phones {
            phone.register(self.now.at);
        }
        self.pass(Duration::from_secs(2));
        assert!(self.phones.iter().all(|phone| phone.registered.is_some()));
    }
    fn dial(&mut self) {
        self.phones[0].dial(self.now.at, &(FIRST + 1).to_string());
        self.settle();
    }
    fn hang_up(&mut self) {
        assert_eq!(self.phones[1].state, State::Rings);
        self.phones[0].hang_up(self.now.at);
        self.settle();
    }
    fn notifies(&self) -> f64 {
        let metrics = self.engine.metrics();
        metrics.iter().find(|metric| metric.0 == "dialtone_notifies_total").unwrap().1
    }
    /// Lets that time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let end = self.now.at + time;
        loop {
            self.settle();
            let phones = self.phones.iter().filter_map(Phone::next);
            let watchers = self.watchers.iter().filter_map(Watcher::next);
            let timers = phones.chain(watchers).chain(self.engine.poll_timeout());
            let Some(at) = timers.min().filter(|at| *at <= end) else { break };
            self.set_clock(at);
            self.work(|engine, now| engine.handle_timeout(now));
            for phone in &mut self.phones {
                phone.handle_timeout(at);
            }
            for watcher in &mut self.watchers {
                if watcher.next().is_some_and(|next| next <= at) {
                    watcher.handle_timeout(at);
                }
            }
        }
        self.set_clock(end);
    }
    fn set_clock(&mut self, at: Instant) {
        let step = at.saturating_duration_since(self.now.at);
        self.now = Now { at: self.now.at + step, utc: self.now.utc + step };
    }
    /// Has the engine do something; only that is counted.
    fn work(&mut self, input: impl FnOnce(&mut Engine, Now)) {
        let (began, alive) = (thread_time(), allocations::alive().1);
        input(&mut self.engine, self.now);
        self.cpu += thread_time() - began;
        let mut stored = None;
        loop {
            let began = thread_time();
            let output = self.engine.poll_output();
            self.cpu += thread_time() - began;
            match output {
                None => break,
                Some(Output::Transmit { flow, bytes }) => self.wire.push_back((flow, bytes)),
                Some(Output::Store { ticket, .. }) => stored = Some(ticket),
                Some(_) => {}
            }
        }
        self.held += allocations::alive().1 - alive;
        if let Some(ticket) = stored {
            // A closure's own type would contain itself here.
            let answer: Work = Box::new(move |engine, now| engine.handle(now, Input::Stored(ticket)));
            self.work(answer);
        }
    }
    /// Carries everything to everybody until nothing moves.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some((flow, bytes)) = self.wire.pop_front() {
                moved = true;
                self.deliver(flow, bytes);
            }
            for index in 0..self.watchers.len() {
                moved |= self.hear_watcher(index);
            }
            for index in 0..self.phones.len() {
                moved |= self.hear_phone(index);
            }
            if !moved {
                break;
            }
        }
    }
    fn deliver(&mut self, flow: Flow, bytes: Bytes) {
        let now = self.now.at;
        if let Some(index) = self.by_address.get(&flow.remote).copied() {
            self.watchers[index].receive(now, bytes);
            self.hear_watcher(index);
        } else if let Some(phone) = self.phones.iter_mut().find(|phone| phone.address == flow.remote) {
            let here = Flow { transport: flow.transport, local: flow.remote, remote: flow.local };
            phone.stack.receive(now, here, bytes);
        }
    }
    fn hear_watcher(&mut self, index: usize) -> bool {
        let mut moved = false;
        while let Some(bytes) = self.watchers[index].poll() {
            moved = true;
            self.receive(self.watchers[index].address, bytes);
        }
        moved
    }
    fn hear_phone(&mut self, index: usize) -> bool {
        let mut moved = false;
        while let Some(output) = self.phones[index].stack.poll_output() {
            moved = true;
            match output {
                sip_stack::Output::Transmit { bytes, .. } => self.receive(self.phones[index].address, bytes),
                sip_stack::Output::Event(event) => self.phones[index].on_event(self.now.at, event),
                sip_stack::Output::Received { .. } => {}
            }
        }
        moved
    }
    fn receive(&mut self, from: SocketAddr, bytes: Bytes) {
        let flow = Flow { transport: Transport::Udp, local: PBX.parse().unwrap(), remote: from };
        self.work(|engine, now| engine.receive(now, flow, bytes));
    }
}

/// CPU time of this thread.
#[allow(unsafe_code)]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec of ours.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

const PBX: &str = "10.0.0.1:5060";
/// The extension that calls; the next one is called and watched.
const FIRST: usize = 1000;
