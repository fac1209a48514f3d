//! Vectors of the RFCs, and a client against our server.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Attempt, Ha1, Nonces, Verdict, answer, best_challenge, claim};
use crate::Message;

const REALM: &str = "pbx \"one\"";
const FIRST: Attempt<'_> = Attempt { method: "REGISTER", uri: "sip:h;transport=tcp", cnonce: "c", nc: 1 };

fn message(start: &str, method: &str, lines: &[(&str, &str)]) -> Message {
    let mut text = format!(
        "{start}\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n"
    );
    for (name, value) in lines {
        text += &format!("{name}: {value}\r\n");
    }
    Message::parse(Bytes::from(text + "\r\n")).unwrap()
}

fn register(authorization: &str) -> Message {
    message("REGISTER sip:h SIP/2.0", "REGISTER", &[("Authorization", authorization)])
}

fn nonces() -> (Nonces, Instant) {
    (Nonces::new([3; 32], Duration::from_secs(60)), Instant::now())
}

/// The credentials of user 101 for this challenge at this count.
fn credentials(challenge: &str, nc: u32) -> String {
    answer(challenge.as_bytes(), &Attempt { nc, ..FIRST }, "101", "secret").unwrap()
}

fn ha1() -> Ha1 {
    Ha1::new("101", REALM, "secret")
}

/// RFC 7616 §3.9.1
#[test]
fn the_vectors_of_rfc_7616_come_out() {
    let attempt = Attempt {
        method: "GET",
        uri: "/dir/index.html",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        nc: 1,
    };
    for (algorithm, response) in [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ] {
        let challenge = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let value = answer(challenge.as_bytes(), &attempt, "Mufasa", "Circle of Life").unwrap();
        assert!(value.contains(&format!("response=\"{response}\"")), "{value}");
        assert!(
            value.contains("qop=auth, nc=00000001, cnonce=") && value.contains("opaque=\"FQhe/"),
            "{value}"
        );
    }
}

/// RFC 2617 §3.5
#[test]
fn the_vector_of_rfc_2617_comes_out() {
    let attempt = Attempt { method: "GET", uri: "/dir/index.html", cnonce: "0a4f113b", nc: 1 };
    let challenge = b"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    let value = answer(challenge, &attempt, "Mufasa", "Circle Of Life").unwrap();
    assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
}

