//! Text into XML documents.

/// Writes text so that it is text: markup is escaped, what XML 1.0 §2.2 forbids is left out.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

/// `sip:number@domain` with what a user part may not hold escaped (RFC 3261 §25.1).
pub(crate) fn push_address(out: &mut String, number: &str, domain: &str) {
    out.push_str("sip:");
    for byte in number.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            push_escaped(out, char::from(byte).encode_utf8(&mut [0; 4]));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
            }
        }
    }
    out.push('@');
    push_escaped(out, domain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_cannot_become_markup() {
        let mut out = String::new();
        push_escaped(&mut out, "Anna <a&b> \"x\"\r\n\u{7}");
        assert_eq!(out, "Anna &lt;a&amp;b&gt; &quot;x&quot;");
        let mut out = String::new();
        push_address(&mut out, "*78#&", "a.example");
        assert_eq!(out, "sip:*78%23&amp;@a.example");
    }
}
