//! What would become of a call: the real engine runs it against phones and trunks that are assumed, in no time at all. The
//! simulator of the portal and `dialtone why` ask it. OPS-02.
//!
//! Nothing is written, sent or spent. What people would do at the phones is the caller's to assume; what happens at once –
//! the routes, the rules, who is rung in which order for how long – is what a real call under the same configuration does.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use config::{
    DeviceId, Snapshot, TenantId, UserId,
    records::{BindingRow, CallRow, Change},
};
use sip_stack::{
    Flow, InviteId, Message, Method, Name, Response, Stack, Transport,
    resolve::{Kind, Record},
    stack,
    uri::Uri,
};

use super::{Engine, Input, Now, Options, Output, Stored};
use crate::route::Caller;

/// What is rehearsed.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The configuration that decides.
    pub snapshot: Arc<Snapshot>,
    /// Whose call it is.
    pub tenant: TenantId,
    /// Who calls: a user and their phone, or a number outside.
    pub from: From,
    /// As it is dialled.
    pub dialled: String,
    /// When.
    pub utc: DateTime<Utc>,
    /// Any moment: the rehearsal's timers begin there.
    pub at: Instant,
    /// What phones of users do; the others ring.
    pub users: HashMap<UserId, Assumed>,
    /// What those do who are called outside.
    pub outside: Assumed,
    /// Feeds what chance decides.
    pub seed: [u8; 32],
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// Somebody of the company, with one of their phones.
    #[allow(missing_docs)]
    Inside { user: Option<UserId>, device: Option<DeviceId>, number: String },
    /// Somebody outside, by the first trunk of the company.
    Outside(String),
}

/// What a phone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Assumed {
    /// Until nobody waits any longer.
    Rings,
    /// After so long.
    Answers(Duration),
    Busy,
    Declines,
    NotRegistered,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// Each decision with its time and rule: JSON as [`CallRow::trace`].
    pub trace: String,
    /// Who answered; blank if nobody did.
    pub answered_by: String,
    /// How it ended, if nobody answered: `480 No answer`.
    pub cause: String,
    /// How long it took until then.
    pub took: Duration,
}

/// Runs the call until somebody answers it, it fails, or ten minutes are over.
pub fn rehearse(rehearsal: &Rehearsal) -> Rehearsed {
    let mut stage = Stage::new(rehearsal);
    stage.settle();
    stage.engine.rehearse(stage.now(), rehearsal);
    while stage.closed.is_none() && stage.answered.is_none() {
        stage.settle();
        if stage.closed.is_some() || stage.answered.is_some() || !stage.wait() {
            break;
        }
    }
    stage.finish()
}

/// The engine, and all that is around it.
struct Stage<'a> {
    rehearsal: &'a Rehearsal,
    engine: Engine,
    /// Every phone and trunk there is, in one.
    world: Stack,
    start: Instant,
    clock: Instant,
    /// Whose phone stands at an address; all others are trunks.
    phones: HashMap<SocketAddr, UserId>,
    /// Who answers when.
    due: Vec<(Instant, InviteId, String)>,
    answered: Option<String>,
    closed: Option<Box<CallRow>>,
}

impl<'a> Stage<'a> {
    fn new(rehearsal: &'a Rehearsal) -> Self {
        let start = rehearsal.at;
        let (phones, bindings) = phones(rehearsal);
        let options = Options {
            listeners: vec![(Transport::Udp, HERE), (Transport::Tcp, HERE)],
            external_address: None,
            rtp_ports: 20_000..=20_999,
            workers: 1,
            max_calls: 100,
            seed: rehearsal.seed,
        };
        let now = Now { at: start, utc: rehearsal.utc };
        let stored = Stored { bindings, ..Stored::default() };
        Self {
            rehearsal,
            engine: Engine::new(now, options, rehearsal.snapshot.clone(), stored),
            world: Stack::new(stack::Settings::default(), rehearsal.seed),
            start,
            clock: start,
            phones,
            due: vec![],
            answered: None,
            closed: None,
        }
    }

