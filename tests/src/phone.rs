//! A simulated phone: a user agent on a stack of its own, with a speaker that knows whom it hears. What it does with
//! several calls is in `lines`.

mod lines;

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use media::{
    Payload,
    sdp::{self, Description, Direction},
};
use sip_stack::{
    Event, Flow, InviteId, Message, Method, Name, Request, RequestId, Response, Stack, Transport,
    stack::{OutgoingInvite, Settings},
};

use crate::{
    carrier::Carrier,
    company::{DOMAIN, password},
    credentials::Credentials,
    late_offer::{LateOffer, Reliable},
    nat::Nat,
};

/// What a phone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// 180, and nothing else until the test says so.
    Ring,
    /// 180, and 200 after that time.
    Answer(Duration),
    /// 183 with early media, and nothing else until the test says so.
    EarlyMedia,
    /// This final response at once.
    Refuse(u16),
    /// 302 to that extension at once.
    Redirect(u32),
    /// Unplugged: no packet in, none out.
    Vanished,
}

/// Stages of the phone's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing goes on.
    Idle,
    /// It calls and heard nothing yet.
    Calling,
    /// It was told 180 or 183.
    HearsRinging(u16),
    /// It rings itself.
    Rings,
    /// It talks.
    Up,
    /// A call of its own was refused.
    Refused(u16),
}

/// A phone with one line, unless a test gives it more.
#[derive(Debug)]
pub struct Phone {
    /// Its place in the world.
    pub index: u8,
    /// What it does when called.
    pub habit: Habit,
    /// Where its call stands.
    pub state: State,
    /// Whether it got a 200 to its REGISTER, and with which Contact values.
    pub registered: Option<Vec<String>>,
    /// `Reason` of the last CANCEL or BYE.
    pub last_reason: Option<String>,
    /// The last INVITE that reached it.
    pub last_invite: Option<Message>,
    /// How many calls reached it, refused ones included.
    pub invited: usize,
    /// When it began to ring, each time.
    pub rang_at: Vec<Instant>,
    /// The codecs it knows, best first.
    pub codecs: Vec<Payload>,
    /// Calls without an offer of its own.
    pub delayed_offer: bool,
    /// What it says of reliable provisional responses.
    pub reliable: Reliable,
    /// Where its SIP socket is.
    pub address: SocketAddr,
    /// Its stack.
    pub stack: Stack,
    /// Expires of its REGISTER. [s]
    pub expires: u32,
    /// Another user part in From than its own.
    pub claims: Option<String>,
    /// A re-offer of its own was refused.
    pub offer_refused: Option<u16>,
    /// Refuses offers within a call with this status.
    pub refuses_offers: Option<u16>,
    /// Its offers within a call travel without description, which then comes in the ACK.
    pub late_offer: Option<LateOffer>,
    /// What stands between it and the PBX.
    pub nat: Option<Nat>,
    /// Over what it speaks SIP.
    pub transport: Transport,
    /// Bodies of NOTIFYs that it did not subscribe to.
    pub unasked: Vec<String>,
    /// When it was asked by OPTIONS whether it is there.
    pub asked_at: Vec<Instant>,
    /// How many calls it can have.
    pub lines: usize,
    /// Calls that its user does not attend to.
    pub aside: Vec<lines::Line>,
    /// The answer to its last REFER.
    pub referred: Option<u16>,
    /// After a transfer it leaves it to the other side to hang up.
    pub waits_for_bye: bool,
    /// What that came to, NOTIFY by NOTIFY.
    pub notified: Vec<u16>,
    /// Whom it was told that it talks with, the last one last: number and name of each P-Asserted-Identity, once.
    pub shows: Vec<String>,
    /// It is a carrier's switch.
    pub carrier: Option<Box<Carrier>>,
    pbx: SocketAddr,
    domain: String,
    credentials: Credentials,
    /// For its next call: Replaces or Join.
    claim: Option<(Name, String)>,
    invite: Option<InviteId>,
    dialled: String,
    authenticated: bool,
    answer_at: Option<Instant>,
    local: sdp::Local,
    remote: Option<SocketAddr>,
    /// What its user wants: hold, or both ways.
    wish: Direction,
    /// What was agreed.
    direction: Direction,
    heard: HashMap<u8, Instant>,
    sequence: u16,
    next_rtp: Option<Instant>,
}

