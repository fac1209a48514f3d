//! An authenticator of software, for tests.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ciborium::Value;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// One key of one site.
pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    pub rp: String,
    pub origin: String,
    pub credential: Vec<u8>,
    pub handle: Vec<u8>,
    pub counter: u32,
    pub flags: u8,
}

impl Authenticator {
    pub fn new(rp: &str, origin: &str) -> Self {
        let random = SystemRandom::new();
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("randomness");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random);
        Self {
            pair: pair.expect("just made"),
            rp: rp.into(),
            origin: origin.into(),
            credential: vec![7; 16],
            handle: vec![9; 32],
            counter: 1,
            flags: PRESENT | VERIFIED,
        }
    }

    /// The key in COSE.
    pub fn public_key(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let entry = |label: i64, value: Value| (Value::from(label), value);
        let map = Value::Map(vec![
            entry(1, 2.into()),
            entry(3, (-7).into()),
            entry(-1, 1.into()),
            entry(-2, Value::Bytes(point[1..33].to_vec())),
            entry(-3, Value::Bytes(point[33..].to_vec())),
        ]);
        cbor(&map)
    }

    /// As the browser gives it to a page that asked for a key.
    pub fn make(&self, challenge: &[u8]) -> String {
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential.len()).expect("short").to_be_bytes());
        data.extend(&self.credential);
        data.extend(self.public_key());
        let object = Value::Map(vec![
            (Value::from("fmt"), "none".into()),
            (Value::from("attStmt"), Value::Map(vec![])),
            (Value::from("authData"), Value::Bytes(data)),
        ]);
        let client = text(&self.client("webauthn.create", challenge));
        json!({ "id": text(&self.credential), "rawId": text(&self.credential), "type": "public-key",
            "response": { "clientDataJSON": client, "attestationObject": text(&cbor(&object)) } })
        .to_string()
    }

    /// As the browser gives it to a page that asked for a proof.
    pub fn prove(&self, challenge: &[u8]) -> String {
        let (data, client) = (self.data(0), self.client("webauthn.get", challenge));
        let message = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).expect("randomness");
        json!({ "id": text(&self.credential), "rawId": text(&self.credential), "type": "public-key",
            "response": { "clientDataJSON": text(&client), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": text(&self.handle) } })
        .to_string()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.rp.as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client(&self, kind: &str, challenge: &[u8]) -> Vec<u8> {
        json!({ "type": kind, "challenge": text(challenge), "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory");
    bytes
}

/// Somebody is there, it is known who, and a key comes along (W3C Web Authentication §6.1).
pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 1 << 2;
const HAS_KEY: u8 = 1 << 6;
