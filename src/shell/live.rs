//! The live view: what the engine tells of calls and contacts, kept for the portal to read. OPS-10.
//!
//! Written by the engine's thread in short sections, read by the portal's; nobody waits inside one.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use config::{DeviceId, TenantId, TrunkId, UserId};
use pbx_core::{
    Input,
    live::{self, Call, Change, Command},
};
use portal::live::{
    Alarm, CallFrom, LiveBinding, LiveCall, LiveLeg, LiveParked, LiveSide, LiveTrunk, LiveWatcher, NewCall,
};
use tokio::sync::{mpsc, watch};

use super::{
    alarms::Alarms,
    metrics::{self, Metric, ShellFigures},
};

/// A handle to the one live view; clones show the same.
#[derive(Clone)]
pub struct LiveView(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    /// Something changed since the last announcement.
    dirty: AtomicBool,
    engine: mpsc::Sender<Input>,
    alarms: Alarms,
    figures: ShellFigures,
}

#[derive(Default)]
struct State {
    calls: HashMap<(TenantId, String), LiveCall>,
    bindings: HashMap<(TenantId, DeviceId, String), LiveBinding>,
    watchers: HashMap<(TenantId, u64), LiveWatcher>,
    lamps: HashMap<(TenantId, String), &'static str>,
    trunks: HashMap<TrunkId, live::Trunk>,
    alarms: Vec<Alarm>,
    metrics: Vec<Metric>,
    connections: usize,
    addresses: Vec<String>,
    revision: i64,
}

