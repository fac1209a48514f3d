//! CSeq (RFC 3261 §20.16).

use std::fmt;

use crate::wire::text;

/// `4711 INVITE`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Less than 2³¹ (§8.1.1.5).
    pub number: u32,
    /// The method's token.
    pub method: &'a [u8],
}

impl<'a> CSeq<'a> {
    /// Reads a value. `None` unless it is a number below 2³¹, a blank and a token.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = text::trim(value);
        let digits_end = value.iter().position(|b| text::is_blank(*b))?;
        let number = text::decimal(&value[..digits_end]).filter(|n| *n < 1 << 31)?;
        let method = text::trim_start(&value[digits_end..]);
        text::is_token(method).then_some(Self { number, method })
    }
}

impl fmt::Display for CSeq<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, text::token_text(self.method))
    }
}

#[cfg(test)]
mod tests {
    use super::CSeq;

    fn read(value: &str) -> Option<CSeq<'_>> {
        CSeq::parse(value.as_bytes())
    }

    /// RFC 3261 §20.16, RFC 4475 §3.1.1.1
    #[test]
    fn examples_are_read_and_printed() {
        assert_eq!(read("4711 INVITE"), Some(CSeq { number: 4711, method: b"INVITE" }));
        assert_eq!(read("0009   INVITE").unwrap().to_string(), "9 INVITE");
        assert_eq!(read("0 !interesting-Method0123456789_*+`.%indeed'~").unwrap().number, 0);
    }

    /// RFC 3261 §8.1.1.5, RFC 4475 §3.1.2.4
    #[test]
    fn numbers_from_two_to_the_31st_are_refused() {
        assert_eq!(read("2147483647 ACK").unwrap().number, 2_147_483_647);
        for value in [
            "2147483648 ACK",
            "36893488147419103232 REGISTER",
            "-1 ACK",
            "1",
            "1 ",
            "ACK",
            "1ACK",
            "1 A CK",
            "",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
