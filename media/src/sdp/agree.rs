//! Which payload types are in force: between an offer and an answer, and between the two legs of a call.
//! RFC 3264 §5, §6; MED-01, MED-02.

use std::net::IpAddr;

use super::{Audio, Codec, Direction};
use crate::session::{Line, Payload};

/// The payload types both sides know, in the order of `offered` and with its numbers. Empty if they share no codec
/// (telephone-event alone does not count).
pub fn common(offered: &[Payload], other: &[Payload]) -> Vec<Payload> {
    let shared: Vec<_> =
        offered.iter().filter(|payload| other.iter().any(|o| o.codec == payload.codec)).cloned().collect();
    if has_speech(&shared) { shared } else { vec![] }
}

/// What to offer to a callee, given what the caller offered: everything by the caller's numbers, unknown codecs too,
/// and the other kind of G.711 if the caller has one of them, because we convert between the two.
pub fn relay_offer(caller: &[Payload]) -> Vec<Payload> {
    let mut offer = caller.to_vec();
    if caller.iter().any(|payload| is_g711(&payload.codec)) {
        for payload in g711().into_iter().filter(|payload| is_g711(&payload.codec)) {
            let known = offer.iter().any(|p| p.codec == payload.codec || p.number == payload.number);
            if !known {
                offer.push(payload);
            }
        }
    }
    offer
}

/// What to answer the caller, given what it offered and what the callee's leg agreed on: what both have, by the
/// caller's numbers and with the callee's parameters, because the callee receives it; and the caller's G.711 if the
/// callee has only the other kind. Empty if they cannot understand each other.
pub fn relay_answer(caller: &[Payload], callee: &[Payload]) -> Vec<Payload> {
    let must_convert = common(caller, callee).is_empty() && callee.iter().any(|p| is_g711(&p.codec));
    let answer: Vec<_> = caller
        .iter()
        .filter_map(|payload| match callee.iter().find(|other| other.codec == payload.codec) {
            Some(other) => Some(Payload { number: payload.number, codec: other.codec.clone() }),
            None => (must_convert && is_g711(&payload.codec)).then(|| payload.clone()),
        })
        .collect();
    if has_speech(&answer) { answer } else { vec![] }
}

/// What G.711 phones always understand: PCMU 0, PCMA 8 and telephone-event 101, for offers of our own.
pub fn g711() -> Vec<Payload> {
    let events = Codec { fmtp: EVENTS.to_owned(), ..Codec::new("telephone-event", 8000) };
    vec![
        Payload { number: 0, codec: Codec::new("PCMU", 8000) },
        Payload { number: 8, codec: Codec::new("PCMA", 8000) },
        Payload { number: 101, codec: events },
    ]
}

/// What a worker needs of an exchange: `remote` is the peer's description, `agreed` the payload types in force,
/// `ours` the direction we printed. `None` without a speech codec or without a port.
pub fn line(remote: &Audio, agreed: &[Payload], ours: Direction, signalled_from: IpAddr) -> Option<Line> {
    if !has_speech(agreed) || remote.address.port() == 0 {
        return None;
    }
    let allowed = ours.and(remote.direction.mirror());
    Some(Line {
        remote: remote.address,
        remote_rtcp: if remote.rtcp_mux { remote.address } else { remote.rtcp },
        rtcp_mux: remote.rtcp_mux,
        payloads: agreed.iter().cloned().collect(),
        send: allowed.sends() && !remote.address.ip().is_unspecified(),
        receive: allowed.receives(),
        ptime: remote.ptime.unwrap_or(20).clamp(10, 60),
        protection: None,
        signalled_from,
    })
}

fn has_speech(payloads: &[Payload]) -> bool {
    payloads.iter().any(|payload| payload.codec.is_speech())
}

fn is_g711(codec: &Codec) -> bool {
    codec.is_pcmu() || codec.is_pcma()
}

/// Digits and flash (RFC 4733 §3.2, table 3).
const EVENTS: &str = "0-16";
