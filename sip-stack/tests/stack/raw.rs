//! One stack and messages written by hand.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sip_stack::{Event, Flow, Message, Output, Settings, Stack, Transport};

/// A stack, its clock, and what it gave.
pub struct Peer {
    pub stack: Stack,
    pub now: Instant,
    pub sent: Vec<(Flow, Message)>,
    pub events: Vec<Event>,
    /// The last message as bytes; a 400 repeats what could not be read.
    pub raw: Bytes,
}

impl Peer {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }
    pub fn with(settings: Settings) -> Self {
        Self {
            stack: Stack::new(settings, [7; 32]),
            now: Instant::now(),
            sent: vec![],
            events: vec![],
            raw: Bytes::new(),
        }
    }
    pub fn flow(transport: Transport) -> Flow {
        let remote: SocketAddr = "198.51.100.7:40000".parse().unwrap();
        Flow { transport, local: "192.0.2.1:5060".parse().unwrap(), remote }
    }
    pub fn receives(&mut self, text: &str) {
        self.receives_by(Self::flow(Transport::Udp), text);
    }
    pub fn receives_by(&mut self, flow: Flow, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        self.stack.receive(self.now, flow, Bytes::from(text));
        self.drain();
    }
    pub fn on<T>(&mut self, verb: impl FnOnce(&mut Stack, Instant) -> T) -> T {
        let result = verb(&mut self.stack, self.now);
        self.drain();
        result
    }
    /// Lets time pass, timer by timer.
    pub fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.stack.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.stack.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }
    /// The statuses and methods that were sent since the last look.
    pub fn took(&mut self) -> Vec<String> {
        self.sent
            .drain(..)
            .map(|(_, m)| m.status().map_or_else(|| m.method_token().to_owned(), |status| status.to_string()))
            .collect()
    }
    /// The same of all that was sent, which is kept.
    pub fn took_kept(&self) -> Vec<String> {
        self.sent.iter().map(|(_, m)| m.method_token().to_owned()).collect()
    }
    pub fn last(&self) -> &Message {
        &self.sent.last().expect("something was sent").1
    }
    fn drain(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { flow, bytes, .. } => {
                    self.raw = bytes.clone();
                    match Message::parse(bytes) {
                        Ok(message) => self.sent.push((flow, message)),
                        Err(error) => {
                            assert!(self.raw.starts_with(b"SIP/2.0 400"), "we print {:?}: {error}", self.raw)
                        }
                    }
                }
                Output::Received { .. } => {}
                Output::Event(event) => self.events.push(event),
            }
        }
    }
}

/// A request to us outside of any dialog; `extra` are further header lines.
pub fn request(method: &str, branch: &str, extra: &str) -> String {
    format!(
        "{method} sip:101@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.7:40000;branch=z9hG4bK{branch};rport\n\
         From: <sip:102@example.org>;tag=f1\nTo: <sip:101@example.org>\nCall-ID: c1\nCSeq: 1 {method}\n\
         Contact: <sip:102@198.51.100.7:40000>\n{extra}Content-Length: 0\n\n"
    )
}
