//! Waiting for a condition, never for a time: a generous limit that only a failing test reaches.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long a test waits for something that should happen at once. Only a failure takes this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until `probe` gives something, or panics with `what` after `limit`.
pub fn until<T>(what: &str, limit: Duration, probe: impl FnMut() -> Option<T>) -> T {
    within(limit, probe).unwrap_or_else(|| panic!("waited {limit:?} in vain: {what}"))
}

/// Looks until `probe` gives something; `None` after `limit`.
pub fn within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let (_keep, never) = mpsc::channel::<()>();
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if Instant::now() > end {
            return None;
        }
        // A pause between two looks; nothing is concluded from its length.
        let _ = never.recv_timeout(Duration::from_millis(5));
    }
}

/// Looks until `probe` holds, or panics with `what`.
pub fn until_true(what: &str, mut probe: impl FnMut() -> bool) {
    until(what, PATIENCE, || probe().then_some(()));
}
