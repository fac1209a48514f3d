//! A REFER outside of any call: the phone that sends it calls a number, as if somebody had clicked it, and whoever sent it
//! hears what becomes of the call. CTC-04, SIP-22; RFC 3515, RFC 4488.
//!
//! ```text
//!   program      engine           phone        103
//!     │── REFER ──►│                │            │
//!     │◄──── 202 ──│── INVITE ─────►│            │
//!     │◄── 100 ────│◄───────── 200 ─│            │     NOTIFY with a status line each; none after Refer-Sub: false
//!     │◄── 180 ────│── INVITE ──────────────────►│
//!     │◄── 200 ────│◄────────────────────── 200 ─│
//! ```

use std::time::Duration;

use rand::Rng;
use sip_stack::{
    Message, Name, RequestId, Response, SubscriptionId,
    headers::{NameAddr, seconds},
    stack::{Notice, NotifyOutcome, SubscriptionState, Termination},
    status::reason_phrase,
    uri::Uri,
};

use super::{Engine, incoming::number_of};
use crate::{auth::Arrival, ids::CallId, io::Now, live};

impl Engine {
    /// A REFER that no call of ours is in.
    pub(super) fn on_refer_outside(&mut self, now: Now, id: RequestId, arrival: Arrival<'_>) {
        let order = match self.read_refer_outside(now, arrival) {
            Ok(order) => order,
            Err(refusal) => return self.stack.respond(now.at, id, refusal),
        };
        let is_silent =
            arrival.request.header(Name::ReferSub).is_some_and(|value| value.eq_ignore_ascii_case(b"false"));
        if is_silent {
            self.stack.respond(now.at, id, Response::new(202).with(Name::ReferSub, "false"));
            self.begin_placed(now, order, None);
            return;
        }
        let Some(reference) = self.stack.accept_reference(now.at, id) else { return };
        self.calls.references.begin(reference);
        self.notify_reference(now, reference);
        if self.begin_placed(now, order, Some(reference)).is_none() {
            self.tell_reference(now, reference, 503);
        }
    }

    /// The call came so far. 200 to 699 is all.
    pub(super) fn tell_reference(&mut self, now: Now, id: SubscriptionId, status: u16) {
        self.calls.references.come_to(id, status);
        self.notify_reference(now, id);
    }

    /// What the call of a REFER came to, if it is one.
    pub(super) fn reference_ended(&mut self, now: Now, id: CallId, status: u16) {
        let reference = self.calls.running.get_mut(&id).and_then(|call| call.aside.reference.take());
        if let Some(reference) = reference {
            self.tell_reference(now, reference, status);
        }
    }

    /// A NOTIFY is answered, or is not: who does not want them hears no more.
    pub(super) fn on_reference_notified(&mut self, now: Now, id: SubscriptionId, outcome: NotifyOutcome) {
        self.calls.references.answered(id);
        match outcome {
            NotifyOutcome::Delivered => self.notify_reference(now, id),
            NotifyOutcome::Undelivered | NotifyOutcome::Lost => {
                self.stack.forget_subscription(id);
                self.calls.references.forget(id);
            }
        }
    }

    /// SUBSCRIBE in the dialog of a REFER: they want to hear on, or no more (RFC 3515 §2.4.4).
    pub(super) fn on_reference_subscribed(
        &mut self,
        now: Now,
        (id, request): (SubscriptionId, RequestId),
        arrival: Arrival<'_>,
    ) {
        if let Err(refused) = self.identify_sender(now, arrival) {
            self.counters.refused(refused.why);
            return self.stack.respond(now.at, request, refused.response);
        }
        let asked = arrival.request.header(Name::Expires).and_then(seconds).unwrap_or(HEARS);
        self.stack.refresh_subscription(now.at, request, id, asked.min(HEARS));
        if asked.is_zero() {
            let state = SubscriptionState::Terminated(Termination::Timeout);
            self.stack.notify(now.at, id, Notice { state, body: None });
            self.stack.forget_subscription(id);
            self.calls.references.forget(id);
        } else {
            self.calls.references.ask(id);
            self.notify_reference(now, id);
        }
    }

    fn notify_reference(&mut self, now: Now, id: SubscriptionId) {
        let Some(status) = self.calls.references.take(id) else { return };
        let state = match status {
            ..200 => SubscriptionState::Active(HEARS),
            200.. => SubscriptionState::Terminated(Termination::NoResource),
        };
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        self.stack.notify(now.at, id, Notice { state, body: Some((FRAGMENT, body.as_bytes())) });
    }

    fn read_refer_outside(&mut self, now: Now, arrival: Arrival<'_>) -> Result<live::Order, Response> {
        let request: &Message = arrival.request;
        let identity =
            self.auth.identify(&self.snapshot, now, arrival, request.from().uri).map_err(|refused| {
                self.counters.refused(refused.why);
                refused.response
            })?;
        let target = request.header(Name::ReferTo).and_then(NameAddr::parse);
        let number = target.and_then(|target| number_of(&Uri::parse(target.uri)?));
        let (Some(number), Some(user)) = (number, identity.device.user) else {
            return Err(Response::new(404).because("No number to call, or nobody's phone"));
        };
        let id = live::call_id(now.utc.timestamp_millis(), self.random.random());
        let from = live::From::Device(identity.device.id);
        Ok(live::Order { tenant: identity.tenant.id, user, id, from, number, by: None })
    }
}

/// How long they are told that they will hear of it: longer than own phone and called one ring. RFC 3515 §2.4.4.
const HEARS: Duration = Duration::from_secs(300);
/// RFC 3515 §2.4.4, RFC 3420.
const FRAGMENT: &str = "message/sipfrag;version=2.0";
