//! How often an address may ask for what it does not get: whoever tries hardware addresses or secrets is told to wait.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The addresses that were refused lately. In memory only.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<IpAddr, Refusals>>);

#[derive(Debug)]
struct Refusals {
    count: u32,
    since: Instant,
}

impl Strangers {
    /// Whether an address may ask; otherwise the seconds until it may.
    pub fn admit(&self, from: IpAddr, now: Instant) -> Result<(), u64> {
        let refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(refused) = refusals.get(&from) else { return Ok(()) };
        let left = (refused.since + PERIOD).saturating_duration_since(now);
        if refused.count < MOST || left.is_zero() { Ok(()) } else { Err(left.as_secs().max(1)) }
    }

    /// Notes that an address did not get what it asked for.
    pub fn refused(&self, from: IpAddr, now: Instant) {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() >= MOST_ADDRESSES {
            refusals.retain(|_, refused| now.duration_since(refused.since) < PERIOD);
        }
        if refusals.len() >= MOST_ADDRESSES && !refusals.contains_key(&from) {
            return;
        }
        let refused = refusals.entry(from).or_insert(Refusals { count: 0, since: now });
        if now.duration_since(refused.since) >= PERIOD {
            *refused = Refusals { count: 0, since: now };
        }
        refused.count += 1;
    }
}

/// Refusals of an address in a period. Phones ask for a dozen files that are not there; a hundred new ones may stand behind
/// one router.
const MOST: u32 = 600;
const PERIOD: Duration = Duration::from_secs(300);
/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// DEV-16
    #[test]
    fn who_asks_in_vain_too_often_waits() {
        let (strangers, start) = (Strangers::default(), Instant::now());
        let (one, other) = (IpAddr::from([192, 0, 2, 7]), IpAddr::from([192, 0, 2, 8]));
        for _ in 0..MOST {
            assert_eq!(strangers.admit(one, start), Ok(()));
            strangers.refused(one, start);
        }
        assert_eq!(strangers.admit(one, start), Err(PERIOD.as_secs()));
        assert_eq!(strangers.admit(other, start), Ok(()), "each address for itself");
        assert_eq!(strangers.admit(one, start + PERIOD), Ok(()));
    }
}
