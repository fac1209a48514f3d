//! Join (RFC 3911 §7.1).

use super::Replaces;

/// `12adf2f34456gs5;to-tag=12345;from-tag=54321`, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join<'a> {
    /// Call-ID of the dialog to be joined.
    pub call_id: &'a [u8],
    /// Its tag on the receiving side.
    pub to_tag: &'a [u8],
    /// Its tag on the far side.
    pub from_tag: &'a [u8],
}

impl<'a> Join<'a> {
    /// Reads a value. `None` without Call-ID or one of the tags.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        // The two headers name a dialog by the same grammar; only a Replaces can ask for early ones.
        let Replaces { call_id, to_tag, from_tag, .. } = Replaces::parse(value)?;
        Some(Self { call_id, to_tag, from_tag })
    }
}

#[cfg(test)]
mod tests {
    use super::Join;

    /// RFC 3911 §7.1
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let read = Join::parse(b"12adf2f34456gs5;to-tag=12345;from-tag=54321").unwrap();
        assert_eq!(
            (read.call_id, read.to_tag, read.from_tag),
            (&b"12adf2f34456gs5"[..], &b"12345"[..], &b"54321"[..])
        );
        assert!(Join::parse(b"87134@192.0.2.23;to-tag=24796;from-tag=0").is_some());
        for value in ["", "a;to-tag=1", ";to-tag=1;from-tag=2"] {
            assert_eq!(Join::parse(value.as_bytes()), None, "{value}");
        }
    }
}
