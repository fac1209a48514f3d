//! The whole SIP side of a node: datagrams in, SIP events out, retransmissions never seen above.
//!
//! An *invite* is one INVITE usage from request to BYE, on either side: the transaction, its early dialogs,
//! the confirmed dialog, offers and answers, PRACK, session timer. The application sees one id and the verbs below.
//!
//! ```text
//!  they call us                                   we call them
//!  Event::Invite ──► progress* ─► answer|reject   invite() ──► Event::Progress* ─► Event::Answered | Event::Failed
//!        └─► Event::Cancelled                        └─► cancel()
//!  both, once answered: Event::Offer ► accept|refuse · offer() ► Event::OfferAnswered|OfferRefused
//!                       Event::Ended · bye()
//! ```

mod admit;
mod subscriptions;

use std::{net::SocketAddr, time::Instant};

use bytes::Bytes;

pub use crate::event::{
    EarlyOffer, EndCause, Event, InviteId, KeptDialog, NotifyOutcome, OutgoingInvite, Output, Part,
    RequestId, Settings, Standing, SubscriptionId, SubscriptionState, Termination,
};
use crate::{
    Flow, Message, Name, Request, Response, Series,
    headers::{Join, Replaces},
    invite::Invite,
    map::{IdMap, shrink},
    message::Method,
    print::{self, number::hex16},
    subscription::Subscriptions,
    transaction::{
        layer::{ClientId, Heard, Key, Layer, Owner, ServerId, What},
        receive::Arrival,
        send::Draft,
    },
};
pub use subscriptions::Notice;

/// The SIP side of a node.
#[derive(Debug)]
pub struct Stack {
    layer: Layer,
    /// In boxes, so that a growing map moves pointers.
    invites: IdMap<InviteId, Box<Invite>>,
    /// Of peers to us.
    subscriptions: Subscriptions,
    /// New requests are refused since the limit was reached; logged once.
    is_refusing: bool,
    malformed: u64,
}

