//! A colour, `#1f6feb`.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let hex = given.strip_prefix('#').unwrap_or(given).to_ascii_lowercase();
    let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
    match hex.len() {
        6 if is_hex => Ok(format!("#{hex}")),
        3 if is_hex => Ok(hex.chars().fold("#".to_owned(), |text, c| format!("{text}{c}{c}"))),
        _ => Err("A colour such as #1f6feb.".into()),
    }
}
