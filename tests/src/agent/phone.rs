//! The phone: an account, a link, what it heard, and what it answers by itself.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Condvar, Mutex, OnceLock},
    time::{Duration, Instant},
};

use super::{
    Algorithm, Link, Rtp, Text,
    call::{Dial, Dialling, Incoming, Talking},
    digest::Challenge,
    link::Over,
    sdp, unique,
};
use crate::patience::PATIENCE;

/// What a phone is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Internal number of its user.
    pub extension: String,
    /// Digest user name.
    pub user: String,
    pub password: String,
    /// SIP domain: the server's address unless a test says otherwise.
    pub domain: String,
}

/// What the phone does with a call nobody scripted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// Leaves it to the test ([`Phone::incoming`]).
    #[default]
    Wait,
    /// Rings, answers, talks until the other side hangs up.
    Answer,
    /// Refuses with this status.
    Refuse(u16),
    /// Rings until the caller gives up.
    Ring,
}

/// A scripted phone. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Phone(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub account: Account,
    pub algorithm: Algorithm,
    link: OnceLock<Link>,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Everything, in order; `true` for what we sent.
    pub log: Vec<(bool, Text)>,
    /// Received and not taken by the script yet.
    pub fresh: VecDeque<Text>,
    /// Our last answer by branch and method, for retransmissions.
    pub answers: HashMap<(String, String), String>,
    /// Calls we started, by Call-ID.
    pub dials: HashMap<String, Dial>,
    /// Media of each call, by Call-ID.
    pub media: HashMap<String, Rtp>,
    /// Calls that the other side ended.
    pub ended: HashSet<String>,
    /// Calls answered by [`Manner::Answer`].
    pub talking: Vec<Talking>,
    pub manner: Manner,
    /// Offers within a call are left to the test.
    pub ponders: bool,
    cseq: u32,
}

