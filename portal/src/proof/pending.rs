//! What a browser has begun and must finish soon, once: challenges of passkeys, journeys to an identity provider. In memory:
//! whoever was under way when the program stopped begins again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::Fault;

/// Things under way, by their tokens.
#[derive(Debug)]
pub(crate) struct Pending<T>(Mutex<HashMap<String, (i64, T)>>);

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Pending<T> {
    /// Keeps something for [`LASTS_MS`]; returns the token with which it is taken. When too much is kept, the oldest goes.
    pub fn keep(&self, thing: T, now_ms: i64) -> Result<String, Fault> {
        let token = text(&random::<24>()?);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.retain(|_, (at, _)| now_ms - *at < LASTS_MS);
        }
        if held.len() >= MOST
            && let Some(oldest) = held.iter().min_by_key(|(_, (at, _))| *at).map(|(token, _)| token.clone())
        {
            held.remove(&oldest);
        }
        held.insert(token.clone(), (now_ms, thing));
        Ok(token)
    }

    /// Takes it, once, and not too late.
    pub fn take(&self, token: &str, now_ms: i64) -> Option<T> {
        let (at, thing) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(token)?;
        (now_ms - at < LASTS_MS).then_some(thing)
    }
}

/// Bytes of the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Fault::Internal("no randomness".into()))?;
    Ok(bytes)
}

/// Bytes as text for addresses and JSON: base64url without padding (RFC 4648 §5).
pub(crate) fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// For a person who looks for their key, or signs in at the provider.
pub(crate) const LASTS_MS: i64 = 10 * 60_000;
/// Under way at once.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_taken_once_and_not_too_late() {
        let pending = Pending::default();
        let token = pending.keep("a", 0).expect("randomness");
        assert_eq!(pending.take("other", 1), None);
        assert_eq!((pending.take(&token, 1), pending.take(&token, 1)), (Some("a"), None));
        let late = pending.keep("b", 0).expect("randomness");
        assert_eq!(pending.take(&late, LASTS_MS), None);
    }

    #[test]
    fn no_flood_grows_it() {
        let pending = Pending::default();
        let first = pending.keep(0, 0).expect("randomness");
        for n in 1..=MOST {
            pending.keep(n, 1).expect("randomness");
        }
        assert_eq!(pending.take(&first, 1), None, "the oldest gave way");
        assert_eq!(pending.0.lock().expect("whole").len(), MOST);
    }
}
