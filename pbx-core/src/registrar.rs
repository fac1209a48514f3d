//! REGISTER: what the request changes, decided without side effects (RFC 3261 §10.3, RFC 3327, RFC 5626).
//! SIP-02…05, SIP-07.
//!
//! A second contact beyond the device's limit replaces the oldest. An older CSeq of the same Call-ID changes
//! nothing, whatever it asks for.

use std::{net::IpAddr, time::Duration};

use config::Snapshot;
use sip_stack::{
    Message, Name, Response,
    headers::NameAddr,
    uri::{Scheme, Uri},
};

use crate::{
    auth::{Arrival, Identity, Refused},
    bindings::{Binding, Bindings, Contact, is_behind_nat},
    counters::Refusal,
    io::Now,
    limits,
};

/// The interval that is granted, SIP-05.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: Duration,
    greatest: Duration,
}

impl Bounds {
    fn of(snapshot: &Snapshot) -> Self {
        let node = snapshot.node();
        Self { least: node.registration_min, greatest: node.registration_max }
    }
}

/// What an accepted REGISTER does, in this order.
#[derive(Debug)]
pub(crate) struct Registration {
    pub identity: Identity,
    /// Keys of contacts to remove.
    pub unbind: Vec<String>,
    /// Contacts to bind or refresh.
    pub bind: Vec<Contact>,
}

/// Decides on a REGISTER of a device; nothing is changed.
pub(crate) fn register(
    snapshot: &Snapshot,
    identity: Identity,
    bindings: &Bindings,
    arrival: Arrival<'_>,
) -> Result<Registration, Refused> {
    let request = arrival.request;
    if !identity.owns(snapshot, request.to().uri) {
        return Err(Refused::new(403, "To is not an address of this device", Refusal::NotTheirs));
    }
    let current = bindings.of(identity.device.id);
    let values: Vec<&[u8]> = request.values(Name::Contact).collect();
    if values.iter().any(|v| *v == b"*") {
        let unbind = remove_all(arrival, &values, current)?;
        return Ok(Registration { identity, unbind, bind: vec![] });
    }
    if values.len() > limits::CONTACTS {
        return Err(bad("Too many contacts"));
    }
    let bounds = Bounds::of(snapshot);
    let contacts =
        values.iter().map(|value| read_contact(arrival, bounds, value)).collect::<Result<Vec<_>, _>>()?;
    for contact in &contacts {
        check_order(arrival, current.iter().find(|b| b.key() == contact.key))?;
    }
    let (gone, bind): (Vec<_>, Vec<_>) = contacts.into_iter().partition(|c| c.expires.is_zero());
    let mut unbind: Vec<String> = gone.into_iter().map(|c| c.key).collect();
    make_room(identity.device.max_contacts, current, &bind, &mut unbind);
    Ok(Registration { identity, unbind, bind })
}

/// The first contact that a REGISTER would bind, whoever sent it.
pub(crate) fn first_contact(snapshot: &Snapshot, arrival: Arrival<'_>) -> Option<Contact> {
    let value = arrival.request.values(Name::Contact).next().filter(|value| *value != b"*")?;
    let contact = read_contact(arrival, Bounds::of(snapshot), value).ok()?;
    (!contact.expires.is_zero()).then_some(contact)
}

/// The 200: all contacts with the time they have left (RFC 3261 §10.3 step 8).
pub(crate) fn accepted(now: Now, request: &Message, contacts: &[Binding]) -> Response {
    let mut response = Response::new(200);
    let mut outbound = false;
    for binding in contacts {
        let mut value = format!("<{}>;expires={}", binding.contact, binding.expires_in(now.at));
        if let Some((instance, id)) = binding.key().rsplit_once(INSTANCE_END) {
            value += &format!(";+sip.instance=\"{instance}>\"");
            if !id.is_empty() {
                value += &format!(";reg-id={id}");
                outbound = true;
            }
        }
        response = response.with(Name::Contact, value);
    }
    for path in request.headers(Name::Path) {
        response = response.with(Name::Path, String::from_utf8_lossy(path));
    }
    if outbound && request.values(Name::Supported).any(|v| v.eq_ignore_ascii_case(b"outbound")) {
        response = response.with(Name::Require, "outbound");
    }
    response
}

fn remove_all(arrival: Arrival<'_>, values: &[&[u8]], current: &[Binding]) -> Result<Vec<String>, Refused> {
    if values.len() > 1 || expires_header(arrival.request) != Some(Duration::ZERO) {
        return Err(bad("Contact * needs Expires 0"));
    }
    for binding in current {
        check_order(arrival, Some(binding))?;
    }
    Ok(current.iter().map(|b| b.key().to_owned()).collect())
}

