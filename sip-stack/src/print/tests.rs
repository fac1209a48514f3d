//! Composed messages are read again.

use bytes::Bytes;

use super::{Reply, Writer};
use crate::{Message, Method, Name};

fn invite() -> Message {
    let text = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP p1.example.com;branch=z9hG4bKp,SIP/2.0/TCP  ua;branch=z9hG4bKu\r\n\
                v: SIP/2.0/TCP last;branch=z9hG4bKl\r\nRecord-Route: <sip:p1.example.com;lr>\r\nFrom:  \"A\" <sip:a@b> ; tag = 1\r\n\
                To: Bob <sip:bob@example.com>\r\nCall-ID: i@h\r\nCSeq: 00314   INVITE\r\nTimestamp: 54\r\n\r\n";
    Message::parse(Bytes::from_static(text.as_bytes())).unwrap()
}

fn reply(status: u16, to_tag: Option<&str>) -> Message {
    let reply = Reply { status, reason: None, to_tag };
    Message::parse(Writer::reply(&invite(), reply, "192.0.2.1:5062".parse().unwrap()).finish(None)).unwrap()
}

/// RFC 3261 §8.2.6.2
#[test]
fn a_reply_copies_the_identity_of_its_request() {
    let ringing = reply(180, Some("b-tag"));
    assert_eq!(ringing.status(), Some(180));
    assert_eq!(ringing.reason_phrase(), b"Ringing");
    let vias: Vec<_> = ringing.headers(Name::Via).collect();
    let first =
        "SIP/2.0/UDP p1.example.com;branch=z9hG4bKp;received=192.0.2.1,SIP/2.0/TCP  ua;branch=z9hG4bKu";
    assert_eq!(vias, [first.as_bytes(), b"SIP/2.0/TCP last;branch=z9hG4bKl"]);
    for name in [Name::From, Name::CallId, Name::CSeq, Name::RecordRoute] {
        assert_eq!(ringing.header(name), invite().header(name));
    }
    assert_eq!(ringing.header(Name::To), Some(&b"Bob <sip:bob@example.com>;tag=b-tag"[..]));
    assert_eq!(ringing.header(Name::Timestamp), None);
}

/// RFC 3261 §8.2.6.1, §12.1.1
#[test]
fn trying_has_a_timestamp_and_no_tag_and_a_refusal_no_record_route() {
    let trying = reply(100, None);
    assert_eq!(trying.header(Name::Timestamp), Some(&b"54"[..]));
    assert_eq!(trying.to().tag(), None);
    assert_eq!(reply(486, Some("x")).header(Name::RecordRoute), None);
}

/// RFC 3261 §7.1
#[test]
fn a_request_reads_back_as_written() {
    let mut writer = Writer::request("INFO", "sip:a@b");
    writer.header(Name::Via, "SIP/2.0/UDP h;branch=z9hG4bK1").header(Name::From, "<sip:a@b>;tag=1");
    writer.header(Name::To, "<sip:c@d>;tag=2").header(Name::CallId, "i").header(Name::CSeq, "7 INFO");
    writer.number(Name::MaxForwards, 70).header_by_text("X-One", "1").header_by_text("X Two", "2");
    let body = [0u8, 13, 10, 255];
    let message = Message::parse(writer.finish(Some(("application/x-raw", &body)))).unwrap();
    assert_eq!((message.method(), message.request_uri()), (Method::Info, Some(&b"sip:a@b"[..])));
    assert_eq!(message.header(Name::ContentType), Some(&b"application/x-raw"[..]));
    assert_eq!(message.header(Name::ContentLength), Some(&b"4"[..]));
    assert_eq!(message.header_by_text("x-one"), Some(&b"1"[..]));
    assert_eq!(message.lines().count(), 9);
    assert_eq!(message.max_forwards(), Some(70));
    assert_eq!(&message.body()[..], body);
}

/// SIP-12: no text can begin a line of its own.
#[test]
fn line_breaks_in_values_become_blanks() {
    let mut writer = Writer::request("INVITE\r\n", "sip:a@b SIP/2.0\r\nX-Evil: 1");
    writer.header(Name::Subject, "a\r\nX-Evil: 1\n\0b").header_by_text("X\r\nY", "z");
    let bytes = writer.finish(None);
    let lines: Vec<_> = bytes.split(|b| *b == b'\n').collect();
    assert_eq!(lines[0], b"INVITE sip:a@bSIP/2.0X-Evil:1 SIP/2.0\r");
    assert_eq!(lines[1], b"Subject: a  X-Evil: 1  b\r");
    assert_eq!(lines[2], b"Content-Length: 0\r");
}
