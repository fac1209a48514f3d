//! Compound packets: there and back, and from the malicious.

use proptest::prelude::*;

use super::*;

fn block() -> impl Strategy<Value = Block> {
    let words = any::<[u32; 5]>();
    (words, any::<u8>(), -(1i32 << 23)..(1 << 23)).prop_map(|(w, fraction, lost)| Block {
        ssrc: w[0],
        fraction,
        lost,
        highest: w[1],
        jitter: w[2],
        last_report: w[3],
        delay: w[4],
    })
}

fn sender() -> impl Strategy<Value = Sender> {
    any::<(u64, u32, u32, u32)>().prop_map(|(ntp, timestamp, packets, bytes)| Sender {
        ntp,
        timestamp,
        packets,
        bytes,
    })
}

proptest! {
    /// MED-04
    #[test]
    fn what_is_written_is_read_the_same(
        ssrc: u32,
        sender in prop::option::of(sender()),
        block in prop::option::of(block()),
        cname in prop::collection::vec(any::<u8>(), 0..=255),
        bye: bool,
    ) {
        let mut buffer = [0xaa; 400];
        let compound = Compound { ssrc, sender, block, cname: &cname, bye };
        let len = write(&mut buffer, &compound).unwrap();
        prop_assert_eq!(len % 4, 0);
        let all: Vec<_> = reports(&buffer[..len]).unwrap().collect();
        prop_assert_eq!(all.len(), 1);
        prop_assert_eq!(all[0].ntp_middle, sender.map(|s| (s.ntp >> 16) as u32));
        prop_assert_eq!(all[0].blocks().next(), block);
        for short in 0..len {
            prop_assert!(write(&mut [0; 400][..short], &compound).is_none());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(packet in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(all) = reports(&packet) {
            all.for_each(|report| report.blocks().for_each(drop));
        }
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0usize..100, byte: u8, cut in 0usize..100) {
        let mut buffer = [0; 400];
        let block = Block { ssrc: 1, fraction: 2, lost: -3, highest: 4, jitter: 5, last_report: 6, delay: 7 };
        let sender = Some(Sender { ntp: 1, timestamp: 2, packets: 3, bytes: 4 });
        let len = write(&mut buffer, &Compound { ssrc: 9, sender, block: Some(block), cname: b"name", bye: true });
        buffer[at] = byte;
        if let Some(all) = reports(&buffer[..len.unwrap().saturating_sub(cut)]) {
            all.for_each(|report| report.blocks().for_each(drop));
        }
    }
}

/// RFC 3550 A.2, RFC 3611, RFC 5506
#[test]
fn lengths_versions_and_padding_are_checked() {
    let rr = [0x80, 201, 0, 1, 0, 0, 0, 9];
    let count = |packet: &[u8]| reports(packet).map(Iterator::count);
    assert_eq!(count(&rr), Some(1));
    assert_eq!(count(&[]), None);
    assert_eq!(count(&rr[..7]), None);
    assert_eq!(count(&[0x40, 201, 0, 1, 0, 0, 0, 9]), None, "version 1");
    assert_eq!(count(&[0x81, 201, 0, 1, 0, 0, 0, 9]), Some(0), "a block that is not there");
    assert_eq!(count(&[0xa0, 201, 0, 1, 0, 0, 0, 3]), None, "padding that is no whole word");
    let with_xr = [&rr[..], &[0x80, 207, 0, 2, 0, 0, 0, 9, 7, 0, 0, 0]].concat();
    assert_eq!(count(&with_xr), Some(1), "extended reports are stepped over");
    let padded_first = [&[0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4], &rr[..]].concat();
    assert_eq!(count(&padded_first), None);
}

/// RFC 3550 §6.4.1, figure 2
#[test]
fn round_trip_is_without_the_peers_own_time() {
    let epoch = Instant::now();
    let clock = NtpClock { epoch };
    let sent = epoch + Duration::from_secs(100);
    let mut heard = Heard::default();
    let block = Block {
        ssrc: 5,
        fraction: 0,
        lost: 0,
        highest: 0,
        jitter: 0,
        last_report: clock.middle(sent),
        delay: 5 << 16,
    };
    let mut buffer = [0; 100];
    let compound = Compound { ssrc: 6, sender: None, block: Some(block), cname: b"", bye: false };
    let len = write(&mut buffer, &compound).unwrap();
    let report = reports(&buffer[..len]).unwrap().next().unwrap();
    heard.take(sent + Duration::from_millis(5_080), clock, &report, 7);
    assert_eq!(heard.round_trip, None, "not about our stream");
    heard.take(sent + Duration::from_millis(5_080), clock, &report, 5);
    let trip = heard.round_trip.unwrap().as_secs_f64();
    assert!((trip - 0.080).abs() < 0.0001, "{trip}");
    heard.take(sent + Duration::from_secs(3), clock, &report, 5);
    assert_eq!(heard.round_trip.unwrap().as_secs_f64(), trip, "a trip of negative length is a lie");
}

#[test]
fn echo_tells_the_peers_own_report_and_its_age() {
    let now = Instant::now();
    let mut heard = Heard::default();
    assert_eq!(heard.echo(now), (0, 0));
    let mut buffer = [0; 100];
    let sender = Some(Sender { ntp: 0x1122_3344_5566_7788, timestamp: 0, packets: 0, bytes: 0 });
    let len = write(&mut buffer, &Compound { ssrc: 6, sender, block: None, cname: b"x", bye: false });
    let report = reports(&buffer[..len.unwrap()]).unwrap().next().unwrap();
    heard.take(now, NtpClock { epoch: now }, &report, 1);
    assert_eq!(heard.echo(now + Duration::from_millis(1_500)), (0x3344_5566, 3 << 15));
}
