//! The formulas of RFC 7616 §3.4 for MD5 and SHA-256.

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::headers::Credentials;

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

/// What is hashed beside HA1: bytes as they stand in the credentials, without quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) method: &'a [u8],
    pub(super) uri: &'a [u8],
    pub(super) nonce: &'a [u8],
    /// `nc` and `cnonce` with `qop=auth`; `None` for the form of RFC 2069.
    pub(super) counted: Option<(&'a [u8], &'a [u8])>,
}

impl Algorithm {
    /// The algorithm of this token; an absent one is MD5 (RFC 7616 §3.3). `None` for all we do not offer, `-sess` among
    /// them.
    pub fn from_token(token: Option<&[u8]>) -> Option<Self> {
        match token {
            None => Some(Self::Md5),
            Some(token) if token.eq_ignore_ascii_case(b"MD5") => Some(Self::Md5),
            Some(token) if token.eq_ignore_ascii_case(b"SHA-256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }
    /// The token on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    pub(super) fn of_credentials(credentials: &Credentials<'_>) -> Option<Self> {
        Self::from_token(credentials.algorithm)
    }

    /// The `response` value, as the hexadecimal digits that are sent.
    pub(super) fn response(self, ha1: &Ha1, facts: &Facts<'_>) -> Hex {
        match self {
            Self::Md5 => response::<Md5>(&ha1.md5, facts),
            Self::Sha256 => response::<Sha256>(&ha1.sha256, facts),
        }
    }
}

impl Ha1 {
    /// Hashes a device's secret for a realm.
    pub fn new(username: &str, realm: &str, password: &str) -> Self {
        let parts = [username.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Self { md5: joined::<Md5>(&parts).into(), sha256: joined::<Sha256>(&parts).into() }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// A hash in lower-case hexadecimal, on the stack.
pub(super) struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self { digits, length: bytes.len() * 2 }
    }
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.length]
    }
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("hexadecimal digits are ASCII")
    }
    /// Compares in a time that depends on the lengths only. Letters may be of either case.
    pub(super) fn equals(&self, other: &[u8]) -> bool {
        let ours = self.as_bytes();
        let differing = ours.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ lower(*b)));
        ours.len() == other.len() && std::hint::black_box(differing) == 0
    }
}

fn response<D: Digest>(ha1: &[u8], facts: &Facts<'_>) -> Hex {
    let ha1 = Hex::of(ha1);
    let ha2 = Hex::of(&joined::<D>(&[facts.method, facts.uri]));
    let hash = match facts.counted {
        Some((nc, cnonce)) => {
            joined::<D>(&[ha1.as_bytes(), facts.nonce, nc, cnonce, b"auth", ha2.as_bytes()])
        }
        None => joined::<D>(&[ha1.as_bytes(), facts.nonce, ha2.as_bytes()]),
    };
    Hex::of(&hash)
}

/// The hash of the parts with colons between them.
fn joined<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hash = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

/// A-F to a-f without a branch; other bytes may change, but never into a hexadecimal digit.
fn lower(byte: u8) -> u8 {
    byte | (u8::from(byte.is_ascii_uppercase()) << 5)
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
