//! Calls that people placed in the portal a moment ago: which banner belongs on their pages. NAV-18.
//!
//! In memory only. Who is forgotten here – the program was started again – misses a banner, not a call.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use config::UserId;

/// A call that somebody placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Click {
    /// Id of the call.
    pub call: String,
    /// Whom it goes to.
    pub number: String,
    /// When, Unix milliseconds.
    pub at: i64,
}

/// The last call of each.
#[derive(Debug, Default)]
pub(crate) struct Clicks(Mutex<HashMap<UserId, Click>>);

impl Clicks {
    /// The last call of somebody, for a while.
    pub fn of(&self, user: UserId, now: i64) -> Option<Click> {
        self.all().get(&user).filter(|click| now - click.at < KEPT_MS).cloned()
    }
    /// Somebody placed a call.
    pub fn keep(&self, user: UserId, click: Click) {
        let mut all = self.all();
        if all.len() >= MOST {
            let now = click.at;
            all.retain(|_, click| now - click.at < KEPT_MS);
        }
        if all.len() < MOST {
            all.insert(user, click);
        }
    }
    /// Nothing more is to be said of that call.
    pub fn forget(&self, user: UserId, call: &str) {
        let mut all = self.all();
        if all.get(&user).is_some_and(|click| click.call == call) {
            all.remove(&user);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<UserId, Click>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A phone rings for half a minute, then others do.
const KEPT_MS: i64 = 120_000;
/// More people than place calls within that time.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_of_each_is_kept_for_a_while() {
        let clicks = Clicks::default();
        let click = |call: &str, at| Click { call: call.into(), number: "102".into(), at };
        clicks.keep(UserId(1), click("a", 0));
        clicks.keep(UserId(1), click("b", 10));
        clicks.forget(UserId(1), "a");
        assert_eq!(clicks.of(UserId(1), 20).map(|c| c.call).as_deref(), Some("b"));
        assert_eq!((clicks.of(UserId(2), 20), clicks.of(UserId(1), 10 + KEPT_MS)), (None, None));
        clicks.forget(UserId(1), "b");
        assert_eq!(clicks.of(UserId(1), 20), None);
    }
}
