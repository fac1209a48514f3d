//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), borrowed from the bytes that carry them.

use std::net::IpAddr;

use crate::{headers::Params, wire::text};

/// The scheme of a URI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    #[default]
    Sip,
    Sips,
    Tel,
    /// Anything else (`urn:service:sos`, `http:`); everything behind the colon is in `user`.
    Other,
}

/// A URI, borrowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Scheme.
    pub scheme: Scheme,
    /// User part as written (escapes kept, without password); the number of a tel URI.
    pub user: &'a [u8],
    /// Host, brackets of IPv6 kept; empty for tel.
    pub host: &'a [u8],
    /// Port, if written.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params<'a>,
    /// Behind `?`, as written.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a URI. `None` if it is not one: no scheme, no or a malformed host, a port above 65535, blanks, brackets
    /// or controls inside.
    pub fn parse(uri: &'a [u8]) -> Option<Self> {
        text::is_all(&INSIDE, uri).then(|| Self::parse_visible(uri)).flatten()
    }
    /// The same for what is known to have no blanks, brackets or controls.
    pub(crate) fn parse_visible(uri: &'a [u8]) -> Option<Self> {
        let colon = text::scheme_end(uri)?;
        let (scheme, rest) = (&uri[..colon], &uri[colon + 1..]);
        if rest.is_empty() {
            return None;
        }
        match scheme {
            b"sip" => Self::sip(Scheme::Sip, rest),
            s if s.eq_ignore_ascii_case(b"sip") => Self::sip(Scheme::Sip, rest),
            s if s.eq_ignore_ascii_case(b"sips") => Self::sip(Scheme::Sips, rest),
            s if s.eq_ignore_ascii_case(b"tel") => Self::tel(rest),
            _ => Some(Self { scheme: Scheme::Other, user: rest, ..Self::default() }),
        }
    }
    /// The user part with `%xx` decoded, lossily as text.
    pub fn user_text(&self) -> String {
        String::from_utf8_lossy(&unescape(self.user)).into_owned()
    }
    /// The host as text in lower case, brackets kept.
    pub fn host_text(&self) -> String {
        String::from_utf8_lossy(self.host).to_ascii_lowercase()
    }
    /// A header that a request to this URI is to carry (RFC 3261 §19.1.1), decoded. Names in any case.
    pub fn header(&self, name: &str) -> Option<Vec<u8>> {
        self.headers.split(|b| *b == b'&').find_map(|header| {
            let (given, value) = cut_at(header, b'=');
            given.eq_ignore_ascii_case(name.as_bytes()).then(|| unescape(value))
        })
    }
    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        text::ip(self.host)
    }

    fn sip(scheme: Scheme, rest: &'a [u8]) -> Option<Self> {
        // The user part may contain `;` and `?`, so the at sign is looked for first (RFC 4475 §3.1.1.9).
        let (user, rest) = match rest.iter().position(|b| *b == b'@') {
            Some(0) => return None,
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (&b""[..], rest),
        };
        let user = &user[..user.iter().position(|b| *b == b':').unwrap_or(user.len())];
        let (host, port, rest) = text::host_port(rest)?;
        if !matches!(rest.first(), None | Some(b';' | b'?')) {
            return None;
        }
        let (params, headers) = cut_at(rest, b'?');
        let params = Params(params);
        params.is_well_formed().then_some(Self { scheme, user, host, port, params, headers })
    }

    fn tel(rest: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
        let params = Params(&rest[end..]);
        let ok = end > 0 && params.is_well_formed();
        ok.then_some(Self { scheme: Scheme::Tel, user: &rest[..end], params, ..Self::default() })
    }
}

/// `%xx` decoded; a percent sign without two hexadecimal digits is kept.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            (other, _) => out.push(*other),
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// What may stand in a URI: no controls, blanks or brackets.
static INSIDE: text::Class = text::visible_but(b"<>");

