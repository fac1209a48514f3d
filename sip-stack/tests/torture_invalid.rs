//! Invalid messages of RFC 4475 §3.1.2, each with what becomes of it.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use sip_stack::{
    Message, Name, ParseError,
    headers::{Contact, seconds},
    print::refusal,
};

/// An INVITE with these lines instead of the usual ones of the same name.
fn invite(start: &str, lines: &[&str]) -> Result<Message, ParseError> {
    let usual = [
        "Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw",
        "To: sip:j.user@example.com",
        "From: sip:caller@example.net;tag=134161461246",
        "Max-Forwards: 7",
        "Call-ID: badinv01.0ha0isndaksdjasdf3234nas",
        "CSeq: 8 INVITE",
        "Content-Length: 0",
    ];
    let name = |line: &str| line.split(':').next().unwrap().to_owned();
    let mut text = format!("{start}\r\n");
    for line in
        usual.into_iter().filter(|u| !lines.iter().any(|l| name(l) == name(u))).chain(lines.iter().copied())
    {
        text += line;
        text += "\r\n";
    }
    Message::parse(Bytes::from(text + "\r\nv=0\r\n"))
}

const START: &str = "INVITE sip:user@example.com SIP/2.0";

fn refused(start: &str, lines: &[&str], error: ParseError) {
    assert_eq!(invite(start, lines).map(|m| m.bytes().clone()), Err(error), "{start} {lines:?}");
}

/// The frame of these tests is itself valid.
#[test]
fn the_usual_lines_are_read() {
    assert!(invite(START, &[]).is_ok());
}

/// §3.1.2.1
#[test]
fn extraneous_separators_in_via_are_refused() {
    refused(START, &["Via: SIP/2.0/UDP 192.0.2.15;;,;,,"], ParseError::Header("Via"));
}

/// §3.1.2.2, §3.1.2.3
#[test]
fn content_lengths_that_are_too_large_or_negative_are_refused() {
    refused(START, &["Content-Length: 9999"], ParseError::BodyTooShort);
    refused(START, &["Content-Length: -999"], ParseError::Header("Content-Length"));
    refused(START, &["Content-Length: 5", "l: 5"], ParseError::Duplicate("Content-Length"));
}

/// §3.1.2.4, §3.1.2.5
#[test]
fn overlarge_numbers_are_refused() {
    refused(START, &["CSeq: 36893488147419103232 INVITE"], ParseError::Header("CSeq"));
    refused(START, &["Max-Forwards: 300"], ParseError::Header("Max-Forwards"));
    refused(
        "SIP/2.0 503 Service Unavailable",
        &["CSeq: 9292394834772304023312 OPTIONS"],
        ParseError::Header("CSeq"),
    );
    let message = invite(
        START,
        &["Expires: 10000000000000000000000000000000", "Contact: <sip:u@h>;expires=280297596632815"],
    );
    let message = message.unwrap();
    assert_eq!(seconds(message.header(Name::Expires).unwrap()), None);
    assert_eq!(Contact::parse(message.header(Name::Contact).unwrap()), None);
}

/// §3.1.2.6
#[test]
fn a_quote_in_to_that_does_not_end_is_refused() {
    refused(START, &["To: \"Mr. J. User <sip:j.user@example.com>"], ParseError::Header("To"));
}

/// §3.1.2.7, §3.1.2.8, §3.1.2.9, §3.1.2.10
#[test]
fn start_lines_with_brackets_or_too_many_blanks_are_refused() {
    for start in [
        "INVITE <sip:user@example.com> SIP/2.0",
        "INVITE sip:user@example.com; lr SIP/2.0",
        "INVITE  sip:user@example.com  SIP/2.0",
        "INVITE sip:user@example.com SIP/2.0  ",
    ] {
        refused(start, &[], ParseError::StartLine);
    }
}

/// §3.1.2.11
#[test]
fn headers_inside_the_request_uri_are_no_headers() {
    let message = invite("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", &[]).unwrap();
    assert_eq!(message.header(Name::Route), None);
}

/// §3.1.2.12
#[test]
fn a_date_in_a_strange_zone_does_not_matter() {
    assert!(invite(START, &["Date: Fri, 01 Jan 2010 16:00:00 EST"]).is_ok());
}

/// §3.1.2.13, §3.1.2.14, §3.1.2.15
#[test]
fn name_addrs_without_brackets_or_with_blanks() {
    let message = invite(START, &["Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"]).unwrap();
    assert_eq!(Contact::parse(message.header(Name::Contact).unwrap()), None);
    let message = invite(START, &["To: \"Watson, Thomas\" < sip:t.watson@example.org >"]).unwrap();
    assert_eq!(message.to().uri, b"sip:t.watson@example.org");
    let message = invite(START, &["From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"]).unwrap();
    assert_eq!(message.from().tag(), Some(&b"43"[..]));
}

/// §3.1.2.16
#[test]
fn another_version_is_refused_with_505() {
    refused(
        "OPTIONS sip:t.watson@example.org SIP/7.0",
        &["Via: SIP/7.0/UDP c.example.com", "CSeq: 1 OPTIONS"],
        ParseError::Version,
    );
    assert_eq!(ParseError::Version.status(), 505);
}

/// §3.1.2.17, §3.1.2.18
#[test]
fn the_method_of_cseq_must_be_that_of_the_request() {
    refused("OPTIONS sip:user@example.com SIP/2.0", &[], ParseError::Header("CSeq, its method is another"));
    refused(
        "NEWMETHOD sip:user@example.com SIP/2.0",
        &["CSeq: 34 INVITE"],
        ParseError::Header("CSeq, its method is another"),
    );
}

/// §3.1.2.19
#[test]
fn an_overlarge_status_is_dropped() {
    refused("SIP/2.0 4294967301 better not break the receiver", &[], ParseError::StartLine);
}

/// §3.3.1, §3.3.8, §3.3.9
#[test]
fn what_is_missing_or_doubled_is_named() {
    let text = "INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj\r\n\
                Content-Type: application/sdp\r\nl: 0\r\n\r\n";
    assert_eq!(Message::parse(Bytes::from(text)).unwrap_err(), ParseError::Missing("From"));
    refused(START, &["From: sip:a@b;tag=1", "f: sip:c@d;tag=2"], ParseError::Duplicate("From"));
    refused(START, &["CSeq: 1 INVITE", "cseq: 2 INVITE"], ParseError::Duplicate("CSeq"));
    refused(START, &["Call-ID: a", "i: b"], ParseError::Duplicate("Call-ID"));
    let answer =
        refusal(text.as_bytes(), &ParseError::Missing("From"), "192.0.2.95:5060".parse().unwrap(), "t")
            .unwrap();
    assert!(answer.starts_with(b"SIP/2.0 400 Missing From\r\n"));
}
