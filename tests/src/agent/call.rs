//! The three states of a phone's call: dialling, incoming, talking. Each verb consumes or keeps its state.

use std::time::{Duration, Instant};

use super::{Phone, Rtp, Text, digest::Challenge, phone::reply, sdp, text::bracketed, unique};
use crate::patience::PATIENCE;

/// A call that we started and that is not answered yet.
#[derive(Debug)]
pub struct Dialling {
    phone: Phone,
    pub call_id: String,
    pub rtp: Rtp,
}

/// What the INVITE of a call was made of; the phone's reader uses it to answer a challenge.
#[derive(Debug, Clone)]
pub(super) struct Dial {
    from: String,
    target: String,
    branch: String,
    cseq: u32,
    /// Requests sent in the early dialog since.
    later: u32,
    headers: String,
    body: String,
}

/// A call that came in and is not answered yet.
#[derive(Debug)]
pub struct Incoming {
    phone: Phone,
    pub invite: Text,
}

/// A call that is up.
#[derive(Debug)]
pub struct Talking {
    phone: Phone,
    pub call_id: String,
    pub rtp: Rtp,
    /// Our From and their To, with tags.
    local: String,
    remote: String,
    target: String,
    routes: Vec<String>,
    cseq: u32,
    /// Numbers that were used between the INVITE and its answer.
    later: u32,
    version: u32,
    /// The 200 that made the call, or the INVITE that began it.
    pub made_by: Text,
}

impl Dialling {
    pub(super) fn start(phone: &Phone, number: &str, rtp: Rtp, headers: &str, body: &str) -> Self {
        let dial = Dial {
            from: format!("<{}>;tag={}", phone.address(), unique("t")),
            target: format!("sip:{number}@{}", phone.0.account.domain),
            branch: unique("z9hG4bK"),
            cseq: 1,
            later: 0,
            headers: headers.into(),
            body: body.into(),
        };
        let call = Self { phone: phone.clone(), call_id: unique("c"), rtp };
        phone.with_state(|s| s.dials.insert(call.call_id.clone(), dial.clone()));
        phone.say(&dial.invite(phone, &call.call_id, ""));
        call
    }
    /// Waits for a provisional response of that status.
    pub fn progress(&self, status: u16) -> Text {
        self.wait(&status.to_string(), |t| t.status() == Some(status))
    }
    /// Waits for 180 or 183.
    pub fn rings(&self) -> Text {
        self.wait("ringing", |t| matches!(t.status(), Some(180 | 183)))
    }
    /// Waits for the 200, acknowledges it, starts to talk.
    pub fn answered(self) -> Talking {
        let response = self.finish();
        assert_eq!(response.status(), Some(200), "the call was not answered\n{}", self.phone.ladder());
        let talking = self.into_talking(response);
        talking.acknowledge();
        talking
    }
    /// Waits for the refusal and acknowledges it.
    pub fn refused(self) -> Text {
        let response = self.finish();
        assert!(response.status() >= Some(300), "the call was not refused\n{}", self.phone.ladder());
        self.phone.say(&self.dial().acknowledge(&self.phone, &response));
        self.rtp.stop();
        response
    }
    /// Gives up; the final response to the INVITE (487 unless something crossed).
    pub fn cancel(self) -> Text {
        self.phone.say(&format!(
            "{}Content-Length: 0\r\n\r\n",
            self.dial().head(&self.phone, &self.call_id, "CANCEL")
        ));
        let is_answer = |t: &Text| t.call_id() == self.call_id && t.cseq_method() == "CANCEL";
        let ok = self.phone.take("answer to CANCEL", is_answer);
        assert_eq!(ok.status(), Some(200), "CANCEL\n{}", self.phone.ladder());
        self.refused()
    }
    /// Waits for the 200 of an INVITE that offered nothing, answers its offer in the ACK, starts to talk.
    pub fn answered_late(self) -> Talking {
        let response = self.finish();
        assert_eq!(response.status(), Some(200), "the call was not answered\n{}", self.phone.ladder());
        let body = sdp::compose(self.rtp.local(), sdp::USUAL, "sendrecv", 1);
        let talking = self.into_talking(response);
        let ack = talking.compose("ACK", &unique("z9hG4bK"), SDP, &body);
        talking.phone.say(&ack);
        talking
    }
    /// A request in the early dialog of that provisional response; its final response. `headers` are whole lines.
    pub fn early(&self, progress: &Text, method: &str, headers: &str, body: &str) -> Text {
        let (branch, call_id) = (unique("z9hG4bK"), &self.call_id);
        let dial = self.phone.with_state(|s| {
            let dial = s.dials.get_mut(call_id).expect("a call of ours");
            dial.later += 1;
            dial.clone()
        });
        let (cseq, via, to) =
            (dial.cseq + dial.later, self.phone.via(&branch), progress.header("To").unwrap());
        let (target, from, length) = (progress.contact().expect("a Contact"), &dial.from, body.len());
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.phone.exchange(&branch, &text)
    }
    /// Acknowledges a reliable provisional response (RFC 3262 §7.2); `answer` is a description or blank.
    pub fn prack(&self, progress: &Text, answer: &str) -> Text {
        let (rseq, cseq) = (progress.header("RSeq").expect("an RSeq"), progress.header("CSeq").unwrap());
        let kind = if answer.is_empty() { "" } else { SDP };
        self.early(progress, "PRACK", &format!("RAck: {rseq} {cseq}\r\n{kind}"), answer)
    }
    /// The INVITE's final response, not acknowledged.
    pub fn finish(&self) -> Text {
        self.wait("final response", |t| t.status().is_some_and(|s| s >= 200))
    }

