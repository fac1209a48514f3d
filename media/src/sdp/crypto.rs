//! `a=crypto`: the keys of SRTP in a description (RFC 4568), and which lines may be used for whose sake. MED-03.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::srtp::{Key, Keying, Suite};

/// Whether a line is to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Never: keys are not looked at, lines that need them are not used.
    #[default]
    Off,
    /// Where both can; plain otherwise.
    Optional,
    /// Always; plain lines are not used.
    Required,
}

/// One `a=crypto` that we can use, or print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// Its number among those of the line.
    pub tag: u32,
    /// What its writer sends with.
    pub keying: Keying,
}

impl Crypto {
    /// Reads the value behind `crypto:`. `None` for what is malformed, and for what we do not support: other ciphers, several
    /// keys, and parameters other than a hint for the window (RFC 4568 §6.3: unknown ones make it unusable).
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= LONGEST_TAG)?.parse().ok()?;
        let suite = Suite::by_name(words.next()?)?;
        let (key, mki) = inline(words.next()?, suite)?;
        let is_known = |parameter: &str| parameter.starts_with("WSH=");
        words.all(is_known).then_some(Self { tag, keying: Keying { suite, key, mki } })
    }
}

/// As a description says it, keys and all: never for a log.
impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keying { suite, key, .. } = &self.keying;
        let mut text = [0; LONGEST_KEY];
        let len = STANDARD.encode_slice(&key.0[..suite.master_len()], &mut text).map_err(|_| fmt::Error)?;
        let text = std::str::from_utf8(&text[..len]).map_err(|_| fmt::Error)?;
        write!(f, "{} {} inline:{text}", self.tag, suite.name())
    }
}

/// `inline:<key and salt>|2^20|1:4`: lifetime and the key's name may be missing. The lifetime is not kept count of: at voice's
/// pace it is not reached.
fn inline(value: &str, suite: Suite) -> Option<(Key, u8)> {
    let value = value.strip_prefix("inline:")?;
    let mut parts = value.split('|');
    let mut key = [0; Key::MOST];
    // The decoder wants room for whole groups.
    let mut decoded = [0; LONGEST_KEY];
    let len = STANDARD.decode_slice(parts.next()?, &mut decoded).ok()?;
    if len != suite.master_len() {
        return None;
    }
    key[..len].copy_from_slice(&decoded[..len]);
    let mut mki = 0;
    for part in parts {
        match part.split_once(':') {
            Some((_, len)) => mki = len.parse().ok().filter(|len| (1..=MOST_MKI).contains(len))?,
            None => lifetime(part)?,
        }
    }
    Some((Key::new(key), mki))
}

fn lifetime(text: &str) -> Option<()> {
    let digits = text.strip_prefix("2^").unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())
}

/// RFC 4568 §9.1: nine digits.
const LONGEST_TAG: usize = 9;
/// RFC 4568 §9.2. [bytes]
const MOST_MKI: u8 = 128;
/// Of the longest key and salt in base64, padded. [bytes]
const LONGEST_KEY: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4568 §6.1 and §9.2
    const EXAMPLE: &str =
        "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4";

    /// RFC 4568: the examples, and what is left out of them.
    #[test]
    fn keys_are_read_with_lifetime_and_name() {
        let crypto = Crypto::parse(EXAMPLE).unwrap();
        assert_eq!((crypto.tag, crypto.keying.suite, crypto.keying.mki), (1, Suite::Aes128Sha80, 4));
        assert_eq!(&crypto.keying.key.0[..30], b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#");
        let plain = EXAMPLE.split('|').next().unwrap();
        assert_eq!(Crypto::parse(plain).unwrap().keying.mki, 0);
        assert_eq!(Crypto::parse(plain).unwrap().to_string(), plain);
        assert!(Crypto::parse(&format!("{plain}|2^20 WSH=64")).is_some());
    }

    /// RFC 4568 §6.3, §9.1
    #[test]
    fn what_we_cannot_do_is_not_used() {
        let plain = EXAMPLE.split('|').next().unwrap();
        for unusable in [
            plain.replace("_80 ", "_81 "),
            plain.replace("inline:", "inline:AAAA"),
            plain.replace("inline:d0", "inline:!!"),
            plain.replace("inline:", "outline:"),
            plain.replace("1 AES", "1234567890 AES"),
            plain.replace("1 AES", "x AES"),
            format!("{plain} UNENCRYPTED_SRTP"),
            format!("{plain} KDR=1"),
            format!("{plain}|1:200"),
            format!("{plain}|2^"),
            plain[..plain.len() - 4].to_owned(),
            format!("{plain};inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"),
            String::new(),
        ] {
            assert_eq!(Crypto::parse(&unusable), None, "{unusable}");
        }
    }

    proptest! {
        /// MED-03
        #[test]
        fn whatever_is_printed_is_read_again(
            tag in 0u32..999_999_999,
            which in 0..Suite::ALL.len(),
            bytes in prop::array::uniform32(any::<u8>()),
        ) {
            let suite = Suite::ALL[which];
            let mut key = [0; Key::MOST];
            key[..32].copy_from_slice(&bytes);
            key[suite.master_len()..].fill(0);
            let crypto = Crypto { tag, keying: Keying { suite, key: Key::new(key), mki: 0 } };
            prop_assert_eq!(Crypto::parse(&crypto.to_string()), Some(crypto));
        }

        /// MED-03
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", tail in "[ -~]{0,80}") {
            let _ = Crypto::parse(&text);
            let _ = Crypto::parse(&format!("1 AES_256_CM_HMAC_SHA1_80 inline:{tail}"));
        }
    }
}
