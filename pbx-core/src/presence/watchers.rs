//! Who watches what, and in which order they are told. SIP-27.
//!
//! The policy when more changes than can be told:
//!
//! - one NOTIFY is under way for each watcher; what changes meanwhile is told by the next one, which says how things stand
//!   when it is sent. What lies between is never told;
//! - so many NOTIFYs leave at a time, then others have their turn, whatever waits: calls do not starve;
//! - who waits longest is told first.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use config::{DeviceId, QuickMap, TenantId};
use sip_stack::{SubscriptionId, stack::Termination};
use smallvec::SmallVec;

use super::{package::Package, watched::Watched};

/// One subscription, as far as it is the application's.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub tenant: TenantId,
    pub device: DeviceId,
    pub package: Package,
    pub watched: Watched,
    /// The address that was subscribed to.
    pub number: Box<str>,
    /// The phone takes several parts in one body.
    pub takes_parts: bool,
    /// What it was told last.
    pub told: Told,
    /// The subscription is to end.
    pub ending: Option<Termination>,
    /// NOTIFYs in a row that were not delivered.
    pub failures: u8,
    /// [Unix ms]
    pub expires_at: i64,
    expires: Instant,
    turn: Turn,
    retry: Option<Instant>,
}

/// What a watcher was told last.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// A number that stands for the document.
    pub digest: u64,
    /// Its calls.
    pub dialogs: SmallVec<[u32; 4]>,
    /// It cannot be relied upon: the next document is full, even if nothing changed.
    pub is_stale: bool,
}

/// Where a watcher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It knows everything.
    Idle,
    /// In the queue.
    Waiting,
    /// Its NOTIFY is under way.
    Outstanding,
    /// The same, and there is something new.
    OutstandingAndMore,
}

/// All subscriptions of the node, with their queue.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    rows: QuickMap<SubscriptionId, Box<Watcher>>,
    by_watched: QuickMap<Watched, Vec<SubscriptionId>>,
    by_device: QuickMap<DeviceId, SmallVec<[SubscriptionId; 2]>>,
    expiry: BTreeSet<(Instant, SubscriptionId)>,
    retries: BTreeSet<(Instant, SubscriptionId)>,
    queue: VecDeque<SubscriptionId>,
    /// Since when how many were told in this turn.
    pace: Option<(Instant, usize)>,
}

impl Watcher {
    /// One that knows nothing yet.
    pub(crate) fn new(
        (tenant, device): (TenantId, DeviceId),
        (package, watched, number): (Package, Watched, Box<str>),
        takes_parts: bool,
        (expires, expires_at): (Instant, i64),
    ) -> Self {
        Self {
            tenant,
            device,
            package,
            watched,
            number,
            takes_parts,
            told: Told { is_stale: true, ..Told::default() },
            ending: None,
            failures: 0,
            expires_at,
            expires,
            turn: Turn::Idle,
            retry: None,
        }
    }
    /// How long it still holds.
    pub(crate) fn left(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }
}

