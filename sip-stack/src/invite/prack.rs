//! Reliable provisional responses and PRACK (RFC 3262), both ways.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{
    Invite, NO_PRACK, PROGRESS_AGAIN, SDP, Stage, answer::Theirs, calling::is_reliable, number_of, sdp_of,
};
use crate::{
    Flow, Message, Name, Response,
    event::Event,
    headers::RAck,
    message::Method,
    timers::{T1, T1_64},
    transaction::layer::{ClientId, Layer, ServerId},
};

/// A reliable response of ours that waits for its PRACK.
#[derive(Debug)]
pub(crate) struct Pending {
    rseq: u32,
    flow: Flow,
    bytes: Bytes,
    interval: Duration,
    pub(super) has_sdp: bool,
    /// Its description is our offer; the PRACK has the answer.
    offers: bool,
}

/// They called: we send reliably.
impl Invite {
    /// Sends the next queued response, one at a time (RFC 3262 §3).
    pub(super) fn progress_queued(&mut self, now: Instant, layer: &mut Layer) {
        let offers = self.progress_offers();
        let is_negotiated = self.dialogs.first().is_some_and(|dialog| dialog.is_negotiated);
        let Some(called) = &mut self.called else { return };
        if called.pending.is_some() {
            return;
        }
        let Some(mut response) = called.queue.pop_front() else { return };
        if is_negotiated {
            response.body = None;
        }
        let rseq = called.next_rseq;
        called.next_rseq += 1;
        response.headers.push((Name::Require, "100rel".into()));
        response.headers.push((Name::Rseq, rseq.to_string()));
        let Some(flow) = layer.response_flow(called.server) else { return };
        let Some(bytes) = layer.respond(now, called.server, &response, Some(self.local.contact())) else {
            return;
        };
        let has_sdp = response.body.is_some();
        if let Some((_, sdp)) = &response.body {
            self.session.local_sdp = sdp.clone();
        }
        called.pending =
            Some(Pending { rseq, flow, bytes, interval: T1, has_sdp, offers: has_sdp && offers });
        self.timers.set(PROGRESS_AGAIN, now + T1);
        self.timers.set(NO_PRACK, now + T1_64);
    }
    pub(super) fn progress_again(&mut self, now: Instant, layer: &mut Layer) {
        let Some(pending) = self.called.as_mut().and_then(|called| called.pending.as_mut()) else { return };
        // Without T2 as a cap (RFC 3262 §3).
        pending.interval *= 2;
        self.timers.set(PROGRESS_AGAIN, now + pending.interval);
        layer.transmit(pending.flow, pending.bytes.clone(), Some(self.id), true);
    }
    /// No PRACK within 64*T1: the INVITE is refused (RFC 3262 §3).
    pub(super) fn give_up_prack(&mut self, now: Instant, layer: &mut Layer) {
        if self.stage != Stage::Called {
            return;
        }
        if let Some(called) = &self.called {
            layer.respond(now, called.server, &Response::new(504).because("No PRACK"), None);
        }
        self.tell(layer, Event::Cancelled { id: self.id, reason: None });
        self.let_go(now, layer);
    }
    /// A PRACK of theirs.
    pub(super) fn hear_prack(&mut self, now: Instant, layer: &mut Layer, server: ServerId, prack: &Message) {
        let pending = self.called.as_mut().and_then(|called| {
            let rack = prack.header(Name::Rack).and_then(RAck::parse)?;
            called.pending.take_if(|pending| pending.rseq == rack.rseq)
        });
        let Some(pending) = pending else {
            layer.respond(now, server, &Response::new(481), None);
            return;
        };
        self.timers.clear(PROGRESS_AGAIN);
        self.timers.clear(NO_PRACK);
        if pending.has_sdp {
            self.dialogs[0].is_negotiated = true;
        }
        match sdp_of(prack) {
            Some(sdp) if pending.offers => {
                layer.respond(now, server, &Response::new(200), None);
                self.session.keep_remote(&sdp);
                self.tell(layer, Event::OfferAnswered { id: self.id, sdp });
            }
            // A new offer in the PRACK (RFC 3262 §5).
            Some(sdp) if self.dialogs[0].is_negotiated && self.theirs.is_none() && self.ours.is_none() => {
                self.session.keep_remote(&sdp);
                self.theirs = Some(Theirs {
                    server,
                    method: Method::Prack,
                    cseq: prack.cseq(),
                    is_empty: false,
                    headers: vec![],
                });
                self.tell(layer, Event::Offer { id: self.id, sdp: Some(sdp) });
            }
            Some(_) => {
                layer.respond(now, server, &Response::new(488), None);
            }
            None => {
                layer.respond(now, server, &Response::new(200), None);
            }
        }
        self.progress_queued(now, layer);
        self.answer_held(now, layer);
        self.offer_queued(now, layer);
    }
}

/// We called: they send reliably.
impl Invite {
    /// Looks at a provisional response in early dialog `at`: a reliable one is acknowledged in its order.
    /// `false` if it was heard before or came too early (RFC 3262 §4).
    pub(super) fn hear_reliable(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        at: usize,
        response: &Message,
    ) -> bool {
        if !is_reliable(response) {
            return true;
        }
        let Some(rseq) = number_of(response, Name::Rseq) else { return true };
        let Some(calling) = &mut self.calling else { return false };
        let dialog = &mut self.dialogs[at];
        if dialog.heard_rseq.is_some_and(|heard| heard.wrapping_add(1) != rseq) {
            return false;
        }
        dialog.heard_rseq = Some(rseq);
        if let Some(sdp) = sdp_of(response) {
            self.session.keep_remote(&sdp);
            if !calling.offered && !dialog.is_negotiated {
                // Their offer: the PRACK carries our answer, once the application has it.
                calling.unpracked = Some((dialog.remote_tag().into(), rseq));
                return true;
            }
            dialog.is_negotiated = true;
        }
        self.send_prack(now, layer, at, (rseq, None));
        true
    }
    /// Acknowledges a reliable response, with our answer if it had their offer.
    pub(super) fn send_prack(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        at: usize,
        (rseq, sdp): (u32, Option<&[u8]>),
    ) {
        let owner = self.owner();
        let Some(calling) = &mut self.calling else { return };
        let dialog = &mut self.dialogs[at];
        let cseq = dialog.next_cseq();
        let headers = [(Name::Rack, format!("{rseq} {} INVITE", calling.cseq))];
        let mut draft = dialog.draft("PRACK", cseq);
        draft.headers = &headers;
        draft.body = sdp.map(|sdp| (SDP, sdp));
        calling.prack = Some(layer.send(now, dialog.hop(), &draft, owner));
    }
    /// A response to a PRACK of ours.
    pub(super) fn hear_prack_answer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        client: ClientId,
        response: &Message,
    ) {
        if response.status().is_some_and(|status| status >= 200) {
            self.prack_done(client);
            self.offer_queued(now, layer);
        }
    }
    pub(super) fn prack_done(&mut self, client: ClientId) {
        if let Some(calling) = self.calling.as_mut().filter(|calling| calling.prack == Some(client)) {
            calling.prack = None;
        }
    }
}
