//! Reading of whole messages.

use bytes::Bytes;

use super::{Message, Method, ParseError};
use crate::Name;

fn parse(text: impl AsRef<[u8]>) -> Result<Message, ParseError> {
    Message::parse(Bytes::copy_from_slice(text.as_ref()))
}

/// A request with one line replaced or added.
fn with(lines: &[&str]) -> String {
    let mut all = vec!["INVITE sip:bob@biloxi.example.com SIP/2.0"];
    all.extend(lines);
    all.join("\r\n") + "\r\n\r\n"
}

const VIA: &str = "Via: SIP/2.0/TCP client.atlanta.example.com:5060;branch=z9hG4bK74bf9";
const FROM: &str = "From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl";
const TO: &str = "To: Bob <sip:bob@biloxi.example.com>";
const CALL_ID: &str = "Call-ID: 3848276298220188511@atlanta.example.com";
const CSEQ: &str = "CSeq: 2 INVITE";

/// RFC 3665 §3.1
#[test]
fn a_request_gives_its_parts() {
    let text = with(&[
        VIA,
        "Max-Forwards: 70",
        FROM,
        TO,
        CALL_ID,
        CSEQ,
        "Content-Length: 4",
        "Allow: INVITE, ACK,BYE",
    ]);
    let message = parse(text + "v=0\n").unwrap();
    assert!(message.is_request());
    assert_eq!(message.method(), Method::Invite);
    assert_eq!(message.method_token(), "INVITE");
    assert_eq!(message.request_uri(), Some(&b"sip:bob@biloxi.example.com"[..]));
    assert_eq!(message.status(), None);
    assert_eq!(message.max_forwards(), Some(70));
    assert_eq!(message.call_id(), b"3848276298220188511@atlanta.example.com");
    assert_eq!(message.cseq(), 2);
    assert_eq!(message.via().branch(), Some(&b"z9hG4bK74bf9"[..]));
    assert_eq!(message.from().tag(), Some(&b"9fxced76sl"[..]));
    assert_eq!(message.to().display, b"Bob");
    assert_eq!(message.values(Name::Allow).collect::<Vec<_>>(), [&b"INVITE"[..], b"ACK", b"BYE"]);
    assert!(message.has_token(Name::Allow, "BYE"));
    assert_eq!(&message.body()[..], b"v=0\n");
}

/// RFC 3261 §7.2
#[test]
fn a_response_gives_its_parts() {
    let text =
        format!("SIP/2.0 486 Gerade besetzt\r\n{VIA}\r\n{FROM}\r\n{TO};tag=x\r\n{CALL_ID}\r\n{CSEQ}\r\n\r\n");
    let message = parse(text).unwrap();
    assert!(!message.is_request());
    assert_eq!(message.status(), Some(486));
    assert_eq!(message.reason_phrase(), b"Gerade besetzt");
    assert_eq!((message.method(), message.method_token()), (Method::Invite, "INVITE"));
    assert_eq!(message.request_uri(), None);
    assert!(message.body().is_empty());
}

/// SIP-11
#[test]
fn folded_and_compact_lines_read_as_one() {
    let text = "INVITE sip:b@c SIP/2.0\nv:  SIP / 2.0\n /UDP\n    192.0.2.2;branch=390skdjuw\r\nv:SIP/2.0/TCP a, SIP/2.0/UDP b\n\
                f : sip:a@b;tag=1\nt:sip:b@c\ni: x\nCSEQ : 0009\r\n  INVITE\nl: 2\r\n\r\nhithere";
    let message = parse(text).unwrap();
    assert_eq!(message.via().host, b"192.0.2.2");
    assert_eq!(message.values(Name::Via).count(), 3);
    assert_eq!(message.cseq(), 9);
    assert_eq!(&message.body()[..], b"hi");
    assert_eq!(message.header_by_text("cseq"), Some(&b"0009  INVITE"[..]));
}

/// SIP-11
#[test]
fn bytes_that_are_not_utf8_are_kept() {
    let mut text = with(&[VIA, FROM, TO, CALL_ID, CSEQ, "Content-Length: 3", "X-Name: ?"]).into_bytes();
    let at = text.iter().position(|b| *b == b'?').unwrap();
    text[at] = 0xFF;
    text.extend([0x00, 0xFE, 0x0A]);
    let message = parse(&text).unwrap();
    assert_eq!(message.header_by_text("x-name"), Some(&b"\xFF"[..]));
    assert_eq!(&message.body()[..], [0x00, 0xFE, 0x0A]);
}

/// RFC 3261 §18.3
#[test]
fn content_length_cuts_and_its_absence_takes_the_rest() {
    let head = with(&[VIA, FROM, TO, CALL_ID, CSEQ, "Content-Length: 2"]);
    let message = parse(head.clone() + "abcd").unwrap();
    assert_eq!(&message.body()[..], b"ab");
    assert_eq!(message.bytes().len(), head.len() + 2);
    assert_eq!(parse(head + "a").unwrap_err(), ParseError::BodyTooShort);
    assert_eq!(&parse(with(&[VIA, FROM, TO, CALL_ID, CSEQ]) + "abcd").unwrap().body()[..], b"abcd");
    let negative = with(&[VIA, FROM, TO, CALL_ID, CSEQ, "Content-Length: -999"]);
    assert_eq!(parse(negative).unwrap_err(), ParseError::Header("Content-Length"));
}

