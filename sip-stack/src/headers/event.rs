//! Event (RFC 6665 §8.2.1).

use super::Params;
use crate::wire::text;

/// `dialog;id=7`, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Package with templates: `presence`, `dialog`, `message-summary`. Compared byte by byte (§8.2.1).
    pub package: &'a [u8],
    /// Tells subscriptions of one dialog apart.
    pub id: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// Reads a value. `None` unless the package is a token.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (package, params) = (text::trim(&value[..end]), Params(&value[end..]));
        let ok = text::is_token(package) && params.is_well_formed();
        ok.then(|| Self { package, id: params.get("id") })
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    /// RFC 6665 §8.2.1, RFC 4235 §5
    #[test]
    fn package_and_id_are_read() {
        assert_eq!(Event::parse(b"presence.winfo"), Some(Event { package: b"presence.winfo", id: None }));
        assert_eq!(Event::parse(b"dialog ; sla;id=7"), Some(Event { package: b"dialog", id: Some(b"7") }));
        assert_eq!((Event::parse(b""), Event::parse(b"a b")), (None, None));
    }
}
