//! Dialogs: RFC 3261 §12. One peer relationship with its ids, CSeq both ways, route set and remote target.

use std::{net::SocketAddr, sync::Arc};

use smallvec::SmallVec;

use crate::{
    Flow, Message, Name,
    event::{KeptDialog, Settings},
    headers::NameAddr,
    print::number::push_address,
    transaction::send::{DEFAULT_PORT, Draft, shown_address},
    uri::Uri,
    wire::{Span, text},
};

/// Our end, shared by all early dialogs of one INVITE: its texts behind each other.
#[derive(Debug)]
pub(crate) struct Local {
    text: Vec<u8>,
    call_id_end: usize,
    address_end: usize,
    tag_length: usize,
}

impl Local {
    /// `address` is From of our requests without its tag; `write_contact` writes the value of Contact, with brackets.
    pub(crate) fn new(
        call_id: &[u8],
        address: &[u8],
        tag: &[u8],
        write_contact: impl FnOnce(&mut Vec<u8>),
    ) -> Self {
        let mut text = Vec::with_capacity(call_id.len() + address.len() + 2 * tag.len() + LONGEST_CONTACT);
        text.extend_from_slice(call_id);
        let call_id_end = text.len();
        for part in [address, b";tag=", tag] {
            text.extend_from_slice(part);
        }
        let address_end = text.len();
        write_contact(&mut text);
        Self { text, call_id_end, address_end, tag_length: tag.len() }
    }
    pub(crate) fn call_id(&self) -> &[u8] {
        &self.text[..self.call_id_end]
    }
    /// From of our requests, with tag.
    pub(crate) fn address(&self) -> &[u8] {
        &self.text[self.call_id_end..self.address_end]
    }
    pub(crate) fn tag(&self) -> &[u8] {
        &self.text[self.address_end - self.tag_length..self.address_end]
    }
    /// Contact value, with brackets.
    pub(crate) fn contact(&self) -> &[u8] {
        &self.text[self.address_end..]
    }
}

/// One dialog, early or confirmed.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) local: Arc<Local>,
    /// To of our requests, with tag.
    remote: Box<[u8]>,
    /// In `remote`.
    remote_tag: Span,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    routes: SmallVec<[Box<[u8]>; 1]>,
    target: Box<[u8]>,
    /// The target as last Route, where the first route is a strict router (§12.2.1.1).
    strict_target: Option<Box<[u8]>>,
    /// The first route, or without one the target, where its host is an address.
    next: Option<SocketAddr>,
    flow: Flow,
    /// The highest RSeq heard (RFC 3262 §4).
    pub(crate) heard_rseq: Option<u32>,
    /// Whether the first offer was answered so that both know (RFC 3262 §5).
    pub(crate) is_negotiated: bool,
    /// Whether the peer's Allow has UPDATE.
    pub(crate) may_update: bool,
    /// Whether our From may become another one (RFC 4916 §4.2).
    pub(crate) takes_from_change: bool,
}

