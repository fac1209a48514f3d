use proptest::prelude::*;

use super::{authenticator::Authenticator, *};

const ORIGIN: &str = "https://pbx.example";

fn asked() -> Challenge {
    let site = Site { origin: ORIGIN.into(), rp: "pbx.example".into() };
    Challenge { site, challenge: [1; 32], verified: true }
}

fn phone() -> Authenticator {
    Authenticator::new("pbx.example", ORIGIN)
}

fn proves(
    phone: &Authenticator,
    asked: &Challenge,
    kept: Kept<'_>,
    challenge: &[u8],
) -> Result<u32, Refused> {
    Proof::read(&phone.prove(challenge)).expect("what browsers send").holds(asked, kept)
}

/// AUTH-22
#[test]
fn a_key_that_was_made_is_known_again() {
    let (mut phone, asked) = (phone(), asked());
    let made = made(&phone.make(&[1; 32]), &asked).expect("sound");
    assert_eq!((made.credential.as_slice(), made.counter), ([7; 16].as_slice(), 1));
    assert_eq!(made.public_key, phone.public_key());
    phone.counter = 2;
    let kept = Kept { public_key: &made.public_key, handle: &[9; 32], counter: 1 };
    assert_eq!(proves(&phone, &asked, kept, &[1; 32]), Ok(2));
}

/// AUTH-22: W3C Web Authentication §7.2, each step that refuses.
#[test]
fn a_proof_is_refused_for_each_thing_that_does_not_fit() {
    let (phone, asked) = (phone(), asked());
    let key = phone.public_key();
    let kept = Kept { public_key: &key, handle: &[9; 32], counter: 0 };
    assert_eq!(proves(&phone, &asked, kept, &[1; 32]), Ok(1));
    assert_eq!(proves(&phone, &asked, kept, &[2; 32]), Err(Refused::Challenge), "another challenge");
    assert_eq!(
        proves(&phone, &asked, Kept { counter: 1, ..kept }, &[1; 32]),
        Err(Refused::Counter),
        "no step"
    );
    assert_eq!(proves(&phone, &asked, Kept { counter: 9, ..kept }, &[1; 32]), Err(Refused::Counter), "back");
    assert_eq!(proves(&phone, &asked, Kept { handle: &[8; 32], ..kept }, &[1; 32]), Err(Refused::Stranger));
    let other = Authenticator::new("pbx.example", ORIGIN).public_key();
    assert_eq!(
        proves(&phone, &asked, Kept { public_key: &other, ..kept }, &[1; 32]),
        Err(Refused::Signature)
    );
    let with = |change: fn(&mut Authenticator)| {
        let mut phone = Authenticator::new("pbx.example", ORIGIN);
        change(&mut phone);
        let key = phone.public_key();
        proves(&phone, &asked, Kept { public_key: &key, handle: &[9; 32], counter: 0 }, &[1; 32])
    };
    assert_eq!(with(|phone| phone.origin = "https://pbx.example.evil".into()), Err(Refused::Origin));
    assert_eq!(with(|phone| phone.rp = "evil.example".into()), Err(Refused::Site));
    assert_eq!(with(|phone| phone.flags = VERIFIED), Err(Refused::Absent));
    assert_eq!(with(|phone| phone.flags = PRESENT), Err(Refused::Unverified));
    assert_eq!(with(|phone| phone.counter = 0), Ok(0), "who does not count needs not");
    let made_instead = Proof::read(&phone.make(&[1; 32]));
    assert!(matches!(made_instead, Err(Refused::Malformed)));
}

/// AUTH-22: W3C Web Authentication §7.1.
#[test]
fn a_key_is_refused_that_was_made_for_others() {
    let asked = asked();
    assert_eq!(made(&phone().make(&[2; 32]), &asked), Err(Refused::Challenge));
    assert_eq!(made(&phone().prove(&[1; 32]), &asked), Err(Refused::Malformed));
    let elsewhere = Authenticator::new("pbx.example", "https://evil.example");
    assert_eq!(made(&elsewhere.make(&[1; 32]), &asked), Err(Refused::Origin));
    let other = Authenticator::new("evil.example", ORIGIN);
    assert_eq!(made(&other.make(&[1; 32]), &asked), Err(Refused::Site));
}

proptest! {
    /// AUTH-22: what comes from the network never panics.
    #[test]
    fn no_bytes_make_it_panic(
        data in proptest::collection::vec(any::<u8>(), 0..200), key in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let asked = asked();
        let mut whole = Sha256::digest(b"pbx.example").to_vec();
        whole.extend([0x45, 0, 0, 0, 1]);
        whole.extend(&data);
        let _ = AuthenticatorData::read(&whole, &asked);
        let _ = AuthenticatorData::read(&data, &asked);
        let _ = PublicKey::of_cose(&key);
        let _ = Proof::read(&String::from_utf8_lossy(&data));
        let _ = made(&String::from_utf8_lossy(&data), &asked);
    }
}
