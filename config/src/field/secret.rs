//! A password for a machine. What is stored is made by [`crate::secret`]; here is only what may be chosen.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    if !given.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("Letters, digits and signs without spaces.".into());
    }
    if !(MIN_LENGTH..=MAX_LENGTH).contains(&given.len()) {
        return Err(format!("{MIN_LENGTH} to {MAX_LENGTH} characters; leave it blank to have one made."));
    }
    Ok(given.to_owned())
}

/// One that another system chose: any characters, any length. A PEM file becomes one line.
pub(super) fn normalise_any(given: &str) -> Result<String, String> {
    if given.starts_with(PEM) && given.len() <= LONGEST_PEM {
        let lines = given.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(lines.collect::<Vec<_>>().join(" "));
    }
    if given.chars().any(char::is_control) || given.len() > MAX_LENGTH {
        return Err(format!("At most {MAX_LENGTH} characters, on one line."));
    }
    Ok(given.to_owned())
}

/// A shorter one is found by trying over SIP.
const MIN_LENGTH: usize = 10;
const MAX_LENGTH: usize = 128;
/// RFC 7468 §2.
const PEM: &str = "-----BEGIN ";
/// Longer than any key.
const LONGEST_PEM: usize = 8000;
