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

/// One that another system chose: any characters, any length.
pub(super) fn normalise_any(given: &str) -> Result<String, String> {
    if given.chars().any(char::is_control) || given.len() > MAX_LENGTH {
        return Err(format!("At most {MAX_LENGTH} characters, on one line."));
    }
    Ok(given.to_owned())
}

/// A shorter one is found by trying over SIP.
const MIN_LENGTH: usize = 10;
const MAX_LENGTH: usize = 128;
