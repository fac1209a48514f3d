//! Parties who hear each other at once. GRP-03, GRP-04.

use super::*;
use crate::session::MixId;

const MIX: MixId = MixId(9);
const C: SessionId = SessionId(3);
const FRAME: Duration = Duration::from_millis(20);

fn phone_c() -> SocketAddr {
    addr("192.0.2.3:6000")
}

/// Three sessions in one mix: A speaks A-law, the others µ-law.
fn three() -> Bench {
    let mut bench = Bench::new();
    let parties = [
        (A, 10_000, phone_a(), payload(8, "PCMA")),
        (B, 10_002, phone_b(), payload(0, "PCMU")),
        (C, 10_004, phone_c(), payload(0, "PCMU")),
    ];
    for (session, port, phone, codec) in parties {
        bench.open_session(session, port);
        bench.handle(Command::Agree { session, line: line(phone, &[codec]) });
        bench.path(session, Path::Mix(MIX));
    }
    bench
}

/// Runs for so many frames while these phones say these values.
fn run(bench: &mut Bench, frames: u16, says: &[(SocketId, SocketAddr, u8, i16)], from: u16) {
    for frame in 0..frames {
        for &(socket, phone, number, value) in says {
            let sample = if number == 8 { g711::linear_to_alaw(value) } else { g711::linear_to_ulaw(value) };
            let ssrc = u32::from(phone.port());
            let bytes = packet_of(ssrc, number, from + frame, u32::from(from + frame) * 160, &[sample; 160]);
            assert!(bench.receive(socket, phone, &bytes).is_none(), "nothing is passed on as it is");
        }
        bench.now += FRAME;
        bench.worker.handle_timeout(bench.now);
        bench.drain();
    }
}

/// What a phone heard last, as a value.
fn heard(bench: &Bench, phone: SocketAddr) -> i16 {
    let (.., bytes) = bench.sent.iter().rev().find(|(_, _, to, _)| *to == phone).expect("it hears something");
    let rtp = read(bytes);
    let decode = if rtp.number == 8 { g711::alaw_to_linear } else { g711::ulaw_to_linear };
    decode(rtp.payload[80])
}

fn is_about(value: i16, expected: i16) -> bool {
    (value - expected).abs() <= expected.abs() / 16 + 16
}

/// GRP-04
#[test]
fn each_party_hears_the_others_and_not_itself() {
    let mut bench = three();
    let says =
        [(A_RTP, phone_a(), 8, 1_000), (B_RTP, phone_b(), 0, 2_000), (SocketId(4), phone_c(), 0, 4_000)];
    run(&mut bench, 10, &says, 1);
    for (phone, expected) in [(phone_a(), 6_000), (phone_b(), 5_000), (phone_c(), 3_000)] {
        assert!(is_about(heard(&bench, phone), expected), "{phone} hears {}", heard(&bench, phone));
    }
    let to_b: Vec<Rtp> =
        bench.sent.iter().filter(|(_, _, to, _)| *to == phone_b()).map(|sent| read(&sent.3)).collect();
    assert!(to_b.len() >= 9, "one each 20 ms: {}", to_b.len());
    for two in to_b.windows(2) {
        assert_eq!(two[1].sequence, two[0].sequence.wrapping_add(1));
        assert_eq!(two[1].timestamp.wrapping_sub(two[0].timestamp), 160);
    }
}

/// GRP-03: who may not send is heard by nobody, and hears all the same; who may not be sent to hears nothing.
#[test]
fn a_page_goes_one_way() {
    let mut bench = three();
    for session in [B, C] {
        let phone = if session == B { phone_b() } else { phone_c() };
        let listens = Line { receive: false, ..line(phone, &[payload(0, "PCMU")]) };
        bench.handle(Command::Agree { session, line: listens });
    }
    let says = [(A_RTP, phone_a(), 8, 1_000), (B_RTP, phone_b(), 0, 2_000)];
    run(&mut bench, 10, &says, 1);
    assert!(is_about(heard(&bench, phone_b()), 1_000) && is_about(heard(&bench, phone_c()), 1_000));
    assert!(heard(&bench, phone_a()).abs() < 16, "B's microphone is not heard");
}

/// GRP-04: the others go on when the one who keeps the time leaves, and end when all are gone.
#[test]
fn a_mix_outlives_each_of_its_parties() {
    let mut bench = three();
    let says = [(B_RTP, phone_b(), 0, 2_000), (SocketId(4), phone_c(), 0, 4_000)];
    run(&mut bench, 5, &says, 1);
    bench.handle(Command::Close { session: A });
    bench.sent.clear();
    run(&mut bench, 10, &says, 6);
    assert!(is_about(heard(&bench, phone_b()), 4_000) && is_about(heard(&bench, phone_c()), 2_000));
    assert!(bench.sent.iter().all(|(_, _, to, _)| *to != phone_a()), "A is gone");
    bench.path(B, Path::Peer(C));
    bench.path(C, Path::Peer(B));
    let through = bench.receive(B_RTP, phone_b(), &packet_of(7, 0, 1, 160, b"through"));
    assert_eq!(through.map(|(to, bytes)| (to, read(&bytes).payload)), Some((phone_c(), b"through".to_vec())));
    for session in [B, C] {
        bench.handle(Command::Close { session });
    }
    bench.sent.clear();
    run(&mut bench, 5, &[], 20);
    assert!(bench.sent.is_empty() && bench.worker.sessions() == 0);
}

/// MED-12
#[test]
fn an_echo_is_what_was_said() {
    let mut bench = Bench::new();
    bench.open_session(A, 10_000);
    bench.handle(Command::Agree { session: A, line: line(phone_a(), &[payload(0, "PCMU")]) });
    bench.path(A, Path::Peer(A));
    let (to, back) = bench.receive(A_RTP, phone_a(), &packet(0, 7, 160, b"hello")).unwrap();
    assert_eq!((to, &*read(&back).payload), (phone_a(), &b"hello"[..]));
    bench.handle(Command::Close { session: A });
    assert_eq!(bench.worker.sessions(), 0);
}
