//! The PBX as one value: inputs are handed to the room they concern, outputs are queued.
//!
//! Each room is a file in `engine/` that adds its methods to [`Engine`]: `events` (what the SIP stack says), `requests`
//! (REGISTER, OPTIONS …), and one per stage of a call: `incoming` → `outgoing` → `answering` → `renegotiation` →
//! `ending`; `digits` hears the keys that are pressed; `editing` changes the configuration for a call; `placing` begins a
//! call from the portal; `redirect` is what a phone may say instead of an answer. `keepalive` keeps NAT open, `reconnected`
//! follows a phone to its next connection, `resyncing` has phones fetch their settings, `alarming` rings phones in the house
//! while somebody calls for help, `helping` remembers where whoever called is reached. `perform` lets scripts go on and does what they want; `line` is a leg's media, `sealing` its keys;
//! `media_events` hears the workers; `moving` finds another port where one is taken; `show` tells the portal. `trunks` keeps
//! the lines to the public network, `proving` says
//! whom their servers must prove to be, `leaving` calls by them, `arriving` takes calls from them. `rehearsing` begins calls
//! that are only rehearsed. `joining` brings a leg of one call into another; `referring` (transfer), `taking` (pickup,
//! Replaces), `barging` (Join) and `parking` are what people want with it; `connected` tells phones whom they talk with then,
//! `references` programs what became of a call they asked for. `subscriptions` lets phones watch lamps, `lamps` knows how they
//! stand, `notifying` tells, `publishing` hears phones tell.

mod alarming;
mod answering;
mod arriving;
mod barging;
mod connected;
mod digits;
mod editing;
mod ending;
mod events;
mod helping;
mod incoming;
mod joining;
mod keepalive;
mod lamps;
mod leaving;
mod line;
mod media_events;
mod minutes;
mod moving;
mod notifying;
mod outgoing;
mod parking;
mod perform;
mod placing;
mod prompting;
mod proving;
mod publishing;
mod reconnected;
mod redirect;
mod references;
mod referring;
pub mod rehearse;
mod rehearsing;
mod renegotiation;
mod requests;
mod resyncing;
mod sealing;
mod sending;
mod show;
mod subscriptions;
mod taking;
mod trunks;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use config::{Snapshot, TrunkId, hunt::Memory};
use media::Ports;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sip_stack::{Flow, InviteId, Stack, digest::Ha1};

pub use crate::io::{Demand, Input, Now, Options, Output, Proof, Stored};
pub use crate::presence::summary::Counts;
use crate::{
    auth::Auth,
    call::running::Calls,
    callback::Callbacks,
    counters::{Counters, Refusal},
    guard::Guard,
    ids::CallId,
    ladder, limits, live,
    office::Office,
    pinholes::Pinholes,
    presence::Presence,
    records::Records,
    resync::Resyncs,
    timers::{Timer, Timers},
};

/// The whole running PBX.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    snapshot: Arc<Snapshot>,
    stack: Stack,
    auth: Auth,
    office: Rc<Office>,
    calls: Calls,
    ready: VecDeque<CallId>,
    timers: Timers,
    pinholes: Pinholes,
    presence: Presence,
    resyncs: Resyncs,
    ports: Ports,
    records: Records,
    edits: editing::Edits,
    counters: Counters,
    random: StdRng,
    early: VecDeque<(InviteId, ladder::Entry)>,
    /// What the portal was told of trunks.
    trunks_shown: HashMap<TrunkId, live::Trunk>,
    out: VecDeque<Output>,
    service: Service,
}

/// Whether calls are taken.
#[derive(Debug, Default)]
struct Service {
    draining: bool,
    drained: bool,
    logged_at: Option<Instant>,
}

