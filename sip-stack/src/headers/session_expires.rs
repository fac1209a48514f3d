//! Session-Expires and Min-SE (RFC 4028 §4, §5).

use std::fmt;

use super::Params;
use crate::wire::text;

/// Who refreshes the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Refresher {
    Uac,
    Uas,
}

/// `1800;refresher=uac`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session interval [s].
    pub seconds: u32,
    /// Who refreshes; `None` leaves it to the answering side.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads a value. `None` where the number or the refresher is malformed.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (seconds, params) = interval(value)?;
        let refresher = match params.get("refresher") {
            None => None,
            Some(who) if who.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
            Some(_) => return None,
        };
        Some(Self { seconds, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refresher = match self.refresher {
            None => "",
            Some(Refresher::Uac) => ";refresher=uac",
            Some(Refresher::Uas) => ";refresher=uas",
        };
        write!(f, "{}{refresher}", self.seconds)
    }
}

/// Reads Min-SE: the least session interval [s], parameters passed over.
pub fn min_se(value: &[u8]) -> Option<u32> {
    interval(value).map(|(seconds, _)| seconds)
}

fn interval(value: &[u8]) -> Option<(u32, Params<'_>)> {
    let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
    let params = Params(&value[end..]);
    Some((text::decimal(text::trim(&value[..end]))?, params)).filter(|_| params.is_well_formed())
}

#[cfg(test)]
mod tests {
    use super::{Refresher, SessionExpires, min_se};

    /// RFC 4028 §4, §12
    #[test]
    fn the_examples_of_the_rfc_are_read_and_printed() {
        let read = SessionExpires::parse(b"4000").unwrap();
        assert_eq!((read.seconds, read.refresher, read.to_string()), (4000, None, "4000".into()));
        let read = SessionExpires::parse(b"4000 ; Refresher = UAC;x").unwrap();
        assert_eq!((read.refresher, read.to_string()), (Some(Refresher::Uac), "4000;refresher=uac".into()));
        assert_eq!(SessionExpires::parse(b"90;refresher=uas").unwrap().to_string(), "90;refresher=uas");
        assert_eq!((min_se(b"3600"), min_se(b"60;lr")), (Some(3600), Some(60)));
    }

    /// SIP-19
    #[test]
    fn malformed_values_are_refused() {
        for value in ["", "x", "-90", "99999999999", "90;refresher=me", "90;refresher", "90 uac"] {
            assert_eq!(SessionExpires::parse(value.as_bytes()), None, "{value}");
        }
    }
}
