//! A running PBX that is not there: calls and bindings that a test or the preview puts in.

use std::{collections::HashMap, sync::Mutex};

use config::{DeviceId, TenantId, TrunkId, UserId};
use portal::live::{Alarm, Live, LiveBinding, LiveCall, LiveLeg, LiveSide, LiveTrunk, LiveWatcher, NewCall};
use tokio::sync::watch;

/// Shows what it was given.
pub struct FakeLive {
    pub calls: Mutex<Vec<LiveCall>>,
    pub bindings: Mutex<Vec<LiveBinding>>,
    pub watchers: Mutex<Vec<LiveWatcher>>,
    pub lamps: Mutex<HashMap<String, &'static str>>,
    pub trunks: Mutex<Vec<LiveTrunk>>,
    pub alarms: Mutex<Vec<Alarm>>,
    /// The phones that were told to fetch their settings, and whether to start anew.
    #[allow(dead_code)]
    pub resyncs: Mutex<Vec<(DeviceId, bool)>>,
    /// What was asked for; none are placed.
    pub placed: Mutex<Vec<NewCall>>,
    changed: watch::Sender<u64>,
}

impl FakeLive {
    pub fn new() -> Self {
        Self {
            calls: Mutex::default(),
            bindings: Mutex::default(),
            watchers: Mutex::default(),
            lamps: Mutex::default(),
            trunks: Mutex::default(),
            alarms: Mutex::default(),
            resyncs: Mutex::default(),
            placed: Mutex::default(),
            changed: watch::channel(0).0,
        }
    }

    /// Tells everybody who watches.
    pub fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

impl Live for FakeLive {
    fn rehearse(&self, of: &portal::live::Rehearsal) -> portal::live::Rehearsed {
        let trace = r#"[{"at_ms":0,"what":"Call begins","detail":"101 dials 102","rule":"rehearsal · revision 1"},
            {"at_ms":0,"what":"Routed","detail":"102 is extension of Ben Castillo","rule":"extension · revision 1"}]"#;
        let (answered_by, cause) = match of.assumed.is_empty() {
            true => (String::new(), "480 No answer".to_owned()),
            false => ("102 Ben Castillo".to_owned(), String::new()),
        };
        let revision = of.snapshot.revision;
        portal::live::Rehearsed { trace: trace.into(), answered_by, cause, took_ms: 20_000, revision }
    }
    fn calls(&self, tenant: TenantId) -> Vec<LiveCall> {
        if tenant == TenantId(1) { self.calls.lock().expect("not poisoned").clone() } else { vec![] }
    }
    fn bindings(&self, tenant: TenantId) -> Vec<LiveBinding> {
        if tenant == TenantId(1) { self.bindings.lock().expect("not poisoned").clone() } else { vec![] }
    }
    fn watchers(&self, tenant: TenantId) -> Vec<LiveWatcher> {
        if tenant == TenantId(1) { self.watchers.lock().expect("not poisoned").clone() } else { vec![] }
    }
    fn lamps(&self, tenant: TenantId) -> HashMap<String, &'static str> {
        if tenant == TenantId(1) { self.lamps.lock().expect("not poisoned").clone() } else { HashMap::new() }
    }
    fn trunks(&self, tenant: TenantId) -> Vec<LiveTrunk> {
        if tenant == TenantId(1) { self.trunks.lock().expect("not poisoned").clone() } else { vec![] }
    }
    fn test_trunk(&self, tenant: TenantId, trunk: TrunkId) -> bool {
        self.trunks(tenant).iter().any(|known| known.trunk == trunk)
    }
    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
    fn resync(&self, tenant: TenantId, device: DeviceId, reboot: bool) -> bool {
        let known = self.bindings(tenant).iter().any(|binding| binding.device == device);
        if known {
            self.resyncs.lock().expect("not poisoned").push((device, reboot));
        }
        known
    }
    fn hang_up(&self, tenant: TenantId, call: &str) -> bool {
        let mut calls = self.calls.lock().expect("not poisoned");
        let before = calls.len();
        calls.retain(|c| tenant != TenantId(1) || c.id != call);
        let ended = calls.len() < before;
        drop(calls);
        self.touch();
        ended
    }
    fn transfer(&self, tenant: TenantId, call: &str, _: LiveSide, to: &str) -> bool {
        let mut calls = self.calls.lock().expect("not poisoned");
        let found = calls.iter_mut().find(|c| tenant == TenantId(1) && c.id == call);
        found.map(|call| call.dialled = to.to_owned()).is_some()
    }
    fn place_call(&self, call: NewCall) -> Option<String> {
        let mut placed = self.placed.lock().expect("not poisoned");
        placed.push(call);
        Some(format!("placed{}", placed.len()))
    }
    fn cancel_call(&self, tenant: TenantId, user: UserId, call: &str) -> bool {
        let theirs = self.calls(tenant).iter().any(|c| c.id == call && c.caller == Some(user));
        theirs && self.hang_up(tenant, call)
    }
    fn alarms(&self) -> Vec<Alarm> {
        self.alarms.lock().expect("not poisoned").clone()
    }
    fn metrics(&self) -> String {
        "# TYPE sip_requests_total counter\nsip_requests_total 7\n".to_owned()
    }
    fn revision(&self) -> i64 {
        42
    }
    fn sip_addresses(&self) -> Vec<String> {
        ["udp 192.0.2.10:5060", "tcp 192.0.2.10:5060", "tls 192.0.2.10:5061"].map(str::to_owned).into()
    }
}

/// A call that is up, begun at `now` minus a while.
pub fn call(id: &str, caller: &str, name: &str, dialled: &str, now: i64, answered: bool) -> LiveCall {
    let leg = |party: &str, state, address: &str| LiveLeg {
        party: party.to_owned(),
        device: Some(DeviceId(1)),
        address: address.to_owned(),
        state,
        codec: if answered { "PCMU".to_owned() } else { String::new() },
        encrypted: answered && address.starts_with("tls "),
        mos_heard: if answered { 4.3 } else { 0.0 },
        mos_said: if answered { 4.1 } else { 0.0 },
        loss: 0.2,
        jitter_ms: 3.0,
        round_trip_ms: Some(21.0),
    };
    LiveCall {
        id: id.to_owned(),
        started_at: now - 75_000,
        caller: None,
        answered_at: answered.then_some(now - 63_000),
        caller_number: caller.to_owned(),
        caller_name: name.to_owned(),
        dialled: dialled.to_owned(),
        state: if answered { "talking" } else { "ringing" },
        parked: None,
        revision: 42,
        legs: vec![
            leg(name, if answered { "talking" } else { "calling" }, "192.0.2.21:5062"),
            leg(dialled, if answered { "talking" } else { "ringing" }, "192.0.2.22:5064"),
        ],
    }
}

/// A registered contact.
pub fn binding(device: i64, user_agent: &str, now: i64) -> LiveBinding {
    LiveBinding {
        device: DeviceId(device),
        contact: format!("sip:d{device}@192.0.2.{}:5062", 20 + device),
        user_agent: user_agent.to_owned(),
        address: format!("udp 192.0.2.{}:5062", 20 + device),
        registered_at: now - 120_000,
        expires_at: now + 3_480_000,
    }
}
