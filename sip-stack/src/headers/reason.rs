//! Reason (RFC 3326).

use std::fmt;

use super::Params;
use crate::wire::text;

/// `SIP;cause=200;text="Call completed elsewhere"`, one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850`, …
    pub protocol: String,
    /// A status or a Q.850 cause.
    pub cause: Option<u16>,
    /// For people; empty if there is none.
    pub text: String,
}

impl Reason {
    /// Reads one value (already cut at commas). `None` where protocol or cause is malformed.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (protocol, params) = (text::trim(&value[..end]), Params(&value[end..]));
        let cause = match params.get("cause") {
            Some(number) => Some(text::port(number)?),
            None => None,
        };
        let text =
            String::from_utf8_lossy(&text::unescape(params.get("text").unwrap_or_default())).into_owned();
        let ok = text::is_token(protocol) && params.is_well_formed();
        ok.then(|| Self { protocol: text::token_text(protocol).to_owned(), cause, text })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if self.text.is_empty() {
            return Ok(());
        }
        let mut quoted = String::new();
        text::push_quoted(&mut quoted, &self.text);
        write!(f, ";text={quoted}")
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    /// RFC 3326 §2
    #[test]
    fn the_examples_of_the_rfc_round_trip() {
        for (value, cause) in [
            ("SIP;cause=200;text=\"Call completed elsewhere\"", Some(200)),
            ("Q.850;cause=16;text=\"Terminated\"", Some(16)),
            ("SIP;cause=600;text=\"Busy \\\"Everywhere\\\"; a\\\\b\"", Some(600)),
            ("Preemption", None),
        ] {
            let read = Reason::parse(value.as_bytes()).unwrap();
            assert_eq!((read.cause, read.to_string().as_str()), (cause, value));
        }
        assert_eq!(
            Reason::parse(b"SIP ; cause = 580 ;text=plain").unwrap().to_string(),
            "SIP;cause=580;text=\"plain\""
        );
    }

    /// SIP-14
    #[test]
    fn malformed_values_are_refused() {
        for value in ["", ";cause=1", "SIP;cause=x", "SIP;cause=70000", "SIP;text=\"a", "a b;cause=1"] {
            assert_eq!(Reason::parse(value.as_bytes()), None, "{value}");
        }
    }
}
