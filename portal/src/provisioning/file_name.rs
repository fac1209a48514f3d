//! The name of a file that a phone asks for: the hardware address in it, and what is left.

/// A name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName {
    /// Twelve lower-case digits, if it holds any.
    pub mac: Option<String>,
    /// The name in lower case with `{mac}` instead of them: `cfg{mac}.xml`.
    pub pattern: String,
}

impl FileName {
    /// Reads any name.
    pub(super) fn read(name: &str) -> Self {
        let lower: String = name.chars().take(LONGEST).collect::<String>().to_ascii_lowercase();
        let is_digit = |at: usize| lower.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
        // `cfg` ends in a digit of sixteen: the twelve are those behind it.
        let starts = (0..lower.len()).rev().filter(|&at| lower.is_char_boundary(at));
        let found = starts
            .into_iter()
            .find(|&at| (0..DIGITS).all(|digit| is_digit(at + digit)) && !is_digit(at + DIGITS));
        match found {
            Some(at) => Self {
                mac: Some(lower[at..at + DIGITS].to_owned()),
                pattern: format!("{}{{mac}}{}", &lower[..at], &lower[at + DIGITS..]),
            },
            None => Self { mac: None, pattern: lower },
        }
    }
}

const DIGITS: usize = 12;
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// DEV-16: the names that the makers' phones ask for.
    #[test]
    fn the_address_is_found_in_every_makers_names() {
        for (name, pattern) in [
            ("805ec01a7f22.cfg", "{mac}.cfg"),
            ("cfgc074ad0b63ee.xml", "cfg{mac}.xml"),
            ("snomD735-000413A12B3C.htm", "snomd735-{mac}.htm"),
            ("0004f2abcdef-directory.xml", "{mac}-directory.xml"),
            ("y000000000096.cfg", "y{mac}.cfg"),
            ("book.xml", "book.xml"),
        ] {
            assert_eq!(FileName::read(name).pattern, pattern, "{name}");
        }
        assert_eq!(FileName::read("snomD735-000413A12B3C.htm").mac.as_deref(), Some("000413a12b3c"));
        assert_eq!(FileName::read("cfgc074ad0b63ee.xml").mac.as_deref(), Some("c074ad0b63ee"));
        assert_eq!(FileName::read("book.xml").mac, None);
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in ".{0,200}") {
            let read = FileName::read(&name);
            prop_assert!(read.mac.is_none_or(|mac| mac.len() == DIGITS));
        }
    }
}
