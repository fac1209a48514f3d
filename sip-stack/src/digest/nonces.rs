//! Nonces of ours: made without memory, remembered from their first right use (RFC 7616 §3.3, §5.4).
//!
//! A nonce is a serial number under a keyed hash. The serial's upper bits are its time, so serials rise with time and
//! the oldest entry of the table is its first. What falls out of the table raises `floor`: an older nonce without an
//! entry might have been used, and is stale.

use std::{
    collections::BTreeMap,
    hash::Hasher,
    time::{Duration, Instant},
};

use siphasher::sip128::{Hasher128, SipHasher24};

use super::{
    Claim, Verdict,
    hash::{Algorithm, Facts, Ha1, Hex},
};
use crate::{Message, Name, headers::Credentials, wire::text};

/// Nonces this node issued: each carries its time under a keyed hash; used ones remember their highest counts.
pub struct Nonces {
    /// SipHash under the secret: made for authenticating short texts, and a tenth of the work of SHA-256.
    keyed: SipHasher24,
    lifetime: Duration,
    /// Time zero of the serials: the first `now` seen.
    epoch: Option<Instant>,
    /// The last serial given out.
    last: u64,
    used: BTreeMap<u64, Counts>,
    /// Nonces up to this serial that have no entry are stale.
    floor: u64,
    /// The most entries of `used`.
    limit: usize,
}

/// The nonce counts that were used: the highest, and the 32 up to it as bits (bit 0 is the highest).
#[derive(Debug, Clone, Copy)]
struct Counts {
    highest: u32,
    seen: u32,
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nonces").field("used", &self.used.len()).finish_non_exhaustive()
    }
}

impl Nonces {
    /// A store with a secret of its own. Nonces are good for `lifetime`.
    ///
    /// The secret must be a fresh random one in each run: serials start anew, and a nonce of an earlier run must not
    /// look like ours.
    pub fn new(secret: [u8; 32], lifetime: Duration) -> Self {
        let (key, _) = secret.split_first_chunk().expect("32 bytes begin with 16");
        let mut keyed = SipHasher24::new_with_key(key);
        keyed.write(&secret[key.len()..]);
        Self { keyed, lifetime, epoch: None, last: 0, used: BTreeMap::new(), floor: 0, limit: MAX_USED }
    }
    /// The `WWW-Authenticate` values of a challenge: SHA-256 first, then MD5, `qop="auth"`, the same realm.
    pub fn challenge(&mut self, now: Instant, realm: &str, stale: bool) -> [String; 2] {
        let serial = (self.last + 1).max(self.milliseconds(now) << COUNTER_BITS);
        self.last = serial;
        let nonce = self.nonce(serial);
        [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| {
            let mut value = String::with_capacity(160);
            value.push_str("Digest realm=");
            text::push_quoted(&mut value, realm);
            let stale = if stale { ", stale=true" } else { "" };
            value.extend([
                ", nonce=\"",
                nonce.as_str(),
                "\", algorithm=",
                algorithm.as_str(),
                ", qop=\"auth\"",
                stale,
            ]);
            value
        })
    }
    /// Checks `Authorization` of `request` (any value whose realm is `realm`) against `ha1`.
    ///
    /// Credentials without `qop` (RFC 2069) cannot be told from a replay, and a client that knows no `qop` would come
    /// back the same way for ever: they are [`Verdict::Wrong`]. So are `auth-int` and the `-sess` algorithms, which we
    /// never offer. Counts may arrive out of order within 32 of the highest.
    pub fn verify(&mut self, now: Instant, request: &Message, realm: &str, ha1: &Ha1) -> Verdict {
        let right = right_of(request, realm, ha1, None);
        self.judge(now, right)
    }
    /// The same for the realm of a claim of the request, whose credentials are looked at first.
    pub fn verify_claim(&mut self, now: Instant, request: &Message, claim: &Claim<'_>, ha1: &Ha1) -> Verdict {
        let claimed = &claim.credentials;
        let right = checked(claimed, request.method_token().as_bytes(), ha1)
            .or_else(|| right_of(request, &claim.realm, ha1, Some(claimed)));
        self.judge(now, right)
    }
    fn judge(&mut self, now: Instant, right: Option<(&[u8], u32)>) -> Verdict {
        match right {
            Some((nonce, count)) if self.count(now, nonce, count) => Verdict::Ok,
            Some(_) => Verdict::Stale,
            None => Verdict::Wrong,
        }
    }

    /// Whether the nonce is ours, in time, and its count unused; it is used then.
    fn count(&mut self, now: Instant, nonce: &[u8], count: u32) -> bool {
        self.forget(now);
        let Some(serial) = self.serial(nonce) else { return false };
        if serial < self.oldest(now) {
            return false;
        }
        if let Some(counts) = self.used.get_mut(&serial) {
            return counts.admit(count);
        }
        if serial <= self.floor {
            return false;
        }
        self.used.insert(serial, Counts { highest: count, seen: 1 });
        true
    }

    /// Drops entries that are expired or too many, the oldest first.
    fn forget(&mut self, now: Instant) {
        let oldest = self.oldest(now);
        while let Some(entry) = self.used.first_entry() {
            if *entry.key() >= oldest && self.used.len() < self.limit {
                return;
            }
            if let Some((serial, _)) = self.used.pop_first() {
                self.floor = self.floor.max(serial);
            }
        }
    }

