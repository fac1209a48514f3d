//! A phone's lamps: a subscriber of its own making, message by message, that keeps what it is told as its makers do.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sip_stack::{Message, Method, Name};

use crate::{
    company::{DOMAIN, password},
    credentials::Credentials,
};

/// The lamps of one phone.
#[derive(Debug)]
pub struct Watcher {
    /// Where its socket is.
    pub address: SocketAddr,
    /// Another address in From than its own.
    pub claims: Option<String>,
    /// Answers NOTIFY with this status.
    pub answers: u16,
    /// Unplugged: it hears nothing.
    pub is_deaf: bool,
    /// By the order in which it subscribed.
    pub lamps: Vec<Lamp>,
    /// The last answer to PUBLISH: status, entity tag.
    pub published: Option<(u16, String)>,
    /// NOTIFYs of no dialog of its own.
    pub unasked: Vec<Message>,
    domain: String,
    credentials: Credentials,
    out: VecDeque<Bytes>,
    requests: Vec<Request>,
    branches: u32,
}

/// One subscription.
#[derive(Debug, Default)]
pub struct Lamp {
    /// What it watches.
    pub number: String,
    /// `Event`.
    pub event: String,
    /// `Accept`, if it sends one.
    pub accept: String,
    /// `Expires`.
    pub expires: u32,
    /// The final response to its last SUBSCRIBE.
    pub status: Option<u16>,
    /// That response.
    pub response: Option<Message>,
    /// Bodies of the NOTIFYs it took, in the order of CSeq as they came.
    pub documents: Vec<String>,
    /// When each of them came.
    pub told_at: Vec<Instant>,
    /// `Subscription-State` of the last one.
    pub state: String,
    /// Calls by id, and their state, as the documents say.
    pub calls: BTreeMap<String, String>,
    /// Partial documents that could not be applied, because one before was missing.
    pub gaps: usize,
    call_id: String,
    to_tag: String,
    target: String,
    cseq: u32,
    body: Option<(String, String)>,
    version: Option<u32>,
    last_notify: u32,
}

#[derive(Debug)]
struct Request {
    lamp: Option<usize>,
    method: &'static str,
    bytes: Bytes,
    branch: String,
    next: Instant,
    wait: Duration,
    until: Instant,
    was_challenged: bool,
    extra: String,
    body: Option<(String, String)>,
}

