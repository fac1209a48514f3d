//! What the SIP stack says, handed to the room it concerns.

use sip_stack::{Event, InviteId, Method};

use super::Engine;
use crate::{
    auth::Arrival,
    io::{Now, Output},
    ladder, limits,
};

impl Engine {
    pub(super) fn on_stack(&mut self, now: Now, output: sip_stack::Output) {
        match output {
            sip_stack::Output::Transmit { flow, bytes, invite, again } => {
                if let Some(invite) = invite {
                    let entry = ladder::Entry::sent(now.at, flow, again, bytes.clone());
                    self.keep(invite, entry);
                }
                self.out.push_back(Output::Transmit { flow, bytes });
            }
            sip_stack::Output::Received { flow, message, invite, again } => {
                self.keep(invite, ladder::Entry::received(now.at, flow, again, &message));
                // The 200 to our CANCEL is not the last word: the 487 to the INVITE follows (RFC 3261 §9.1).
                let last = message.status().is_some_and(|status| status >= 200);
                if last && message.method() != Method::Cancel {
                    self.on_final(now, invite);
                }
            }
            sip_stack::Output::Event(event) => self.on_event(now, event),
        }
    }

    fn on_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Request { id, flow, request } => self.on_request(now, id, flow, &request),
            Event::Subscribe { id, request, flow, message } if self.calls.references.has(id) => {
                self.on_reference_subscribed(now, (id, request), Arrival { flow, request: &message });
            }
            Event::Subscribe { id, request, flow, message } => {
                self.on_resubscribe(now, id, request, Arrival { flow, request: &message });
            }
            Event::NotifyAnswered { id, outcome } if self.calls.references.has(id) => {
                self.on_reference_notified(now, id, outcome);
            }
            Event::NotifyAnswered { id, outcome } => self.on_notify_answered(now, id, outcome),
            Event::Response { id, response } => {
                if !self.on_trunk_response(now, id, response.as_ref()) {
                    self.on_response(now, id, response.is_some());
                }
            }
            Event::Invite { id, flow, request, offer } => self.on_invite(now, (id, flow), &request, offer),
            Event::Cancelled { id, reason } => self.on_cancelled(now, id, reason),
            Event::Confirmed { id, answer } => self.on_confirmed(now, id, answer),
            Event::Progress { id, status, sdp, .. } => self.on_progress(now, id, status, sdp),
            Event::Answered { id, sdp, .. } => self.on_answered(now, id, sdp),
            Event::Failed { id, status, reason, response } => {
                self.on_failed(now, id, (status, &reason), response.as_ref());
            }
            Event::Offer { id, sdp } => self.on_offer(now, id, sdp),
            Event::OfferAnswered { id, sdp } => self.on_offer_answered(now, id, &sdp),
            Event::OfferRefused { id, status } => self.on_offer_refused(now, id, status),
            Event::Refer { id, request } => self.on_refer(now, id, &request),
            Event::Info { id, content_type, body } => self.on_info(id, &content_type, &body),
            Event::Referred { .. } | Event::Notified { .. } => {}
            Event::Ended { id, cause, reason } => self.on_ended(now, id, cause, reason),
        }
    }

    /// A message for the ladder of its call. Those of an invite that is no call yet are kept for a short while.
    fn keep(&mut self, invite: InviteId, entry: ladder::Entry) {
        let leg = self.calls.leg_of(invite);
        match leg.and_then(|leg| self.calls.call_of_mut(leg)) {
            Some(call) => call.record.ladder.add(entry),
            None => {
                if self.early.len() >= limits::EARLY_MESSAGES {
                    self.early.pop_front();
                }
                self.early.push_back((invite, entry));
            }
        }
    }

    /// A final response came: where the leg is only being cleared, its last message was seen.
    fn on_final(&mut self, now: Now, invite: InviteId) {
        let Some(leg) = self.calls.leg_of(invite) else { return };
        let Some(leg) = self.calls.legs.get_mut(&leg) else { return };
        if leg.is_over() && leg.parting {
            leg.parting = false;
            let call = leg.call;
            self.close_if_complete(now, call);
        }
    }
}
