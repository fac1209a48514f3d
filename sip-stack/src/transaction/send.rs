//! Sending: requests into new client transactions, responses into server transactions, ACK and CANCEL.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use bytes::Bytes;
use smallvec::SmallVec;

use super::{
    Action, Actions,
    client_invite::{ClientInvite, State},
    client_plain::ClientPlain,
    layer::{Client, ClientId, ClientMachine, Layer, Owner, SentAck, ServerId, ServerMachine},
};
use crate::{
    Flow, Message, Name, Response, Transport,
    event::Settings,
    headers::{CSeq, Via},
    message::Method,
    print::{
        Reply, Writer,
        number::{hex16, push_address, push_hex, push_number, text},
    },
};

/// A request before the transaction layer adds Via, User-Agent and Content-Length.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a [u8],
    pub(crate) route: SmallVec<[&'a [u8]; 4]>,
    pub(crate) max_forwards: u8,
    /// With tag.
    pub(crate) from: &'a [u8],
    /// With tag inside a dialog.
    pub(crate) to: &'a [u8],
    pub(crate) call_id: &'a [u8],
    pub(crate) cseq: u32,
    pub(crate) contact: Option<&'a [u8]>,
    pub(crate) headers: &'a [(Name, String)],
    pub(crate) body: Option<(&'a str, &'a [u8])>,
}

impl Draft<'_> {
    fn print(&self, settings: &Settings, flow: Flow, branch: &str) -> Bytes {
        let mut writer = Writer::request_to(self.method, self.uri);
        writer.header_by(Name::Via, |out| push_own_via(out, settings, flow, branch));
        writer.number(Name::MaxForwards, self.max_forwards.into());
        for route in &self.route {
            writer.header(Name::Route, route);
        }
        writer.header(Name::From, self.from).header(Name::To, self.to).header(Name::CallId, self.call_id);
        writer.header_by(Name::CSeq, |out| push_cseq(out, self.cseq, self.method));
        if let Some(contact) = self.contact {
            writer.header(Name::Contact, contact);
            // Who watches has no use for what calls can do.
            if self.method != "NOTIFY" {
                print_abilities(&mut writer, self.headers);
            }
        }
        for (name, value) in self.headers {
            writer.header(*name, value);
        }
        if self.method != "ACK" && !self.headers.iter().any(|(name, _)| *name == Name::UserAgent) {
            writer.header(Name::UserAgent, &settings.product);
        }
        writer.finish(self.body)
    }
}

