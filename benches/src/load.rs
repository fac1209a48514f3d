//! Phones that place authenticated calls at a fixed rate and see them through.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use crate::{
    phone::{self, Phone},
    resend::Resends,
    seed,
    server::Server,
    text,
};

/// Who calls whom: the first phones call; behind them are those who are called, one by each, or groups of them by all.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Phones that call.
    pub callers: u32,
    /// Groups that are called, and the phones of each; `None` pairs each caller with a phone.
    pub groups: Option<(u32, u32)>,
}

impl Plan {
    /// Phones that are called.
    pub fn callees(&self) -> u32 {
        self.groups.map_or(self.callers, |(groups, members)| groups * members)
    }
    /// The extensions of a group's members.
    pub fn members(&self, group: u32) -> std::ops::Range<u32> {
        let members = self.groups.map_or(0, |(_, members)| members);
        let first = FIRST + self.callers + group * members;
        first..first + members
    }
    fn callee_of(&self, caller: u32) -> String {
        match self.groups {
            Some((groups, _)) => (FIRST_GROUP + caller % groups).to_string(),
            None => (FIRST + self.callers + caller).to_string(),
        }
    }
    /// Whether the phone called by this INVITE answers: of a group its first member does, the others ring.
    fn answers(&self, invite: &str) -> bool {
        let Some((_, members)) = self.groups else { return true };
        let number = text::between(text::header(invite, "To:").unwrap_or(""), "<sip:", "@")
            .and_then(|n| n.parse().ok());
        number.is_some_and(|n: u32| (n - FIRST - self.callers).is_multiple_of(members))
    }
}

/// The phones of a company and the calls they place.
pub struct Load {
    plan: Plan,
    server: SocketAddr,
    callers: UdpSocket,
    callees: UdpSocket,
    phones: Vec<Phone>,
    calls: HashMap<String, Call>,
    hang_ups: VecDeque<(Instant, String)>,
    started: u32,
    /// Numbers the calls of the whole run.
    serial: u32,
    completed: u32,
    /// How often which status of 300 or more came, warm-up included.
    pub refused: BTreeMap<u16, u32>,
    /// Calls that the server ended by itself, warm-up included.
    pub ended: u32,
    /// What the phones wait for.
    pub resends: Resends,
    /// When the last call completed.
    pub last_done: Instant,
    hold: Duration,
}

struct Call {
    pair: u32,
    invite: String,
    /// Headers of the confirmed dialog, ready for ACK and BYE.
    dialog: Option<(String, String)>,
}

