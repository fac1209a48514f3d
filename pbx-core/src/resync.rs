//! Phones that are to be told to fetch their settings, in the order in which they are told. SIP-36.
//!
//! Changes that come one upon the other are told once; a change of the whole company is spread over time, and a single
//! phone's change goes before it. Never more entries than registered phones.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use config::{DeviceId, TenantId};
use sip_stack::Flow;

use crate::bindings::Binding;

/// Where a phone was reached when its settings changed. Its binding may be gone when it is told: with the password, it goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub contact: Box<str>,
    pub path: Option<Box<str>>,
    pub flow: Flow,
}

/// What a phone is told.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub tenant: TenantId,
    /// It starts anew, instead of fetching its settings when it is idle.
    pub reboot: bool,
    pub targets: Vec<Target>,
}

/// Which phones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    /// Somebody waits for it.
    Asked,
    /// A change of few phones.
    Few,
    /// A change of many.
    Many,
}

/// All phones that are to be told.
#[derive(Debug, Default)]
pub(crate) struct Resyncs {
    order: BTreeMap<(Turn, u64), DeviceId>,
    waiting: HashMap<DeviceId, ((Turn, u64), Wanted)>,
    due: Option<Instant>,
    /// How many more at this moment.
    left: usize,
    next: u64,
}

impl Resyncs {
    /// Has a phone told in its turn. One that waits already is told once, in the earlier turn.
    pub(crate) fn ask(&mut self, now: Instant, device: DeviceId, turn: Turn, wanted: Wanted) {
        let (mut turn, mut wanted) = (turn, wanted);
        if let Some((at, before)) = self.waiting.remove(&device) {
            self.order.remove(&at);
            turn = turn.min(at.0);
            wanted.reboot |= before.reboot;
            if wanted.targets.is_empty() {
                wanted.targets = before.targets;
            }
        }
        let at = (turn, self.next);
        self.next += 1;
        self.order.insert(at, device);
        self.waiting.insert(device, (at, wanted));
        let soonest = if turn == Turn::Asked { now } else { now + GATHER };
        self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
    }

    /// A phone that is told now.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(DeviceId, Wanted)> {
        if self.due.is_none_or(|due| due > now) {
            return None;
        }
        if self.left == 0 {
            self.left = BURST;
        }
        let Some((_, device)) = self.order.pop_first() else {
            (self.due, self.left) = (None, 0);
            return None;
        };
        self.left -= 1;
        self.due = match (self.order.is_empty(), self.left) {
            (true, _) => None,
            (false, 0) => Some(now + PACE),
            (false, _) => self.due,
        };
        let (_, wanted) = self.waiting.remove(&device)?;
        Some((device, wanted))
    }

    /// When the next ones are due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due
    }

    /// Phones that wait to be told.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

impl From<&Binding> for Target {
    fn from(binding: &Binding) -> Self {
        Self { contact: binding.contact.clone(), path: binding.path.clone(), flow: binding.flow }
    }
}

/// Somebody who edits makes several changes: they are told together.
pub(crate) const GATHER: Duration = Duration::from_secs(1);
/// So many at a time …
const BURST: usize = 20;
/// … and then no more for so long: 200 phones a second fetch their settings.
const PACE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted { tenant: TenantId(1), reboot: false, targets: vec![] }
    }

    fn told(resyncs: &mut Resyncs, now: Instant) -> Vec<i64> {
        std::iter::from_fn(|| resyncs.due(now)).map(|(DeviceId(id), _)| id).collect()
    }

    /// SIP-36
    #[test]
    fn changes_of_one_phone_are_told_once_after_a_second() {
        let (mut resyncs, start) = (Resyncs::default(), Instant::now());
        for ms in [0, 300, 900] {
            resyncs.ask(start + Duration::from_millis(ms), DeviceId(7), Turn::Few, wanted());
        }
        assert_eq!(resyncs.next(), Some(start + GATHER));
        assert!(told(&mut resyncs, start + Duration::from_millis(999)).is_empty());
        assert_eq!(told(&mut resyncs, start + GATHER), [7]);
        assert_eq!((resyncs.next(), resyncs.len()), (None, 0));
    }

    /// SIP-36, DEV-14: a phone of one's own does not wait behind a change of the company.
    #[test]
    fn many_phones_are_told_in_bursts_and_a_single_one_before_them() {
        let (mut resyncs, start) = (Resyncs::default(), Instant::now());
        (1..=50).for_each(|id| resyncs.ask(start, DeviceId(id), Turn::Many, wanted()));
        let first = start + GATHER;
        assert_eq!(told(&mut resyncs, first).len(), BURST);
        resyncs.ask(first, DeviceId(40), Turn::Few, wanted());
        resyncs.ask(first, DeviceId(99), Turn::Asked, Wanted { reboot: true, ..wanted() });
        assert_eq!(resyncs.next(), Some(first), "what somebody asks for is told at once");
        let next = told(&mut resyncs, first);
        assert_eq!((next[..2].to_vec(), next.len()), (vec![99, 40], BURST));
        let rest = told(&mut resyncs, first + PACE);
        assert_eq!((rest.len(), resyncs.len()), (51 - 2 * BURST, 0));
    }
}
