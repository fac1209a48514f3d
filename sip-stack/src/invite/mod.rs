//! One INVITE usage from request to BYE, on either side: RFC 3261 §13–§15 with RFC 3262, 3311 and 4028.
//!
//! ```text
//!   we call:    Calling ──2xx──► Up ──BYE──► Over      (Over lingers until no 2xx of a late fork can come)
//!   they call:  Called ──200───► Up ──BYE──► Over
//! ```
//!
//! One file per verb. An invite is told of requests and responses that were matched to it, changes its state, and
//! lets the transaction layer send. Its timers are in [`Timer`]; the stack schedules the earliest.

mod ack;
mod answer;
mod bye;
mod called;
mod calling;
mod cancel;
mod description;
mod identity;
mod info;
mod multipart;
mod offer;
mod prack;
mod proof;
mod refer;
mod refresh;
mod update;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use smallvec::SmallVec;

use crate::{
    Flow, Message, Name, Response,
    dialog::{Dialog, Local},
    event::{EndCause, Event, InviteId, Standing},
    message::Method,
    timers::{Deadlines, Ticket},
    transaction::layer::{ClientId, Layer, NoResponse, Owner, ServerId, What},
};
use ack::Confirm;
use answer::Theirs;
use called::Called;
use calling::Calling;
use description::sdp_of;
pub(crate) use description::{SDP, is_strange};
use identity::Identity;
use offer::Ours;
use proof::Proof;
use refer::{Referral, Referred};
use refresh::Session;

/// Where an invite stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// We called, nobody answered.
    Calling,
    /// They called, we did not answer.
    Called,
    /// Answered.
    Up,
    /// Over for the application.
    Over,
}

/// The timers of an invite.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// 2xx again until its ACK (RFC 3261 §13.3.1.4).
    AnswerAgain,
    /// No ACK for our 2xx.
    NoAck,
    /// Reliable provisional response again until its PRACK (RFC 3262 §3).
    ProgressAgain,
    /// No PRACK.
    NoPrack,
    /// Our offer again after 491 (RFC 3261 §14.1).
    OfferAgain,
    /// Session refresh is our turn (RFC 4028 §10).
    Refresh,
    /// Session was not refreshed (RFC 4028 §10).
    Expired,
    /// Our re-INVITE is not answered, only acknowledged as received (timer C, RFC 3261 §16.6).
    NoAnswer,
    /// A provisional response again, so that proxies do not give up (RFC 3261 §13.3.1.1).
    StillRinging,
    /// 100, since the application takes its time (RFC 3261 §17.2.1).
    Trying,
    /// The subscription of a REFER ends (RFC 3515 §2.4.4).
    Referral,
}

/// One INVITE usage.
#[derive(Debug)]
pub(crate) struct Invite {
    pub(crate) id: InviteId,
    local: Arc<Local>,
    /// We sent the INVITE; the Call-ID is ours.
    began_here: bool,
    stage: Stage,
    /// Early dialogs; once Up the one that is left.
    dialogs: SmallVec<[Dialog; 1]>,
    calling: Option<Box<Calling>>,
    called: Option<Box<Called>>,
    /// Our 2xx that waits for its ACK.
    confirm: Option<Box<Confirm>>,
    /// Our re-INVITE or UPDATE that waits for its answer.
    ours: Option<Ours>,
    /// Their offer that waits for the application.
    theirs: Option<Theirs>,
    /// Our next offer, once it may be made.
    queued: Option<Bytes>,
    /// Their REFER, until they know what became of it.
    referral: Option<Box<Referral>>,
    /// Our REFER, until we know what became of it.
    referred: Option<Referred>,
    /// Whom the peer was told that it talks with.
    identity: Option<Box<Identity>>,
    session: Session,
    timers: Deadlines<11>,
    /// BYE follows the ACK (RFC 3261 §15), with this reason.
    bye_after_ack: Option<Option<String>>,
    /// BYE follows the last NOTIFY, with this reason: overtaking it, it would take the dialog away under it.
    bye_after_notify: Option<Option<String>>,
    /// How we prove who we are, where the peer asks.
    proof: Option<Box<Proof>>,
    pub(crate) scheduled: Option<Ticket>,
}