/// Inputs and outputs.
impl Engine {
    /// An engine without calls, with what was stored. Bindings that are unusable, expired or of devices that are gone are
    /// removed from the store.
    pub fn new(now: Now, options: Options, snapshot: Arc<Snapshot>, stored: Stored) -> Self {
        let mut random = StdRng::from_seed(options.seed);
        let nobody = Ha1 { md5: random.random(), sha256: random.random() };
        let mut engine = Self {
            stack: Stack::new(settings(&options, &snapshot), random.random()),
            auth: Auth::new(random.random(), nobody),
            ports: Ports::new(options.rtp_ports.clone(), random.random()),
            office: Rc::new(Office::default()),
            calls: Calls::default(),
            ready: VecDeque::new(),
            timers: Timers::default(),
            pinholes: Pinholes::default(),
            presence: Presence::default(),
            resyncs: Resyncs::default(),
            records: Records::default(),
            edits: editing::Edits::default(),
            counters: Counters::default(),
            early: VecDeque::new(),
            trunks_shown: HashMap::new(),
            out: VecDeque::new(),
            service: Service::default(),
            options,
            snapshot,
            random,
        };
        *engine.office.hunting.borrow_mut() = Memory::of(stored.hunting);
        *engine.office.guard.borrow_mut() = Guard::of(stored.outside.usage, now.utc);
        *engine.office.callbacks.borrow_mut() = Callbacks::of(stored.outside.emergencies);
        engine.restore_bindings(now, stored.bindings);
        engine.keep_helped_reachable(now);
        engine.restore_watchers(now, stored.subscriptions);
        engine.watch_config(&Snapshot::default());
        engine.reconcile_trunks(now);
        engine.settle(now);
        engine
    }

    /// A datagram or a frame.
    pub fn receive(&mut self, now: Now, flow: Flow, bytes: Bytes) {
        self.stack.receive(now.at, flow, bytes);
        self.settle(now);
    }

    /// Anything else.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Config(snapshot) => self.swap_config(now, snapshot),
            Input::Media(event) => self.on_media(now, event),
            Input::FlowFailed(flow) => self.stack.flow_failed(now.at, flow),
            Input::Stored(ticket) => {
                self.records.stored(ticket);
                while let Some((id, response)) = self.records.ready() {
                    self.stack.respond(now.at, id, response);
                }
            }
            Input::Resolved { question, records, ttl } => self.on_resolved(now, question, records, ttl),
            Input::Command(command) => self.obey(now, command),
            Input::Drain => self.service.draining = true,
            Input::HangUpAll => self.hang_up_all(now),
            Input::Edited { ticket, outcome } => self.on_edited(now, ticket, outcome),
            Input::Messages { tenant, user, counts } => self.count_messages(tenant, user, counts),
        }
        self.settle(now);
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.stack.handle_timeout(now.at);
        self.settle(now);
        self.expire_bindings(now);
        self.wake_watchers(now);
        self.ask_contacts(now);
        self.tell_resyncs(now);
        self.tend_trunks(now);
        while let Some((id, response)) = self.records.late(now.at) {
            self.counters.unstored += 1;
            tracing::warn!("a registration is confirmed before its row is stored: the disk is slow");
            self.stack.respond(now.at, id, response);
        }
        while let Some(timer) = self.timers.due(now.at) {
            match timer {
                Timer::Script(call) => self.step(now, call),
                Timer::Dial(leg) => self.dial(now, leg),
                Timer::Show(call) => self.show_held_back(now, call),
                Timer::Trace(call) => self.store_trace(call),
                Timer::Close(call) => self.close_record(now, call),
                Timer::Unheard(leg) => self.give_up_unheard(now, leg),
                Timer::Minutes(tenant) => self.review_minutes(now, tenant),
                Timer::Warned(leg) => self.hear_again(leg),
            }
        }
        self.settle(now);
    }

    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let expiry = self.office.bindings.borrow().next_expiry();
        let own =
            [self.timers.next(), self.records.next(), self.pinholes.next(), self.resyncs.next(), expiry];
        let trunks = self.office.trunks.borrow().next();
        own.into_iter().chain([self.presence.next(), self.stack.poll_timeout(), trunks]).flatten().min()
    }

    /// What is to be done, until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Counters and gauges for `/metrics`: name with labels, value, help.
    pub fn metrics(&self) -> Vec<(&'static str, f64, &'static str)> {
        let (transactions, invites) = self.stack.load();
        let gauges = [
            ("dialtone_sip_transactions", transactions, "SIP transactions under way"),
            ("dialtone_sip_invites", invites, "INVITE usages of the SIP stack"),
            ("dialtone_calls", self.calls.active, "Calls in progress"),
            ("dialtone_legs", self.calls.legs.len(), "Legs of calls in progress or ending"),
            ("dialtone_calls_parked", self.office.parking.borrow().len(), "Callers who wait in a park slot"),
            ("dialtone_bindings", self.office.bindings.borrow().len(), "Registered contacts"),
            (
                "dialtone_bindings_unreachable",
                self.pinholes.unreachable(),
                "Contacts behind NAT that do not answer",
            ),
            (
                "dialtone_subscriptions",
                self.presence.watchers.len(),
                "Subscriptions to lamps, presence, mailboxes",
            ),
            ("dialtone_watchers_waiting", self.presence.watchers.waiting(), "Watchers that wait to be told"),
            ("dialtone_phones_to_resync", self.resyncs.len(), "Phones that are to fetch their settings"),
            ("dialtone_rtp_ports", self.ports.in_use(), "RTP ports in use"),
            ("dialtone_rtp_ports_capacity", self.ports.capacity(), "RTP ports there are"),
            ("dialtone_rows_outstanding", self.records.outstanding() as usize, "Record rows not yet stored"),
        ];
        let trunks = self.office.trunks.borrow();
        let state = |state| self.trunks_shown.values().filter(|trunk| trunk.state == state).count();
        let of_trunks = [
            ("dialtone_trunks_up", state(live::TrunkState::Up), "Trunks by which calls can go"),
            ("dialtone_trunks_down", state(live::TrunkState::Down), "Trunks by which calls cannot go"),
            (
                "dialtone_trunk_calls",
                trunks.lines.values().map(|l| l.calls as usize).sum(),
                "Calls by trunks",
            ),
        ];
        let gauges =
            gauges.into_iter().chain(of_trunks).map(|(name, value, help)| (name, value as f64, help));
        let malformed =
            ("dialtone_sip_malformed_total", self.stack.malformed() as f64, "Unreadable SIP messages");
        gauges.chain([malformed]).chain(self.counters.list()).collect()
    }

    /// Whether no call, leg, transaction, timer or port is left over. Bindings may be there.
    pub fn is_quiet(&self) -> bool {
        let calls = &self.calls;
        calls.running.is_empty()
            && calls.legs.is_empty()
            && calls.invites.is_empty()
            && calls.sessions.is_empty()
            && calls.names.is_empty()
            && calls.active == 0
            && self.office.lines.borrow().is_empty()
            && self.office.guard.borrow().is_quiet()
            && self.office.trunks.borrow().is_quiet()
            && self.ports.in_use() == 0
            && self.office.parking.borrow().len() == 0
            && self.timers.is_empty()
            && self.records.is_empty()
            && self.edits.is_empty()
            && calls.references.is_empty()
            && self.presence.watchers.waiting() == 0
            && self.stack.is_quiet()
    }
}

