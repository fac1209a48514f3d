//! Verbs for subscriptions of peers, and what reaches them. RFC 6665 §4.2.

use std::time::{Duration, Instant};

use super::Stack;
use crate::{
    Flow, Message, Name, Response,
    event::{Event, KeptDialog, NotifyOutcome, RequestId, SubscriptionId, SubscriptionState},
    message::Method,
    subscription::Subscription,
    transaction::{
        layer::{Owner, ServerId, What},
        receive::Arrival,
    },
};

/// What a NOTIFY says.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Whether the subscription goes on.
    pub state: SubscriptionState,
    /// Content-Type and body.
    pub body: Option<(&'a str, &'a [u8])>,
}

impl Stack {
    /// Accepts a SUBSCRIBE that came as [`Event::Request`]: its dialog is made and 200 says how long it holds. The first
    /// [`Stack::notify`] must follow at once (§4.2.1.2). `None` if the request is answered already.
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        request: RequestId,
        expires: Duration,
    ) -> Option<SubscriptionId> {
        self.subscribe(now, request, &granted(expires))
    }
    /// Accepts a REFER outside of any session that came as [`Event::Request`]: 202, and a subscription to what it comes to
    /// (RFC 3515 §2.4.4). The first [`Stack::notify`] must follow at once. `None` if the request is answered already.
    pub fn accept_reference(&mut self, now: Instant, request: RequestId) -> Option<SubscriptionId> {
        self.subscribe(now, request, &Response::new(202))
    }
    fn subscribe(&mut self, now: Instant, request: RequestId, accepted: &Response) -> Option<SubscriptionId> {
        let server = ServerId(request.0);
        let random = self.layer.random() as u32;
        let (flow, message) = self.layer.waiting_request(server)?;
        let (id, tag) = self.subscriptions.new_id(random);
        let subscription = Subscription::of_request(&self.layer, (flow, message), &tag);
        self.layer.set_tag(server, &tag);
        self.layer.respond(now, server, accepted, Some(subscription.dialog.local.contact()));
        self.subscriptions.insert(id, subscription);
        Some(id)
    }
    /// Accepts an [`Event::Subscribe`]: requests go where it came from and to its Contact from now on. A NOTIFY must follow.
    pub fn refresh_subscription(
        &mut self,
        now: Instant,
        request: RequestId,
        id: SubscriptionId,
        expires: Duration,
    ) {
        let server = ServerId(request.0);
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        if let Some((flow, message)) = self.layer.waiting_request(server) {
            subscription.dialog.accept_cseq(message.cseq());
            subscription.dialog.hear_target(message, flow);
        }
        self.layer.respond(now, server, &granted(expires), Some(subscription.dialog.local.contact()));
    }
    /// Sends a NOTIFY. [`Event::NotifyAnswered`] follows, before which there cannot be another; `false` if one is under way. After
    /// [`SubscriptionState::Terminated`] the subscription is gone.
    pub fn notify(&mut self, now: Instant, id: SubscriptionId, notice: Notice<'_>) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return false };
        let sent = subscription.notify(now, &mut self.layer, id, notice.state, notice.body);
        if sent && matches!(notice.state, SubscriptionState::Terminated(_)) {
            self.subscriptions.remove(id);
        }
        sent
    }
    /// Lets go of a subscription without a word.
    pub fn forget_subscription(&mut self, id: SubscriptionId) {
        self.subscriptions.remove(id);
    }
    /// CSeq of the last NOTIFY of a subscription: it grows by one with each, and leaps after a restart. 0 before the first.
    pub fn notifies(&self, id: SubscriptionId) -> u32 {
        self.subscriptions.get(id).map_or(0, |subscription| subscription.dialog.local_cseq())
    }
    /// Where the peer of a subscription is.
    pub fn subscription_flow(&self, id: SubscriptionId) -> Option<Flow> {
        self.subscriptions.get(id).map(|subscription| subscription.dialog.flow())
    }
    /// What a restart needs of a subscription: its dialog, and `Event`.
    pub fn keep_subscription(&self, id: SubscriptionId) -> Option<(KeptDialog, String)> {
        let subscription = self.subscriptions.get(id)?;
        Some((subscription.dialog.keep(), subscription.event().to_owned()))
    }
    /// Goes on with a subscription of an earlier run.
    pub fn restore_subscription(&mut self, id: SubscriptionId, kept: &KeptDialog, event: &str) {
        self.subscriptions.insert(id, Subscription::of_kept(kept, event));
    }
    /// The peer of a subscription is reached by another flow.
    pub fn reroute_subscription(&mut self, id: SubscriptionId, flow: Flow) {
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.dialog.hear_flow(flow);
        }
    }
    /// Subscriptions of peers.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    pub(super) fn receive_in_subscription(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        id: SubscriptionId,
    ) {
        let (flow, request) = (arrival.flow, arrival.request);
        let server = self.layer.serve(arrival, Owner::Nobody, Box::default());
        let Some(subscription) = self.subscriptions.get(id) else { return };
        // It counts once it is accepted: a challenged one is forgotten, and may come again as it was (RFC 3261 §8.2.7).
        if !subscription.dialog.is_in_order(request.cseq()) {
            let refusal = Response::new(500).because("CSeq out of order");
            self.layer.respond(now, server, &refusal, None);
        } else if request.method() != Method::Subscribe {
            self.layer.respond(now, server, &Response::new(405).with(Name::Allow, "SUBSCRIBE"), None);
        } else if !is_same_event(request, subscription.event()) {
            // A dialog carries one subscription (RFC 6665 §4.5.2).
            self.layer.respond(now, server, &Response::new(489), None);
        } else {
            let (request, message) = (RequestId(server.0), request.clone());
            self.layer.event(Event::Subscribe { id, request, flow, message });
        }
    }

    pub(super) fn hear_notify_answer(&mut self, id: SubscriptionId, what: &What) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let Some(outcome) = subscription.hear(what) else { return };
        if outcome == NotifyOutcome::Lost {
            self.subscriptions.remove(id);
        }
        self.layer.event(Event::NotifyAnswered { id, outcome });
    }
}

fn granted(expires: Duration) -> Response {
    Response::new(200).with(Name::Expires, expires.as_secs().to_string())
}

fn is_same_event(request: &Message, event: &str) -> bool {
    let asked = request.header(Name::Event).and_then(crate::headers::Event::parse);
    let ours = crate::headers::Event::parse(event.as_bytes());
    asked.is_some_and(|asked| Some((asked.package, asked.id)) == ours.map(|ours| (ours.package, ours.id)))
}
