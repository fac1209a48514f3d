//! Session descriptions, and the ports of a call: RTP, RTCP, telephone-events, garbage.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use media::{
    Command, Country, Line, Path, Payload, SessionId, Settings, SocketId, Tone, Worker,
    codec::Codec,
    sdp::{self, Description, Direction, Local},
};

/// A description: what we answer and offer because of it is a description too, and a subset of it.
pub fn sdp(body: &[u8]) {
    let Ok(offer) = Description::parse(body) else { return };
    let mut ours = Local::new(address("192.0.2.10:10000"), 1);
    let offered = offer.audio.as_ref().map(|audio| audio.payloads.clone()).unwrap_or_default();
    let accepted = sdp::relay_answer(&offered, &sdp::g711());
    assert!(accepted.iter().all(|p| offered.iter().any(|o| o.number == p.number)));
    let answer = ours.answer(&offer, &accepted, Direction::SendRecv);
    let read = Description::parse(&answer).expect("our answer can be read");
    assert_eq!(read.lines.len(), offer.lines.len(), "an answer has a line for each line");
    assert_eq!(read.audio.is_some(), !accepted.is_empty());
    let passed = sdp::relay_offer(&offered);
    let printed = ours.offer(&passed, Direction::SendOnly, None);
    if !passed.is_empty() {
        let read = Description::parse(&printed).expect("our offer can be read").audio.expect("with audio");
        assert_eq!(read.direction, Direction::SendOnly);
        assert_eq!(read.payloads.len(), passed.len());
    }
    if let Some(audio) = &offer.audio {
        let _ = sdp::line(audio, &accepted, Direction::SendRecv, IpAddr::from([192, 0, 2, 1]));
    }
}

/// A call between two phones; each piece goes to one of its ports, from its phone or from a stranger. Nothing is ever
/// sent to the stranger.
pub fn media(bytes: &[u8]) {
    let mut call = Call::new(bytes.first().is_some_and(|b| b & 1 == 1));
    for piece in super::pieces(bytes.get(1..).unwrap_or_default()).take(MOST_PIECES) {
        let Some((&how, datagram)) = piece.split_first() else { continue };
        let mut packet = datagram[..datagram.len().min(1_500)].to_vec();
        let from = match how >> 2 & 3 {
            0 => address("203.0.113.66:4000"),
            1 if how & 2 == 0 => address("192.0.2.1:4001"),
            _ if how & 2 == 0 => address("192.0.2.1:4000"),
            _ => address("192.0.2.2:5000"),
        };
        let sent = call.worker.receive(call.now, SocketId(u32::from(how & 3)), from, &mut packet);
        if let Some(forward) = sent {
            assert!(forward.to.ip() != IpAddr::from([203, 0, 113, 66]), "a stranger is sent something");
            assert!(forward.len <= packet.len());
        }
        call.drain();
        call.pass(Duration::from_millis(u64::from(how >> 4) * 7));
    }
    call.worker.handle(call.now, Command::Close { session: A });
    call.worker.handle(call.now, Command::Close { session: B });
    call.drain();
    assert_eq!((call.worker.sessions(), call.worker.poll_timeout()), (0, None));
}

struct Call {
    worker: Worker,
    now: Instant,
}

impl Call {
    fn new(tone: bool) -> Self {
        let mut call = Self { worker: Worker::new(Settings::default(), [5; 32]), now: Instant::now() };
        for (session, port, phone) in [(A, 10_000, "192.0.2.1:4000"), (B, 10_002, "192.0.2.2:5000")] {
            let local = IpAddr::from([192, 0, 2, 10]);
            call.worker.handle(call.now, Command::Open { session, local, port });
            let line = line(address(phone), if session == A { (0, "PCMU") } else { (8, "PCMA") });
            call.worker.handle(call.now, Command::Agree { session, line });
        }
        let path = if tone { Path::Tone(Tone::Ringback, Country::Us) } else { Path::Peer(B) };
        call.worker.handle(call.now, Command::Path { session: A, path });
        call.worker.handle(call.now, Command::Path { session: B, path: Path::Peer(A) });
        call.drain();
        call
    }
    fn drain(&mut self) {
        let mut buffer = [0; 2_048];
        for _ in 0..10_000 {
            if self.worker.poll_output(&mut buffer).is_none() {
                return;
            }
        }
        panic!("the worker has no end of outputs");
    }
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.worker.poll_timeout().filter(|at| *at <= end) {
            self.worker.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }
}

fn line(remote: SocketAddr, (number, name): (u8, &str)) -> Line {
    let payload = |number, name| Payload { number, codec: Codec::new(name, 8_000) };
    Line {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        rtcp_mux: false,
        payloads: [payload(number, name), payload(101, "telephone-event")].into_iter().collect(),
        send: true,
        receive: true,
        ptime: 20,
        protection: None,
        signalled_from: remote.ip(),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);
const MOST_PIECES: usize = 60;
