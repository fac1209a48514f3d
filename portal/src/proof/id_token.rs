//! What an identity provider says about who signed in: ID tokens (OpenID Connect Core 1.0 §3.1.3.7) signed by keys of its
//! set (RFC 7515, 7517). Pure: text in, claims out.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    pending::bytes,
    signature::{Algorithm, PublicKey},
};

/// A key of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its name, if it has one.
    id: Option<String>,
    key: PublicKey,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client: &'a str,
    pub nonce: &'a str,
    /// Unix seconds.
    pub now: i64,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims(Map<String, Value>);

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("it is no signed token")]
    Malformed,
    #[error("its algorithm is not taken")]
    Algorithm,
    /// Or the provider has changed its keys.
    #[error("its key is not one of the provider's")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is another issuer's")]
    Issuer,
    #[error("it is for another program")]
    Audience,
    #[error("it answers another sign-in")]
    Nonce,
    #[error("it has expired, or the clocks differ")]
    Expired,
    #[error("it is not valid yet, or the clocks differ")]
    Early,
    #[error("it does not say who signed in")]
    Subject,
}

/// The keys of a set that can sign tokens; others are passed over, as RFC 7517 §5 asks.
pub(crate) fn keys(set: &Value) -> Vec<Key> {
    let all = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().take(MOST_KEYS).filter_map(key).collect()
}

/// The claims of a token, if all of it holds.
pub(crate) fn check(token: &str, keys: &[Key], expected: Expected<'_>) -> Result<Claims, BadToken> {
    let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
    let (head, body) = signed.split_once('.').ok_or(BadToken::Malformed)?;
    let head: Head = json(head)?;
    let how = algorithm(&head.alg).ok_or(BadToken::Algorithm)?;
    let signature = bytes(signature).ok_or(BadToken::Malformed)?;
    let mut named = keys.iter().filter(|key| head.kid.is_none() || key.id == head.kid).peekable();
    if named.peek().is_none() {
        return Err(BadToken::UnknownKey);
    }
    if !named.any(|key| key.key.signed(how, signed.as_bytes(), &signature)) {
        return Err(BadToken::Signature);
    }
    let claims = Claims(json(body)?);
    claims.fit(expected)?;
    Ok(claims)
}

impl Claims {
    /// The provider's name of the account.
    pub fn subject(&self) -> &str {
        self.text("sub")
    }

    /// A claim that is a text; blank if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The e-mail address, unless the provider itself doubts it.
    pub fn email(&self) -> &str {
        let doubted = matches!(self.0.get("email_verified"), Some(Value::Bool(false)))
            || self.text("email_verified") == "false";
        if doubted { "" } else { self.text("email") }
    }

    fn fit(&self, expected: Expected<'_>) -> Result<(), BadToken> {
        if self.text("iss") != expected.issuer {
            return Err(BadToken::Issuer);
        }
        let audiences: Vec<&str> = match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        let party = self.0.get("azp").map_or(expected.client, |party| party.as_str().unwrap_or_default());
        let shared = audiences.len() > 1 && !self.0.contains_key("azp");
        if !audiences.contains(&expected.client) || party != expected.client || shared {
            return Err(BadToken::Audience);
        }
        if self.text("nonce") != expected.nonce {
            return Err(BadToken::Nonce);
        }
        let time = |name: &str| self.0.get(name).and_then(Value::as_f64);
        #[allow(clippy::cast_precision_loss)] // seconds are exact in 53 bits for a long time
        let now = expected.now as f64;
        if time("exp").is_none_or(|end| now >= end + SKEW) {
            return Err(BadToken::Expired);
        }
        if time("iat").is_none_or(|made| made > now + SKEW)
            || time("nbf").is_some_and(|from| from > now + SKEW)
        {
            return Err(BadToken::Early);
        }
        let subject = self.subject();
        if subject.is_empty() || subject.len() > MOST_SUBJECT { Err(BadToken::Subject) } else { Ok(()) }
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, BadToken> {
    let bytes = bytes(part).ok_or(BadToken::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| BadToken::Malformed)
}

/// RFC 7518 §3.1 and RFC 8037; symmetric ones and `none` are not taken.
fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::Rs256,
        "RS384" => Algorithm::Rs384,
        "RS512" => Algorithm::Rs512,
        "PS256" => Algorithm::Ps256,
        "ES256" => Algorithm::Es256,
        "EdDSA" => Algorithm::EdDsa,
        _ => return None,
    })
}

fn key(jwk: &Value) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let part = |name: &str| text(name).and_then(bytes);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let key = match (text("kty")?, text("crv")) {
        ("RSA", _) => PublicKey::Rsa(part("n")?, part("e")?),
        ("EC", Some("P-256")) => PublicKey::p256(&part("x")?, &part("y")?)?,
        ("OKP", Some("Ed25519")) => PublicKey::ed25519(&part("x")?)?,
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), key })
}

/// By how much clocks may differ [s].
const SKEW: f64 = 60.0;
const MOST_KEYS: usize = 100;
/// OpenID Connect Core §2.
const MOST_SUBJECT: usize = 255;

#[cfg(test)]
mod tests;
