//! Figures and RTCP. MED-04.

use super::*;
use crate::rtcp::{self, Block, Compound, Sender};

fn pcmu() -> Vec<Payload> {
    vec![payload(0, "PCMU"), payload(101, "telephone-event")]
}

/// The last RTCP packet that was sent from a socket.
fn last_report(bench: &Bench, socket: SocketId) -> (SocketAddr, Vec<u8>) {
    let sent = bench.sent.iter().rev().find(|sent| sent.1 == socket && (200..=201).contains(&sent.3[1]));
    sent.map(|sent| (sent.2, sent.3.clone())).expect("a report was sent")
}

fn compound(ssrc: u32, sender: Option<Sender>, block: Option<Block>) -> Vec<u8> {
    let mut buffer = [0; 200];
    let len = rtcp::write(&mut buffer, &Compound { ssrc, sender, block, cname: b"phone", bye: false });
    buffer[..len.unwrap()].to_vec()
}

/// MED-04: loss and jitter equal what was injected, in the figures and in the report to the peer.
#[test]
fn figures_equal_what_was_injected() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    for n in 0..1_000u32 {
        let (is_lost, is_late) = (n % 20 == 7, n % 2 == 1);
        bench.run_for_ms(if is_late { 10 } else { 0 });
        if !is_lost {
            bench.a_says(&packet(0, n as u16, n * 160, &[0xff; 160]));
        }
        bench.run_for_ms(if is_late { 10 } else { 20 });
    }
    let (to, report) = last_report(&bench, A_RTCP);
    assert_eq!(to, addr("192.0.2.1:4001"));
    let block = rtcp::reports(&report).unwrap().next().unwrap().blocks().next().unwrap();
    assert_eq!(block.ssrc, 0x1111);
    assert!((12..=13).contains(&block.fraction), "1 of 20 in the last interval, of 256: {}", block.fraction);
    assert!((45..=50).contains(&block.lost) && (70..=80).contains(&block.jitter), "{block:?}");
    let figures = bench.close(A).received;
    assert_eq!((figures.packets, figures.lost, figures.bytes), (950, 50, 950 * 172));
    let jitter = figures.jitter.as_secs_f64() * 1e3;
    assert!((9.0..=10.0).contains(&jitter), "{jitter} ms");
    assert!((3.8..4.0).contains(&figures.mos), "{}", figures.mos);
}

/// MED-04
#[test]
fn clean_g711_scores_4_4_and_figures_come_every_five_seconds() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    for n in 0..1_000u32 {
        bench.a_says(&packet(0, n as u16, n * 160, &[0xff; 160]));
        bench.run_for_ms(20);
    }
    let of_a: Vec<Statistics> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Quality { session: A, statistics } => Some(*statistics),
            _ => None,
        })
        .collect();
    assert_eq!(of_a.iter().map(|s| s.received.packets).collect::<Vec<_>>(), [250, 500, 750, 1_000]);
    assert!((4.39..4.41).contains(&of_a[3].received.mos), "{}", of_a[3].received.mos);
    assert_eq!((of_a[3].round_trip, of_a[3].sent.mos, of_a[3].dropped), (None, 0.0, 0));
    let b = bench.close(B);
    assert_eq!((b.sent.packets, b.sent.bytes, b.received.mos), (1_000, 172_000, 0.0));
}

