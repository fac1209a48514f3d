//! What every new request must pass: RFC 3261 §8.2 and §16.3, in the order in which a wrong request harms.

use crate::{
    Message, Name, Response,
    invite::{SDP, is_strange},
    message::Method,
    transaction::send::{ALLOW, COOKIE},
    uri::{Scheme, Uri},
};

/// The response to a request that cannot be let in; `None` lets it in.
pub(super) fn refusal(request: &Message, is_merged: bool) -> Option<Response> {
    if !request.branch().is_some_and(|branch| branch.starts_with(COOKIE.as_bytes())) {
        return Some(
            Response::new(400).because("Via branch without magic cookie (RFC 2543 is not supported)"),
        );
    }
    if request.max_forwards() == Some(0) {
        return Some(Response::new(483));
    }
    if request.method() == Method::Other {
        return Some(Response::new(501).with(Name::Allow, format!("{ALLOW}, {OUTSIDE}")));
    }
    if is_merged {
        return Some(Response::new(482));
    }
    if !has_known_scheme(request) {
        return Some(Response::new(416));
    }
    if let Some(unknown) = unknown_extensions(request) {
        return Some(Response::new(420).with(Name::Unsupported, unknown));
    }
    let is_outside = request.to_tag().is_none();
    if is_outside && matches!(request.method(), Method::Bye | Method::Prack | Method::Update | Method::Info) {
        return Some(Response::new(481));
    }
    if matches!(request.method(), Method::Invite | Method::Update) && is_strange(request) {
        return Some(Response::new(415).with(Name::Accept, SDP));
    }
    None
}

fn has_known_scheme(request: &Message) -> bool {
    let uri = request.request_uri().unwrap_or_default();
    // Nearly always so, and the rest of it was checked when it was read.
    if uri.starts_with(b"sip:") {
        return true;
    }
    Uri::parse(uri).is_some_and(|uri| match uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => true,
        // Emergency services, RFC 5031.
        Scheme::Other => {
            request.request_uri().is_some_and(|uri| uri.len() > 4 && uri[..4].eq_ignore_ascii_case(b"urn:"))
        }
    })
}

/// Option tags in Require that we do not know (§8.2.2.3).
fn unknown_extensions(request: &Message) -> Option<String> {
    let mut unknown = String::new();
    for option in request.values(Name::Require) {
        if option.is_empty() || KNOWN.iter().any(|known| option.eq_ignore_ascii_case(known.as_bytes())) {
            continue;
        }
        if !unknown.is_empty() {
            unknown.push_str(", ");
        }
        unknown.push_str(&String::from_utf8_lossy(option));
    }
    Some(unknown).filter(|unknown| !unknown.is_empty())
}

/// Extensions that a peer may require: RFC 3262, 4028, 3327, 5626, 3891, 3911, 4488.
const KNOWN: &[&str] = &["100rel", "timer", "path", "outbound", "replaces", "join", "norefersub"];
/// Methods that are handed up outside of dialogs.
const OUTSIDE: &str = "REGISTER, SUBSCRIBE, MESSAGE, PUBLISH";
