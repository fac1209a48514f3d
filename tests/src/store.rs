//! The disk of a simulated world: rows are committed some time after they were handed over.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use config::{
    DeviceId, RingGroupId, UserId,
    records::{
        BindingRow, CallRow, Change, SubscriptionRow,
        hunting::HuntRows,
        outside::{AlertRow, EmergencyRow, OutsideRows, UsageRow},
        parties::PartyRow,
    },
};
use pbx_core::Stored;

/// Committed rows, and rows on their way.
#[derive(Debug)]
pub struct Store {
    /// How long a commit takes; `None`: the disk is stuck.
    pub delay: Option<Duration>,
    /// Committed bindings.
    pub bindings: BTreeMap<(DeviceId, String), BindingRow>,
    /// Committed calls by id, hence in order of time.
    pub calls: BTreeMap<String, CallRow>,
    turns: BTreeMap<RingGroupId, UserId>,
    last_calls: BTreeMap<UserId, i64>,
    last_callers: BTreeMap<UserId, String>,
    /// Committed calls as their users saw them.
    pub parties: Vec<PartyRow>,
    /// Committed subscriptions.
    pub subscriptions: BTreeMap<u64, SubscriptionRow>,
    /// Committed minutes of calls outside.
    pub usage: Vec<UsageRow>,
    /// Committed calls for help.
    pub emergencies: Vec<EmergencyRow>,
    /// What administrators must see.
    pub alerts: Vec<AlertRow>,
    waiting: VecDeque<(Instant, u64, Change)>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            delay: Some(Duration::from_millis(20)),
            bindings: BTreeMap::new(),
            calls: BTreeMap::new(),
            turns: BTreeMap::new(),
            last_calls: BTreeMap::new(),
            last_callers: BTreeMap::new(),
            parties: vec![],
            subscriptions: BTreeMap::new(),
            usage: vec![],
            emergencies: vec![],
            alerts: vec![],
            waiting: VecDeque::new(),
        }
    }
}

impl Store {
    /// Takes a row.
    pub fn take(&mut self, now: Instant, ticket: u64, change: Change) {
        if let Some(delay) = self.delay {
            self.waiting.push_back((now + delay, ticket, change));
        }
    }
    /// When the next row is committed.
    pub fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|(at, ..)| *at)
    }
    /// Commits the next row that is due; its ticket.
    pub fn commit(&mut self, now: Instant) -> Option<u64> {
        let (_, ticket, change) = self.waiting.pop_front_if(|(at, ..)| *at <= now)?;
        match change {
            Change::Bind(row) => {
                self.bindings.insert((row.device, row.key.clone()), row);
            }
            Change::Unbind { device, key } => {
                self.bindings.remove(&(device, key));
            }
            Change::CallOpened(row) | Change::CallClosed(row) => {
                self.calls.insert(row.id.clone(), *row);
            }
            Change::Turn { group, user } => {
                self.turns.insert(group, user);
            }
            Change::LastCall { user, ended_at } => {
                self.last_calls.insert(user, ended_at);
            }
            Change::Subscribed(row) => {
                self.subscriptions.insert(row.id, *row);
            }
            Change::Unsubscribed { id } => {
                self.subscriptions.remove(&id);
            }
            Change::CallParties(parties) => self.parties.extend(parties),
            Change::Usage(row) => self.usage.push(row),
            Change::Emergency(row) => {
                self.emergencies.retain(|other| other.call != row.call);
                self.emergencies.push(*row);
            }
            Change::Alert(row) => self.alerts.push(*row),
            Change::LastCaller { user, number } => {
                self.last_callers.insert(user, number);
            }
            Change::CallTraced { id, trace } => {
                if let Some(row) = self.calls.get_mut(&id) {
                    row.trace = trace;
                }
            }
            Change::CallAnswered { id, answered_at, answered_by } => {
                if let Some(row) = self.calls.get_mut(&id) {
                    row.answered_at = Some(answered_at);
                    row.answered_by = answered_by;
                }
            }
        }
        Some(ticket)
    }
    /// What a program that starts reads.
    pub fn read(&self) -> Stored {
        let turns = self.turns.iter().map(|(&group, &user)| (group, user)).collect();
        let last_calls = self.last_calls.iter().map(|(&user, &at)| (user, at)).collect();
        Stored {
            bindings: self.bindings.values().cloned().collect(),
            subscriptions: self.subscriptions.values().cloned().collect(),
            outside: OutsideRows { usage: self.usage.clone(), emergencies: self.emergencies.clone() },
            hunting: HuntRows {
                turns,
                last_calls,
                last_callers: self.last_callers.clone().into_iter().collect(),
            },
        }
    }
    /// The power fails: what is not committed is lost.
    pub fn fail(&mut self) {
        self.waiting.clear();
    }
}