impl LiveView {
    /// An empty view; commands go to `engine`.
    pub fn new(engine: mpsc::Sender<Input>, alarms: Alarms, figures: ShellFigures) -> Self {
        let (changed, _) = watch::channel(0);
        let (state, dirty) = (Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Inner { state, changed, dirty, engine, alarms, figures }))
    }
    /// Takes one change of the engine.
    pub fn apply(&self, change: Change) {
        let mut state = self.state();
        match change {
            Change::Call(call) => {
                state.calls.insert((call.tenant, call.id.clone()), shown(call));
            }
            Change::CallEnded { tenant, id } => {
                state.calls.remove(&(tenant, id));
            }
            Change::Bound(bound) => {
                let key = (bound.tenant, bound.device, bound.key);
                let binding = LiveBinding {
                    device: bound.device,
                    contact: bound.contact,
                    user_agent: bound.user_agent,
                    address: bound.address,
                    registered_at: bound.registered_at,
                    expires_at: bound.expires_at,
                };
                state.bindings.insert(key, binding);
            }
            Change::Unbound { tenant, device, key } => {
                state.bindings.remove(&(tenant, device, key));
            }
            Change::Watching(watcher) => {
                let shown = LiveWatcher {
                    device: watcher.device,
                    package: watcher.package,
                    number: watcher.number,
                    watched: watcher.watched,
                    expires_at: watcher.expires_at,
                };
                state.watchers.insert((watcher.tenant, watcher.id), shown);
            }
            Change::Unwatched { tenant, id } => {
                state.watchers.remove(&(tenant, id));
            }
            Change::Lamp(lamp) => {
                state.lamps.insert((lamp.tenant, lamp.watched), lamp.state);
            }
            Change::Trunk(trunk) => {
                state.trunks.insert(trunk.trunk, trunk);
                self.tell_of_trunks(&state);
            }
            Change::TrunkGone { trunk } => {
                state.trunks.remove(&trunk);
                self.tell_of_trunks(&state);
            }
        }
        self.0.dirty.store(true, Relaxed);
    }
    /// Tells the watchers if anything changed. Called ten times a second.
    pub fn announce(&self) {
        let alarms = self.0.alarms.list();
        let mut state = self.state();
        if state.alarms != alarms {
            state.alarms = alarms;
            self.0.dirty.store(true, Relaxed);
        }
        drop(state);
        if self.0.dirty.swap(false, Relaxed) {
            self.0.changed.send_modify(|version| *version += 1);
        }
    }
    /// The engine's counters as they are, and how many TCP and TLS connections there are.
    pub fn set_metrics(&self, metrics: Vec<Metric>, connections: usize) {
        let mut state = self.state();
        state.metrics = metrics;
        state.connections = connections;
    }
    /// Our listeners.
    pub fn set_addresses(&self, sip: &[SocketAddr], tls: &[SocketAddr]) {
        let plain = shown_addresses(sip).into_iter().flat_map(|a| [format!("udp {a}"), format!("tcp {a}")]);
        let encrypted = shown_addresses(tls).into_iter().map(|a| format!("tls {a}"));
        self.state().addresses = plain.chain(encrypted).collect();
    }
    /// The revision that new calls run under.
    pub fn set_revision(&self, revision: i64) {
        self.state().revision = revision;
        self.0.dirty.store(true, Relaxed);
    }

    /// An alarm as long as a trunk is down. Without its name: companies see one another's alarms, not their trunks.
    fn tell_of_trunks(&self, state: &State) {
        let down = state.trunks.values().filter(|trunk| trunk.state == live::TrunkState::Down).count();
        match down {
            0 => self.0.alarms.clear("trunks"),
            1 => drop(self.0.alarms.raise("trunks", "A trunk is down: calls by it are not possible.".into())),
            _ => {
                let text = format!("{down} trunks are down: calls by them are not possible.");
                self.0.alarms.raise("trunks", text);
            }
        }
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl portal::Live for LiveView {
    fn rehearse(&self, of: &portal::live::Rehearsal) -> portal::live::Rehearsed {
        super::why::rehearse(of)
    }
    fn calls(&self, tenant: TenantId) -> Vec<LiveCall> {
        let state = self.state();
        let mut calls: Vec<_> =
            state.calls.iter().filter(|((of, _), _)| *of == tenant).map(|(_, call)| call.clone()).collect();
        drop(state);
        calls.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
        calls
    }
    fn bindings(&self, tenant: TenantId) -> Vec<LiveBinding> {
        let state = self.state();
        let mut bindings: Vec<_> =
            state.bindings.iter().filter(|((of, ..), _)| *of == tenant).map(|(_, b)| b.clone()).collect();
        drop(state);
        bindings.sort_by_key(|binding| (binding.device, binding.registered_at));
        bindings
    }
    fn watchers(&self, tenant: TenantId) -> Vec<LiveWatcher> {
        let state = self.state();
        let mut watchers: Vec<_> =
            state.watchers.iter().filter(|((of, _), _)| *of == tenant).map(|(_, w)| w.clone()).collect();
        drop(state);
        watchers.sort_by(|a, b| (&a.number, a.device, a.package).cmp(&(&b.number, b.device, b.package)));
        watchers
    }
    fn lamps(&self, tenant: TenantId) -> HashMap<String, &'static str> {
        let state = self.state();
        let of = state.lamps.iter().filter(|((of, _), _)| *of == tenant);
        of.map(|((_, watched), state)| (watched.clone(), *state)).collect()
    }
    fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
    fn hang_up(&self, tenant: TenantId, call: &str) -> bool {
        let id = call.to_owned();
        let known = self.state().calls.contains_key(&(tenant, id.clone()));
        known && self.0.engine.try_send(Input::Command(Command::HangUp { tenant, id })).is_ok()
    }
    fn transfer(&self, tenant: TenantId, call: &str, who: LiveSide, to: &str) -> bool {
        let (id, to) = (call.to_owned(), to.to_owned());
        let state = self.state();
        let found = state.calls.get(&(tenant, id.clone()));
        let talks = found.is_some_and(|call| matches!(call.state, "talking" | "held"));
        drop(state);
        let who = match who {
            LiveSide::Caller => live::Side::Caller,
            LiveSide::Callee => live::Side::Callee,
        };
        talks && self.0.engine.try_send(Input::Command(Command::Transfer { tenant, id, who, to })).is_ok()
    }
    fn resync(&self, tenant: TenantId, device: DeviceId, reboot: bool) -> bool {
        let known = self.state().bindings.keys().any(|(of, phone, _)| (*of, *phone) == (tenant, device));
        let command = Command::Resync { tenant, device, reboot };
        known && self.0.engine.try_send(Input::Command(command)).is_ok()
    }
    fn place_call(&self, call: NewCall) -> Option<String> {
        let id = live::call_id(chrono::Utc::now().timestamp_millis(), rand::random());
        let from = match call.from {
            CallFrom::OwnPhones => live::From::OwnPhones,
            CallFrom::Device(device) => live::From::Device(device),
            CallFrom::Extension(number) => live::From::Extension(number),
        };
        let (tenant, user) = (call.tenant, call.user);
        let order = live::Order { tenant, user, id: id.clone(), from, number: call.number, by: call.by };
        let sent = self.0.engine.try_send(Input::Command(Command::Call(Box::new(order))));
        sent.is_ok().then_some(id)
    }
    fn cancel_call(&self, tenant: TenantId, user: UserId, call: &str) -> bool {
        let id = call.to_owned();
        let theirs = self.state().calls.get(&(tenant, id.clone())).is_some_and(|c| c.caller == Some(user));
        theirs && self.0.engine.try_send(Input::Command(Command::Cancel { tenant, user, id })).is_ok()
    }
    fn trunks(&self, tenant: TenantId) -> Vec<LiveTrunk> {
        let state = self.state();
        let theirs = state.trunks.values().filter(|trunk| trunk.tenant == tenant);
        let mut trunks: Vec<_> = theirs.map(shown_trunk).collect();
        drop(state);
        trunks.sort_by_key(|trunk| trunk.trunk);
        trunks
    }
    fn test_trunk(&self, tenant: TenantId, trunk: TrunkId) -> bool {
        let known = self.state().trunks.get(&trunk).is_some_and(|known| known.tenant == tenant);
        known && self.0.engine.try_send(Input::Command(Command::TestTrunk { tenant, trunk })).is_ok()
    }
    fn alarms(&self) -> Vec<Alarm> {
        self.0.alarms.list()
    }
    fn metrics(&self) -> String {
        let state = self.state();
        metrics::text(&state.metrics, state.connections, state.revision, &self.0.figures)
    }
    fn revision(&self) -> i64 {
        self.state().revision
    }
    fn sip_addresses(&self) -> Vec<String> {
        self.state().addresses.clone()
    }
}

