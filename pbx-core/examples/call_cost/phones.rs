//! What phones write: just enough SIP for the happy path.

use std::net::SocketAddr;

use bytes::Bytes;
use sip_stack::{
    Message, Name,
    digest::{Attempt, answer, best_challenge},
};

use crate::company::{DOMAIN, PASSWORD};

/// A phone.
pub struct Phone {
    number: String,
    port: u16,
}

impl Phone {
    pub fn new(number: &str, port: u16) -> Self {
        Self { number: number.into(), port }
    }

    /// Which of these phones the request is for.
    pub fn asked<'a>(phones: &'a [Self], request: &Bytes) -> &'a Self {
        let uri = |phone: &Self| format!(" sip:{}@{} ", phone.number, phone.address()).into_bytes();
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let names = |phone: &&Self| line.windows(uri(phone).len()).any(|part| part == uri(phone));
        phones.iter().find(names).unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        ([10, 0, 1, 1], self.port).into()
    }

    pub fn register(&self, cseq: u32, challenge: Option<&Bytes>) -> String {
        let (number, own) = (&self.number, self.address());
        let head = format!(
            "REGISTER sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKr{number}x{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{DOMAIN}>;tag=b{number}\r\nTo: <sip:{number}@{DOMAIN}>\r\n\
             Call-ID: {number}@bench\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{number}@{own}>\r\n\
             Expires: 3600\r\nUser-Agent: Phone 1.0\r\n"
        );
        self.finish(head, ("REGISTER", &format!("sip:{DOMAIN}")), challenge, "")
    }

    pub fn invite(&self, callee: &Self, call_id: &str, cseq: u32, challenge: Option<&Bytes>) -> String {
        let (number, own) = (&self.number, self.address());
        let uri = callee.uri();
        let head = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call_id}x{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{DOMAIN}>;tag=b{call_id}\r\nTo: <{uri}>\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} INVITE\r\nContact: <sip:{number}@{own}>\r\n\
             Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO\r\nSupported: replaces, timer\r\n\
             User-Agent: Phone 1.0\r\nContent-Type: application/sdp\r\n"
        );
        self.finish(head, ("INVITE", &uri), challenge, &self.sdp())
    }

    pub fn ack_refusal(&self, callee: &Self, call_id: &str, refusal: &Bytes) -> String {
        let (own, uri) = (self.address(), callee.uri());
        let (from, to) = (line(refusal, Name::From), line(refusal, Name::To));
        format!(
            "ACK {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call_id}x1;rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        )
    }

    /// A request within the dialog that this 200 made.
    pub fn within(&self, method: &str, call_id: &str, cseq: u32, answer: &Bytes) -> String {
        let contact = line(answer, Name::Contact);
        let uri = contact.trim_start_matches('<').split('>').next().unwrap_or_default();
        let (own, from, to) = (self.address(), line(answer, Name::From), line(answer, Name::To));
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call_id}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    pub fn respond(&self, request: &Bytes, status: u16, reason: &str, with_sdp: bool) -> String {
        let (number, own) = (&self.number, self.address());
        let of = |name| line(request, name);
        let to = of(Name::To);
        let tag = if to.contains("tag=") { "" } else { ";tag=callee" };
        let body = if with_sdp { self.sdp() } else { String::new() };
        let kind = if with_sdp { "Content-Type: application/sdp\r\n" } else { "" };
        format!(
            "SIP/2.0 {status} {reason}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Contact: <sip:{number}@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            of(Name::Via),
            of(Name::From),
            of(Name::CallId),
            of(Name::CSeq),
            body.len(),
        )
    }

    fn uri(&self) -> String {
        format!("sip:{}@{DOMAIN}", self.number)
    }

    fn finish(
        &self,
        mut head: String,
        (method, uri): (&str, &str),
        challenge: Option<&Bytes>,
        body: &str,
    ) -> String {
        if let Some(challenge) = challenge {
            let challenge = Message::parse(challenge.clone()).unwrap();
            let attempt = Attempt { method, uri, cnonce: "f00dcafe", nc: 1 };
            let value = best_challenge(&challenge)
                .and_then(|challenge| answer(challenge, &attempt, &self.number, PASSWORD));
            head += &format!("Authorization: {}\r\n", value.unwrap());
        }
        head + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn sdp(&self) -> String {
        let ip = self.address().ip();
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
             a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        )
    }
}

fn line(message: &Bytes, name: Name) -> String {
    let message = Message::parse(message.clone()).unwrap();
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

/// The listener that they all write to.
pub const PBX: &str = "10.0.0.1:5060";