/// SIP-02
#[test]
fn both_algorithms_are_challenged_and_accepted_once() {
    let (mut nonces, now) = nonces();
    for at in [0, 1] {
        let challenge = nonces.challenge(now, REALM, false);
        assert!(challenge[0].contains("algorithm=SHA-256") && challenge[1].contains("algorithm=MD5"));
        assert!(
            challenge
                .iter()
                .all(|c| c.starts_with(r#"Digest realm="pbx \"one\"", nonce=""#) && !c.contains("stale"))
        );
        let request = register(&credentials(&challenge[at], 1));
        let claimed = claim(&request).unwrap();
        assert_eq!((&*claimed.username, &*claimed.realm), ("101", REALM));
        assert_eq!(nonces.verify(now, &request, REALM, &ha1()), Verdict::Ok);
        assert_eq!(nonces.verify(now, &request, REALM, &ha1()), Verdict::Stale, "a replay");
        assert_eq!(
            nonces.verify(now, &register(&credentials(&challenge[at], 10)), REALM, &ha1()),
            Verdict::Ok
        );
        assert_eq!(
            nonces.verify(now, &register(&credentials(&challenge[at], 9)), REALM, &ha1()),
            Verdict::Ok
        );
    }
    assert!(nonces.challenge(now, REALM, true)[0].ends_with("stale=true"));
}

/// SIP-02
#[test]
fn a_nonce_expires_and_a_foreign_one_is_stale() {
    let (mut nonces, now) = nonces();
    nonces.challenge(now, REALM, false);
    let value = credentials(&nonces.challenge(now + Duration::from_secs(5), REALM, false)[0], 1);
    let at = |nonces: &mut Nonces, seconds, value: &str| {
        nonces.verify(now + Duration::from_secs(seconds), &register(value), REALM, &ha1())
    };
    assert_eq!(at(&mut nonces, 66, &value), Verdict::Stale);
    assert_eq!(at(&mut nonces, 65, &value), Verdict::Ok);
    let foreign = Nonces::new([4; 32], Duration::from_secs(60)).challenge(now, REALM, false);
    assert_eq!(at(&mut nonces, 1, &credentials(&foreign[0], 1)), Verdict::Stale);
    for nonce in ["", "x", "ffffffffffffffffffffffffffffffffffffffff", "é"] {
        let challenge = format!("Digest realm=\"pbx \\\"one\\\"\", nonce=\"{nonce}\", qop=\"auth\"");
        assert_eq!(at(&mut nonces, 1, &credentials(&challenge, 1)), Verdict::Stale, "{nonce}");
    }
}

/// SIP-02
#[test]
fn wrong_secrets_and_malformed_credentials_are_wrong() {
    let (mut nonces, now) = nonces();
    let challenge = nonces.challenge(now, REALM, false);
    let right = credentials(&challenge[1], 1);
    let mut wrong = |value: &str| {
        assert_eq!(nonces.verify(now, &register(value), REALM, &ha1()), Verdict::Wrong, "{value}");
    };
    wrong(&answer(challenge[0].as_bytes(), &FIRST, "101", "guess").unwrap());
    wrong(&answer(challenge[0].as_bytes(), &Attempt { method: "INVITE", ..FIRST }, "101", "secret").unwrap());
    wrong(&right.replace("qop=auth, ", ""));
    wrong(&right.replace("qop=auth", "qop=auth-int"));
    wrong(&right.replace("algorithm=MD5", "algorithm=MD5-sess"));
    wrong(&right.replace("algorithm=MD5", "algorithm=SHA-256"));
    wrong(&right.replace("nc=00000001", "nc=00000002"));
    wrong(&right.replace("response=\"", "response=\"0"));
    wrong(&right.replace("sip:h;", "sip:H;"));
    wrong(&right.replace("pbx ", "px "));
    wrong("Digest nonsense");
    wrong("Bearer abc");
    // A client without qop (RFC 2069).
    let old = challenge[1].replace(", qop=\"auth\"", "");
    wrong(&answer(old.as_bytes(), &FIRST, "101", "secret").unwrap());
    // None of this has used the count up; upper case and no algorithm (MD5) are as good.
    let request = register(&right.replace("algorithm=MD5, ", ""));
    assert_eq!(nonces.verify(now, &request, REALM, &ha1()), Verdict::Ok);
}

/// SIP-03: several credentials in one request, one of them for us.
#[test]
fn the_value_of_our_realm_counts() {
    let (mut nonces, now) = nonces();
    let ours = credentials(&nonces.challenge(now, REALM, false)[0], 1);
    let other = credentials("Digest realm=\"elsewhere\", nonce=\"n\", qop=\"auth\"", 1);
    let lines =
        [("Authorization", "Bearer x"), ("Authorization", other.as_str()), ("Authorization", ours.as_str())];
    let request = message("REGISTER sip:h SIP/2.0", "REGISTER", &lines);
    assert_eq!(claim(&request).unwrap().realm, "elsewhere");
    assert_eq!(nonces.verify(now, &request, REALM, &ha1()), Verdict::Ok);
    assert_eq!(claim(&message("REGISTER sip:h SIP/2.0", "REGISTER", &lines[..1])), None);
}

/// RFC 8760 §2.4
#[test]
fn a_client_takes_the_strongest_challenge_it_knows() {
    let lines = [
        ("WWW-Authenticate", "Digest realm=\"a\", nonce=\"0\", algorithm=SHA-512-256, qop=\"auth\""),
        ("WWW-Authenticate", "Digest realm=\"a\", nonce=\"1\", algorithm=MD5, qop=\"auth\""),
        ("WWW-Authenticate", "Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256, qop=\"auth\""),
    ];
    let response = message("SIP/2.0 401 Unauthorized", "REGISTER", &lines);
    assert_eq!(best_challenge(&response), Some(lines[2].1.as_bytes()));
    assert_eq!(answer(lines[0].1.as_bytes(), &FIRST, "a", "b"), None);
    assert_eq!(answer(b"Digest realm=\"a\", nonce=\"1\", qop=\"auth-int\"", &FIRST, "a", "b"), None);
}

/// SIP-02: a claim is judged like its request, further credentials for the same realm included.
#[test]
fn claim_is_verified_like_its_request() {
    let (mut nonces, now) = nonces();
    let [challenge, _] = nonces.challenge(now, REALM, false);
    let right = credentials(&challenge, 1);
    let wrong = answer(challenge.as_bytes(), &FIRST, "101", "guess").unwrap();
    let lines = [("Authorization", &*wrong), ("Authorization", &*right)];
    let both = message("REGISTER sip:h SIP/2.0", "REGISTER", &lines);
    for (request, verdict) in
        [(register(&wrong), Verdict::Wrong), (both, Verdict::Ok), (register(&right), Verdict::Stale)]
    {
        let claimed = claim(&request).unwrap();
        assert_eq!(nonces.verify_claim(now, &request, &claimed, &ha1()), verdict);
    }
}
