//! One phone of a generator: credentials, nonce, and the requests it writes.

use std::net::SocketAddr;

use crate::digest;

/// A device of the seeded database.
pub struct Phone {
    /// Extension and digest user name.
    pub number: String,
    realm: String,
    ha1: String,
    nonce: Option<String>,
    count: u32,
    cseq: u32,
}

impl Phone {
    /// A phone that has not spoken yet.
    pub fn new(number: &str, realm: &str, secret: &str) -> Self {
        Self {
            number: number.into(),
            realm: realm.into(),
            ha1: digest::ha1(number, realm, secret),
            nonce: None,
            count: 0,
            cseq: 0,
        }
    }

    /// Takes the nonce of a challenge.
    pub fn challenged(&mut self, nonce: String) {
        (self.nonce, self.count) = (Some(nonce), 0);
    }

    /// Forgets the nonce, so that the next request is challenged.
    pub fn forget(&mut self) {
        self.nonce = None;
    }

    /// The next REGISTER, with credentials once challenged. The Call-ID is the number.
    pub fn register(&mut self, server: SocketAddr, own: SocketAddr) -> String {
        let (number, realm) = (&self.number, &self.realm);
        self.cseq += 1;
        let uri = format!("sip:{realm}");
        let head = format!(
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKr{number}x{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{realm}>;tag=b{number}\r\nTo: <sip:{number}@{realm}>\r\n\
             Call-ID: {number}@bench\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{number}@{own}>\r\n\
             Expires: 3600\r\nUser-Agent: Dialtone bench to {server}\r\n",
            cseq = self.cseq,
        );
        self.finish(head, ("REGISTER", &uri), "")
    }

    /// An INVITE to `callee` with the Call-ID `call`.
    pub fn invite(&mut self, callee: &str, own: SocketAddr, call: &str, cseq: u32) -> String {
        let (number, realm) = (&self.number, &self.realm);
        let uri = format!("sip:{callee}@{realm}");
        let head = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{call}x{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{realm}>;tag=b{call}\r\nTo: <{uri}>\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} INVITE\r\nContact: <sip:{number}@{own}>\r\n\
             User-Agent: Dialtone bench\r\nContent-Type: application/sdp\r\n",
        );
        let sdp = sdp(own);
        self.finish(head, ("INVITE", &uri), &sdp)
    }

    fn finish(&mut self, mut head: String, request: (&str, &str), body: &str) -> String {
        if let Some(nonce) = &self.nonce {
            self.count += 1;
            let value =
                digest::authorization((&self.number, &self.realm), &self.ha1, request, (nonce, self.count));
            head += &format!("Authorization: {value}\r\n");
        }
        head + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

/// An offer or answer; its RTP goes to the discard port.
pub fn sdp(own: SocketAddr) -> String {
    let ip = own.ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=sendrecv\r\n"
    )
}
