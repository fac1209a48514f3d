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
                let end = text::value_end(rest, &text::UNTIL_SEMICOLON);
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
        self.each(|_| {})
    }
    /// Gives each parameter in order to `note`, in one pass; `false` once one is malformed.
    pub(crate) fn each(&self, mut note: impl FnMut(Param<'a>)) -> bool {
        let text = self.0;
        let mut at = 0;
        loop {
            while at < text.len() && (text[at] == b';' || text::is_blank(text[at])) {
                at += 1;
            }
            if at == text.len() {
                return true;
            }
            let start = at;
            // A URI parameter's name may be escaped and contain `[ ] / : & $` (RFC 3261 §25.1 paramchar).
            at += text::run(&NAME, &text[at..]);
            let name = &text[start..at];
            let mut value = &b""[..];
            at = blanks_end(text, at);
            match text.get(at) {
                None | Some(b';') => {}
                Some(b'=') => {
                    let value_at = blanks_end(text, at + 1);
                    let plain = value_at + text::run(&PLAIN, &text[value_at..]);
                    at = match text.get(plain) {
                        None | Some(b';') => plain,
                        Some(_) => match param_end(text, value_at) {
                            Some(end) => end,
                            None => return false,
                        },
                    };
                    value = text::trim_end(&text[value_at..at]);
                }
                Some(_) => return false,
            }
            if name.is_empty() {
                return false;
            }
            note(Param { name, value, written: text::trim_end(&text[start..at]) });
        }
    }
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param<'a> {
    pub(crate) name: &'a [u8],
    /// Quotes kept.
    pub(crate) value: &'a [u8],
    /// `name=value`, trimmed.
    pub(crate) written: &'a [u8],
}

fn blanks_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text::is_blank(text[at]) {
        at += 1;
    }
    at
}

/// Where the parameter whose value begins at `at` ends: a quoted string and nothing else, or text without any quote.
fn param_end(text: &[u8], mut at: usize) -> Option<usize> {
    if text.get(at) == Some(&b'"') {
        let end = blanks_end(text, at + text::quoted_end(&text[at..])?);
        return matches!(text.get(end), None | Some(b';')).then_some(end);
    }
    while let Some(offset) = memchr::memchr3(b';', b'"', b'<', &text[at..]) {
        at += offset;
        match text[at] {
            b';' => return Some(at),
            b'"' => return None,
            _ => {
                // Angle brackets hide semicolons; without an end they hide all the rest.
                let close = memchr::memchr(b'>', &text[at..]).map_or(text.len(), |length| at + length + 1);
                if memchr::memchr(b'"', &text[at..close]).is_some() {
                    return None;
                }
                at = close;
            }
        }
    }
    Some(text.len())
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

/// Bytes of a parameter's name.
static NAME: text::Class = {
    let mut table = text::alphanumeric_and(b"-.!%*_+`'~[]/:&$()");
    let mut byte = 0x80;
    while byte < 256 {
        table[byte] = true;
        byte += 1;
    }
    table
};

/// Bytes of a value that hides nothing and has no blanks.
static PLAIN: text::Class = text::visible_but(b";\"<");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Param, Params, cut, text};

    /// The grammar again, with a scan for each question.
    fn is_well_formed_slowly(params: Params<'_>) -> bool {
        params.written().all(|param| {
            let (name, value) = cut(param);
            let value_ok = match value {
                [b'"', ..] => text::quoted_end(value) == Some(value.len()),
                plain => !plain.contains(&b'"'),
            };
            let is_name = |b: &u8| text::TOKEN[usize::from(*b)] || *b >= 0x80 || b"[]/:&$()".contains(b);
            !name.is_empty() && value_ok && name.iter().all(is_name)
        })
    }

    /// Parameters that are mostly well-formed, and nearly so otherwise.
    const SCRAPS: &str =
        r#"(;[ ;]?(a|b|ab|)[ ]?(=[ ]?(<[;=a>"]{0,2}>?|"[a;<\\]{0,2}"?|a|=|)[ ]?){0,2}){0,3}"#;

    proptest! {
        /// SIP-11
        #[test]
        fn one_pass_reads_what_the_grammar_says(text in SCRAPS) {
            let params = Params(text.as_bytes());
            let (mut read, mut written) = (vec![], vec![]);
            let ok = params.each(|Param { name, value, written: whole }| {
                read.push((name, super::unquote(value)));
                written.push(whole);
            });
            prop_assert_eq!(ok, is_well_formed_slowly(params));
            if ok {
                prop_assert_eq!(read, params.iter().collect::<Vec<_>>());
                prop_assert_eq!(written, params.written().collect::<Vec<_>>());
            }
        }
    }

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
