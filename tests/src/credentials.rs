//! The client's side of digest authentication (RFC 7616 §3.4.1), written apart from the server's.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;

/// A phone's secret, and the hash it prefers.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Digest user name.
    pub username: String,
    /// The secret.
    pub password: String,
    /// SHA-256 if offered, MD5 otherwise.
    pub strong: bool,
}

impl Credentials {
    /// `Authorization` for the challenge that fits best. `None` if none can be answered.
    pub fn answer(&self, challenges: &[String], method: &str, uri: &str, count: u32) -> Option<String> {
        let wanted = if self.strong { "SHA-256" } else { "MD5" };
        let challenge = challenges.iter().find(|c| param(c, "algorithm").is_some_and(|a| a == wanted))?;
        let (realm, nonce) = (param(challenge, "realm")?, param(challenge, "nonce")?);
        let hash = |text: String| if self.strong { hex::<Sha256>(&text) } else { hex::<Md5>(&text) };
        let ha1 = hash(format!("{}:{realm}:{}", self.username, self.password));
        let ha2 = hash(format!("{method}:{uri}"));
        let (nc, cnonce) = (format!("{count:08x}"), "f00dcafe");
        let response = hash(format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
        Some(format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm={wanted}, \
             response=\"{response}\", qop=auth, nc={nc}, cnonce=\"{cnonce}\"",
            self.username
        ))
    }
}

/// A parameter of a challenge, unquoted.
pub fn param(challenge: &str, name: &str) -> Option<String> {
    let rest = challenge.strip_prefix("Digest ")?;
    rest.split(',').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

fn hex<D: Digest>(text: &str) -> String {
    let mut out = String::new();
    for byte in D::digest(text) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
