//! `name-addr` / `addr-spec` with parameters: From, To, Contact, Route, Refer-To … (RFC 3261 §20.10, §25.1).

use super::{Params, params::Param};
use crate::wire::text;

/// `"Display" <uri>;params`, borrowed. Parameters of a bare `addr-spec` belong to the header (§20).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// Display name without quotes, escapes kept; empty if there is none.
    pub display: &'a [u8],
    /// The URI between the brackets. `*` for the wildcard Contact.
    pub uri: &'a [u8],
    /// Header parameters.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one value (already cut at commas).
    ///
    /// `None` where a quote or bracket does not end, the URI has no scheme or contains blanks, or a bare
    /// `addr-spec` has `?` or `,`, which need brackets (§20.10).
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        Self::parse_noting(value, |_| {})
    }
    /// The same, and each parameter is given to `note`.
    pub(crate) fn parse_noting(value: &'a [u8], note: impl FnMut(Param<'a>)) -> Option<Self> {
        let value = text::trim(value);
        let name_addr = match value.first()? {
            b'<' => Self::bracketed(b"", value)?,
            b'"' => {
                let quoted = text::quoted_end(value)?;
                Self::bracketed(&value[1..quoted - 1], text::trim_start(&value[quoted..]))?
            }
            _ => match memchr::memchr2(b'<', b'"', value) {
                Some(at) if value[at] == b'<' => Self::bracketed(text::trim_end(&value[..at]), &value[at..])?,
                // A quote in a parameter of a bare URI, as in `sip:a@b;text="x"`.
                _ => Self::bare(value)?,
            },
        };
        name_addr.params.each(note).then_some(name_addr)
    }
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag")
    }
    /// The display name as text, escapes resolved, bytes that are not UTF-8 replaced.
    pub fn display_text(&self) -> String {
        String::from_utf8_lossy(&text::unescape(self.display)).into_owned()
    }

    /// `from_bracket` should begin with `<`.
    fn bracketed(display: &'a [u8], from_bracket: &'a [u8]) -> Option<Self> {
        let [b'<', rest @ ..] = from_bracket else { return None };
        // Nearly always nothing but the URI stands between the brackets.
        let mut close = text::run(&text::URI, rest);
        let mut uri = &rest[..close];
        let mut uri_ok = has_scheme(uri);
        if rest.get(close) != Some(&b'>') {
            close = memchr::memchr(b'>', rest)?;
            uri = text::trim(&rest[..close]);
            uri_ok = is_uri(uri);
        }
        let params = text::trim_start(&rest[close + 1..]);
        let params_ok = matches!(params.first(), None | Some(b';'));
        (params_ok && uri_ok).then_some(Self { display, uri, params: Params(params) })
    }

    fn bare(value: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let uri = text::trim_end(&value[..end]);
        let bare_ok = memchr::memchr2(b'?', b',', uri).is_none();
        let addr = Self { display: b"", uri, params: Params(&value[end..]) };
        (bare_ok && (uri == b"*" || is_uri(uri))).then_some(addr)
    }
}

/// A scheme, a colon, something behind it, and no blanks or quotes anywhere.
fn is_uri(uri: &[u8]) -> bool {
    has_scheme(uri) && text::is_all(&text::URI, uri)
}

fn has_scheme(uri: &[u8]) -> bool {
    text::scheme_end(uri).is_some_and(|colon| colon + 1 < uri.len())
}

#[cfg(test)]
mod tests {
    use super::{NameAddr, Params};

    fn read(value: &str) -> Option<NameAddr<'_>> {
        NameAddr::parse(value.as_bytes())
    }

    /// RFC 3261 §20.20
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let from = read("\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s").unwrap();
        assert_eq!(from.display, b"A. G. Bell");
        assert_eq!(from.uri, b"sip:agb@bell-telephone.com");
        assert_eq!(from.tag(), Some(&b"a48s"[..]));

        let from = read("sip:+12125551212@server.phone2net.com;tag=887s").unwrap();
        assert_eq!(from.uri, b"sip:+12125551212@server.phone2net.com");
        assert_eq!(from.tag(), Some(&b"887s"[..]));

        let from = read("Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8").unwrap();
        assert_eq!(from.display, b"Anonymous");
    }

    /// SIP-11
    #[test]
    fn brackets_and_separators_inside_quotes_are_text() {
        let to = read(r#""Doe, \"J\" <x>; y" <sip:a@b;transport=tcp>;tag=7"#).unwrap();
        assert_eq!(to.display_text(), r#"Doe, "J" <x>; y"#);
        assert_eq!(to.uri, b"sip:a@b;transport=tcp");
        assert_eq!(to.tag(), Some(&b"7"[..]));
    }

    /// SIP-05
    #[test]
    fn the_wildcard_is_a_star() {
        assert_eq!(read("*").unwrap(), NameAddr { display: b"", uri: b"*", params: Params(b"") });
        assert_eq!(read("<*>"), None);
    }

    /// RFC 4475 §3.1.2.12, §3.1.2.13
    #[test]
    fn what_needs_brackets_is_refused_without_them() {
        assert_eq!(read("sip:user@example.com?Route=%3Csip:sip.example.com%3E"), None);
        assert_eq!(
            read("\"Watson, Thomas\" < sip:t.watson@example.org >").unwrap().uri,
            b"sip:t.watson@example.org"
        );
        assert_eq!(read("<sip:a b@c>"), None);
    }

    /// RFC 4475 §3.1.2.6
    #[test]
    fn what_does_not_end_is_refused() {
        for value in
            ["\"Mr. J. User <sip:j@example.com>", "<sip:a@b", "\"a\" sip:a@b", "a", "", "<>", "<sip:>", ":x"]
        {
            assert_eq!(read(value), None, "{value}");
        }
        assert_eq!(read("<sip:a@b> tag=1"), None);
    }
}
