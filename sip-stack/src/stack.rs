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

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{Flow, Message, Name, Request, Response};

/// One INVITE usage. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InviteId(pub u64);

/// One request outside of INVITE usages, theirs or ours. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// What the stack is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `User-Agent` and `Server`.
    pub product: String,
    /// The address put into Contact and Via for peers beyond NAT, by listener: `(listener, advertised)`.
    /// Used where the peer's address is not private, loopback or link-local; otherwise the listener's own.
    pub advertised: Vec<(SocketAddr, SocketAddr)>,
    /// Session-Expires we ask for (RFC 4028); `None` asks for none. [default 1800 s]
    pub session_expires: Option<Duration>,
    /// The least session interval we accept, 90 s or more. [default 90 s]
    pub min_se: Duration,
    /// Requests larger than this go by TCP (RFC 3261 §18.1.1). [bytes, default 1300]
    pub udp_limit: usize,
    /// The most transactions at once; beyond, new requests get 503 with Retry-After. [default 100,000]
    pub max_transactions: usize,
}

/// What leaves the stack.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes. `invite` says whose ladder they belong to; `again` marks a retransmission.
    #[allow(missing_docs)]
    Transmit { flow: Flow, bytes: Bytes, invite: Option<InviteId>, again: bool },
    /// A message that was received for this invite (retransmissions marked), for its ladder.
    #[allow(missing_docs)]
    Received { flow: Flow, message: Message, invite: InviteId, again: bool },
    /// Something the application must know.
    Event(Event),
}

/// What happened.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Event {
    /// A request outside of any dialog, not INVITE (REGISTER, OPTIONS, MESSAGE, SUBSCRIBE …).
    /// Answer with [`Stack::respond`]. Already checked: Max-Forwards (483), Require (420), merged (482),
    /// dialog methods without a dialog (481).
    Request { id: RequestId, flow: Flow, request: Message },
    /// The final response to our [`Stack::request`]; `None` after a time-out or transport failure.
    Response { id: RequestId, response: Option<Message> },

    /// A call comes in. 100 is sent already. `offer` is its SDP, `None` for a delayed offer.
    Invite { id: InviteId, flow: Flow, request: Message, offer: Option<Bytes> },
    /// The caller gave up (CANCEL → 487 is sent) or vanished before the final response. The invite is over.
    Cancelled { id: InviteId, reason: Option<String> },
    /// Our 2xx was ACKed. `answer` is the ACK's SDP where we offered in the 2xx.
    Confirmed { id: InviteId, answer: Option<Bytes> },

    /// 101..=199 to our INVITE. `sdp` is an answer to our offer (early media), or an offer if we sent none.
    Progress { id: InviteId, status: u16, sdp: Option<Bytes>, response: Message },
    /// 2xx to our INVITE; ACK is sent (after [`Stack::accept`] if we sent no offer and `sdp` is theirs).
    /// Further 2xx of other forks are ACKed and BYEd silently.
    Answered { id: InviteId, sdp: Option<Bytes>, response: Message },
    /// 3xx–6xx to our INVITE, or 408 after a time-out, 503 after transport failure (`response` is `None` then).
    /// The invite is over.
    Failed { id: InviteId, status: u16, reason: String, response: Option<Message> },

    /// The peer offers in a re-INVITE, UPDATE or PRACK; answer with [`Stack::accept`] or [`Stack::refuse`].
    /// `None`: a re-INVITE without SDP; [`Stack::accept`] then carries *our* offer, its answer comes as `OfferAnswered`.
    Offer { id: InviteId, sdp: Option<Bytes> },
    /// Our [`Stack::offer`] was answered.
    OfferAnswered { id: InviteId, sdp: Bytes },
    /// Our [`Stack::offer`] was refused; the session stays as it was. Glare (491) is retried by the stack.
    OfferRefused { id: InviteId, status: u16 },
    /// INFO within the dialog; 200 is sent already.
    Info { id: InviteId, content_type: String, body: Bytes },
    /// The confirmed dialog is over: BYE received (200 is sent), or it died.
    Ended { id: InviteId, cause: EndCause, reason: Option<String> },
}

/// Why a confirmed dialog ended without our doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// BYE from the peer.
    Bye,
    /// The session was not refreshed in time (RFC 4028 §10); BYE is sent.
    SessionExpired,
    /// No ACK for our 2xx (RFC 3261 §13.3.1.4); BYE is sent.
    NoAck,
    /// A request of ours within the dialog got 408, 481 or nothing; BYE is sent where it makes sense.
    Dead,
}

