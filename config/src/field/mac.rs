//! The hardware address of a phone: `80:5e:c0:1a:7f:22`, stored as its twelve digits.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let digits: String = given.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits.to_ascii_lowercase())
    } else {
        Err("Twelve digits from 0 to f such as 80:5e:c0:1a:7f:22.".into())
    }
}

pub(super) fn show(stored: &str) -> String {
    if stored.len() != 12 || !stored.is_ascii() {
        return stored.to_owned();
    }
    let pairs: Vec<&str> = (0..6).map(|at| &stored[at * 2..at * 2 + 2]).collect();
    pairs.join(":")
}