impl Watcher {
    /// The lamps of the device that `account` names, as [`crate::Phone::new`] has it.
    pub fn new(account: &str, address: SocketAddr) -> Self {
        let (username, domain) = account.split_once('@').unwrap_or((account, DOMAIN));
        Self {
            address,
            claims: None,
            answers: 200,
            is_deaf: false,
            lamps: vec![],
            published: None,
            unasked: vec![],
            domain: domain.into(),
            credentials: Credentials {
                username: username.into(),
                password: password(username),
                strong: false,
            },
            out: VecDeque::new(),
            requests: vec![],
            branches: 0,
        }
    }
    /// Another password than the right one.
    pub fn forgets_password(&mut self) {
        self.credentials.password.push('!');
    }
    /// Subscribes; its lamp's place.
    pub fn subscribe(&mut self, now: Instant, event: &str, number: &str, expires: u32) -> usize {
        let index = self.lamps.len();
        self.lamps.push(Lamp {
            number: number.into(),
            event: event.into(),
            expires,
            call_id: format!("watch{index}.{}", self.address),
            target: format!("sip:{number}@{}", self.domain),
            ..Lamp::default()
        });
        self.send_subscribe(now, index, None, None);
        index
    }
    /// Sends SUBSCRIBE once more, in its dialog, with that time.
    pub fn refresh(&mut self, now: Instant, lamp: usize, expires: u32) {
        self.lamps[lamp].expires = expires;
        self.send_subscribe(now, lamp, None, None);
    }
    /// The same with a body: what the phone wants changed.
    pub fn wish(&mut self, now: Instant, lamp: usize, body: &str) {
        let body = Some(("application/x-as-feature-event+xml".to_owned(), body.to_owned()));
        self.send_subscribe(now, lamp, None, body);
    }
    /// Says by PUBLISH what its user is doing; `etag` refreshes or changes.
    pub fn publish(&mut self, now: Instant, etag: &str, expires: u32, body: Option<&str>) {
        let mut extra = format!("Event: presence\r\nExpires: {expires}\r\n");
        if !etag.is_empty() {
            extra += &format!("SIP-If-Match: {etag}\r\n");
        }
        let body = body.map(|body| ("application/pidf+xml".to_owned(), body.to_owned()));
        self.published = None;
        self.send(now, None, ("PUBLISH", extra), None, body);
    }
    /// What a lamp shows: `off`, `blinks` or `on`.
    pub fn shows(&self, lamp: usize) -> &'static str {
        let calls = &self.lamps[lamp].calls;
        match () {
            () if calls.values().any(|state| state == "confirmed") => "on",
            () if calls.is_empty() => "off",
            () => "blinks",
        }
    }
    /// What it sends.
    pub fn poll(&mut self) -> Option<Bytes> {
        self.out.pop_front()
    }
    /// When it sends something again.
    pub fn next(&self) -> Option<Instant> {
        self.requests.iter().map(|request| request.next).min()
    }
    /// Sends again what was not answered.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.requests.retain(|request| request.until > now);
        for request in self.requests.iter_mut().filter(|request| request.next <= now) {
            self.out.push_back(request.bytes.clone());
            request.wait = (request.wait * 2).min(Duration::from_secs(4));
            request.next = now + request.wait;
        }
    }
    /// Something reached its socket.
    pub fn receive(&mut self, now: Instant, bytes: Bytes) {
        if self.is_deaf {
            return;
        }
        let Ok(message) = Message::parse(bytes) else { panic!("the PBX sends what is no message") };
        match message.status() {
            Some(status) if status >= 200 => self.on_response(now, status, &message),
            Some(_) => {}
            None => self.on_request(now, &message),
        }
    }

    fn on_response(&mut self, now: Instant, status: u16, response: &Message) {
        let branch = response.branch().unwrap_or_default();
        let Some(at) = self.requests.iter().position(|request| request.branch.as_bytes() == branch) else {
            return;
        };
        let request = self.requests.remove(at);
        if status == 401 && !request.was_challenged {
            let challenges: Vec<String> = response
                .headers(Name::WwwAuthenticate)
                .map(|v| String::from_utf8_lossy(v).into_owned())
                .collect();
            let uri = self.uri_of(request.lamp);
            let answer = self.credentials.answer(&challenges, request.method, &uri, 1);
            return match request.lamp {
                Some(lamp) => self.send_subscribe(now, lamp, answer, request.body),
                None => self.send(now, None, (request.method, request.extra), answer, request.body),
            };
        }
        let text = |name| String::from_utf8_lossy(response.header(name).unwrap_or_default()).into_owned();
        let Some(lamp) = request.lamp.map(|at| &mut self.lamps[at]) else {
            self.published = Some((status, text(Name::SipEtag)));
            return;
        };
        lamp.status = Some(status);
        lamp.response = Some(response.clone());
        if status < 300 {
            lamp.to_tag = String::from_utf8_lossy(response.to_tag().unwrap_or_default()).into_owned();
            let contact = text(Name::Contact);
            lamp.target = contact.trim_matches(['<', '>']).to_owned();
        }
    }

    fn on_request(&mut self, now: Instant, request: &Message) {
        let lamp = self.lamps.iter().position(|lamp| lamp.call_id.as_bytes() == request.call_id());
        let status = match (request.method(), lamp) {
            (Method::Notify, Some(at)) if self.answers == 200 => {
                if self.lamps[at].take(now, request) {
                    // A partial document was lost (RFC 4235 §4.3): everything anew.
                    let expires = self.lamps[at].expires;
                    self.refresh(now, at, expires);
                }
                200
            }
            (Method::Notify, Some(_)) => self.answers,
            (Method::Notify, None) if request.to_tag().is_none() => {
                self.unasked.push(request.clone());
                200
            }
            (Method::Notify, None) => 481,
            _ => 200,
        };
        let text = |name| String::from_utf8_lossy(request.header(name).unwrap_or_default()).into_owned();
        let tag = if request.to_tag().is_none() { ";tag=w" } else { "" };
        let answer = format!(
            "SIP/2.0 {status} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Content-Length: 0\r\n\r\n",
            text(Name::Via),
            text(Name::From),
            text(Name::To),
            text(Name::CallId),
            text(Name::CSeq),
        );
        self.out.push_back(answer.into());
    }

    fn send_subscribe(
        &mut self,
        now: Instant,
        lamp: usize,
        authorization: Option<String>,
        body: Option<(String, String)>,
    ) {
        let row = &mut self.lamps[lamp];
        row.body.clone_from(&body);
        let mut extra = format!("Event: {}\r\nExpires: {}\r\n", row.event, row.expires);
        if !row.accept.is_empty() {
            extra += &format!("Accept: {}\r\n", row.accept);
        }
        self.send(now, Some(lamp), ("SUBSCRIBE", extra), authorization, body);
    }

    fn send(
        &mut self,
        now: Instant,
        lamp: Option<usize>,
        (method, extra): (&'static str, String),
        authorization: Option<String>,
        body: Option<(String, String)>,
    ) {
        self.branches += 1;
        let branch = format!("z9hG4bKw{}.{}", self.address.ip(), self.branches);
        let uri = self.uri_of(lamp);
        let aor =
            format!("sip:{}@{}", self.claims.as_ref().unwrap_or(&self.credentials.username), self.domain);
        let (call_id, cseq, to) = match lamp.map(|at| &mut self.lamps[at]) {
            Some(row) => {
                row.cseq += 1;
                let tag = if row.to_tag.is_empty() { String::new() } else { format!(";tag={}", row.to_tag) };
                (row.call_id.clone(), row.cseq, format!("<sip:{}@{}>{tag}", row.number, self.domain))
            }
            None => (format!("publish.{}", self.address), self.branches, format!("<{aor}>")),
        };
        let authorization =
            authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let (kind, text) = body.clone().unwrap_or_default();
        let kind = if kind.is_empty() { kind } else { format!("Content-Type: {kind}\r\n") };
        let message = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: <{aor}>;tag=w{}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:lamps@{}>\r\n{extra}{authorization}{kind}Content-Length: {}\r\n\r\n{text}",
            self.address,
            self.address.port(),
            self.address,
            text.len(),
        );
        let was_challenged = !authorization.is_empty();
        let bytes = Bytes::from(message);
        self.out.push_back(bytes.clone());
        let wait = Duration::from_millis(500);
        let until = now + Duration::from_secs(32);
        let next = now + wait;
        self.requests.push(Request {
            lamp,
            method,
            bytes,
            branch,
            next,
            wait,
            until,
            was_challenged,
            extra,
            body,
        });
    }

    fn uri_of(&self, lamp: Option<usize>) -> String {
        match lamp {
            Some(at) => self.lamps[at].target.clone(),
            None => format!("sip:{}@{}", self.credentials.username, self.domain),
        }
    }
}