/// RFC 3261 §8.1.1
#[test]
fn each_required_header_is_required_once() {
    let all = [VIA, FROM, TO, CALL_ID, CSEQ];
    for (at, name) in ["Via", "From", "To", "Call-ID", "CSeq"].into_iter().enumerate() {
        let mut lines = all.to_vec();
        lines.remove(at);
        assert_eq!(parse(with(&lines)).unwrap_err(), ParseError::Missing(name));
        lines = all.to_vec();
        lines.push(all[at]);
        match parse(with(&lines)) {
            Ok(message) => assert_eq!((name, message.values(Name::Via).count()), ("Via", 2)),
            Err(error) => assert_eq!(error, ParseError::Duplicate(name)),
        }
    }
}

/// RFC 3261 §7.5
#[test]
fn line_breaks_before_the_start_line_are_skipped() {
    assert!(parse(format!("\r\n\r\n{}", with(&[VIA, FROM, TO, CALL_ID, CSEQ]))).is_ok());
    assert_eq!(parse("\r\n\r\n").unwrap_err(), ParseError::StartLine);
}

/// SIP-10
#[test]
fn malformed_start_lines_are_refused() {
    let rest = format!("\r\n{VIA}\r\n{FROM}\r\n{TO}\r\n{CALL_ID}\r\n{CSEQ}\r\n\r\n");
    for line in [
        "INVITE  sip:a@b SIP/2.0",
        "INVITE sip:a@b  SIP/2.0",
        "INVITE sip:a@b SIP/2.0 ",
        "INVITE <sip:a@b> SIP/2.0",
        "INVITE sip:a@b",
        "INVITE SIP/2.0",
        "INV@TE sip:a@b SIP/2.0",
        " INVITE sip:a@b SIP/2.0",
        "INVITE a SIP/2.0",
        "INVITE sip: SIP/2.0",
        "INVITE sip:a@b HTTP/1.1",
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 4294967301 x",
        "SIP/2.0 2000",
        "SIP/2.0",
        "SIP/2.0 -00 x",
        "INVITE sip:a@b\tSIP/2.0",
    ] {
        assert_eq!(parse(format!("{line}{rest}")).unwrap_err(), ParseError::StartLine, "{line}");
    }
    for line in ["INVITE sip:a@b SIP/7.0", "SIP/7.0 200 OK"] {
        assert_eq!(parse(format!("{line}{rest}")).unwrap_err(), ParseError::Version, "{line}");
    }
    for line in ["INVITE sip:a@b sip/2.0", "SIP/2.0 200", "SIP/2.0 200 ", "INVITE urn:service:sos SIP/2.0"] {
        assert!(parse(format!("{line}{rest}")).is_ok(), "{line}");
    }
}

/// SIP-11
#[test]
fn sizes_beyond_the_limits_are_refused() {
    let all = [VIA, FROM, TO, CALL_ID, CSEQ];
    let mut many = all.to_vec();
    many.extend(std::iter::repeat_n("X: y", 123));
    assert!(parse(with(&many)).is_ok());
    many.push("X: y");
    assert_eq!(parse(with(&many)).unwrap_err(), ParseError::TooManyHeaders);

    let long = format!("X: {}", "y".repeat(8 * 1024 - 5));
    assert!(parse(with(&[VIA, FROM, TO, CALL_ID, CSEQ, &long])).is_ok());
    let longer = long + "y";
    assert_eq!(parse(with(&[VIA, FROM, TO, CALL_ID, CSEQ, &longer])).unwrap_err(), ParseError::HeaderTooLong);
    let folded = format!("X: {}", "y\r\n ".repeat(5000));
    assert_eq!(parse(with(&[VIA, FROM, TO, CALL_ID, CSEQ, &folded])).unwrap_err(), ParseError::HeaderTooLong);
    for endless in ["x".repeat(60_000), format!("X: {}", "x".repeat(60_000))] {
        let text = with(&all);
        let text = format!("{}{endless}", &text[..text.len() - 2]);
        assert_eq!(parse(text).unwrap_err(), ParseError::HeaderTooLong);
    }
    let body = with(&all) + &"b".repeat(65_535);
    assert_eq!(parse(&body).unwrap_err(), ParseError::TooLong);
    assert_eq!(parse(&body[..65_535]).unwrap().bytes().len(), 65_535);
}

/// SIP-10
#[test]
fn heads_that_do_not_end_are_refused() {
    let text = with(&[VIA, FROM, TO, CALL_ID, CSEQ]);
    for cut in 45..text.len() - 1 {
        assert!(parse(&text[..cut]).is_err(), "{cut}");
    }
    assert_eq!(parse(&text[..text.len() - 2]).unwrap_err(), ParseError::Unterminated);
}

/// A line break to some and none to others must not reach an answer.
#[test]
fn a_carriage_return_alone_is_refused() {
    let line = parse(with(&[VIA, FROM, TO, CALL_ID, CSEQ, "X: a\rY: b"])).unwrap_err();
    assert_eq!(line, ParseError::Header("header line"));
}
