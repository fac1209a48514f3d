//! Secrets that a page shows once, between the request that made them and that page.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Secrets between the request that made them and the page that shows them once. In memory only, for a minute.
#[derive(Debug, Default)]
pub(crate) struct ShownOnce(Mutex<VecDeque<Kept>>);

struct Kept {
    session: i64,
    id: i64,
    secret: String,
    at: Instant,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({}, {}, …)", self.session, self.id)
    }
}

impl ShownOnce {
    /// Keeps a secret for the session that made it; the oldest of too many goes.
    pub fn keep(&self, session: i64, id: i64, secret: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.at.elapsed() < KEPT_FOR && !(k.session == session && k.id == id));
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept { session, id, secret, at: Instant::now() });
    }

    /// The secret, which is then forgotten.
    pub fn take(&self, session: i64, id: i64) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.at.elapsed() < KEPT_FOR);
        let at = kept.iter().position(|k| k.session == session && k.id == id)?;
        kept.remove(at).map(|k| k.secret)
    }
}

const KEPT_FOR: Duration = Duration::from_secs(60);
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_once_and_to_its_session_only() {
        let once = ShownOnce::default();
        once.keep(1, 7, "s".into());
        assert_eq!(once.take(2, 7), None);
        assert_eq!(once.take(1, 7).as_deref(), Some("s"));
        assert_eq!(once.take(1, 7), None);
    }
}
