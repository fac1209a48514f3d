//! When what was not taken is tried again.

use std::time::Duration;

/// When a message that failed once more is tried again: after 1, 2, 4 … minutes, at most four hours; `None` when it has been
/// tried for two days. `earlier` attempts came before this one.
pub(super) fn next_attempt(earlier: u32, now: i64) -> Option<i64> {
    let wait = FIRST_WAIT.saturating_mul(1 << earlier.min(16)).min(LONGEST_WAIT);
    (earlier + 1 < MOST_ATTEMPTS).then(|| now + millis(wait))
}

pub(super) fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 60 * 60);
/// Eight that double, then one in four hours: two days.
const MOST_ATTEMPTS: u32 = 19;

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-11
    #[test]
    fn waits_double_up_to_four_hours_for_two_days() {
        let minutes = |earlier| next_attempt(earlier, 0).map(|at| at / 60_000);
        assert_eq!([0, 1, 2, 7, 8, 17].map(minutes), [1, 2, 4, 128, 240, 240].map(Some));
        assert_eq!(minutes(18), None);
        let all: i64 = (0..18).filter_map(minutes).sum();
        assert!((40 * 60..56 * 60).contains(&all), "{all} minutes");
    }
}
