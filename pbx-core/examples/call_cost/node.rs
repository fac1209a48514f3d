//! The engine and its media workers on a virtual clock, with phones that write to it; network and disk are stand-ins.
//! What the engine takes is measured apart from the rest.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use media::Worker;
use pbx_core::{Engine, Input, Now, Options, Output, Stored};
use sip_stack::{Flow, Transport};

use crate::{
    allocations, company,
    phones::{PBX, Phone},
};

/// The engine with its surroundings.
pub struct Node {
    engine: Engine,
    workers: Vec<Worker>,
    now: Now,
    /// Time between two calls.
    step: Duration,
    spent: Spent,
    measures: bool,
    /// What the engine sent since somebody looked.
    sent: Vec<Bytes>,
    /// Room for the outputs of one input.
    outputs: Vec<Output>,
}

/// What the engine took so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    time: Duration,
    allocations: u64,
    bytes: u64,
    outputs: u64,
}

/// What the engine is given.
enum Given {
    Bytes(Flow, Bytes),
    Input(Input),
    Time,
}

impl Node {
    /// A node of so many extensions; each call and REGISTER comes `step` after the one before.
    pub fn new(extensions: u16, step: Duration) -> Self {
        let now = Now { at: Instant::now(), utc: Utc::now() };
        let options = Options {
            listeners: vec![(Transport::Udp, PBX.parse().unwrap())],
            external_address: None,
            rtp_ports: 10_000..=60_000,
            workers: WORKERS,
            max_calls: 10_000,
            seed: [7; 32],
        };
        let engine = Engine::new(now, options, company::snapshot(extensions), Stored::default());
        let workers = (0..WORKERS).map(|n| Worker::new(media::Settings::default(), [n as u8; 32])).collect();
        let (spent, sent, outputs) = (Spent::default(), vec![], vec![]);
        Self { engine, workers, now, step, spent, measures: false, sent, outputs }
    }

    /// What the engine takes for this.
    pub fn measure(&mut self, work: impl FnOnce(&mut Self)) -> Spent {
        (self.spent, self.measures) = (Spent::default(), true);
        work(self);
        self.measures = false;
        self.spent
    }

    /// A REGISTER that is challenged and then succeeds.
    pub fn register(&mut self, phone: &Phone, round: u32) {
        self.pass();
        let challenge = self.ask(phone, phone.register(round * 2 + 1, None));
        let answer = self.ask(phone, phone.register(round * 2 + 2, Some(&challenge)));
        assert!(answer.starts_with(b"SIP/2.0 200 "), "{answer:?}");
    }

    /// A call that is challenged, rings, is answered, and hung up by the caller.
    pub fn call(&mut self, caller: &Phone, callee: &Phone, call_id: &str) {
        let answer = self.begin(caller, callee, call_id);
        self.end(caller, callee, call_id, &answer);
    }

    /// A call to a group that all of these ring for; the first takes it, and the caller hangs up.
    pub fn call_group(&mut self, caller: &Phone, group: &Phone, members: &[Phone], call_id: &str) {
        self.pass();
        let challenge = self.ask(caller, caller.invite(group, call_id, 1, None));
        self.sent.clear();
        self.tell(caller, caller.ack_refusal(group, call_id, &challenge));
        self.tell(caller, caller.invite(group, call_id, 2, Some(&challenge)));
        let sent = std::mem::take(&mut self.sent);
        let invites: Vec<_> = sent.into_iter().filter(|sent| sent.starts_with(b"INVITE ")).collect();
        assert_eq!(invites.len(), members.len());
        let ringing: Vec<_> = invites.iter().map(|invite| (invite, Phone::asked(members, invite))).collect();
        for (invite, phone) in &ringing {
            self.tell(phone, phone.respond(invite, 180, "Ringing", false));
        }
        let (invite, first) = ringing[0];
        self.sent.clear();
        self.tell(first, first.respond(invite, 200, "OK", true));
        let sent = std::mem::take(&mut self.sent);
        for cancel in sent.iter().filter(|sent| sent.starts_with(b"CANCEL ")) {
            let phone = Phone::asked(members, cancel);
            self.tell(phone, phone.respond(cancel, 200, "OK", false));
            let invite =
                ringing.iter().find(|(_, rung)| std::ptr::eq(*rung, phone)).map(|(invite, _)| *invite);
            self.tell(phone, phone.respond(invite.unwrap(), 487, "Request Terminated", false));
        }
        let answer = sent.iter().rfind(|sent| sent.starts_with(b"SIP/2.0 200 ")).unwrap();
        self.tell(caller, caller.within("ACK", call_id, 2, answer));
        self.end(caller, first, call_id, answer);
    }

