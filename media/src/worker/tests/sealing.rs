//! Encrypted legs: what is passed on between keys, what is not believed, and what changes of keys do. MED-03.

use super::*;
use crate::srtp::{Key, Keying, Opener, Protection, Sealer, Suite};

/// A phone's end: its own key, and ours for it.
struct Phone {
    protection: Protection,
    sealer: Sealer,
    opener: Opener,
}

impl Phone {
    fn new(suite: Suite, seed: u8) -> Self {
        let key = |seed: u8| Keying { suite, key: Key::new([seed; Key::MOST]), mki: 0 };
        let protection = Protection { ours: key(seed), theirs: key(seed + 1) };
        let (sealer, opener) = (Sealer::new(&protection.theirs), Opener::new(&protection.ours));
        Self { protection, sealer, opener }
    }
    fn line(&self, remote: SocketAddr) -> Line {
        let payloads = [payload(0, "PCMU"), payload(101, "telephone-event")];
        Line { protection: Some(Box::new(self.protection)), ..line(remote, &payloads) }
    }
    fn says(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut bytes = packet.to_vec();
        bytes.resize(packet.len() + 16, 0);
        let len = self.sealer.rtp(&mut bytes, packet.len()).unwrap();
        bytes.truncate(len);
        bytes
    }
    fn hears(&mut self, bytes: &[u8]) -> Option<Rtp> {
        let mut bytes = bytes.to_vec();
        let len = self.opener.rtp(&mut bytes)?;
        Some(read(&bytes[..len]))
    }
}

fn agree(bench: &mut Bench, session: SessionId, line: Line) {
    bench.handle(Command::Agree { session, line });
}

fn pcmu() -> Vec<Payload> {
    vec![payload(0, "PCMU"), payload(101, "telephone-event")]
}

/// MED-03: one side encrypted, the other not; nothing of the speech is on the encrypted side's wire.
#[test]
fn speech_passes_between_an_encrypted_leg_and_a_plain_one() {
    let (mut bench, mut a) = (Bench::call(&pcmu(), &pcmu()), Phone::new(Suite::Aes128Sha80, 10));
    agree(&mut bench, A, a.line(phone_a()));
    let heard = bench.a_says(&a.says(&packet(0, 1, 0, b"hello, bob"))).unwrap();
    assert_eq!(heard.payload, b"hello, bob");
    let (_, bytes) = bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"hello, anna")).unwrap();
    assert!(!bytes.windows(5).any(|w| w == b"hello"));
    assert_eq!(bytes.len(), 12 + 11 + 10);
    assert_eq!(a.hears(&bytes).unwrap().payload, b"hello, anna");
    assert!(bench.a_says(&packet(0, 2, 160, b"in clear")).is_none());
    assert_eq!(bench.close(A).dropped, 1);
}

/// MED-03: two keys, two ciphers.
#[test]
fn speech_passes_between_legs_with_different_keys() {
    let mut bench = Bench::call(&pcmu(), &pcmu());
    let (mut a, mut b) = (Phone::new(Suite::Aes128Sha32, 10), Phone::new(Suite::Aes256Sha80, 20));
    agree(&mut bench, A, a.line(phone_a()));
    agree(&mut bench, B, b.line(phone_b()));
    for n in 0..1_000u16 {
        let said = a.says(&packet(0, n, u32::from(n) * 160, &n.to_be_bytes()));
        let (to, bytes) = bench.receive(A_RTP, phone_a(), &said).unwrap();
        assert_eq!((to, b.hears(&bytes).unwrap().payload), (phone_b(), n.to_be_bytes().to_vec()));
        assert!(bench.receive(A_RTP, phone_a(), &said).is_none(), "twice");
        let said = b.says(&packet(0, n, u32::from(n) * 160, &n.to_be_bytes()));
        let (_, bytes) = bench.receive(B_RTP, phone_b(), &said).unwrap();
        assert_eq!(a.hears(&bytes).unwrap().payload, n.to_be_bytes());
    }
}

