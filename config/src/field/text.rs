//! A line of text.

pub(super) fn normalise(given: &str, max: usize) -> Result<String, String> {
    if given.chars().any(char::is_control) {
        return Err("Line breaks and control characters are not possible here.".into());
    }
    if given.chars().count() > max {
        return Err(format!("At most {max} characters."));
    }
    Ok(given.to_owned())
}
