//! They call: provisional responses, answer, refusal (RFC 3261 §13.3).

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use smallvec::SmallVec;

use super::{
    Invite, SDP, STILL_RINGING, Stage, TRYING,
    ack::{IsFirst, Offered},
    has_option,
    prack::Pending,
    refresh::Session,
    sdp_of,
};
use crate::{
    Flow, Message, Name, Response,
    dialog::{Dialog, Local, push_contact},
    event::{EarlyOffer, Event, InviteId, KeptDialog},
    transaction::{
        layer::{Layer, Owner, ServerId},
        receive::Arrival,
    },
};

/// What only the callee of an unconfirmed INVITE needs.
#[derive(Debug)]
pub(crate) struct Called {
    pub(super) server: ServerId,
    /// The INVITE, until its dialog is made of it: many are rejected before that.
    request: Option<(Flow, Message)>,
    cseq: u32,
    /// The INVITE carried an offer.
    offered: bool,
    pub(super) reliability: Reliability,
    pub(super) next_rseq: u32,
    /// The reliable response that waits for its PRACK.
    pub(super) pending: Option<Pending>,
    /// Provisional responses behind it (RFC 3262 §3: one at a time).
    pub(super) queue: VecDeque<Response>,
    /// The answer that waits for that PRACK.
    pub(super) held: Option<(Bytes, Vec<(Name, String)>)>,
    session_headers: Vec<(Name, String)>,
}

/// What the caller's 100rel allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reliability {
    None,
    Supported,
    Required,
}

