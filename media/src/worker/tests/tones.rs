//! Tones and silence. MED-05, MED-11.

use super::*;
use crate::tone::{Law, period};

fn pcma() -> Vec<Payload> {
    vec![payload(8, "PCMA"), payload(0, "PCMU")]
}

/// MED-11
#[test]
fn tone_is_sent_in_even_frames_of_the_negotiated_law() {
    let mut bench = Bench::call(&pcma(), &pcma());
    bench.path(A, Path::Tone(Tone::Busy, Country::De));
    bench.run_for_ms(1_999);
    let frames = bench.take_rtp(A_RTP);
    assert_eq!(frames.len(), 100);
    let expected = period(Tone::Busy, Country::De, Law::Alaw).iter().cycle();
    let heard: Vec<u8> = frames.iter().flat_map(|(_, rtp)| rtp.payload.clone()).collect();
    assert!(expected.take(16_000).eq(&heard));
    for (n, pair) in frames.windows(2).enumerate() {
        assert_eq!(pair[1].0 - pair[0].0, Duration::from_millis(20));
        assert_eq!(pair[1].1.sequence, pair[0].1.sequence.wrapping_add(1));
        assert_eq!(pair[1].1.timestamp, pair[0].1.timestamp.wrapping_add(160));
        assert_eq!((pair[0].1.number, pair[0].1.marker), (8, n == 0));
    }
}

/// MED-11, SIP-13: ringback gives way to the callee's voice in one stream.
#[test]
fn tone_and_peer_join_without_a_seam() {
    let mut bench = Bench::call(&pcma(), &pcma());
    bench.path(A, Path::Tone(Tone::Ringback, Country::Us));
    bench.run_for_ms(95);
    let last = bench.take_rtp(A_RTP).pop().unwrap().1;
    bench.path(A, Path::Peer(B));
    bench.run_for_ms(5);
    let first = bench.b_says(&packet(8, 7, 70, b"x")).unwrap();
    assert_eq!((first.ssrc, first.marker), (last.ssrc, true));
    assert_eq!(first.sequence, last.sequence.wrapping_add(1));
    assert_eq!(first.timestamp, last.timestamp.wrapping_add(160));
    bench.run_for_ms(100);
    bench.sent.clear();
    bench.path(A, Path::Tone(Tone::Busy, Country::Us));
    bench.run_for_ms(1);
    let busy = bench.take_rtp(A_RTP).pop().unwrap().1;
    assert_eq!((busy.sequence, busy.marker), (first.sequence.wrapping_add(1), true));
    assert_eq!(busy.timestamp, first.timestamp.wrapping_add(800));
    bench.path(A, Path::Silent);
    bench.run_for_ms(100);
    assert!(bench.take_rtp(A_RTP).is_empty());
}

#[test]
fn tone_waits_for_the_negotiation_and_stops_on_hold() {
    let mut bench = Bench::new();
    bench.open_session(A, 10_000);
    bench.path(A, Path::Tone(Tone::Ringback, Country::Fr));
    bench.run_for_ms(100);
    assert!(bench.sent.is_empty());
    bench.handle(Command::Agree { session: A, line: line(phone_a(), &pcma()) });
    bench.run_for_ms(59);
    assert_eq!(bench.take_rtp(A_RTP).len(), 3);
    bench.handle(Command::Agree { session: A, line: Line { send: false, ..line(phone_a(), &pcma()) } });
    bench.run_for_ms(100);
    assert!(bench.take_rtp(A_RTP).is_empty());
    let other = line(phone_a(), &[payload(0, "PCMU")]);
    bench.handle(Command::Agree { session: A, line: other });
    bench.run_for_ms(99);
    let resumed = bench.take_rtp(A_RTP);
    assert_eq!((resumed.len(), resumed[0].1.number), (5, 0));
    let expected = &period(Tone::Ringback, Country::Fr, Law::Ulaw)[3 * 160..4 * 160];
    assert_eq!(resumed[0].1.payload, expected, "where it was, in the other law");
    let wide = line(phone_a(), &[payload(9, "G722")]);
    bench.handle(Command::Agree { session: A, line: wide });
    bench.run_for_ms(100);
    assert!(bench.take_rtp(A_RTP).is_empty(), "without G.711 there is no tone");
}

