//! We call: INVITE out, provisional and final responses in (RFC 3261 §13.2), forks (§13.2.2.4), 422 (RFC 4028 §7.3).

use std::{sync::Arc, time::Instant};

use smallvec::SmallVec;

use super::{Invite, SDP, Stage, has_option, multipart, proof::Proof, refresh::Session, sdp_of};
use crate::{
    Flow, Message, Name,
    dialog::{Dialog, Local, push_contact},
    event::{Event, InviteId, OutgoingInvite},
    transaction::{
        layer::{ClientId, Layer, NoResponse},
        send::Draft,
    },
};

/// What only the caller of an unfinished INVITE transaction needs.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(super) client: ClientId,
    pub(super) cseq: u32,
    /// What to ask again after 422; gone once answered.
    ask: Option<OutgoingInvite>,
    pub(super) offered: bool,
    pub(super) cancel: Cancel,
    /// Their offer in a reliable provisional response waits for ours: `(remote tag, RSeq)`.
    pub(super) unpracked: Option<(Box<[u8]>, u32)>,
    /// A PRACK that is under way.
    pub(super) prack: Option<ClientId>,
    /// Their 2xx with an offer waits for our answer in the ACK.
    pub(super) unacked: bool,
    again: u8,
}

/// Whether the application gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancel {
    No,
    /// As soon as a provisional response allows it (RFC 3261 §9.1).
    Wanted(Option<Box<str>>),
    Sent,
}