impl Layer {
    /// Sends a request in a new transaction. Over UDP a request above the limit goes by TCP first (RFC 3261 §18.1.1).
    pub(crate) fn send(&mut self, now: Instant, flow: Flow, draft: &Draft<'_>, owner: Owner) -> ClientId {
        let id = ClientId(self.new_id());
        let nonce = self.random() as u32;
        let branch = branch(id, nonce);
        let mut bytes = draft.print(&self.settings, flow, &branch);
        let (mut used, mut may_fall_back) = (flow, false);
        if flow.transport == Transport::Udp && bytes.len() > self.settings.udp_limit {
            used.transport = Transport::Tcp;
            may_fall_back = true;
            bytes = draft.print(&self.settings, used, &branch);
        }
        let method = Method::from_token(draft.method.as_bytes());
        self.transmit(used, bytes.clone(), owner.invite(), false);
        let reliable = used.transport.is_reliable();
        let machine = start(now, method, reliable);
        let client = Client {
            machine,
            method,
            owner,
            flow: used,
            flow_mark: self.marker.mark_flow(used),
            may_fall_back,
            nonce,
            bytes,
            acks: Vec::new(),
            cancel: None,
            scheduled: None,
            open: true,
        };
        self.insert_client(id, client);
        id
    }
    /// Acknowledges a failure within its transaction (RFC 3261 §17.1.1.3); without a response, once more.
    pub(crate) fn ack_failure(&mut self, id: ClientId, response: Option<&Message>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let again = client.bytes.starts_with(b"ACK ");
        if !again {
            let Some(response) = response else { return };
            let Some(bytes) = same_branch(&client.bytes, "ACK", response.header(Name::To), &[]) else {
                return;
            };
            client.bytes = bytes;
        }
        let (flow, bytes, invite) = (client.flow, client.bytes.clone(), client.owner.invite());
        self.transmit(flow, bytes, invite, again);
    }
    /// Sends an ACK for a 2xx, which is a transaction of its own kind (RFC 3261 §13.2.2.4), and keeps it for
    /// retransmissions of that 2xx.
    pub(crate) fn send_ack(&mut self, flow: Flow, draft: &Draft<'_>, client: ClientId, tag: &[u8]) {
        let id = ClientId(self.new_id());
        let nonce = self.random() as u32;
        let bytes = draft.print(&self.settings, flow, &branch(id, nonce));
        let mut invite = None;
        if let Some(client) = self.clients.get_mut(&client) {
            invite = client.owner.invite();
            // Forks beyond this many are acknowledged once only.
            if client.acks.len() < MOST_FORKS {
                // Nearly always it is the only one.
                client.acks.reserve_exact(1);
                client.acks.push(SentAck { tag: tag.into(), flow, bytes: bytes.clone() });
            }
        }
        self.transmit(flow, bytes, invite, false);
    }
    /// Cancels our INVITE, which must have had a provisional response (RFC 3261 §9.1).
    pub(crate) fn send_cancel(&mut self, now: Instant, id: ClientId, reason: Option<&str>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let ClientMachine::Invite(machine) = &mut client.machine else { return };
        if machine.state() != State::Proceeding || client.cancel.is_some() {
            return;
        }
        machine.cancelled(now);
        let extra: SmallVec<[(Name, &str); 1]> = reason.map(|r| (Name::Reason, r)).into_iter().collect();
        let Some(bytes) = same_branch(&client.bytes, "CANCEL", None, &extra) else { return };
        let (flow, flow_mark, nonce, owner) = (client.flow, client.flow_mark, client.nonce, client.owner);
        let cancel = ClientId(self.new_id());
        if let Some(client) = self.clients.get_mut(&id) {
            client.cancel = Some(cancel);
        }
        self.transmit(flow, bytes.clone(), owner.invite(), false);
        let machine = start(now, Method::Cancel, flow.transport.is_reliable());
        let client = Client {
            machine,
            method: Method::Cancel,
            owner: Owner::Nobody,
            flow,
            flow_mark,
            may_fall_back: false,
            nonce,
            bytes,
            acks: Vec::new(),
            cancel: None,
            scheduled: None,
            open: true,
        };
        self.insert_client(cancel, client);
        self.settle_client(id);
    }
    /// Whether a CANCEL for this INVITE is allowed already.
    pub(crate) fn may_cancel(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| {
            matches!(&client.machine, ClientMachine::Invite(machine) if machine.state() == State::Proceeding)
        })
    }
    /// Sends the last response again, without being asked by a repeated request.
    pub(crate) fn respond_again(&mut self, id: ServerId) {
        self.act_server(id, &Actions::from_slice(&[Action::Resend]), Bytes::new());
    }
    /// Where the responses of a server transaction go.
    pub(crate) fn response_flow(&self, id: ServerId) -> Option<Flow> {
        self.servers.get(&id).map(|server| server.flow)
    }
    /// Answers a request; `contact` is given where the response makes or refreshes a dialog. The bytes sent.
    pub(crate) fn respond(
        &mut self,
        now: Instant,
        id: ServerId,
        response: &Response,
        contact: Option<&[u8]>,
    ) -> Option<Bytes> {
        let server = self.servers.get_mut(&id)?;
        let request = server.request.as_ref()?;
        let bytes = print_response(&self.settings, request, server.source, &server.tag, response, contact);
        if response.status >= 200 {
            server.request = None;
            self.open -= 1;
        }
        let actions = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.respond(now, response.status),
            ServerMachine::Plain(machine) => machine.respond(now, response.status),
        };
        debug_assert!(actions.first() == Some(&Action::Send));
        let accepted =
            (200..300).contains(&response.status) && matches!(server.machine, ServerMachine::Invite(_));
        self.act_server(id, &actions, bytes.clone());
        if accepted && let Some(server) = self.servers.get_mut(&id) {
            // The invite keeps the 2xx until its ACK.
            server.last = Bytes::new();
        }
        Some(bytes)
    }
    /// Answers a request without keeping anything (RFC 3261 §8.2.7).
    pub(crate) fn respond_stateless(&mut self, source: Flow, request: &Message, response: &Response) {
        let tag = hex16(self.random());
        let bytes = print_response(&self.settings, request, source, &tag, response, None);
        self.transmit(response_flow(source, &request.via()), bytes, None, false);
    }
}

pub(super) fn start(now: Instant, method: Method, reliable: bool) -> ClientMachine {
    if method == Method::Invite {
        ClientMachine::Invite(ClientInvite::new(now, reliable))
    } else {
        ClientMachine::Plain(ClientPlain::new(now, reliable))
    }
}