/// Inputs.
impl Stack {
    /// A stack without any transaction. `seed` feeds tags, branches and Call-IDs.
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        Self {
            layer: Layer::new(settings, seed),
            invites: IdMap::default(),
            subscriptions: Subscriptions::default(),
            is_refusing: false,
            malformed: 0,
        }
    }
    /// A datagram, or a frame of a stream.
    pub fn receive(&mut self, now: Instant, flow: Flow, bytes: Bytes) {
        match Message::parse_or_return(bytes) {
            Ok(message) if message.is_request() => self.receive_request(now, flow, &message),
            Ok(message) => self.layer.receive_response(now, flow, &message),
            Err((error, bytes)) => {
                self.malformed += 1;
                tracing::debug!(peer.addr = %flow.remote, "unreadable message: {error}");
                let tag = hex16(self.layer.random());
                if let Some(answer) = print::refusal(&bytes, &error, flow.remote, &tag) {
                    self.layer.transmit(flow, answer, None, false);
                }
            }
        }
        self.hear_all(now);
    }
    /// A connection broke or could not be opened, or the network refused a datagram.
    pub fn flow_failed(&mut self, now: Instant, flow: Flow) {
        self.layer.flow_failed(now, flow);
        self.hear_all(now);
    }
    /// Time has come for at least one timer.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(key) = self.layer.timers.pop_due(now) {
            match key {
                Key::Client(id) => self.layer.fire_client(now, id),
                Key::Server(id) => self.layer.fire_server(now, id),
                Key::Invite(id) => self.with_invite(id, |invite, layer| {
                    invite.scheduled = None;
                    invite.handle_timeout(now, layer);
                }),
            }
            self.hear_all(now);
        }
    }
    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.layer.timers.peek()
    }
    /// What is to be done, until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.layer.out.pop_front()
    }
    /// Whether no transaction, dialog or timer is left.
    pub fn is_quiet(&self) -> bool {
        self.layer.is_quiet() && self.invites.is_empty()
    }
    /// Transactions, and invites, that are held at this moment.
    pub fn load(&self) -> (usize, usize) {
        (self.layer.clients.len() + self.layer.servers.len(), self.invites.len())
    }
    /// Datagrams and frames since the start that were no SIP messages.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }
    /// Carries what transactions heard to whom it concerns.
    fn hear_all(&mut self, now: Instant) {
        while let Some(Heard { owner, what }) = self.layer.heard.pop_front() {
            match owner {
                Owner::Invite(id) => self.with_invite(id, |invite, layer| invite.hear(now, layer, what)),
                Owner::Request(id) => self.hear_request_answer(id, what),
                Owner::Subscription(id) => self.hear_notify_answer(id, &what),
                Owner::Nobody => {}
            }
        }
    }
    fn hear_request_answer(&mut self, id: RequestId, what: What) {
        let response = match what {
            What::Response { message, .. } if message.status().is_some_and(|status| status < 200) => return,
            What::Response { message, .. } => Some(message),
            What::NoResponse { .. } => None,
            What::Ended { .. } | What::CallerGone { .. } => return,
        };
        self.layer.event(Event::Response { id, response });
    }
    /// Works on an invite, then enters its next deadline, or lets it go.
    fn with_invite(&mut self, id: InviteId, work: impl FnOnce(&mut Invite, &mut Layer)) {
        let Some(invite) = self.invites.get_mut(&id) else { return };
        work(invite, &mut self.layer);
        let is_gone = invite.is_gone();
        let next = if is_gone { None } else { invite.poll_timeout() };
        self.layer.timers.reschedule(&mut invite.scheduled, next, Key::Invite(id));
        if is_gone {
            self.invites.remove(&id);
            shrink(&mut self.invites);
        }
    }
    fn keep_invite(&mut self, invite: Invite) -> InviteId {
        let id = invite.id;
        self.invites.insert(id, Box::new(invite));
        self.with_invite(id, |_, _| {});
        id
    }
}

