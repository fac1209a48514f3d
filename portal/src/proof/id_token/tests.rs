use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use super::*;
use crate::proof::pending::text;

const EXPECTED: Expected<'static> =
    Expected { issuer: "https://id.example", client: "portal", nonce: "n-1", now: 1_000_000 };

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("randomness");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Self(pair.expect("just made"))
    }
    fn keys(&self) -> Vec<Key> {
        let point = self.0.public_key().as_ref();
        keys(&json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig",
            "x": text(&point[1..33]), "y": text(&point[33..]) }] }))
    }
    fn token(&self, head: Value, body: &Value) -> String {
        let signed = format!("{}.{}", text(head.to_string().as_bytes()), text(body.to_string().as_bytes()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).expect("randomness");
        format!("{signed}.{}", text(signature.as_ref()))
    }
}

fn body() -> Value {
    json!({ "iss": "https://id.example", "aud": "portal", "sub": "u-7", "nonce": "n-1",
        "iat": 999_990, "exp": 1_000_300, "email": "anna@example.com" })
}

fn head() -> Value {
    json!({ "alg": "ES256", "kid": "k1" })
}

/// AUTH-24: OpenID Connect Core §3.1.3.7, each step that refuses.
#[test]
fn a_token_is_refused_for_each_claim_that_does_not_fit() {
    let signer = Signer::new();
    let with = |name: &str, value: Value| {
        let mut body = body();
        body[name] = value;
        check(&signer.token(head(), &body), &signer.keys(), EXPECTED)
            .map(|claims| claims.subject().to_owned())
    };
    assert_eq!(with("sub", json!("u-7")), Ok("u-7".into()));
    assert_eq!(with("iss", json!("https://evil.example")), Err(BadToken::Issuer));
    assert_eq!(with("aud", json!("another")), Err(BadToken::Audience));
    assert_eq!(with("aud", json!(["portal", "another"])), Err(BadToken::Audience), "without azp");
    assert_eq!(with("aud", json!(["portal"])), Ok("u-7".into()));
    assert_eq!(with("azp", json!("another")), Err(BadToken::Audience));
    assert_eq!(with("nonce", json!("n-2")), Err(BadToken::Nonce));
    assert_eq!(with("nonce", Value::Null), Err(BadToken::Nonce));
    assert_eq!(with("exp", json!(999_940)), Err(BadToken::Expired));
    assert_eq!(with("exp", json!(999_941)), Ok("u-7".into()), "clocks may differ a minute");
    assert_eq!(with("exp", json!("1000300")), Err(BadToken::Expired), "a text is no time");
    assert_eq!(with("iat", json!(1_000_061)), Err(BadToken::Early));
    assert_eq!(with("nbf", json!(1_000_061)), Err(BadToken::Early));
    assert_eq!(with("sub", json!("")), Err(BadToken::Subject));
    assert_eq!(with("sub", json!("x".repeat(256))), Err(BadToken::Subject));
}

/// AUTH-24
#[test]
fn a_token_is_refused_whose_signature_does_not_fit() {
    let (signer, other) = (Signer::new(), Signer::new());
    let token = signer.token(head(), &body());
    assert_eq!(check(&token, &other.keys(), EXPECTED), Err(BadToken::Signature));
    assert_eq!(check(&token, &[], EXPECTED), Err(BadToken::UnknownKey));
    let unknown = signer.token(json!({ "alg": "ES256", "kid": "k2" }), &body());
    assert_eq!(check(&unknown, &signer.keys(), EXPECTED), Err(BadToken::UnknownKey));
    let nameless = signer.token(json!({ "alg": "ES256" }), &body());
    assert!(check(&nameless, &signer.keys(), EXPECTED).is_ok());
    for alg in ["none", "HS256", "ES384", ""] {
        let token = signer.token(json!({ "alg": alg, "kid": "k1" }), &body());
        assert_eq!(check(&token, &signer.keys(), EXPECTED), Err(BadToken::Algorithm), "{alg}");
    }
    let rsa = signer.token(json!({ "alg": "RS256", "kid": "k1" }), &body());
    assert_eq!(check(&rsa, &signer.keys(), EXPECTED), Err(BadToken::Signature), "a key of another kind");
    let (rest, _) = token.rsplit_once('.').expect("three parts");
    assert_eq!(check(&format!("{rest}."), &signer.keys(), EXPECTED), Err(BadToken::Signature));
    for broken in ["", ".", "..", "a.b.c", rest] {
        assert!(check(broken, &signer.keys(), EXPECTED).is_err(), "{broken}");
    }
}

/// RFC 7515 appendices A.2 and A.3: the examples with RS256 and ES256.
#[test]
fn signatures_of_the_rfc_hold() {
    let body =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let rsa = keys(&json!({ "keys": [{ "kty": "RSA", "n": RFC_N, "e": "AQAB" }] }));
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{body}.{RFC_RS256}");
    // The example is nobody's ID token: its signature holds, its audience does not.
    let joe = Expected { issuer: "joe", client: "x", nonce: "", now: 0 };
    assert_eq!(check(&token, &rsa, joe), Err(BadToken::Audience));
    assert_eq!(
        check(&token.replace("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJQUzI1NiJ9"), &rsa, joe),
        Err(BadToken::Signature)
    );
    let ec = keys(&json!({ "keys": [{ "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }] }));
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{body}.{RFC_ES256}");
    assert_eq!(check(&token, &ec, joe), Err(BadToken::Audience));
    assert_eq!(check(&token.replace("DtEhU3", "DtEhU2"), &ec, joe), Err(BadToken::Signature));
}

/// AUTH-24: an address that the provider doubts matches nobody.
#[test]
fn a_doubted_address_is_none() {
    let claims = |verified: Value| {
        Claims(json!({ "email": "a@b.c", "email_verified": verified }).as_object().cloned().expect("one"))
    };
    assert_eq!((claims(json!(false)).email(), claims(json!("false")).email()), ("", ""));
    assert_eq!((claims(json!(true)).email(), claims(Value::Null).email()), ("a@b.c", "a@b.c"));
}

const RFC_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RFC_RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RFC_ES256: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
