//! Giving up before the answer: RFC 3261 §9, on both sides, with the Reason of RFC 3326.

use std::time::Instant;

use super::{Invite, Stage, calling::Cancel};
use crate::{
    Message, Name, Response,
    event::Event,
    message::Method,
    transaction::layer::{Layer, ServerId},
};

impl Invite {
    /// We give up. The application is through with this invite.
    pub(crate) fn cancel(&mut self, now: Instant, layer: &mut Layer, reason: Option<&str>) {
        if self.stage != Stage::Calling {
            return;
        }
        self.stage = Stage::Over;
        self.timers.clear_all();
        self.dialogs = Default::default();
        self.queued = None;
        self.ours = None;
        self.session.forget();
        if let Some(calling) = &mut self.calling {
            calling.cancel = Cancel::Wanted(reason.map(Into::into));
            // Does nothing while no provisional response came; then hear_progress does it.
            if layer.may_cancel(calling.client) {
                self.cancel_if_wanted(now, layer);
            }
        }
    }
    pub(super) fn cancel_if_wanted(&mut self, now: Instant, layer: &mut Layer) {
        let Some(calling) = &mut self.calling else { return };
        if let Cancel::Wanted(reason) = std::mem::replace(&mut calling.cancel, Cancel::Sent) {
            layer.send_cancel(now, calling.client, reason.as_deref());
        } else if self.stage == Stage::Calling {
            calling.cancel = Cancel::No;
        }
    }
    /// They give up (§9.2): the CANCEL is answered, the INVITE gets 487 unless it is answered already.
    pub(crate) fn hear_cancel(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        invite: ServerId,
        cancel: &Message,
    ) {
        if self.theirs.as_ref().is_some_and(|t| t.server == invite && t.method == Method::Invite) {
            self.theirs = None;
            layer.respond(now, invite, &Response::new(487), None);
            self.offer_queued(now, layer);
            return;
        }
        if self.stage != Stage::Called || self.called.as_ref().is_none_or(|called| called.server != invite) {
            return;
        }
        layer.respond(now, invite, &Response::new(487), None);
        let reason = reason_of(cancel);
        self.tell(layer, Event::Cancelled { id: self.id, reason });
        self.let_go(now, layer);
    }
    /// The connection of an unanswered caller broke.
    pub(super) fn hear_caller_gone(&mut self, layer: &mut Layer, server: ServerId) {
        if self.stage == Stage::Called && self.called.as_ref().is_some_and(|called| called.server == server) {
            self.tell(layer, Event::Cancelled { id: self.id, reason: None });
            self.stage = Stage::Over;
            self.called = None;
            self.theirs = None;
            self.timers.clear_all();
        } else if self.theirs.as_ref().is_some_and(|theirs| theirs.server == server) {
            self.theirs = None;
        }
    }
}

/// The Reason header of a CANCEL or BYE as text.
pub(super) fn reason_of(message: &Message) -> Option<String> {
    message.header(Name::Reason).map(|reason| String::from_utf8_lossy(reason).into_owned())
}