/// ACK or CANCEL of our own request: its top Via, Request-URI, Route, From, Call-ID and CSeq number
/// (RFC 3261 §9.1, §17.1.1.3).
fn same_branch(request: &[u8], method: &str, to: Option<&[u8]>, extra: &[(Name, &str)]) -> Option<Bytes> {
    // What [`Draft::print`] printed is not read like a stranger's: a large group cancels many. One line holds one header, and
    // CSeq is the last that is needed.
    let mut lines = request.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let uri = lines.next()?.split(|byte| *byte == b' ').nth(1)?;
    let mut writer = Writer::request_to(method, uri);
    for line in lines {
        let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')? + 2)?;
        match name {
            b"Via: " => writer.header(Name::Via, value),
            b"Max-Forwards: " => writer.header(Name::MaxForwards, "70"),
            b"Route: " => writer.header(Name::Route, value),
            b"From: " => writer.header(Name::From, value),
            b"To: " => writer.header(Name::To, to.unwrap_or(value)),
            b"Call-ID: " => writer.header(Name::CallId, value),
            b"CSeq: " => {
                let number = CSeq::parse(value)?.number;
                writer.header_by(Name::CSeq, |out| push_cseq(out, number, method));
                break;
            }
            _ => return None,
        };
    }
    for (name, value) in extra {
        writer.header(*name, value);
    }
    Some(writer.finish(None))
}

fn print_response(
    settings: &Settings,
    request: &Message,
    source: Flow,
    tag: &str,
    response: &Response,
    contact: Option<&[u8]>,
) -> Bytes {
    let to_tag = (response.status != 100).then_some(tag);
    let reply = Reply { status: response.status, reason: response.reason.as_deref(), to_tag };
    let mut writer = Writer::reply(request, reply, source.remote);
    if let Some(contact) = contact {
        writer.header(Name::Contact, contact);
        print_abilities(&mut writer, &response.headers);
    }
    for (name, value) in &response.headers {
        writer.header(*name, value);
    }
    if !response.headers.iter().any(|(name, _)| *name == Name::Server) {
        writer.header(Name::Server, &settings.product);
    }
    writer.finish(response.body.as_ref().map(|(kind, body)| (*kind, &body[..])))
}

/// Allow and Supported, unless the headers to come have their own.
fn print_abilities(writer: &mut Writer, headers: &[(Name, String)]) {
    for (name, value) in [(Name::Allow, ALLOW), (Name::Supported, SUPPORTED)] {
        if !headers.iter().any(|(given, _)| *given == name) {
            writer.header(name, value);
        }
    }
}

/// Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4).
pub(crate) fn response_flow(source: Flow, via: &Via<'_>) -> Flow {
    // Without rport the sent-by port counts, but only where no NAT stands between: behind one, it leads nowhere.
    let symmetric = via.params.get("rport").is_some() || !is_same_host(via.host, source.remote);
    if source.transport.is_reliable() || symmetric {
        return source;
    }
    Flow { remote: SocketAddr::new(source.remote.ip(), via.port.unwrap_or(DEFAULT_PORT)), ..source }
}

/// Whether a host is literally the address behind a socket address.
pub(crate) fn is_same_host(host: &[u8], address: SocketAddr) -> bool {
    crate::wire::text::ip(host).is_some_and(|ip| ip.to_canonical() == address.ip().to_canonical())
}

/// The address that a peer beyond this flow is shown.
pub(crate) fn shown_address(settings: &Settings, flow: Flow) -> SocketAddr {
    if is_public(flow.remote.ip()) {
        for (listener, advertised) in &settings.advertised {
            if *listener == flow.local {
                return *advertised;
            }
        }
    }
    // Without the scope of a link-local address, which means nothing to the peer.
    SocketAddr::new(flow.local.ip().to_canonical(), flow.local.port())
}

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || is_shared(ip))
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified())
        }
    }
}

/// Carrier-grade NAT space, RFC 6598: private as seen from the Internet.
fn is_shared(ip: std::net::Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 100 && (64..128).contains(&b)
}

fn push_own_via(out: &mut Vec<u8>, settings: &Settings, flow: Flow, branch: &str) {
    out.extend_from_slice(b"SIP/2.0/");
    out.extend_from_slice(flow.transport.as_str().as_bytes());
    out.push(b' ');
    push_address(out, shown_address(settings, flow));
    out.extend_from_slice(b";branch=");
    out.extend_from_slice(branch.as_bytes());
    out.extend_from_slice(b";rport");
}

fn push_cseq(out: &mut Vec<u8>, number: u32, method: &str) {
    push_number(out, number.into());
    out.push(b' ');
    out.extend_from_slice(method.as_bytes());
}

pub(crate) fn branch(id: ClientId, nonce: u32) -> String {
    text(32, |out| {
        out.extend_from_slice(COOKIE.as_bytes());
        push_hex(out, id.0, 1);
        out.push(b'.');
        push_hex(out, nonce.into(), 8);
    })
}

/// What every branch begins with, RFC 3261 §8.1.1.7.
pub(crate) const COOKIE: &str = "z9hG4bK";
/// The port of a SIP URI or Via without one, RFC 3261 §19.1.2.
pub(crate) const DEFAULT_PORT: u16 = 5060;
/// Methods within a dialog.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY";
/// Extensions we use: RFC 3262, RFC 4028, RFC 3891, RFC 4488.
pub(crate) const SUPPORTED: &str = "100rel, timer, replaces, join, norefersub";
/// ACKs kept for one INVITE's forks.
const MOST_FORKS: usize = 16;