impl Phone {
    /// A phone at the loopback address, over UDP, with MD5.
    pub fn new(account: Account, server: SocketAddr) -> Self {
        Self::with(account, server, Over::Udp, Algorithm::Md5)
    }
    /// A phone with a choice of transport and algorithm.
    pub fn with(account: Account, server: SocketAddr, over: Over, algorithm: Algorithm) -> Self {
        let ip = if server.is_ipv4() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)
        };
        Self::at(ip, account, server, over, algorithm)
    }
    /// A phone at another loopback address (127.0.0.2 for somebody else's machine).
    pub fn at(ip: IpAddr, account: Account, server: SocketAddr, over: Over, algorithm: Algorithm) -> Self {
        let (link, state, news) = (OnceLock::new(), Mutex::default(), Condvar::new());
        let inner = Arc::new(Inner { account, algorithm, link, state, news });
        let ear = Arc::downgrade(&inner);
        let hear = move |_: &Link, text: Text| {
            if let Some(inner) = ear.upgrade() {
                Phone(inner).hear(text);
            }
        };
        let link = Link::open_at(ip, over, server, hear);
        inner.link.set(link).unwrap();
        Self(inner)
    }
    pub fn link(&self) -> &Link {
        self.0.link.wait()
    }
    /// `sip:user@domain`.
    pub fn address(&self) -> String {
        format!("sip:{}@{}", self.0.account.user, self.0.account.domain)
    }
    /// Our Contact URI.
    pub fn contact(&self) -> String {
        let link = self.link();
        format!("sip:{}@{}{}", self.0.account.user, link.local, link.contact_param())
    }
    /// What it does by itself from here on.
    pub fn set_manner(&self, manner: Manner) {
        self.0.state.lock().unwrap().manner = manner;
    }
    /// Leaves offers within a call to the test ([`Phone::take`]) instead of agreeing to them.
    pub fn set_ponders(&self, ponders: bool) {
        self.0.state.lock().unwrap().ponders = ponders;
    }
    /// How many calls it answered by itself and still holds.
    pub fn talking(&self) -> usize {
        let state = self.0.state.lock().unwrap();
        state.talking.iter().filter(|t| !state.ended.contains(&t.call_id)).count()
    }
    /// The calls it answered by itself, taken out.
    pub fn take_talking(&self) -> Vec<Talking> {
        std::mem::take(&mut self.0.state.lock().unwrap().talking)
    }
    /// Everything that went over the link: `(sent by us, message)`.
    pub fn log(&self) -> Vec<(bool, Text)> {
        self.0.state.lock().unwrap().log.clone()
    }
    /// The ladder for a failing test.
    pub fn ladder(&self) -> String {
        self.log()
            .iter()
            .map(|(ours, t)| format!("{} {}\n", if *ours { "-->" } else { "<--" }, t.start))
            .collect()
    }
    /// A Via for a request of ours.
    pub fn via(&self, branch: &str) -> String {
        format!("SIP/2.0/{} {};branch={branch};rport", self.link().token(), self.link().local)
    }
    /// The next CSeq outside of dialogs.
    pub fn next_cseq(&self) -> u32 {
        let mut state = self.0.state.lock().unwrap();
        state.cseq += 1;
        state.cseq
    }

    /// Registers for an hour and expects 200.
    pub fn register(&self) -> Text {
        let ok = self.register_for(3600);
        assert_eq!(ok.status(), Some(200), "REGISTER of {}\n{}", self.0.account.user, self.ladder());
        ok
    }
    /// Registers for `expires` seconds (0 un-registers); the final answer, whatever it is.
    pub fn register_for(&self, expires: u32) -> Text {
        let domain = &self.0.account.domain;
        let contact = format!("Contact: <{}>\r\nExpires: {expires}\r\n", self.contact());
        self.ask("REGISTER", &format!("sip:{domain}"), &self.address(), &contact, "")
    }
    /// A request outside of dialogs with `headers` (each with its line end); answers one challenge.
    pub fn ask(&self, method: &str, uri: &str, to: &str, headers: &str, body: &str) -> Text {
        let (call_id, tag) = (self.registration_call_id(method), unique("t"));
        let from = format!("<{}>;tag={tag}", self.address());
        let compose = |credentials: &str| {
            let (branch, cseq) = (unique("z9hG4bK"), self.next_cseq());
            let via = self.via(&branch);
            let text = format!(
                "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: <{to}>\r\n\
                 Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{credentials}{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            (branch, text)
        };
        let (branch, text) = compose("");
        let first = self.exchange(&branch, &text);
        let Some(401) = first.status() else { return first };
        let Some(mut challenge) = Challenge::of(&first, self.0.algorithm) else { return first };
        let (branch, text) = compose(&self.credentials(&mut challenge, method, uri));
        self.exchange(&branch, &text)
    }
    /// The `Authorization` line for that challenge.
    pub fn credentials(&self, challenge: &mut Challenge, method: &str, uri: &str) -> String {
        let Account { user, password, .. } = &self.0.account;
        format!("Authorization: {}\r\n", challenge.credentials(method, uri, user, password))
    }
    /// Sends a request and waits for its final response; repeats it as RFC 3261 §17.1.2 asks over UDP.
    pub fn exchange(&self, branch: &str, request: &str) -> Text {
        self.say(request);
        let end = Instant::now() + PATIENCE;
        let mut again = Duration::from_millis(500);
        loop {
            let is_final = |t: &Text| t.branch() == branch && t.status().is_some_and(|s| s >= 200);
            if let Some(response) = self.take_within(again.min(PATIENCE), is_final) {
                return response;
            }
            assert!(Instant::now() < end, "no answer to\n{request}\n{}", self.ladder());
            again = (again * 2).min(Duration::from_secs(4));
            if self.link().token() == "UDP" {
                self.link().send(request.as_bytes());
            }
        }
    }
    /// Sends a message composed by the test, recording it.
    pub fn say(&self, text: &str) {
        if let Some(read) = Text::read(text.as_bytes()) {
            self.0.state.lock().unwrap().log.push((true, read));
        }
        self.link().send(text.as_bytes());
    }
    /// Takes the first unread message that `pick` wants; panics with the ladder if none comes.
    pub fn take(&self, what: &str, pick: impl Fn(&Text) -> bool) -> Text {
        self.take_within(PATIENCE, pick).unwrap_or_else(|| panic!("no {what} came\n{}", self.ladder()))
    }
    /// Takes the first unread message that `pick` wants, or `None` after `limit`.
    pub fn take_within(&self, limit: Duration, pick: impl Fn(&Text) -> bool) -> Option<Text> {
        let end = Instant::now() + limit;
        let mut state = self.0.state.lock().unwrap();
        loop {
            if let Some(at) = state.fresh.iter().position(&pick) {
                return state.fresh.remove(at);
            }
            let left = end.checked_duration_since(Instant::now())?;
            state = self.0.news.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Calls a number with the usual offer; challenges are answered on the way.
    pub fn dial(&self, number: &str) -> Dialling {
        self.dial_with(number, Rtp::open(self.link().local.ip()), "")
    }
    /// Calls with a media line of the test's choice and further headers.
    pub fn dial_with(&self, number: &str, rtp: Rtp, headers: &str) -> Dialling {
        let body = rtp.describe(sdp::compose(rtp.local(), sdp::USUAL, "sendrecv", 1));
        self.dial_describing(number, rtp, headers, &body)
    }
    /// Calls with further headers and an offer, both composed by the test.
    pub fn dial_describing(&self, number: &str, rtp: Rtp, headers: &str, offer: &str) -> Dialling {
        Dialling::start(self, number, rtp, headers, offer)
    }
    /// Calls with an offer composed by the test; blank offers nothing.
    pub fn dial_offering(&self, number: &str, rtp: Rtp, offer: &str) -> Dialling {
        Dialling::start(self, number, rtp, "", offer)
    }
    /// The next call that comes in.
    pub fn incoming(&self) -> Incoming {
        let invite = self.take("INVITE", |t| t.method() == "INVITE" && t.to_tag().is_none());
        Incoming::new(self.clone(), invite)
    }
    /// Whether a call came in and nobody took it yet.
    pub fn is_called(&self) -> bool {
        self.0.state.lock().unwrap().fresh.iter().any(|t| t.method() == "INVITE")
    }
    /// Gives a message back, to be taken again.
    pub fn with_put_back(&self, text: Text) {
        self.with_state(|s| s.fresh.push_front(text));
    }
    /// Forgets what went over the link and what is over, so that long runs measure the server and not the phone.
    pub fn forget(&self) {
        self.with_state(|s| {
            s.log.clear();
            s.fresh.clear();
            s.dials.clear();
            let ended = std::mem::take(&mut s.ended);
            s.talking.retain(|t| !ended.contains(&t.call_id));
            s.answers.clear();
        });
    }
    /// Goes away without a word: no answer to anything from here on, no media.
    pub fn vanish(&self) {
        self.link().close();
        self.0.state.lock().unwrap().media.values().for_each(Rtp::stop);
    }

    pub(super) fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.0.state.lock().unwrap());
        self.0.news.notify_all();
        done
    }
    pub(super) fn wait_ended(&self, call_id: &str) {
        let state = self.0.state.lock().unwrap();
        let waits = |s: &mut State| !s.ended.contains(call_id);
        let (state, over) = self.0.news.wait_timeout_while(state, PATIENCE, waits).unwrap();
        drop(state);
        assert!(!over.timed_out(), "no BYE came\n{}", self.ladder());
    }
    /// Answers a request and remembers the answer for its retransmissions.
    pub(super) fn respond(&self, request: &Text, response: &str) {
        let key = (request.branch().to_owned(), request.method().to_owned());
        self.with_state(|s| s.answers.insert(key, response.to_owned()));
        self.say(response);
    }
    fn registration_call_id(&self, method: &str) -> String {
        if method == "REGISTER" { format!("reg-{}", self.link().local.port()) } else { unique("c") }
    }
}

