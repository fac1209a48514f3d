//! Strangers, garbage, and phones that move. MED-05.

use proptest::prelude::*;

use super::*;

fn pcmu() -> Vec<Payload> {
    vec![payload(0, "PCMU"), payload(101, "telephone-event")]
}

fn stranger() -> SocketAddr {
    addr("203.0.113.66:4000")
}

/// MED-05: no packet goes to a stranger whose RTP arrives first.
#[test]
fn stranger_who_is_first_gets_nothing_and_changes_nothing() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    assert!(bench.receive(A_RTP, stranger(), &packet(0, 1, 0, b"x")).is_none());
    assert!(bench.events.is_empty());
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).unwrap().0, phone_a());
    assert_eq!(bench.receive(A_RTP, phone_a(), &packet(0, 1, 0, b"x")).unwrap().0, phone_b());
    assert!(bench.receive(A_RTP, stranger(), &packet(0, 2, 160, b"x")).is_none());
    assert!(bench.receive(A_RTP, stranger(), &packet(101, 3, 160, &[5, 0x8a, 1, 0])).is_none());
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 2, 160, b"x")).unwrap().0, phone_a());
    let latched = |session, from| Event::Latched { session, from };
    assert_eq!(bench.events, [latched(B, phone_b()), latched(A, phone_a())]);
    let a = bench.close(A);
    assert_eq!((a.dropped, a.received.packets), (3, 1));
}

/// MED-05: the phone behind NAT is heard where it is seen.
#[test]
fn phone_behind_nat_is_answered_where_it_comes_from() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let seen = addr("198.51.100.7:61000");
    let private = Line { signalled_from: seen.ip(), ..line(addr("192.168.1.5:4000"), &pcmu()) };
    bench.handle(Command::Agree { session: A, line: private });
    let to = |bench: &mut Bench, n| bench.receive(B_RTP, phone_b(), &packet(0, n, 0, b"x")).unwrap().0;
    assert_eq!(to(&mut bench, 1), addr("198.51.100.7:4000"), "its port may be the same outside");
    assert!(bench.receive(A_RTP, seen, &packet(0, 1, 0, b"x")).is_some());
    assert_eq!(to(&mut bench, 2), seen);
}

#[test]
fn garbage_changes_nothing() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    for garbage in [
        &b""[..],
        b"x",
        &[0x80; 11],
        &[0x40; 172],
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        &packet(55, 1, 0, b"not negotiated"),
        &[0x8f, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9],
        &[0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff],
        &[0xa0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7, 200],
    ] {
        assert!(bench.receive(A_RTP, addr("192.0.2.1:7777"), garbage).is_none(), "{garbage:?}");
        assert!(bench.receive(A_RTCP, addr("192.0.2.1:7777"), garbage).is_none());
        assert!(bench.receive(SocketId(999), phone_a(), garbage).is_none());
    }
    assert!(bench.events.is_empty(), "garbage of the peer's own address does not latch");
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).unwrap().0, phone_a());
    let a = bench.close(A);
    assert_eq!((a.received.packets, a.dropped), (0, 18));
}

/// MED-05: a phone that moves its port is followed after 2 s, or at once when it says so.
#[test]
fn phone_that_moves_is_followed() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let moved = addr("192.0.2.1:4444");
    bench.a_says(&packet(0, 1, 0, b"x")).unwrap();
    assert!(bench.receive(A_RTP, moved, &packet(0, 2, 160, b"x")).is_none());
    bench.run_for_ms(2_000);
    assert!(bench.receive(A_RTP, moved, &packet(0, 3, 320, b"x")).is_some());
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).unwrap().0, moved);
    bench.handle(Command::Agree { session: A, line: line(addr("198.51.100.9:1000"), &pcmu()) });
    assert!(bench.receive(A_RTP, moved, &packet(0, 4, 480, b"x")).is_none());
    assert_eq!(
        bench.receive(B_RTP, phone_b(), &packet(0, 2, 160, b"x")).unwrap().0,
        addr("198.51.100.9:1000")
    );
}

#[test]
fn reports_of_strangers_are_dropped() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let rr = [0x80, 201, 0, 1, 0, 0, 0, 9];
    bench.receive(A_RTCP, stranger(), &rr);
    bench.receive(A_RTCP, addr("192.0.2.1:9999"), &rr);
    bench.receive(A_RTCP, addr("192.0.2.1:4001"), &rr);
    bench.run_for(Duration::from_secs(6));
    let to: Vec<_> = bench.sent.iter().filter(|sent| sent.1 == A_RTCP).map(|sent| sent.2).collect();
    assert!(
        !to.is_empty() && to.iter().all(|to| *to == addr("192.0.2.1:4001")),
        "the negotiated one, which came after another believed one: {to:?}"
    );
    assert_eq!(bench.close(A).dropped, 1);
}

#[test]
fn hold_by_unspecified_address_is_never_sent_to() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.handle(Command::Agree { session: A, line: line(addr("0.0.0.0:4000"), &pcmu()) });
    assert!(bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).is_none());
    bench.path(A, Path::Tone(Tone::Busy, Country::Us));
    bench.run_for(Duration::from_secs(6));
    assert!(bench.sent.iter().all(|sent| !sent.2.ip().is_unspecified()));
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic(
        datagrams in prop::collection::vec((0u32..5, any::<bool>(), prop::collection::vec(any::<u8>(), 0..64)), 0..50),
        mux: bool,
    ) {
        let mut bench = Bench::call(&pcmu(), &[payload(8, "PCMA"), payload(96, "telephone-event")]);
        let line = Line { rtcp_mux: mux, ..line(phone_a(), &pcmu()) };
        bench.handle(Command::Agree { session: A, line });
        for (socket, is_rtp, mut bytes) in datagrams {
            if is_rtp && bytes.len() > 2 {
                bytes[0] = 0x80 | (bytes[0] & 0x3f);
                bytes[1] = [0, 101, 8, 96, 200, 201][usize::from(bytes[1]) % 6];
            }
            let from = if socket < 2 { phone_a() } else { phone_b() };
            if let Some((to, out)) = bench.receive(SocketId(socket), from, &bytes) {
                prop_assert!(to == phone_a() || to == phone_b());
                prop_assert_eq!(out.len(), bytes.len());
            }
            bench.run_for_ms(7);
        }
        bench.close(A);
        bench.close(B);
        prop_assert_eq!((bench.worker.sessions(), bench.worker.poll_timeout()), (0, None));
    }
}