    fn now(&self) -> Now {
        let passed = TimeDelta::from_std(self.clock - self.start).unwrap_or_default();
        Now { at: self.clock, utc: self.rehearsal.utc + passed }
    }

    /// Lets everybody speak until nobody has anything to say.
    fn settle(&mut self) {
        for _ in 0..MOST_STEPS {
            let (mut moved, now) = (false, self.now());
            while let Some(output) = self.engine.poll_output() {
                moved = true;
                self.hear_engine(now, output);
            }
            while let Some(output) = self.world.poll_output() {
                moved = true;
                match output {
                    stack::Output::Transmit { flow, bytes, .. } => {
                        self.engine.receive(now, swapped(flow), bytes)
                    }
                    stack::Output::Event(event) => self.hear_world(now, event),
                    stack::Output::Received { .. } => {}
                }
            }
            if !moved || self.closed.is_some() {
                return;
            }
        }
    }

    fn hear_engine(&mut self, now: Now, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => self.world.receive(now.at, swapped(flow), bytes),
            Output::Store { ticket, change } => {
                if let Change::CallClosed(row) = change
                    && row.tenant == self.rehearsal.tenant.0
                {
                    self.closed = Some(row);
                }
                self.engine.handle(now, Input::Stored(ticket));
            }
            Output::Resolve(question) => {
                let records = match question.kind {
                    Kind::Address => vec![Record::Address(THERE)],
                    Kind::Local => vec![Record::Address(HERE.ip())],
                    Kind::Naptr | Kind::Srv => vec![],
                };
                self.engine.handle(now, Input::Resolved { question, records, ttl: LIMIT });
            }
            // Nothing is changed, shown or said.
            Output::Edit { ticket, .. } => self.engine.handle(now, Input::Edited { ticket, outcome: Ok(()) }),
            Output::Media { .. } | Output::Live(_) | Output::Drained | Output::Demand { .. } => {}
        }
    }

    fn hear_world(&mut self, now: Now, event: stack::Event) {
        match event {
            stack::Event::Invite { id, flow, request, .. } => self.ring(now, id, (flow, &request)),
            stack::Event::Cancelled { id, .. } => self.due.retain(|(_, other, _)| *other != id),
            stack::Event::Request { id, request, .. } => {
                let contact = request.header(Name::Contact).map(|v| String::from_utf8_lossy(v).into_owned());
                let answer = Response::new(200);
                let answer = match contact.filter(|_| request.method() == Method::Register) {
                    Some(contact) => answer.with(Name::Contact, format!("{contact};expires=3600")),
                    None => answer,
                };
                self.world.respond(now.at, id, answer);
            }
            _ => {}
        }
    }

    /// Somebody is called.
    fn ring(&mut self, now: Now, id: InviteId, (flow, request): (Flow, &Message)) {
        let user = self.phones.get(&flow.local);
        let assumed = match user {
            Some(user) => self.rehearsal.users.get(user).copied().unwrap_or(Assumed::Rings),
            None => self.rehearsal.outside,
        };
        match assumed {
            Assumed::Busy => self.world.reject(now.at, id, Response::new(486)),
            Assumed::Declines => self.world.reject(now.at, id, Response::new(603)),
            Assumed::NotRegistered => self.world.reject(now.at, id, Response::new(503)),
            Assumed::Rings | Assumed::Answers(_) => self.world.progress(now.at, id, Response::new(180)),
        }
        if let Assumed::Answers(after) = assumed {
            let uri =
                request.request_uri().and_then(Uri::parse).map(|uri| uri.user_text()).unwrap_or_default();
            let snapshot = &self.rehearsal.snapshot;
            let name = user.and_then(|id| snapshot.user_anywhere(*id)).map(|user| {
                [user.number.as_deref().unwrap_or_default(), " ", &user.full_name()]
                    .concat()
                    .trim()
                    .to_owned()
            });
            self.due.push((now.at + after, id, name.unwrap_or(uri)));
        }
    }

    /// Time passes until something is due; `false` if nothing is, or it takes too long.
    fn wait(&mut self) -> bool {
        let next = self.due.iter().map(|(at, ..)| *at).min();
        let next = [self.engine.poll_timeout(), self.world.poll_timeout(), next].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next < self.start + LIMIT) else { return false };
        self.clock = next.max(self.clock);
        if let Some(at) = self.due.iter().position(|(at, ..)| *at <= self.clock) {
            self.answered = Some(self.due.swap_remove(at).2);
            return true;
        }
        self.engine.handle_timeout(self.now());
        self.world.handle_timeout(self.clock);
        true
    }

    /// The call is cut where somebody answers: its record has what was decided until then.
    fn finish(mut self) -> Rehearsed {
        let took = self.clock - self.start;
        let cut = self.closed.is_none();
        if cut {
            self.engine.handle(self.now(), Input::HangUpAll);
            for _ in 0..MOST_STEPS {
                self.settle();
                if self.closed.is_some() || !self.wait() {
                    break;
                }
            }
        }
        let row = self.closed.map(|row| *row).unwrap_or_default();
        let answered_by = self.answered.unwrap_or_default();
        let cause = match (cut, answered_by.is_empty()) {
            (true, true) => "It goes on for more than ten minutes".to_owned(),
            (true, false) => String::new(),
            (false, _) => row.cause,
        };
        // A record is closed a moment after its call is over.
        let lasted = row.ended_at.filter(|_| !cut).map(|ended| ended - row.started_at);
        let took = lasted.and_then(|ms| u64::try_from(ms).ok()).map_or(took, Duration::from_millis);
        Rehearsed { trace: row.trace, answered_by, cause, took }
    }
}

