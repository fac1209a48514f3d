//! Content-Type (RFC 3261 §20.15).

use super::Params;
use crate::wire::text;

/// `application/sdp;charset=utf-8`, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentType<'a> {
    /// `application`
    pub kind: &'a [u8],
    /// `sdp`
    pub subtype: &'a [u8],
    /// `boundary`, `charset`, …
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Reads a value. `None` unless it is two tokens with a slash between them.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let params = Params(&value[end..]);
        let slash = memchr::memchr(b'/', &value[..end])?;
        let (kind, subtype) = (text::trim(&value[..slash]), text::trim(&value[slash + 1..end]));
        let ok = text::is_token(kind) && text::is_token(subtype) && params.is_well_formed();
        ok.then_some(Self { kind, subtype, params })
    }
    /// Whether it is this type, `"application/sdp"`, without regard to case and parameters.
    pub fn is(&self, name: &str) -> bool {
        name.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind.as_bytes())
                && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ContentType;

    /// RFC 3261 §20.15, RFC 4475 §3.1.1.11
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert!(ContentType::parse(b"application/sdp").unwrap().is("application/SDP"));
        let read = ContentType::parse(b"text/html; charset=ISO-8859-4").unwrap();
        assert_eq!(read.params.get("charset"), Some(&b"ISO-8859-4"[..]));
        let read = ContentType::parse(b"multipart/mixed;boundary=\"7a9cbec02ceef655\"").unwrap();
        assert!(read.is("multipart/mixed") && !read.is("multipart"));
        assert_eq!(read.params.get("boundary"), Some(&b"7a9cbec02ceef655"[..]));
        for value in ["", "sdp", "a/", "/b", "a b/c", "a/b;x=\"y"] {
            assert_eq!(ContentType::parse(value.as_bytes()), None, "{value}");
        }
    }
}
