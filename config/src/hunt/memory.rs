//! What strategies remember between calls. The engine keeps it on disk, so that it survives a restart.

use std::collections::HashMap;

use crate::{RingGroupId, UserId, records::hunting::HuntRows};

/// Turns of groups and ends of calls.
#[derive(Debug, Default)]
pub struct Memory {
    turns: HashMap<RingGroupId, UserId>,
    last_calls: HashMap<UserId, i64>,
}

impl Memory {
    /// As it was stored.
    pub fn of(rows: HuntRows) -> Self {
        Self { turns: rows.turns.into_iter().collect(), last_calls: rows.last_calls.into_iter().collect() }
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
    /// An answered call of the user ended. [Unix ms]
    pub fn call_ended(&mut self, user: UserId, at: i64) {
        self.last_calls.insert(user, at);
    }
}