/// MED-03: a stranger who does not know the key moves no media, wherever it sends from.
#[test]
fn who_has_no_key_is_not_latched_on() {
    let (mut bench, mut a) = (Bench::call(&pcmu(), &pcmu()), Phone::new(Suite::Aes128Sha80, 10));
    agree(&mut bench, A, a.line(phone_a()));
    let near = addr("192.0.2.1:7777");
    assert!(bench.receive(A_RTP, near, &packet(0, 1, 0, b"x")).is_none());
    assert!(
        bench
            .receive(A_RTP, near, &Phone::new(Suite::Aes128Sha80, 30).says(&packet(0, 1, 0, b"x")))
            .is_none()
    );
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"x")).unwrap().0, phone_a());
    assert!(bench.receive(A_RTP, near, &a.says(&packet(0, 1, 0, b"x"))).is_some());
    assert_eq!(bench.receive(B_RTP, phone_b(), &packet(0, 2, 160, b"x")).unwrap().0, near);
}

/// MED-03: agreed again without change the numbers go on; with another key of theirs, ours goes on.
#[test]
fn keys_that_stay_keep_their_numbers() {
    let (mut bench, mut a) = (Bench::call(&pcmu(), &pcmu()), Phone::new(Suite::Aes128Sha80, 10));
    agree(&mut bench, A, a.line(phone_a()));
    let first = a.says(&packet(0, 1, 0, b"x"));
    assert!(bench.a_says(&first).is_some());
    agree(&mut bench, A, a.line(phone_a()));
    assert!(bench.a_says(&first).is_none(), "it came before");
    assert!(bench.a_says(&a.says(&packet(0, 2, 160, b"x"))).is_some());
    let theirs = Keying { key: Key::new([99; Key::MOST]), ..a.protection.theirs };
    a.protection.theirs = theirs;
    agree(&mut bench, A, a.line(phone_a()));
    assert!(bench.a_says(&a.says(&packet(0, 3, 320, b"x"))).is_none(), "the key of before");
    a.sealer = Sealer::new(&theirs);
    assert!(bench.a_says(&a.says(&packet(0, 4, 480, b"x"))).is_some());
    let (_, bytes) = bench.receive(B_RTP, phone_b(), &packet(0, 1, 0, b"y")).unwrap();
    assert_eq!(a.hears(&bytes).unwrap().payload, b"y");
    agree(&mut bench, A, line(phone_a(), &pcmu()));
    assert!(bench.a_says(&packet(0, 5, 640, b"x")).is_some(), "in clear from now on");
}

/// MED-03, MED-11: tones, digits and reports.
#[test]
fn what_we_make_ourselves_is_encrypted_too() {
    let (mut bench, mut a) = (Bench::call(&pcmu(), &pcmu()), Phone::new(Suite::Aes128Sha80, 10));
    agree(&mut bench, A, a.line(phone_a()));
    let digit = a.says(&packet(101, 1, 0, &[7, 0x8a, 3, 0x20]));
    bench.receive(A_RTP, phone_a(), &digit);
    assert_eq!(bench.digits(), "7");
    bench.path(A, Path::Tone(Tone::Ringback, Country::De));
    bench.sent.clear();
    bench.run_for_ms(6_000);
    let (mut tones, mut reports) = (0, 0);
    for (_, socket, _, bytes) in std::mem::take(&mut bench.sent) {
        match socket {
            A_RTP => {
                assert_eq!(a.hears(&bytes).expect("encrypted").payload.len(), 160);
                tones += 1;
            }
            A_RTCP => {
                let mut bytes = bytes.clone();
                assert!(a.opener.rtcp(&mut bytes).is_some());
                reports += 1;
            }
            _ => {}
        }
    }
    assert!(tones > 200 && reports > 0, "{tones} {reports}");
    let ssrc = 0x1111u32.to_be_bytes();
    let report = [&[0x80, 201, 0, 1][..], &ssrc].concat();
    let before = bench.close(A).dropped;
    let mut bench = Bench::call(&pcmu(), &pcmu());
    agree(&mut bench, A, a.line(phone_a()));
    bench.receive(A_RTCP, phone_a(), &report);
    let mut sealed = report.clone();
    sealed.resize(100, 0);
    let len = a.sealer.rtcp(&mut sealed, report.len()).unwrap();
    bench.receive(A_RTCP, phone_a(), &sealed[..len]);
    assert_eq!(
        (before, bench.close(A).dropped),
        (0, 1),
        "one in clear is dropped, the encrypted one is taken"
    );
}
