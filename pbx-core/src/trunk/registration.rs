//! Our registration at a trunk: when it is made, refreshed, and tried again (RFC 3261 §10.2, RFC 5626 §4.5).
//!
//! ```text
//!   Trying ──200──► Registered ──(three quarters to nine tenths of the time)──► Trying
//!     │ anything else
//!     ▼
//!   Waiting ──(longer each time, with jitter)──► Trying
//! ```

use std::time::{Duration, Instant};

use rand::{Rng, rngs::StdRng};

/// A registration.
#[derive(Debug)]
pub(crate) struct Registration {
    /// How long we ask for.
    wanted: Duration,
    /// Until when the trunk has us, if it does.
    held_until: Option<Instant>,
    /// When REGISTER is sent next; `None` while one is under way.
    due: Option<Instant>,
    /// Failures in a row.
    failures: u32,
    /// Why the last one failed.
    why: Option<String>,
}

/// What came of a REGISTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Accepted for so long.
    Accepted(Duration),
    /// 423: no shorter than that (RFC 3261 §10.2.8).
    TooBrief(Duration),
    /// Refused; to be tried again not before that.
    #[allow(missing_docs)]
    Refused { status: u16, reason: String, retry_after: Option<Duration> },
    /// Nothing came back, or nothing could be sent.
    Silent,
}

impl Registration {
    /// One that is made at once.
    pub(crate) fn new(now: Instant, wanted: Duration) -> Self {
        Self { wanted, held_until: None, due: Some(now), failures: 0, why: None }
    }
    /// Whether the trunk has us.
    pub(crate) fn is_held(&self, now: Instant) -> bool {
        self.held_until.is_some_and(|until| until > now)
    }
    /// Why it has us not; `None` before the first answer.
    pub(crate) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }
    /// How long is asked for. [s]
    pub(crate) fn expires(&self) -> u64 {
        self.wanted.as_secs()
    }
    /// When something is to be done, or to be seen.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.held_until).min()
    }
    /// Whether REGISTER is sent now; it is under way then.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due {
            self.due = None;
        }
        is_due
    }
    /// The time is over that the trunk gave us. Whether it was so until now.
    pub(crate) fn take_expired(&mut self, now: Instant) -> bool {
        let is_over = self.held_until.is_some_and(|until| until <= now);
        if is_over {
            self.held_until = None;
        }
        is_over
    }
    /// It cannot be sent for want of an address: that counts as nothing coming back.
    pub(crate) fn hear(&mut self, now: Instant, outcome: Outcome, random: &mut StdRng) {
        let wait = match outcome {
            Outcome::Accepted(given) => return self.accept(now, given, random),
            Outcome::TooBrief(least) if least > self.wanted && least <= LONGEST_INTERVAL => {
                self.wanted = least;
                self.due = Some(now);
                return;
            }
            Outcome::TooBrief(_) => {
                self.why = Some("423 Interval Too Brief".into());
                self.back_off(REFUSED, random)
            }
            Outcome::Refused { status, reason, retry_after } => {
                self.held_until = None;
                self.why = Some(format!("{status} {reason}"));
                // Who asks again and again with a wrong password is shut out before long.
                let base = if matches!(status, 401 | 403 | 407) { REFUSED } else { FAILED };
                let wait = self.back_off(base, random);
                retry_after.map_or(wait, |least| wait.max(least.min(LONGEST_INTERVAL)))
            }
            Outcome::Silent => {
                self.why = Some("it does not answer".into());
                self.back_off(FAILED, random)
            }
        };
        self.failures = self.failures.saturating_add(1);
        self.due = Some(now + wait);
    }
    /// The way to the trunk changed: it is registered anew by the new one.
    pub(crate) fn renew(&mut self, now: Instant) {
        self.failures = 0;
        self.due = Some(now);
    }

    fn accept(&mut self, now: Instant, given: Duration, random: &mut StdRng) {
        let given = given.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        self.held_until = Some(now + given);
        self.due = Some(now + given.mul_f64(random.random_range(0.75..0.9)));
        (self.failures, self.why) = (0, None);
    }

    /// Twice as long after each failure, with jitter so that many trunks do not come at once.
    fn back_off(&self, base: Duration, random: &mut StdRng) -> Duration {
        let longest = base.saturating_mul(1 << self.failures.min(MOST_DOUBLINGS)).min(LONGEST_WAIT);
        longest.mul_f64(random.random_range(0.5..1.0))
    }
}

