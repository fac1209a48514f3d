//! All transactions of the node: matching, timers, and the messages they keep.
//!
//! The layer knows transactions and transport (RFC 3261 §17, §18), not dialogs. What concerns a transaction user
//! is left in `heard`, in order; the stack takes it from there to the invite or the event it belongs to.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Instant,
};

use bytes::Bytes;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};

use super::{
    Action, Actions, Machine, client_invite::ClientInvite, client_plain::ClientPlain,
    server_invite::ServerInvite, server_plain::ServerPlain,
};
use crate::{
    Flow, Message,
    event::{Event, InviteId, Output, RequestId, Settings, SubscriptionId},
    map::{FlowMark, IdMap, Mark, Marker, shrink},
    message::Method,
    print::number::{push_hex, text},
    timers::{Ticket, Timers},
};

/// One client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClientId(pub(crate) u64);

/// One server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ServerId(pub(crate) u64);

/// Who is told what a transaction hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Invite(InviteId),
    Request(RequestId),
    Subscription(SubscriptionId),
    /// Nobody: CANCEL, BYE of a fork that lost.
    Nobody,
}

impl Owner {
    pub(crate) fn invite(self) -> Option<InviteId> {
        match self {
            Self::Invite(id) => Some(id),
            Self::Request(_) | Self::Subscription(_) | Self::Nobody => None,
        }
    }
}

/// Something for a transaction user.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) owner: Owner,
    pub(crate) what: What,
}

/// What was heard.
#[derive(Debug)]
pub(crate) enum What {
    /// A response to our request, by this flow.
    Response { client: ClientId, flow: Flow, message: Message },
    /// No final response came in time, or the transport failed.
    NoResponse { client: ClientId, method: Method, cause: NoResponse },
    /// Our INVITE transaction is gone.
    Ended { client: ClientId },
    /// The peer of an unanswered INVITE vanished.
    CallerGone { server: ServerId },
}

/// Why no response came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoResponse {
    TimedOut,
    TransportFailed,
}

/// The entries of the node's timer set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Client(ClientId),
    Server(ServerId),
    Invite(InviteId),
}

#[derive(Debug)]
pub(crate) enum ClientMachine {
    Invite(ClientInvite),
    Plain(ClientPlain),
}

#[derive(Debug)]
pub(crate) enum ServerMachine {
    Invite(ServerInvite),
    Plain(ServerPlain),
}

/// An ACK that was sent for a 2xx of one fork.
#[derive(Debug)]
pub(crate) struct SentAck {
    pub(crate) tag: Box<[u8]>,
    pub(crate) flow: Flow,
    pub(crate) bytes: Bytes,
}

/// A client transaction with its message.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) machine: ClientMachine,
    pub(crate) method: Method,
    pub(crate) owner: Owner,
    pub(crate) flow: Flow,
    pub(crate) flow_mark: FlowMark,
    /// If `flow` fails, UDP is next: TCP was only chosen for the size (RFC 3261 §18.1.1).
    pub(crate) may_fall_back: bool,
    /// The branch's random part.
    pub(crate) nonce: u32,
    /// The request, then the ACK of its failure; empty once neither is needed.
    pub(crate) bytes: Bytes,
    pub(crate) acks: Vec<SentAck>,
    pub(crate) cancel: Option<ClientId>,
    pub(crate) scheduled: Option<Ticket>,
    pub(crate) open: bool,
}

/// A server transaction with its messages.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) machine: ServerMachine,
    pub(crate) owner: Owner,
    /// Where the request came from.
    pub(crate) source: Flow,
    /// Where responses go.
    pub(crate) flow: Flow,
    pub(crate) tag: Box<str>,
    /// The request until its final response.
    pub(crate) request: Option<Message>,
    /// The last response.
    pub(crate) last: Bytes,
    pub(crate) key: Mark,
    pub(crate) merge_key: Option<Mark>,
    pub(crate) scheduled: Option<Ticket>,
}

/// The transaction layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) settings: Settings,
    pub(crate) out: VecDeque<Output>,
    pub(crate) heard: VecDeque<Heard>,
    pub(crate) timers: Timers<Key>,
    // In boxes, so that a growing map moves pointers.
    pub(crate) clients: IdMap<ClientId, Box<Client>>,
    pub(crate) servers: IdMap<ServerId, Box<Server>>,
    /// Server transactions by method, branch and sent-by (RFC 3261 §17.2.3).
    pub(crate) by_branch: IdMap<Mark, ServerId>,
    /// Server transactions by From tag, Call-ID and CSeq (RFC 3261 §8.2.2.2).
    pub(crate) by_origin: IdMap<Mark, ServerId>,
    pub(crate) marker: Marker,
    /// Transactions by the flow that they send on.
    pub(crate) by_flow: BTreeSet<(FlowMark, Key)>,
    /// Transactions without a final response.
    pub(crate) open: usize,
    rng: StdRng,
    last_id: u64,
}

