//! Text of several lines, each ended by one line feed.

pub(super) fn normalise(given: &str, max: usize) -> Result<String, String> {
    let text = given.replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("Control characters are not possible here.".into());
    }
    if text.chars().count() > max {
        return Err(format!("At most {max} characters."));
    }
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}