    /// The least serial that is not expired.
    fn oldest(&mut self, now: Instant) -> u64 {
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds(now).saturating_sub(lifetime) << COUNTER_BITS
    }

    fn milliseconds(&mut self, now: Instant) -> u64 {
        let epoch = *self.epoch.get_or_insert(now);
        now.saturating_duration_since(epoch).as_millis() as u64
    }

    /// Serial and tag in hexadecimal.
    fn nonce(&self, serial: u64) -> Hex {
        let mut bytes = [0; SERIAL_BYTES + TAG_BYTES];
        bytes[..SERIAL_BYTES].copy_from_slice(&serial.to_be_bytes());
        let mut keyed = self.keyed;
        keyed.write_u64(serial);
        bytes[SERIAL_BYTES..].copy_from_slice(&keyed.finish128().as_bytes()[..TAG_BYTES]);
        Hex::of(&bytes)
    }

    /// The serial of a nonce, if we made it.
    fn serial(&self, nonce: &[u8]) -> Option<u64> {
        let digits = std::str::from_utf8(nonce.get(..SERIAL_BYTES * 2)?).ok()?;
        let serial = u64::from_str_radix(digits, 16).ok()?;
        self.nonce(serial).equals(nonce).then_some(serial)
    }
}

impl Counts {
    /// Whether this count was not used before; it is used then. Counts more than 31 below the highest are refused.
    fn admit(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let bit = 1u32.checked_shl(self.highest - count).unwrap_or(0);
        let is_new = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        is_new
    }
}

/// Nonce and count of the credentials for this realm whose response is right; `but` was looked at already.
fn right_of<'a>(
    request: &'a Message,
    realm: &str,
    ha1: &Ha1,
    but: Option<&Credentials<'_>>,
) -> Option<(&'a [u8], u32)> {
    let method = request.method_token().as_bytes();
    request
        .headers(Name::Authorization)
        .filter_map(Credentials::parse)
        .filter(|credentials| Some(credentials) != but)
        .filter(|credentials| *text::unescape(credentials.realm) == *realm.as_bytes())
        .take(MAX_TRIES)
        .find_map(|credentials| checked(&credentials, method, ha1))
}

/// Nonce and count of credentials whose response is right.
fn checked<'a>(credentials: &Credentials<'a>, method: &[u8], ha1: &Ha1) -> Option<(&'a [u8], u32)> {
    let algorithm = Algorithm::of_credentials(credentials)?;
    if !credentials.qop?.eq_ignore_ascii_case(b"auth") {
        return None;
    }
    let (nc, cnonce) = (credentials.nc?, credentials.cnonce?);
    let facts = Facts { method, uri: credentials.uri, nonce: credentials.nonce, counted: Some((nc, cnonce)) };
    algorithm.response(ha1, &facts).equals(credentials.response).then_some((credentials.nonce, count_of(nc)?))
}

/// `nc`: up to eight hexadecimal digits.
fn count_of(nc: &[u8]) -> Option<u32> {
    let is_hex = (1..=8).contains(&nc.len()) && nc.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(nc).ok().filter(|_| is_hex)?;
    u32::from_str_radix(digits, 16).ok()
}

/// The most nonces whose counts are remembered; about 40 bytes each.
const MAX_USED: usize = 200_000;
/// The most credentials of one request that are hashed.
const MAX_TRIES: usize = 4;
/// Serials within one millisecond.
const COUNTER_BITS: u32 = 20;
const SERIAL_BYTES: usize = 8;
const TAG_BYTES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-02
    #[test]
    fn counts_are_admitted_once_each_within_the_window() {
        let mut counts = Counts { highest: 40, seen: 1 };
        assert!(!counts.admit(40));
        assert!(counts.admit(9) && !counts.admit(9), "31 below");
        assert!(!counts.admit(8), "32 below");
        assert!(counts.admit(41) && !counts.admit(9) && counts.admit(39) && !counts.admit(40));
        assert!(counts.admit(u32::MAX) && !counts.admit(41) && !counts.admit(u32::MAX));
    }

    /// SIP-02: memory is bounded, and what was forgotten cannot be replayed.
    #[test]
    fn the_oldest_used_nonce_is_forgotten_and_then_stale() {
        let now = Instant::now();
        let mut nonces = Nonces::new([7; 32], Duration::from_secs(300));
        nonces.limit = 100;
        let mut texts = vec![];
        for _ in 0..=100 {
            nonces.challenge(now, "a", false);
            texts.push(nonces.nonce(nonces.last));
        }
        for text in &texts {
            assert!(nonces.count(now, text.as_bytes(), 1));
        }
        assert_eq!(nonces.used.len(), 100);
        assert!(!nonces.count(now, texts[0].as_bytes(), 2));
        assert!(nonces.count(now, texts[2].as_bytes(), 2));
        let later = now + Duration::from_secs(301);
        assert!(!nonces.count(later, texts[2].as_bytes(), 3));
        assert_eq!(nonces.used.len(), 0);
    }
}
