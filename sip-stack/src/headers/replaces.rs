//! Replaces (RFC 3891 §6.1).

use super::Params;
use crate::wire::text;

/// `425928@bobster.example.org;to-tag=7743;from-tag=6472`, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaces<'a> {
    /// Call-ID of the dialog to be replaced.
    pub call_id: &'a [u8],
    /// Its tag on the receiving side.
    pub to_tag: &'a [u8],
    /// Its tag on the far side.
    pub from_tag: &'a [u8],
    /// Only if it is not answered yet.
    pub early_only: bool,
}

impl<'a> Replaces<'a> {
    /// Reads a value. `None` without Call-ID or one of the tags.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value)?;
        let (call_id, params) = (text::trim(&value[..end]), Params(&value[end..]));
        let ok = !call_id.is_empty() && params.is_well_formed();
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty());
        ok.then_some(Self {
            call_id,
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Replaces;

    /// RFC 3891 §6.1
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let read =
            Replaces::parse(b"98732@sip.example.com\r\n ;from-tag=r33th4x0r\r\n ;to-tag=ff87ff").unwrap();
        assert_eq!(
            (read.call_id, read.to_tag, read.from_tag),
            (&b"98732@sip.example.com"[..], &b"ff87ff"[..], &b"r33th4x0r"[..])
        );
        assert!(!read.early_only);
        assert!(
            Replaces::parse(b"87134@171.161.34.23;to-tag=24796;from-tag=0;early-only").unwrap().early_only
        );
    }

    /// SIP-24
    #[test]
    fn both_tags_are_needed() {
        for value in ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=1"] {
            assert_eq!(Replaces::parse(value.as_bytes()), None, "{value}");
        }
    }
}