impl Invite {
    fn new(id: InviteId, local: Arc<Local>, stage: Stage, session: Session) -> Self {
        Self {
            id,
            local,
            began_here: stage == Stage::Calling,
            stage,
            dialogs: SmallVec::new(),
            calling: None,
            called: None,
            confirm: None,
            ours: None,
            theirs: None,
            queued: None,
            referral: None,
            referred: None,
            identity: None,
            session,
            timers: Deadlines::none(),
            bye_after_ack: None,
            bye_after_notify: None,
            proof: None,
            scheduled: None,
        }
    }
    /// Our tag in all its dialogs.
    pub(crate) fn local_tag(&self) -> &[u8] {
        self.local.tag()
    }
    /// The earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    /// Whether nothing can follow any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.stage == Stage::Over
            && self.calling.is_none()
            && self.confirm.is_none()
            && self.ours.is_none()
            && self.referral.is_none()
    }
    /// Whether the application still knows this invite.
    fn is_known(&self) -> bool {
        self.stage != Stage::Over && self.bye_after_ack.is_none() && self.bye_after_notify.is_none()
    }
    /// Fires the earliest timer.
    pub(crate) fn handle_timeout(&mut self, now: Instant, layer: &mut Layer) {
        let Some(timer) = self.timers.pop_due(now) else { return };
        tracing::debug!(invite.id = self.id.0, timer = TIMERS[timer], "invite timer fired");
        match timer {
            ANSWER_AGAIN => self.answer_again(now, layer),
            NO_ACK => self.give_up_ack(now, layer),
            PROGRESS_AGAIN => self.progress_again(now, layer),
            NO_PRACK => self.give_up_prack(now, layer),
            OFFER_AGAIN => self.offer_again(now, layer),
            REFRESH => self.refresh(now, layer),
            NO_ANSWER => self.cancel_ours(now, layer),
            STILL_RINGING => self.still_ringing(now, layer),
            TRYING => self.still_trying(now, layer),
            REFERRAL => self.expire_referral(now, layer),
            _ => self.expire(now, layer),
        }
    }
    /// The dialog of a request of the peer.
    pub(crate) fn dialog_of(&self, message: &Message) -> Option<usize> {
        if self.stage == Stage::Over {
            return None;
        }
        let tag = message.from_tag().unwrap_or_default();
        self.dialogs.iter().position(|dialog| dialog.is_of(message.call_id(), tag))
    }
    /// Where the dialog with this Call-ID and peer's tag stands; `None` if it is none of ours or over.
    pub(crate) fn standing(&self, call_id: &[u8], remote_tag: &[u8]) -> Option<Standing> {
        let is_known = self.is_known() && self.dialogs.iter().any(|dialog| dialog.is_of(call_id, remote_tag));
        is_known.then_some(match self.stage {
            Stage::Calling => Standing::Rings,
            Stage::Called => Standing::Calls,
            Stage::Up | Stage::Over => Standing::Confirmed,
        })
    }
    /// Call-ID, our tag, the peer's tag.
    pub(crate) fn dialog_ids(&self) -> Option<[String; 3]> {
        let dialog = self.dialogs.first()?;
        let ids = [self.local.call_id(), self.local.tag(), dialog.remote_tag()];
        Some(ids.map(|id| String::from_utf8_lossy(id).into_owned()))
    }
    /// The peer changed from one flow to another.
    pub(crate) fn reroute(&mut self, before: Flow, now_by: Flow) {
        self.dialogs.iter_mut().for_each(|dialog| dialog.reroute(before, now_by));
    }
    /// A request in dialog `at`, in a server transaction of its own.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (at, server): (usize, ServerId),
        (flow, request): (Flow, &Message),
    ) {
        let method = request.method();
        // A PRACK may be overtaken by what follows it; its RAck says what it is for.
        let in_order = self.dialogs[at].accept_cseq(request.cseq());
        if !in_order && method != Method::Prack {
            layer.respond(now, server, &Response::new(500).because("CSeq out of order"), None);
            return;
        }
        self.dialogs[at].hear_flow(flow);
        match method {
            Method::Invite => self.hear_reinvite(now, layer, server, (flow, request)),
            Method::Update => self.hear_update(now, layer, (at, server), (flow, request)),
            Method::Prack => self.hear_prack(now, layer, server, request),
            Method::Bye => self.hear_bye(now, layer, server, request),
            Method::Info => self.hear_info(now, layer, server, request),
            Method::Refer => self.hear_refer(now, layer, server, request),
            Method::Notify => self.hear_notify(now, layer, server, request),
            Method::Options => {
                let _ = layer.respond(
                    now,
                    server,
                    &Response::new(200).with(Name::Accept, "application/sdp"),
                    Some(self.local.contact()),
                );
            }
            _ => {
                let allow = crate::transaction::send::ALLOW;
                layer.respond(now, server, &Response::new(405).with(Name::Allow, allow), None);
            }
        }
    }
    /// What a transaction of this invite heard.
    pub(crate) fn hear(&mut self, now: Instant, layer: &mut Layer, what: What) {
        match what {
            What::Response { client, flow, message } => {
                self.hear_response(now, layer, client, (flow, &message))
            }
            What::NoResponse { client, method, cause } => {
                self.hear_nothing(now, layer, (client, method), cause)
            }
            What::Ended { client } => {
                if self.calling.as_ref().is_some_and(|calling| calling.client == client) {
                    self.calling = None;
                }
                if self.stage == Stage::Over && self.ours.as_ref().is_some_and(|ours| ours.client == client) {
                    self.ours = None;
                }
            }
            What::CallerGone { server } => self.hear_caller_gone(layer, server),
        }
    }
    fn hear_response(&mut self, now: Instant, layer: &mut Layer, client: ClientId, heard: (Flow, &Message)) {
        if self.calling.as_ref().is_some_and(|calling| calling.client == client) {
            self.hear_calling(now, layer, heard);
        } else if self.ours.as_ref().is_some_and(|ours| ours.client == client) {
            self.hear_ours(now, layer, heard);
        } else if heard.1.method() == Method::Prack {
            self.hear_prack_answer(now, layer, client, heard.1);
        } else if refer::is_referring(heard.1.method()) {
            let status = heard.1.status().unwrap_or(0);
            if !self.hear_referred(layer, client, status) && status >= 200 {
                self.hear_notified(now, layer, client, Some(status));
            }
        }
    }
    fn hear_nothing(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (client, method): (ClientId, Method),
        cause: NoResponse,
    ) {
        if self.calling.as_ref().is_some_and(|calling| calling.client == client) {
            self.give_up_calling(layer, cause);
        } else if self.ours.as_ref().is_some_and(|ours| ours.client == client) {
            self.give_up_ours(now, layer, cause);
        } else if method == Method::Prack {
            self.prack_done(client);
        } else if refer::is_referring(method) && !self.hear_referred(layer, client, 408) {
            self.hear_notified(now, layer, client, None);
        }
    }
    /// Tells the application, if it still knows this invite.
    fn tell(&self, layer: &mut Layer, event: Event) {
        if self.is_known() {
            layer.event(event);
        }
    }
    /// The session is over: its dialogs go, unless something is still told in one.
    fn forget_dialogs(&mut self) {
        if self.referral.is_none() {
            self.dialogs = SmallVec::new();
        }
    }
    fn owner(&self) -> Owner {
        Owner::Invite(self.id)
    }
    /// Tells the application that the session is over, and lets go of everything but what late messages need.
    fn end(&mut self, now: Instant, layer: &mut Layer, cause: EndCause, reason: Option<String>) {
        self.tell(layer, Event::Ended { id: self.id, cause, reason });
        self.let_go(now, layer);
    }
    /// The invite is over: pending requests of the peer are refused, timers stop.
    fn let_go(&mut self, now: Instant, layer: &mut Layer) {
        if let Some(theirs) = self.theirs.take() {
            layer.respond(now, theirs.server, &Response::new(487), None);
        }
        self.stage = Stage::Over;
        self.timers.clear_all();
        self.called = None;
        self.confirm = None;
        self.queued = None;
        self.identity = None;
        self.bye_after_notify = None;
        self.session.forget();
        self.keep_referral(now, layer);
        match &self.ours {
            // Its 2xx must still be acknowledged.
            Some(ours) if ours.method == Method::Invite => layer.send_cancel(now, ours.client, None),
            Some(_) | None => {
                self.ours = None;
                self.forget_dialogs();
            }
        }
    }
}

