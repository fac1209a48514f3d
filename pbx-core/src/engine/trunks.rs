//! Trunks are registered at, asked whether they are there, and found by their names. SIP-38.
//!
//! ```text
//!   shell          engine                     trunk
//!     │◄─ Resolve ───│                          │
//!     │── Resolved ─►│── REGISTER ─────────────►│
//!     │              │◄───────────────────── 401 │
//!     │              │── REGISTER, credentials ►│
//!     │◄─ Live: Up ──│◄───────────────────── 200 │  refreshed in time; OPTIONS now and then
//! ```

use std::{rc::Rc, time::Duration};

use config::{TenantId, TrunkId};
use rand::Rng;
use sip_stack::{
    Flow, Message, Name, Request, RequestId, Transport,
    headers::NameAddr,
    resolve::{Hop, Question, Record},
    uri::Uri,
};
use smallvec::SmallVec;

use super::Engine;
use crate::{
    io::{Now, Output},
    live::{self, TrunkState},
    trunk::{Asked, Line, Outcome, What},
};

impl Engine {
    /// Takes the trunks of the present configuration.
    pub(super) fn reconcile_trunks(&mut self, now: Now) {
        let given_up = self.office.trunks.borrow_mut().reconcile(now.at, &self.snapshot, &mut self.random);
        for line in given_up {
            self.unregister(now, line);
        }
        self.tend_trunks(now);
    }

    /// Does what is due.
    pub(super) fn tend_trunks(&mut self, now: Now) {
        if self.office.trunks.borrow().next().is_none_or(|at| at > now.at) {
            return self.show_trunks(now);
        }
        let ids: Vec<TrunkId> = self.office.trunks.borrow().lines.keys().copied().collect();
        for id in ids {
            self.look_up_trunk(now, id);
            self.tend_trunk(now, id);
        }
        self.office.trunks.borrow_mut().reckon();
        self.show_trunks(now);
    }

    /// An answer came.
    pub(super) fn on_resolved(&mut self, now: Now, question: Question, records: Vec<Record>, ttl: Duration) {
        let mut trunks = self.office.trunks.borrow_mut();
        trunks.asking.remove(&question);
        trunks.answers.keep(now.at, question, records, ttl);
        let waiting: Vec<TrunkId> =
            trunks.lines.iter().filter(|(_, line)| line.waits_for_answers()).map(|(id, _)| *id).collect();
        drop(trunks);
        for id in waiting {
            self.find_trunk(now, id);
        }
        self.office.trunks.borrow_mut().reckon();
        self.tend_trunks(now);
    }

    /// The final response to a request to a trunk; `false` if it was none.
    pub(super) fn on_trunk_response(&mut self, now: Now, id: RequestId, response: Option<&Message>) -> bool {
        let Some(asked) = self.office.trunks.borrow_mut().asked.remove(&id) else { return false };
        match asked.what {
            What::Register { proved } => self.hear_register(now, asked, proved, response),
            What::Options => {
                let mut trunks = self.office.trunks.borrow_mut();
                if let Some(line) = trunks.lines.get_mut(&asked.trunk) {
                    let status = response.and_then(Message::status);
                    if status.is_none() && line.registration.is_none() {
                        line.try_next_hop();
                    }
                    let Line { health, .. } = line;
                    health.iter_mut().for_each(|health| health.hear(now.at, status, &mut self.random));
                }
            }
        }
        self.office.trunks.borrow_mut().reckon();
        self.tend_trunks(now);
        true
    }

    /// Somebody wants to know now. A-35
    pub(super) fn test_trunk(&mut self, now: Now, tenant: TenantId, id: TrunkId) {
        let mut trunks = self.office.trunks.borrow_mut();
        let Some(line) = trunks.lines.get_mut(&id).filter(|line| line.trunk.tenant == tenant) else { return };
        line.registration.iter_mut().for_each(|registration| registration.renew(now.at));
        match &mut line.health {
            Some(health) => health.ask_now(now.at),
            None => {
                let (hop, trunk) = (line.hop(), line.trunk.clone());
                drop(trunks);
                if let Some(flow) = hop.and_then(|hop| self.flow_to(hop)) {
                    self.ask_trunk(now, &trunk, flow);
                }
                return self.show_trunks(now);
            }
        }
        trunks.reckon();
        drop(trunks);
        self.tend_trunks(now);
    }