    /// Hangs up a call that began.
    pub fn end(&mut self, caller: &Phone, callee: &Phone, call_id: &str, answer: &Bytes) {
        let goodbye = self.ask(caller, caller.within("BYE", call_id, 3, answer));
        assert!(goodbye.starts_with(b"BYE "), "{goodbye:?}");
        self.tell(callee, callee.respond(&goodbye, 200, "OK", false));
    }

    /// The same, up to the ACK; gives the caller's 200.
    pub fn begin(&mut self, caller: &Phone, callee: &Phone, call_id: &str) -> Bytes {
        self.pass();
        let challenge = self.ask(caller, caller.invite(callee, call_id, 1, None));
        self.tell(caller, caller.ack_refusal(callee, call_id, &challenge));
        let invite = self.ask(caller, caller.invite(callee, call_id, 2, Some(&challenge)));
        assert!(invite.starts_with(b"INVITE "), "{invite:?}");
        self.tell(callee, callee.respond(&invite, 180, "Ringing", false));
        let answer = self.ask(callee, callee.respond(&invite, 200, "OK", true));
        assert!(answer.starts_with(b"SIP/2.0 200 "), "{answer:?}");
        self.tell(caller, caller.within("ACK", call_id, 2, &answer));
        answer
    }

    /// Lets so much time pass.
    pub fn wait(&mut self, time: Duration) {
        self.now.at += time;
        self.now.utc += TimeDelta::from_std(time).unwrap();
        if self.engine.poll_timeout().is_some_and(|at| at <= self.now.at) {
            self.give(Given::Time);
        }
        for worker in 0..WORKERS {
            self.workers[worker].handle_timeout(self.now.at);
            self.hear(worker);
        }
    }

    /// Whether nothing is left of calls.
    #[allow(dead_code, reason = "the test of flat memory asks, the example does not")]
    pub fn is_quiet(&self) -> bool {
        self.engine.is_quiet() && self.workers.iter().all(|worker| worker.sessions() == 0)
    }

    fn pass(&mut self) {
        self.wait(self.step);
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
        let mut outputs = std::mem::take(&mut self.outputs);
        let (began, before) = (Instant::now(), allocations::so_far());
        if self.measures {
            measured(&mut self.engine, self.now, given, &mut outputs);
        } else {
            carry_on(&mut self.engine, self.now, given, &mut outputs);
        }
        let after = allocations::so_far();
        self.spent.time += began.elapsed();
        self.spent.allocations += after.0 - before.0;
        self.spent.bytes += after.1 - before.1;
        self.spent.outputs += outputs.len() as u64;
        let mut ticket = 0;
        for output in outputs.drain(..) {
            match output {
                Output::Transmit { bytes, .. } => self.sent.push(bytes),
                Output::Media { worker, command } => {
                    self.workers[worker].handle(self.now.at, command);
                    self.hear(worker);
                }
                Output::Store { ticket: given, .. } => ticket = given,
                _ => {}
            }
        }
        self.outputs = outputs;
        if ticket > 0 {
            self.give(Given::Input(Input::Stored(ticket)));
        }
    }

    /// Tells the engine what a worker has to say.
    fn hear(&mut self, worker: usize) {
        while let Some(output) = self.workers[worker].poll_output(&mut [0; 2048]) {
            if let media::Output::Event(event) = output {
                self.give(Given::Input(Input::Media(event)));
            }
        }
    }
}

impl Spent {
    /// The same for each of so many.
    pub fn per(&self, count: usize) -> String {
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
fn measured(engine: &mut Engine, now: Now, given: Given, outputs: &mut Vec<Output>) {
    carry_on(engine, now, given, outputs);
}

fn carry_on(engine: &mut Engine, now: Now, given: Given, outputs: &mut Vec<Output>) {
    match given {
        Given::Bytes(flow, bytes) => engine.receive(now, flow, bytes),
        Given::Input(input) => engine.handle(now, input),
        Given::Time => engine.handle_timeout(now),
    }
    outputs.extend(std::iter::from_fn(|| engine.poll_output()));
}

const WORKERS: usize = 2;
