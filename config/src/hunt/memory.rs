//! What strategies and feature codes remember between calls. The engine keeps it on disk, so that it survives a restart.

use std::collections::HashMap;

use crate::{RingGroupId, UserId, records::hunting::HuntRows};

/// Turns of groups and ends of calls.
#[derive(Debug, Default)]
pub struct Memory {
    turns: HashMap<RingGroupId, UserId>,
    last_calls: HashMap<UserId, i64>,
    last_callers: HashMap<UserId, String>,
}

impl Memory {
    /// As it was stored.
    pub fn of(rows: HuntRows) -> Self {
        Self {
            turns: rows.turns.into_iter().collect(),
            last_calls: rows.last_calls.into_iter().collect(),
            last_callers: rows.last_callers.into_iter().collect(),
        }
    }
    /// Who answered last in that group.
    pub fn answered_last(&self, group: RingGroupId) -> Option<UserId> {
        self.turns.get(&group).copied()
    }
    /// That member answered.
    pub fn answered(&mut self, group: RingGroupId, user: UserId) {
        self.turns.insert(group, user);
    }
    /// When the user's last answered call ended. [Unix ms]
    pub fn last_call(&self, user: UserId) -> Option<i64> {
        self.last_calls.get(&user).copied()
    }
    /// The number of who called a user last. FC-15.
    pub fn last_caller(&self, user: UserId) -> Option<String> {
        self.last_callers.get(&user).cloned()
    }
    /// That number called a user; whether it is another than the last time.
    pub fn called_by(&mut self, user: UserId, number: &str) -> bool {
        let before = self.last_callers.insert(user, number.to_owned());
        before.as_deref() != Some(number)
    }
    /// An answered call of the user ended. [Unix ms]
    pub fn call_ended(&mut self, user: UserId, at: i64) {
        self.last_calls.insert(user, at);
    }
}
