//! Via (RFC 3261 §20.42, RFC 3581).

use super::{Params, params::Param};
use crate::wire::text;

/// One Via value, borrowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Via<'a> {
    /// Transport token as written.
    pub transport: &'a [u8],
    /// `sent-by` host, brackets kept for IPv6.
    pub host: &'a [u8],
    /// `sent-by` port, if written.
    pub port: Option<u16>,
    /// `branch`, `rport`, `received`, …
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value. `None` unless it is `SIP/2.0/transport sent-by` with well-formed parameters.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        Self::parse_noting(value, |_| {})
    }
    /// The same, and each parameter is given to `note`.
    pub(crate) fn parse_noting(value: &'a [u8], note: impl FnMut(Param<'a>)) -> Option<Self> {
        let rest = match value.strip_prefix(b"SIP/2.0/") {
            Some(rest) => rest,
            None => behind_version(value)?,
        };
        let rest = text::trim_start(rest);
        let (transport, rest) = rest.split_at(text::run(&text::TOKEN, rest));
        if transport.is_empty() || !text::is_blank(*rest.first()?) {
            return None;
        }
        let (host, port, params) = text::host_port(rest)?;
        let is_end = matches!(params.first(), None | Some(b';'));
        let params = Params(params);
        (is_end && params.each(note)).then_some(Self { transport, host, port, params })
    }
    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get("branch")
    }
    /// The `rport` parameter: `Some(None)` where the peer asks for it, `Some(port)` where it is filled in (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(text::port)
    }
    /// The `received` address as written; IPv6 with or without brackets (RFC 5118 §4.5).
    pub fn received(&self) -> Option<&'a [u8]> {
        self.params.get("received")
    }
}

/// What stands behind `SIP/2.0/`, written with blanks or in another case.
fn behind_version(value: &[u8]) -> Option<&[u8]> {
    let (protocol, rest) = slash(value)?;
    let (version, rest) = slash(rest)?;
    (protocol.eq_ignore_ascii_case(b"SIP") && version == b"2.0").then_some(rest)
}

/// What stands before the first slash, trimmed, and what behind it.
fn slash(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'/', value)?;
    Some((text::trim(&value[..at]), &value[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::Via;

    fn read(value: &str) -> Option<Via<'_>> {
        Via::parse(value.as_bytes())
    }

    /// RFC 3261 §20.42
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let via = read("SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7").unwrap();
        assert_eq!(
            (via.transport, via.host, via.port),
            (&b"UDP"[..], &b"erlang.bell-telephone.com"[..], Some(5060))
        );
        assert_eq!(via.branch(), Some(&b"z9hG4bK87asdks7"[..]));

        let via = read(
            "SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1",
        )
        .unwrap();
        assert_eq!((via.host, via.port), (&b"first.example.com"[..], Some(4000)));
        assert_eq!(via.params.get("maddr"), Some(&b"224.2.0.1"[..]));
        assert_eq!(via.branch(), Some(&b"z9hG4bKa7c6a8dlze.1"[..]));
    }

    /// RFC 3581 §6.1
    #[test]
    fn rport_is_told_apart_empty_and_filled() {
        let asked = read("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff").unwrap();
        assert_eq!(asked.rport(), Some(None));
        let filled =
            read("SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z9hG4bKkjshdyff").unwrap();
        assert_eq!(filled.rport(), Some(Some(9988)));
        assert_eq!(filled.received(), Some(&b"192.0.2.1"[..]));
        assert_eq!(read("SIP/2.0/UDP a").unwrap().rport(), None);
    }

    /// RFC 5118 §4.5, §4.7
    #[test]
    fn ipv6_hosts_are_read_with_brackets() {
        let via = read("SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3-111")
            .unwrap();
        assert_eq!((via.host, via.port), (&b"[2001:db8::9:1]"[..], Some(6050)));
        assert_eq!(via.received(), Some(&b"[2001:db8::9:255]"[..]));
        assert_eq!(read("SIP/2.0/UDP 2001:db8::9:1"), None);
    }

    /// RFC 4475 §3.1.2.1
    #[test]
    fn malformed_values_are_refused() {
        for value in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ",
            "SIP/2.0 a",
            "HTTP/2.0/UDP a",
            "SIP/3.0/UDP a",
            "SIP/2.0/UDP a:b",
            "SIP/2.0/UDP a:65536",
            "SIP/2.0/UDP a b",
            "SIP/2.0/UDP a;=1",
            ";",
            "SIP/2.0/U@P a",
            "SIP/2.0/UDP [::1",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
