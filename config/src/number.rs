//! Numbers as they are compared: people write one and the same in many ways. DIR-34.

/// A number reduced to what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    /// Without prefixes: `49301234567` of `+49 (0)30 1234567`, `301234567` of `030 / 1234567`.
    digits: Box<str>,
    /// Whether the country is among the digits.
    whole: bool,
}

impl Number {
    /// What is written there; `None` if it has no digits. An extension that is named behind it (`ext. 12`) is left out.
    pub fn of(written: &str) -> Option<Self> {
        let mut digits = String::with_capacity(16);
        let mut plus = false;
        // Who writes the country and the trunk prefix means one of them: +49 (0)30.
        let without = if written.contains("(0)") && is_whole(written) {
            std::borrow::Cow::Owned(written.replacen("(0)", "", 1))
        } else {
            std::borrow::Cow::Borrowed(written)
        };
        for c in without.chars() {
            match c {
                '+' if digits.is_empty() => plus = true,
                '0'..='9' | '*' | '#' => digits.push(c),
                'a'..='z' | 'A'..='Z' | ',' | ';' if !digits.is_empty() => break,
                _ => {}
            }
            if digits.len() >= MOST {
                break;
            }
        }
        let whole = plus || digits.starts_with("00");
        let bare = digits.trim_start_matches('0');
        // 0 alone, and 00, are numbers too.
        let bare = if bare.is_empty() { digits.as_str() } else { bare };
        (!bare.is_empty()).then(|| Self { digits: bare.into(), whole })
    }

    /// Equal numbers have equal keys; those of unlike ones differ mostly.
    pub fn key(&self) -> &str {
        let at = self.digits.len().saturating_sub(TOLD_APART);
        // Digits, * and #: each is one byte.
        &self.digits[at..]
    }

    /// Whether both are one number: the same digits; or one of them leaves out its country or area, and has so many digits
    /// that they tell it apart.
    pub fn is(&self, other: &Self) -> bool {
        let (long, short) =
            if self.digits.len() >= other.digits.len() { (self, other) } else { (other, self) };
        if long.digits.len() == short.digits.len() {
            return long.digits == short.digits
                && (long.whole == short.whole || long.digits.len() >= TOLD_APART);
        }
        !short.whole && short.digits.len() >= TOLD_APART && long.digits.ends_with(&*short.digits)
    }
}

fn is_whole(written: &str) -> bool {
    let start = written.trim_start_matches([' ', '(']);
    start.starts_with('+') || start.starts_with("00")
}

/// Digits that tell a number apart without its area.
const TOLD_APART: usize = 7;
/// ITU-T E.164 has 15; prefixes need room.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let (one, other) = (Number::of(one).unwrap(), Number::of(other).unwrap());
        assert_eq!(one.is(&other), other.is(&one));
        assert!(!one.is(&other) || one.key() == other.key());
        one.is(&other)
    }

    /// DIR-34
    #[test]
    fn one_number_written_in_many_ways_is_one() {
        for written in [
            "+49 30 1234567",
            "0049 30 1234567",
            "+49 (0)30 1234567",
            "030 / 123 45-67",
            "(030) 1234567",
            "1234567",
        ] {
            assert!(same(written, "+49301234567"), "{written}");
        }
        for written in
            ["(208) 555-0100", "+1 208 555 0100", "1-208-555-0100", "2085550100 ext. 7", "208.555.0100x7"]
        {
            assert!(same(written, "+12085550100"), "{written}");
        }
        assert!(same("*97", "*97") && same("101", "101") && same("0", "0"));
    }

    /// DIR-34
    #[test]
    fn unlike_numbers_are_not_one() {
        for (one, other) in [
            ("+49301234567", "+43301234567"),
            ("+49301234567", "0401234567"),
            ("101", "+49301234101"),
            ("234567", "+49301234567"),
            ("101", "+101"),
            ("+1234567", "+491234567"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        assert_eq!((Number::of(""), Number::of("anonymous"), Number::of("+ -")), (None, None, None));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_and_is_itself(written in ".{0,60}") {
            if let Some(number) = Number::of(&written) {
                prop_assert!(number.is(&number) && !number.key().is_empty());
            }
        }

        #[test]
        fn what_stands_between_the_digits_makes_no_difference(digits in "[1-9][0-9]{6,14}", at in 1usize..6) {
            let spaced = format!("+{} / {}", &digits[..at], &digits[at..]);
            let joined = format!("00{digits}");
            prop_assert!(same(&spaced, &joined));
        }
    }
}
