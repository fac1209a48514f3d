//! Trunks as they are right now, each a value with its own deadlines: addresses, registration, health, calls. SIP-38, 25.
//!
//! Pure like the rest: what is to be sent or asked leaves by the engine's room `trunks`, what comes back enters there.

mod health;
mod line;
mod registration;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use config::{Snapshot, TrunkId, snapshot::Trunk};
use rand::rngs::StdRng;
use sip_stack::{
    Flow, RequestId,
    resolve::{Answers, Hop, Question},
};

pub(crate) use health::Health;
pub(crate) use line::Line;
pub(crate) use registration::{Outcome, Registration};

use crate::{io::Demand, live::TrunkState};

/// All trunks.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    pub lines: BTreeMap<TrunkId, Line>,
    pub answers: Answers,
    /// Questions that are under way.
    pub asking: HashSet<Question>,
    /// Requests that are under way.
    pub asked: HashMap<RequestId, Asked>,
    /// What servers were told to prove.
    pub demanded: BTreeMap<SocketAddr, Vec<Demand>>,
    /// The earliest deadline of all lines.
    next: Option<Instant>,
}

/// A request to a trunk that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub trunk: TrunkId,
    pub what: What,
    /// Where it was sent.
    pub flow: Flow,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// REGISTER; with credentials or without.
    Register { proved: bool },
    /// OPTIONS.
    Options,
}

impl Trunks {
    /// Takes a new configuration: trunks that changed begin anew, with their calls. The flows of registrations that are to
    /// be given up come back with what they were.
    pub(crate) fn reconcile(&mut self, now: Instant, new: &Snapshot, random: &mut StdRng) -> Vec<Line> {
        let mut given_up = Vec::new();
        let gone: Vec<TrunkId> =
            self.lines.keys().copied().filter(|id| new.trunk_anywhere(*id).is_none()).collect();
        for id in gone {
            given_up.extend(self.lines.remove(&id));
        }
        for trunk in new.trunks() {
            let known = self.lines.get_mut(&trunk.id);
            match known {
                Some(line) if *line.trunk == **trunk => {}
                Some(line) if same_line(&line.trunk, trunk) => line.trunk = trunk.clone(),
                known => {
                    let calls = known.map_or(0, |line| line.calls);
                    let mut line = Line::new(now, trunk.clone(), random);
                    line.calls = calls;
                    given_up.extend(self.lines.insert(trunk.id, line));
                }
            }
        }
        self.reckon();
        given_up
    }
    /// Finds the earliest deadline anew; called when lines changed.
    pub(crate) fn reckon(&mut self) {
        self.next = self.lines.values().filter_map(Line::next).min();
    }
    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }
    /// The addresses that a call may be tried at, in order; or why it cannot go by this trunk. An emergency call is tried
    /// whatever is known of the trunk. GEO-07
    pub(crate) fn ways(&self, now: Instant, id: TrunkId, is_emergency: bool) -> Result<Vec<Hop>, String> {
        let line = self.lines.get(&id).ok_or("it is unknown")?;
        let (state, text) = line.state(now);
        let is_usable = state == TrunkState::Up || (is_emergency && state != TrunkState::Off);
        if !is_usable || line.hops.is_empty() {
            return Err(text);
        }
        if line.is_full() && !is_emergency {
            return Err(format!("all {} channels are in use", line.calls));
        }
        // The address that is known to answer goes first (RFC 3263 §4.3).
        let mut hops = line.hops.clone();
        if let Some(at) = line.hop().and_then(|hop| hops.iter().position(|other| *other == hop)) {
            hops.rotate_left(at);
        }
        hops.truncate(crate::limits::HOPS_PER_TRUNK);
        Ok(hops)
    }
    /// The trunks that a message on this flow may be from: by the address that it comes from. SIP-39
    pub(crate) fn of_source(&self, flow: Flow) -> Vec<&Line> {
        self.lines.values().filter(|line| line.trunk.enabled && is_from(line, flow)).collect()
    }
    /// One more call by it.
    pub(crate) fn engage(&mut self, id: TrunkId) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.calls += 1;
        }
    }
    /// One call less.
    pub(crate) fn release(&mut self, id: TrunkId) {
        if let Some(line) = self.lines.get_mut(&id) {
            line.calls = line.calls.saturating_sub(1);
        }
    }
    /// Whether no call goes by any of them.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lines.values().all(|line| line.calls == 0)
    }
}

/// Whether a message comes from there: datagrams from the very port that ours go to, connections from the machine; and
/// anything from the further addresses that are named.
fn is_from(line: &Line, flow: Flow) -> bool {
    let ip: IpAddr = flow.remote.ip().to_canonical();
    let by_hop = line.hops.iter().any(|hop| {
        let same_port = hop.remote.port() == flow.remote.port();
        hop.transport == flow.transport
            && hop.remote.ip().to_canonical() == ip
            && (same_port || flow.transport.is_reliable())
    });
    by_hop || line.trunk.incoming.sources.iter().any(|source| source.contains(ip))
}

/// Whether nothing changed that addresses, registration or health depend on.
fn same_line(old: &Arc<Trunk>, new: &Arc<Trunk>) -> bool {
    old.peer == new.peer
        && old.account == new.account
        && old.health == new.health
        && old.enabled == new.enabled
}
