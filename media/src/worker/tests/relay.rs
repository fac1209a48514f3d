//! Packets from leg to leg. MED-01, MED-02.

use super::*;

fn pcmu() -> Vec<Payload> {
    vec![payload(0, "PCMU"), payload(101, "telephone-event")]
}

/// MED-02
#[test]
fn packets_pass_both_ways_with_the_numbers_of_each_side() {
    let a = [payload(96, "iLBC"), payload(0, "PCMU"), payload(101, "telephone-event")];
    let b = [payload(0, "PCMU"), payload(120, "ilbc"), payload(97, "telephone-event")];
    let mut bench = Bench::call(&a, &b);
    assert_eq!(
        bench.open.values().map(SocketAddr::port).collect::<Vec<_>>(),
        [10_000, 10_001, 10_002, 10_003]
    );
    let first = bench.a_says(&packet(96, 10, 160, b"one")).unwrap();
    assert_eq!((first.number, &*first.payload, first.marker), (120, &b"one"[..], true));
    let second = bench.a_says(&packet(0, 11, 320, b"two")).unwrap();
    assert_eq!((second.number, second.marker), (0, false));
    assert_eq!((second.ssrc, second.sequence), (first.ssrc, first.sequence.wrapping_add(1)));
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(160));
    assert_ne!(first.ssrc, 0x1111, "our own source");
    let back = bench.b_says(&packet(97, 5, 0, &[1, 0, 0, 160])).unwrap();
    assert_eq!(back.number, 101);
    assert_ne!(back.ssrc, first.ssrc);
    assert!(bench.b_says(&packet(96, 6, 0, b"")).is_none(), "A's number means nothing from B");
    assert_eq!(bench.events.len(), 2, "each side latched: {:?}", bench.events);
}

/// MED-02: flags, contributing sources, extensions and padding stay what they are.
#[test]
fn only_the_fixed_header_is_rewritten() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let mut bytes = packet(0, 10, 160, &[]);
    bytes[0] |= 0x31;
    bytes[1] |= 0x80;
    bytes.extend([9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 0xff, 0xfe, 7, 7, 7, 3]);
    let (_, out) = bench.receive(A_RTP, phone_a(), &bytes).unwrap();
    assert_eq!((out[0], &out[12..]), (bytes[0], &bytes[12..]));
    assert_eq!(read(&out).payload, [0xff, 0xfe, 7]);
}

/// MED-01, MED-02
#[test]
fn a_law_and_u_law_are_converted_both_ways() {
    let mut bench = Bench::call(&[payload(0, "PCMU")], &[payload(8, "PCMA")]);
    let ulaw: Vec<u8> = (0..=255).collect();
    let got = bench.a_says(&packet(0, 1, 0, &ulaw)).unwrap();
    assert_eq!(got.number, 8);
    for (before, after) in ulaw.iter().zip(&got.payload) {
        assert_eq!(*after, g711::linear_to_alaw(g711::ulaw_to_linear(*before)));
    }
    let back = bench.b_says(&packet(8, 1, 0, &got.payload)).unwrap();
    assert_eq!(back.number, 0);
    for (before, after) in got.payload.iter().zip(&back.payload) {
        assert_eq!(*after, g711::linear_to_ulaw(g711::alaw_to_linear(*before)));
    }
}

/// MED-01: RFC 4733 events pass, and are told once.
#[test]
fn digits_pass_and_are_told_once() {
    let mut bench = Bench::call(&pcmu(), &[payload(0, "PCMU"), payload(96, "telephone-event")]);
    for (n, (end, duration)) in
        [(0, 160), (0, 320), (0x80, 480u16), (0x80, 480), (0x80, 480)].into_iter().enumerate()
    {
        let [high, low] = duration.to_be_bytes();
        let out = bench.a_says(&packet(101, n as u16, 8_000, &[5, end | 10, high, low])).unwrap();
        assert_eq!((out.number, out.payload[0]), (96, 5));
        bench.run_for_ms(20);
    }
    assert_eq!(bench.digits(), "5");
    bench.a_says(&packet(101, 9, 16_000, &[11, 10, 0, 160]));
    assert_eq!(bench.digits(), "5");
    bench.run_for_ms(200);
    assert_eq!(bench.digits(), "5#", "an event whose end is lost ends by time");
}