impl Dialog {
    /// The caller's side, from a response with a To tag (§12.1.2).
    pub(crate) fn of_response(local: Arc<Local>, response: &Message, flow: Flow, cseq: u32) -> Self {
        let to = response.header(Name::To).unwrap_or_default();
        let mut dialog = Self {
            local,
            remote: to.into(),
            remote_tag: Span::within(to, response.to_tag().unwrap_or_default()),
            local_cseq: cseq,
            remote_cseq: None,
            routes: SmallVec::new(),
            target: Box::default(),
            strict_target: None,
            next: None,
            flow,
            heard_rseq: None,
            is_negotiated: false,
            may_update: false,
            takes_from_change: false,
        };
        dialog.hear_answer(response, flow);
        dialog
    }
    /// The callee's side, from the INVITE (§12.1.1).
    pub(crate) fn of_request(local: Arc<Local>, request: &Message, flow: Flow) -> Self {
        let from = request.header(Name::From).unwrap_or_default();
        let mut dialog = Self {
            local,
            remote: from.into(),
            remote_tag: Span::within(from, request.from_tag().unwrap_or_default()),
            local_cseq: 0,
            remote_cseq: Some(request.cseq()),
            routes: request.values(Name::RecordRoute).take(MOST_ROUTES).map(Into::into).collect(),
            target: Box::default(),
            strict_target: None,
            next: None,
            flow,
            heard_rseq: None,
            is_negotiated: false,
            may_update: false,
            takes_from_change: false,
        };
        dialog.hear_target(request, flow);
        dialog
    }
    /// One that was kept over a restart. `cseq_gap` is more than the requests that may have been sent since.
    pub(crate) fn of_kept(kept: &KeptDialog, cseq_gap: u32) -> Self {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let contact = bytes(&kept.contact);
        let local =
            Local::new(kept.call_id.as_bytes(), kept.local.as_bytes(), kept.local_tag.as_bytes(), |out| {
                out.extend_from_slice(&contact);
            });
        let remote = bytes(&kept.remote).into_boxed_slice();
        let tag = NameAddr::parse(&remote).and_then(|remote| remote.params.get("tag")).unwrap_or_default();
        let remote_tag = Span::within(&remote, tag);
        let mut dialog = Self {
            local: Arc::new(local),
            remote,
            remote_tag,
            local_cseq: kept.local_cseq.saturating_add(cseq_gap),
            remote_cseq: Some(kept.remote_cseq),
            routes: text::Commas::new(kept.routes.as_bytes())
                .filter(|route| !route.is_empty())
                .take(MOST_ROUTES)
                .map(Into::into)
                .collect(),
            target: bytes(&kept.target).into(),
            strict_target: None,
            next: None,
            flow: kept.flow,
            heard_rseq: None,
            is_negotiated: false,
            may_update: false,
            takes_from_change: false,
        };
        dialog.find_way();
        dialog
    }
    /// What a restart needs of it.
    pub(crate) fn keep(&self) -> KeptDialog {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let address = self.local.address();
        let tag = self.local.tag();
        let routes: Vec<String> = self.routes.iter().map(|route| text(route)).collect();
        KeptDialog {
            call_id: text(self.local.call_id()),
            local: text(&address[..address.len() - tag.len() - b";tag=".len()]),
            local_tag: text(tag),
            contact: text(self.local.contact()),
            remote: text(&self.remote),
            target: text(&self.target),
            routes: routes.join(","),
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq.unwrap_or(0),
            flow: self.flow,
        }
    }
    /// The CSeq of our last request; 0 before the first.
    pub(crate) fn local_cseq(&self) -> u32 {
        self.local_cseq
    }
    pub(crate) fn flow(&self) -> Flow {
        self.flow
    }
    /// A provisional response or the 2xx of the INVITE: the route set is computed anew (§13.2.2.4).
    pub(crate) fn hear_answer(&mut self, response: &Message, flow: Flow) {
        let mut routes: SmallVec<[Box<[u8]>; 1]> =
            response.values(Name::RecordRoute).take(MOST_ROUTES).map(Into::into).collect();
        routes.reverse();
        let had_routes = !std::mem::replace(&mut self.routes, routes).is_empty();
        self.hear_target(response, flow);
        if had_routes {
            self.find_way();
        }
    }
    /// A target refresh request, or the 2xx of one (§12.2.1.2, §12.2.2).
    pub(crate) fn hear_target(&mut self, message: &Message, flow: Flow) {
        self.flow = flow;
        let contact = message.values(Name::Contact).next().and_then(NameAddr::parse);
        let mut is_moved = !self.routes.is_empty();
        match contact {
            Some(contact) if *contact.uri == *self.target => {}
            Some(contact) => {
                self.target = contact.uri.into();
                is_moved = true;
            }
            // Contact is mandatory (§8.1.1.8, §12.1.1); without one the source is the only hint there is.
            None if self.target.is_empty() => {
                self.target = format!("sip:{}", flow.remote).into_bytes().into();
                is_moved = true;
            }
            None => {}
        }
        if is_moved {
            self.find_way();
        }
        if message.header(Name::Allow).is_some() {
            self.may_update = message.values(Name::Allow).any(|method| method == b"UPDATE");
        }
        self.takes_from_change |= message.has_token(Name::Supported, "from-change");
    }
    /// Works out what follows from target and route set.
    fn find_way(&mut self) {
        let first = self.routes.first().and_then(|route| route_uri(route));
        let is_strict = first.is_some_and(|uri| uri.params.get("lr").is_none());
        let next = if self.routes.is_empty() { Uri::parse(&self.target) } else { first };
        self.next = next.and_then(|uri| Some(SocketAddr::new(uri.ip()?, uri.port.unwrap_or(DEFAULT_PORT))));
        self.strict_target = is_strict.then(|| [b"<", &self.target[..], b">"].concat().into());
    }
    /// The peer changed from one flow to another.
    pub(crate) fn reroute(&mut self, before: Flow, now_by: Flow) {
        if self.flow == before {
            self.flow = now_by;
        }
    }
    /// A request in the dialog came by this flow: where it came from is where ours go.
    pub(crate) fn hear_flow(&mut self, flow: Flow) {
        self.flow = flow;
    }
    /// Whether a message with this Call-ID and peer's tag belongs here.
    pub(crate) fn is_of(&self, call_id: &[u8], remote_tag: &[u8]) -> bool {
        self.local.call_id() == call_id && self.remote_tag() == remote_tag
    }
    pub(crate) fn remote_tag(&self) -> &[u8] {
        self.remote_tag.of(&self.remote)
    }
    /// Whether a request's CSeq is above all before it.
    pub(crate) fn is_in_order(&self, cseq: u32) -> bool {
        self.remote_cseq.is_none_or(|highest| cseq > highest)
    }
    /// Whether a request's CSeq is in order; it is the highest then (§12.2.2).
    pub(crate) fn accept_cseq(&mut self, cseq: u32) -> bool {
        if !self.is_in_order(cseq) {
            return false;
        }
        self.remote_cseq = Some(cseq);
        true
    }
    /// The CSeq of our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }
    /// A request within the dialog (§12.2.1.1).
    pub(crate) fn draft<'a>(&'a self, method: &'a str, cseq: u32) -> Draft<'a> {
        let mut route: SmallVec<[&[u8]; 4]> = self.routes.iter().map(|route| &route[..]).collect();
        let mut uri = &self.target[..];
        if let Some(strict) = &self.strict_target {
            let first = NameAddr::parse(route.remove(0));
            uri = first.map_or(uri, |first| first.uri);
            route.push(strict);
        }
        let refreshes = matches!(method, "INVITE" | "UPDATE" | "NOTIFY");
        Draft {
            method,
            uri,
            route,
            max_forwards: 70,
            from: self.local.address(),
            to: &self.remote,
            call_id: self.local.call_id(),
            cseq,
            contact: refreshes.then_some(self.local.contact()),
            headers: &[],
            body: None,
        }
    }
    /// Where a request goes: to the first route or the target where that is literally the peer's address, else back
    /// where the peer's messages come from (symmetric signalling, RFC 3581 in spirit).
    pub(crate) fn hop(&self) -> Flow {
        if self.flow.transport.is_reliable() {
            return self.flow;
        }
        let ip = self.flow.remote.ip();
        match self.next {
            Some(next) if next.ip().to_canonical() == ip.to_canonical() => {
                Flow { remote: SocketAddr::new(ip, next.port()), ..self.flow }
            }
            Some(_) | None => self.flow,
        }
    }
}

/// Writes our Contact for peers beyond this flow.
pub(crate) fn push_contact(out: &mut Vec<u8>, settings: &Settings, flow: Flow, user: &[u8]) {
    out.extend_from_slice(b"<sip:");
    out.extend_from_slice(user);
    out.push(b'@');
    push_address(out, shown_address(settings, flow));
    out.extend_from_slice(if flow.transport.is_reliable() { b";transport=tcp>" } else { b">" });
}

fn route_uri(route: &[u8]) -> Option<Uri<'_>> {
    Uri::parse(NameAddr::parse(route)?.uri)
}

/// Room for a Contact without its user part [bytes].
const LONGEST_CONTACT: usize = 96;
/// Record-Route values kept; a longer path is not a phone system's.
const MOST_ROUTES: usize = 16;