impl Phone {
    /// A phone that is plugged in and does nothing yet. `account` is its user name, with `@` and domain if that is
    /// another than the first tenant's.
    pub fn new(index: u8, account: &str, address: SocketAddr, pbx: SocketAddr, seed: u64) -> Self {
        let (username, domain) = account.split_once('@').unwrap_or((account, DOMAIN));
        let mut bytes = [index; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            index,
            habit: Habit::Ring,
            state: State::Idle,
            registered: None,
            last_reason: None,
            last_invite: None,
            invited: 0,
            rang_at: vec![],
            codecs: sdp::g711(),
            delayed_offer: false,
            reliable: Reliable::Supported,
            address,
            stack: Stack::new(Settings { product: format!("Phone {index}"), ..Settings::default() }, bytes),
            expires: 3600,
            claims: None,
            offer_refused: None,
            refuses_offers: None,
            late_offer: None,
            nat: None,
            transport: Transport::Udp,
            unasked: vec![],
            asked_at: vec![],
            lines: 1,
            aside: vec![],
            referred: None,
            waits_for_bye: false,
            notified: vec![],
            shows: vec![],
            claim: None,
            carrier: None,
            pbx,
            domain: domain.into(),
            credentials: Credentials {
                username: username.into(),
                password: password(username),
                strong: index.is_multiple_of(2),
            },
            invite: None,
            dialled: String::new(),
            authenticated: false,
            answer_at: None,
            local: sdp::Local::new(SocketAddr::new(address.ip(), 4000), index.into()),
            remote: None,
            wish: Direction::SendRecv,
            direction: Direction::SendRecv,
            heard: HashMap::new(),
            sequence: 0,
            next_rtp: None,
        }
    }

    /// Where its RTP socket is.
    pub fn rtp(&self) -> SocketAddr {
        self.local.address
    }
    /// Whose voice it heard within the last half second.
    pub fn hears(&self, now: Instant) -> Vec<u8> {
        let mut voices: Vec<u8> =
            self.heard.iter().filter(|(_, at)| now - **at < RECENT).map(|(&voice, _)| voice).collect();
        voices.sort_unstable();
        voices
    }
    /// The next thing it does by itself.
    pub fn next(&self) -> Option<Instant> {
        if self.habit == Habit::Vanished {
            return None;
        }
        [self.stack.poll_timeout(), self.answer_at, self.next_rtp].into_iter().flatten().min()
    }

    /// The flow of its SIP messages.
    pub fn flow(&self) -> Flow {
        Flow { transport: self.transport, local: self.address, remote: self.pbx }
    }
    fn aor(&self) -> String {
        format!("<sip:{}@{}>", self.claims.as_ref().unwrap_or(&self.credentials.username), self.domain)
    }
}