/// For the rooms.
impl Engine {
    /// Lets stack and scripts go on until nothing moves any more.
    fn settle(&mut self, now: Now) {
        loop {
            while let Some(output) = self.stack.poll_output() {
                self.on_stack(now, output);
            }
            match self.ready.pop_front() {
                Some(call) => self.step(now, call),
                None if self.tell_watchers(now) => {}
                None => break,
            }
        }
        if self.service.draining && !self.service.drained && self.calls.running.is_empty() {
            self.service.drained = true;
            self.out.push_back(Output::Drained);
        }
    }

    /// Tells the worker of a call.
    fn tell_worker(&mut self, call: CallId, command: media::Command) {
        if !self.calls.running.contains_key(&call) {
            return;
        }
        let worker = call.worker(self.options.workers);
        self.out.push_back(Output::Media { worker, command });
    }

    /// Why no call is taken right now, if so. Logged once per period.
    fn no_room(&mut self, now: Now) -> Option<Refusal> {
        if self.service.draining {
            return Some(Refusal::Draining);
        }
        if self.calls.active < self.options.max_calls {
            return None;
        }
        self.log_no_room(now, "calls");
        Some(Refusal::NoRoom)
    }

    /// Says once per period that something ran out.
    fn log_no_room(&mut self, now: Now, what: &'static str) {
        let quiet = self.service.logged_at.is_some_and(|at| now.at < at + limits::LOG_INTERVAL);
        if !quiet {
            self.service.logged_at = Some(now.at);
            tracing::error!(calls = self.calls.active, "no more {what} to give: calls are refused with 503");
        }
    }
}

fn settings(options: &Options, snapshot: &Snapshot) -> sip_stack::Settings {
    let advertised = options.external_address.map_or(vec![], |external| {
        let listeners = options.listeners.iter().map(|&(_, local)| local);
        listeners
            .filter(|local| local.is_ipv4() == external.is_ipv4())
            .map(|local| (local, SocketAddr::new(external, local.port())))
            .collect()
    });
    let usual = sip_stack::Settings::default();
    let session_expires = Some(snapshot.node().session_timer.max(usual.min_se));
    sip_stack::Settings { advertised, session_expires, ..usual }
}
