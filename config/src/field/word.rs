//! A name for machines: lower case, no spaces, so that it is the same in a SIP URI, a file name and a log line.

pub(super) fn normalise(given: &str, max: usize) -> Result<String, String> {
    let word = given.to_lowercase();
    if let Some(other) =
        word.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '@' | '+' | '-'))
    {
        return Err(format!("`{other}` is not possible here: use letters, digits and . _ -"));
    }
    if word.len() > max {
        return Err(format!("At most {max} characters."));
    }
    Ok(word)
}