/// The first wait after silence or a fault of the trunk.
const FAILED: Duration = Duration::from_secs(10);
/// The first wait after it refused us.
const REFUSED: Duration = Duration::from_secs(60);
/// The longest wait (RFC 5626 §4.5 has 30 minutes).
const LONGEST_WAIT: Duration = Duration::from_secs(1800);
const MOST_DOUBLINGS: u32 = 8;
/// Whatever the trunk gives.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);
/// A day.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn refused(status: u16) -> Outcome {
        Outcome::Refused { status, reason: "No".into(), retry_after: None }
    }

    /// How long after `now` the next REGISTER goes out. [s]
    fn wait(registration: &Registration, now: Instant) -> f64 {
        registration.due.expect("it is due").duration_since(now).as_secs_f64()
    }

    /// SIP-38
    #[test]
    fn it_is_refreshed_before_its_time_is_over_and_held_all_the_while() {
        let (start, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut registration = Registration::new(start, HOUR);
        assert!(registration.take_due(start) && !registration.take_due(start));
        let mut now = start;
        for _ in 0..100 {
            registration.hear(now, Outcome::Accepted(Duration::from_secs(60)), &mut random);
            let wait = wait(&registration, now);
            assert!((45.0..54.0).contains(&wait), "{wait}");
            now = registration.next().unwrap();
            assert!(registration.is_held(now) && registration.take_due(now));
        }
        assert!(!registration.is_held(now + Duration::from_secs(60)));
        assert!(registration.take_expired(now + Duration::from_secs(60)));
    }

    /// SIP-38: each wait is longer, none is the same, and half an hour is the longest.
    #[test]
    fn after_failures_it_waits_longer_each_time_up_to_half_an_hour() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut registration = Registration::new(now, HOUR);
        let mut waits = Vec::new();
        for _ in 0..12 {
            registration.hear(now, Outcome::Silent, &mut random);
            waits.push(wait(&registration, now));
        }
        for (at, wait) in waits.iter().enumerate() {
            let most = (10.0 * f64::from(1 << at.min(8))).min(1800.0);
            assert!((most / 2.0..=most).contains(wait), "{at}: {wait}");
        }
        registration.hear(now, Outcome::Accepted(HOUR), &mut random);
        registration.hear(now, Outcome::Silent, &mut random);
        assert!(wait(&registration, now) <= 10.0, "a success makes the next wait short again");
    }

    /// SIP-38: RFC 3261 §10.2.8
    #[test]
    fn a_longer_interval_is_asked_for_at_once_when_ours_is_too_brief() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut registration = Registration::new(now, Duration::from_secs(60));
        registration.hear(now, Outcome::TooBrief(Duration::from_secs(300)), &mut random);
        assert_eq!((registration.expires(), registration.due), (300, Some(now)));
        registration.hear(now, Outcome::TooBrief(Duration::from_secs(200)), &mut random);
        assert!(wait(&registration, now) >= 30.0, "what makes no sense is not asked for again and again");
    }

    /// SIP-38
    #[test]
    fn a_wrong_password_waits_long_and_says_why() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut registration = Registration::new(now, HOUR);
        registration.hear(now, Outcome::Accepted(HOUR), &mut random);
        registration.hear(now, refused(403), &mut random);
        assert!(!registration.is_held(now) && registration.why() == Some("403 No"));
        assert!(wait(&registration, now) >= 30.0);
        let retry_after = Some(Duration::from_secs(700));
        let outcome = Outcome::Refused { status: 503, reason: "Busy".into(), retry_after };
        registration.hear(now, outcome, &mut random);
        assert!(wait(&registration, now) >= 700.0);
    }

    /// SIP-38: one lost refresh is no outage; the trunk still has us.
    #[test]
    fn silence_at_a_refresh_leaves_the_registration_until_its_time_is_over() {
        let (now, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut registration = Registration::new(now, HOUR);
        registration.hear(now, Outcome::Accepted(HOUR), &mut random);
        let refresh = now + Duration::from_secs(3200);
        registration.hear(refresh, Outcome::Silent, &mut random);
        assert!(registration.is_held(refresh) && wait(&registration, refresh) <= 10.0);
    }
}
