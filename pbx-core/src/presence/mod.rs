//! Lamps, presence and waiting messages: what phones watch, who watches it, and what they are told. SIP-26…30.
//!
//! Pure: rows and texts. [`package`] is what can be subscribed to, [`watched`] what an address stands for, [`lamp`] how
//! that stands right now, `dialog_info`, `pidf`, `summary` and `feature_event` are the documents of it, [`watchers`] who
//! waits for which, and in what order they are told. Sending is `engine/subscriptions.rs` and its neighbours.

pub(crate) mod dialog_info;
pub(crate) mod feature_event;
pub(crate) mod lamp;
pub(crate) mod package;
pub(crate) mod pidf;
pub(crate) mod publications;
pub(crate) mod summary;
pub(crate) mod watched;
pub(crate) mod watchers;
pub(crate) mod xml;

use std::time::Instant;

use config::{DeviceId, QuickMap, TenantId, UserId};
use smallvec::SmallVec;

use crate::ids::CallId;
use publications::Publications;
use summary::Counts;
use watched::Watched;
use watchers::Watchers;

/// Everything the engine keeps of it.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// Who watches what.
    pub watchers: Watchers,
    /// What phones say of their users by PUBLISH.
    pub publications: Publications,
    /// Messages in mailboxes; nothing is none. They come from who keeps mailboxes.
    pub mailboxes: QuickMap<UserId, Counts>,
    /// Which calls something watchable is in. Entries of calls that are over go when they are met.
    calls: QuickMap<Watched, SmallVec<[CallId; 2]>>,
    /// What may stand otherwise than watchers were told.
    touched: Vec<Watched>,
    /// The state in a word that the portal was shown last, of what is watched.
    pub shown: QuickMap<Watched, &'static str>,
    /// Users by the extension that all their calls go to.
    pub forwarders: QuickMap<(TenantId, Box<str>), Vec<UserId>>,
    /// When lamps that depend on the time are looked at next; never as long as nobody watches.
    pub clock: Option<Instant>,
    /// Phones that get the counts of their mailbox without asking, and are to be told now.
    pub unasked: Vec<DeviceId>,
}

impl Presence {
    /// Something of a call changed that concerns `watched`.
    pub(crate) fn touch_call(&mut self, watched: Watched, call: CallId) {
        let calls = self.calls.entry(watched).or_default();
        if !calls.contains(&call) {
            calls.push(call);
        }
        self.touch(watched);
    }
    /// Something changed that concerns `watched`.
    pub(crate) fn touch(&mut self, watched: Watched) {
        if !self.touched.contains(&watched) || self.touched.len() > FEW {
            self.touched.push(watched);
        }
    }
    /// What was touched since the last look, once each.
    pub(crate) fn take_touched(&mut self) -> Vec<Watched> {
        let mut touched = std::mem::take(&mut self.touched);
        if touched.len() > FEW {
            touched.sort_unstable();
            touched.dedup();
        }
        touched
    }
    /// When something is to be done: somebody told, something ended, the clock looked at.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.watchers.next(), self.publications.next(), self.clock].into_iter().flatten().min()
    }
    /// Whether something was touched.
    pub(crate) fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }
    /// The calls that something may be in.
    pub(crate) fn calls_of(&self, watched: Watched) -> SmallVec<[CallId; 2]> {
        self.calls.get(&watched).cloned().unwrap_or_default()
    }
    /// It is in these calls only.
    pub(crate) fn keep_calls(&mut self, watched: Watched, still: impl Fn(CallId) -> bool) {
        let Some(calls) = self.calls.get_mut(&watched) else { return };
        calls.retain(|call| still(*call));
        if calls.is_empty() {
            self.calls.remove(&watched);
        }
    }
}

/// Up to so many are looked through for doubles; more are sorted at the end.
const FEW: usize = 16;