/// MED-04, RFC 3550 §6.4.1: what the peer reports about what it hears.
#[test]
fn reports_of_the_peer_give_round_trip_loss_and_jitter() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    for n in 0..500u32 {
        bench.a_says(&packet(0, n as u16, n * 160, &[0xff; 160]));
        bench.run_for_ms(20);
    }
    let (to, ours) = last_report(&bench, B_RTCP);
    assert_eq!((to, ours[1]), (addr("192.0.2.2:5001"), 200), "a sender report to who hears");
    let ssrc = u32::from_be_bytes(ours[4..8].try_into().unwrap());
    let middle = u32::from_be_bytes(ours[10..14].try_into().unwrap());
    let sent_at = bench.sent.iter().rev().find(|sent| sent.1 == B_RTCP).unwrap().0;
    let timestamp = u32::from_be_bytes(ours[16..20].try_into().unwrap());
    let heard = bench.sent.iter().rev().find(|sent| sent.1 == B_RTP && sent.0 <= sent_at).unwrap();
    let expected = read(&heard.3).timestamp.wrapping_add((sent_at - heard.0).as_millis() as u32 * 8);
    assert_eq!(timestamp, expected, "the timestamp of the moment");
    bench.now = bench.now.max(sent_at + Duration::from_millis(5_120));
    let delay =
        ((bench.now - sent_at - Duration::from_millis(120)).as_millis() as u64 * 65_536 / 1_000) as u32;
    let block = Block { ssrc, fraction: 1, lost: 20, highest: 0, jitter: 80, last_report: middle, delay };
    assert!(bench.receive(B_RTCP, addr("192.0.2.2:5001"), &compound(9, None, Some(block))).is_none());
    let b = bench.close(B);
    let trip = b.round_trip.unwrap().as_secs_f64();
    assert!((trip - 0.120).abs() < 0.001, "{trip}");
    assert_eq!((b.sent.lost, b.sent.jitter), (20, Duration::from_millis(10)));
    assert!((3.9..4.2).contains(&b.sent.mos), "{}", b.sent.mos);
}

#[test]
fn peers_own_report_is_echoed_with_its_age() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.a_says(&packet(0, 1, 0, b"x"));
    let sender = Sender { ntp: 0x1111_2222_3333_4444, timestamp: 0, packets: 1, bytes: 1 };
    bench.receive(A_RTCP, addr("192.0.2.1:4001"), &compound(0x1111, Some(sender), None));
    let heard_at = bench.now;
    bench.run_for(Duration::from_secs(6));
    let report = bench.sent.iter().rev().find(|sent| sent.1 == A_RTCP).unwrap();
    assert_eq!(report.3[1], 201, "A hears nothing, so it gets a receiver report");
    let block = rtcp::reports(&report.3).unwrap().next().unwrap().blocks().next().unwrap();
    let age = (report.0 - heard_at).as_secs_f64() * 65_536.0;
    assert_eq!((block.last_report, block.delay), (0x2222_3333, age as u32));
}

/// RFC 5761; and the last report takes leave (RFC 3550 §6.6).
#[test]
fn multiplexed_reports_use_the_rtp_port_both_ways() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let muxed = Line { rtcp_mux: true, remote_rtcp: phone_a(), ..line(phone_a(), &pcmu()) };
    bench.handle(Command::Agree { session: A, line: muxed });
    bench.b_says(&packet(0, 1, 0, b"x"));
    bench.run_for(Duration::from_secs(6));
    let (to, report) = last_report(&bench, A_RTP);
    assert_eq!(to, phone_a());
    let ssrc = u32::from_be_bytes(report[4..8].try_into().unwrap());
    let block = Block { ssrc, fraction: 0, lost: 3, highest: 0, jitter: 0, last_report: 0, delay: 0 };
    bench.receive(A_RTP, addr("203.0.113.66:4000"), &compound(9, None, Some(block)));
    bench.receive(A_RTP, phone_a(), &compound(9, None, Some(Block { lost: 1, ..block })));
    bench.sent.clear();
    let figures = bench.close(A);
    assert_eq!((figures.sent.lost, figures.dropped), (1, 1));
    let bye = &bench.sent[0];
    assert_eq!((bye.1, bye.2, bye.3[bye.3.len() - 7]), (A_RTP, phone_a(), 203));
    assert!(bench.close(B).dropped == 0);
}

#[test]
fn who_never_sent_does_not_take_leave() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.close(A);
    assert!(bench.sent.is_empty());
}

/// RFC 3550 §6.4: a sender is who sent since the report before the last.
#[test]
fn who_stops_sending_reports_as_a_receiver() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    bench.a_says(&packet(0, 1, 0, b"x"));
    bench.run_for(Duration::from_secs(25));
    let kinds = bench.sent.iter().filter(|sent| sent.1 == B_RTCP).map(|sent| sent.3[1]);
    assert_eq!(kinds.collect::<Vec<_>>(), [200, 200, 201, 201, 201]);
}
