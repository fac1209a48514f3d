//! How many requests a key makes: a bucket a key that fills evenly and holds a minute's worth.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The buckets of the keys in use. In memory only: a restart is generous.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<i64, Bucket>>);

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limits {
    /// Takes one request of a key that may make `rate` a minute; otherwise the seconds until the next one.
    pub fn take(&self, key: i64, rate: u32, now: Instant) -> Result<(), u64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
        }
        let full = f64::from(rate);
        let bucket = buckets.entry(key).or_insert(Bucket { left: full, at: now });
        let filled = now.duration_since(bucket.at).as_secs_f64() * full / 60.0;
        bucket.left = (bucket.left + filled).min(full);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(((1.0 - bucket.left) * 60.0 / full).ceil() as u64);
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

/// Keys that are remembered before the idle ones are forgotten.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_makes_its_requests_a_minute_and_no_more() {
        let (limits, start) = (Limits::default(), Instant::now());
        for _ in 0..6 {
            assert_eq!(limits.take(1, 6, start), Ok(()));
        }
        assert_eq!(limits.take(1, 6, start), Err(10), "one comes every ten seconds");
        assert_eq!(limits.take(2, 6, start), Ok(()), "each key for itself");
        assert_eq!(limits.take(1, 6, start + Duration::from_secs(10)), Ok(()));
        assert!(limits.take(1, 6, start + Duration::from_secs(10)).is_err());
        for _ in 0..6 {
            assert_eq!(
                limits.take(1, 6, start + Duration::from_secs(300)),
                Ok(()),
                "never more than a minute's worth"
            );
        }
        assert!(limits.take(1, 6, start + Duration::from_secs(300)).is_err());
    }
}
