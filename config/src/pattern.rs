//! Patterns of dialled numbers: which of them an outbound route takes. SIP-40.
//!
//! ```text
//!   0 … 9 * #   themselves           X  0 to 9      [13-5]  one of these
//!   +           a number in full     N  2 to 9      .       one or more of anything, at the end
//!   9|…         9 is dialled first,  Z  1 to 9      !       any number of anything, at the end
//!               and not sent
//! ```
//!
//! A pattern with `+` is held against the number in full (`+49301234567`), one without against what was dialled.

use std::{fmt, str::FromStr};

/// Which numbers are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    /// Each character as the set of those it takes.
    places: Box<[Places]>,
    tail: Tail,
    /// Digits that choose the route and are not part of the number.
    access: usize,
    whole: bool,
}

/// A set of `0…9 * #`, a bit each.
type Places = u16;

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    Some,
    Any,
}

/// Why a text is no pattern, in words that say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPattern {
    /// Another character.
    #[error("{0} cannot stand in a pattern. Digits, * #, X Z N [1-3], and . or ! at the end can.")]
    Strange(char),
    /// A bracket without its other half, or nothing between them.
    #[error("A set is written in brackets: [1-3] or [15].")]
    Set,
    /// `.` or `!` before the end.
    #[error("{0} stands at the end.")]
    TailBeforeEnd(char),
    /// More than one `|`, or `+` before it, or nothing but digits before it.
    #[error("Before | stand the digits that are dialled first: 9|0X.")]
    Access,
    /// It says nothing, or too much.
    #[error("A pattern has 1 to 40 characters.")]
    Length,
}

impl Pattern {
    /// Whether it is held against the number in full.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The digits before the number proper.
    pub fn access(&self) -> usize {
        self.access
    }

    /// Whether a number is meant: what was dialled, or the number in full for a pattern with `+`.
    pub fn takes(&self, number: &str) -> bool {
        let digits = match (self.whole, number.strip_prefix('+')) {
            (true, Some(digits)) => digits.as_bytes(),
            (false, None) => number.as_bytes(),
            (true, None) | (false, Some(_)) => return false,
        };
        let rest = digits.len().checked_sub(self.places.len());
        let fits = match (self.tail, rest) {
            (_, None) => false,
            (Tail::Nothing, Some(rest)) => rest == 0,
            (Tail::Some, Some(rest)) => rest > 0,
            (Tail::Any, Some(_)) => true,
        };
        fits && self.places.iter().zip(digits).all(|(places, digit)| places & place_of(*digit) != 0)
    }
}

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        if text.is_empty() || text.chars().count() > MOST {
            return Err(NoPattern::Length);
        }
        let mut pattern =
            Self { text: text.into(), places: Box::default(), tail: Tail::Nothing, access: 0, whole: false };
        let mut places = Vec::new();
        let mut rest = text;
        if let Some(digits) = rest.strip_prefix('+') {
            (pattern.whole, rest) = (true, digits);
        }
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '.' | '!' if !rest.is_empty() => return Err(NoPattern::TailBeforeEnd(c)),
                '.' => pattern.tail = Tail::Some,
                '!' => pattern.tail = Tail::Any,
                '|' if pattern.whole || pattern.access > 0 || places.is_empty() => {
                    return Err(NoPattern::Access);
                }
                '|' => pattern.access = places.len(),
                '[' => {
                    let (set, after) = rest.split_once(']').ok_or(NoPattern::Set)?;
                    places.push(set_of(set)?);
                    rest = after;
                }
                'X' | 'x' => places.push(range(0, 9)),
                'Z' | 'z' => places.push(range(1, 9)),
                'N' | 'n' => places.push(range(2, 9)),
                c => places.push(
                    u8::try_from(c).map(place_of).ok().filter(|p| *p != 0).ok_or(NoPattern::Strange(c))?,
                ),
            }
        }
        if pattern.access > 0 && pattern.access == places.len() && pattern.tail == Tail::Nothing {
            return Err(NoPattern::Access);
        }
        pattern.places = places.into();
        Ok(pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `1-35`: 1 to 3, and 5.
fn set_of(text: &str) -> Result<Places, NoPattern> {
    let mut set = 0;
    let mut bytes = text.bytes().peekable();
    while let Some(first) = bytes.next() {
        let last = bytes.next_if_eq(&b'-').map_or(Some(first), |_| bytes.next());
        let last = last.filter(|last| *last >= first).ok_or(NoPattern::Set)?;
        for digit in first..=last {
            set |= Some(place_of(digit)).filter(|place| *place != 0).ok_or(NoPattern::Set)?;
        }
    }
    if set == 0 { Err(NoPattern::Set) } else { Ok(set) }
}

/// The digits from one to another.
fn range(first: u8, last: u8) -> Places {
    (first..=last).map(|digit| place_of(b'0' + digit)).sum()
}

/// The set of this character alone; empty for others.
fn place_of(c: u8) -> Places {
    match c {
        b'0'..=b'9' => 1 << (c - b'0'),
        b'*' => 1 << 10,
        b'#' => 1 << 11,
        _ => 0,
    }
}

/// Characters of a pattern.
const MOST: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(pattern: &str, number: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().takes(number)
    }

    /// SIP-40
    #[test]
    fn a_pattern_takes_the_numbers_it_describes() {
        for (pattern, number, taken) in [
            ("0.", "030123", true),
            ("0.", "0", false),
            ("0!", "0", true),
            ("0[1-35]X", "034", true),
            ("0[1-35]X", "044", false),
            ("0[1-35]X", "0344", false),
            ("NXXNXXXXXX", "2085550100", true),
            ("NXXNXXXXXX", "1085550100", false),
            ("Z.", "01", false),
            ("+49.", "+4930123", true),
            ("+49.", "4930123", false),
            ("49.", "+4930123", false),
            ("+!", "+1", true),
            ("9|.", "9030123", true),
            ("9|.", "8030123", false),
            ("118XX", "11833", true),
            ("*9.", "*91", true),
        ] {
            assert_eq!(takes(pattern, number), taken, "{pattern} {number}");
        }
        assert_eq!("9|0.".parse::<Pattern>().unwrap().access(), 1);
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (text, why) in [
            ("", NoPattern::Length),
            ("0.1", NoPattern::TailBeforeEnd('.')),
            ("0[12", NoPattern::Set),
            ("0[]", NoPattern::Set),
            ("0[3-1]", NoPattern::Set),
            ("0[a]", NoPattern::Set),
            ("0a", NoPattern::Strange('a')),
            ("0+", NoPattern::Strange('+')),
            ("|0", NoPattern::Access),
            ("9|", NoPattern::Access),
            ("1|2|3", NoPattern::Access),
            ("+4|9", NoPattern::Access),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(text in ".{0,50}", number in ".{0,20}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.to_string(), text);
                pattern.takes(&number);
            }
        }

        #[test]
        fn digits_mean_themselves(digits in "[0-9*#]{1,20}", other in "[0-9*#]{1,20}") {
            prop_assert!(takes(&digits, &digits));
            prop_assert_eq!(takes(&digits, &other), digits == other);
        }
    }
}