    /// The flow that leads to an address, by one of our listeners.
    pub(super) fn flow_to(&self, hop: Hop) -> Option<Flow> {
        let fits = |&&(transport, address): &&(Transport, std::net::SocketAddr)| {
            transport == hop.transport && address.is_ipv4() == hop.remote.is_ipv4()
        };
        let listeners = || self.options.listeners.iter().filter(fits).map(|(_, address)| *address);
        let exact = listeners().find(|address| address.ip() == hop.local);
        let local = exact.or_else(|| listeners().find(|address| address.ip().is_unspecified()))?;
        Some(Flow { transport: hop.transport, local, remote: hop.remote })
    }

    /// Tells the portal what changed.
    pub(super) fn show_trunks(&mut self, now: Now) {
        let office = Rc::clone(&self.office);
        let trunks = office.trunks.borrow();
        let gone: Vec<TrunkId> =
            self.trunks_shown.keys().copied().filter(|id| !trunks.lines.contains_key(id)).collect();
        for trunk in gone {
            self.trunks_shown.remove(&trunk);
            self.out.push_back(Output::Live(live::Change::TrunkGone { trunk }));
        }
        for (id, line) in &trunks.lines {
            let before = self.trunks_shown.get(id);
            let (state, text) = line.state(now.at);
            let since = match before {
                Some(before) if before.state == state => before.since,
                _ => now.utc.timestamp_millis(),
            };
            let shown = shown(line, (state, text), since);
            if before == Some(&shown) {
                continue;
            }
            log(before, &shown);
            let is_news = before.is_none_or(|before| before.state != shown.state);
            self.trunks_shown.insert(*id, shown.clone());
            if is_news {
                self.touch_trunk(*id);
            }
            self.out.push_back(Output::Live(live::Change::Trunk(shown)));
        }
    }

    fn look_up_trunk(&mut self, now: Now, id: TrunkId) {
        let must = self.office.trunks.borrow().lines.get(&id).is_some_and(|line| line.must_look_up(now.at));
        if must {
            self.office.trunks.borrow_mut().answers.forget_old(now.at);
            self.find_trunk(now, id);
        }
    }

    /// Looks a trunk's addresses up, and asks what is not known.
    fn find_trunk(&mut self, now: Now, id: TrunkId) {
        let mut held = self.office.trunks.borrow_mut();
        let trunks = &mut *held;
        let Some(line) = trunks.lines.get_mut(&id) else { return };
        let speaks: SmallVec<[Transport; 4]> =
            self.options.listeners.iter().map(|(transport, _)| *transport).collect();
        let (random, passed) = (&mut self.random, line.passed_tls);
        let known = (&trunks.answers, &*speaks);
        let questions = line.look_up(now.at, known, &mut |below| random.random_range(0..below));
        if line.passed_tls && !passed {
            tracing::warn!(trunk.id = %id,
                "the trunk's domain has TLS, and no listener here speaks it: calls go in clear where it has \
                 another way, else not at all; start with --sip-tls");
        }
        for question in questions {
            if trunks.asking.insert(question.clone()) {
                self.out.push_back(Output::Resolve(question));
            }
        }
        drop(held);
        self.demand_proof();
    }

    fn tend_trunk(&mut self, now: Now, id: TrunkId) {
        let mut trunks = self.office.trunks.borrow_mut();
        let Some(line) = trunks.lines.get_mut(&id).filter(|line| line.trunk.enabled) else { return };
        let Some(hop) = line.hop() else { return };
        let trunk = line.trunk.clone();
        let must_register = line.registration.as_mut().is_some_and(|registration| {
            registration.take_expired(now.at);
            registration.take_due(now.at)
        });
        let must_ask = line.health.as_mut().is_some_and(|health| health.take_due(now.at));
        drop(trunks);
        let Some(flow) = self.flow_to(hop) else {
            tracing::warn!(trunk.id = %id, peer.addr = %hop.remote,
                "no listener of ours leads to the trunk's address");
            return self.unreachable(now, id, must_register, must_ask);
        };
        if must_register {
            self.send_register(now, id, flow, false);
        }
        if must_ask {
            self.ask_trunk(now, &trunk, flow);
        }
    }

