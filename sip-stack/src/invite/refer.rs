//! REFER within a dialog and the NOTIFYs of what became of it: RFC 3515, RFC 6665 §4, RFC 4488 (norefersub). Both sides.
//!
//! ```text
//!   peer                     we
//!    │── REFER ──────────────►│  Event::Refer ► accept_refer | refuse_refer
//!    │◄────────────── 202 ────│
//!    │◄── NOTIFY 100, active ─│
//!    │◄── NOTIFY 200, over ───│  notify_refer; also after the session ended (RFC 5057 §4.2)
//! ```
//!
//! One NOTIFY is under way at a time; of what happens meanwhile only the newest is told.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Invite, REFERRAL, Stage};
use crate::{
    Message, Name, Response,
    event::Event,
    headers,
    message::Method,
    status::reason_phrase,
    transaction::layer::{ClientId, Layer, ServerId},
};

/// A REFER of the peer.
#[derive(Debug)]
pub(crate) struct Referral {
    /// Its CSeq, which names the subscription (RFC 3515 §2.4.6).
    cseq: u32,
    /// It waits for the application.
    server: Option<ServerId>,
    /// The peer wants to hear nothing (RFC 4488).
    is_silent: bool,
    /// The NOTIFY under way, and whether it is the last one.
    sent: Option<(ClientId, bool)>,
    /// What is told next.
    next: Option<u16>,
    ends: Instant,
}

/// A REFER of ours.
#[derive(Debug)]
pub(crate) struct Referred {
    /// While it is not answered.
    client: Option<ClientId>,
}

/// The peer's side.
impl Invite {
    pub(super) fn hear_refer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        server: ServerId,
        request: &Message,
    ) {
        let refusal = match () {
            () if self.stage != Stage::Up || self.bye_after_ack.is_some() => Some(403),
            () if self.referral.is_some() => Some(491),
            () if request.values(Name::ReferTo).count() != 1 => Some(400),
            () => None,
        };
        if let Some(status) = refusal {
            layer.respond(now, server, &Response::new(status), None);
            return;
        }
        let is_silent = request.header(Name::ReferSub).is_some_and(|v| v.eq_ignore_ascii_case(b"false"));
        let (cseq, ends) = (request.cseq(), now + EXPIRES);
        let referral = Referral { cseq, server: Some(server), is_silent, sent: None, next: None, ends };
        self.referral = Some(Box::new(referral));
        self.tell(layer, Event::Refer { id: self.id, request: request.clone() });
    }
    /// Takes the REFER; the peer hears of its progress.
    pub(crate) fn accept_refer(&mut self, now: Instant, layer: &mut Layer) {
        let Some(referral) = &mut self.referral else { return };
        let Some(server) = referral.server.take() else { return };
        let mut response = Response::new(202);
        if referral.is_silent {
            response = response.with(Name::ReferSub, "false");
        }
        layer.respond(now, server, &response, Some(self.local.contact()));
        if referral.is_silent {
            self.end_referral(now, layer);
            return;
        }
        self.timers.set(REFERRAL, referral.ends);
        self.notify_refer(now, layer, 100);
    }
    /// Refuses the REFER.
    pub(crate) fn refuse_refer(&mut self, now: Instant, layer: &mut Layer, response: &Response) {
        if let Some(server) = self.referral.as_mut().and_then(|referral| referral.server.take()) {
            layer.respond(now, server, response, None);
            self.end_referral(now, layer);
        }
    }
    /// Tells what the reference came to so far; with 200..=699 that was all.
    pub(crate) fn notify_refer(&mut self, now: Instant, layer: &mut Layer, status: u16) {
        let Some(referral) = self.referral.as_mut().filter(|referral| referral.server.is_none()) else {
            return;
        };
        if referral.next.is_none_or(|next| next < 200) {
            referral.next = Some(status);
        }
        self.notify_next(now, layer);
    }
    fn notify_next(&mut self, now: Instant, layer: &mut Layer) {
        let owner = self.owner();
        let Some(referral) = self.referral.as_mut().filter(|referral| referral.sent.is_none()) else {
            return;
        };
        let Some(status) = referral.next.take() else { return };
        let Some(dialog) = self.dialogs.first_mut() else { return self.end_referral(now, layer) };
        let is_last = status >= 200;
        let left = referral.ends.saturating_duration_since(now).as_secs();
        let state =
            if is_last { "terminated;reason=noresource".into() } else { format!("active;expires={left}") };
        let headers =
            [(Name::Event, format!("refer;id={}", referral.cseq)), (Name::SubscriptionState, state)];
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let cseq = dialog.next_cseq();
        let mut draft = dialog.draft("NOTIFY", cseq);
        draft.contact = Some(self.local.contact());
        draft.headers = &headers;
        draft.body = Some((FRAGMENT, body.as_bytes()));
        let client = layer.send(now, dialog.hop(), &draft, owner);
        referral.sent = Some((client, is_last));
    }
    /// The answer to our NOTIFY, or `None` if none came: one that is refused ends the subscription.
    pub(super) fn hear_notified(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        client: ClientId,
        status: Option<u16>,
    ) {
        let Some(referral) = &mut self.referral else { return };
        let Some((_, is_last)) = referral.sent.take_if(|sent| sent.0 == client) else { return };
        let is_wanted = status.is_some_and(|status| (200..300).contains(&status));
        if is_last || !is_wanted {
            self.end_referral(now, layer);
        } else {
            self.notify_next(now, layer);
        }
    }
    /// The application did not say in time what became of it.
    pub(super) fn expire_referral(&mut self, now: Instant, layer: &mut Layer) {
        if self.referral.as_ref().is_some_and(|referral| referral.sent.is_none()) {
            self.notify_refer(now, layer, 408);
        } else {
            self.end_referral(now, layer);
        }
    }
    /// The session is over; what the reference comes to is still told in its dialog.
    pub(super) fn keep_referral(&mut self, now: Instant, layer: &mut Layer) {
        let Some(referral) = &mut self.referral else { return };
        match referral.server.take() {
            Some(server) => {
                layer.respond(now, server, &Response::new(487), None);
                self.referral = None;
            }
            None => self.timers.set(REFERRAL, referral.ends),
        }
    }
    /// Whether the last NOTIFY is under way, or comes next.
    pub(super) fn is_telling_the_last(&self) -> bool {
        self.referral.as_ref().is_some_and(|referral| {
            referral.next.is_some_and(|status| status >= 200) || referral.sent.is_some_and(|sent| sent.1)
        })
    }
    fn end_referral(&mut self, now: Instant, layer: &mut Layer) {
        self.referral = None;
        self.timers.clear(REFERRAL);
        if let Some(reason) = self.bye_after_notify.take() {
            self.send_bye(now, layer, reason.as_deref());
            self.let_go(now, layer);
        }
        if self.stage == Stage::Over && self.ours.is_none() {
            self.dialogs = Default::default();
        }
    }
}