fn read_contact(arrival: Arrival<'_>, bounds: Bounds, value: &[u8]) -> Result<Contact, Refused> {
    let request = arrival.request;
    let name = NameAddr::parse(value).ok_or_else(|| bad("Malformed Contact"))?;
    let text = std::str::from_utf8(name.uri).map_err(|_| bad("Malformed Contact"))?;
    let uri = Uri::parse(name.uri).ok_or_else(|| bad("Malformed Contact"))?;
    let usable = matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && !uri.host.is_empty();
    let plain =
        text.len() <= limits::CONTACT_BYTES && !text.contains(|c: char| c.is_control() || "<> ".contains(c));
    if !usable || !plain {
        return Err(bad("Contact cannot be reached"));
    }
    let path = join(request.headers(Name::Path));
    let call_id = String::from_utf8_lossy(request.call_id()).into_owned();
    if path.len() > limits::CONTACT_BYTES || call_id.len() > limits::CALL_ID_BYTES {
        return Err(bad("Header too long"));
    }
    Ok(Contact {
        key: key_of(&name, text),
        uri: text.into(),
        path,
        flow: arrival.flow,
        user_agent: String::from_utf8_lossy(request.header(Name::UserAgent).unwrap_or_default()).into_owned(),
        call_id,
        cseq: request.cseq(),
        expires: granted(arrival, bounds, &name, uri.ip())?,
    })
}

/// The time granted: what the contact or the request asks for, within our bounds.
fn granted(
    arrival: Arrival<'_>,
    bounds: Bounds,
    name: &NameAddr<'_>,
    ip: Option<IpAddr>,
) -> Result<Duration, Refused> {
    let asked = name
        .params
        .get("expires")
        .and_then(seconds)
        .or_else(|| expires_header(arrival.request))
        .unwrap_or(limits::USUAL_EXPIRES);
    if asked.is_zero() {
        return Ok(asked);
    }
    if asked < bounds.least {
        let minimum = bounds.least.as_secs().to_string();
        let response = Response::new(423).with(Name::MinExpires, minimum);
        return Err(Refused { response, why: Refusal::IntervalTooBrief });
    }
    let greatest = if is_behind_nat(&arrival.flow, ip) {
        bounds.greatest.min(limits::NAT_EXPIRES)
    } else {
        bounds.greatest
    };
    Ok(asked.min(greatest).max(bounds.least))
}

/// RFC 3261 §10.3 step 7: within one Call-ID only a higher CSeq may change a binding.
fn check_order(arrival: Arrival<'_>, binding: Option<&Binding>) -> Result<(), Refused> {
    let late = binding.is_some_and(|b| {
        b.call_id.as_bytes() == arrival.request.call_id() && arrival.request.cseq() <= b.cseq
    });
    if late { Err(Refused::new(500, "CSeq out of order", Refusal::OldCSeq)) } else { Ok(()) }
}

/// The oldest contacts give way when the device has more than it may have.
fn make_room(max_contacts: usize, current: &[Binding], bind: &[Contact], unbind: &mut Vec<String>) {
    let kept: Vec<&str> = current
        .iter()
        .map(Binding::key)
        .filter(|key| !unbind.iter().any(|u| u == key) && !bind.iter().any(|b| b.key == *key))
        .collect();
    let surplus = (kept.len() + bind.len()).saturating_sub(max_contacts.clamp(1, limits::CONTACTS));
    let oldest: Vec<String> = kept.into_iter().take(surplus).map(str::to_owned).collect();
    unbind.extend(oldest);
}

/// Identity of a contact: instance and reg-id where given (RFC 5626 §6), else the URI.
fn key_of(name: &NameAddr<'_>, uri: &str) -> String {
    let text = |param| name.params.get(param).and_then(|v| std::str::from_utf8(v).ok());
    let instance = text("+sip.instance").map(|i| i.trim_matches('"')).filter(|i| is_instance(i));
    match instance {
        Some(instance) => {
            let id = text("reg-id").filter(|id| id.len() <= 10 && id.bytes().all(|b| b.is_ascii_digit()));
            format!("{}{INSTANCE_END}{}", instance.trim_end_matches('>'), id.unwrap_or_default())
        }
        None => uri.to_owned(),
    }
}

fn is_instance(text: &str) -> bool {
    text.starts_with('<')
        && text.ends_with('>')
        && text.len() <= 128
        && text[1..text.len() - 1].bytes().all(|b| b.is_ascii_graphic() && !b"<>\"\\".contains(&b))
}

fn expires_header(request: &Message) -> Option<Duration> {
    request.header(Name::Expires).and_then(seconds)
}

/// Delta-seconds; what is larger than 2³² − 1 counts as that (RFC 3261 §20.19).
fn seconds(value: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

fn join<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
    values.join(",")
}

fn bad(reason: &str) -> Refused {
    Refused::new(400, reason, Refusal::BadContact)
}

/// Between instance and reg-id of a key; cannot occur in a contact URI.
const INSTANCE_END: &str = ">#";