impl Invite {
    /// Sends the INVITE.
    pub(crate) fn call(now: Instant, layer: &mut Layer, ask: OutgoingInvite) -> Self {
        let id = InviteId(layer.new_id());
        let tag = layer.new_tag(id);
        let call_id = layer.new_call_id();
        let (from, tag) = (ask.from.as_bytes(), tag.as_bytes());
        let contact =
            |out: &mut Vec<u8>| push_contact(out, &layer.settings, ask.flow, tag, ask.uri.as_bytes());
        let local = Arc::new(Local::new(call_id.as_bytes(), from, tag, contact));
        let session = Session::new(&layer.settings);
        let mut invite = Self::new(id, local, Stage::Calling, session);
        invite.proof = ask.account.clone().map(|account| Box::new(Proof::new(account)));
        let offered = ask.offer.is_some();
        let client = invite.send_invite(now, layer, &ask, 1);
        invite.calling = Some(Box::new(Calling {
            client,
            cseq: 1,
            ask: Some(ask),
            offered,
            cancel: Cancel::No,
            unpracked: None,
            prack: None,
            unacked: false,
            again: 0,
        }));
        invite
    }
    fn send_invite(&mut self, now: Instant, layer: &mut Layer, ask: &OutgoingInvite, cseq: u32) -> ClientId {
        let mut headers = ask.headers.clone();
        self.session.push_request_headers(&mut headers, None);
        headers.extend(self.credentials(layer, "INVITE", ask.uri.as_bytes()));
        if let Some(offer) = &ask.offer {
            self.session.local_sdp = offer.clone();
        }
        let parts = multipart::body(ask.offer.as_ref(), &ask.parts);
        let plain = ask.offer.as_ref().map(|sdp| (SDP, &sdp[..]));
        let draft = Draft {
            method: "INVITE",
            uri: ask.uri.as_bytes(),
            route: ask.route.iter().map(String::as_bytes).collect(),
            max_forwards: ask.max_forwards,
            from: self.local.address(),
            to: ask.to.as_bytes(),
            call_id: self.local.call_id(),
            cseq,
            contact: Some(self.local.contact()),
            headers: &headers,
            body: parts.as_ref().map(|body| (multipart::KIND, &body[..])).or(plain),
        };
        layer.send(now, ask.flow, &draft, self.owner())
    }
    /// Whether anything came back for our INVITE, or nothing is awaited any more.
    pub(crate) fn is_heard(&self, layer: &Layer) -> bool {
        self.stage != Stage::Calling
            || self.calling.as_ref().is_none_or(|calling| layer.may_cancel(calling.client))
    }
    /// A response to the INVITE that began this.
    pub(super) fn hear_calling(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (flow, response): (Flow, &Message),
    ) {
        match response.status().unwrap_or(0) {
            ..=199 => self.hear_progress(now, layer, (flow, response)),
            200..=299 => self.hear_answer(now, layer, (flow, response)),
            status => self.hear_failure(now, layer, status, response),
        }
    }
    fn hear_progress(&mut self, now: Instant, layer: &mut Layer, (flow, response): (Flow, &Message)) {
        self.cancel_if_wanted(now, layer);
        let status = response.status().unwrap_or(100);
        if self.stage != Stage::Calling || status == 100 {
            return;
        }
        let mut sdp = sdp_of(response);
        if let Some(at) = self.early_dialog(flow, response) {
            let was_negotiated = self.dialogs[at].is_negotiated;
            if !self.hear_reliable(now, layer, at, response) {
                return;
            }
            if was_negotiated {
                // The first answer counts (RFC 3261 §13.2.1).
                sdp = None;
            }
        }
        if let Some(sdp) = &sdp {
            self.session.keep_remote(sdp);
        }
        self.tell(layer, Event::Progress { id: self.id, status, sdp, response: response.clone() });
    }
    /// The early dialog of a response, made if it is new (§12.1.2).
    fn early_dialog(&mut self, flow: Flow, response: &Message) -> Option<usize> {
        let tag = response.to_tag()?;
        if let Some(at) = self.dialogs.iter().position(|dialog| dialog.remote_tag() == tag) {
            self.dialogs[at].hear_target(response, flow);
            return Some(at);
        }
        if self.dialogs.len() >= MOST_EARLY {
            return None;
        }
        let cseq = self.calling.as_ref()?.cseq;
        self.dialogs.push(Dialog::of_response(self.local.clone(), response, flow, cseq));
        Some(self.dialogs.len() - 1)
    }
    fn hear_answer(&mut self, now: Instant, layer: &mut Layer, (flow, response): (Flow, &Message)) {
        if self.stage != Stage::Calling {
            self.hear_late_answer(now, layer, (flow, response));
            return;
        }
        self.proved();
        let Some(calling) = &mut self.calling else { return };
        calling.ask = None;
        calling.unpracked = None;
        let (cseq, offered) = (calling.cseq, calling.offered);
        let tag = response.to_tag().unwrap_or_default();
        // Where a reliable response had the answer, the 2xx need not repeat it (RFC 3262 §5). Of several forks nobody
        // knows whose description was the last.
        let is_only = matches!(&self.dialogs[..], [dialog] if dialog.remote_tag() == tag);
        let early = Some(self.session.remote_sdp.clone()).filter(|sdp| is_only && offered && !sdp.is_empty());
        let mut dialog = match self.dialogs.iter().position(|dialog| dialog.remote_tag() == tag) {
            Some(at) => {
                let mut dialog = self.dialogs.swap_remove(at);
                dialog.hear_answer(response, flow);
                dialog
            }
            None => Dialog::of_response(self.local.clone(), response, flow, cseq),
        };
        let sdp = sdp_of(response);
        let must_answer = !offered && !dialog.is_negotiated && sdp.is_some();
        dialog.is_negotiated = true;
        self.dialogs = SmallVec::from_iter([dialog]);
        self.stage = Stage::Up;
        if let Some(sdp) = &sdp {
            self.session.keep_remote(sdp);
        }
        self.session.hear_answer(now, &mut self.timers, response);
        if must_answer {
            if let Some(calling) = &mut self.calling {
                calling.unacked = true;
            }
        } else {
            self.ack_answer(layer, None);
        }
        let sdp = sdp.or(early);
        self.tell(layer, Event::Answered { id: self.id, sdp, response: response.clone() });
        self.offer_queued(now, layer);
    }
    /// Acknowledges the 2xx that made the dialog.
    pub(super) fn ack_answer(&mut self, layer: &mut Layer, sdp: Option<&[u8]>) {
        let (Some(calling), Some(dialog)) = (&mut self.calling, self.dialogs.first()) else { return };
        calling.unacked = false;
        let mut draft = dialog.draft("ACK", calling.cseq);
        draft.body = sdp.map(|sdp| (SDP, sdp));
        layer.send_ack(dialog.hop(), &draft, calling.client, dialog.remote_tag());
    }
    /// A 2xx of another fork, or one that crossed our CANCEL: ACK and BYE (RFC 3261 §13.2.2.4, §9.1).
    fn hear_late_answer(&mut self, now: Instant, layer: &mut Layer, (flow, response): (Flow, &Message)) {
        let Some(calling) = &self.calling else { return };
        let tag = response.to_tag().unwrap_or_default();
        if self.stage == Stage::Up && self.dialogs.iter().any(|dialog| dialog.remote_tag() == tag) {
            // The application has not answered their offer yet.
            return;
        }
        let mut dialog = Dialog::of_response(self.local.clone(), response, flow, calling.cseq);
        layer.send_ack(dialog.hop(), &dialog.draft("ACK", calling.cseq), calling.client, tag);
        let cseq = dialog.next_cseq() + LATE_CSEQ_GAP;
        layer.send(now, dialog.hop(), &dialog.draft("BYE", cseq), self.owner());
    }
    fn hear_failure(&mut self, now: Instant, layer: &mut Layer, status: u16, response: &Message) {
        let again = self.stage == Stage::Calling
            && match status {
                422 => self.session.hear_too_small(response),
                401 | 407 => self.hear_challenge(response),
                _ => false,
            };
        if again && self.ask_again(now, layer) {
            return;
        }
        if self.stage == Stage::Calling {
            let reason = String::from_utf8_lossy(response.reason_phrase()).into_owned();
            self.tell(layer, Event::Failed { id: self.id, status, reason, response: Some(response.clone()) });
        }
        self.calling = None;
        self.let_go(now, layer);
    }
    /// The same call once more: with a longer session interval where the first was too small for somebody (RFC 4028
    /// §7.3), or with credentials (RFC 3261 §22.2).
    fn ask_again(&mut self, now: Instant, layer: &mut Layer) -> bool {
        let Some(calling) = &mut self.calling else { return false };
        if calling.again >= MOST_AGAIN {
            return false;
        }
        let Some(ask) = calling.ask.take() else { return false };
        let cseq = calling.cseq + 1;
        let client = self.send_invite(now, layer, &ask, cseq);
        if let Some(calling) = &mut self.calling {
            calling.client = client;
            calling.cseq = cseq;
            calling.again += 1;
            calling.ask = Some(ask);
        }
        self.dialogs = SmallVec::new();
        true
    }
    pub(super) fn give_up_calling(&mut self, layer: &mut Layer, cause: NoResponse) {
        if self.stage == Stage::Calling {
            let status = match cause {
                NoResponse::TimedOut => 408,
                NoResponse::TransportFailed => 503,
            };
            let reason = crate::status::reason_phrase(status).to_owned();
            self.tell(layer, Event::Failed { id: self.id, status, reason, response: None });
        }
        self.calling = None;
        self.stage = Stage::Over;
        self.timers.clear_all();
        self.dialogs = SmallVec::new();
    }
}

/// Whether a response is to be acknowledged by PRACK (RFC 3262 §4).
pub(super) fn is_reliable(response: &Message) -> bool {
    has_option(response, Name::Require, "100rel") && response.header(Name::Rseq).is_some()
}

/// Early dialogs kept for one INVITE.
const MOST_EARLY: usize = 16;
/// Repetitions after 422, 401 and 407.
const MOST_AGAIN: u8 = 4;
/// A late fork's BYE must be above any PRACK that its early dialog saw.
const LATE_CSEQ_GAP: u32 = 1000;