/// Verbs. A verb for an id that is over does nothing: the event that ended it is on its way.
impl Stack {
    /// Answers an [`Event::Request`].
    pub fn respond(&mut self, now: Instant, id: RequestId, response: Response) {
        self.layer.respond(now, ServerId(id.0), &response, None);
        self.hear_all(now);
    }
    /// Sends a request outside of any dialog; its answer comes as [`Event::Response`].
    pub fn request(&mut self, now: Instant, flow: Flow, request: Request) -> RequestId {
        let mut series = self.new_series();
        self.request_in(now, flow, &request, &mut series)
    }
    /// The address that peers beyond this flow see of us, for a Contact of the application's own.
    pub fn shown_address(&self, flow: Flow) -> SocketAddr {
        crate::transaction::send::shown_address(&self.layer.settings, flow)
    }
    /// A series without requests.
    pub fn new_series(&mut self) -> Series {
        Series { tag: hex16(self.layer.random()), call_id: self.layer.new_call_id(), cseq: 0 }
    }
    /// The same as [`Stack::request`], as the next one of its series.
    pub fn request_in(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Request,
        series: &mut Series,
    ) -> RequestId {
        let id = RequestId(self.layer.new_id());
        series.cseq += 1;
        let from = [&request.from, ";tag=", &series.tag].concat();
        let call_id = &series.call_id;
        let draft = Draft {
            method: request.method,
            uri: request.uri.as_bytes(),
            route: request.route.iter().map(String::as_bytes).collect(),
            max_forwards: 70,
            from: from.as_bytes(),
            to: request.to.as_bytes(),
            call_id: call_id.as_bytes(),
            cseq: series.cseq,
            contact: None,
            headers: &request.headers,
            body: request.body.as_ref().map(|(kind, body)| (*kind, &body[..])),
        };
        let _: ClientId = self.layer.send(now, flow, &draft, Owner::Request(id));
        id
    }
    /// Sends 101..=199, reliably (RFC 3262) if it carries SDP and the caller supports 100rel, or requires it.
    pub fn progress(&mut self, now: Instant, id: InviteId, response: Response) {
        self.act(now, id, |invite, layer| invite.progress(now, layer, response));
    }
    /// Whether a description in [`Stack::progress`] may be our offer to this caller.
    pub fn early_offer(&self, id: InviteId) -> EarlyOffer {
        self.invites.get(&id).map_or(EarlyOffer::Impossible, |invite| invite.early_offer())
    }
    /// Answers a call with 200 and this SDP (our answer, or our offer if they sent none).
    pub fn answer(&mut self, now: Instant, id: InviteId, sdp: Bytes, headers: Vec<(Name, String)>) {
        self.act(now, id, |invite, layer| invite.answer(now, layer, sdp, headers));
    }
    /// Refuses a call that is not answered yet with 300..=699.
    pub fn reject(&mut self, now: Instant, id: InviteId, response: Response) {
        self.act(now, id, |invite, layer| invite.reject(now, layer, &response));
    }
    /// Starts a call.
    pub fn invite(&mut self, now: Instant, invite: OutgoingInvite) -> InviteId {
        let invite = Invite::call(now, &mut self.layer, invite);
        self.keep_invite(invite)
    }
    /// Gives up a call that we started and nobody answered: CANCEL as soon as allowed, with this `Reason` value;
    /// a 2xx that crosses is ACKed and BYEd. The invite is over for the application at once.
    pub fn cancel(&mut self, now: Instant, id: InviteId, reason: Option<&str>) {
        self.act(now, id, |invite, layer| invite.cancel(now, layer, reason));
    }
    /// Whether anything came back for an INVITE of ours, if only 100. True also where nothing is awaited any more.
    pub fn is_heard(&self, id: InviteId) -> bool {
        self.invites.get(&id).is_none_or(|invite| invite.is_heard(&self.layer))
    }
    /// Offers anew within a session: re-INVITE when confirmed, UPDATE while early (if the peer allows it).
    pub fn offer(&mut self, now: Instant, id: InviteId, sdp: Bytes) {
        self.act(now, id, |invite, layer| invite.offer(now, layer, sdp));
    }
    /// Tells the peer of a confirmed session whom it talks with from now on, `"Name" <sip:number@domain>`: by an UPDATE, where it
    /// allows one, else with the next re-INVITE.
    pub fn identify(&mut self, now: Instant, id: InviteId, asserted: String) {
        self.act(now, id, |invite, layer| invite.identify(now, layer, asserted));
    }
    /// The same where an offer follows anyway, which carries it.
    pub fn set_identity(&mut self, id: InviteId, asserted: String) {
        if let Some(invite) = self.invites.get_mut(&id) {
            invite.set_identity(asserted);
        }
    }
    /// Answers the peer's offer; or gives our offer where theirs was empty.
    pub fn accept(&mut self, now: Instant, id: InviteId, sdp: Bytes) {
        self.act(now, id, |invite, layer| invite.accept(now, layer, sdp));
    }
    /// Refuses the peer's offer (488, 491, 500); the session stays as it was.
    pub fn refuse(&mut self, now: Instant, id: InviteId, status: u16) {
        self.act(now, id, |invite, layer| invite.refuse(now, layer, status));
    }
    /// The peer left the flow `before` and is reached by `now_by` from now on (RFC 5626 §5.3): so go our requests of the
    /// dialogs that used it.
    pub fn reroute(&mut self, id: InviteId, before: Flow, now_by: Flow) {
        if let Some(invite) = self.invites.get_mut(&id) {
            invite.reroute(before, now_by);
        }
    }
    /// Ends a confirmed session with BYE, or whatever is right in the state it is in.
    pub fn bye(&mut self, now: Instant, id: InviteId, reason: Option<&str>) {
        self.act(now, id, |invite, layer| invite.bye(now, layer, reason));
    }
    /// Takes the peer's REFER: 202, and a NOTIFY that it is being tried.
    pub fn accept_refer(&mut self, now: Instant, id: InviteId) {
        self.act(now, id, |invite, layer| invite.accept_refer(now, layer));
    }
    /// Refuses the peer's REFER.
    pub fn refuse_refer(&mut self, now: Instant, id: InviteId, response: &Response) {
        self.act(now, id, |invite, layer| invite.refuse_refer(now, layer, response));
    }
    /// Tells the peer what its REFER came to: 100..=199 so far, 200..=699 in the end. Also after the session is over.
    pub fn notify_refer(&mut self, now: Instant, id: InviteId, status: u16) {
        self.act(now, id, |invite, layer| invite.notify_refer(now, layer, status));
    }
    /// Refers the peer of a confirmed session to `to`, with brackets.
    pub fn refer(&mut self, now: Instant, id: InviteId, to: &str, headers: Vec<(Name, String)>) {
        self.act(now, id, |invite, layer| invite.refer(now, layer, to, headers));
    }
    /// The session that a Replaces means (RFC 3891 §3), from whichever end it is written: both tags are in it anyway.
    pub fn replaced(&self, replaces: &Replaces<'_>) -> Option<(InviteId, Standing)> {
        self.session_named(replaces.call_id, (replaces.to_tag, replaces.from_tag))
    }
    /// The session that a Join means (RFC 3911 §4), from whichever end it is written.
    pub fn joined(&self, join: &Join<'_>) -> Option<(InviteId, Standing)> {
        self.session_named(join.call_id, (join.to_tag, join.from_tag))
    }
    fn session_named(&self, call_id: &[u8], tags: (&[u8], &[u8])) -> Option<(InviteId, Standing)> {
        [tags, (tags.1, tags.0)].into_iter().find_map(|(local, remote)| {
            let tag = std::str::from_utf8(local).ok()?;
            let id = InviteId(u64::from_str_radix(tag.split_once('.')?.0, 16).ok()?);
            let invite = self.invites.get(&id).filter(|invite| invite.local_tag() == local)?;
            Some((id, invite.standing(call_id, remote)?))
        })
    }
    /// Call-ID, our tag and the peer's tag of a session that has a dialog.
    pub fn dialog_ids(&self, id: InviteId) -> Option<[String; 3]> {
        self.invites.get(&id)?.dialog_ids()
    }
    /// The dialog of a session as it stands: where its peer is, among others.
    pub fn keep_dialog(&self, id: InviteId) -> Option<KeptDialog> {
        self.invites.get(&id)?.keep_dialog()
    }
    fn act(&mut self, now: Instant, id: InviteId, verb: impl FnOnce(&mut Invite, &mut Layer)) {
        self.with_invite(id, verb);
        self.hear_all(now);
    }
}

