//! Cuts that all readers share (RFC 3261 §25.1).

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr},
};

pub(crate) use super::class::{
    Class, HOST, TOKEN, UNTIL_COMMA, UNTIL_COMMA_OR_QUOTE, UNTIL_QUOTE, UNTIL_SEMICOLON, URI, VISIBLE,
    alphanumeric_and, is_all, run, visible_but,
};
use super::class::{DIGIT, PLAIN};
use crate::name::ONES;

/// The values of a header line, cut at commas outside of quotes and angle brackets, trimmed, empty ones skipped.
#[derive(Debug, Clone)]
pub(crate) struct Commas<'a> {
    rest: &'a [u8],
}

impl<'a> Commas<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }
}

impl<'a> Iterator for Commas<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = value_end(self.rest, &UNTIL_COMMA);
            let value = trim(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

/// Where the first byte outside of quotes and angle brackets stands that is not of this class; the length of `text` if
/// nowhere. Neither quote nor opening bracket is of the class.
#[inline]
pub(crate) fn value_end(text: &[u8], class: &Class) -> usize {
    let mut at = 0;
    loop {
        at += run(class, &text[at..]);
        let skipped = match text.get(at) {
            Some(b'"') => quoted_end(&text[at..]),
            Some(b'<') => memchr::memchr(b'>', &text[at..]).map(|close| close + 1),
            None | Some(_) => return at,
        };
        match skipped {
            Some(length) => at += length,
            None => return text.len(),
        }
    }
}

/// The length of the quoted string at the start of `text`, both quotes included. `None` if it does not end.
pub(crate) fn quoted_end(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Without blanks and line breaks at both ends.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_start(trim_end(text))
}

/// Without blanks and line breaks at the start.
pub(crate) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    text
}

/// Without blanks and line breaks at the end.
pub(crate) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && is_blank(*last)
    {
        text = rest;
    }
    text
}

/// SP, HT, CR, LF.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Where the first CR or LF stands.
pub(crate) fn break_at(text: &[u8]) -> Option<usize> {
    // Eight bytes at a time: header lines are short. What is less than 14 is nearly always CR.
    let (steps, rest) = text.as_chunks::<8>();
    for (index, step) in steps.iter().enumerate() {
        let word = u64::from_le_bytes(*step);
        // The lowest byte below 14 has its high bit set; above it the bits mean nothing.
        let found = word.wrapping_sub(ONES * 14) & !word & (ONES << 7);
        if found != 0 {
            let at = index * step.len() + (found.trailing_zeros() / 8) as usize;
            if matches!(text.get(at), Some(b'\r' | b'\n')) {
                return Some(at);
            }
            // A tab or another control was in the way.
            return memchr::memchr2(b'\r', b'\n', &text[at..]).map(|offset| at + offset);
        }
    }
    let at = text.len() - rest.len();
    memchr::memchr2(b'\r', b'\n', rest).map(|offset| at + offset)
}

/// Whether `text` is a `token`, which is never empty.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && is_all(&TOKEN, text)
}

/// A token as text; empty if it is not one.
pub(crate) fn token_text(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

/// Digits and nothing else, at most `u32::MAX`.
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

/// A port, `0..=65535`.
pub(crate) fn port(text: &[u8]) -> Option<u16> {
    decimal(text).and_then(|n| u16::try_from(n).ok())
}

/// Reads `host[:port]` at the start, blanks around both and the colon allowed (RFC 3261 §25.1 COLON), and gives what
/// follows. `None` if either is malformed.
///
/// A host is a name, an IPv4 address or an IPv6 reference in brackets. Underscores are let pass: they occur.
pub(crate) fn host_port(text: &[u8]) -> Option<(&[u8], Option<u16>, &[u8])> {
    let text = trim_start(text);
    let end = match text.first()? {
        b'[' => reference_end(text)?,
        _ => run(&HOST, text),
    };
    let (host, rest) = text.split_at(end);
    if host.is_empty() {
        return None;
    }
    match trim_start(rest) {
        [b':', rest @ ..] => {
            let rest = trim_start(rest);
            let (digits, rest) = rest.split_at(run(&DIGIT, rest));
            Some((host, Some(port(digits)?), trim_start(rest)))
        }
        rest => Some((host, None, rest)),
    }
}

/// The length of the IPv6 reference at the start. A zone (`%eth0`) is not allowed in SIP.
fn reference_end(text: &[u8]) -> Option<usize> {
    let close = memchr::memchr(b']', text)?;
    let inner = &text[1..close];
    let ok = !inner.is_empty() && inner.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
    ok.then_some(close + 1)
}

/// A host as an address: IPv4, or IPv6 with or without brackets.
pub(crate) fn ip(host: &[u8]) -> Option<IpAddr> {
    if let Some(ip) = dotted(host) {
        return Some(IpAddr::V4(ip));
    }
    let bare = match host {
        [b'[', inner @ .., b']'] => inner,
        other => other,
    };
    std::str::from_utf8(bare).ok()?.parse().ok()
}

/// Four octets with dots between them, without needless zeros.
fn dotted(host: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut rest = host;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        let (number, behind) = rest.split_at(digits);
        *octet = decimal(number).and_then(|number| u8::try_from(number).ok())?;
        if digits > 1 && number[0] == b'0' {
            return None;
        }
        rest = behind;
    }
    rest.is_empty().then(|| Ipv4Addr::from(octets))
}

/// Where the colon behind a well-formed scheme stands.
pub(crate) fn scheme_end(uri: &[u8]) -> Option<usize> {
    if uri.starts_with(b"sip:") {
        return Some(3);
    }
    let colon = memchr::memchr(b':', uri)?;
    let (first, rest) = uri[..colon].split_first()?;
    let rest_ok = rest.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (first.is_ascii_alphabetic() && rest_ok).then_some(colon)
}

/// The inside of a quoted string with its backslash escapes resolved.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            other => out.push(*other),
        }
    }
    Cow::Owned(out)
}

/// Writes `text` as a quoted string: quote and backslash escaped, line breaks and other controls become blanks.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    if is_all(&PLAIN, text.as_bytes()) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// SIP-10: eight bytes at a time find the same break as one by one, whatever stands before it.
        #[test]
        fn line_break_is_found_wherever_it_stands(text in "[a\t\u{e}é\u{0}\r\n]{0,3}[a-z: \u{7f}]{0,40}[\r\n\tÿ]{0,3}") {
            let text = text.as_bytes();
            prop_assert_eq!(break_at(text), text.iter().position(|b| matches!(b, b'\r' | b'\n')));
        }

        /// SIP-07: dotted addresses are read as the library reads them.
        #[test]
        fn addresses_are_read_as_the_library_would(text in "([0-9]{1,4}|0|25[0-9])([.]([0-9]{0,3}|0[0-9])){2,4}[.a]?") {
            prop_assert_eq!(ip(text.as_bytes()), text.parse().ok());
        }
    }
}