fn cut_at(text: &[u8], mark: u8) -> (&[u8], &[u8]) {
    if text.is_empty() {
        return (text, text);
    }
    match memchr::memchr(mark, text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::{Scheme, Uri};

    fn read(uri: &str) -> Option<Uri<'_>> {
        Uri::parse(uri.as_bytes())
    }

    /// RFC 3261 §19.1.3
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let uri = read("sip:alice:secretword@atlanta.com;transport=tcp").unwrap();
        assert_eq!((uri.user, uri.host, uri.port), (&b"alice"[..], &b"atlanta.com"[..], None));
        assert_eq!(uri.params.get("transport"), Some(&b"tcp"[..]));

        let uri = read("sips:alice@atlanta.com?subject=project%20x&priority=urgent").unwrap();
        assert_eq!((uri.scheme, uri.headers), (Scheme::Sips, &b"subject=project%20x&priority=urgent"[..]));

        assert_eq!(uri.header("Subject").as_deref(), Some(&b"project x"[..]));
        assert_eq!((uri.header("priority").as_deref(), uri.header("to")), (Some(&b"urgent"[..]), None));

        let uri = read("sip:+1-212-555-1212:1234@gateway.com;user=phone").unwrap();
        assert_eq!(uri.user, b"+1-212-555-1212");

        let uri = read("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com").unwrap();
        assert_eq!((uri.user, uri.host), (&b""[..], &b"atlanta.com"[..]));

        let uri = read("sip:alice;day=tuesday@atlanta.com").unwrap();
        assert_eq!(uri.user, b"alice;day=tuesday");
    }

    /// RFC 4475 §3.1.1.9, §3.1.1.1
    #[test]
    fn user_parts_may_look_like_anything() {
        let uri = read("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com").unwrap();
        assert_eq!(uri.user, b"1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
        assert_eq!(uri.host, b"example.com");
        assert_eq!(
            read("sip:user;par=u%40example.net@example.com").unwrap().user_text(),
            "user;par=u@example.net"
        );
        assert_eq!(read("sip:%Z%4x%41@a").unwrap().user_text(), "%Z%4xA");
    }

    /// RFC 5118 §4.1
    #[test]
    fn ipv6_references_are_hosts() {
        let uri = read("sip:user@[2001:DB8::10]:5070").unwrap();
        assert_eq!((uri.host, uri.port), (&b"[2001:DB8::10]"[..], Some(5070)));
        assert_eq!(uri.host_text(), "[2001:db8::10]");
        assert_eq!(uri.ip(), Some("2001:db8::10".parse().unwrap()));
        assert_eq!(read("sip:[::ffff:192.0.2.1]").unwrap().ip(), Some("::ffff:192.0.2.1".parse().unwrap()));
        // The port took the place of the last group: the host is ambiguous (§4.2).
        assert_eq!(read("sip:2001:db8::10"), None);
    }

    /// RFC 3966 §6
    #[test]
    fn tel_and_other_schemes_are_kept() {
        let uri = read("tel:7042;phone-context=example.com").unwrap();
        assert_eq!((uri.scheme, uri.user, uri.host), (Scheme::Tel, &b"7042"[..], &b""[..]));
        assert_eq!(uri.params.get("phone-context"), Some(&b"example.com"[..]));
        assert_eq!(read("tel:+1-201-555-0123").unwrap().user, b"+1-201-555-0123");
        let uri = read("urn:service:sos").unwrap();
        assert_eq!((uri.scheme, uri.user), (Scheme::Other, &b"service:sos"[..]));
    }

    /// SIP-10
    #[test]
    fn malformed_uris_are_refused() {
        for uri in [
            "",
            "sip",
            "sip:",
            ":a",
            "sip:@b",
            "sip:a@",
            "sip:a@b@c",
            "sip:a@b:x",
            "sip:a@b:70000",
            "sip:a b@c",
            "<sip:a@b>",
            "1sip:a",
            "tel:",
            "tel:;x=1",
            "sip:a@[::1",
            "sip:a@b\r\nX: y",
            "*",
        ] {
            assert_eq!(read(uri), None, "{uri}");
        }
    }
}