    /// Waits for a response; repeats the INVITE until the first one (RFC 3261 §17.1.1.2, timer A).
    fn wait(&self, what: &str, pick: impl Fn(&Text) -> bool) -> Text {
        // A phone may ring for its whole no-answer time before the call goes on.
        let end = Instant::now() + PATIENCE * 3;
        let mut again = Duration::from_millis(500);
        while Instant::now() < end {
            if let Some(response) = self.phone.take_within(again, |t| self.is_ours(t) && pick(t)) {
                return response;
            }
            again *= 2;
            let (branch, log) = (self.dial().branch, self.phone.log());
            if self.phone.link().token() == "UDP"
                && !log.iter().any(|(ours, t)| !ours && t.branch() == branch)
            {
                let invite =
                    log.iter().rfind(|(ours, t)| *ours && t.branch() == branch && t.method() == "INVITE");
                self.phone.link().send(invite.unwrap().1.print().as_bytes());
            }
        }
        panic!("no {what}\n{}", self.phone.ladder())
    }
    fn dial(&self) -> Dial {
        self.phone.with_state(|s| s.dials[&self.call_id].clone())
    }
    fn is_ours(&self, text: &Text) -> bool {
        text.call_id() == self.call_id && text.cseq_method() == "INVITE"
    }
    fn into_talking(self, response: Text) -> Talking {
        if let Some(described) = sdp::read(&response) {
            self.rtp.talk_to(Some(described.at));
        }
        let routes = response.all("Record-Route").map(str::to_owned).collect::<Vec<_>>();
        let dial = self.dial();
        self.phone.with_state(|s| s.media.insert(self.call_id.clone(), self.rtp.clone()));
        Talking {
            phone: self.phone,
            call_id: self.call_id,
            rtp: self.rtp,
            local: dial.from,
            remote: response.header("To").unwrap_or("").to_owned(),
            target: response.contact().unwrap_or("").to_owned(),
            routes: routes.into_iter().rev().collect(),
            cseq: dial.cseq,
            later: dial.later,
            version: 1,
            made_by: response,
        }
    }
}

