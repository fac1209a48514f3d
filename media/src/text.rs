//! Numbers and addresses as text, without the formatting machinery: a call prints dozens of them.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

/// Adds a number in decimal digits.
pub fn push_number(out: &mut String, mut number: u64) {
    let mut digits = [b'0'; LONGEST];
    let mut at = LONGEST;
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    // Digits are text; one by one they would each be asked how long they are.
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Adds address and port.
pub fn push_address(out: &mut String, address: SocketAddr) {
    if address.is_ipv4() {
        push_ip(out, address.ip());
        out.push(':');
        push_number(out, address.port().into());
    } else {
        // Writing to a String does not fail.
        let _ = write!(out, "{address}");
    }
}

/// Adds an address.
pub fn push_ip(out: &mut String, ip: IpAddr) {
    let IpAddr::V4(ip) = ip else {
        let _ = write!(out, "{ip}");
        return;
    };
    for (index, part) in ip.octets().into_iter().enumerate() {
        if index > 0 {
            out.push('.');
        }
        push_number(out, part.into());
    }
}

/// Digits of the greatest number.
const LONGEST: usize = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_addresses_look_as_usual(number in any::<u64>(), address in any::<SocketAddr>()) {
            let mut text = String::new();
            push_number(&mut text, number);
            text.push(' ');
            push_address(&mut text, address);
            push_ip(&mut text, address.ip());
            prop_assert_eq!(text, format!("{number} {address}{}", address.ip()));
        }
    }
}
