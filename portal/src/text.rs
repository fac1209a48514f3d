//! How moments, durations and names look, and text in addresses.

use chrono::{DateTime, Utc};

/// A moment and how it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    moment: DateTime<Utc>,
    /// `time` for the time of day only, `full` with the day when it is not today.
    pub form: &'static str,
}

impl At {
    /// Unix milliseconds.
    pub fn full(ms: impl std::borrow::Borrow<i64>) -> Self {
        Self { moment: DateTime::from_timestamp_millis(*ms.borrow()).unwrap_or_default(), form: "full" }
    }
    /// For the `datetime` attribute.
    pub fn iso(&self) -> String {
        self.moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
    /// For people without script.
    pub fn plain(&self) -> String {
        self.moment.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }
}

/// `2:05`, `1:02:05` from milliseconds.
pub(crate) fn clock(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// `24.310`, `2:38.536` from milliseconds since the call began.
pub(crate) fn offset(ms: i64) -> String {
    let (s, rest) = (ms.max(0) / 1000, ms.max(0) % 1000);
    if s >= 60 { format!("{}:{:02}.{rest:03}", s / 60, s % 60) } else { format!("{s}.{rest:03}") }
}

/// Up to two letters that stand for a person.
pub(crate) fn initials(name: impl AsRef<str>) -> String {
    let mut words = name
        .as_ref()
        .split(|c: char| c.is_whitespace() || c == '.' || c == '@')
        .filter_map(|w| w.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next()).flat_map(char::to_uppercase).collect()
}

/// A steady colour for a name, in degrees.
pub(crate) fn hue(name: impl AsRef<str>) -> u32 {
    name.as_ref().bytes().fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))) % 360
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}

/// Undoes [`encode`]; what is not valid becomes the replacement character.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair =
            (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|two| std::str::from_utf8(two).ok());
        match pair.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_decoding_are_each_others_inverse() {
        for text in ["", "a b", "ä/&?=%+#\"'<>", "100 %", "日本"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("a+b%2"), "a b%2");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(
            (clock(0), clock(125_000), clock(3_725_000)),
            ("0:00".into(), "2:05".into(), "1:02:05".into())
        );
        assert_eq!((offset(24_310), offset(158_536)), ("24.310".into(), "2:38.536".into()));
    }

    #[test]
    fn initials_take_two_words() {
        assert_eq!(initials("dana osei smith"), "DO");
        assert_eq!(initials("anna@example.com"), "AE");
        assert_eq!(initials(""), "");
    }
}