/// Rows.
impl Watchers {
    pub(crate) fn insert(&mut self, id: SubscriptionId, watcher: Watcher) {
        self.by_watched.entry(watcher.watched).or_default().push(id);
        self.by_device.entry(watcher.device).or_default().push(id);
        self.expiry.insert((watcher.expires, id));
        self.rows.insert(id, Box::new(watcher));
    }
    pub(crate) fn remove(&mut self, id: SubscriptionId) -> Option<Box<Watcher>> {
        let row = self.rows.remove(&id)?;
        self.unlink(id, row.watched);
        if let Some(ids) = self.by_device.get_mut(&row.device) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_device.remove(&row.device);
            }
        }
        self.expiry.remove(&(row.expires, id));
        row.retry.into_iter().for_each(|at| {
            self.retries.remove(&(at, id));
        });
        Some(row)
    }
    /// What it watches is something else from now on.
    pub(crate) fn turn_to(&mut self, id: SubscriptionId, watched: Watched) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let before = std::mem::replace(&mut row.watched, watched);
        row.told.is_stale = true;
        self.unlink(id, before);
        self.by_watched.entry(watched).or_default().push(id);
    }
    fn unlink(&mut self, id: SubscriptionId, watched: Watched) {
        let Some(ids) = self.by_watched.get_mut(&watched) else { return };
        if let Some(at) = ids.iter().position(|other| *other == id) {
            ids.swap_remove(at);
        }
        if ids.is_empty() {
            self.by_watched.remove(&watched);
        }
    }
    /// It holds until then.
    pub(crate) fn prolong(&mut self, id: SubscriptionId, (expires, expires_at): (Instant, i64)) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        self.expiry.remove(&(row.expires, id));
        (row.expires, row.expires_at) = (expires, expires_at);
        self.expiry.insert((expires, id));
    }
    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Watcher> {
        self.rows.get(&id).map(|row| &**row)
    }
    pub(crate) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Watcher> {
        self.rows.get_mut(&id).map(|row| &mut **row)
    }
    /// The subscriptions of a device.
    pub(crate) fn of_device(&self, device: DeviceId) -> &[SubscriptionId] {
        self.by_device.get(&device).map_or(&[], |ids| ids)
    }
    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SubscriptionId, &Watcher)> {
        self.rows.iter().map(|(id, row)| (*id, &**row))
    }
    /// All that is watched.
    pub(crate) fn watched(&self) -> impl Iterator<Item = Watched> {
        self.by_watched.keys().copied()
    }
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// The queue.
impl Watchers {
    /// It is to be told how things stand, as soon as it is its turn.
    pub(crate) fn want(&mut self, id: SubscriptionId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        want(&mut self.queue, id, row);
    }
    /// All who watch that.
    pub(crate) fn want_all(&mut self, watched: Watched) {
        for id in self.by_watched.get(&watched).map_or(&[][..], |ids| ids) {
            if let Some(row) = self.rows.get_mut(id) {
                want(&mut self.queue, *id, row);
            }
        }
    }
    /// It is to be told then, whatever happened until then.
    pub(crate) fn want_at(&mut self, id: SubscriptionId, at: Instant) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if let Some(before) = row.retry.replace(at) {
            self.retries.remove(&(before, id));
        }
        self.retries.insert((at, id));
    }
    /// It is to be told that the subscription is over.
    pub(crate) fn end(&mut self, id: SubscriptionId, why: Termination) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.ending.get_or_insert(why);
            want(&mut self.queue, id, row);
        }
    }
    /// Whose time is over, and who was to be told later, are put into the queue.
    pub(crate) fn wake(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.expiry.first().filter(|(at, _)| *at <= now) {
            self.expiry.remove(&(at, id));
            self.end(id, Termination::Timeout);
        }
        while let Some((_, id)) = self.retries.first().copied().filter(|(at, _)| *at <= now) {
            self.retries.pop_first();
            if let Some(row) = self.rows.get_mut(&id) {
                row.retry = None;
                row.told.is_stale = true;
                want(&mut self.queue, id, row);
            }
        }
    }
    /// The next one to be told, as long as its turn is now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<SubscriptionId> {
        let (began, told) = self.pace.filter(|(began, _)| now < *began + PAUSE).unwrap_or((now, 0));
        if told >= BATCH {
            return None;
        }
        loop {
            let id = self.queue.pop_front()?;
            let Some(row) = self.rows.get_mut(&id).filter(|row| row.turn == Turn::Waiting) else { continue };
            row.turn = Turn::Idle;
            self.pace = Some((began, told + 1));
            return Some(id);
        }
    }
    /// Its NOTIFY is under way.
    pub(crate) fn sent(&mut self, id: SubscriptionId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        row.turn = Turn::Outstanding;
        if let Some(at) = row.retry.take() {
            self.retries.remove(&(at, id));
        }
    }
    /// Its NOTIFY is through.
    pub(crate) fn answered(&mut self, id: SubscriptionId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let more = row.turn == Turn::OutstandingAndMore;
        row.turn = Turn::Idle;
        if more {
            want(&mut self.queue, id, row);
        }
    }
    /// When somebody is to be told, or ends.
    pub(crate) fn next(&self) -> Option<Instant> {
        let paced = self.pace.filter(|_| !self.queue.is_empty()).map(|(began, _)| began + PAUSE);
        let timed = [&self.expiry, &self.retries].map(|set| set.first().map(|&(at, _)| at));
        timed.into_iter().chain([paced]).flatten().min()
    }
    /// Watchers that wait to be told.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }
}