    /// Nothing can be sent to it: that counts as nothing coming back.
    fn unreachable(&mut self, now: Now, id: TrunkId, must_register: bool, must_ask: bool) {
        let mut trunks = self.office.trunks.borrow_mut();
        let Some(line) = trunks.lines.get_mut(&id) else { return };
        if let Some(registration) = line.registration.as_mut().filter(|_| must_register) {
            registration.hear(now.at, Outcome::Silent, &mut self.random);
        }
        if let Some(health) = line.health.as_mut().filter(|_| must_ask) {
            health.hear(now.at, None, &mut self.random);
        }
        line.try_next_hop();
    }

    fn send_register(&mut self, now: Now, id: TrunkId, flow: Flow, is_second: bool) {
        let cnonce = format!("{:016x}", self.random.random::<u64>());
        let office = self.office.clone();
        let mut trunks = office.trunks.borrow_mut();
        let Some(line) = trunks.lines.get_mut(&id) else { return };
        let expires = line.registration.as_ref().map_or(0, |registration| registration.expires());
        let mut request = register(line, flow, self.stack.shown_address(flow), expires);
        let credentials = line.credentials(&request.uri, &cnonce);
        let proved = credentials.is_some() && is_second;
        request.headers.extend(credentials);
        let mut series = line.series.take().unwrap_or_else(|| self.stack.new_series());
        let sent = self.stack.request_in(now.at, flow, &request, &mut series);
        line.series = Some(series);
        trunks.asked.insert(sent, Asked { trunk: id, what: What::Register { proved }, flow });
    }

    fn hear_register(&mut self, now: Now, asked: Asked, proved: bool, response: Option<&Message>) {
        let mut trunks = self.office.trunks.borrow_mut();
        let Some(line) = trunks.lines.get_mut(&asked.trunk) else { return };
        let challenged = response.is_some_and(|r| matches!(r.status(), Some(401 | 407)));
        if let (true, Some(response)) = (challenged, response)
            && line.registration.is_some()
            && line.hear_challenge(response, proved)
        {
            drop(trunks);
            return self.send_register(now, asked.trunk, asked.flow, true);
        }
        let outcome = outcome(response, asked.flow);
        // Another address may have it (RFC 3263 §4.3).
        let is_elsewhere = match &outcome {
            Outcome::Silent => true,
            Outcome::Refused { status, .. } => *status == 408 || *status >= 500,
            Outcome::Accepted(_) | Outcome::TooBrief(_) => false,
        };
        if is_elsewhere {
            line.try_next_hop();
        }
        if let Some(registration) = &mut line.registration {
            registration.hear(now.at, outcome, &mut self.random);
        }
    }

    fn ask_trunk(&mut self, now: Now, trunk: &config::snapshot::Trunk, flow: Flow) {
        let domain = uri_host(&trunk.peer.domain);
        let request = Request {
            method: "OPTIONS",
            from: format!("<sip:{domain}>"),
            to: format!("<{}>", server_uri(trunk)),
            uri: server_uri(trunk),
            headers: vec![(Name::Accept, "application/sdp".into())],
            ..Request::default()
        };
        let sent = self.stack.request(now.at, flow, request);
        let asked = Asked { trunk: trunk.id, what: What::Options, flow };
        self.office.trunks.borrow_mut().asked.insert(sent, asked);
    }

    /// A trunk that changed or is gone has us no longer. Nobody waits for the answer.
    fn unregister(&mut self, now: Now, mut line: Line) {
        let is_held = line.registration.as_ref().is_some_and(|registration| registration.is_held(now.at));
        let (Some(flow), Some(mut series)) =
            (line.hop().filter(|_| is_held).and_then(|hop| self.flow_to(hop)), line.series.take())
        else {
            return;
        };
        let cnonce = format!("{:016x}", self.random.random::<u64>());
        let mut request = register(&line, flow, self.stack.shown_address(flow), 0);
        request.headers.extend(line.credentials(&request.uri, &cnonce));
        self.stack.request_in(now.at, flow, &request, &mut series);
    }
}

