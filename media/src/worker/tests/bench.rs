//! A worker with phones at its sockets, on a clock moved by hand.

pub(super) use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

pub(super) use rtp_rs::{RtpPacketBuilder, RtpReader, Seq};

pub(super) use crate::{
    Command, Country, Event, Forward, Line, Output, Path, Payload, SessionId, Settings, SocketId, Statistics,
    Tone, Worker, codec::Codec, codec::g711,
};

/// The worker and everything that came out of it.
pub(super) struct Bench {
    pub(super) worker: Worker,
    pub(super) now: Instant,
    /// Local address of each open socket.
    pub(super) open: BTreeMap<u32, SocketAddr>,
    pub(super) events: Vec<Event>,
    /// Sent at, from, to, bytes.
    pub(super) sent: Vec<(Instant, SocketId, SocketAddr, Vec<u8>)>,
}

/// One RTP packet as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rtp {
    pub(super) number: u8,
    pub(super) marker: bool,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) const A: SessionId = SessionId(1);
pub(super) const B: SessionId = SessionId(2);
pub(super) const A_RTP: SocketId = SocketId(0);
pub(super) const A_RTCP: SocketId = SocketId(1);
pub(super) const B_RTP: SocketId = SocketId(2);
pub(super) const B_RTCP: SocketId = SocketId(3);

pub(super) fn addr(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(super) fn phone_a() -> SocketAddr {
    addr("192.0.2.1:4000")
}

pub(super) fn phone_b() -> SocketAddr {
    addr("192.0.2.2:5000")
}

pub(super) fn payload(number: u8, name: &str) -> Payload {
    Payload { number, codec: Codec::new(name, 8_000) }
}

pub(super) fn line(remote: SocketAddr, payloads: &[Payload]) -> Line {
    Line {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        rtcp_mux: false,
        payloads: payloads.iter().cloned().collect(),
        send: true,
        receive: true,
        ptime: 20,
        protection: None,
        signalled_from: remote.ip(),
    }
}

pub(super) fn packet(number: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    packet_of(0x1111, number, sequence, timestamp, payload)
}

pub(super) fn packet_of(ssrc: u32, number: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let builder = RtpPacketBuilder::new().payload_type(number).sequence(Seq::from(sequence));
    builder.timestamp(timestamp).ssrc(ssrc).payload(payload).build().expect("a packet")
}

pub(super) fn read(packet: &[u8]) -> Rtp {
    let reader = RtpReader::new(packet).expect("RTP");
    Rtp {
        number: reader.payload_type(),
        marker: reader.mark(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
        payload: reader.payload().to_vec(),
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let start = Instant::now();
        let worker = Worker::new(settings, [7; 32]);
        Self { worker, now: start, open: BTreeMap::new(), events: vec![], sent: vec![] }
    }

    /// Two sessions that hear each other, with these payload types.
    pub(super) fn call(a: &[Payload], b: &[Payload]) -> Self {
        let mut bench = Self::new();
        bench.open_call(a, b);
        bench
    }

    pub(super) fn open_call(&mut self, a: &[Payload], b: &[Payload]) {
        self.open_session(A, 10_000);
        self.open_session(B, 10_002);
        self.handle(Command::Agree { session: A, line: line(phone_a(), a) });
        self.handle(Command::Agree { session: B, line: line(phone_b(), b) });
        self.path(A, Path::Peer(B));
        self.path(B, Path::Peer(A));
    }

    pub(super) fn open_session(&mut self, session: SessionId, port: u16) {
        self.handle(Command::Open { session, local: addr("127.0.0.1:0").ip(), port });
    }

    pub(super) fn path(&mut self, session: SessionId, path: Path) {
        self.handle(Command::Path { session, path });
    }

    pub(super) fn handle(&mut self, command: Command) {
        self.worker.handle(self.now, command);
        self.drain();
    }

    pub(super) fn receive(
        &mut self,
        socket: SocketId,
        from: SocketAddr,
        bytes: &[u8],
    ) -> Option<(SocketAddr, Vec<u8>)> {
        let mut buffer = bytes.to_vec();
        // As in the shell, where what is encrypted has room for its proof.
        buffer.resize(bytes.len() + 16, 0);
        let forward = self.worker.receive_in(self.now, (socket, from), &mut buffer, bytes.len());
        self.drain();
        let Forward { socket, to, len } = forward?;
        buffer.truncate(len);
        self.sent.push((self.now, socket, to, buffer.clone()));
        Some((to, buffer))
    }

    /// RTP from A's phone: what B's phone gets.
    pub(super) fn a_says(&mut self, bytes: &[u8]) -> Option<Rtp> {
        self.receive(A_RTP, phone_a(), bytes).map(|(to, bytes)| {
            assert_eq!(to, phone_b());
            read(&bytes)
        })
    }

    pub(super) fn b_says(&mut self, bytes: &[u8]) -> Option<Rtp> {
        self.receive(B_RTP, phone_b(), bytes).map(|(to, bytes)| {
            assert_eq!(to, phone_a());
            read(&bytes)
        })
    }

    /// Lets time pass, firing what is due when it is due.
    pub(super) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.worker.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.worker.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(super) fn run_for_ms(&mut self, ms: u64) {
        self.run_for(Duration::from_millis(ms));
    }

    pub(super) fn digits(&self) -> String {
        let digit = |event: &Event| match event {
            Event::Digit { digit, .. } => Some(*digit),
            _ => None,
        };
        self.events.iter().filter_map(digit).collect()
    }

    /// RTP that was sent from a socket, since the last time.
    pub(super) fn take_rtp(&mut self, from: SocketId) -> Vec<(Instant, Rtp)> {
        let sent = std::mem::take(&mut self.sent);
        sent.into_iter().filter(|sent| sent.1 == from).map(|(at, _, _, bytes)| (at, read(&bytes))).collect()
    }

    /// Closes it and tells its last figures.
    pub(super) fn close(&mut self, session: SessionId) -> Statistics {
        self.handle(Command::Close { session });
        match self.events.pop() {
            Some(Event::Closed { session: closed, statistics }) if closed == session => statistics,
            other => panic!("no last figures but {other:?}"),
        }
    }

    pub(super) fn drain(&mut self) {
        let mut buffer = [0; 1_500];
        while let Some(output) = self.worker.poll_output(&mut buffer) {
            match output {
                Output::OpenSocket { socket, local } => {
                    assert_eq!(
                        self.open.insert(socket.0, local),
                        None,
                        "a socket number is used once at a time"
                    );
                }
                Output::CloseSocket { socket } => {
                    self.open.remove(&socket.0);
                }
                Output::Transmit(Forward { socket, to, len }) => {
                    assert!(self.open.contains_key(&socket.0), "sent from a closed socket");
                    self.sent.push((self.now, socket, to, buffer[..len].to_vec()));
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }
}