#[test]
fn digits_are_told_though_nobody_listens() {
    let mut bench = Bench::call(&pcmu(), &[payload(0, "PCMU")]);
    assert!(bench.a_says(&packet(101, 1, 0, &[4, 0x8a, 1, 0])).is_none());
    bench.path(B, Path::Silent);
    assert!(bench.a_says(&packet(101, 2, 900, &[2, 0x8a, 1, 0])).is_none());
    assert_eq!((bench.digits(), bench.close(A).dropped), ("42".into(), 0));
}

/// SIP-20: on hold nothing is passed, though a phone may go on sending.
#[test]
fn hold_stops_both_ways_and_resume_goes_on() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let before = bench.a_says(&packet(0, 10, 1_600, b"x")).unwrap();
    bench.b_says(&packet(0, 10, 1_600, b"x")).unwrap();
    let held = Line { send: false, receive: false, ..line(phone_b(), &pcmu()) };
    bench.handle(Command::Agree { session: B, line: held });
    bench.run_for_ms(40);
    assert!(bench.a_says(&packet(0, 11, 1_760, b"x")).is_none());
    assert!(bench.b_says(&packet(0, 11, 1_760, b"x")).is_none());
    bench.handle(Command::Agree { session: B, line: line(phone_b(), &pcmu()) });
    let after = bench.a_says(&packet(0, 12, 1_920, b"x")).unwrap();
    assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 320);
    assert_eq!((bench.close(B).dropped, bench.close(A).dropped), (1, 0));
}

/// MED-02: the receiver must not notice a change of source.
#[test]
fn another_source_continues_the_stream() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let first = bench.a_says(&packet_of(1, 0, 60_000, 4_000_000_000, b"x")).unwrap();
    bench.run_for_ms(20);
    let second = bench.a_says(&packet_of(2, 0, 7, 99, b"x")).unwrap();
    assert_eq!((second.ssrc, second.marker), (first.ssrc, true));
    assert_eq!(second.sequence, first.sequence.wrapping_add(1));
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(160));
    assert!(bench.a_says(&packet_of(2, 0, 6, 0, b"x")).is_none(), "its number was the first source's");
}

#[test]
fn source_that_begins_anew_under_its_own_name_continues_too() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let first = bench.a_says(&packet(0, 100, 1_000, b"x")).unwrap();
    bench.run_for_ms(20);
    assert!(bench.a_says(&packet(0, 30_000, 77, b"x")).is_none(), "one alone may be an accident");
    bench.run_for_ms(20);
    let second = bench.a_says(&packet(0, 30_001, 237, b"x")).unwrap();
    assert_eq!(second.sequence, first.sequence.wrapping_add(1));
    assert_eq!((second.timestamp, second.marker), (first.timestamp.wrapping_add(320), true));
}

#[test]
fn order_and_gaps_are_kept() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let base = bench.a_says(&packet(0, 65_530, 0, b"x")).unwrap().sequence;
    for (sequence, offset) in [(65_532u16, 2), (65_531, 1), (65_535, 5), (2, 8), (2, 8)] {
        let out = bench.a_says(&packet(0, sequence, 0, b"x")).unwrap();
        assert_eq!(out.sequence.wrapping_sub(base), offset);
    }
}

