//! What authenticators say and whether it holds: Web Authentication (W3C Recommendation, Level 2), §7.1 and §7.2, without
//! attestation: whose make a key is does not matter here.
//!
//! Pure: JSON and bytes in, a verdict out. The challenge comes from [`crate::auth::passkey`], which gives each away once.

use ciborium::Value;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{pending::bytes, signature::PublicKey};

/// The site as browsers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    /// `https://pbx.example.com`, with the port if it is not the scheme's.
    pub origin: String,
    /// The host name alone: keys are for it.
    pub rp: String,
}

/// What was asked of an authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub site: Site,
    pub challenge: [u8; 32],
    /// The authenticator must have made sure who it is, by PIN or finger, not only that somebody is there.
    pub verified: bool,
}

/// A key that an authenticator made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    pub credential: Vec<u8>,
    /// COSE.
    pub public_key: Vec<u8>,
    pub counter: u32,
}

/// A key as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub public_key: &'a [u8],
    pub handle: &'a [u8],
    pub counter: u32,
}

/// Why something is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is not what an authenticator says")]
    Malformed,
    #[error("it answers another question")]
    Kind,
    #[error("it answers another challenge")]
    Challenge,
    #[error("it was said at another origin")]
    Origin,
    #[error("it is for another site")]
    Site,
    #[error("nobody touched the authenticator")]
    Absent,
    #[error("the authenticator did not verify its user")]
    Unverified,
    #[error("its algorithm is not known here")]
    Algorithm,
    #[error("the key is another user's")]
    Stranger,
    #[error("the signature is wrong")]
    Signature,
    #[error("it has counted back: the key may have been copied")]
    Counter,
}

/// The key that an authenticator says it has made (§7.1); `json` is a `RegistrationResponseJSON`.
pub(crate) fn made(json: &str, asked: &Challenge) -> Result<Made, Refused> {
    let said: Said<Attestation> = serde_json::from_str(json).map_err(|_| Refused::Malformed)?;
    check_client(&said.response.client_data, "webauthn.create", asked)?;
    let object = bytes(&said.response.attestation_object).ok_or(Refused::Malformed)?;
    let object: Value = ciborium::from_reader(object.as_slice()).map_err(|_| Refused::Malformed)?;
    let map = object.as_map().ok_or(Refused::Malformed)?;
    let data =
        map.iter().find(|(name, _)| name.as_text() == Some("authData")).and_then(|(_, v)| v.as_bytes());
    let data = AuthenticatorData::read(data.ok_or(Refused::Malformed)?, asked)?;
    let made = data.made.ok_or(Refused::Malformed)?;
    if bytes(&said.raw_id).as_deref() != Some(&made.credential) {
        return Err(Refused::Malformed);
    }
    PublicKey::of_cose(&made.public_key).ok_or(Refused::Algorithm)?;
    Ok(made)
}

/// What an authenticator says to prove that it has a key.
#[derive(Debug)]
pub(crate) struct Proof {
    /// Which key.
    pub credential: Vec<u8>,
    /// What it calls its user, if it says so.
    handle: Option<Vec<u8>>,
    client_data: String,
    data: Vec<u8>,
    signature: Vec<u8>,
}

impl Proof {
    /// Reads an `AuthenticationResponseJSON`.
    pub fn read(json: &str) -> Result<Self, Refused> {
        let said: Said<Assertion> = serde_json::from_str(json).map_err(|_| Refused::Malformed)?;
        let read = |text: &str| bytes(text).ok_or(Refused::Malformed);
        let handle = said.response.user_handle.filter(|handle| !handle.is_empty());
        Ok(Self {
            credential: read(&said.raw_id)?,
            handle: handle.map(|handle| read(&handle)).transpose()?,
            data: read(&said.response.authenticator_data)?,
            signature: read(&said.response.signature)?,
            client_data: said.response.client_data,
        })
    }

