//! Digest authentication as a server (RFC 7616, RFC 8760): challenges, nonces that we issued, verification.
//!
//! Works on the bytes that came: the `uri` of the credentials is hashed as written, and is not compared with the
//! Request-URI, which proxies and address translation on the way may have rewritten. The client's half is [`answer`].

mod client;
mod hash;
mod nonces;

use std::borrow::Cow;

use crate::{Message, Name, headers::Credentials, wire::text};

pub use client::{Account, Attempt, answer, best_challenge, is_stale};
pub use hash::{Algorithm, Ha1};
pub use nonces::Nonces;

/// Who the credentials of a request claim to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<'a> {
    /// `username`, unescaped.
    pub username: Cow<'a, str>,
    /// `realm`, unescaped.
    pub realm: Cow<'a, str>,
    credentials: Credentials<'a>,
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

/// Who a request claims to be: the first usable Digest value of `Authorization`. `None` without credentials.
///
/// Usable means complete, with an algorithm that we offer, and text that is UTF-8.
pub fn claim(request: &Message) -> Option<Claim<'_>> {
    request.headers(Name::Authorization).find_map(|value| {
        let credentials = Credentials::parse(value)?;
        Algorithm::of_credentials(&credentials)?;
        Some(Claim { username: plain(credentials.username)?, realm: plain(credentials.realm)?, credentials })
    })
}

/// The inside of a quoted string as text.
fn plain(quoted: &[u8]) -> Option<Cow<'_, str>> {
    match text::unescape(quoted) {
        Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
        Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests;
