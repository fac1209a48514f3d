//! Byte classes and cuts that all readers share (RFC 3261 §25.1).

use std::{borrow::Cow, net::IpAddr};

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
            let end = value_end(self.rest, b',');
            let value = trim(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

/// Where the first `stop` outside of quotes and angle brackets stands; the length of `text` if nowhere.
pub(crate) fn value_end(text: &[u8], stop: u8) -> usize {
    // Nearly always nothing hides the first one, if there is one at all.
    match memchr::memchr(stop, text) {
        None => return text.len(),
        Some(first) if memchr::memchr2(b'"', b'<', &text[..first]).is_none() => return first,
        Some(_) => {}
    }
    let mut at = 0;
    while let Some(offset) = memchr::memchr3(stop, b'"', b'<', &text[at..]) {
        at += offset;
        let skipped = match text[at] {
            b'"' => quoted_end(&text[at..]),
            b'<' => memchr::memchr(b'>', &text[at..]).map(|close| close + 1),
            _ => return at,
        };
        match skipped {
            Some(length) => at += length,
            None => break,
        }
    }
    text.len()
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

/// Whether the byte may stand in a `token`.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// Whether `text` is a `token`, which is never empty.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| is_token_byte(*b))
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

/// Whether a control, blank, quote or opening bracket is in `text`, none of which a URI has.
pub(crate) fn breaks_uri(text: &[u8]) -> bool {
    text.iter().any(|b| BREAKS_URI[usize::from(*b)])
}

/// A port, `0..=65535`.
pub(crate) fn port(text: &[u8]) -> Option<u16> {
    decimal(text).and_then(|n| u16::try_from(n).ok())
}

/// Whether `host` is a host name, an IPv4 address or an IPv6 reference in brackets. Underscores are let pass: they occur.
pub(crate) fn is_host(host: &[u8]) -> bool {
    match host {
        [b'[', inner @ .., b']'] => {
            // A zone (`%eth0`) is not allowed in SIP, but harmless: it is kept and never resolved.
            !inner.is_empty() && inner.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        }
        [] => false,
        name => name.iter().all(|b| HOST[usize::from(*b)]),
    }
}

/// Cuts `host[:port]` in two, blanks around the colon allowed (RFC 3261 §25.1 COLON). `None` if either is malformed.
pub(crate) fn host_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let text = trim(text);
    let host_end = match text.first()? {
        b'[' => memchr::memchr(b']', text)? + 1,
        _ => memchr::memchr(b':', text).unwrap_or(text.len()),
    };
    let host = trim_end(&text[..host_end]);
    if !is_host(host) {
        return None;
    }
    match trim_start(&text[host_end..]) {
        [] => Some((host, None)),
        [b':', digits @ ..] => Some((host, Some(port(trim_start(digits))?))),
        _ => None,
    }
}

/// A host as an address: IPv4, or IPv6 with or without brackets.
pub(crate) fn ip(host: &[u8]) -> Option<IpAddr> {
    let bare = match host {
        [b'[', inner @ .., b']'] => inner,
        other => other,
    };
    std::str::from_utf8(bare).ok()?.parse().ok()
}

/// Where the colon behind a well-formed scheme stands.
pub(crate) fn scheme_end(uri: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', uri)?;
    let (first, rest) = uri[..colon].split_first()?;
    if matches!(&uri[..colon], b"sip" | b"sips" | b"tel") {
        return Some(colon);
    }
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
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `token` of RFC 3261 §25.1.
pub(crate) const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-.!%*_+`'~";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// Bytes of a host name or an IPv4 address.
const HOST: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.' | b'_');
        byte += 1;
    }
    table
};

/// Bytes that end or break a URI.
const BREAKS_URI: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_control() || matches!(byte as u8, b' ' | b'"' | b'<');
        byte += 1;
    }
    table
};
