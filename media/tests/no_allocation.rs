//! The packet path allocates nothing once its sessions are open.
//!
//! A binary of its own, because it counts what the whole process asks of the allocator.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    net::SocketAddr,
    time::{Duration, Instant},
};

use media::{
    Command, Country, Line, MixId, Output, Path, Payload, SessionId, Settings, SocketId, Tone, Worker,
    codec::Codec,
    srtp::{Key, Keying, Protection, Sealer, Suite},
};

struct Counting;

thread_local! {
    /// Of this thread, so that the test harness does not count.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator unchanged; counting touches only a thread-local
// that needs neither construction nor destruction, so it cannot allocate itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as for `dealloc`; the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CALLS: u32 = 50;

struct Run {
    worker: Worker,
    now: Instant,
    buffer: [u8; 1_500],
    sent: usize,
    /// Those of the phones that encrypt.
    sealers: Vec<Sealer>,
}

impl Run {
    fn drain(&mut self) {
        while let Some(output) = self.worker.poll_output(&mut self.buffer) {
            self.sent += usize::from(matches!(output, Output::Transmit(_)));
        }
    }

    fn command(&mut self, command: Command) {
        self.worker.handle(self.now, command);
        self.drain();
    }

    /// A round of 20 ms: a packet from each phone, some of them digits, some of strangers, some of reports.
    fn round(&mut self, number: u32) {
        for session in 0..CALLS * 2 {
            let mut packet = [0u8; 172];
            let is_event = number % 50 < 5;
            packet[..2].copy_from_slice(&[0x80, if is_event { 101 } else { codec(session) }]);
            packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
            let timestamp = if is_event { number / 50 * 8_000 } else { number * 160 };
            packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
            packet[12..14].copy_from_slice(&[5, if number % 50 > 2 { 0x80 } else { 0 }]);
            let socket = SocketId(session * 2);
            let mut long = [0u8; 188];
            long[..172].copy_from_slice(&packet);
            let len = match self.sealers.get_mut(session as usize / 10 * 2 + session as usize % 10) {
                Some(sealer) if session % 10 < 2 => {
                    sealer.rtp(&mut long, 172).expect("a packet of speech is sealed")
                }
                _ => 172,
            };
            self.worker.receive_in(self.now, (socket, phone(session)), &mut long.clone(), len);
            self.worker.receive_in(self.now, (socket, phone(session + 1_000)), &mut long, len);
            let report = &mut [0x80, 201, 0, 1, 0, 0, 0, 9];
            self.worker.receive(self.now, SocketId(session * 2 + 1), phone(session), report);
            self.drain();
        }
        self.now += Duration::from_millis(20);
        self.worker.handle_timeout(self.now);
        self.drain();
    }
}

fn phone(session: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, (session >> 8) as u8, session as u8], 4_000))
}

fn key(seed: u8) -> Keying {
    Keying { suite: Suite::Aes128Sha80, key: Key::new([seed; 46]), mki: 0 }
}

/// Callers speak A-law, callees µ-law.
fn codec(session: u32) -> u8 {
    if session.is_multiple_of(2) { 8 } else { 0 }
}

fn line(session: u32) -> Line {
    let name = if session.is_multiple_of(2) { "PCMA" } else { "PCMU" };
    let remote = phone(session);
    Line {
        remote,
        remote_rtcp: remote,
        rtcp_mux: false,
        payloads: [(codec(session), name), (101, "telephone-event")]
            .map(|(number, name)| Payload { number, codec: Codec::new(name, 8_000) })
            .into_iter()
            .collect(),
        send: true,
        receive: true,
        ptime: 20,
        // One call in ten is encrypted on both sides.
        protection: (session % 10 < 2).then(|| Box::new(Protection { ours: key(1), theirs: key(2) })),
        signalled_from: remote.ip(),
    }
}

/// ARCHITECTURE, MED-02, MED-03, MED-11, GRP-04: relay, encryption, conversion, a mix, digits, tones, reports and figures for ten seconds of 50 calls.
#[test]
fn packets_and_tones_allocate_nothing() {
    let sealers = (0..CALLS * 2 / 5).map(|_| Sealer::new(&key(2))).collect();
    let worker = Worker::new(Settings::default(), [1; 32]);
    let mut run = Run { worker, now: Instant::now(), buffer: [0; 1_500], sent: 0, sealers };
    for session in 0..CALLS * 2 {
        let (id, peer) = (SessionId(session.into()), SessionId((session ^ 1).into()));
        let local = SocketAddr::from(([127, 0, 0, 1], 0)).ip();
        run.command(Command::Open { session: id, local, port: 10_000 + 2 * session as u16 });
        run.command(Command::Agree { session: id, line: line(session) });
        let path = match session % 10 {
            9 => Path::Tone(Tone::Ringback, Country::De),
            8 => Path::Mix(MixId(1)),
            _ => Path::Peer(peer),
        };
        run.command(Command::Path { session: id, path });
    }
    (0..100).for_each(|n| run.round(n));
    let (before, sent) = (ALLOCATIONS.get(), run.sent);
    (100..600).for_each(|n| run.round(n));
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(run.sent - sent >= 500 * 10, "tones were sent: {}", run.sent - sent);
    assert!(before > 0, "the counter counts");
}
