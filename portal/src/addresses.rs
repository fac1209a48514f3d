//! Which addresses a company's settings may have this machine reach: others than the company that runs the program must not
//! get by it to what stands beside it. LIC-10, DIR-13.

use std::net::IpAddr;

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // RFC 6598 §7: addresses between a provider and its customers.
            let shared = a == 100 && (64..128).contains(&b);
            // RFC 1122 §3.2.1.3: "this network", which some systems take for themselves.
            let this = a == 0;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || shared
                || this)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LIC-10, DIR-13
    #[test]
    fn what_stands_beside_this_machine_is_not_public() {
        for inside in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "192.168.0.9",
            "169.254.169.254",
            "100.64.1.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.2.7", "100.128.0.1", "2001:db8::7"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}