impl Dial {
    /// Answers the 401 of the first attempt: ACK, and the INVITE again with credentials. Runs on the reader.
    pub(super) fn retry(phone: &Phone, challenge: &Text) -> bool {
        let call_id = challenge.call_id();
        let Some(mut dial) = phone.with_state(|s| s.dials.get(call_id).cloned()) else { return false };
        let Some(mut usable) = Challenge::of(challenge, phone.0.algorithm) else { return false };
        if challenge.branch() != dial.branch {
            // The first attempt's 401 once more: our ACK was late.
            (dial.branch, dial.cseq) = (challenge.branch().to_owned(), challenge.cseq());
            phone.say(&dial.acknowledge(phone, challenge));
            return true;
        }
        if dial.cseq != 1 {
            return false;
        }
        phone.say(&dial.acknowledge(phone, challenge));
        let credentials = phone.credentials(&mut usable, "INVITE", &dial.target);
        (dial.cseq, dial.branch) = (2, unique("z9hG4bK"));
        phone.with_state(|s| s.dials.insert(call_id.to_owned(), dial.clone()));
        phone.say(&dial.invite(phone, call_id, &credentials));
        true
    }
    fn invite(&self, phone: &Phone, call_id: &str, credentials: &str) -> String {
        let (head, contact) = (self.head(phone, call_id, "INVITE"), phone.contact());
        let Self { headers, body, .. } = self;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{head}{credentials}Contact: <{contact}>\r\n{ALLOW}{headers}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
    /// ACK of a non-2xx: same branch and CSeq (RFC 3261 §17.1.1.3).
    fn acknowledge(&self, phone: &Phone, response: &Text) -> String {
        let Self { target, from, cseq, branch, .. } = self;
        let (via, to, call_id) = (phone.via(branch), response.header("To").unwrap_or(""), response.call_id());
        format!(
            "ACK {target} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n"
        )
    }
    fn head(&self, phone: &Phone, call_id: &str, method: &str) -> String {
        let Self { target, from, cseq, branch, .. } = self;
        let via = phone.via(branch);
        format!(
            "{method} {target} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: <{target}>\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
        )
    }
}

impl Incoming {
    pub(super) fn new(phone: Phone, invite: Text) -> Self {
        Self { phone, invite }
    }
    /// Sends 180.
    pub fn ring(self) -> Self {
        let contact = format!("Contact: <{}>\r\n{ALLOW}", self.phone.contact());
        self.phone.respond(&self.invite, &reply(&self.invite, 180, "Ringing", &contact, ""));
        self
    }
    /// Sends 200 and waits for the ACK.
    pub fn answer(self) -> Talking {
        let talking = self.answer_unconfirmed();
        let id = talking.call_id.clone();
        let ack = talking.phone.take("ACK", |t| t.method() == "ACK" && t.call_id() == id);
        if let Some(described) = sdp::read(&ack) {
            talking.rtp.talk_to(Some(described.at));
        }
        talking
    }
    /// Sends 200 and talks at once.
    pub fn answer_unconfirmed(self) -> Talking {
        self.answer_with(sdp::USUAL)
    }
    /// The same with payload types of the test's choice.
    pub fn answer_with(self, payloads: &[(u8, &str)]) -> Talking {
        let rtp = Rtp::open(self.phone.link().local.ip());
        rtp.set_payload(payloads[0].0);
        if let Some(described) = sdp::read(&self.invite) {
            rtp.talk_to(Some(described.at));
        }
        let call_id = self.invite.call_id().to_owned();
        self.phone.with_state(|s| s.media.insert(call_id.clone(), rtp.clone()));
        let body = sdp::compose(rtp.local(), payloads, "sendrecv", 1);
        let contact = format!("Contact: <{}>\r\n{ALLOW}", self.phone.contact());
        let ok = reply(&self.invite, 200, "OK", &contact, &body);
        let local = Text::read(ok.as_bytes()).unwrap().header("To").unwrap().to_owned();
        self.phone.respond(&self.invite, &ok);
        Talking {
            call_id,
            rtp,
            local,
            remote: self.invite.header("From").unwrap_or("").to_owned(),
            target: self.invite.contact().unwrap_or("").to_owned(),
            routes: self.invite.all("Record-Route").map(str::to_owned).collect(),
            cseq: 0,
            later: 0,
            version: 1,
            made_by: self.invite.clone(),
            phone: self.phone,
        }
    }
    /// Refuses.
    pub fn refuse(self, status: u16) {
        let reason = if status == 486 { "Busy Here" } else { "Refused" };
        self.phone.respond(&self.invite, &reply(&self.invite, status, reason, "", ""));
    }
    /// Waits for the CANCEL (answered by the phone itself) and returns it.
    pub fn cancelled(self) -> Text {
        let branch = self.invite.branch().to_owned();
        self.phone.take("CANCEL", |t| t.method() == "CANCEL" && t.branch() == branch)
    }
}

impl Talking {
    /// Hangs up and expects 200.
    pub fn hang_up(mut self) {
        let ok = self.request("BYE", "", "");
        assert_eq!(ok.status(), Some(200), "BYE\n{}", self.phone.ladder());
        self.leave();
    }
    /// Waits for the other side's BYE.
    pub fn ended(self) {
        self.phone.wait_ended(&self.call_id);
        self.leave();
    }
    /// Whether the other side hung up.
    pub fn is_ended(&self) -> bool {
        self.phone.with_state(|s| s.ended.contains(&self.call_id))
    }
    /// Offers anew with that direction, and talks as was agreed; the answer, acknowledged.
    pub fn offer(&mut self, direction: &'static str) -> Text {
        self.version += 1;
        let body = sdp::compose(self.rtp.local(), sdp::USUAL, direction, self.version);
        let answer = self.request("INVITE", SDP, &body);
        if answer.status() == Some(200) {
            self.acknowledge();
            let agreed = sdp::read(&answer).expect("an answer");
            let talks = matches!(direction, "sendrecv" | "sendonly")
                && matches!(agreed.direction.as_str(), "sendrecv" | "recvonly");
            self.rtp.talk_to(talks.then_some(agreed.at));
        }
        answer
    }
    /// A request within the dialog; its final response.
    pub fn request(&mut self, method: &str, headers: &str, body: &str) -> Text {
        let branch = unique("z9hG4bK");
        let text = self.compose_next(method, &branch, headers, body);
        self.phone.exchange(&branch, &text)
    }
    /// ACK of a 2xx: a transaction of its own (RFC 3261 §13.2.2.4).
    pub fn acknowledge(&self) {
        self.phone.say(&self.compose("ACK", &unique("z9hG4bK"), "", ""));
    }
    /// The next request within the dialog, not sent.
    pub fn compose_next(&mut self, method: &str, branch: &str, headers: &str, body: &str) -> String {
        self.cseq += 1 + std::mem::take(&mut self.later);
        self.compose(method, branch, headers, body)
    }
    /// A request within the dialog under its present number, not sent.
    pub fn compose(&self, method: &str, branch: &str, headers: &str, body: &str) -> String {
        let Self { target, local, remote, call_id, cseq, .. } = self;
        let routes: String = self.routes.iter().map(|r| format!("Route: {r}\r\n")).collect();
        let (via, contact) = (self.phone.via(branch), self.phone.contact());
        format!(
            "{method} {target} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n{routes}From: {local}\r\nTo: {remote}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <{contact}>\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
    /// The caller's number and name as the phone would show them.
    pub fn shown(&self) -> (String, String) {
        let uri = bracketed(&self.remote).unwrap_or("");
        let number = uri.trim_start_matches("sip:").split('@').next().unwrap_or("").to_owned();
        let name = self.remote.split('<').next().unwrap_or("").trim().trim_matches('"').to_owned();
        (number, name)
    }
    fn leave(&self) {
        self.rtp.stop();
        self.phone.with_state(|s| s.media.remove(&self.call_id));
    }
}

const ALLOW: &str = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO\r\n";
const SDP: &str = "Content-Type: application/sdp\r\n";