impl Layer {
    pub(crate) fn new(settings: Settings, seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        Self {
            settings,
            out: VecDeque::new(),
            heard: VecDeque::new(),
            timers: Timers::new(),
            clients: IdMap::default(),
            servers: IdMap::default(),
            by_branch: IdMap::default(),
            by_origin: IdMap::default(),
            marker: Marker::new(rng.random()),
            by_flow: BTreeSet::new(),
            open: 0,
            rng,
            last_id: 0,
        }
    }
    /// A number for an invite, a request or a transaction.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
    pub(crate) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }
    /// 96 random bits (RFC 3261 §8.1.1.4).
    pub(crate) fn new_call_id(&mut self) -> String {
        let (high, low) = (self.random(), self.random() as u32);
        text(24, |out| {
            push_hex(out, high, 16);
            push_hex(out, low.into(), 8);
        })
    }
    /// Our tag in the dialogs of an invite, which it names.
    pub(crate) fn new_tag(&mut self, invite: InviteId) -> Box<str> {
        let random = self.random() as u32;
        let tag = text(25, |out| {
            push_hex(out, invite.0, 1);
            out.push(b'.');
            push_hex(out, random.into(), 8);
        });
        tag.into()
    }
    pub(crate) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }
    pub(crate) fn transmit(&mut self, flow: Flow, bytes: Bytes, invite: Option<InviteId>, again: bool) {
        self.out.push_back(Output::Transmit { flow, bytes, invite, again });
    }
    /// Notes a received message for its invite's ladder.
    pub(crate) fn received(&mut self, flow: Flow, message: &Message, owner: Owner, again: bool) {
        if let Owner::Invite(invite) = owner {
            self.out.push_back(Output::Received { flow, message: message.clone(), invite, again });
        }
    }
    /// Whose a server transaction is.
    pub(crate) fn owner_of(&self, id: ServerId) -> Owner {
        self.servers.get(&id).map_or(Owner::Nobody, |server| server.owner)
    }
    /// The To tag of a server transaction's responses.
    pub(crate) fn tag_of(&self, id: ServerId) -> Option<Box<str>> {
        self.servers.get(&id).map(|server| server.tag.clone())
    }
    /// A request that waits for its final response, and the way it came.
    pub(crate) fn waiting_request(&self, id: ServerId) -> Option<(Flow, &Message)> {
        let server = self.servers.get(&id)?;
        Some((server.source, server.request.as_ref()?))
    }
    /// Responses of this server transaction carry another tag from now on; none was sent yet.
    pub(crate) fn set_tag(&mut self, id: ServerId, tag: &str) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.tag = tag.into();
        }
    }
    /// Whether a new transaction would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        let limit = self.settings.max_transactions;
        self.open >= limit || self.clients.len() + self.servers.len() >= limit.saturating_mul(FINISHED_FACTOR)
    }
    /// Whether there is room again, with some to spare.
    pub(crate) fn has_room(&self) -> bool {
        self.open < self.settings.max_transactions - self.settings.max_transactions / 8
    }
    pub(crate) fn is_quiet(&self) -> bool {
        let indexes = self.by_branch.len() + self.by_origin.len() + self.by_flow.len() + self.open;
        self.clients.is_empty() && self.servers.is_empty() && self.timers.is_empty() && indexes == 0
    }
    /// Fires a transaction's earliest timer.
    pub(crate) fn fire_client(&mut self, now: Instant, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.scheduled = None;
        let actions = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.handle_timeout(now),
            ClientMachine::Plain(machine) => machine.handle_timeout(now),
        };
        self.act_client(id, &actions, None);
    }
    /// Fires a transaction's earliest timer.
    pub(crate) fn fire_server(&mut self, now: Instant, id: ServerId) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        server.scheduled = None;
        let actions = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.handle_timeout(now),
            ServerMachine::Plain(machine) => machine.handle_timeout(now),
        };
        self.act_server(id, &actions, Bytes::new());
    }
    /// Carries out what a client machine wants; `message` is the response that moved it.
    pub(crate) fn act_client(&mut self, id: ClientId, actions: &Actions, message: Option<(Flow, &Message)>) {
        for action in actions {
            let Some(client) = self.clients.get_mut(&id) else { return };
            let owner = client.owner;
            match action {
                Action::Send => {}
                Action::Resend => {
                    let (flow, bytes) = (client.flow, client.bytes.clone());
                    self.transmit(flow, bytes, owner.invite(), true);
                }
                Action::Ack => self.ack_failure(id, message.map(|(_, m)| m)),
                Action::Pass => {
                    let Some((flow, message)) = message else { continue };
                    let what = What::Response { client: id, flow, message: message.clone() };
                    self.heard.push_back(Heard { owner, what });
                }
                Action::TimedOut => self.no_response(id, NoResponse::TimedOut),
                Action::Failed => self.no_response(id, NoResponse::TransportFailed),
                Action::End => {
                    self.drop_client(id);
                    return;
                }
            }
        }
        self.settle_client(id);
    }
    /// Carries out what a server machine wants; `response` is what it wants sent.
    pub(crate) fn act_server(&mut self, id: ServerId, actions: &Actions, response: Bytes) {
        for action in actions {
            let Some(server) = self.servers.get_mut(&id) else { return };
            let (flow, owner) = (server.flow, server.owner);
            match action {
                Action::Send => {
                    server.last = response.clone();
                    self.transmit(flow, response.clone(), owner.invite(), false);
                }
                Action::Resend => {
                    let last = server.last.clone();
                    if !last.is_empty() {
                        self.transmit(flow, last, owner.invite(), true);
                    }
                }
                Action::Failed => {
                    self.heard.push_back(Heard { owner, what: What::CallerGone { server: id } });
                }
                Action::Ack | Action::Pass | Action::TimedOut => {}
                Action::End => {
                    self.drop_server(id);
                    return;
                }
            }
        }
        self.settle_server(id);
    }
    pub(crate) fn insert_client(&mut self, id: ClientId, client: Client) {
        self.by_flow.insert((client.flow_mark, Key::Client(id)));
        self.clients.insert(id, Box::new(client));
        self.open += 1;
        self.settle_client(id);
    }
    pub(crate) fn insert_server(&mut self, id: ServerId, server: Server) {
        if server.flow.transport.is_reliable() {
            self.by_flow.insert((self.marker.mark_flow(server.flow), Key::Server(id)));
        }
        self.servers.insert(id, Box::new(server));
        self.open += 1;
    }
    fn no_response(&mut self, id: ClientId, cause: NoResponse) {
        let Some(client) = self.clients.get(&id) else { return };
        let what = What::NoResponse { client: id, method: client.method, cause };
        self.heard.push_back(Heard { owner: client.owner, what });
    }
    fn drop_client(&mut self, id: ClientId) {
        let Some(mut client) = self.clients.remove(&id) else { return };
        self.timers.reschedule(&mut client.scheduled, None, Key::Client(id));
        self.by_flow.remove(&(client.flow_mark, Key::Client(id)));
        self.open -= usize::from(client.open);
        if client.method == Method::Invite {
            self.heard.push_back(Heard { owner: client.owner, what: What::Ended { client: id } });
        }
        shrink(&mut self.clients);
    }
    fn drop_server(&mut self, id: ServerId) {
        let Some(mut server) = self.servers.remove(&id) else { return };
        self.timers.reschedule(&mut server.scheduled, None, Key::Server(id));
        self.open -= usize::from(server.request.is_some());
        self.by_branch.remove(&server.key);
        if server.flow.transport.is_reliable() {
            self.by_flow.remove(&(self.marker.mark_flow(server.flow), Key::Server(id)));
        }
        if let Some(key) = &server.merge_key {
            self.by_origin.remove(key);
        }
        shrink(&mut self.servers);
        shrink(&mut self.by_branch);
        shrink(&mut self.by_origin);
    }
    pub(crate) fn settle_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let next = match &client.machine {
            ClientMachine::Invite(machine) => machine.poll_timeout(),
            ClientMachine::Plain(machine) => machine.poll_timeout(),
        };
        self.timers.reschedule(&mut client.scheduled, next, Key::Client(id));
    }
    pub(crate) fn settle_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let next = match &server.machine {
            ServerMachine::Invite(machine) => machine.poll_timeout(),
            ServerMachine::Plain(machine) => machine.poll_timeout(),
        };
        self.timers.reschedule(&mut server.scheduled, next, Key::Server(id));
    }
}

/// Finished transactions that only absorb retransmissions are small; this many times the limit may linger.
const FINISHED_FACTOR: usize = 16;