/// Loopback is shown only where there is nothing else: no phone on the desk reaches it.
fn shown_addresses(listeners: &[SocketAddr]) -> Vec<&SocketAddr> {
    let outside: Vec<_> = listeners.iter().filter(|a| !a.ip().is_loopback()).collect();
    if outside.is_empty() { listeners.iter().collect() } else { outside }
}

fn shown_trunk(trunk: &live::Trunk) -> LiveTrunk {
    LiveTrunk {
        trunk: trunk.trunk,
        state: match trunk.state {
            live::TrunkState::Off => "off",
            live::TrunkState::Searching => "searching",
            live::TrunkState::Registering => "registering",
            live::TrunkState::Up => "up",
            live::TrunkState::Down => "down",
        },
        text: trunk.text.clone(),
        since: trunk.since,
        calls: trunk.calls,
        address: trunk.address.clone(),
    }
}

fn shown(call: Call) -> LiveCall {
    let legs = call.legs.into_iter().map(|leg| LiveLeg {
        party: leg.party,
        device: leg.device,
        address: leg.address,
        state: leg.state,
        codec: leg.codec,
        encrypted: leg.encrypted,
        mos_heard: leg.mos_heard,
        mos_said: leg.mos_said,
        loss: leg.loss,
        jitter_ms: leg.jitter_ms,
        round_trip_ms: leg.round_trip_ms,
    });
    LiveCall {
        id: call.id,
        started_at: call.started_at,
        answered_at: call.answered_at,
        caller: call.caller,
        caller_number: call.caller_number,
        caller_name: call.caller_name,
        dialled: call.dialled,
        state: call.state,
        parked: call.parked.map(|parked| LiveParked {
            slot: parked.slot,
            lot: parked.lot.0,
            who: parked.who,
            by: parked.by,
            since: parked.since,
        }),
        revision: call.revision,
        legs: legs.collect(),
    }
}

#[cfg(test)]
mod tests {
    use portal::Live as _;

    use super::*;

    fn view() -> (LiveView, mpsc::Receiver<Input>, Alarms) {
        let (engine, inputs) = mpsc::channel(1);
        let alarms = Alarms::default();
        (LiveView::new(engine, alarms.clone(), ShellFigures::default()), inputs, alarms)
    }

