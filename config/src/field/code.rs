//! The keys of a feature code. FC-01…15.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let code: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    if (2..=LONGEST).contains(&code.len()) && code.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#')) {
        Ok(code)
    } else {
        Err(format!("2 to {LONGEST} of the keys 0 to 9, * and #, such as *72."))
    }
}

pub(super) const LONGEST: usize = 8;
