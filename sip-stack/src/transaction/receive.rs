//! Receiving: responses to their client transaction, requests to their server transaction.

use std::{collections::hash_map::Entry, time::Instant};

use bytes::Bytes;

use super::{
    Action,
    layer::{ClientId, ClientMachine, Layer, Owner, Server, ServerId, ServerMachine},
    send::{COOKIE, response_flow},
    server_invite::{self, ServerInvite},
    server_plain::ServerPlain,
};
use crate::{Flow, Message, map::Mark, message::Method};

/// A request, the way it came, and what its transaction is found by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) flow: Flow,
    pub(crate) request: &'a Message,
    branch: Mark,
    /// Without a To tag it may come on several ways (RFC 3261 §8.2.2.2).
    origin: Option<Mark>,
}

impl Layer {
    /// A response: to its transaction (RFC 3261 §17.1.3), or nowhere.
    pub(crate) fn receive_response(&mut self, now: Instant, flow: Flow, message: &Message) {
        let Some(id) = self.client_of(message) else { return };
        let Some(status) = message.status() else { return };
        if self.ack_again(flow, id, status, message) {
            return;
        }
        let Some(client) = self.clients.get_mut(&id) else { return };
        let actions = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.receive(now, status),
            ClientMachine::Plain(machine) => machine.receive(now, status),
        };
        if client.open && status >= 200 {
            client.open = false;
            self.open -= 1;
            if client.method != Method::Invite || status < 300 {
                client.bytes = Bytes::new();
            }
        }
        // A response came by this transport: it works, there is no reason to turn to the other.
        client.may_fall_back = false;
        let owner = client.owner;
        self.received(flow, message, owner, !actions.contains(&Action::Pass));
        self.act_client(id, &actions, Some((flow, message)));
    }
    fn client_of(&self, message: &Message) -> Option<ClientId> {
        let branch = std::str::from_utf8(message.branch()?).ok()?;
        let (id, nonce) = branch.strip_prefix(COOKIE)?.split_once('.')?;
        let id = ClientId(u64::from_str_radix(id, 16).ok()?);
        let nonce = u32::from_str_radix(nonce, 16).ok()?;
        let client = self.clients.get(&id).filter(|client| client.nonce == nonce)?;
        match (message.method(), client.method) {
            (Method::Cancel, Method::Invite) => client.cancel,
            (heard, asked) => (heard == asked).then_some(id),
        }
    }
    /// A 2xx that was acknowledged already gets the same ACK again (RFC 3261 §13.2.2.4).
    fn ack_again(&mut self, flow: Flow, id: ClientId, status: u16, message: &Message) -> bool {
        let Some(client) = self.clients.get(&id) else { return false };
        if !(200..300).contains(&status) || client.acks.is_empty() {
            return false;
        }
        let tag = message.to_tag().unwrap_or_default();
        let Some(ack) = client.acks.iter().find(|ack| &*ack.tag == tag) else { return false };
        let (owner, ack_flow, bytes) = (client.owner, ack.flow, ack.bytes.clone());
        self.received(flow, message, owner, true);
        self.transmit(ack_flow, bytes, owner.invite(), true);
        true
    }
    pub(crate) fn arrival<'a>(&self, flow: Flow, request: &'a Message) -> Arrival<'a> {
        let branch = self.branch_key(request, request.method());
        let may_fork = request.to_tag().is_none() && request.method() != Method::Ack;
        Arrival { flow, request, branch, origin: may_fork.then(|| self.origin_key(request)) }
    }
    /// Whether the request's transaction is here. An ACK belongs to its INVITE.
    pub(crate) fn is_known(&self, arrival: &Arrival<'_>) -> bool {
        self.by_branch.contains_key(&arrival.branch)
    }
    /// The transaction of a request that came before (RFC 3261 §17.2.3): what it wants is done, and the answer is
    /// `true`. An ACK belongs to its INVITE.
    pub(crate) fn absorb(&mut self, now: Instant, arrival: &Arrival<'_>) -> bool {
        let Some(&id) = self.by_branch.get(&arrival.branch) else { return false };
        let Some(server) = self.servers.get_mut(&id) else { return false };
        let is_ack = arrival.request.method() == Method::Ack;
        let actions = match &mut server.machine {
            ServerMachine::Invite(machine) if is_ack => {
                let actions = machine.receive_ack(now);
                if machine.state() == server_invite::State::Confirmed {
                    server.last = Bytes::new();
                }
                actions
            }
            ServerMachine::Invite(machine) => machine.receive(),
            ServerMachine::Plain(machine) => machine.receive(),
        };
        let owner = server.owner;
        self.received(arrival.flow, arrival.request, owner, !is_ack);
        self.act_server(id, &actions, Bytes::new());
        true
    }
    /// The server transaction of this method with the request's branch and sent-by.
    pub(crate) fn server_of(&self, message: &Message, method: Method) -> Option<ServerId> {
        self.by_branch.get(&self.branch_key(message, method)).copied()
    }
    /// Whether another branch of the same request is here already (RFC 3261 §8.2.2.2).
    pub(crate) fn is_merged(&self, arrival: &Arrival<'_>) -> bool {
        arrival.origin.is_some_and(|origin| self.by_origin.contains_key(&origin))
    }
    /// Begins a server transaction. Its responses carry `tag` in To.
    pub(crate) fn serve(&mut self, arrival: &Arrival<'_>, owner: Owner, tag: Box<str>) -> ServerId {
        let Arrival { flow: source, request, branch, origin } = *arrival;
        let id = ServerId(self.new_id());
        let reliable = source.transport.is_reliable();
        let machine = if request.method() == Method::Invite {
            ServerMachine::Invite(ServerInvite::new(reliable))
        } else {
            ServerMachine::Plain(ServerPlain::new(reliable))
        };
        self.by_branch.insert(branch, id);
        let merge_key = origin.filter(|key| match self.by_origin.entry(*key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(id);
                true
            }
        });
        let server = Server {
            machine,
            owner,
            source,
            flow: response_flow(source, &request.via()),
            tag,
            request: Some(request.clone()),
            last: Bytes::new(),
            key: branch,
            merge_key,
            scheduled: None,
        };
        self.insert_server(id, server);
        id
    }
    /// Method (ACK counts as INVITE), branch and sent-by.
    fn branch_key(&self, message: &Message, method: Method) -> Mark {
        let via = message.via();
        let method = if method == Method::Ack { Method::Invite } else { method };
        let numbers = u64::from(via.port.unwrap_or(0)) << 8 | method as u64;
        let branch = message.branch().unwrap_or_default();
        if !via.host.iter().any(u8::is_ascii_uppercase) {
            return self.marker.mark(numbers, branch, via.host);
        }
        self.marker.mark(numbers, branch, &via.host.to_ascii_lowercase())
    }
    /// From tag, Call-ID, CSeq and method.
    fn origin_key(&self, message: &Message) -> Mark {
        let numbers = u64::from(message.cseq()) << 8 | message.method() as u64;
        self.marker.mark(numbers, message.from_tag().unwrap_or_default(), message.call_id())
    }
}
