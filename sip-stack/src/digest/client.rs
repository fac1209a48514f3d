//! Digest as a client (RFC 7616 §3.4, RFC 8760 §2.4): the answer to a challenge, for trunks and test phones.

use super::hash::{Algorithm, Facts, Ha1, Hex};
use crate::{
    Message, Name,
    headers::Challenge,
    wire::text::{self, push_quoted},
};

/// A user name and its password at another system.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.username)
    }
}

/// Whether a challenge says that the credentials were right but for an old nonce (RFC 7616 §3.3).
pub fn is_stale(challenge: &[u8]) -> bool {
    Challenge::parse(challenge).is_some_and(|challenge| challenge.stale)
}

/// The request that is to carry the credentials.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Method token.
    pub method: &'a str,
    /// Request-URI.
    pub uri: &'a str,
    /// Random text of ours, new for each nonce.
    pub cnonce: &'a str,
    /// How often the nonce was used, this time included: 1 for the first.
    pub nc: u32,
}

/// The Authorization (or Proxy-Authorization) value that answers a challenge.
///
/// `None` if the challenge is not Digest, its algorithm is neither MD5 nor SHA-256, or its `qop` offers no `auth`.
/// A challenge without `qop` is answered in the form of RFC 2069.
pub fn answer(challenge: &[u8], attempt: &Attempt<'_>, username: &str, password: &str) -> Option<String> {
    let challenge = Challenge::parse(challenge)?;
    let algorithm = Algorithm::from_token(challenge.algorithm)?;
    if challenge.qop.is_some() && !challenge.offers_auth() {
        return None;
    }
    let realm = String::from_utf8(text::unescape(challenge.realm).into_owned()).ok()?;
    let nc = format!("{:08x}", attempt.nc);
    let facts = Facts {
        method: attempt.method.as_bytes(),
        uri: attempt.uri.as_bytes(),
        nonce: challenge.nonce,
        counted: challenge.qop.map(|_| (nc.as_bytes(), attempt.cnonce.as_bytes())),
    };
    let response = algorithm.response(&Ha1::new(username, &realm, password), &facts);
    Some(written(&challenge, attempt, &nc, (username, &response)))
}

/// The challenge of a 401 or 407 that we should answer: SHA-256 before MD5, the topmost of each. `None` if there is
/// none that [`answer`] can answer.
pub fn best_challenge(response: &Message) -> Option<&[u8]> {
    let name = if response.status() == Some(407) { Name::ProxyAuthenticate } else { Name::WwwAuthenticate };
    let of = |algorithm| {
        response.headers(name).find(|value| {
            Challenge::parse(value).is_some_and(|challenge| {
                Algorithm::from_token(challenge.algorithm) == Some(algorithm)
                    && (challenge.qop.is_none() || challenge.offers_auth())
            })
        })
    };
    of(Algorithm::Sha256).or_else(|| of(Algorithm::Md5))
}

fn written(
    challenge: &Challenge<'_>,
    attempt: &Attempt<'_>,
    nc: &str,
    (username, response): (&str, &Hex),
) -> String {
    let mut value = String::from("Digest username=");
    push_quoted(&mut value, username);
    // What the challenge said is given back as it was written, escapes included.
    let mut push = |name: &str, bytes: &[u8], quote: &str| {
        value.extend([", ", name, "=", quote, &String::from_utf8_lossy(bytes), quote]);
    };
    push("realm", challenge.realm, "\"");
    push("nonce", challenge.nonce, "\"");
    push("uri", attempt.uri.as_bytes(), "\"");
    push("response", response.as_bytes(), "\"");
    if let Some(algorithm) = challenge.algorithm {
        push("algorithm", algorithm, "");
    }
    if challenge.qop.is_some() {
        push("qop", b"auth", "");
        push("nc", nc.as_bytes(), "");
        push("cnonce", attempt.cnonce.as_bytes(), "\"");
    }
    if let Some(opaque) = challenge.opaque {
        push("opaque", opaque, "\"");
    }
    value
}