#[test]
fn long_stop_is_jumped_over_instead_of_made_up() {
    let mut bench = Bench::call(&pcma(), &pcma());
    bench.path(A, Path::Tone(Tone::Busy, Country::Gb));
    bench.run_for_ms(21);
    bench.now += Duration::from_secs(1);
    bench.run_for_ms(39);
    let frames = bench.take_rtp(A_RTP);
    assert_eq!(frames.len(), 5);
    let jump = frames[2].1.timestamp.wrapping_sub(frames[1].1.timestamp);
    assert_eq!(jump, 50 * 160, "time goes on in the timestamps");
    assert_eq!(frames[2].1.sequence, frames[1].1.sequence.wrapping_add(1), "nothing was lost");
}

/// MED-05
#[test]
fn silence_is_told_at_each_multiple_while_a_peer_should_speak() {
    let mut bench = Bench::call(&pcma(), &pcma());
    let silent = |bench: &Bench, who| {
        let since = bench.events.iter().filter_map(|event| match event {
            Event::Silent { session, since } if *session == who => Some(since.as_secs()),
            _ => None,
        });
        since.collect::<Vec<_>>()
    };
    for n in 0..50 {
        bench.a_says(&packet(8, n, 0, b"x"));
        bench.run_for_ms(1_000);
    }
    assert_eq!((silent(&bench, A), silent(&bench, B)), (vec![], vec![30]));
    bench.run_for(Duration::from_secs(75));
    assert_eq!((silent(&bench, A), silent(&bench, B)), (vec![30, 60], vec![30, 60, 90, 120]));
    bench.handle(Command::Agree { session: A, line: Line { receive: false, ..line(phone_a(), &pcma()) } });
    bench.path(B, Path::Tone(Tone::Ringback, Country::Us));
    bench.events.clear();
    bench.run_for(Duration::from_secs(100));
    assert_eq!((silent(&bench, A), silent(&bench, B)), (vec![], vec![]), "holds and tones are excluded");
    bench.handle(Command::Agree { session: A, line: line(phone_a(), &pcma()) });
    bench.run_for(Duration::from_millis(29_999));
    assert_eq!(silent(&bench, A), [], "counted from when it should speak again");
    bench.run_for_ms(1);
    assert_eq!(silent(&bench, A), [30]);
}

#[test]
fn silence_of_zero_is_never_told() {
    let mut bench = Bench::with(Settings { silence: Duration::ZERO, ..Settings::default() });
    bench.open_call(&pcma(), &pcma());
    bench.run_for(Duration::from_secs(1_000));
    assert!(!bench.events.iter().any(|event| matches!(event, Event::Silent { .. })));
}

#[test]
fn frame_of_a_failed_session_is_not_sent_by_its_successor() {
    let mut bench = Bench::new();
    bench.open_session(A, 10_000);
    bench.handle(Command::Agree { session: A, line: line(phone_a(), &pcma()) });
    bench.path(A, Path::Tone(Tone::Busy, Country::Us));
    bench.worker.handle_timeout(bench.now);
    bench.worker.socket_failed(A_RTP);
    let local = addr("127.0.0.1:0").ip();
    bench.worker.handle(bench.now, Command::Open { session: B, local, port: 10_002 });
    bench.worker.handle(bench.now, Command::Agree { session: B, line: line(phone_b(), &pcma()) });
    bench.handle(Command::Path { session: B, path: Path::Tone(Tone::Busy, Country::Us) });
    assert_eq!(bench.open[&A_RTP.0].port(), 10_002, "it took the slot");
    assert!(bench.sent.is_empty());
}