/// A phone for each device of the companies that this call could reach, at an address of its own.
fn phones(rehearsal: &Rehearsal) -> (HashMap<SocketAddr, UserId>, Vec<BindingRow>) {
    let (mut phones, mut bindings) = (HashMap::new(), Vec::new());
    let now = rehearsal.utc.timestamp_millis();
    let users = &rehearsal.users;
    for (index, device) in rehearsal.snapshot.devices().enumerate().take(MOST_PHONES) {
        let Some(user) = device.user.filter(|user| users.get(user) != Some(&Assumed::NotRegistered)) else {
            continue;
        };
        let ip = u32::from_be_bytes([10, 128, 0, 0]) + index as u32 + 1;
        let address = SocketAddr::new(IpAddr::V4(ip.into()), 5060);
        phones.insert(address, user);
        bindings.push(BindingRow {
            tenant: device.tenant,
            device: device.id,
            key: format!("sip:{}@{address}", device.username),
            contact: format!("sip:{}@{address}", device.username),
            path: String::new(),
            flow: format!("udp {HERE} {address}"),
            user_agent: "assumed".into(),
            call_id: "assumed".into(),
            cseq: 1,
            position: index as i64 + 1,
            registered_at: now,
            expires_at: now + LIMIT.as_millis() as i64 * 2,
        });
    }
    (phones, bindings)
}

/// The same way, seen from its other end.
fn swapped(flow: Flow) -> Flow {
    Flow { transport: flow.transport, local: flow.remote, remote: flow.local }
}

impl Rehearsal {
    /// The caller as routing knows them.
    pub(crate) fn caller(&self) -> Caller {
        match &self.from {
            From::Inside { user, device, number } => {
                Caller { user: *user, device: *device, number: number.clone(), ..Caller::default() }
            }
            From::Outside(number) => {
                let trunk = self.snapshot.trunks_of(self.tenant).first().map(|trunk| trunk.id);
                Caller { number: number.clone(), trunk, ..Caller::default() }
            }
        }
    }
}

/// Where the engine listens.
const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(10, 127, 0, 1)), 5060);
/// Where all names lead.
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 126, 0, 1));
/// How long a rehearsed call may go on.
const LIMIT: Duration = Duration::from_secs(600);
/// Rounds of speech without time passing, and of time at the end.
const MOST_STEPS: usize = 10_000;
/// Phones that are assumed.
const MOST_PHONES: usize = 20_000;

#[cfg(test)]
mod tests;
