//! What a REGISTER and a call cost the engine alone: time, allocations, and under callgrind instructions.
//!
//! ```text
//! cargo run --release -p pbx-core --example call_cost [count] [call|register]
//! valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*measured*' \
//!     target/release/examples/call_cost 300 call
//! ```
//!
//! A call is challenged, rings, is answered, and is hung up by the caller: eight messages in, twelve out. The same
//! engine as in the program, driven by its bytes; network, disk and media workers are stand-ins that cost nothing here.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod allocations;
mod company;
mod phones;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use pbx_core::{Engine, Input, Now, Options, Output, Stored};
use sip_stack::{Flow, Transport};

use phones::Phone;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

fn main() {
    let calls = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3_000);
    let only = std::env::args().nth(2).unwrap_or_default();
    let mut node = Node::new();
    let callers: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(2000 + n).to_string(), 10_000 + n)).collect();
    let callees: Vec<_> = (0..PAIRS).map(|n| Phone::new(&(4000 + n).to_string(), 30_000 + n)).collect();
    callees.iter().for_each(|phone| node.register(phone, 0));
    let mut serial = 0;
    let mut some_calls = |node: &mut Node, count: usize| {
        for _ in 0..count {
            serial += 1;
            let pair = serial % usize::from(PAIRS);
            node.call(&callers[pair], &callees[pair], &format!("c{serial:x}@bench"));
        }
    };
    // Transactions live for 32 s: then as many end as begin.
    some_calls(&mut node, 700);
    if only != "register" {
        let spent = node.measure(|node| some_calls(node, calls));
        println!("call      {}", spent.per(calls));
    }

    let mut registers = 0;
    let mut some_registers = |node: &mut Node, count: usize| {
        for _ in 0..count {
            registers += 1;
            node.register(&callees[registers % usize::from(PAIRS)], registers as u32);
        }
    };
    some_registers(&mut node, 700);
    if only != "call" {
        let spent = node.measure(|node| some_registers(node, calls));
        println!("REGISTER  {} (challenged: two messages in, two out)", spent.per(calls));
    }
}

/// The engine with stand-ins for the rest of the program.
struct Node {
    engine: Engine,
    now: Now,
    spent: Spent,
    measures: bool,
    /// What the engine sent since somebody looked.
    sent: Vec<Bytes>,
}

/// What the engine took so far.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    time: Duration,
    allocations: u64,
    bytes: u64,
    outputs: u64,
}

impl Node {
    fn new() -> Self {
        let now = Now { at: Instant::now(), utc: Utc::now() };
        let options = Options {
            listeners: vec![(Transport::Udp, PBX.parse().unwrap())],
            external_address: None,
            rtp_ports: 10_000..=60_000,
            workers: 2,
            max_calls: 10_000,
            seed: [7; 32],
        };
        let engine = Engine::new(now, options, company::snapshot(2 * PAIRS), Stored::default());
        Self { engine, now, spent: Spent::default(), measures: false, sent: vec![] }
    }

    fn measure(&mut self, work: impl FnOnce(&mut Self)) -> Spent {
        (self.spent, self.measures) = (Spent::default(), true);
        work(self);
        self.measures = false;
        self.spent
    }

    fn register(&mut self, phone: &Phone, round: u32) {
        self.step();
        let challenge = self.ask(phone, phone.register(round * 2 + 1, None));
        let answer = self.ask(phone, phone.register(round * 2 + 2, Some(&challenge)));
        assert!(answer.starts_with(b"SIP/2.0 200 "), "{answer:?}");
    }

    fn call(&mut self, caller: &Phone, callee: &Phone, call_id: &str) {
        self.step();
        let challenge = self.ask(caller, caller.invite(callee, call_id, 1, None));
        self.tell(caller, caller.ack_refusal(callee, call_id, &challenge));
        let invite = self.ask(caller, caller.invite(callee, call_id, 2, Some(&challenge)));
        assert!(invite.starts_with(b"INVITE "), "{invite:?}");
        self.tell(callee, callee.respond(&invite, 180, "Ringing", false));
        let answer = self.ask(callee, callee.respond(&invite, 200, "OK", true));
        assert!(answer.starts_with(b"SIP/2.0 200 "), "{answer:?}");
        self.tell(caller, caller.within("ACK", call_id, 2, &answer));
        let goodbye = self.ask(caller, caller.within("BYE", call_id, 3, &answer));
        assert!(goodbye.starts_with(b"BYE "), "{goodbye:?}");
        self.tell(callee, callee.respond(&goodbye, 200, "OK", false));
    }