/// Our side.
impl Invite {
    /// Has the peer refer to that, `<sip:…>`.
    pub(crate) fn refer(&mut self, now: Instant, layer: &mut Layer, to: &str, headers: Vec<(Name, String)>) {
        let owner = self.owner();
        let Some(dialog) = self.dialogs.first_mut().filter(|_| self.stage == Stage::Up) else { return };
        let headers = [vec![(Name::ReferTo, to.to_owned())], headers].concat();
        let cseq = dialog.next_cseq();
        let mut draft = dialog.draft("REFER", cseq);
        draft.contact = Some(self.local.contact());
        draft.headers = &headers;
        let client = layer.send(now, dialog.hop(), &draft, owner);
        self.referred = Some(Referred { client: Some(client) });
    }
    /// The final answer to our REFER, 408 if none came; `false` if it is for something else.
    pub(super) fn hear_referred(&mut self, layer: &mut Layer, client: ClientId, status: u16) -> bool {
        let Some(referred) = self.referred.as_mut().filter(|r| r.client == Some(client)) else {
            return false;
        };
        if status >= 200 {
            referred.client = None;
            if status >= 300 {
                self.referred = None;
            }
            self.tell(layer, Event::Referred { id: self.id, status });
        }
        true
    }
    /// What our REFER came to. Nobody asked for other events.
    pub(super) fn hear_notify(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        server: ServerId,
        request: &Message,
    ) {
        let event = request.header(Name::Event).and_then(headers::Event::parse);
        let status = match event {
            Some(event) if event.package != b"refer" => 489,
            Some(_) if self.referred.is_some() => 200,
            Some(_) | None => 481,
        };
        layer.respond(now, server, &Response::new(status), None);
        if status != 200 {
            return;
        }
        let body = request.body();
        let reached = fragment_status(&body);
        if reached.is_some_and(|status| status >= 200) {
            self.referred = None;
        }
        if let Some(status) = reached {
            self.tell(layer, Event::Notified { id: self.id, status });
        }
    }
}

/// The status in the first line of a `message/sipfrag` (RFC 3420).
fn fragment_status(body: &Bytes) -> Option<u16> {
    let line = body.split(|b| *b == b'\n').next()?;
    let status = line.strip_prefix(b"SIP/2.0 ")?.get(..3)?;
    std::str::from_utf8(status).ok()?.parse().ok().filter(|status| (100..=699).contains(status))
}

/// Whether it is a request of this room.
pub(super) fn is_referring(method: Method) -> bool {
    matches!(method, Method::Refer | Method::Notify)
}

/// How long the peer hears of its REFER: longer than any phone rings. RFC 3515 §2.4.4 leaves it to us.
const EXPIRES: Duration = Duration::from_secs(300);
/// RFC 3515 §2.4.4, RFC 3420.
const FRAGMENT: &str = "message/sipfrag;version=2.0";
