//! A switch that lets anybody with the right secret register and call, on nothing but the stack.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sip_stack::{
    Event, Flow, InviteId, Message, Name, Output, Response, Settings, Stack, Transport,
    digest::{Ha1, Nonces, Verdict, claim},
    stack::OutgoingInvite,
};

use crate::{allocations, phone};

pub struct Switch {
    now: Instant,
    stack: Stack,
    nonces: Nonces,
    ha1: Ha1,
    /// The other leg of each.
    peers: HashMap<InviteId, InviteId>,
    out: Vec<Bytes>,
    pub received: usize,
    pub sent: usize,
    pub allocations: usize,
}

impl Switch {
    pub fn new(now: Instant) -> Self {
        Self {
            now,
            stack: Stack::new(Settings::default(), [1; 32]),
            nonces: Nonces::new([7; 32], Duration::from_secs(300)),
            ha1: Ha1::new(phone::USER, phone::REALM, phone::PASSWORD),
            peers: HashMap::new(),
            out: Vec::with_capacity(16),
            received: 0,
            sent: 0,
            allocations: 0,
        }
    }
    /// One message of a phone, and what the switch sends then.
    pub fn take(&mut self, message: Bytes) -> Vec<Message> {
        self.received += 1;
        let before = allocations::count();
        self.measured_message(message);
        self.allocations += allocations::count() - before;
        self.sent += self.out.len();
        self.out.drain(..).map(|bytes| Message::parse(bytes).expect("the switch writes SIP")).collect()
    }
    /// Time passes.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        let before = allocations::count();
        self.measured_time(end);
        self.allocations += allocations::count() - before;
        assert!(self.out.is_empty(), "nobody waits for anything");
        self.now = end;
    }
    pub fn is_quiet(&self) -> bool {
        self.stack.is_quiet()
    }

    #[inline(never)]
    fn measured_message(&mut self, message: Bytes) {
        self.stack.receive(self.now, flow(), message);
        self.hear_all();
    }
    #[inline(never)]
    fn measured_time(&mut self, end: Instant) {
        while let Some(due) = self.stack.poll_timeout().filter(|due| *due <= end) {
            self.now = due;
            self.stack.handle_timeout(due);
            self.hear_all();
        }
    }
    fn hear_all(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { bytes, .. } => self.out.push(bytes),
                Output::Event(event) => self.hear(event),
                Output::Received { .. } => {}
            }
        }
    }
    fn hear(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Request { id, request, .. } => {
                let response = match self.is_known(&request) {
                    true => Response::new(200).with(Name::Contact, phone::CONTACT),
                    false => self.challenge(),
                };
                self.stack.respond(now, id, response);
            }
            Event::Invite { id, request, offer, .. } => {
                if self.is_known(&request) {
                    self.connect(id, offer);
                } else {
                    let challenge = self.challenge();
                    self.stack.reject(now, id, challenge);
                }
            }
            Event::Progress { id, status, .. } => {
                self.stack.progress(now, self.peers[&id], Response::new(status))
            }
            Event::Answered { id, sdp, .. } => {
                self.stack.answer(now, self.peers[&id], sdp.unwrap_or_default(), vec![]);
            }
            Event::Ended { id, .. } => {
                let other = self.peers.remove(&id).expect("a call has two legs");
                self.peers.remove(&other);
                self.stack.bye(now, other, None);
            }
            _ => {}
        }
    }
    fn connect(&mut self, caller: InviteId, offer: Option<Bytes>) {
        let invite = OutgoingInvite {
            flow: flow(),
            uri: "sip:1001@192.0.2.99:5060;transport=udp".into(),
            from: "\"Alice\" <sip:alice@example.org>".into(),
            to: "<sip:1001@example.org>".into(),
            route: vec![],
            max_forwards: 69,
            headers: vec![],
            offer,
            account: None,
            parts: vec![],
        };
        let callee = self.stack.invite(self.now, invite);
        self.peers.insert(caller, callee);
        self.peers.insert(callee, caller);
    }
    fn is_known(&mut self, request: &Message) -> bool {
        claim(request).is_some_and(|claim| {
            let is_alice = claim.username == phone::USER && claim.realm == phone::REALM;
            is_alice && self.nonces.verify_claim(self.now, request, &claim, &self.ha1) == Verdict::Ok
        })
    }
    fn challenge(&mut self) -> Response {
        let [sha256, md5] = self.nonces.challenge(self.now, phone::REALM, false);
        Response::new(401).with(Name::WwwAuthenticate, sha256).with(Name::WwwAuthenticate, md5)
    }
}

fn flow() -> Flow {
    let address = |host| ([192, 0, 2, host], 5060).into();
    Flow { transport: Transport::Udp, local: address(1), remote: address(99) }
}