/// A call that we start.
#[derive(Debug, Clone)]
pub struct OutgoingInvite {
    /// Where the first hop is.
    pub flow: Flow,
    /// Request-URI.
    pub uri: String,
    /// From without tag: `"Name" <sip:a@b>`.
    pub from: String,
    /// To: `<sip:…>`.
    pub to: String,
    /// Route set (from Path), topmost first, each with brackets.
    pub route: Vec<String>,
    /// Max-Forwards, usually the caller's minus one.
    pub max_forwards: u8,
    /// Further headers.
    pub headers: Vec<(Name, String)>,
    /// Our offer; `None` asks the peer to offer.
    pub offer: Option<Bytes>,
}

/// The SIP side of a node.
#[derive(Debug)]
pub struct Stack {
    out: VecDeque<Output>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            product: "Dialtone".into(),
            advertised: vec![],
            session_expires: Some(Duration::from_secs(1800)),
            min_se: Duration::from_secs(90),
            udp_limit: 1300,
            max_transactions: 100_000,
        }
    }
}

/// Inputs.
impl Stack {
    /// A stack without any transaction. `seed` feeds tags, branches and Call-IDs.
    pub fn new(_settings: Settings, _seed: [u8; 32]) -> Self {
        Self { out: VecDeque::new() }
    }
    /// A datagram, or a frame of a stream.
    pub fn receive(&mut self, _now: Instant, _flow: Flow, _bytes: Bytes) {}
    /// A connection broke or could not be opened, or the network refused a datagram.
    pub fn flow_failed(&mut self, _now: Instant, _flow: Flow) {}
    /// Time has come for at least one timer.
    pub fn handle_timeout(&mut self, _now: Instant) {}
    /// The earliest deadline.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    /// What is to be done, until `None`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }
    /// Whether no transaction, dialog or timer is left.
    pub fn is_quiet(&self) -> bool {
        true
    }
}

/// Verbs. A verb for an id that is over does nothing: the event that ended it is on its way.
impl Stack {
    /// Answers an [`Event::Request`].
    pub fn respond(&mut self, _now: Instant, _id: RequestId, _response: Response) {}
    /// Sends a request outside of any dialog; its answer comes as [`Event::Response`].
    pub fn request(&mut self, _now: Instant, _flow: Flow, _request: Request) -> RequestId {
        RequestId(0)
    }
    /// Sends 101..=199, reliably (RFC 3262) if it carries SDP and the caller supports 100rel, or requires it.
    pub fn progress(&mut self, _now: Instant, _id: InviteId, _response: Response) {}
    /// Answers a call with 200 and this SDP (our answer, or our offer if they sent none).
    pub fn answer(&mut self, _now: Instant, _id: InviteId, _sdp: Bytes, _headers: Vec<(Name, String)>) {}
    /// Refuses a call that is not answered yet with 300..=699.
    pub fn reject(&mut self, _now: Instant, _id: InviteId, _response: Response) {}
    /// Starts a call.
    pub fn invite(&mut self, _now: Instant, _invite: OutgoingInvite) -> InviteId {
        InviteId(0)
    }
    /// Gives up a call that we started and nobody answered: CANCEL as soon as allowed, with this `Reason` value;
    /// a 2xx that crosses is ACKed and BYEd. The invite is over for the application at once.
    pub fn cancel(&mut self, _now: Instant, _id: InviteId, _reason: Option<&str>) {}
    /// Offers anew within a session: re-INVITE when confirmed, UPDATE while early (if the peer allows it).
    pub fn offer(&mut self, _now: Instant, _id: InviteId, _sdp: Bytes) {}
    /// Answers the peer's offer; or gives our offer where theirs was empty.
    pub fn accept(&mut self, _now: Instant, _id: InviteId, _sdp: Bytes) {}
    /// Refuses the peer's offer (488, 491, 500); the session stays as it was.
    pub fn refuse(&mut self, _now: Instant, _id: InviteId, _status: u16) {}
    /// Ends a confirmed session with BYE, or whatever is right in the state it is in.
    pub fn bye(&mut self, _now: Instant, _id: InviteId, _reason: Option<&str>) {}
}
