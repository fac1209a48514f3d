//! Our 2xx and its ACK: retransmission by the core (RFC 3261 §13.3.1.4), also for re-INVITE (§14.2).

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{ANSWER_AGAIN, Invite, NO_ACK, sdp_of};
use crate::{
    Flow, Message,
    event::{EndCause, Event},
    timers::{T1, T1_64, T2},
    transaction::layer::Layer,
};

/// A 2xx that waits for its ACK.
#[derive(Debug)]
pub(crate) struct Confirm {
    pub(super) cseq: u32,
    bytes: Bytes,
    flow: Flow,
    interval: Duration,
    /// It answered the INVITE that made the dialog.
    pub(super) is_first: bool,
    /// It carried our offer, the ACK has the answer.
    offered: bool,
}

impl Confirm {
    /// Whether an answer is to come in the ACK.
    pub(super) fn has_offer(&self) -> bool {
        self.offered
    }
}

impl Invite {
    /// A 2xx was sent for the first time.
    pub(super) fn await_ack(
        &mut self,
        now: Instant,
        sent: (Flow, Bytes),
        cseq: u32,
        kind: (IsFirst, Offered),
    ) {
        let (flow, bytes) = sent;
        let (is_first, offered) = (kind.0 == IsFirst::Yes, kind.1 == Offered::Yes);
        self.confirm = Some(Box::new(Confirm { cseq, bytes, flow, interval: T1, is_first, offered }));
        self.timers.set(ANSWER_AGAIN, now + T1);
        self.timers.set(NO_ACK, now + T1_64);
    }
    pub(super) fn answer_again(&mut self, now: Instant, layer: &mut Layer) {
        let Some(confirm) = &mut self.confirm else { return };
        confirm.interval = (confirm.interval * 2).min(T2);
        self.timers.set(ANSWER_AGAIN, now + confirm.interval);
        layer.transmit(confirm.flow, confirm.bytes.clone(), Some(self.id), true);
    }
    pub(super) fn give_up_ack(&mut self, now: Instant, layer: &mut Layer) {
        self.send_bye(now, layer, None);
        self.end(now, layer, EndCause::NoAck, None);
    }
    /// An ACK within the dialog. One that is repeated, or for something else, is nothing.
    pub(crate) fn hear_ack(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        (flow, at): (Flow, usize),
        ack: &Message,
    ) {
        if self.confirm.as_ref().is_none_or(|confirm| confirm.cseq != ack.cseq()) {
            layer.received(flow, ack, self.owner(), true);
            return;
        }
        let Some(confirm) = self.confirm.take() else { return };
        layer.received(flow, ack, self.owner(), false);
        self.dialogs[at].hear_flow(flow);
        self.timers.clear(ANSWER_AGAIN);
        self.timers.clear(NO_ACK);
        let answer = sdp_of(ack).filter(|_| confirm.offered);
        if let Some(answer) = &answer {
            self.session.keep_remote(answer);
        }
        match (confirm.is_first, confirm.offered, answer) {
            (true, _, answer) => {
                self.called = None;
                self.tell(layer, Event::Confirmed { id: self.id, answer });
            }
            (false, true, Some(sdp)) => self.tell(layer, Event::OfferAnswered { id: self.id, sdp }),
            (false, true, None) => self.tell(layer, Event::OfferRefused { id: self.id, status: 488 }),
            (false, false, _) => {}
        }
        if let Some(reason) = self.bye_after_ack.take() {
            self.send_bye(now, layer, reason.as_deref());
            self.let_go(now, layer);
            return;
        }
        self.offer_queued(now, layer);
    }
}

/// Whether a 2xx answers the INVITE that made the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsFirst {
    Yes,
    No,
}

/// Whether a 2xx carries our offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    Yes,
    No,
}
