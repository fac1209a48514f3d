//! What makes a phone a carrier's switch: it keeps a registration, answers OPTIONS, and wants to know who calls.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use md5::{Digest, Md5};
use sip_stack::{Message, Method, Name, Response};

/// A carrier's switch.
#[derive(Debug)]
pub struct Carrier {
    /// The account's password.
    pub password: String,
    /// The Contact that is registered, and until when.
    pub registered: Option<(String, Instant)>,
    /// REGISTERs that were accepted.
    pub registers: usize,
    /// How long it gives us, whatever we ask for. [s]
    pub gives: u64,
    /// Refuses REGISTER with this status.
    pub refuses: Option<u16>,
    /// Wants no shorter interval (423). [s]
    pub least: u64,
    /// Answers OPTIONS with this status.
    pub options: u16,
    /// INVITEs must carry credentials (407).
    pub asks: bool,
    /// INVITEs with right credentials.
    pub proved: usize,
    /// Headers of its own INVITEs.
    pub adds: Vec<(Name, String)>,
    nonce: u32,
}

impl Carrier {
    /// One that takes whoever knows the password.
    pub fn new(password: &str) -> Self {
        Self {
            password: password.into(),
            registered: None,
            registers: 0,
            gives: 300,
            refuses: None,
            least: 0,
            options: 200,
            asks: false,
            proved: 0,
            adds: vec![],
            nonce: 0,
        }
    }
    /// The answer to a request outside of calls.
    pub fn respond(&mut self, now: Instant, request: &Message) -> Response {
        match request.method() {
            Method::Register => self.register(now, request),
            Method::Options => Response::new(self.options),
            _ => Response::new(200),
        }
    }
    /// The challenge of an INVITE that has no right credentials, where they are wanted.
    pub fn challenge(&mut self, request: &Message) -> Option<Response> {
        if !self.asks {
            return None;
        }
        if self.is_right(request, Name::ProxyAuthorization) {
            self.proved += 1;
            return None;
        }
        Some(Response::new(407).with(Name::ProxyAuthenticate, self.next_challenge()))
    }

    fn register(&mut self, now: Instant, request: &Message) -> Response {
        if let Some(status) = self.refuses {
            return Response::new(status);
        }
        if !self.is_right(request, Name::Authorization) {
            return Response::new(401).with(Name::WwwAuthenticate, self.next_challenge());
        }
        let header = |name| request.header(name).map(|v| String::from_utf8_lossy(v).into_owned());
        let wanted: u64 = header(Name::Expires).and_then(|v| v.parse().ok()).unwrap_or(3600);
        if wanted > 0 && wanted < self.least {
            return Response::new(423).with(Name::MinExpires, self.least.to_string());
        }
        self.registers += 1;
        let contact = header(Name::Contact).unwrap_or_default();
        if wanted == 0 {
            self.registered = None;
            return Response::new(200);
        }
        self.registered = Some((contact.clone(), now + Duration::from_secs(self.gives)));
        Response::new(200).with(Name::Contact, format!("{contact};expires={}", self.gives))
    }

    fn next_challenge(&mut self) -> String {
        self.nonce += 1;
        format!(
            "Digest realm=\"carrier.example\", nonce=\"n{}\", algorithm=MD5, qop=\"auth\", opaque=\"o\"",
            self.nonce
        )
    }

    /// Credentials for the last nonce, reckoned apart from the sender's code (RFC 7616 §3.4.1).
    fn is_right(&self, request: &Message, header: Name) -> bool {
        let Some(value) = request.header(header) else { return false };
        let value = String::from_utf8_lossy(value).into_owned();
        let param = |name: &str| {
            let rest = value.strip_prefix("Digest ")?;
            rest.split(", ").find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key == name).then(|| value.trim_matches('"').to_owned())
            })
        };
        let all = || {
            let (user, realm, uri) = (param("username")?, param("realm")?, param("uri")?);
            let (nonce, nc, cnonce) = (param("nonce")?, param("nc")?, param("cnonce")?);
            let method = if header == Name::Authorization { "REGISTER" } else { "INVITE" };
            let ha1 = md5(&format!("{user}:{realm}:{}", self.password));
            let ha2 = md5(&format!("{method}:{uri}"));
            let expected = md5(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
            Some(nonce == format!("n{}", self.nonce) && param("response")? == expected)
        };
        all().unwrap_or(false)
    }
}

fn md5(text: &str) -> String {
    let mut out = String::new();
    for byte in Md5::digest(text) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
