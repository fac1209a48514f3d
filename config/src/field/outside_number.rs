//! A number of the public network in full, ITU-T E.164: `+493012345`. What people write between the digits is dropped.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let number: String =
        given.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '/' | '.')).collect();
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_number = (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit());
    if is_number { Ok(number) } else { Err("A number with country code such as +49 30 123456.".into()) }
}

/// The shortest that are in use, with country code.
const MIN_DIGITS: usize = 6;
/// ITU-T E.164 §6.2.1.
const MAX_DIGITS: usize = 15;
