//! Messages that a phone sends again until they are answered: a kernel that drops a datagram under load must not look
//! like a server that lost a call.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

/// What waits for its answer.
#[derive(Default)]
pub struct Resends {
    due: BTreeMap<(Instant, u64), Sent>,
    waiting: HashSet<String>,
    entered: u64,
    /// How many messages went out again.
    pub repeated: u32,
}

struct Sent {
    key: String,
    message: String,
    wait: Duration,
}

impl Resends {
    /// `message` was sent just now and waits for its answer under `key`.
    pub fn sent(&mut self, key: &str, message: &str) {
        self.waiting.insert(key.to_owned());
        self.enter(Sent { key: key.to_owned(), message: message.to_owned(), wait: T1 });
    }
    /// The answer came.
    pub fn answered(&mut self, key: &str) {
        self.waiting.remove(key);
    }
    /// A message that is to go out again now, with its key.
    pub fn due(&mut self) -> Option<(String, String)> {
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= Instant::now()) {
            let sent = entry.remove();
            if !self.waiting.contains(&sent.key) {
                continue;
            }
            let again = (sent.key.clone(), sent.message.clone());
            if sent.wait < LAST {
                self.enter(Sent { wait: sent.wait * 2, ..sent });
            }
            self.repeated += 1;
            return Some(again);
        }
        None
    }

    fn enter(&mut self, sent: Sent) {
        self.entered += 1;
        self.due.insert((Instant::now() + sent.wait, self.entered), sent);
    }
}

/// RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// After this wait no more.
const LAST: Duration = Duration::from_secs(16);
