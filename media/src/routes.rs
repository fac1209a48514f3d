//! What happens to each payload type of a leg on its way to the leg that hears it. Decided at signalling time.
//! MED-01, MED-02.

use smallvec::SmallVec;

use crate::{
    codec::{Codec, g711},
    session::Payload,
};

/// A table from received payload types to what is done with them.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    /// Place in `routes`, or [`UNKNOWN`].
    index: [u8; 128],
    routes: SmallVec<[Route; 6]>,
}

/// One payload type's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// What it carries.
    pub(crate) kind: Kind,
    /// Clock rate. [Hz]
    pub(crate) rate: u32,
    /// What the listener gets.
    pub(crate) outlet: Outlet,
}

/// What a payload type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A codec.
    Speech,
    /// Telephone-events (RFC 4733).
    Event,
    /// Comfort noise (RFC 3389) or other helpers of a codec.
    Support,
}

/// What the listener gets, and its number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlet {
    /// Nothing: there is no listener, or it does not know the codec.
    Nowhere,
    /// The same payload.
    As(u8),
    /// The payload, converted from A-law to µ-law.
    Ulaw(u8),
    /// The payload, converted from µ-law to A-law.
    Alaw(u8),
}

impl Routes {
    /// No payload type is known.
    pub(crate) fn none() -> Self {
        Self { index: [UNKNOWN; 128], routes: SmallVec::new() }
    }

    /// From a leg with these payload types to a listener with those.
    pub(crate) fn new(from: &[Payload], to: &[Payload]) -> Self {
        let mut routes = Self::none();
        for payload in from.iter().filter(|payload| payload.number < 128).take(usize::from(UNKNOWN)) {
            routes.index[usize::from(payload.number)] = routes.routes.len() as u8;
            routes.routes.push(Route {
                kind: kind(&payload.codec),
                rate: payload.codec.rate,
                outlet: outlet(payload, to),
            });
        }
        routes
    }

    /// The way of a payload type, if it was negotiated.
    #[inline]
    pub(crate) fn of(&self, number: u8) -> Option<Route> {
        let place = *self.index.get(usize::from(number))?;
        self.routes.get(usize::from(place)).copied()
    }
}

impl Outlet {
    /// The listener's number, after the payload was converted if need be.
    #[inline]
    pub(crate) fn apply(self, payload: &mut [u8]) -> Option<u8> {
        let (table, number) = match self {
            Self::Nowhere => return None,
            Self::As(number) => return Some(number),
            Self::Ulaw(number) => (&g711::ALAW_TO_ULAW, number),
            Self::Alaw(number) => (&g711::ULAW_TO_ALAW, number),
        };
        for sample in payload {
            *sample = table[usize::from(*sample)];
        }
        Some(number)
    }
}

fn kind(codec: &Codec) -> Kind {
    if codec.is_telephone_event() {
        Kind::Event
    } else if codec.is_speech() {
        Kind::Speech
    } else {
        Kind::Support
    }
}

fn outlet(payload: &Payload, to: &[Payload]) -> Outlet {
    let same = |other: &&Payload| other.codec == payload.codec;
    // Twins that differ in their parameters alone: the same number first, then the same parameters.
    let number = to
        .iter()
        .filter(same)
        .find(|other| other.number == payload.number)
        .or_else(|| to.iter().filter(same).find(|other| other.codec.fmtp == payload.codec.fmtp))
        .or_else(|| to.iter().find(same))
        .map(|other| other.number);
    if let Some(number) = number {
        return Outlet::As(number);
    }
    let number = |is: fn(&Codec) -> bool| to.iter().find(|other| is(&other.codec)).map(|other| other.number);
    if payload.codec.is_pcmu() {
        number(Codec::is_pcma).map_or(Outlet::Nowhere, Outlet::Alaw)
    } else if payload.codec.is_pcma() {
        number(Codec::is_pcmu).map_or(Outlet::Nowhere, Outlet::Ulaw)
    } else {
        Outlet::Nowhere
    }
}

const UNKNOWN: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(number: u8, name: &str, fmtp: &str) -> Payload {
        Payload { number, codec: Codec { fmtp: fmtp.to_owned(), ..Codec::new(name, 8_000) } }
    }

    /// MED-02
    #[test]
    fn shared_codecs_keep_their_payload_and_get_the_listeners_number() {
        let from = [payload(96, "iLBC", ""), payload(101, "telephone-event", ""), payload(13, "CN", "")];
        let to = [payload(101, "ilbc", ""), payload(96, "TELEPHONE-EVENT", "")];
        let routes = Routes::new(&from, &to);
        let of = |number| routes.of(number).map(|route| (route.kind, route.outlet));
        assert_eq!(of(96), Some((Kind::Speech, Outlet::As(101))));
        assert_eq!(of(101), Some((Kind::Event, Outlet::As(96))));
        assert_eq!(of(13), Some((Kind::Support, Outlet::Nowhere)));
        assert_eq!(of(0), None);
    }

    #[test]
    fn g711_is_converted_only_if_it_must_be() {
        let (u, a) = (payload(0, "PCMU", ""), payload(8, "PCMA", ""));
        let outlet = |from: &Payload, to: &[Payload]| {
            Routes::new(std::slice::from_ref(from), to).of(from.number).map(|route| route.outlet)
        };
        assert_eq!(outlet(&u, &[a.clone(), u.clone()]), Some(Outlet::As(0)));
        assert_eq!(outlet(&u, std::slice::from_ref(&a)), Some(Outlet::Alaw(8)));
        assert_eq!(outlet(&a, std::slice::from_ref(&u)), Some(Outlet::Ulaw(0)));
        assert_eq!(outlet(&payload(9, "G722", ""), &[u, a]), Some(Outlet::Nowhere));
    }

    #[test]
    fn twins_are_told_apart_by_number_then_by_parameters() {
        let to = [payload(96, "AMR", ""), payload(97, "AMR", "octet-align=1"), payload(98, "AMR", "mode=7")];
        let outlet = |number, fmtp| {
            Routes::new(&[payload(number, "AMR", fmtp)], &to).of(number).map(|route| route.outlet)
        };
        assert_eq!(outlet(98, "octet-align=1"), Some(Outlet::As(98)));
        assert_eq!(outlet(110, "octet-align=1"), Some(Outlet::As(97)));
        assert_eq!(outlet(110, "other"), Some(Outlet::As(96)));
    }
}