fn want(queue: &mut VecDeque<SubscriptionId>, id: SubscriptionId, row: &mut Watcher) {
    match row.turn {
        Turn::Idle => {
            row.turn = Turn::Waiting;
            queue.push_back(id);
        }
        Turn::Outstanding => row.turn = Turn::OutstandingAndMore,
        Turn::Waiting | Turn::OutstandingAndMore => {}
    }
}

/// So many NOTIFYs at a time …
pub(crate) const BATCH: usize = 50;
/// … and then no more for so long: 12,500 a second.
pub(crate) const PAUSE: Duration = Duration::from_millis(4);

#[cfg(test)]
mod tests {
    use config::UserId;

    use super::*;

    fn watchers(count: u64, now: Instant) -> Watchers {
        let mut watchers = Watchers::default();
        for id in 1..=count {
            let what = (Package::Dialog, Watched::User(UserId(7)), "107".into());
            let expires = (now + Duration::from_secs(3600), 0);
            let row = Watcher::new((TenantId(1), DeviceId(id as i64)), what, false, expires);
            watchers.insert(SubscriptionId(id), row);
        }
        watchers
    }

    /// SIP-27: at most one NOTIFY for a watcher, and nothing that was touched meanwhile is forgotten.
    #[test]
    fn what_changes_while_a_notify_is_under_way_is_told_once_after_it() {
        let now = Instant::now();
        let (mut watchers, id) = (watchers(1, now), SubscriptionId(1));
        watchers.want(id);
        watchers.want(id);
        assert_eq!((watchers.take(now), watchers.take(now)), (Some(id), None));
        watchers.sent(id);
        watchers.want(id);
        watchers.want(id);
        assert_eq!(watchers.take(now), None);
        watchers.answered(id);
        assert_eq!((watchers.take(now), watchers.take(now)), (Some(id), None));
        watchers.sent(id);
        watchers.answered(id);
        assert_eq!((watchers.take(now), watchers.waiting()), (None, 0));
    }

    /// SIP-27: ten thousand watchers of one extension have their turn one after the other, calls in between.
    #[test]
    fn many_watchers_are_told_in_batches_with_a_pause_between() {
        let start = Instant::now();
        let mut watchers = watchers(10_000, start);
        watchers.want_all(Watched::User(UserId(7)));
        let (mut now, mut told, mut turns) = (start, 0, 0);
        loop {
            let batch = std::iter::from_fn(|| watchers.take(now)).count();
            assert!(batch <= BATCH);
            told += batch;
            turns += 1;
            let Some(next) = watchers.next().filter(|_| watchers.waiting() > 0) else { break };
            now = next;
        }
        assert_eq!((told, turns), (10_000, 200));
        assert!(now - start < Duration::from_secs(1));
    }

    /// SIP-27, RFC 6665 §4.1.3
    #[test]
    fn a_subscription_ends_when_its_time_is_over_unless_it_is_prolonged() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut watchers, id) = (watchers(1, start), SubscriptionId(1));
        assert_eq!(watchers.next(), Some(at(3600)));
        watchers.prolong(id, (at(7200), 0));
        watchers.wake(at(3601));
        assert_eq!(watchers.take(at(3601)), None);
        watchers.wake(at(7200));
        assert_eq!(watchers.take(at(7200)), Some(id));
        assert_eq!(watchers.get(id).unwrap().ending, Some(Termination::Timeout));
        watchers.want_at(id, at(7300));
        watchers.remove(id);
        assert_eq!((watchers.next(), watchers.len()), (None, 0));
        assert!(watchers.by_watched.is_empty() && watchers.of_device(DeviceId(1)).is_empty());
    }
}