impl Invite {
    /// Takes an INVITE outside of any dialog: the application hears of it, and a 100 goes out unless it says something
    /// soon. `None` if it was refused (422).
    pub(crate) fn ring(now: Instant, layer: &mut Layer, arrival: &Arrival<'_>) -> Option<Self> {
        let (flow, request) = (arrival.flow, arrival.request);
        let id = InviteId(layer.new_id());
        let tag = layer.new_tag(id);
        let server = layer.serve(arrival, Owner::Invite(id), tag.clone());
        layer.received(flow, request, Owner::Invite(id), false);
        let session = Session::new(&layer.settings);
        if let Some(refusal) = session.too_small(request) {
            layer.respond(now, server, &refusal, None);
            return None;
        }
        let to = request.header(Name::To).unwrap_or_default();
        let uri = request.request_uri().unwrap_or_default();
        let contact = |out: &mut Vec<u8>| push_contact(out, &layer.settings, flow, tag.as_bytes(), uri);
        let local = Local::new(request.call_id(), to, tag.as_bytes(), contact);
        let mut invite = Self::new(id, Arc::new(local), Stage::Called, session);
        let offer = sdp_of(request);
        invite.called = Some(Box::new(Called {
            server,
            request: Some((flow, request.clone())),
            cseq: request.cseq(),
            offered: offer.is_some(),
            reliability: reliability(request),
            next_rseq: 1 + (layer.random() as u32 >> 8),
            pending: None,
            queue: VecDeque::new(),
            held: None,
            session_headers: Vec::new(),
        }));
        invite.timers.set(TRYING, now + TRYING_AFTER);
        layer.event(Event::Invite { id, flow, request: request.clone(), offer });
        Some(invite)
    }
    /// Makes the dialog (RFC 3261 §12.1.1) before the first response that shows its tag.
    pub(super) fn establish(&mut self) {
        let Some((flow, request)) = self.called.as_mut().and_then(|called| called.request.take()) else {
            return;
        };
        self.dialogs = SmallVec::from_iter([Dialog::of_request(self.local.clone(), &request, flow)]);
        if let Some(offer) = sdp_of(&request) {
            self.session.keep_remote(&offer);
        }
        if let (Some(called), Ok(headers)) = (&mut self.called, self.session.hear_request(&request)) {
            called.session_headers = headers;
        }
    }
    /// What a restart would need of the first dialog, also of one that is not made yet.
    pub(crate) fn keep_dialog(&self) -> Option<KeptDialog> {
        if let Some(dialog) = self.dialogs.first() {
            return Some(dialog.keep());
        }
        let (flow, request) = self.called.as_ref()?.request.as_ref()?;
        Some(Dialog::of_request(self.local.clone(), request, *flow).keep())
    }
    /// Sends 101..=199: reliably where the caller requires it, or where it carries SDP and the caller allows it.
    pub(crate) fn progress(&mut self, now: Instant, layer: &mut Layer, mut response: Response) {
        if self.stage != Stage::Called || !(101..=199).contains(&response.status) {
            return;
        }
        self.establish();
        let is_negotiated = self.dialogs[0].is_negotiated;
        let Some(called) = &mut self.called else { return };
        if called.held.is_some() {
            return;
        }
        self.timers.clear(TRYING);
        let reliable = match called.reliability {
            Reliability::None => false,
            Reliability::Supported => response.body.is_some(),
            Reliability::Required => true,
        };
        if reliable {
            // The first reliable response to a caller without an offer has ours (RFC 3261 §13.2.1).
            let is_premature = !called.offered && !is_negotiated && response.body.is_none();
            if called.queue.len() < MOST_QUEUED && !(is_premature && called.pending.is_none()) {
                called.queue.push_back(response);
            }
            self.progress_queued(now, layer);
            return;
        }
        // An offer may only travel reliably (RFC 3261 §13.2.1), and a settled answer is not repeated.
        if !called.offered || is_negotiated {
            response.body = None;
        }
        layer.respond(now, called.server, &response, Some(self.local.contact()));
        self.timers.set(STILL_RINGING, now + STILL);
    }
    /// The application has not said anything yet: the caller is told that we are here.
    pub(super) fn still_trying(&mut self, now: Instant, layer: &mut Layer) {
        if let Some(called) = self.called.as_ref().filter(|_| self.stage == Stage::Called) {
            layer.respond(now, called.server, &Response::new(100), None);
        }
    }
    /// A minute has passed since the last provisional response.
    pub(super) fn still_ringing(&mut self, now: Instant, layer: &mut Layer) {
        let Some(called) = self.called.as_ref().filter(|_| self.stage == Stage::Called) else { return };
        if called.pending.is_none() {
            layer.respond_again(called.server);
        }
        self.timers.set(STILL_RINGING, now + STILL);
    }
    /// Whether the caller may be offered something before the answer.
    pub(crate) fn early_offer(&self) -> EarlyOffer {
        let reliability =
            self.called.as_ref().filter(|called| !called.offered).map(|called| called.reliability);
        match reliability {
            Some(Reliability::Required) => EarlyOffer::Required,
            Some(Reliability::Supported) => EarlyOffer::Possible,
            Some(Reliability::None) | None => EarlyOffer::Impossible,
        }
    }
    /// Whether a description in a provisional response would be our offer.
    pub(super) fn progress_offers(&self) -> bool {
        self.called.as_ref().is_some_and(|called| !called.offered)
    }
    /// Answers with 200; after a reliable description first its PRACK must come (RFC 3262 §3).
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        sdp: Bytes,
        headers: Vec<(Name, String)>,
    ) {
        if self.stage != Stage::Called {
            return;
        }
        self.establish();
        let Some(called) = &mut self.called else { return };
        called.queue.clear();
        if called.pending.as_ref().is_some_and(|pending| pending.has_sdp) || self.theirs.is_some() {
            called.held = Some((sdp, headers));
            return;
        }
        self.send_answer(now, layer, sdp, headers);
    }
    /// Sends the 200 that was held, if nothing holds it any more.
    pub(super) fn answer_held(&mut self, now: Instant, layer: &mut Layer) {
        if self.theirs.is_some() || self.stage != Stage::Called {
            return;
        }
        if let Some((sdp, headers)) = self.called.as_mut().and_then(|called| called.held.take()) {
            self.send_answer(now, layer, sdp, headers);
        }
    }
    fn send_answer(&mut self, now: Instant, layer: &mut Layer, sdp: Bytes, mut headers: Vec<(Name, String)>) {
        let is_negotiated = self.dialogs[0].is_negotiated;
        let Some(called) = &mut self.called else { return };
        headers.append(&mut called.session_headers);
        let body = (!is_negotiated).then(|| (SDP, sdp.clone()));
        let response = Response { status: 200, reason: None, headers, body };
        let (server, cseq) = (called.server, called.cseq);
        let offered = if called.offered || is_negotiated { Offered::No } else { Offered::Yes };
        let Some(flow) = layer.response_flow(server) else { return };
        let Some(bytes) = layer.respond(now, server, &response, Some(self.local.contact())) else { return };
        self.timers.clear_all();
        self.dialogs[0].is_negotiated = true;
        self.stage = Stage::Up;
        if !is_negotiated {
            self.session.local_sdp = sdp;
        }
        self.session.start(now, &mut self.timers);
        self.await_ack(now, (flow, bytes), cseq, (IsFirst::Yes, offered));
    }
    /// Refuses with 300..=699.
    pub(crate) fn reject(&mut self, now: Instant, layer: &mut Layer, response: &Response) {
        if self.stage != Stage::Called || !(300..=699).contains(&response.status) {
            return;
        }
        let Some(called) = &self.called else { return };
        layer.respond(now, called.server, response, None);
        self.let_go(now, layer);
    }
}

fn reliability(request: &Message) -> Reliability {
    if has_option(request, Name::Require, "100rel") {
        Reliability::Required
    } else if has_option(request, Name::Supported, "100rel") {
        Reliability::Supported
    } else {
        Reliability::None
    }
}

/// How long an INVITE may stay without any response, RFC 3261 §17.2.1.
const TRYING_AFTER: Duration = Duration::from_millis(200);
/// How often a provisional response is repeated, RFC 3261 §13.3.1.1.
const STILL: Duration = Duration::from_secs(60);
/// Provisional responses that may wait for a PRACK.
const MOST_QUEUED: usize = 8;