/// What it does with what it hears. Runs on the link's reader.
impl Phone {
    fn hear(&self, text: Text) {
        let key = (text.branch().to_owned(), text.method().to_owned());
        let again = self.with_state(|s| {
            s.log.push((false, text.clone()));
            s.answers.get(&key).cloned()
        });
        match (again, text.method()) {
            (Some(answer), method) if !method.is_empty() && method != "ACK" => self.say(&answer),
            (_, "BYE") => self.hear_bye(&text),
            (_, "CANCEL") => self.hear_cancel(text),
            (_, "OPTIONS" | "NOTIFY" | "INFO" | "MESSAGE") => {
                self.respond(&text, &reply(&text, 200, "OK", "", ""))
            }
            (_, "INVITE" | "UPDATE") if text.to_tag().is_some() => {
                if self.with_state(|s| s.ponders) {
                    self.keep(text)
                } else {
                    self.hear_offer(&text)
                }
            }
            (_, "INVITE") => self.hear_invite(text),
            _ if text.status() == Some(401) && Dial::retry(self, &text) => {}
            _ => self.keep(text),
        }
    }
    fn keep(&self, text: Text) {
        self.with_state(|s| s.fresh.push_back(text));
    }
    fn hear_bye(&self, bye: &Text) {
        self.respond(bye, &reply(bye, 200, "OK", "", ""));
        self.with_state(|s| {
            s.ended.insert(bye.call_id().to_owned());
            if let Some(rtp) = s.media.remove(bye.call_id()) {
                rtp.stop();
            }
        });
    }
    fn hear_cancel(&self, cancel: Text) {
        self.respond(&cancel, &reply(&cancel, 200, "OK", "", ""));
        let invite = self.log().into_iter().rev().find_map(|(ours, t)| {
            (!ours && t.method() == "INVITE" && t.branch() == cancel.branch()).then_some(t)
        });
        if let Some(invite) = invite {
            self.respond(&invite, &reply(&invite, 487, "Request Terminated", "", ""));
        }
        self.keep(cancel);
    }
    /// An offer within a call: agreed to, with the direction mirrored.
    fn hear_offer(&self, request: &Text) {
        let rtp = self.with_state(|s| s.media.get(request.call_id()).cloned());
        let Some(rtp) = rtp else {
            return self.respond(request, &reply(request, 481, "Call/Transaction Does Not Exist", "", ""));
        };
        let described = sdp::read(request);
        let direction = match described.as_ref().map(|d| d.direction.as_str()) {
            Some("sendonly") => "recvonly",
            Some("recvonly") => "sendonly",
            Some("inactive") => "inactive",
            _ => "sendrecv",
        };
        if let Some(d) = &described {
            rtp.talk_to(matches!(direction, "sendrecv" | "sendonly").then_some(d.at));
        }
        let body = match (request.method(), &described) {
            ("UPDATE", None) => String::new(),
            _ => {
                if described.is_some() {
                    rtp.hear_key(request);
                }
                rtp.describe(sdp::compose(rtp.local(), sdp::USUAL, direction, request.cseq() + 10))
            }
        };
        let contact = format!("Contact: <{}>\r\n", self.contact());
        self.respond(request, &reply(request, 200, "OK", &contact, &body));
        self.keep(request.clone());
    }
    fn hear_invite(&self, invite: Text) {
        let manner = self.with_state(|s| s.manner);
        match manner {
            Manner::Wait => self.keep(invite),
            Manner::Ring => drop(Incoming::new(self.clone(), invite).ring()),
            Manner::Refuse(status) => Incoming::new(self.clone(), invite).refuse(status),
            Manner::Answer => {
                let talking = Incoming::new(self.clone(), invite).ring().answer_unconfirmed();
                self.with_state(|s| s.talking.push(talking));
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(link) = self.link.get() {
            link.close();
        }
        self.state.get_mut().unwrap().media.values().for_each(Rtp::stop);
    }
}

/// A response composed from a request: Via, From, To, Call-ID, CSeq copied (RFC 3261 §8.2.6), To tagged.
pub fn reply(request: &Text, status: u16, reason: &str, headers: &str, body: &str) -> String {
    let vias: String = request.all("Via").map(|v| format!("Via: {v}\r\n")).collect();
    let routes: String = request.all("Record-Route").map(|v| format!("Record-Route: {v}\r\n")).collect();
    let (from, to) = (request.header("From").unwrap_or(""), request.header("To").unwrap_or(""));
    let tag = if request.to_tag().is_none() && status > 100 {
        // One tag per INVITE transaction, so that every response of it agrees.
        format!(";tag=p{}", request.branch().trim_start_matches("z9hG4bK"))
    } else {
        String::new()
    };
    let (call_id, cseq) = (request.call_id(), request.header("CSeq").unwrap_or(""));
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status} {reason}\r\n{vias}{routes}From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq}\r\n{headers}{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
