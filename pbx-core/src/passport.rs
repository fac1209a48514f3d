//! Signed callers: PASSporTs (RFC 8225) with the SHAKEN extension (RFC 8588), and for calls that are forwarded with `div`
//! (RFC 8946), in Identity headers (RFC 8224). SIP-41.
//!
//! Made and read here; whether a signature that came in is right is not checked: that needs certificates from the network.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use config::snapshot::{Attestation, Signer};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::Value;

use crate::{json, limits};

/// What a signature says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims<'a> {
    /// Who calls, in full.
    pub from: &'a str,
    /// Who is called, in full.
    pub to: &'a str,
    pub at: DateTime<Utc>,
    /// Where the call comes from: the same for all calls of one company by one trunk (RFC 8588 §5).
    pub origin: &'a str,
}

/// What somebody else's signature says. Nobody has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    /// `A`, `B`, `C`; blank if it is no SHAKEN one.
    pub attestation: String,
    /// Digits of the caller's number; blank if it names none.
    pub from: String,
    /// Digits of the first number that it is for; blank if it names none.
    pub to: String,
    /// Where its certificate is said to be.
    pub certificate: String,
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Who calls.
    Shaken,
    /// Where a call goes on to.
    Div,
}

/// Why a call is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSigned {
    /// There is none, or it is no P-256 key in PKCS #8.
    #[error("the trunk's key is no P-256 key in PKCS #8")]
    Key,
    /// Caller and called must be numbers.
    #[error("caller or called is no number in full")]
    Numbers,
}

/// The value of an Identity header for a call (RFC 8224 §4.1).
pub(crate) fn sign(claims: Claims<'_>, by: &Signer) -> Result<String, NotSigned> {
    let (from, to) = (digits(claims.from)?, digits(claims.to)?);
    // Keys in order, nothing between (RFC 8225 §9).
    let payload = format!(
        "{{\"attest\":\"{}\",\"dest\":{{\"tn\":[\"{to}\"]}},\"iat\":{},\"orig\":{{\"tn\":\"{from}\"}},\"origid\":\"{}\"}}",
        by.attestation.letter(),
        claims.at.timestamp(),
        origin(claims.origin),
    );
    header(Kind::Shaken, &payload, by)
}

/// The value of an Identity header that says where a call goes on to that was signed for one of our numbers: it stands
/// beside the one that came (RFC 8946 §4.1). `to` is the number in full.
pub(crate) fn divert(came: &Stated, to: &str, at: DateTime<Utc>, by: &Signer) -> Result<String, NotSigned> {
    let (to, from, was_for) = (digits(to)?, whole(&came.from)?, whole(&came.to)?);
    let payload = format!(
        "{{\"dest\":{{\"tn\":[\"{to}\"]}},\"div\":{{\"tn\":\"{was_for}\"}},\"iat\":{},\"orig\":{{\"tn\":\"{from}\"}}}}",
        at.timestamp(),
    );
    header(Kind::Div, &payload, by)
}

/// The value of a header with that payload.
fn header(kind: Kind, payload: &str, by: &Signer) -> Result<String, NotSigned> {
    let ppt = kind.ppt();
    let header = object(&[("alg", "ES256"), ("ppt", ppt), ("typ", "passport"), ("x5u", &by.certificate)]);
    let signed = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)].join(".");
    // The only randomness below the shell: a nonce of ECDSA, which ring takes from the system and nothing depends on.
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(&by.key)?, &random);
    let key = key.map_err(|_| NotSigned::Key)?;
    let signature = key.sign(&random, signed.as_bytes()).map_err(|_| NotSigned::Key)?;
    let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
    Ok(format!("{signed}.{signature};info=<{}>;alg=ES256;ppt=\"{ppt}\"", by.certificate))
}

/// What an Identity header says; `None` if it is none, or longer than any.
pub(crate) fn read(value: &[u8]) -> Option<Stated> {
    let value = std::str::from_utf8(value).ok().filter(|value| value.len() <= limits::IDENTITY_BYTES)?;
    let (token, params) = value.trim().split_once(';')?;
    let mut parts = token.trim().split('.');
    let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if signature.is_empty() || parts.next().is_some() {
        return None;
    }
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let text = |value: &Value| plain(value.as_str().unwrap_or_default());
    let info = params.split(';').find_map(|param| param.trim().strip_prefix("info="));
    Some(Stated {
        attestation: text(&payload["attest"]),
        from: text(&payload["orig"]["tn"]),
        to: text(&payload["dest"]["tn"][0]),
        certificate: plain(info.unwrap_or_default().trim_matches(['<', '>'])),
    })
}

/// How well whoever signs here knows the caller, for people.
pub(crate) fn words(attestation: Attestation) -> &'static str {
    match attestation {
        Attestation::Full => "A: caller and number are known",
        Attestation::Partial => "B: the caller is known",
        Attestation::Gateway => "C: it is known where the call came in",
    }
}

impl Kind {
    /// The name of the extension.
    fn ppt(self) -> &'static str {
        match self {
            Self::Shaken => "shaken",
            Self::Div => "div",
        }
    }
}

/// A number as it is signed: digits alone (RFC 8224 §8.3).
fn digits(number: &str) -> Result<&str, NotSigned> {
    whole(number.strip_prefix('+').unwrap_or_default())
}

fn whole(digits: &str) -> Result<&str, NotSigned> {
    let is_whole = (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_whole.then_some(digits).ok_or(NotSigned::Numbers)
}

/// The key between the lines of a PEM file (RFC 7468 §10).
fn der(pem: &str) -> Result<Vec<u8>, NotSigned> {
    let body = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----");
    let body = body.and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----")).ok_or(NotSigned::Key)?;
    let letters: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(letters).map_err(|_| NotSigned::Key)
}

/// A name of an origin that tells nothing of it: a UUID of its own making (RFC 9562 §5.8).
fn origin(of: &str) -> String {
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest(&SHA256, of.as_bytes()).as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn object(members: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (at, (name, value)) in members.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { "," });
        json::push_text(&mut text, name);
        text.push(':');
        json::push_text(&mut text, value);
    }
    text.push('}');
    text
}

/// What others wrote, fit for a trace.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST_SHOWN).collect()
}

/// Characters of what a signature says that are shown.
const LONGEST_SHOWN: usize = 128;

#[cfg(test)]
mod tests;