impl Lamp {
    /// Whether it is subscribed.
    pub fn is_active(&self) -> bool {
        self.state.starts_with("active")
    }
    /// The last document.
    pub fn last(&self) -> &str {
        self.documents.last().map_or("", |document| document)
    }
    /// Takes a NOTIFY; whether it has to ask for everything anew.
    fn take(&mut self, now: Instant, notify: &Message) -> bool {
        if notify.cseq() <= self.last_notify {
            return false;
        }
        let leapt = notify.cseq() != self.last_notify + 1;
        self.last_notify = notify.cseq();
        let text = |name| String::from_utf8_lossy(notify.header(name).unwrap_or_default()).into_owned();
        assert_eq!(text(Name::Event), self.event.replace(";sla", ""), "Event of a NOTIFY");
        self.state = text(Name::SubscriptionState);
        let body = String::from_utf8_lossy(&notify.body()).into_owned();
        if !self.is_active() {
            self.calls.clear();
        }
        if body.is_empty() {
            return false;
        }
        self.told_at.push(now);
        let is_lost = text(Name::ContentType) == "application/dialog-info+xml" && !self.apply(&body, leapt);
        self.documents.push(body);
        is_lost
    }
    /// Applies a document of calls; `false` if it builds on one that never came.
    fn apply(&mut self, body: &str, leapt: bool) -> bool {
        let body = &body[body.find("<dialog-info").expect("a document")..];
        let version = attribute(body, "version").and_then(|version| version.parse().ok());
        let is_full = attribute(body, "state").as_deref() == Some("full");
        let follows = self.version.is_some_and(|before| version == Some(before + 1));
        assert!(
            leapt || self.version.is_none() || follows,
            "versions count: {:?}, {version:?}",
            self.version
        );
        self.version = version;
        self.version = version;
        if is_full {
            self.calls.clear();
        } else if !follows {
            self.gaps += 1;
            return false;
        }
        for dialog in body.split("<dialog ").skip(1) {
            let id = attribute(dialog, "id").expect("each dialog has an id");
            let state = dialog.split("<state>").nth(1).and_then(|rest| rest.split('<').next());
            match state {
                Some("terminated") => {
                    self.calls.remove(&id);
                }
                Some(state) => {
                    self.calls.insert(id, state.to_owned());
                }
                None => panic!("a dialog without state: {body}"),
            }
        }
        true
    }
}

fn attribute(text: &str, name: &str) -> Option<String> {
    // `id="` is also the end of `call-id="`.
    let at =
        text.find(&format!(" {name}=\"")).map(|at| at + 1).or_else(|| text.starts_with(name).then_some(0))?;
    let value = &text[at + name.len() + 2..];
    value.split('"').next().map(str::to_owned)
}
