//! Digest authentication as a server (RFC 7616, RFC 8760): challenges, nonces that we issued, verification.
//!
//! Works on the bytes that came: the `uri` of the credentials is hashed as written.

use std::time::Instant;

use crate::Message;

/// Hash algorithms we offer, the strongest first on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Md5,
    Sha256,
}

/// `H(user:realm:password)` of both algorithms. Lives in memory only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    /// MD5.
    pub md5: [u8; 16],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Who the credentials of a request claim to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `username`, unescaped.
    pub username: String,
    /// `realm`, unescaped.
    pub realm: String,
}

/// The result of checking a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Right, and the nonce count was not used before.
    Ok,
    /// Right secret, but the nonce is unknown, expired or its count was used: challenge with `stale=true`.
    Stale,
    /// Wrong secret or malformed credentials.
    Wrong,
}

/// Nonces this node issued: each carries its time under a keyed hash; used ones remember their highest counts.
#[derive(Debug)]
pub struct Nonces {
    _private: (),
}

impl Ha1 {
    /// Hashes a device's secret for a realm.
    pub fn new(_username: &str, _realm: &str, _password: &str) -> Self {
        Self { md5: [0; 16], sha256: [0; 32] }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}

impl Nonces {
    /// A store with a secret of its own. Nonces are good for `lifetime`.
    pub fn new(_secret: [u8; 32], _lifetime: std::time::Duration) -> Self {
        Self { _private: () }
    }
    /// The `WWW-Authenticate` values of a challenge: SHA-256 first, then MD5, `qop="auth"`, the same realm.
    pub fn challenge(&mut self, _now: Instant, _realm: &str, _stale: bool) -> [String; 2] {
        [String::new(), String::new()]
    }
    /// Checks `Authorization` of `request` (any value whose realm is `realm`) against `ha1`.
    pub fn verify(&mut self, _now: Instant, _request: &Message, _realm: &str, _ha1: &Ha1) -> Verdict {
        Verdict::Wrong
    }
}

/// Who a request claims to be: the first usable Digest value of `Authorization`. `None` without credentials.
pub fn claim(_request: &Message) -> Option<Claim> {
    None
}
