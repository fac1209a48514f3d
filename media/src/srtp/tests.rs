//! Whole packets: those that others published, there and back, and what must not be believed.

use proptest::prelude::*;

use super::{cipher::tests::bytes, *};

fn keying(suite: Suite, seed: u8) -> Keying {
    Keying {
        suite,
        key: Key::new(std::array::from_fn(|at| seed.wrapping_add((at as u8).wrapping_mul(7)))),
        mki: 0,
    }
}

/// The keys of RFC 3711 appendix B.3.
fn published() -> Keying {
    let mut key = [0; Key::MOST];
    key[..30].copy_from_slice(&bytes("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"));
    Keying { suite: Suite::Aes128Sha80, key: Key::new(key), mki: 0 }
}

fn packet(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend(7u32.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn report(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 0xc8, 0, 11];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0xab; 20]);
    packet
}

fn sealed(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + 20, 0);
    let len = sealer.rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn opened(opener: &mut Opener, packet: &[u8]) -> Option<Vec<u8>> {
    let mut packet = packet.to_vec();
    let len = opener.rtp(&mut packet)?;
    packet.truncate(len);
    Some(packet)
}

/// MED-03: a packet and a report as libsrtp's own tests have them.
#[test]
fn packets_are_those_that_other_implementations_make() {
    let mut sealer = Sealer::new(&published());
    let clear = bytes("800f1234decafbadcafebabeabababababababababababababababab");
    let secret = bytes("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
    assert_eq!(sealed(&mut sealer, &clear), secret);
    assert_eq!(opened(&mut Opener::new(&published()), &secret).unwrap(), clear);
    let mut buffer = bytes("81c8000bcafebabeabababababababababababababababab");
    let len = buffer.len();
    buffer.resize(100, 0);
    let long = sealer.rtcp(&mut buffer, len).unwrap();
    let secret = "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
    assert_eq!(buffer[..long], bytes(secret));
}

/// MED-03: every suite, twice over the end of the sequence numbers, with losses, in any order.
#[test]
fn what_is_sealed_is_opened_again() {
    for suite in Suite::ALL {
        let (mut sealer, mut opener) = (Sealer::new(&keying(suite, 1)), Opener::new(&keying(suite, 1)));
        let mut waiting: Vec<(Vec<u8>, Vec<u8>)> = vec![];
        for n in (0..140_000u32).step_by(5) {
            let clear = packet(9, (n + 60_000) as u16, &n.to_be_bytes());
            let secret = sealed(&mut sealer, &clear);
            assert!(n % 1_000 > 0 || !secret.windows(4).any(|w| w == n.to_be_bytes()), "in clear");
            waiting.push((clear, secret));
            if waiting.len() == 3 {
                // The last one first.
                for (clear, secret) in waiting.drain(..).rev() {
                    assert_eq!(opened(&mut opener, &secret), Some(clear), "{suite:?} {n}");
                    assert_eq!(opened(&mut opener, &secret), None, "twice");
                }
            }
        }
        let clear = report(9);
        for _ in 0..3 {
            let mut buffer = clear.clone();
            buffer.resize(200, 0);
            let len = sealer.rtcp(&mut buffer, clear.len()).unwrap();
            assert_ne!(buffer[8..clear.len()], clear[8..]);
            let again = buffer[..len].to_vec();
            assert_eq!(opener.rtcp(&mut buffer[..len]), Some(clear.len()));
            assert_eq!(buffer[..clear.len()], clear);
            assert_eq!(opener.rtcp(&mut again.clone()), None, "twice");
        }
    }
}

/// MED-03: another key, a changed byte, a missing byte.
#[test]
fn what_is_not_proved_is_not_opened_and_changes_nothing() {
    let (mut sealer, mut opener) =
        (Sealer::new(&keying(Suite::Aes128Sha80, 1)), Opener::new(&keying(Suite::Aes128Sha80, 1)));
    let secret = sealed(&mut sealer, &packet(9, 1, b"hello"));
    assert_eq!(opened(&mut Opener::new(&keying(Suite::Aes128Sha80, 2)), &secret), None);
    assert_eq!(opened(&mut Opener::new(&keying(Suite::Aes128Sha32, 1)), &secret), None);
    for at in 0..secret.len() {
        let mut changed = secret.clone();
        changed[at] ^= 4;
        assert_eq!(opened(&mut opener, &changed), None, "byte {at}");
        assert_eq!(opened(&mut opener, &secret[..at]), None, "cut at {at}");
    }
    assert!(opened(&mut opener, &secret).is_some());
}

/// MED-03: a stream that ran for an hour before it came to us, and sources that come and go.
#[test]
fn streams_are_joined_late_and_told_apart() {
    let keying = keying(Suite::Aes128Sha80, 3);
    let (mut sealer, mut opener) = (Sealer::new(&keying), Opener::new(&keying));
    for n in 0..200_000u32 {
        let secret = sealed(&mut sealer, &packet(9, n as u16, b"x"));
        if n >= 190_000 {
            assert!(opened(&mut opener, &secret).is_some(), "{n}");
        }
    }
    for ssrc in 10..40 {
        let secret = sealed(&mut Sealer::new(&keying), &packet(ssrc, 5, b"x"));
        assert!(opened(&mut opener, &secret).is_some());
        assert!(opened(&mut opener, &secret).is_none());
    }
}

/// MED-03: two packets under one number would tell each other's content, and without room none is sent.
#[test]
fn a_number_is_used_once_and_the_proof_needs_room() {
    let mut sealer = Sealer::new(&keying(Suite::Aes128Sha80, 1));
    let clear = packet(9, 1, b"one");
    let mut tight = clear.clone();
    assert_eq!(sealer.rtp(&mut tight, clear.len()), None);
    sealed(&mut sealer, &clear);
    let mut again = packet(9, 1, b"two");
    again.resize(100, 0);
    assert_eq!(sealer.rtp(&mut again, clear.len()), None);
}

/// RFC 3711 §3.1: the name of the key stands before the proof.
#[test]
fn the_name_of_a_key_is_passed_over() {
    let mut opener = Opener::new(&Keying { mki: 4, ..keying(Suite::Aes128Sha80, 1) });
    let clear = packet(9, 1, b"hello");
    let mut secret = sealed(&mut Sealer::new(&keying(Suite::Aes128Sha80, 1)), &clear);
    let proof = secret.split_off(secret.len() - 10);
    secret.extend([0, 0, 0, 1]);
    secret.extend(proof);
    assert_eq!(opened(&mut opener, &secret), Some(clear));
}

/// Keys are in no log.
#[test]
fn keys_are_not_shown() {
    let keying = keying(Suite::Aes128Sha80, 1);
    let shown = format!("{keying:?} {:?} {:?}", Sealer::new(&keying), Opener::new(&keying));
    assert!(!shown.contains("15") && shown.contains("Key(…)"), "{shown}");
}

proptest! {
    /// MED-03
    #[test]
    fn nothing_that_comes_makes_it_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        version in any::<bool>(),
        mki in 0u8..=128,
    ) {
        if let (true, Some(first)) = (version, bytes.first_mut()) {
            *first = *first & 0x3f | 0x80;
        }
        let keying = Keying { mki, ..keying(Suite::Aes128Sha80, 1) };
        let mut opener = Opener::new(&keying);
        prop_assert_eq!(opener.rtp(&mut bytes.clone()), None);
        prop_assert_eq!(opener.rtcp(&mut bytes.clone()), None);
        let len = bytes.len();
        let mut sealer = Sealer::new(&keying);
        sealer.rtcp(&mut bytes.clone(), len);
        bytes.resize(len + 10, 0);
        sealer.rtp(&mut bytes, len);
    }

    /// MED-03: with CSRCs and extensions too, which stay readable.
    #[test]
    fn headers_of_any_length_stay_readable(
        csrcs in 0u8..16,
        extension in prop::option::of(0u16..5),
        payload in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let mut clear = packet(9, 1, &vec![1; usize::from(csrcs) * 4]);
        clear[0] |= csrcs;
        if let Some(words) = extension {
            clear[0] |= 0x10;
            clear.extend([0xbe, 0xde]);
            clear.extend(words.to_be_bytes());
            clear.extend(vec![2; usize::from(words) * 4]);
        }
        let header = clear.len();
        clear.extend(&payload);
        let keying = keying(Suite::Aes256Sha80, 1);
        let secret = sealed(&mut Sealer::new(&keying), &clear);
        prop_assert_eq!(&secret[..header], &clear[..header]);
        prop_assert_eq!(opened(&mut Opener::new(&keying), &secret), Some(clear));
    }
}
