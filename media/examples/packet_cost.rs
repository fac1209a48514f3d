//! What one relayed packet costs in the worker: `cargo run --release -p media --example packet_cost`.
//!
//! 500 calls with a packet of 172 bytes each way in every round; the worker's memory does not fit into the
//! first-level cache, as in life. Copying a fresh packet into the buffer is measured apart and subtracted. The round
//! at the tenth percentile counts, so that other programs on the machine disturb little; reading a header with rtp-rs
//! and rewriting it is the yardstick beside.
#![allow(clippy::print_stdout)]

use std::{
    hint::black_box,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rtp_rs::RtpReader;

use media::{Command, Line, Path, SessionId, Settings, SocketId, Worker, sdp};

const SESSIONS: u32 = 1_000;
const ROUNDS: u32 = 2_000;

fn main() {
    let bare = bare();
    let relayed = measure(&[0, 0]);
    let converted = measure(&[0, 8]);
    println!("bare:      {bare:.1} ns per packet (header read and rewritten, nothing else)");
    println!("relayed:   {relayed:.1} ns per packet");
    println!("converted: {converted:.1} ns per packet (PCMU and PCMA)");
}

fn measure(codecs: &[u8; 2]) -> f64 {
    let mut now = Instant::now();
    let mut worker = Worker::new(Settings::default(), [3; 32]);
    let mut buffer = [0; 1_500];
    for session in 0..SESSIONS {
        open(&mut worker, now, session, codecs[session as usize % 2]);
        while worker.poll_output(&mut buffer).is_some() {}
    }
    let mut packet = [0x55u8; 172];
    let (mut spent, mut copied) = (vec![], vec![]);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        for session in 0..SESSIONS {
            fill(&mut packet, round, codecs[session as usize % 2]);
            let socket = SocketId(session * 2);
            black_box(worker.receive(now, socket, phone(session), black_box(&mut packet)));
        }
        spent.push(begun.elapsed());
        let begun = Instant::now();
        for session in 0..SESSIONS {
            fill(&mut packet, round, codecs[session as usize % 2]);
            black_box(phone(session));
            black_box(&mut packet);
        }
        copied.push(begun.elapsed());
        now += Duration::from_millis(20);
        worker.handle_timeout(now);
        while worker.poll_output(&mut buffer).is_some() {}
    }
    per_packet(spent, copied)
}

fn per_packet(spent: Vec<Duration>, copied: Vec<Duration>) -> f64 {
    undisturbed(spent).saturating_sub(undisturbed(copied)).as_nanos() as f64 / f64::from(SESSIONS)
}

fn undisturbed(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 10]
}

fn bare() -> f64 {
    let mut packet = [0x55u8; 172];
    let (mut spent, mut copied) = (vec![], vec![]);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..SESSIONS {
            fill(&mut packet, round, 0);
            let reader = RtpReader::new(black_box(&packet)).expect("it is RTP");
            let sequence = u16::from(reader.sequence_number()).wrapping_add(7);
            let timestamp = reader.timestamp().wrapping_add(7);
            black_box((reader.payload_type(), reader.payload().len(), reader.ssrc()));
            packet[2..4].copy_from_slice(&sequence.to_be_bytes());
            packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
            packet[8..12].copy_from_slice(&[4, 3, 2, 1]);
            black_box(&mut packet);
        }
        spent.push(begun.elapsed());
        let begun = Instant::now();
        for _ in 0..SESSIONS {
            fill(&mut packet, round, 0);
            black_box(&mut packet);
        }
        copied.push(begun.elapsed());
    }
    per_packet(spent, copied)
}

fn open(worker: &mut Worker, now: Instant, session: u32, codec: u8) {
    let (id, remote) = (SessionId(session.into()), phone(session));
    let payloads = sdp::g711().into_iter().filter(|p| p.number == codec || p.number == 101).collect();
    let line = Line {
        remote,
        remote_rtcp: remote,
        rtcp_mux: false,
        payloads,
        send: true,
        receive: true,
        ptime: 20,
        protection: None,
        signalled_from: remote.ip(),
    };
    worker.handle(now, Command::Open { session: id, local: remote.ip(), port: 10_000 });
    worker.handle(now, Command::Agree { session: id, line });
    worker.handle(now, Command::Path { session: id, path: Path::Peer(SessionId((session ^ 1).into())) });
}

fn phone(session: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, (session >> 8) as u8, session as u8], 4_000))
}

fn fill(packet: &mut [u8; 172], round: u32, codec: u8) {
    packet[..2].copy_from_slice(&[0x80, codec]);
    packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&[1, 2, 3, 4]);
}