/// What a person or the device itself begins.
impl Phone {
    /// Sends REGISTER.
    pub fn register(&mut self, now: Instant) {
        self.registered = None;
        self.send_register(now, None);
    }
    /// Calls.
    pub fn dial(&mut self, now: Instant, number: &str) {
        self.dialled = number.into();
        self.authenticated = false;
        self.send_invite(now, None);
    }
    /// Answers what rings.
    pub fn answer(&mut self, now: Instant) {
        let (Some(invite), State::Rings) = (self.invite, self.state) else { return };
        self.answer_at = None;
        let Some(message) = &self.last_invite else { return };
        let offer = described(message);
        let sdp = self.answer_to(offer);
        self.state = State::Up;
        self.stack.answer(now, invite, sdp, vec![]);
        self.talk(now);
    }
    /// Hangs up, cancels or declines.
    pub fn hang_up(&mut self, now: Instant) {
        let Some(invite) = self.invite.take() else { return };
        match self.state {
            State::Up => self.stack.bye(now, invite, None),
            State::Rings => self.stack.reject(now, invite, Response::new(486)),
            State::Calling | State::HearsRinging(_) => self.stack.cancel(now, invite, None),
            State::Idle | State::Refused(_) => {}
        }
        self.over();
    }
    /// Offers another direction: hold, resume.
    pub fn offer(&mut self, now: Instant, direction: Direction) {
        let Some(invite) = self.invite else { return };
        self.wish = direction;
        self.offer_refused = None;
        let sdp = self.local.offer(&self.codecs, direction, Some(20));
        self.stack.offer(now, invite, sdp);
    }
    /// Listens at another port from now on, and says so.
    pub fn move_rtp(&mut self, now: Instant, port: u16) {
        self.local.address.set_port(port);
        self.offer(now, self.wish);
    }
    /// Goes on as it was agreed, after an offer of its own came to nothing.
    pub fn keeps_talking(&mut self) {
        self.wish = Direction::SendRecv;
        self.direction = Direction::SendRecv;
    }
    /// The packets of a key that is pressed and let go (RFC 4733 §2.5): the end is sent three times.
    pub fn press(&mut self, key: char) -> Vec<(SocketAddr, Bytes)> {
        let event = "0123456789*#ABCD".find(key).expect("a key of a phone") as u8;
        let number = self.codecs.iter().find(|p| p.codec.name.eq_ignore_ascii_case("telephone-event"));
        let (Some(number), Some(remote)) = (number.map(|p| p.number), self.remote) else { return vec![] };
        let began = u32::from(self.sequence.wrapping_add(1)) * 160;
        let packet = |_| {
            self.sequence = self.sequence.wrapping_add(1);
            let mut packet = vec![0x80, number];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend(began.to_be_bytes());
            packet.extend(u32::from(self.index).to_be_bytes());
            packet.extend([event, 0x8a, 0x03, 0x20]);
            (remote, packet.into())
        };
        (0..3).map(packet).collect()
    }
    /// Time has come; what RTP it sends.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<(SocketAddr, Bytes)> {
        self.stack.handle_timeout(now);
        if self.answer_at.is_some_and(|at| at <= now) {
            self.answer(now);
        }
        self.next_rtp.filter(|at| *at <= now)?;
        self.next_rtp = Some(now + RTP_INTERVAL);
        let remote = self.remote.filter(|_| self.direction.sends())?;
        self.sequence = self.sequence.wrapping_add(1);
        Some((remote, self.packet()))
    }

    fn send_register(&mut self, now: Instant, authorization: Option<String>) {
        let host = self.nat.as_ref().map_or(self.address, |nat| nat.inside);
        let tcp = if self.transport == Transport::Tcp { ";transport=tcp" } else { "" };
        let contact = format!("<sip:{}@{host}{tcp}>", self.credentials.username);
        let mut headers = vec![(Name::Contact, contact), (Name::Expires, self.expires.to_string())];
        headers.extend(authorization.map(|a| (Name::Authorization, a)));
        let request = Request {
            method: "REGISTER",
            uri: format!("sip:{}", self.domain),
            from: self.aor(),
            to: self.aor(),
            headers,
            ..Request::default()
        };
        self.stack.request(now, self.flow(), request);
    }

    fn send_invite(&mut self, now: Instant, authorization: Option<String>) {
        let uri = self.target();
        let offer =
            (!self.delayed_offer).then(|| self.local.offer(&self.codecs, Direction::SendRecv, Some(20)));
        let invite = OutgoingInvite {
            flow: self.flow(),
            to: format!("<{uri}>"),
            uri,
            from: self.aor(),
            route: vec![],
            max_forwards: 70,
            headers: authorization
                .map(|a| (Name::Authorization, a))
                .into_iter()
                .chain(self.claim.clone())
                .chain(self.carrier.iter().flat_map(|carrier| carrier.adds.clone()))
                .collect(),
            offer,
            account: None,
            parts: vec![],
        };
        self.state = State::Calling;
        self.invite = Some(self.stack.invite(now, invite));
    }
    fn target(&self) -> String {
        format!("sip:{}@{}", self.dialled, self.domain)
    }
}

