//! The INVITE as a trunk wants it: who calls, in which header, and what may be shown. SIP-41 (RFC 3323, 3325, 5806, 6442).

use bytes::Bytes;
use config::snapshot::{CallerHeader, NumberOut, Target, Trunk};
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

/// Everything but the offer.
pub(super) fn invite(call: &Running, leave: &Leave, flow: Flow) -> OutgoingInvite {
    let trunk = &leave.trunk;
    let domain = uri_host(&trunk.peer.domain);
    let port = trunk.peer.port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = uri_host(&trunk.peer.host);
    let (mut headers, parts) = emergency(leave, &domain);
    headers.extend(identity(trunk, &leave.plan.shown));
    headers.extend(diversions(call, trunk, &leave.diversions));
    let account = &trunk.account;
    let can_prove = !account.auth_name.is_empty() && !account.secret.is_empty();
    OutgoingInvite {
        flow,
        uri: format!("sip:{}@{host}{port}{}", leave.number, transport_of(trunk)),
        from: from(trunk, &leave.plan.shown),
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

/// From: the caller, or nobody where the trunk is told by another header who it is (RFC 3323 §4.1).
fn from(trunk: &Trunk, shown: &Shown) -> String {
    if shown.anonymous {
        return "\"Anonymous\" <sip:anonymous@anonymous.invalid>".into();
    }
    address(trunk, shown)
}

/// Who calls, for the trunk alone where the called is not to know.
fn identity(trunk: &Trunk, shown: &Shown) -> Vec<(Name, String)> {
    let header = match trunk.outgoing.caller {
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
        headers.push((name, address(trunk, shown) + &params));
    }
    if shown.anonymous {
        // `id` keeps the asserted identity from the called (RFC 3325 §9.3).
        headers.push((Name::Privacy, "id".into()));
    }
    headers
}

/// `"Anna Berg" <sip:+49301234567@carrier.example>`; the account where no number is to be shown.
fn address(trunk: &Trunk, shown: &Shown) -> String {
    let number = written(trunk.outgoing.number, &shown.number);
    let user = if number.is_empty() { trunk.account.username.as_str() } else { &number };
    let domain = uri_host(&trunk.peer.domain);
    let uri = if user.is_empty() { format!("<sip:{domain}>") } else { format!("<sip:{user}@{domain}>") };
    let name = shown.name.trim();
    if name.is_empty() { uri } else { format!("{} {uri}", quoted(name)) }
}

/// A caller's number as the trunk writes numbers. Within a country they keep their code: a trunk takes its own number in
/// full, too, and shows a foreign one as it is.
fn written(as_: NumberOut, number: &str) -> String {
    match as_ {
        NumberOut::Plus => number.to_owned(),
        NumberOut::E164 | NumberOut::International | NumberOut::National => {
            number.trim_start_matches('+').to_owned()
        }
    }
}

/// One Diversion per forward, the last one first (RFC 5806 §3.2), by a number that the outside knows: that of who
/// forwarded, or else the one that is shown.
fn diversions(call: &Running, trunk: &Trunk, diversions: &[Diversion]) -> Vec<(Name, String)> {
    let facts = call.handle.facts();
    let domain = uri_host(&trunk.peer.domain);
    let known = |diversion: &Diversion| {
        if diversion.number.starts_with('+') {
            return Some(diversion.number.clone());
        }
        let extension = facts.snapshot.extension(facts.tenant.id, &diversion.number)?;
        let number = match extension.target {
            Target::User(user) => facts.snapshot.direct_number(facts.tenant.id, user),
            Target::RingGroup(_) => None,
        };
        number.map(|number| number.number.clone())
    };
    let value = |diversion: &Diversion| {
        let number = written(trunk.outgoing.number, &known(diversion)?);
        Some((Name::Diversion, format!("<sip:{number}@{domain}>;reason={};counter=1", diversion.reason)))
    };
    diversions.iter().rev().filter_map(value).collect()
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
