//! Whether a trunk is there: asked by OPTIONS now and then. SIP-38.
//!
//! Any answer says that it is there, whatever it is, except that it can do nothing at present (503). A trunk that was asked
//! in vain is asked again soon; it counts as down after two such questions.

use std::time::{Duration, Instant};

use rand::{Rng, rngs::StdRng};

/// What is known of a trunk's health.
#[derive(Debug)]
pub(crate) struct Health {
    interval: Duration,
    /// When it is asked next; `None` while it is being asked.
    due: Option<Instant>,
    missed: u32,
    /// It answered at least once.
    pub seen: bool,
}

impl Health {
    /// Nothing is known yet; it is asked within two seconds.
    pub(crate) fn new(now: Instant, interval: Duration, random: &mut StdRng) -> Self {
        let due = now + Duration::from_millis(random.random_range(0..2000));
        Self { interval, due: Some(due), missed: 0, seen: false }
    }
    /// Whether it counts as down.
    pub(crate) fn is_down(&self) -> bool {
        self.missed >= MOST_MISSED
    }
    /// When it is asked next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due
    }
    /// Asks at once.
    pub(crate) fn ask_now(&mut self, now: Instant) {
        if self.due.is_some() {
            self.due = Some(now);
        }
    }
    /// Whether it is asked now; the question is under way then.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due {
            self.due = None;
        }
        is_due
    }
    /// What came back: a status, or nothing.
    pub(crate) fn hear(&mut self, now: Instant, status: Option<u16>, random: &mut StdRng) {
        let is_there = status.is_some_and(|status| !matches!(status, 408 | 502 | 503 | 504));
        self.missed = if is_there { 0 } else { self.missed.saturating_add(1) };
        self.seen |= is_there;
        let usual = if is_there { self.interval } else { self.interval.min(AGAIN) };
        self.due = Some(now + usual.mul_f64(random.random_range(0.9..1.1)));
    }
}

/// Questions in vain after which it counts as down.
const MOST_MISSED: u32 = 2;
/// How soon it is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// SIP-38
    #[test]
    fn two_questions_in_vain_make_it_down_and_one_answer_brings_it_back() {
        let (start, mut random) = (Instant::now(), StdRng::seed_from_u64(7));
        let mut health = Health::new(start, Duration::from_secs(60), &mut random);
        let mut now = health.next().unwrap();
        assert!(now <= start + Duration::from_secs(2));
        let mut ask = |status| {
            let at = health.next().unwrap();
            assert!(health.take_due(at) && health.next().is_none());
            let gap = at.duration_since(std::mem::replace(&mut now, at)).as_secs();
            health.hear(at, status, &mut random);
            (health.is_down(), gap)
        };
        assert_eq!(ask(Some(200)), (false, 0));
        let (down, gap) = ask(Some(404));
        assert!(!down && (54..=66).contains(&gap), "any answer is one: {gap}");
        assert!(!ask(None).0);
        let (down, gap) = ask(Some(503));
        assert!(down && gap <= 11, "asked again soon: {gap}");
        assert!(ask(None).0);
        assert!(!ask(Some(200)).0);
    }
}
