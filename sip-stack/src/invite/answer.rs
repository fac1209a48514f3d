//! The peer's offers: re-INVITE (RFC 3261 §14.2), UPDATE and PRACK with SDP; our answer to them.

use std::time::Instant;

use bytes::Bytes;

use super::{
    Invite, SDP, Stage,
    ack::{IsFirst, Offered},
    offer::Ours,
    sdp_of,
};
use crate::{
    Flow, Message, Name, Response,
    event::Event,
    message::Method,
    transaction::layer::{Layer, ServerId},
};

/// An offer of theirs that waits for the application.
#[derive(Debug)]
pub(crate) struct Theirs {
    pub(super) server: ServerId,
    pub(super) method: Method,
    pub(super) cseq: u32,
    /// A re-INVITE without SDP: what the application accepts with is our offer.
    pub(super) is_empty: bool,
    /// Session timer headers of the response.
    pub(super) headers: Vec<(Name, String)>,
}

impl Invite {
    /// A re-INVITE.
    pub(super) fn hear_reinvite(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        server: ServerId,
        (flow, request): (Flow, &Message),
    ) {
        if let Some(refusal) = self.refuses_reinvite(layer) {
            layer.respond(now, server, &refusal, None);
            return;
        }
        let headers = match self.session.hear_request(request) {
            Ok(headers) => headers,
            Err(refusal) => {
                layer.respond(now, server, &refusal, None);
                return;
            }
        };
        layer.respond(now, server, &Response::new(100), None);
        self.dialogs[0].hear_target(request, flow);
        let sdp = sdp_of(request);
        if let Some(sdp) = &sdp {
            self.session.keep_remote(sdp);
        }
        let (cseq, is_empty) = (request.cseq(), sdp.is_none());
        self.theirs = Some(Theirs { server, method: Method::Invite, cseq, is_empty, headers });
        self.tell(layer, Event::Offer { id: self.id, sdp });
        if !self.is_known() {
            // The application is gone and will not answer.
            self.refuse(now, layer, 487);
        }
    }
    /// Glare (§14.2): 491 while ours is under way, 500 while theirs is.
    fn refuses_reinvite(&mut self, layer: &mut Layer) -> Option<Response> {
        if self.theirs.is_some() {
            return Some(busy_with_theirs(layer));
        }
        let is_offered = |ours: &Ours| ours.method == Method::Invite || ours.sdp.is_some();
        let is_ours = self.ours.as_ref().is_some_and(is_offered) || self.confirm.is_some();
        let is_unacked = self.calling.as_ref().is_some_and(|calling| calling.unacked);
        (is_ours || is_unacked || self.stage != Stage::Up).then(|| Response::new(491))
    }
    /// Answers the peer's offer, or gives our offer where theirs was empty.
    pub(crate) fn accept(&mut self, now: Instant, layer: &mut Layer, sdp: Bytes) {
        if self.stage == Stage::Over {
            return;
        }
        if self.theirs.is_some() {
            self.accept_theirs(now, layer, sdp);
        } else if self.calling.as_ref().is_some_and(|calling| calling.unacked) {
            self.ack_answer(layer, Some(&sdp));
            self.session.local_sdp = sdp;
        } else if let Some((tag, rseq)) = self.calling.as_mut().and_then(|calling| calling.unpracked.take())
            && let Some(at) = self.dialogs.iter().position(|dialog| *dialog.remote_tag() == *tag)
        {
            self.dialogs[at].is_negotiated = true;
            self.send_prack(now, layer, at, (rseq, Some(&sdp)));
            self.session.local_sdp = sdp;
        }
        self.offer_queued(now, layer);
    }
    fn accept_theirs(&mut self, now: Instant, layer: &mut Layer, sdp: Bytes) {
        let Some(theirs) = self.theirs.take() else { return };
        let Some(flow) = layer.response_flow(theirs.server) else { return };
        let body = Some((SDP, sdp.clone()));
        let response = Response { status: 200, reason: None, headers: theirs.headers, body };
        let contact = (theirs.method != Method::Prack).then_some(self.local.contact());
        let Some(bytes) = layer.respond(now, theirs.server, &response, contact) else { return };
        self.session.local_sdp = sdp;
        if theirs.method == Method::Prack {
            self.answer_held(now, layer);
            return;
        }
        if self.stage == Stage::Up {
            self.session.start(now, &mut self.timers);
        }
        if theirs.method == Method::Invite {
            let offered = if theirs.is_empty { Offered::Yes } else { Offered::No };
            self.await_ack(now, (flow, bytes), theirs.cseq, (IsFirst::No, offered));
        } else {
            self.answer_held(now, layer);
        }
    }
    /// Refuses the peer's offer; the session stays as it was.
    pub(crate) fn refuse(&mut self, now: Instant, layer: &mut Layer, status: u16) {
        let status = if (400..=699).contains(&status) { status } else { 488 };
        if let Some(theirs) = self.theirs.take() {
            layer.respond(now, theirs.server, &Response::new(status), None);
            self.answer_held(now, layer);
            self.offer_queued(now, layer);
        } else if self.calling.as_ref().is_some_and(|calling| calling.unacked) {
            // Their offer came in a 2xx: the only refusal left is ACK and BYE (RFC 3261 §13.2.2.4).
            self.bye(now, layer, None);
        }
    }
}

/// RFC 3261 §14.2, RFC 3311 §5.2: 500 with a Retry-After of 0 to 10 seconds.
pub(super) fn busy_with_theirs(layer: &mut Layer) -> Response {
    let seconds = layer.random() % 11;
    Response::new(500).with(Name::RetryAfter, seconds.to_string())
}
