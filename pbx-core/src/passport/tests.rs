//! Signatures against an independent reading: the signed text is taken apart by hand and checked with the public key.

use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};

use super::*;

/// A key made for this test, and its PEM.
fn key() -> (Vec<u8>, String) {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
    let pem =
        format!("-----BEGIN PRIVATE KEY----- {} -----END PRIVATE KEY-----", STANDARD.encode(made.as_ref()));
    (key.public_key().as_ref().to_vec(), pem)
}

fn signer(key: String) -> Signer {
    let certificate = "https://cert.example/shaken.pem".to_owned();
    Signer { key, certificate, attestation: Attestation::Full }
}

fn claims() -> Claims<'static> {
    let at = DateTime::from_timestamp(1_443_208_345, 0).unwrap();
    Claims { from: "+12155551212", to: "+12355551212", at, origin: "example.test 1" }
}

/// SIP-41 (RFC 8224 §4.1, RFC 8225 §5, RFC 8588 §4)
#[test]
fn what_is_signed_is_what_the_rfcs_ask_for_and_the_public_key_proves_it() {
    let (public, pem) = key();
    let value = sign(claims(), &signer(pem)).unwrap();
    let (token, params) = value.split_once(';').unwrap();
    assert_eq!(params, "info=<https://cert.example/shaken.pem>;alg=ES256;ppt=\"shaken\"");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(signature.len(), 64, "JWS wants R and S as they are (RFC 7518 §3.4)");
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public).verify(signed.as_bytes(), &signature).unwrap();
    let texts: Vec<String> = signed
        .split('.')
        .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    let header = r#"{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://cert.example/shaken.pem"}"#;
    assert_eq!(texts[0], header);
    let payload = &texts[1];
    let beginning = r#"{"attest":"A","dest":{"tn":["12355551212"]},"iat":1443208345,"orig":{"tn":"12155551212"},"origid":""#;
    assert!(payload.starts_with(beginning), "{payload}");
    let id = payload[beginning.len()..].trim_end_matches("\"}");
    assert!(id.len() == 36 && id.as_bytes()[14] == b'8', "{id}");
    let stated = read(value.as_bytes()).unwrap();
    assert_eq!(
        (stated.attestation.as_str(), stated.from.as_str(), stated.certificate.as_str()),
        ("A", "12155551212", "https://cert.example/shaken.pem")
    );
}

/// SIP-41 (RFC 8946 §4.1)
#[test]
fn a_forward_is_signed_beside_what_came_and_chains_to_it() {
    let ((_, theirs), (public, ours)) = (key(), key());
    let came = sign(claims(), &signer(theirs)).unwrap();
    let stated = read(came.as_bytes()).unwrap();
    assert_eq!(stated.to, "12355551212");
    let at = DateTime::from_timestamp(1_443_208_375, 0).unwrap();
    let value = divert(&stated, "+4989555", at, &signer(ours.clone())).unwrap();
    let (token, params) = value.split_once(';').unwrap();
    assert_eq!(params, "info=<https://cert.example/shaken.pem>;alg=ES256;ppt=\"div\"");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public).verify(signed.as_bytes(), &signature).unwrap();
    let texts: Vec<_> = signed.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    let header = r#"{"alg":"ES256","ppt":"div","typ":"passport","x5u":"https://cert.example/shaken.pem"}"#;
    let payload = r#"{"dest":{"tn":["4989555"]},"div":{"tn":"12355551212"},"iat":1443208375,"orig":{"tn":"12155551212"}}"#;
    assert_eq!(texts, [header.as_bytes(), payload.as_bytes()]);
    let again = divert(&read(value.as_bytes()).unwrap(), "+493012345", at, &signer(ours.clone())).unwrap();
    assert_eq!(read(again.as_bytes()).unwrap().to, "493012345", "a chain goes on");
    let odd = Stated { from: "1\"2".into(), ..stated };
    assert_eq!(divert(&odd, "+4989555", at, &signer(ours)), Err(NotSigned::Numbers));
}

/// SIP-41
#[test]
fn without_a_usable_key_or_numbers_nothing_is_signed() {
    let (_, pem) = key();
    for key in ["", "-----BEGIN PRIVATE KEY----- AAAA -----END PRIVATE KEY-----", "x"] {
        assert_eq!(sign(claims(), &signer(key.into())), Err(NotSigned::Key), "{key}");
    }
    for to in ["112", "+112", "", "+49x123456"] {
        let claims = Claims { to, ..claims() };
        assert_eq!(sign(claims, &signer(pem.clone())), Err(NotSigned::Numbers), "{to}");
    }
}

/// SIP-41: the shape of RFC 8224 §4.1's example, and what is none.
#[test]
fn what_others_signed_is_read_but_not_believed() {
    let payload =
        URL_SAFE_NO_PAD.encode(r#"{"attest":"B","dest":{"tn":["4930123"]},"orig":{"tn":"4989555"}}"#);
    let stated =
        read(format!("e30.{payload}.c2ln;info=<https://a.example/c>;ppt=shaken").as_bytes()).unwrap();
    assert_eq!(
        (&*stated.attestation, &*stated.from, &*stated.to, &*stated.certificate),
        ("B", "4989555", "4930123", "https://a.example/c")
    );
    for none in ["", "x", "a.b;info=<x>", "a.b.c", "e30.e30.;info=<x>", "e30.e30.a.b;info=<x>"] {
        assert_eq!(read(none.as_bytes()), None, "{none}");
    }
}

proptest! {
    /// Whatever stands in the header, reading it ends.
    #[test]
    fn no_header_makes_reading_panic(value in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&value);
    }
}
