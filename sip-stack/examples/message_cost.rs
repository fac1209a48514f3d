//! What a SIP message costs: calls and registrations between two stacks, and an INVITE read alone.
//!
//! To be run under an instruction counter, which gives the same figures on every machine:
//! `valgrind --tool=callgrind --callgrind-out-file=cost.out target/release/examples/message_cost`, then
//! `callgrind_annotate --inclusive=yes cost.out`; the program prints how many messages those figures are for.
#![expect(clippy::print_stdout, reason = "a measurement tells its figures")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_stack::{
    Event, Flow, Message, Name, Output, Request, Response, Settings, Stack, Transport, stack::OutgoingInvite,
};

fn main() {
    let mut read = 0;
    for _ in 0..READ {
        read += usize::from(Message::parse(Bytes::from_static(INVITE)).is_ok());
    }
    let mut pair = Pair::new();
    for _ in 0..CALLS {
        pair.register();
        pair.call();
        pair.now += Duration::from_millis(50);
    }
    println!(
        "{read} INVITEs of {} bytes read alone, {} messages received by stacks",
        INVITE.len(),
        pair.received
    );
}

/// A phone and a switch that share a network without delay.
struct Pair {
    now: Instant,
    stacks: [Stack; 2],
    received: usize,
    invites: usize,
}

impl Pair {
    fn new() -> Self {
        let stacks = [1, 2].map(|seed| Stack::new(Settings::default(), [seed; 32]));
        Self { now: Instant::now(), stacks, received: 0, invites: 0 }
    }

    fn register(&mut self) {
        for _ in 0..2 {
            let request = Request {
                method: "REGISTER",
                uri: "sip:example.org".into(),
                from: "<sip:alice@example.org>".into(),
                to: "<sip:alice@example.org>".into(),
                headers: vec![
                    (Name::Contact, "<sip:alice@192.0.2.1:5060;transport=udp>;expires=3600".into()),
                    (Name::Authorization, CREDENTIALS.into()),
                ],
                ..Request::default()
            };
            self.stacks[PHONE].request(self.now, flow(PHONE), request);
            self.settle();
        }
    }

    /// Refused with a challenge, made again, answered, ended by the caller.
    fn call(&mut self) {
        for _ in 0..2 {
            let invite = OutgoingInvite {
                flow: flow(PHONE),
                uri: "sip:1001@example.org".into(),
                from: "\"Alice\" <sip:alice@example.org>".into(),
                to: "<sip:1001@example.org>".into(),
                route: vec![],
                max_forwards: 70,
                headers: vec![(Name::ProxyAuthorization, CREDENTIALS.into())],
                offer: Some(Bytes::from_static(SDP)),
            };
            let id = self.stacks[PHONE].invite(self.now, invite);
            self.settle();
            self.stacks[PHONE].bye(self.now, id, None);
            self.settle();
        }
    }

    /// Carries messages, and answers what is asked, until nothing moves.
    fn settle(&mut self) {
        loop {
            let mut is_still = true;
            for side in [PHONE, SWITCH] {
                if self.stacks[side].poll_timeout().is_some_and(|due| due <= self.now) {
                    self.stacks[side].handle_timeout(self.now);
                }
                while let Some(output) = self.stacks[side].poll_output() {
                    is_still = false;
                    match output {
                        Output::Transmit { flow, bytes, .. } => {
                            let back = Flow { local: flow.remote, remote: flow.local, ..flow };
                            self.received += 1;
                            self.stacks[1 - side].receive(self.now, back, bytes);
                        }
                        Output::Event(event) => self.answer(side, event),
                        Output::Received { .. } => {}
                    }
                }
            }
            if is_still {
                return;
            }
        }
    }

    fn answer(&mut self, side: usize, event: Event) {
        let stack = &mut self.stacks[side];
        match event {
            Event::Request { id, .. } => stack.respond(self.now, id, Response::new(200)),
            Event::Invite { id, .. } => {
                self.invites += 1;
                if self.invites % 2 == 1 {
                    let challenge = Response::new(407).with(Name::ProxyAuthenticate, CHALLENGE);
                    stack.reject(self.now, id, challenge);
                } else {
                    stack.progress(self.now, id, Response::new(180));
                    stack.answer(self.now, id, Bytes::from_static(SDP), vec![]);
                }
            }
            _ => {}
        }
    }
}

fn flow(side: usize) -> Flow {
    let address = |side: usize| ([192, 0, 2, side as u8 + 1], 5060).into();
    Flow { transport: Transport::Udp, local: address(side), remote: address(1 - side) }
}

const PHONE: usize = 0;
const SWITCH: usize = 1;
const CALLS: usize = 200;
const READ: usize = 1000;
const CREDENTIALS: &str = "Digest username=\"alice\", realm=\"example.org\", nonce=\"5f1c0e6a8d7b4c3290a1b2c3d4e5f607\", \
    uri=\"sip:1001@example.org\", response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth, \
    nc=00000001, cnonce=\"0a4f113b\"";
const CHALLENGE: &str =
    "Digest realm=\"example.org\", nonce=\"5f1c0e6a8d7b4c3290a1b2c3d4e5f607\", algorithm=MD5, qop=\"auth\"";
const SDP: &[u8] = b"v=0\r\no=- 3724394400 3724394400 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
const INVITE: &[u8] = b"INVITE sip:1001@example.org;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-524287-1---3f2a1b0c9d8e7f6a;rport\r\n\
    Max-Forwards: 70\r\n\
    Contact: <sip:alice@192.0.2.1:5060;transport=udp>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"\r\n\
    To: <sip:1001@example.org;user=phone>\r\n\
    From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n\
    Call-ID: 3848276298220188511@192.0.2.1\r\n\
    CSeq: 2 INVITE\r\n\
    Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK\r\n\
    Supported: replaces, 100rel, timer\r\n\
    Session-Expires: 1800;refresher=uac\r\n\
    User-Agent: Desk Phone 7.2.1\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 252\r\n\r\n\
    v=0\r\no=- 3724394400 3724394400 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
