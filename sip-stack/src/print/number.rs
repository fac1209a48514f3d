//! Numbers and addresses as text, without the machinery of formatting.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
};

/// Writes a number in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a number in hexadecimal, in lower case, with at least `width` digits (at most 16).
pub(crate) fn push_hex(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 16];
    let mut at = digits.len();
    while number != 0 {
        at -= 1;
        digits[at] = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
    out.extend_from_slice(&digits[at.min(16 - width)..]);
}

/// Writes an address as `Display` does: IPv6 without brackets.
pub(crate) fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            push_number(out, a.into());
            for octet in [b, c, d] {
                out.push(b'.');
                push_number(out, octet.into());
            }
        }
        IpAddr::V6(ip) => write!(out, "{ip}").expect("a Vec takes every write"),
    }
}

/// Writes an address with its port as `Display` does: IPv6 in brackets.
pub(crate) fn push_address(out: &mut Vec<u8>, address: SocketAddr) {
    if address.is_ipv4() {
        push_ip(out, address.ip());
        out.push(b':');
        push_number(out, address.port().into());
    } else {
        write!(out, "{address}").expect("a Vec takes every write");
    }
}

/// A number as 16 hexadecimal digits.
pub(crate) fn hex16(number: u64) -> String {
    text(16, |out| push_hex(out, number, 16))
}

/// What `write` writes, as text; `room` is how much that will be at most. [bytes]
pub(crate) fn text(room: usize, write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(room);
    write(&mut out);
    String::from_utf8(out).expect("only text is written")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{hex16, push_address, push_hex, push_number, text};

    /// SIP-11: the same as the library's formatting.
    #[test]
    fn numbers_and_addresses_are_written_as_the_library_would() {
        for number in [0, 7, 10, 255, 5060, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(text(20, |out| push_number(out, number)), number.to_string());
            assert_eq!(text(20, |out| push_hex(out, number, 1)), format!("{number:x}"));
            assert_eq!(text(20, |out| push_hex(out, number, 8)), format!("{number:08x}"));
            assert_eq!(hex16(number), format!("{number:016x}"));
        }
        for address in ["192.0.2.1:5060", "0.0.0.0:0", "255.255.255.255:65535", "[2001:db8::9]:5061"] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(text(20, |out| push_address(out, address)), address.to_string());
        }
    }
}
