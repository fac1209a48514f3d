//! Our relays: the packet I/O alone, and the media thread as the program runs it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use dialtone::shell::{
    rtp::{self, Kind, PacketIo, Receiver},
    workers::{Plan, Workers},
};
use media::{Command, Forward, Line, Path, Payload, SessionId, SocketId, sdp::Codec};

/// Forwards what socket `n` gets out of socket `n ^ 1` to phone `n ^ 1`.
pub fn forward(mut io: impl PacketIo, phones: &[SocketAddr]) {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let open = |at: usize| io.open(SocketId(at as u32), any).expect("a free port").port();
    let ports: Vec<u16> = (0..phones.len()).map(open).collect();
    crate::say_ports(&ports);
    let mut receiver = Fixed(phones);
    loop {
        io.turn(None, &mut receiver).expect("packet I/O goes on");
    }
}

struct Fixed<'a>(&'a [SocketAddr]);

impl Receiver for Fixed<'_> {
    fn receive(&mut self, socket: SocketId, _: SocketAddr, _: &mut [u8], len: usize) -> Option<Forward> {
        let other = SocketId(socket.0 ^ 1);
        Some(Forward { socket: other, to: self.0[other.0 as usize], len })
    }
}

/// One media thread of the program with a session for each phone.
pub fn work(kind: Kind, phones: &[SocketAddr]) {
    let plan =
        Plan { count: 1, kind, io: rtp::Settings::default(), media: media::worker::Settings::default() };
    let (events, mut heard) = tokio::sync::mpsc::channel(1024);
    let (mut workers, _figures) = Workers::start(&plan, &events).expect("a thread");
    let (mut ports, now) = (Vec::new(), Instant::now());
    for (at, &phone) in phones.iter().enumerate() {
        let session = SessionId(at as u64);
        let port = FIRST_PORT + 2 * at as u16;
        workers.tell(now, 0, Command::Open { session, local: IpAddr::V4(Ipv4Addr::LOCALHOST), port });
        workers.tell(now, 0, Command::Agree { session, line: line(phone) });
        ports.push(port);
    }
    for at in 0..phones.len() as u64 {
        workers.tell(now, 0, Command::Path { session: SessionId(at), path: Path::Peer(SessionId(at ^ 1)) });
    }
    workers.wake(now + Duration::from_secs(1));
    // The thread is busy binding; nobody tells when it is done.
    std::thread::sleep(Duration::from_millis(500));
    crate::say_ports(&ports);
    while let Some(event) = heard.blocking_recv() {
        assert!(!matches!(event, media::Event::OpenFailed { .. }), "port taken: {event:?}");
    }
}

fn line(phone: SocketAddr) -> Line {
    let pcmu = Codec { name: "PCMU".into(), rate: 8000, channels: 1, fmtp: String::new() };
    Line {
        remote: phone,
        remote_rtcp: SocketAddr::new(phone.ip(), phone.port().wrapping_add(1)),
        rtcp_mux: false,
        payloads: [Payload { number: 0, codec: pcmu }].into_iter().collect(),
        send: true,
        receive: true,
        ptime: 20,
        protection: None,
        signalled_from: phone.ip(),
    }
}

/// Below the range from which the system chooses, so that phones do not take them.
const FIRST_PORT: u16 = 24_000;
