//! The end of a session: RFC 3261 §15.

use std::time::Instant;

use super::{Invite, Stage, cancel::reason_of};
use crate::{
    Message, Name, Response,
    event::{EndCause, Event},
    transaction::layer::{Layer, ServerId},
};

impl Invite {
    /// Ends the session, or whatever is right in the state it is in. The application is through with this invite.
    pub(crate) fn bye(&mut self, now: Instant, layer: &mut Layer, reason: Option<&str>) {
        match self.stage {
            Stage::Calling => self.cancel(now, layer, reason),
            Stage::Called => self.reject(now, layer, &Response::new(480)),
            // The callee must not send BYE before the ACK (§15).
            Stage::Up if self.confirm.as_ref().is_some_and(|confirm| confirm.is_first) => {
                if self.bye_after_ack.is_none() {
                    self.bye_after_ack = Some(reason.map(str::to_owned));
                }
            }
            Stage::Up if self.is_telling_the_last() => {
                if self.bye_after_notify.is_none() {
                    self.bye_after_notify = Some(reason.map(str::to_owned));
                }
            }
            Stage::Up => {
                self.send_bye(now, layer, reason);
                self.let_go(now, layer);
            }
            Stage::Over => {}
        }
    }
    /// Sends BYE in the confirmed dialog; an offer in a 2xx that nobody answered is acknowledged first.
    pub(super) fn send_bye(&mut self, now: Instant, layer: &mut Layer, reason: Option<&str>) {
        if self.calling.as_ref().is_some_and(|calling| calling.unacked) {
            self.ack_answer(layer, None);
        }
        let owner = self.owner();
        let target = self.dialogs.first().map(|dialog| dialog.draft("BYE", 0).uri.to_vec());
        let proof = target.and_then(|uri| self.credentials(layer, "BYE", &uri));
        let Some(dialog) = self.dialogs.first_mut() else { return };
        let cseq = dialog.next_cseq();
        let reason = reason.map(|reason| (Name::Reason, reason.to_owned()));
        let headers: Vec<_> = reason.into_iter().chain(proof).collect();
        let mut draft = dialog.draft("BYE", cseq);
        draft.headers = &headers;
        layer.send(now, dialog.hop(), &draft, owner);
    }
    /// They end it (§15.1.2).
    pub(super) fn hear_bye(&mut self, now: Instant, layer: &mut Layer, server: ServerId, request: &Message) {
        match self.stage {
            Stage::Up => {
                layer.respond(now, server, &Response::new(200), None);
                self.end(now, layer, EndCause::Bye, reason_of(request));
            }
            // A caller may end an early dialog with BYE.
            Stage::Called => {
                layer.respond(now, server, &Response::new(200), None);
                if let Some(called) = &self.called {
                    layer.respond(now, called.server, &Response::new(487), None);
                }
                self.tell(layer, Event::Cancelled { id: self.id, reason: reason_of(request) });
                self.let_go(now, layer);
            }
            Stage::Calling | Stage::Over => {
                layer.respond(now, server, &Response::new(481), None);
            }
        }
    }
    /// A request of ours within the dialog got 408, 481 or nothing (RFC 3261 §12.2.1.2).
    pub(super) fn die(&mut self, now: Instant, layer: &mut Layer) {
        self.send_bye(now, layer, None);
        self.end(now, layer, EndCause::Dead, None);
    }
}
