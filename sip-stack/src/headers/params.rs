//! `;name=value` parameters of headers and URIs (RFC 3261 §25.1 generic-param).

use crate::wire::text;

/// `;name=value;flag` as written, looked up without allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Params<'a>(pub &'a [u8]);

impl<'a> Params<'a> {
    /// The value of a parameter, unquoted; `Some(b"")` for a flag without value; `None` if absent.
    /// Names compare without regard to case. Of several, the first counts.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    /// All parameters in order: name and unquoted value. Escapes inside quotes are kept.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.written().map(|param| {
            let (name, value) = cut(param);
            (name, unquote(value))
        })
    }
    /// All parameters in order as they were written, `name=value`, trimmed, without semicolons.
    pub(crate) fn written(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let end = text::value_end(rest, b';');
                let param = text::trim(&rest[..end]);
                rest = rest.get(end + 1..).unwrap_or_default();
                if !param.is_empty() {
                    return Some(param);
                }
            }
            None
        })
    }
    /// Whether each parameter has a token for a name, and each quote ends.
    pub(crate) fn is_well_formed(&self) -> bool {
        self.written().all(|param| {
            let (name, value) = cut(param);
            let value_ok = match value {
                [b'"', ..] => text::quoted_end(value) == Some(value.len()),
                plain => memchr::memchr(b'"', plain).is_none(),
            };
            // A URI parameter's name may be escaped and contain `[ ] / : & $` (RFC 3261 §25.1 paramchar).
            !name.is_empty() && value_ok && name.iter().all(|b| is_name_byte(*b))
        })
    }
}

/// `name=value` in two, blanks around the equals sign removed.
pub(crate) fn cut(param: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', param) {
        Some(equals) => (text::trim_end(&param[..equals]), text::trim_start(&param[equals + 1..])),
        None => (param, b""),
    }
}

/// The inside of a quoted string, anything else as it is.
pub(crate) fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inside @ .., b'"'] => inside,
        other => other,
    }
}

fn is_name_byte(byte: u8) -> bool {
    text::is_token_byte(byte) || byte >= 0x80 || b"[]/:&$()".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::Params;

    /// SIP-11
    #[test]
    fn names_ignore_case_and_blanks_around_separators_are_dropped() {
        let params = Params(b" ; Tag = 98asjd8 ;lr; q=0.7");
        assert_eq!(params.get("tag"), Some(&b"98asjd8"[..]));
        assert_eq!(params.get("LR"), Some(&b""[..]));
        assert_eq!(params.get("q"), Some(&b"0.7"[..]));
        assert_eq!(params.get("expires"), None);
    }

    /// SIP-11
    #[test]
    fn semicolons_inside_quotes_belong_to_the_value() {
        let params = Params(br#";text="a;b=\"c\"";+sip.instance="<urn:uuid:1>";ob"#);
        assert_eq!(params.get("text"), Some(&br#"a;b=\"c\""#[..]));
        assert_eq!(params.get("+sip.instance"), Some(&b"<urn:uuid:1>"[..]));
        assert_eq!(params.iter().count(), 3);
    }

    /// SIP-10
    #[test]
    fn a_quote_that_does_not_end_is_malformed() {
        assert!(!Params(br#";text="a"#).is_well_formed());
        assert!(!Params(br#";text=a""#).is_well_formed());
        assert!(!Params(br#";=a"#).is_well_formed());
        assert!(Params(br#";text="a";b"#).is_well_formed());
    }
}