#[test]
fn long_calls_wrap_around_without_a_seam() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let mut last: Option<Rtp> = None;
    for n in 0..200_000u32 {
        let timestamp = n.wrapping_mul(160).wrapping_add(u32::MAX - 80_000);
        let out = bench.a_says(&packet(0, (n + 65_000) as u16, timestamp, b"x")).unwrap();
        if let Some(last) = last {
            assert_eq!(out.sequence, last.sequence.wrapping_add(1));
            assert_eq!((out.timestamp, out.marker), (last.timestamp.wrapping_add(160), false));
        }
        last = Some(out);
        bench.now += Duration::from_millis(20);
        bench.sent.clear();
    }
    let figures = bench.close(A).received;
    assert_eq!((figures.packets, figures.lost, figures.disordered), (200_000, 0, 0));
}

/// Early media: paths and lines may be said in any order, and the peer opened last.
#[test]
fn paths_may_be_said_before_there_is_anybody() {
    let mut bench = Bench::new();
    bench.open_session(A, 10_000);
    bench.path(A, Path::Peer(B));
    bench.open_session(B, 10_002);
    bench.path(B, Path::Peer(A));
    assert!(bench.a_says(&packet(0, 1, 0, b"x")).is_none(), "not before the negotiation");
    bench.handle(Command::Agree { session: A, line: line(phone_a(), &pcmu()) });
    assert!(bench.a_says(&packet(0, 2, 0, b"x")).is_none());
    bench.handle(Command::Agree { session: B, line: line(phone_b(), &pcmu()) });
    assert!(bench.a_says(&packet(0, 3, 0, b"x")).is_some());
    assert!(bench.b_says(&packet(0, 3, 0, b"x")).is_some());
}

/// A pause of ours is no loss to the peer.
#[test]
fn peer_that_is_heard_again_continues_the_stream() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let before = bench.b_says(&packet(0, 10, 1_600, b"x")).unwrap();
    bench.path(A, Path::Silent);
    for n in 1..=10u16 {
        bench.run_for_ms(20);
        assert!(bench.b_says(&packet(0, 10 + n, 1_600 + 160 * u32::from(n), b"x")).is_none());
    }
    bench.path(A, Path::Peer(B));
    bench.run_for_ms(20);
    let after = bench.b_says(&packet(0, 21, 3_360, b"x")).unwrap();
    assert_eq!((after.sequence, after.marker), (before.sequence.wrapping_add(1), true));
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(11 * 160));
}

/// A transfer: C takes B over from A.
#[test]
fn leg_is_heard_by_who_asked_last() {
    let c = SessionId(3);
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.open_session(c, 10_004);
    bench.handle(Command::Agree { session: c, line: line(addr("192.0.2.3:6000"), &pcmu()) });
    bench.path(c, Path::Peer(B));
    let to = bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).unwrap().0;
    assert_eq!(to, addr("192.0.2.3:6000"));
    bench.path(A, Path::Silent);
    assert!(bench.receive(B_RTP, phone_b(), &packet(0, 2, 160, b"x")).is_some(), "A leaving changes nothing");
    bench.close(B);
    assert!(bench.receive(B_RTP, phone_b(), &packet(0, 3, 320, b"x")).is_none());
    bench.close(A);
    bench.close(c);
    assert_eq!((bench.worker.sessions(), bench.open.len(), bench.worker.poll_timeout()), (0, 0, None));
}

#[test]
fn slots_are_used_again_and_old_peers_are_not_confused() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.close(B);
    let late = SessionId(9);
    bench.open_session(late, 10_010);
    assert_eq!(bench.open[&B_RTP.0].port(), 10_010, "B's slot");
    bench.handle(Command::Agree { session: late, line: line(phone_b(), &pcmu()) });
    assert!(bench.a_says(&packet(0, 1, 0, b"x")).is_none(), "A heard B, not who took its place");
    bench.worker.socket_failed(B_RTCP);
    bench.handle(Command::Close { session: late });
    assert!(bench.events.contains(&Event::OpenFailed { session: late }));
    assert_eq!((bench.worker.sessions(), bench.open.len()), (1, 2));
}