/// `sip:host` of the trunk itself, with port and transport where they are given.
pub(super) fn server_uri(trunk: &config::snapshot::Trunk) -> String {
    let peer = &trunk.peer;
    let port = peer.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("sip:{}{port}{}", uri_host(&peer.host), transport_of(trunk))
}

/// `;transport=tcp` where the trunk is reached so.
pub(super) fn transport_of(trunk: &config::snapshot::Trunk) -> &'static str {
    match trunk.peer.transport {
        config::snapshot::Transport::Tcp => ";transport=tcp",
        config::snapshot::Transport::Tls => ";transport=tls",
        config::snapshot::Transport::Udp | config::snapshot::Transport::Dns => "",
    }
}

/// IPv6 in brackets.
pub(super) fn uri_host(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// RFC 3261 §10.2. The Contact names the trunk, so that calls to it are known whatever name they carry.
fn register(line: &Line, flow: Flow, shown: std::net::SocketAddr, expires: u64) -> Request {
    let trunk = &line.trunk;
    let (user, domain) = (&trunk.account.username, uri_host(&trunk.peer.domain));
    let transport = flow.transport.uri_param();
    let contact = format!("<sip:{user}@{shown}{transport};{CONTACT_PARAM}={}>", trunk.id);
    Request {
        method: "REGISTER",
        uri: format!("sip:{domain}"),
        from: format!("<sip:{user}@{domain}>"),
        to: format!("<sip:{user}@{domain}>"),
        headers: vec![
            (Name::Contact, contact),
            (Name::Expires, expires.to_string()),
            (Name::Supported, "path, gruu".into()),
        ],
        ..Request::default()
    }
}

/// What a response to REGISTER means. Path and Service-Route may be there; we need neither.
fn outcome(response: Option<&Message>, flow: Flow) -> Outcome {
    let Some(response) = response else { return Outcome::Silent };
    let seconds = |value: &[u8]| {
        let text = std::str::from_utf8(value).ok()?.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end]);
        digits.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()))
    };
    let header = |name| response.header(name).and_then(seconds);
    match response.status().unwrap_or(500) {
        200..=299 => {
            // Ours among all contacts that are bound (RFC 3261 §10.2.4).
            let ours = response.values(Name::Contact).find_map(|value| {
                let contact = NameAddr::parse(value)?;
                let uri = Uri::parse(contact.uri)?;
                let is_ours = uri.params.get(CONTACT_PARAM).is_some() || uri.ip() == Some(flow.local.ip());
                is_ours.then(|| contact.params.get("expires").and_then(seconds)).flatten()
            });
            Outcome::Accepted(ours.or_else(|| header(Name::Expires)).unwrap_or(USUAL))
        }
        423 => Outcome::TooBrief(header(Name::MinExpires).unwrap_or_default()),
        status => Outcome::Refused {
            status,
            reason: String::from_utf8_lossy(response.reason_phrase()).into_owned(),
            retry_after: header(Name::RetryAfter),
        },
    }
}

fn shown(line: &Line, (state, text): (TrunkState, String), since: i64) -> live::Trunk {
    let address = line.hop().map(|hop| format!("{} {}", hop.transport.name(), hop.remote));
    live::Trunk {
        tenant: line.trunk.tenant,
        trunk: line.trunk.id,
        name: line.trunk.name.clone(),
        state,
        text,
        since,
        calls: line.calls,
        address: address.unwrap_or_default(),
    }
}

fn log(before: Option<&live::Trunk>, now: &live::Trunk) {
    let (trunk, tenant) = (now.trunk, now.tenant);
    if before.is_some_and(|before| before.state == now.state) {
        return;
    }
    match now.state {
        TrunkState::Up => {
            tracing::info!(tenant.id = %tenant, trunk.id = %trunk, "trunk {}: {}", now.name, now.text)
        }
        TrunkState::Down => tracing::error!(tenant.id = %tenant, trunk.id = %trunk,
            "trunk {} is down: {}; calls by it are not possible", now.name, now.text),
        TrunkState::Off | TrunkState::Searching | TrunkState::Registering => {}
    }
}

/// The parameter of our Contact that names the trunk.
pub(super) const CONTACT_PARAM: &str = "trunk";
/// Where neither Contact nor Expires says it (RFC 3261 §10.2.1.1).
const USUAL: Duration = Duration::from_secs(3600);
