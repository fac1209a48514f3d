//! Addresses and networks that a trunk's calls come from, and hosts with ports as people write them.

use std::{fmt, net::IpAddr};

/// An address, or all addresses of a network: `198.51.100.7`, `198.51.100.0/24`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    network: IpAddr,
    /// Leading bits that count.
    bits: u8,
}

impl Source {
    /// Several, with commas or blanks between them; the first that is none as the error.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let parts = text.split([',', ';', ' ', '\n']).map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Self::of(part).ok_or_else(|| part.to_owned())).collect()
    }

    /// Whether an address is meant.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                self.bits == 0 || differing >> (32 - u32::from(self.bits)) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = network.to_bits() ^ address.to_bits();
                self.bits == 0 || differing >> (128 - u32::from(self.bits)) == 0
            }
            _ => false,
        }
    }

    fn of(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let network = address.trim_matches(['[', ']']).parse::<IpAddr>().ok()?.to_canonical();
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        // A network of all addresses would let everybody call.
        (8..=most).contains(&bits).then_some(Self { network, bits })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = if self.network.is_ipv4() { 32 } else { 128 };
        self.network.fmt(f)?;
        if self.bits < most { write!(f, "/{}", self.bits) } else { Ok(()) }
    }
}

/// `host`, `host:port`, `[v6]:port` or a bare IPv6 address, in lower case.
pub(super) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.to_ascii_lowercase();
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)?),
        };
        return host.parse::<std::net::Ipv6Addr>().is_ok().then(|| (host.to_owned(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
        None => (text.as_str(), None),
    };
    is_host(host).then(|| (host.to_owned(), port))
}

/// A name of labels, or an address without brackets.
pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(source: &str, address: &str) -> bool {
        Source::list(source).unwrap().iter().any(|source| source.contains(address.parse().unwrap()))
    }

    /// SIP-38
    #[test]
    fn networks_contain_their_addresses_and_no_others() {
        assert!(
            contains("198.51.100.0/24", "198.51.100.255") && !contains("198.51.100.0/24", "198.51.101.0")
        );
        assert!(contains("198.51.100.7", "::ffff:198.51.100.7") && !contains("198.51.100.7", "198.51.100.8"));
        assert!(contains("10.0.0.1, 2001:db8::/32", "2001:db8:1::9"));
        assert!(!contains("2001:db8::/32", "2001:db9::1") && !contains("2001:db8::/32", "10.0.0.1"));
        assert_eq!(Source::list("1.2.3.4 carrier.example"), Err("carrier.example".to_owned()));
        for all in ["0.0.0.0/0", "::/0", "1.2.3.4/33", "1.2.3.4/x"] {
            assert!(Source::list(all).is_err(), "{all}");
        }
    }

    #[test]
    fn hosts_are_read_with_and_without_port() {
        let read = |text| host_and_port(text);
        assert_eq!(read("Proxy.Example:5070"), Some(("proxy.example".into(), Some(5070))));
        assert_eq!(read("[2001:DB8::1]:5060"), Some(("2001:db8::1".into(), Some(5060))));
        assert_eq!(read("2001:db8::1"), Some(("2001:db8::1".into(), None)));
        for wrong in ["", "a b", "a:0", "a:99999", "[::1", "[x]:5", "-a.example", "a..b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
