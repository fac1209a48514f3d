//! RSeq and RAck (RFC 3262 §7.1, §7.2).

use std::fmt;

use super::CSeq;
use crate::wire::text;

/// `776656 1 INVITE`: the reliable provisional response that a PRACK acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RAck<'a> {
    /// RSeq of the response, 1 or more.
    pub rseq: u32,
    /// CSeq of the response.
    pub cseq: CSeq<'a>,
}

impl<'a> RAck<'a> {
    /// Reads a value. `None` unless it is two numbers in range and a token.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = text::trim(value);
        let end = value.iter().position(|b| text::is_blank(*b))?;
        Some(Self { rseq: rseq(&value[..end])?, cseq: CSeq::parse(&value[end..])? })
    }
}

impl fmt::Display for RAck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// Reads RSeq, `1..=2³²-1`.
pub fn rseq(value: &[u8]) -> Option<u32> {
    text::decimal(text::trim(value)).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::{RAck, rseq};

    /// RFC 3262 §7.1, §7.2
    #[test]
    fn the_examples_of_the_rfc_are_read_and_printed() {
        assert_eq!(rseq(b"988789"), Some(988_789));
        let rack = RAck::parse(b"776656  1\tINVITE").unwrap();
        assert_eq!((rack.rseq, rack.cseq.number, rack.cseq.method), (776_656, 1, &b"INVITE"[..]));
        assert_eq!(rack.to_string(), "776656 1 INVITE");
    }

    /// SIP-18
    #[test]
    fn malformed_values_are_refused() {
        for value in ["", "1", "1 1", "0 1 INVITE", "1 2147483648 INVITE", "1 1 IN VITE", "-1 1 INVITE"] {
            assert_eq!(RAck::parse(value.as_bytes()), None, "{value}");
        }
        assert_eq!((rseq(b"0"), rseq(b"4294967296")), (None, None));
    }
}