impl Load {
    /// The phones of `plan` on two sockets: one for those that call, one for those that are called.
    pub fn new(server: &Server, domain: &str, plan: Plan) -> std::io::Result<Self> {
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.connect(server.sip)?;
            socket.set_nonblocking(true)?;
            Ok::<_, std::io::Error>(socket)
        };
        let phone = |n: u32| Phone::new(&n.to_string(), domain, seed::SECRET);
        let last = FIRST + plan.callers + plan.callees();
        Ok(Self {
            server: server.sip,
            callers: socket()?,
            callees: socket()?,
            phones: (FIRST..last).map(phone).collect(),
            plan,
            calls: HashMap::new(),
            hang_ups: VecDeque::new(),
            started: 0,
            serial: 0,
            completed: 0,
            refused: BTreeMap::new(),
            ended: 0,
            resends: Resends::default(),
            last_done: Instant::now(),
            hold: Duration::ZERO,
        })
    }

    /// Registers the callees, challenged one by one.
    pub fn register(&mut self) -> std::io::Result<()> {
        let own = self.callees.local_addr()?;
        let mut buffer = [0u8; 4096];
        for index in self.plan.callers as usize..self.phones.len() {
            for _ in 0..2 {
                let request = self.phones[index].register(self.server, own);
                self.callees.send(request.as_bytes())?;
                let began = Instant::now();
                let length = loop {
                    match self.callees.recv(&mut buffer) {
                        Ok(length) => break length,
                        Err(_) if began.elapsed() < Duration::from_secs(5) => std::thread::yield_now(),
                        Err(error) => return Err(error),
                    }
                };
                let response = String::from_utf8_lossy(&buffer[..length]);
                if let Some(nonce) = text::md5_nonce(&response) {
                    self.phones[index].challenged(nonce);
                }
            }
        }
        Ok(())
    }

    /// Starts `count` calls at `rate` and sees them through. Returns how many completed.
    pub fn run(&mut self, rate: u32, count: u32, hold: Duration) -> std::io::Result<u32> {
        (self.hold, self.started, self.completed) = (hold, 0, 0);
        let began = Instant::now();
        self.last_done = began;
        let mut seen = 0;
        while self.completed < count && self.last_done.elapsed() < Duration::from_secs(5) {
            let due = ((began.elapsed().as_secs_f64() * f64::from(rate)) as u32).min(count);
            while self.started < due {
                self.start()?;
            }
            self.turn()?;
            if self.completed != seen {
                (self.last_done, seen) = (Instant::now(), self.completed);
            }
        }
        Ok(self.completed)
    }

    /// Starts calls until `count` are up, and leaves them up.
    pub fn bring_up(&mut self, count: u32) -> std::io::Result<u32> {
        self.hold = Duration::from_secs(3600);
        let (began, so_far) = (Instant::now(), self.hang_ups.len());
        while self.hang_ups.len() < count as usize && began.elapsed() < Duration::from_secs(20) {
            let due = (began.elapsed().as_secs_f64() * 500.0) as usize + so_far;
            while self.calls.len() < due.min(count as usize) {
                self.start()?;
            }
            self.turn()?;
        }
        Ok(self.hang_ups.len() as u32)
    }

    fn start(&mut self) -> std::io::Result<()> {
        self.started += 1;
        self.serial += 1;
        let pair = self.serial % self.plan.callers;
        let call = format!("c{:x}", self.serial);
        self.phones[pair as usize].forget();
        let invite = self.invite(pair, &call, 1)?;
        self.calls.insert(call, Call { pair, invite, dialog: None });
        Ok(())
    }

    fn invite(&mut self, pair: u32, call: &str, cseq: u32) -> std::io::Result<String> {
        let own = self.callers.local_addr()?;
        let callee = self.plan.callee_of(pair);
        let invite = self.phones[pair as usize].invite(&callee, own, call, cseq);
        let _ = self.callers.send(invite.as_bytes());
        self.resends.sent(&format!("{cseq} INVITE {call}"), &invite);
        Ok(invite)
    }

    /// Handles what has arrived and hangs up what is due.
    fn turn(&mut self) -> std::io::Result<()> {
        let mut buffer = [0u8; 4096];
        let mut idle = true;
        while let Ok(length) = self.callers.recv(&mut buffer) {
            idle = false;
            self.caller_hears(&String::from_utf8_lossy(&buffer[..length]))?;
        }
        while let Ok(length) = self.callees.recv(&mut buffer) {
            idle = false;
            self.callee_hears(&String::from_utf8_lossy(&buffer[..length]))?;
        }
        while self.hang_ups.front().is_some_and(|(at, _)| *at <= Instant::now()) {
            idle = false;
            let Some((_, call)) = self.hang_ups.pop_front() else { break };
            self.bye(&call);
        }
        while let Some((key, message)) = self.resends.due() {
            let socket = if key.starts_with(ANSWER) { &self.callees } else { &self.callers };
            let _ = socket.send(message.as_bytes());
        }
        if idle {
            std::thread::sleep(Duration::from_micros(100));
        }
        Ok(())
    }

    fn caller_hears(&mut self, message: &str) -> std::io::Result<()> {
        let Some(id) = text::header(message, "Call-ID:").map(str::to_owned) else { return Ok(()) };
        let cseq = text::header(message, "CSeq:").unwrap_or("");
        let is_bye = cseq.ends_with("BYE");
        if let Some(own) = self.callers.local_addr().ok().filter(|_| text::status(message).is_none()) {
            return self.caller_is_asked(message, own);
        }
        // Any answer to an INVITE ends its repetition, and all that is not provisional that of others.
        if !is_bye || text::status(message) >= Some(200) {
            self.resends.answered(&format!("{cseq} {id}"));
        }
        match text::status(message) {
            Some(401) => {
                let Some(call) = self.calls.get(&id) else { return Ok(()) };
                let pair = call.pair;
                let _ = self.callers.send(ack(&call.invite, message).as_bytes());
                if let Some(nonce) = text::md5_nonce(message) {
                    self.phones[pair as usize].challenged(nonce);
                }
                let invite = self.invite(pair, &id, 2)?;
                if let Some(call) = self.calls.get_mut(&id) {
                    call.invite = invite;
                }
            }
            Some(200) if is_bye => {
                self.completed += u32::from(self.calls.remove(&id).is_some());
            }
            Some(200) => self.answered(&id, message),
            Some(status) if status >= 300 => {
                if let Some(call) = self.calls.remove(&id) {
                    *self.refused.entry(status).or_default() += 1;
                    let _ = self.callers.send(ack(&call.invite, message).as_bytes());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A request of the server: a new offer, or its goodbye.
    fn caller_is_asked(&mut self, message: &str, own: SocketAddr) -> std::io::Result<()> {
        if message.starts_with("INVITE ") {
            let _ = self.callers.send(response(message, 200, "OK", own, &phone::sdp(own)).as_bytes());
        } else if message.starts_with("BYE ") {
            let _ = self.callers.send(response(message, 200, "OK", own, "").as_bytes());
            let call = text::header(message, "Call-ID:").and_then(|id| self.calls.remove(id));
            self.ended += u32::from(call.is_some());
        }
        Ok(())
    }

    fn answered(&mut self, id: &str, message: &str) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (Some(contact), Some(to)) = (text::contact(message), text::header(message, "To:")) else {
            return;
        };
        let from = text::header(&call.invite, "From:").unwrap_or("");
        let head = format!("Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\n");
        let own = self.callers.local_addr().unwrap_or(self.server);
        let branch = format!("Via: SIP/2.0/UDP {own};branch=z9hG4bK{id}");
        let ack = format!(
            "ACK {contact} SIP/2.0\r\n{branch}a;rport\r\n{head}CSeq: 2 ACK\r\nContent-Length: 0\r\n\r\n"
        );
        let _ = self.callers.send(ack.as_bytes());
        if call.dialog.is_none() {
            let bye = format!(
                "BYE {contact} SIP/2.0\r\n{branch}b;rport\r\n{head}CSeq: 3 BYE\r\nContent-Length: 0\r\n\r\n"
            );
            call.dialog = Some((bye, to.to_owned()));
            self.hang_ups.push_back((Instant::now() + self.hold, id.to_owned()));
        }
    }

    fn bye(&mut self, id: &str) {
        if let Some((bye, _)) = self.calls.get(id).and_then(|call| call.dialog.as_ref()) {
            let _ = self.callers.send(bye.as_bytes());
            self.resends.sent(&format!("3 BYE {id}"), bye);
        }
    }

    fn callee_hears(&mut self, message: &str) -> std::io::Result<()> {
        let own = self.callees.local_addr()?;
        if message.starts_with("INVITE ") {
            let _ = self.callees.send(response(message, 180, "Ringing", own, "").as_bytes());
            if !self.plan.answers(message) {
                return Ok(());
            }
            let answer = response(message, 200, "OK", own, &phone::sdp(own));
            let _ = self.callees.send(answer.as_bytes());
            self.resends.sent(&answer_key(message), &answer);
        } else if message.starts_with("ACK ") {
            self.resends.answered(&answer_key(message));
        } else if message.starts_with("BYE ") {
            let _ = self.callees.send(response(message, 200, "OK", own, "").as_bytes());
        } else if message.starts_with("CANCEL ") {
            let _ = self.callees.send(response(message, 200, "OK", own, "").as_bytes());
            let refusal =
                response(message, 487, "Request Terminated", own, "").replace(" CANCEL\r\n", " INVITE\r\n");
            let _ = self.callees.send(refusal.as_bytes());
        }
        Ok(())
    }
}

/// Under what the 200 to this INVITE waits for its ACK, or the ACK that it waits for.
fn answer_key(request: &str) -> String {
    let of = |name| text::header(request, name).unwrap_or("");
    let number = of("CSeq:").split(' ').next().unwrap_or("");
    format!("{ANSWER}{number} {}", of("Call-ID:"))
}

fn ack(invite: &str, response: &str) -> String {
    let uri = text::between(invite, "INVITE ", " ").unwrap_or("");
    let (via, from) =
        (text::header(invite, "Via:").unwrap_or(""), text::header(invite, "From:").unwrap_or(""));
    let (to, id) =
        (text::header(response, "To:").unwrap_or(""), text::header(invite, "Call-ID:").unwrap_or(""));
    let cseq = text::header(invite, "CSeq:").and_then(|c| c.split(' ').next()).unwrap_or("1");
    format!(
        "ACK {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
         CSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n"
    )
}

fn response(request: &str, status: u16, reason: &str, own: SocketAddr, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status} {reason}\r\n");
    for name in ["Via:", "Record-Route:", "From:", "Call-ID:", "CSeq:"] {
        text::headers(request, name).for_each(|value| text += &format!("{name} {value}\r\n"));
    }
    let (to, id) =
        (text::header(request, "To:").unwrap_or(""), text::header(request, "Call-ID:").unwrap_or(""));
    let tag = if to.contains("tag=") { String::new() } else { format!(";tag=e{}", id.len()) };
    text += &format!("To: {to}{tag}\r\nContact: <sip:bench@{own}>\r\n");
    if !body.is_empty() {
        text += "Content-Type: application/sdp\r\n";
    }
    text + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Begins the keys of the callees' answers.
const ANSWER: &str = "answer ";
/// The first extension.
pub const FIRST: u32 = 20_000;
/// The first extension of a ring group.
pub const FIRST_GROUP: u32 = 8_000;
