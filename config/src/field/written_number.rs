//! A number as somebody wrote it down, from an address book or by hand: kept as it is, for whoever reads it again. Calls
//! compare it by its digits, see [`crate::snapshot::Number`]. DIR-05.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let written = given.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_written = |c: char| c.is_ascii_digit() || "+*#()/-., ;epwxt".contains(c.to_ascii_lowercase());
    if written.chars().count() > MOST || !written.chars().all(is_written) {
        return Err("A number: digits, +, *, # and what stands between them.".into());
    }
    if !written.bytes().any(|b| b.is_ascii_digit()) {
        return Err("A number has digits.".into());
    }
    Ok(written)
}

/// Room for an extension behind the number: `+49 (0) 30 1234567 ext. 89`.
const MOST: usize = 40;