/// Requests, checked and taken where they belong.
impl Stack {
    fn receive_request(&mut self, now: Instant, flow: Flow, request: &Message) {
        let arrival = self.layer.arrival(flow, request);
        let method = request.method();
        if method == Method::Ack {
            self.receive_ack(now, &arrival);
            return;
        }
        if self.layer.absorb(now, &arrival) {
            return;
        }
        if let Some(refusal) = self.refuse_at_limit() {
            self.layer.respond_stateless(flow, request, &refusal);
            return;
        }
        if method == Method::Cancel {
            self.receive_cancel(now, &arrival);
            return;
        }
        if let Some(refusal) = admit::refusal(request, self.layer.is_merged(&arrival)) {
            let server = self.serve(&arrival);
            self.layer.respond(now, server, &refusal, None);
        } else if request.to_tag().is_some() && self.takes_dialog(request) {
            self.receive_in_dialog(now, &arrival);
        } else if method == Method::Invite {
            if let Some(invite) = Invite::ring(now, &mut self.layer, &arrival) {
                self.keep_invite(invite);
            }
        } else {
            let server = self.serve(&arrival);
            self.layer.event(Event::Request { id: RequestId(server.0), flow, request: request.clone() });
        }
    }
    /// A To tag means a dialog, except for what device and registrar say to each other.
    fn takes_dialog(&self, request: &Message) -> bool {
        !matches!(request.method(), Method::Register | Method::Publish)
    }
    fn serve(&mut self, arrival: &Arrival<'_>) -> ServerId {
        let tag = hex16(self.layer.random()).into();
        self.layer.serve(arrival, Owner::Nobody, tag)
    }
    fn refuse_at_limit(&mut self) -> Option<Response> {
        if !self.layer.is_full() {
            self.is_refusing &= !self.layer.has_room();
            return None;
        }
        if !self.is_refusing {
            self.is_refusing = true;
            tracing::error!(
                limit = self.layer.settings.max_transactions,
                "too many SIP transactions; answering 503"
            );
        }
        Some(Response::new(503).with(Name::RetryAfter, RETRY_AFTER))
    }
    fn receive_in_dialog(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let (flow, request) = (arrival.flow, arrival.request);
        if let Some(id) = self.subscriptions.of(request) {
            return self.receive_in_subscription(now, arrival, id);
        }
        let found = self.invite_of(request);
        let owner = found.map_or(Owner::Nobody, |(id, _)| Owner::Invite(id));
        let server = self.layer.serve(arrival, owner, Box::default());
        self.layer.received(flow, request, owner, false);
        match found {
            Some((id, at)) => self.with_invite(id, |invite, layer| {
                invite.receive(now, layer, (at, server), (flow, request));
            }),
            None => {
                self.layer.respond(now, server, &Response::new(481), None);
            }
        }
    }
    /// The invite, and the dialog in it, that a request of the peer belongs to.
    fn invite_of(&self, request: &Message) -> Option<(InviteId, usize)> {
        let tag = std::str::from_utf8(request.to_tag()?).ok()?;
        let (id, _) = tag.split_once('.')?;
        let id = InviteId(u64::from_str_radix(id, 16).ok()?);
        let invite = self.invites.get(&id).filter(|invite| invite.local_tag() == tag.as_bytes())?;
        Some((id, invite.dialog_of(request)?))
    }
    fn receive_ack(&mut self, now: Instant, arrival: &Arrival<'_>) {
        if let Some((id, at)) = self.invite_of(arrival.request)
            && !self.layer.is_known(arrival)
        {
            let (flow, ack) = (arrival.flow, arrival.request);
            self.with_invite(id, |invite, layer| invite.hear_ack(now, layer, (flow, at), ack));
            return;
        }
        // An ACK that belongs to nothing is nothing (RFC 3261 §17.2.1).
        self.layer.absorb(now, arrival);
    }
    /// RFC 3261 §9.2: 200 to the CANCEL wherever there is a transaction for it, 481 where there is none.
    fn receive_cancel(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let (flow, cancel) = (arrival.flow, arrival.request);
        let found = self.layer.server_of(cancel, Method::Invite);
        let owner = found.map_or(Owner::Nobody, |server| self.layer.owner_of(server));
        let tag = found.and_then(|server| self.layer.tag_of(server)).unwrap_or_default();
        let server = self.layer.serve(arrival, owner, tag);
        self.layer.received(flow, cancel, owner, false);
        let status = if found.is_some() { 200 } else { 481 };
        self.layer.respond(now, server, &Response::new(status), None);
        if let (Some(invite), Some(id)) = (found, owner.invite()) {
            self.with_invite(id, |it, layer| it.hear_cancel(now, layer, invite, cancel));
        }
    }
}

/// What a peer that met the limit is asked to wait. [s]
const RETRY_AFTER: &str = "5";
