//! What enters and leaves the stack besides bytes: ids, settings, events.
//!
//! Plain values, re-exported by [`crate::stack`]; they stand here so that the layers below can name them.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

use crate::{Flow, Message, Name, digest::Account};

/// One INVITE usage. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InviteId(pub u64);

/// One request outside of INVITE usages, theirs or ours. Never reused within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// One subscription of a peer to us. Kept over restarts by who stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub u64);

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
    /// Answer with [`Stack::respond`](crate::Stack::respond). Already checked: Max-Forwards (483), Require (420), merged (482),
    /// dialog methods without a dialog (481).
    Request { id: RequestId, flow: Flow, request: Message },
    /// SUBSCRIBE within a subscription's dialog: its refresh or its end. Answer with
    /// [`Stack::refresh_subscription`](crate::Stack::refresh_subscription), or refuse with
    /// [`Stack::respond`](crate::Stack::respond), which leaves the subscription as it was.
    Subscribe { id: SubscriptionId, request: RequestId, flow: Flow, message: Message },
    /// The last NOTIFY of this subscription is through; the next one may go.
    NotifyAnswered { id: SubscriptionId, outcome: NotifyOutcome },

    /// The final response to our [`Stack::request`](crate::Stack::request); `None` after a time-out or transport failure.
    Response { id: RequestId, response: Option<Message> },

    /// A call comes in. `offer` is its SDP, `None` for a delayed offer. A 100 goes out after 200 ms, unless a verb of
    /// the application sent something before (RFC 3261 §17.2.1). Nothing is kept of a call that is rejected with a
    /// challenge before that: the INVITE that comes again is a new one.
    Invite { id: InviteId, flow: Flow, request: Message, offer: Option<Bytes> },
    /// The caller gave up (CANCEL → 487 is sent) or vanished before the final response. The invite is over.
    Cancelled { id: InviteId, reason: Option<String> },
    /// Our 2xx was ACKed. `answer` is the ACK's SDP where we offered in the 2xx.
    Confirmed { id: InviteId, answer: Option<Bytes> },

    /// 101..=199 to our INVITE. `sdp` is an answer to our offer (early media), or an offer if we sent none.
    Progress { id: InviteId, status: u16, sdp: Option<Bytes>, response: Message },
    /// 2xx to our INVITE; ACK is sent (after [`Stack::accept`](crate::Stack::accept) if we sent no offer and `sdp` is theirs).
    /// Further 2xx of other forks are ACKed and BYEd silently.
    /// Where a provisional response had the answer to our offer and the 2xx has none, `sdp` is that answer.
    Answered { id: InviteId, sdp: Option<Bytes>, response: Message },
    /// 3xx–6xx to our INVITE, or 408 after a time-out, 503 after transport failure (`response` is `None` then).
    /// The invite is over.
    Failed { id: InviteId, status: u16, reason: String, response: Option<Message> },

    /// The peer offers in a re-INVITE, UPDATE or PRACK; answer with [`Stack::accept`](crate::Stack::accept) or [`Stack::refuse`](crate::Stack::refuse).
    /// `None`: a re-INVITE without SDP; [`Stack::accept`](crate::Stack::accept) then carries *our* offer, its answer comes as `OfferAnswered`.
    Offer { id: InviteId, sdp: Option<Bytes> },
    /// Our [`Stack::offer`](crate::Stack::offer) was answered.
    OfferAnswered { id: InviteId, sdp: Bytes },
    /// Our [`Stack::offer`](crate::Stack::offer) was refused; the session stays as it was. Glare (491) is retried by the stack.
    OfferRefused { id: InviteId, status: u16 },
    /// INFO within the dialog; 200 is sent already.
    Info { id: InviteId, content_type: String, body: Bytes },
    /// The peer wants us to call somebody in its place (RFC 3515): answer with [`Stack::accept_refer`](crate::Stack::accept_refer)
    /// or [`Stack::refuse_refer`](crate::Stack::refuse_refer), then tell what became of it with
    /// [`Stack::notify_refer`](crate::Stack::notify_refer). One at a time in a dialog.
    Refer { id: InviteId, request: Message },
    /// The final answer to our [`Stack::refer`](crate::Stack::refer).
    Referred { id: InviteId, status: u16 },
    /// What our REFER came to so far; with 200..=699 nothing follows.
    Notified { id: InviteId, status: u16 },
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

/// What became of a NOTIFY (RFC 6665 §4.2.2, RFC 5057 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyOutcome {
    /// 2xx.
    Delivered,
    /// Neither taken nor refused for good (5xx, a broken connection): the subscription stays.
    Undelivered,
    /// Nobody answered, or the peer knows nothing of it (481 …): the subscription is over, nothing more is sent.
    Lost,
}

/// Why we end a subscription (RFC 6665 §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// The peer subscribes again at once.
    Deactivated,
    /// The peer may not watch this any more.
    Rejected,
    /// Its time is over, or the peer ended it.
    Timeout,
    /// What was watched is gone.
    NoResource,
}

/// `Subscription-State` of a NOTIFY (RFC 6665 §8.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// For so long.
    Active(Duration),
    /// The last word of this subscription.
    Terminated(Termination),
}

/// A dialog as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDialog {
    /// Call-ID.
    pub call_id: String,
    /// From of our requests, without tag.
    pub local: String,
    /// Our tag.
    pub local_tag: String,
    /// Our Contact, with brackets.
    pub contact: String,
    /// To of our requests, with tag.
    pub remote: String,
    /// Where our requests are addressed to.
    pub target: String,
    /// Route set, each with brackets, joined by `,`.
    pub routes: String,
    /// CSeq of our last request.
    pub local_cseq: u32,
    /// CSeq of the peer's last request.
    pub remote_cseq: u32,
    /// The way the peer's last request came.
    pub flow: Flow,
}

/// Where a session stands that an INVITE wants to replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not answered; we called.
    Rings,
    /// Not answered; they called.
    Calls,
    /// Answered.
    Confirmed,
}

/// Whether our first offer to a caller who made none may travel before the answer: only in a reliable response (RFC 3261
/// §13.2.1, RFC 3262 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyOffer {
    /// They made an offer, or do not know reliable responses.
    Impossible,
    /// They support reliable responses.
    Possible,
    /// They require them, so the first one must offer: before it they are told nothing.
    Required,
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
    /// How a challenge (401, 407) is answered, here and later in the dialog; `None` fails with it.
    pub account: Option<Account>,
    /// Further parts of the body, beside the offer (RFC 5621).
    pub parts: Vec<Part>,
}

/// A part of a body that has several.
#[derive(Debug, Clone)]
pub struct Part {
    /// Content-Type.
    pub kind: &'static str,
    /// Content-ID without brackets, by which a header points to it (RFC 2392).
    pub id: String,
    /// What it holds.
    pub body: Bytes,
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