/// What the network brings.
impl Phone {
    /// A voice packet.
    pub fn hear(&mut self, now: Instant, packet: &[u8]) {
        if let Some(&voice) = packet.get(12) {
            self.heard.insert(voice, now);
        }
    }

    /// A SIP message reached its socket: what it says of the other side is shown, whatever else it is.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: Bytes) {
        let told = Message::parse(bytes.clone()).ok();
        let told = told.as_ref().and_then(|message| message.header(Name::PAssertedIdentity));
        if let Some(told) = told.map(|value| String::from_utf8_lossy(value).into_owned())
            && self.shows.last() != Some(&told)
        {
            self.shows.push(told);
        }
        self.stack.receive(now, flow, bytes);
    }

    /// Something its stack says.
    pub fn on_event(&mut self, now: Instant, event: Event) {
        let Some(event) = self.on_line(now, event) else { return };
        match event {
            Event::Response { response: Some(response), .. } => self.on_response(now, &response),
            Event::Invite { id, request, offer, .. } => self.on_invite(now, id, (request, offer)),
            Event::Progress { id, status, sdp, .. } if self.is_mine(id) => {
                if status >= 180 {
                    self.state = State::HearsRinging(status);
                }
                if let Some(sdp) = sdp {
                    if self.delayed_offer {
                        let answer = self.answer_to(Description::parse(&sdp).ok());
                        self.stack.accept(now, id, answer);
                    } else {
                        self.take(&sdp);
                    }
                    self.talk(now);
                }
            }
            Event::Answered { id, sdp, .. } if self.is_mine(id) => {
                self.state = State::Up;
                self.claim = None;
                match sdp {
                    Some(sdp) if self.delayed_offer => {
                        let answer = self.answer_to(Description::parse(&sdp).ok());
                        self.stack.accept(now, id, answer);
                    }
                    Some(sdp) => self.take(&sdp),
                    None => {}
                }
                self.talk(now);
            }
            Event::Failed { id, status, response, .. } if self.is_mine(id) => {
                self.on_failed(now, status, response.as_ref());
            }
            Event::Cancelled { id, reason } if self.is_mine(id) => {
                self.last_reason = reason;
                self.over();
            }
            Event::Ended { id, reason, .. } if self.is_mine(id) => {
                self.last_reason = reason;
                self.over();
            }
            Event::Request { id, request, .. } => self.on_request(now, id, &request),
            Event::Offer { id, sdp } => {
                if let Some(status) = self.refuses_offers {
                    return self.stack.refuse(now, id, status);
                }
                let answer = match sdp {
                    Some(sdp) => self.answer_to(Description::parse(&sdp).ok()),
                    None => self.local.offer(&self.codecs, self.wish, Some(20)),
                };
                self.stack.accept(now, id, answer);
            }
            Event::OfferAnswered { sdp, .. } => self.take(&sdp),
            Event::OfferRefused { status, .. } => self.offer_refused = Some(status),
            _ => {}
        }
    }

    fn on_response(&mut self, now: Instant, response: &Message) {
        match response.status() {
            Some(401) if response.method() == Method::Register => {
                let uri = format!("sip:{}", self.domain);
                let answer = self.credentials.answer(&challenges(response), "REGISTER", &uri, 1);
                self.send_register(now, answer);
            }
            Some(200) => {
                let text = |v: &[u8]| String::from_utf8_lossy(v).into_owned();
                self.registered = Some(response.values(Name::Contact).map(text).collect());
            }
            _ => {}
        }
    }

    fn on_request(&mut self, now: Instant, id: RequestId, request: &Message) {
        if request.method() == Method::Options {
            self.asked_at.push(now);
        }
        if request.method() == Method::Notify {
            self.unasked.push(String::from_utf8_lossy(&request.body()).into_owned());
        }
        let response = match &mut self.carrier {
            Some(carrier) => carrier.respond(now, request),
            None => Response::new(200),
        };
        self.stack.respond(now, id, response);
    }

    fn on_invite(&mut self, now: Instant, id: InviteId, (request, offer): (Message, Option<Bytes>)) {
        if let Some(challenge) = self.carrier.as_mut().and_then(|carrier| carrier.challenge(&request)) {
            return self.stack.reject(now, id, challenge);
        }
        self.invited += 1;
        if self.invite.is_some() {
            if self.waits(id, &request) {
                return self.stack.progress(now, id, Response::new(180));
            }
            return self.stack.reject(now, id, Response::new(486));
        }
        let offer = offer.and_then(|offer| Description::parse(&offer).ok());
        self.last_invite = Some(request);
        if let Habit::Refuse(status) = self.habit {
            return self.stack.reject(now, id, Response::new(status));
        }
        if let Habit::Redirect(number) = self.habit {
            let contact = format!("<sip:{number}@{}>;q=0.7", self.domain);
            return self.stack.reject(now, id, Response::new(302).with(Name::Contact, contact));
        }
        self.invite = Some(id);
        self.state = State::Rings;
        self.rang_at.push(now);
        match self.habit {
            Habit::EarlyMedia => {
                let sdp = self.answer_to(offer);
                let body = Some(("application/sdp", sdp));
                self.stack.progress(now, id, Response { body, ..Response::new(183) });
                self.talk(now);
            }
            Habit::Answer(after) => {
                self.answer_at = Some(now + after);
                self.stack.progress(now, id, Response::new(180));
            }
            Habit::Ring | Habit::Refuse(_) | Habit::Redirect(_) | Habit::Vanished => {
                self.stack.progress(now, id, Response::new(180));
            }
        }
    }

    fn on_failed(&mut self, now: Instant, status: u16, response: Option<&Message>) {
        self.over();
        self.state = State::Refused(status);
        if let (401, false, Some(response)) = (status, self.authenticated, response) {
            self.authenticated = true;
            let answer = self.credentials.answer(&challenges(response), "INVITE", &self.target(), 1);
            self.send_invite(now, answer);
        }
    }

    fn is_mine(&self, id: InviteId) -> bool {
        self.invite == Some(id)
    }
    fn over(&mut self) {
        self.invite = None;
        self.state = State::Idle;
        self.answer_at = None;
        self.next_rtp = None;
        self.remote = None;
        self.wish = Direction::SendRecv;
        self.direction = Direction::SendRecv;
    }
    fn talk(&mut self, now: Instant) {
        self.next_rtp.get_or_insert(now);
    }
    fn take(&mut self, sdp: &[u8]) {
        let audio = Description::parse(sdp).ok().and_then(|d| d.audio);
        if let Some(audio) = audio {
            self.remote = Some(audio.address);
            self.direction = self.wish.and(audio.direction.mirror());
        }
    }
    fn answer_to(&mut self, offer: Option<Description>) -> Bytes {
        let Some((offer, audio)) = offer.and_then(|o| Some((o.clone(), o.audio?))) else {
            return self.local.offer(&self.codecs, Direction::SendRecv, Some(20));
        };
        self.remote = Some(audio.address);
        self.direction = self.wish.and(audio.direction.mirror());
        let payloads = sdp::common(&audio.payloads, &self.codecs);
        self.local.answer(&offer, &payloads, self.direction)
    }
    fn packet(&self) -> Bytes {
        let mut packet = vec![0x80, self.codecs[0].number];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend((u32::from(self.sequence) * 160).to_be_bytes());
        packet.extend(u32::from(self.index).to_be_bytes());
        packet.resize(12 + 160, self.index);
        packet.into()
    }
}

/// The description in a message, also where it is one of several parts.
fn described(message: &Message) -> Option<Description> {
    let body = message.body();
    let text = String::from_utf8_lossy(&body);
    let description = &text[text.find("v=0")?..];
    let end = description.find("\r\n--").map_or(description.len(), |at| at + 2);
    Description::parse(&description.as_bytes()[..end]).ok()
}

fn challenges(response: &Message) -> Vec<String> {
    response.headers(Name::WwwAuthenticate).map(|v| String::from_utf8_lossy(v).into_owned()).collect()
}

/// A voice is heard if a packet of it came so recently.
const RECENT: Duration = Duration::from_millis(500);
/// Rarer than real RTP: only who hears whom matters here, and 200 seeds must be quick.
const RTP_INTERVAL: Duration = Duration::from_millis(100);