    fn call(tenant: i64, id: &str, started_at: i64) -> Change {
        Change::Call(Call {
            tenant: TenantId(tenant),
            id: id.into(),
            started_at,
            answered_at: None,
            caller: Some(UserId(7)),
            caller_number: "101".into(),
            caller_name: String::new(),
            dialled: "102".into(),
            state: "ringing",
            parked: None,
            revision: 3,
            legs: vec![],
        })
    }

    #[test]
    fn calls_of_one_tenant_are_seen_oldest_first() {
        let (view, ..) = view();
        view.apply(call(1, "b", 20));
        view.apply(call(1, "a", 10));
        view.apply(call(2, "c", 5));
        view.apply(call(1, "d", 1));
        view.apply(Change::CallEnded { tenant: TenantId(1), id: "d".into() });
        let ids: Vec<_> = view.calls(TenantId(1)).into_iter().map(|c| c.id).collect();
        assert_eq!(ids, ["a", "b"]);
    }

    #[test]
    fn watchers_hear_of_changes_and_alarms_once() {
        let (view, _inputs, alarms) = view();
        let mut changed = view.changed();
        view.announce();
        assert!(!changed.has_changed().unwrap());
        view.apply(call(1, "a", 1));
        view.apply(call(1, "b", 2));
        view.announce();
        assert_eq!(*changed.borrow_and_update(), 1);
        alarms.raise("disk", "full".into());
        view.announce();
        view.announce();
        assert_eq!(*changed.borrow_and_update(), 2);
        assert_eq!(view.alarms()[0].text, "full");
    }

    /// NAV-18
    #[test]
    fn a_call_is_cancelled_by_who_placed_it_only() {
        let (view, mut inputs, _) = view();
        view.apply(call(1, "a", 1));
        assert!(!view.cancel_call(TenantId(1), UserId(8), "a"));
        assert!(!view.cancel_call(TenantId(2), UserId(7), "a"));
        assert!(view.cancel_call(TenantId(1), UserId(7), "a"));
        assert!(matches!(inputs.try_recv(), Ok(Input::Command(Command::Cancel { id, .. })) if id == "a"));
    }

    /// CTC-04
    #[test]
    fn each_call_that_is_placed_has_an_id_of_its_own_until_the_engine_is_busy() {
        let (view, mut inputs, _) = view();
        let (tenant, user) = (TenantId(1), UserId(7));
        let order = || NewCall { tenant, user, from: CallFrom::OwnPhones, number: "102".into(), by: None };
        let first = view.place_call(order()).unwrap();
        assert_eq!(view.place_call(order()), None, "the queue is full");
        let Ok(Input::Command(Command::Call(sent))) = inputs.try_recv() else { panic!("no order") };
        assert_eq!((sent.id.as_str(), sent.number.as_str()), (first.as_str(), "102"));
        assert_ne!(view.place_call(order()).unwrap(), first);
    }

    /// CTRL-02
    #[test]
    fn only_calls_of_the_own_tenant_in_which_two_talk_are_transferred() {
        let (view, mut inputs, _) = view();
        view.apply(call(1, "a", 1));
        assert!(!view.transfer(TenantId(1), "a", LiveSide::Caller, "103"), "it rings");
        let Change::Call(ringing) = call(1, "a", 1) else { panic!("a call") };
        view.apply(Change::Call(Call { state: "held", ..ringing }));
        assert!(!view.transfer(TenantId(2), "a", LiveSide::Caller, "103"));
        assert!(view.transfer(TenantId(1), "a", LiveSide::Callee, "103"));
        let Ok(Input::Command(Command::Transfer { id, who, to, .. })) = inputs.try_recv() else {
            panic!("no command")
        };
        assert_eq!((id.as_str(), who, to.as_str()), ("a", live::Side::Callee, "103"));
    }

    #[test]
    fn only_calls_of_the_own_tenant_are_hung_up() {
        let (view, mut inputs, _) = view();
        view.apply(call(1, "a", 1));
        assert!(!view.hang_up(TenantId(2), "a"));
        assert!(!view.hang_up(TenantId(1), "b"));
        assert!(view.hang_up(TenantId(1), "a"));
        assert!(matches!(inputs.try_recv(), Ok(Input::Command(Command::HangUp { id, .. })) if id == "a"));
    }
}
