//! What a call from outside brings along: through whom it was forwarded, and who signed for its caller. SIP-41 (RFC 5806,
//! RFC 7044, RFC 8224).

use config::{Snapshot, snapshot::Trunk};
use sip_stack::{
    Message, Name,
    headers::{HistoryInfo, NameAddr},
    uri::Uri,
};

use super::super::incoming::number_of;
use crate::{
    call::{
        outside::{Brought, SignatureState},
        script::Diversion,
    },
    limits, passport,
    route::{Lines, inbound},
};

/// Reads it, and says so in the trace. `called` is the number that is called in the end.
pub(super) fn of(
    request: &Message,
    (snapshot, trunk): (&Snapshot, &Trunk),
    called: &str,
) -> (Brought, Lines) {
    let full = |number: String| inbound::in_full(snapshot, trunk, &number);
    let mut diversions = diverted(request, &full, called);
    if diversions.is_empty() {
        diversions = history(request, &full);
    }
    let surplus = diversions.len().saturating_sub(limits::FORWARDS_BROUGHT);
    diversions.drain(..surplus);
    let mut lines: Lines = Vec::new();
    for diversion in &diversions {
        let what = format!("{} to {} ({})", diversion.number, diversion.to, diversion.reason);
        lines.push(("Forwarded before", what, "Diversion"));
    }
    let mut signatures = Vec::new();
    for value in request.values(Name::Identity).take(limits::SIGNATURES) {
        let Some(stated) = passport::read(value) else {
            lines.push(("Signature dropped", "it cannot be read, or is too long".into(), "Identity"));
            continue;
        };
        signatures.push(String::from_utf8_lossy(value).into_owned());
        let attestation = if stated.attestation.is_empty() { "none" } else { &stated.attestation };
        let what = format!(
            "{} by {}, attestation {attestation}{}",
            if stated.from.is_empty() { "the caller" } else { &stated.from },
            if stated.certificate.is_empty() { "somebody unnamed" } else { &stated.certificate },
            if trunk.incoming.signatures.is_none() { "; not checked" } else { "" },
        );
        lines.push(("Signed", what, "Identity"));
    }
    (Brought { diversions, signatures, verdict: SignatureState::Unchecked }, lines)
}

/// Diversion headers: the last forward comes first (RFC 5806 §3.2); what is returned begins with the first one.
fn diverted(request: &Message, full: &dyn Fn(String) -> String, called: &str) -> Vec<Diversion> {
    let mut to = called.to_owned();
    let mut diversions = Vec::new();
    for value in request.values(Name::Diversion).take(MOST_VALUES) {
        let Some(address) = NameAddr::parse(value) else { continue };
        let hides =
            address.params.get("privacy").is_some_and(|privacy| !privacy.eq_ignore_ascii_case(b"off"));
        let Some(number) = Uri::parse(address.uri).and_then(|uri| number_of(&uri)) else { continue };
        let number = if hides { HIDDEN.to_owned() } else { full(number) };
        let reason = reason(address.params.get("reason").unwrap_or_default());
        diversions.push(Diversion { number: number.clone(), reason, to: std::mem::replace(&mut to, number) });
    }
    diversions.reverse();
    diversions
}

/// History-Info entries with a cause were reached by a forward from the one before (RFC 7044 §9.1, RFC 7544 §5).
fn history(request: &Message, full: &dyn Fn(String) -> String) -> Vec<Diversion> {
    let mut before: Option<String> = None;
    let mut diversions = Vec::new();
    for value in request.values(Name::HistoryInfo).take(MOST_VALUES) {
        let Some(entry) = HistoryInfo::parse(value) else { continue };
        let Some(uri) = Uri::parse(entry.uri.as_bytes()) else { continue };
        let Some(number) = number_of(&uri).map(full) else { continue };
        let cause = uri.params.get("cause").and_then(|cause| std::str::from_utf8(cause).ok()?.parse().ok());
        if let (Some(from), Some(cause)) = (before.replace(number.clone()), cause) {
            diversions.push(Diversion { number: from, reason: reason_of(cause), to: number });
        }
    }
    diversions
}

/// One of the reasons of RFC 5806 §4.
fn reason(token: &[u8]) -> &'static str {
    let token = token.trim_ascii();
    let known = REASONS.iter().find(|reason| reason.as_bytes().eq_ignore_ascii_case(token));
    known.copied().unwrap_or("unknown")
}

/// The reason that stands for a cause of History-Info (RFC 4458 §2).
fn reason_of(cause: u16) -> &'static str {
    match cause {
        302 => "unconditional",
        486 => "user-busy",
        408 => "no-answer",
        480 | 487 => "deflection",
        503 => "unavailable",
        _ => "unknown",
    }
}

/// RFC 5806 §4.
const REASONS: [&str; 11] = [
    "unknown",
    "user-busy",
    "no-answer",
    "unavailable",
    "unconditional",
    "time-of-day",
    "do-not-disturb",
    "deflection",
    "follow-me",
    "out-of-service",
    "away",
];
/// Who forwarded and is not to be shown (RFC 5806 §5).
const HIDDEN: &str = "anonymous";
/// Values of one header that are looked at.
const MOST_VALUES: usize = 20;
