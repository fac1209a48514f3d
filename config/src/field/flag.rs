//! Yes or no. An HTML form sends nothing for an empty check box, so blank is no.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    match given.to_ascii_lowercase().as_str() {
        "1" | "on" | "true" | "yes" => Ok("1".into()),
        "" | "0" | "off" | "false" | "no" => Ok("0".into()),
        _ => Err("Yes or no.".into()),
    }
}

pub(super) fn show(stored: &str) -> String {
    if stored == "1" { "Yes" } else { "No" }.into()
}