    /// Whether it holds (§7.2); returns what the authenticator counted.
    pub fn holds(&self, asked: &Challenge, kept: Kept<'_>) -> Result<u32, Refused> {
        // Who names no user was asked for this one's keys.
        if self.handle.as_deref().is_some_and(|handle| handle != kept.handle) {
            return Err(Refused::Stranger);
        }
        let hash = check_client(&self.client_data, "webauthn.get", asked)?;
        let data = AuthenticatorData::read(&self.data, asked)?;
        let (key, how) = PublicKey::of_cose(kept.public_key).ok_or(Refused::Algorithm)?;
        let message = [self.data.as_slice(), hash.as_slice()].concat();
        if !key.signed(how, &message, &self.signature) {
            return Err(Refused::Signature);
        }
        let counts = data.counter > 0 || kept.counter > 0;
        if counts && data.counter <= kept.counter {
            return Err(Refused::Counter);
        }
        Ok(data.counter)
    }
}

/// What the browser says it was asked (§5.8.1), and its hash.
fn check_client(text: &str, kind: &str, asked: &Challenge) -> Result<[u8; 32], Refused> {
    let json = bytes(text).ok_or(Refused::Malformed)?;
    let client: ClientData = serde_json::from_slice(&json).map_err(|_| Refused::Malformed)?;
    if client.kind != kind {
        return Err(Refused::Kind);
    }
    if bytes(&client.challenge).as_deref() != Some(&asked.challenge) {
        return Err(Refused::Challenge);
    }
    if client.origin != asked.site.origin || client.cross_origin {
        return Err(Refused::Origin);
    }
    Ok(Sha256::digest(&json).into())
}

/// §6.1.
struct AuthenticatorData {
    counter: u32,
    made: Option<Made>,
}

impl AuthenticatorData {
    fn read(data: &[u8], asked: &Challenge) -> Result<Self, Refused> {
        let (head, rest) = data.split_first_chunk::<37>().ok_or(Refused::Malformed)?;
        let (flags, counter) = (head[32], u32::from_be_bytes([head[33], head[34], head[35], head[36]]));
        if head[..32] != Sha256::digest(asked.site.rp.as_bytes())[..] {
            return Err(Refused::Site);
        }
        if flags & PRESENT == 0 {
            return Err(Refused::Absent);
        }
        if asked.verified && flags & VERIFIED == 0 {
            return Err(Refused::Unverified);
        }
        let made = (flags & HAS_KEY != 0).then(|| read_key(rest, counter)).transpose()?;
        Ok(Self { counter, made })
    }
}

/// §6.5.1: AAGUID, length, credential id, COSE key.
fn read_key(data: &[u8], counter: u32) -> Result<Made, Refused> {
    let (head, rest) = data.split_first_chunk::<18>().ok_or(Refused::Malformed)?;
    let length = usize::from(u16::from_be_bytes([head[16], head[17]]));
    let (credential, rest) = rest.split_at_checked(length).ok_or(Refused::Malformed)?;
    if !(1..=MOST_CREDENTIAL).contains(&length) {
        return Err(Refused::Malformed);
    }
    // Extensions may follow the key.
    let mut reader = rest;
    let _: Value = ciborium::from_reader(&mut reader).map_err(|_| Refused::Malformed)?;
    let public_key = rest[..rest.len() - reader.len()].to_vec();
    Ok(Made { credential: credential.to_vec(), public_key, counter })
}

#[derive(Deserialize)]
struct Said<R> {
    #[serde(rename = "rawId")]
    raw_id: String,
    response: R,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    attestation_object: String,
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
    #[serde(rename = "userHandle")]
    user_handle: Option<String>,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

/// UP, UV, AT: bits of the flags, §6.1.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const HAS_KEY: u8 = 1 << 6;
/// §5.8.3: fewer than 1024 bytes.
const MOST_CREDENTIAL: usize = 1023;

#[cfg(test)]
pub(crate) mod authenticator;
#[cfg(test)]
mod tests;
