//! An internal number. EXT-05.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    if is_extension(given) { Ok(given.to_owned()) } else { Err("2 to 6 digits.".into()) }
}

fn is_extension(text: &str) -> bool {
    (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