    /// Some time passes between calls.
    fn step(&mut self) {
        self.now.at += STEP;
        self.now.utc += TimeDelta::from_std(STEP).unwrap();
        if self.engine.poll_timeout().is_some_and(|at| at <= self.now.at) {
            self.give(Given::Time);
        }
    }

    /// Sends and gives back the last message that the engine sends upon it.
    fn ask(&mut self, phone: &Phone, message: String) -> Bytes {
        self.sent.clear();
        self.tell(phone, message);
        self.sent.last().cloned().unwrap_or_default()
    }

    fn tell(&mut self, phone: &Phone, message: String) {
        let flow = Flow { transport: Transport::Udp, local: PBX.parse().unwrap(), remote: phone.address() };
        self.give(Given::Bytes(flow, message.into()));
    }

    fn give(&mut self, given: Given) {
        let (began, before) = (Instant::now(), allocations::so_far());
        let outputs = if self.measures {
            measured(&mut self.engine, self.now, given)
        } else {
            carry_on(&mut self.engine, self.now, given)
        };
        let after = allocations::so_far();
        self.spent.time += began.elapsed();
        self.spent.allocations += after.0 - before.0;
        self.spent.bytes += after.1 - before.1;
        self.spent.outputs += outputs.len() as u64;
        let (mut inputs, mut ticket) = (vec![], 0);
        for output in outputs {
            match output {
                Output::Transmit { bytes, .. } => self.sent.push(bytes),
                Output::Media { command: media::Command::Close { session }, .. } => {
                    let statistics = media::Statistics::default();
                    inputs.push(Input::Media(media::Event::Closed { session, statistics }));
                }
                Output::Store { ticket: given, .. } => ticket = given,
                _ => {}
            }
        }
        inputs.extend((ticket > 0).then_some(Input::Stored(ticket)));
        inputs.into_iter().for_each(|input| self.give(Given::Input(input)));
    }
}

/// What the engine is given.
enum Given {
    Bytes(Flow, Bytes),
    Input(Input),
    Time,
}

impl Spent {
    fn per(&self, count: usize) -> String {
        let each = |total: u64| total as f64 / count as f64;
        format!(
            "{:.1} µs, {:.1} allocations, {:.0} bytes allocated, {:.1} outputs",
            self.time.as_secs_f64() * 1e6 / count as f64,
            each(self.allocations),
            each(self.bytes),
            each(self.outputs),
        )
    }
}

/// A function of its own, so that callgrind can tell the engine from its surroundings.
#[inline(never)]
fn measured(engine: &mut Engine, now: Now, given: Given) -> Vec<Output> {
    carry_on(engine, now, given)
}

fn carry_on(engine: &mut Engine, now: Now, given: Given) -> Vec<Output> {
    match given {
        Given::Bytes(flow, bytes) => engine.receive(now, flow, bytes),
        Given::Input(input) => engine.handle(now, input),
        Given::Time => engine.handle_timeout(now),
    }
    let mut outputs = Vec::with_capacity(OUTPUTS);
    while let Some(output) = engine.poll_output() {
        outputs.push(output);
    }
    outputs
}

/// Pairs of caller and callee.
const PAIRS: u16 = 200;
/// Room for the outputs of one input.
const OUTPUTS: usize = 64;
/// Time between two calls.
const STEP: Duration = Duration::from_millis(50);
/// Our listener.
const PBX: &str = "10.0.0.1:5060";

/// The address of a phone.
fn address(port: u16) -> SocketAddr {
    ([10, 0, 1, 1], port).into()
}
