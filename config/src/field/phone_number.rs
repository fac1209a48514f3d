//! An extension or an outside number; what people write between the digits is dropped. RNG-11.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let number: String =
        given.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '/' | '.')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if (2..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#'))
    {
        Ok(number)
    } else {
        Err("An extension, or an outside number with area code such as +49 30 123456.".into())
    }
}

/// ITU-T E.164 has 15; prefixes and codes need room.
const MAX_DIGITS: usize = 32;