/// Whether a list header (Supported, Require) names an option.
pub(crate) fn has_option(message: &Message, name: Name, option: &str) -> bool {
    message.has_token(name, option)
}

/// The number at the start of a header.
fn number_of(message: &Message, name: Name) -> Option<u32> {
    let value = message.header(name)?;
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&value[..digits]).ok()?.parse().ok()
}

const ANSWER_AGAIN: usize = Timer::AnswerAgain as usize;
const NO_ACK: usize = Timer::NoAck as usize;
const PROGRESS_AGAIN: usize = Timer::ProgressAgain as usize;
const NO_PRACK: usize = Timer::NoPrack as usize;
const OFFER_AGAIN: usize = Timer::OfferAgain as usize;
const REFRESH: usize = Timer::Refresh as usize;
const EXPIRED: usize = Timer::Expired as usize;
const NO_ANSWER: usize = Timer::NoAnswer as usize;
const STILL_RINGING: usize = Timer::StillRinging as usize;
const TRYING: usize = Timer::Trying as usize;
const REFERRAL: usize = Timer::Referral as usize;
/// Names for the log, by timer.
const TIMERS: [&str; 11] = [
    "answer again",
    "no ACK",
    "progress again",
    "no PRACK",
    "offer again",
    "refresh",
    "session expired",
    "no answer",
    "still ringing",
    "still trying",
    "referral",
];
