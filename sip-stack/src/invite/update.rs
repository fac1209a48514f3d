//! UPDATE of the peer (RFC 3311): with SDP an offer, without it a session refresh (RFC 4028) or a new target.

use std::time::Instant;

use super::{
    Invite, Stage,
    answer::{Theirs, busy_with_theirs},
    sdp_of,
};
use crate::{
    Flow, Message, Response,
    event::Event,
    message::Method,
    transaction::layer::{Layer, ServerId},
};

impl Invite {
    pub(super) fn hear_update(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (at, server): (usize, ServerId),
        (flow, request): (Flow, &Message),
    ) {
        let sdp = sdp_of(request);
        if let Some(refusal) = sdp.as_ref().and_then(|_| self.refuses_offer(layer, at)) {
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
        self.dialogs[at].hear_target(request, flow);
        let Some(sdp) = sdp else {
            let response = Response { status: 200, headers, ..Response::default() };
            layer.respond(now, server, &response, Some(self.local.contact()));
            if self.stage == Stage::Up {
                self.session.start(now, &mut self.timers);
            }
            return;
        };
        self.session.keep_remote(&sdp);
        self.theirs =
            Some(Theirs { server, method: Method::Update, cseq: request.cseq(), is_empty: false, headers });
        self.tell(layer, Event::Offer { id: self.id, sdp: Some(sdp) });
        if !self.is_known() {
            self.refuse(now, layer, 487);
        }
    }
    /// RFC 3311 §5.2: 500 while an offer of theirs waits, 491 while one of ours does.
    fn refuses_offer(&mut self, layer: &mut Layer, at: usize) -> Option<Response> {
        let is_first_open = !self.dialogs[at].is_negotiated;
        if self.theirs.is_some() || (self.stage == Stage::Called && is_first_open && !self.progress_offers())
        {
            return Some(busy_with_theirs(layer));
        }
        let awaits_answer = self.confirm.as_ref().is_some_and(|confirm| confirm.has_offer());
        let is_ours = self.ours.as_ref().is_some_and(|ours| ours.sdp.is_some()) || awaits_answer;
        (is_ours || is_first_open).then(|| Response::new(491))
    }
}
