//! What phones say, as they say it.

use bytes::Bytes;
use sip_stack::{
    Message, Name,
    digest::{Attempt, answer as digest_answer},
};

pub fn register(number: usize, cseq: u32, challenge: Option<&Message>) -> Bytes {
    let credentials = credentials(challenge, ("REGISTER", "sip:example.org"));
    let text = format!(
        "REGISTER sip:example.org SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK-524287-1---{number:08x}{cseq};rport\r\n\
         Max-Forwards: 70\r\nContact: {CONTACT};expires=3600\r\n\
         To: \"Alice Liddell\" <sip:alice@example.org>\r\nFrom: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n\
         Call-ID: 3848276298220188511{number}@192.0.2.99\r\nCSeq: {cseq} REGISTER\r\nExpires: 3600\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE\r\n\
         Supported: replaces, path, outbound\r\nUser-Agent: Desk Phone 7.2.1\r\n{credentials}Content-Length: 0\r\n\r\n"
    );
    Bytes::from(text)
}

pub fn invite(number: usize, cseq: u32, challenge: Option<&Message>) -> Bytes {
    let credentials = credentials(challenge, ("INVITE", "sip:1001@example.org"));
    let text = String::from_utf8_lossy(INVITE)
        .replace("3f2a1b0c9d8e7f6a", &format!("{number:08x}{cseq}"))
        .replace("3848276298220188511", &format!("3848276298220188511{number}"))
        .replace("CSeq: 2", &format!("CSeq: {cseq}"))
        .replace("Content-Type", &format!("{credentials}Content-Type"));
    Bytes::from(text)
}

pub fn ack_of_failure(number: usize, failure: &Message) -> Bytes {
    let to = String::from_utf8_lossy(failure.header(Name::To).unwrap_or_default()).into_owned();
    let text = format!(
        "ACK sip:1001@example.org;user=phone SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK-524287-1---{number:08x}1;rport\r\nMax-Forwards: 70\r\nTo: {to}\r\n\
         From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n\
         Call-ID: 3848276298220188511{number}@192.0.2.99\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
    );
    Bytes::from(text)
}

/// ACK or BYE of the caller.
pub fn within(number: usize, answer: &Message, (method, cseq): (&str, u32)) -> Bytes {
    let header = |name| String::from_utf8_lossy(answer.header(name).unwrap_or_default()).into_owned();
    let (contact, to) = (header(Name::Contact), header(Name::To));
    let target = contact.trim_matches(['<', '>']);
    let text = format!(
        "{method} {target} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK-524287-1---{number:08x}{cseq}{method};rport\r\n\
         Max-Forwards: 70\r\nContact: {CONTACT}\r\nTo: {to}\r\n\
         From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n\
         Call-ID: 3848276298220188511{number}@192.0.2.99\r\nCSeq: {cseq} {method}\r\nUser-Agent: Desk Phone 7.2.1\r\n\
         Content-Length: 0\r\n\r\n"
    );
    Bytes::from(text)
}

/// What a called phone answers.
pub fn answer(request: &Message, status: &str, sdp: &[u8]) -> Bytes {
    let header = |name| String::from_utf8_lossy(request.header(name).unwrap_or_default()).into_owned();
    let to = header(Name::To);
    let tag = if request.to_tag().is_some() { "" } else { ";tag=8321234356" };
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "SIP/2.0 {status}\r\nVia: {};received=192.0.2.1\r\nContact: <sip:1001@192.0.2.99:5060;transport=udp>\r\n\
         To: {to}{tag}\r\nFrom: {}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE\r\n\
         Supported: replaces\r\nUser-Agent: Desk Phone 7.2.1\r\n{kind}Content-Length: {}\r\n\r\n{}",
        header(Name::Via),
        header(Name::From),
        header(Name::CallId),
        header(Name::CSeq),
        sdp.len(),
        String::from_utf8_lossy(sdp),
    );
    Bytes::from(text)
}

fn credentials(challenge: Option<&Message>, (method, uri): (&str, &str)) -> String {
    let Some(challenge) = challenge else { return String::new() };
    let attempt = Attempt { method, uri, cnonce: "0a4f113b", nc: 1 };
    // Most phones take MD5, which stands last.
    let value = challenge.headers(Name::WwwAuthenticate).last().expect("a challenge");
    let value = digest_answer(value, &attempt, USER, PASSWORD).expect("a challenge that can be answered");
    format!("Authorization: {value}\r\n")
}

pub const USER: &str = "alice";
pub const REALM: &str = "example.org";
pub const PASSWORD: &str = "correct horse";
pub const CONTACT: &str = "<sip:alice@192.0.2.99:5060;transport=udp>";
pub const SDP: &[u8] = b"v=0\r\no=- 3724394400 3724394400 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
pub const INVITE: &[u8] = b"INVITE sip:1001@example.org;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK-524287-1---3f2a1b0c9d8e7f6a;rport\r\n\
    Max-Forwards: 70\r\n\
    Contact: <sip:alice@192.0.2.99:5060;transport=udp>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"\r\n\
    To: <sip:1001@example.org;user=phone>\r\n\
    From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n\
    Call-ID: 3848276298220188511@192.0.2.99\r\n\
    CSeq: 2 INVITE\r\n\
    Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK\r\n\
    Supported: replaces, 100rel, timer\r\n\
    Session-Expires: 1800;refresher=uac\r\n\
    User-Agent: Desk Phone 7.2.1\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 254\r\n\r\n\
    v=0\r\no=- 3724394400 3724394400 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n\
    m=audio 40000 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
