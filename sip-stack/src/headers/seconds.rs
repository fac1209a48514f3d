//! Headers that are a number of seconds: Expires, Min-Expires, Retry-After (RFC 3261 §20.19, §20.23, §20.33).

use std::time::Duration;

use crate::wire::text;

/// Reads `delta-seconds`, `0..=2³²-1` s. Parameters and a comment behind the number, as in Retry-After, are passed over.
/// `None` if it is not a number or larger; a registrar answers that with 400 (RFC 4475 §3.1.2.4).
pub fn seconds(value: &[u8]) -> Option<Duration> {
    let value = text::trim(value);
    let end = value.iter().position(|b| !b.is_ascii_digit()).unwrap_or(value.len());
    let (number, rest) = value.split_at(end);
    matches!(text::trim_start(rest).first(), None | Some(b';' | b'('))
        .then(|| text::decimal(number))?
        .map(|seconds| Duration::from_secs(u64::from(seconds)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::seconds;

    /// RFC 3261 §20.19, §20.33
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert_eq!(seconds(b"5"), Some(Duration::from_secs(5)));
        assert_eq!(seconds(b"18000;duration=3600"), Some(Duration::from_secs(18_000)));
        assert_eq!(seconds(b"120 (I'm in a meeting)"), Some(Duration::from_secs(120)));
        assert_eq!(seconds(b"4294967295"), Some(Duration::from_secs(4_294_967_295)));
    }

    /// RFC 4475 §3.1.2.4
    #[test]
    fn what_is_no_number_is_refused() {
        for value in
            ["", "-1", "4294967296", "1000000000000000000000000000", "1s", "1 2", ";", "Thu, 01 Dec 1994"]
        {
            assert_eq!(seconds(value.as_bytes()), None, "{value}");
        }
    }
}
