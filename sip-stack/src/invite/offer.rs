//! Our offers within a session: re-INVITE (RFC 3261 §14.1) or UPDATE (RFC 3311), glare, answers.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Invite, NO_ANSWER, OFFER_AGAIN, SDP, Stage, number_of, sdp_of};
use crate::{
    Flow, Message, Name,
    event::Event,
    message::Method,
    transaction::layer::{ClientId, Layer, NoResponse},
};

/// A re-INVITE or UPDATE of ours that waits for its answer.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(super) client: ClientId,
    pub(super) method: Method,
    cseq: u32,
    pub(super) sdp: Option<Bytes>,
    pub(super) why: Why,
}

/// For whom a re-INVITE or UPDATE goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The application offers.
    Offer,
    /// The session timer asks.
    Refresh,
    /// The peer is told whom it talks with.
    Identity,
}

impl Invite {
    /// Offers anew. While something is under way the offer waits; a later one replaces it.
    pub(crate) fn offer(&mut self, now: Instant, layer: &mut Layer, sdp: Bytes) {
        if !self.is_known() {
            return;
        }
        self.queued = Some(sdp);
        self.offer_queued(now, layer);
    }
    /// Sends the offer that waits, or else whom the peer is to be told, if it may go.
    pub(super) fn offer_queued(&mut self, now: Instant, layer: &mut Layer) {
        let waits = self.queued.is_some() || self.identity.is_some();
        if !waits || self.timers.is_set(OFFER_AGAIN) || !self.may_offer() {
            return;
        }
        if self.queued.is_none() {
            return self.tell_identity(now, layer);
        }
        let method = if self.stage == Stage::Up { "INVITE" } else { "UPDATE" };
        let sdp = self.queued.take();
        self.send_ours(now, layer, (method, Why::Offer), sdp);
    }
    /// RFC 3264 §4: one offer at a time; RFC 3311 §5.1: early only after the first exchange.
    pub(super) fn may_offer(&self) -> bool {
        if self.ours.is_some() || self.theirs.is_some() || self.confirm.is_some() || !self.is_known() {
            return false;
        }
        let is_busy =
            self.calling.as_ref().is_some_and(|c| c.unacked || c.prack.is_some() || c.unpracked.is_some());
        let is_held =
            self.called.as_ref().is_some_and(|called| called.pending.is_some() || called.held.is_some());
        let Some(dialog) = self.dialogs.last() else { return false };
        match self.stage {
            Stage::Up => !is_busy,
            Stage::Calling | Stage::Called => {
                !is_busy && !is_held && dialog.is_negotiated && dialog.may_update
            }
            Stage::Over => false,
        }
    }
    /// Sends a re-INVITE or UPDATE.
    pub(super) fn send_ours(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (method, why): (&str, Why),
        sdp: Option<Bytes>,
    ) {
        let owner = self.owner();
        let we_refresh = self.session.we_refresh;
        let mut headers = Vec::new();
        if self.stage == Stage::Up {
            self.session.push_request_headers(&mut headers, Some(we_refresh));
        }
        // Nobody rings again: a reliable provisional response would only be in the way.
        headers.push((Name::Supported, "timer".to_owned()));
        headers.extend(self.asserted());
        let target = self.dialogs.last().map(|dialog| dialog.draft(method, 0).uri.to_vec());
        headers.extend(target.and_then(|uri| self.credentials(layer, method, &uri)));
        let Some(dialog) = self.dialogs.last_mut() else { return };
        let cseq = dialog.next_cseq();
        let mut draft = dialog.draft(method, cseq);
        draft.headers = &headers;
        draft.body = sdp.as_ref().map(|sdp| (SDP, &sdp[..]));
        let client = layer.send(now, dialog.hop(), &draft, owner);
        drop(draft);
        let method = if method == "UPDATE" { Method::Update } else { Method::Invite };
        if method == Method::Invite {
            self.timers.set(NO_ANSWER, now + TIMER_C);
        }
        self.ours = Some(Ours { client, method, cseq, sdp, why });
    }
    /// A re-INVITE of ours that the peer sits on.
    pub(super) fn cancel_ours(&mut self, now: Instant, layer: &mut Layer) {
        if let Some(ours) = &self.ours {
            layer.send_cancel(now, ours.client, None);
        }
    }
    /// A response to our re-INVITE or UPDATE.
    pub(super) fn hear_ours(&mut self, now: Instant, layer: &mut Layer, (flow, response): (Flow, &Message)) {
        let status = response.status().unwrap_or(0);
        if status < 200 {
            return;
        }
        let Some(ours) = self.ours.take() else { return };
        self.timers.clear(NO_ANSWER);
        let is_success = status < 300;
        if is_success && ours.method == Method::Invite {
            self.ack_ours(layer, &ours);
        }
        if self.stage == Stage::Over {
            self.forget_dialogs();
            return;
        }
        match status {
            200..=299 => self.hear_ours_accepted(now, layer, ours, (flow, response)),
            491 => self.try_again(now, layer, ours, None),
            401 | 407 if self.hear_challenge(response) => self.try_again(now, layer, ours, Some(0)),
            500 if response.header(Name::RetryAfter).is_some() => {
                self.try_again(now, layer, ours, number_of(response, Name::RetryAfter));
            }
            422 if self.session.hear_too_small(response) => self.try_again(now, layer, ours, Some(0)),
            408 | 481 if self.stage == Stage::Up => self.die(now, layer),
            _ => self.hear_ours_refused(now, layer, ours, status),
        }
    }
    fn ack_ours(&mut self, layer: &mut Layer, ours: &Ours) {
        let Some(dialog) = self.dialogs.last() else { return };
        layer.send_ack(dialog.hop(), &dialog.draft("ACK", ours.cseq), ours.client, dialog.remote_tag());
    }
    fn hear_ours_accepted(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        ours: Ours,
        (flow, response): (Flow, &Message),
    ) {
        self.proved();
        if let Some(dialog) = self.dialogs.last_mut() {
            dialog.hear_target(response, flow);
        }
        if self.stage == Stage::Up {
            self.session.hear_answer(now, &mut self.timers, response);
        }
        let answer = sdp_of(response);
        let is_changed = answer.as_ref().is_some_and(|answer| *answer != self.session.remote_sdp);
        match (ours.why, ours.sdp, answer) {
            (Why::Offer, Some(offer), Some(sdp)) => {
                self.session.local_sdp = offer;
                self.session.keep_remote(&sdp);
                self.tell(layer, Event::OfferAnswered { id: self.id, sdp });
            }
            (Why::Offer, _, _) => self.tell(layer, Event::OfferRefused { id: self.id, status: 488 }),
            (Why::Refresh, Some(_), Some(sdp)) if is_changed => {
                self.session.keep_remote(&sdp);
                self.tell(layer, Event::OfferAnswered { id: self.id, sdp });
            }
            (Why::Refresh | Why::Identity, _, _) => {}
        }
        self.offer_queued(now, layer);
    }
    /// Glare: after 2.1–4 s if the Call-ID is ours, after 0–2 s if it is theirs, in units of 10 ms (§14.1).
    fn try_again(&mut self, now: Instant, layer: &mut Layer, ours: Ours, after: Option<u32>) {
        let glare = if self.began_here { 210 + layer.random() % 191 } else { layer.random() % 201 };
        let wait = match after {
            Some(seconds) => Duration::from_secs(seconds.min(MOST_RETRY_AFTER).into()),
            None => Duration::from_millis(glare * 10),
        };
        match ours.why {
            Why::Offer => self.queued = self.queued.take().or(ours.sdp),
            Why::Refresh => self.session.is_due = true,
            Why::Identity => self.identity_is_due(),
        }
        self.timers.set(OFFER_AGAIN, now + wait);
    }
    pub(super) fn offer_again(&mut self, now: Instant, layer: &mut Layer) {
        self.offer_queued(now, layer);
        if self.session.is_due {
            self.refresh(now, layer);
        }
    }
    fn hear_ours_refused(&mut self, now: Instant, layer: &mut Layer, ours: Ours, status: u16) {
        match ours.why {
            Why::Offer => self.tell(layer, Event::OfferRefused { id: self.id, status }),
            Why::Refresh => self.refresh_refused(now, layer, ours.method, status),
            Why::Identity => self.identity_refused(status),
        }
        self.offer_queued(now, layer);
    }
    /// Our re-INVITE or UPDATE got nothing. A broken connection says nothing about the session (503, RFC 3261
    /// §8.1.3.1, §12.2.1.2): the peer may be back on another one.
    pub(super) fn give_up_ours(&mut self, now: Instant, layer: &mut Layer, cause: NoResponse) {
        let Some(ours) = self.ours.take() else { return };
        self.timers.clear(NO_ANSWER);
        let is_bounded = ours.why != Why::Refresh || self.session.is_agreed;
        match (self.stage, cause) {
            (Stage::Up, NoResponse::TransportFailed) if is_bounded => {
                self.hear_ours_refused(now, layer, ours, 503);
            }
            (Stage::Up, _) => self.die(now, layer),
            (Stage::Calling | Stage::Called, _) => self.hear_ours_refused(now, layer, ours, 408),
            (Stage::Over, _) => self.forget_dialogs(),
        }
    }
}

/// Timer C: more than three minutes, RFC 3261 §16.6.
const TIMER_C: Duration = Duration::from_secs(181);
/// Longest Retry-After that we wait for. [s]
const MOST_RETRY_AFTER: u32 = 10;
