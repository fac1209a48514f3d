//! The INVITE as a trunk wants it: who calls, in which header, and what may be shown. SIP-41 (RFC 3323, 3325, 5806, 6442).

use bytes::Bytes;
use config::{
    numbering::{self, Plan},
    snapshot::{CallerHeader, Target, Trunk},
};
use sip_stack::{
    Flow, Name,
    digest::Account,
    stack::{OutgoingInvite, Part},
};

use super::super::{
    outgoing::quoted,
    trunks::{transport_of, uri_host},
};
use crate::{
    call::{Running, outside::Leave, script::Diversion},
    route::outside::Shown,
};

/// A trunk, and how its company dials.
#[derive(Clone, Copy)]
struct Words<'a> {
    trunk: &'a Trunk,
    home: &'static Plan,
}

/// Everything but the offer.
pub(super) fn invite(call: &Running, leave: &Leave, flow: Flow) -> OutgoingInvite {
    let trunk = &leave.trunk;
    let company = call.handle.facts().snapshot.tenant(trunk.tenant);
    let words = Words { trunk, home: numbering::plan(company.map_or("", |company| &company.country)) };
    let domain = uri_host(&trunk.peer.domain);
    let port = trunk.peer.port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = uri_host(&trunk.peer.host);
    let (mut headers, parts) = emergency(leave, &domain);
    headers.extend(words.identity(&leave.plan.shown));
    headers.extend(words.diversions(call, leave));
    headers.extend(leave.signatures.iter().map(|signature| (Name::Identity, signature.clone())));
    let account = &trunk.account;
    let can_prove = !account.auth_name.is_empty() && !account.secret.is_empty();
    OutgoingInvite {
        flow,
        uri: format!("sip:{}@{host}{port}{}", leave.number, transport_of(trunk)),
        from: words.from(&leave.plan.shown),
        to: format!("<sip:{}@{domain}>", leave.number),
        // A proxy is only the next hop: it finds the trunk by the Request-URI.
        route: trunk.peer.proxy.iter().map(proxy_route).collect(),
        max_forwards: call.record.max_forwards,
        headers,
        offer: None,
        account: can_prove
            .then(|| Account { username: account.auth_name.clone(), password: account.secret.clone() }),
        parts,
    }
}

impl Words<'_> {
    /// From: the caller, or nobody where the trunk is told by another header who it is (RFC 3323 §4.1).
    fn from(self, shown: &Shown) -> String {
        if shown.anonymous {
            return "\"Anonymous\" <sip:anonymous@anonymous.invalid>".into();
        }
        self.address(shown)
    }

    /// Who calls, for the trunk alone where the called is not to know.
    fn identity(self, shown: &Shown) -> Vec<(Name, String)> {
        let header = match self.trunk.outgoing.caller {
            CallerHeader::From => None,
            CallerHeader::Asserted => Some((Name::PAssertedIdentity, String::new())),
            CallerHeader::Preferred => Some((Name::PPreferredIdentity, String::new())),
            CallerHeader::RemoteParty => {
                let privacy = if shown.anonymous { "full" } else { "off" };
                Some((Name::RemotePartyId, format!(";party=calling;screen=yes;privacy={privacy}")))
            }
        };
        let mut headers = Vec::new();
        if let Some((name, params)) = header.filter(|_| !shown.number.is_empty()) {
            headers.push((name, self.address(shown) + &params));
        }
        if shown.anonymous {
            // `id` keeps the asserted identity from the called (RFC 3325 §9.3).
            headers.push((Name::Privacy, "id".into()));
        }
        headers
    }

    /// `"Anna Berg" <sip:+49301234567@carrier.example>`; the account where no number is to be shown.
    fn address(self, shown: &Shown) -> String {
        let number = self.written(&shown.number);
        let user = if number.is_empty() { self.trunk.account.username.as_str() } else { &number };
        let domain = uri_host(&self.trunk.peer.domain);
        let uri = if user.is_empty() { format!("<sip:{domain}>") } else { format!("<sip:{user}@{domain}>") };
        let name = shown.name.trim();
        if name.is_empty() { uri } else { format!("{} {uri}", quoted(name)) }
    }

    /// A caller's number as the trunk wants it.
    fn written(self, number: &str) -> String {
        self.trunk.outgoing.shown.write(number, self.home)
    }

    /// One Diversion per forward, the last one first (RFC 5806 §3.2), by a number that the outside knows: that of who
    /// forwarded, or else the one of ours that is shown.
    fn diversions(self, call: &Running, leave: &Leave) -> Vec<(Name, String)> {
        let domain = uri_host(&self.trunk.peer.domain);
        let value = |diversion: &Diversion| {
            let number = self.written(&known(call, leave, diversion)?);
            Some((Name::Diversion, format!("<sip:{number}@{domain}>;reason={};counter=1", diversion.reason)))
        };
        leave.diversions.iter().rev().filter_map(value).collect()
    }
}

/// The number in full of who forwarded, if it is to be told.
fn known(call: &Running, leave: &Leave, diversion: &Diversion) -> Option<String> {
    if diversion.number.starts_with('+') {
        return Some(diversion.number.clone());
    }
    let facts = call.handle.facts();
    // Who forwards is of the company that pays: another one's extension may have the same number.
    let (snapshot, tenant) = (&facts.snapshot, leave.plan.payer.0);
    let own = match snapshot.extension(tenant, &diversion.number)?.target {
        Target::User(user) => {
            let chosen = snapshot.user(tenant, user).and_then(|user| user.calling.caller_id);
            chosen.and_then(|id| snapshot.number(tenant, id)).or_else(|| snapshot.direct_number(tenant, user))
        }
        Target::RingGroup(_) => None,
    };
    let shown = || snapshot.number_by_e164(&leave.plan.shown.number).filter(|number| number.tenant == tenant);
    own.or_else(shown).map(|number| number.number.clone())
}

/// Where somebody is who needs help, if the trunk takes that (RFC 6442 §3.1, §4.1).
fn emergency(leave: &Leave, domain: &str) -> (Vec<(Name, String)>, Vec<Part>) {
    let Some(emergency) = &leave.plan.emergency else { return (vec![], vec![]) };
    let mut headers = vec![(Name::Priority, "emergency".to_owned())];
    let Some(location) = emergency.location.as_ref().filter(|_| leave.trunk.pidf_lo) else {
        return (headers, vec![]);
    };
    let id = format!("location@{domain}");
    headers.push((Name::Geolocation, format!("<cid:{id}>")));
    headers.push((Name::GeolocationRouting, "yes".to_owned()));
    let part = Part { kind: "application/pidf+xml", id, body: Bytes::from(location.clone()) };
    (headers, vec![part])
}

fn proxy_route((host, port): &(String, Option<u16>)) -> String {
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("<sip:{}{port};lr>", uri_host(host))
}
