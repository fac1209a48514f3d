//! Whatever comes from the network is read or refused; nothing panics.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sip_stack::{
    Message, Name,
    digest::{self, Ha1, Nonces, Verdict},
    framing::Framer,
    headers::{
        CSeq, Challenge, Contact, ContentType, Credentials, Event, NameAddr, Params, RAck, Reason, Replaces,
        SessionExpires, Via, min_se, rseq, seconds,
    },
    print::{Reply, Writer, refusal},
    uri::Uri,
};

const VALID: &str = "INVITE sip:102@[2001:db8::1]:5060;transport=tcp SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP h\r\n\
    Max-Forwards: 70\r\nf: \"A, \\\"B\\\"\" <sip:101@pbx>;tag=1\r\nTo: <sip:102@pbx>\r\nCall-ID: 1@h\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:101@10.0.0.1>;q=0.5;expires=60;+sip.instance=\"<urn:uuid:1>\"\r\nSupported: timer,\r\n 100rel\r\n\
    Authorization: Digest username=\"101\",realm=\"pbx\",nonce=\"n\",uri=\"sip:102@pbx\",response=\"r\",qop=auth,nc=00000001,cnonce=\"c\"\r\n\
    Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";

/// Everything that can be asked of bytes.
fn exercise(bytes: &[u8]) {
    for text in [bytes, bytes.trim_ascii()] {
        exercise_value(text);
    }
    let source = "[2001:db8::2]:5061".parse().unwrap();
    match Message::parse(Bytes::copy_from_slice(bytes)) {
        Ok(message) => exercise_message(&message),
        Err(error) => drop(refusal(bytes, &error, source, "tag")),
    }
    let mut framer = Framer::default();
    framer.push(bytes);
    while let Ok(Some(_)) = framer.next_frame() {}
}

fn exercise_message(message: &Message) {
    // What parse has checked is there.
    assert!(!message.via().host.is_empty() && !message.call_id().is_empty());
    assert!(!message.from().uri.is_empty() && !message.to().uri.is_empty());
    assert!(!message.method_token().is_empty());
    for name in Name::ALL {
        message.header(*name).iter().for_each(|v| exercise_value(v));
        message.values(*name).for_each(exercise_value);
    }
    let _ = (message.body(), message.lines().count(), message.header_by_text("X"), message.max_forwards());
    let _ = (digest::claim(message), digest::best_challenge(message));
    let mut nonces = Nonces::new([1; 32], Duration::from_secs(60));
    let verdict = nonces.verify(Instant::now(), message, "pbx", &Ha1::new("101", "pbx", "secret"));
    assert_eq!(verdict, Verdict::Wrong);
    if message.is_request() {
        let source = "192.0.2.1:5061".parse().unwrap();
        let reply = Reply { status: 200, reason: None, to_tag: Some("t") };
        let reply = Message::parse(Writer::reply(message, reply, source).finish(None)).unwrap();
        assert_eq!(
            (reply.call_id(), reply.cseq(), reply.method_token()),
            (message.call_id(), message.cseq(), message.method_token())
        );
        assert!(reply.to().tag().is_some());
    }
}

fn exercise_value(value: &[u8]) {
    if let Some(uri) = Uri::parse(value) {
        let _ = (uri.user_text(), uri.host_text(), uri.ip(), uri.params.iter().count());
    }
    if let Some(address) = NameAddr::parse(value) {
        let _ = (address.display_text(), address.tag(), Uri::parse(address.uri));
    }
    if let Some(via) = Via::parse(value) {
        let _ = (via.branch(), via.rport(), via.received());
    }
    let _ =
        (Params(value).iter().count(), Params(value).get("tag"), CSeq::parse(value), Contact::parse(value));
    let _ =
        (Credentials::parse(value), Challenge::parse(value), ContentType::parse(value), Event::parse(value));
    let _ = (RAck::parse(value), Reason::parse(value), Replaces::parse(value), SessionExpires::parse(value));
    let _ = (min_se(value), rseq(value), seconds(value));
}

/// Bytes that mean something to one of the readers, more often than chance would have it.
fn spiced() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "\"",
            "\\",
            "<",
            ">",
            ";",
            ",",
            "=",
            "?",
            "@",
            ":",
            "/",
            "[",
            "]",
            "*",
            " ",
            "\t",
            "\r\n",
            "\n",
            "\r",
            "%",
            "sip:",
            "tel:",
            "SIP/2.0/UDP ",
            "SIP/2.0 ",
            "Digest ",
            "tag",
            "Via",
            "l:",
            "0",
            "9999999999",
            "INVITE",
            "é",
            "\0",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
        vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// SIP-10
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
    }

    /// SIP-10
    #[test]
    fn bytes_with_meaning_are_read_or_refused(bytes in spiced()) {
        exercise(&bytes);
    }

    /// SIP-10
    #[test]
    fn spoilt_messages_are_read_or_refused(
        edits in vec((any::<prop::sample::Index>(), 0usize..6, spiced()), 1..4),
    ) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, removed, added) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, added.into_iter().take(8));
        }
        exercise(&bytes);
    }

    /// SIP-10
    #[test]
    fn cut_messages_are_refused(at in 0..VALID.len()) {
        exercise(&VALID.as_bytes()[..at]);
        prop_assert!(Message::parse(Bytes::copy_from_slice(&VALID.as_bytes()[..at])).is_err());
    }
}

/// The message that is spoilt above is a good one.
#[test]
fn the_unspoilt_message_is_read() {
    exercise(VALID.as_bytes());
    assert_eq!(Message::parse(Bytes::from(VALID)).unwrap().body().len(), 5);
}
