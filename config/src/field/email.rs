//! An e-mail address: only what is certainly wrong is refused, the rest shows when mail is sent.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let address = given.to_lowercase();
    let wrong = || Err("An e-mail address such as anna@example.com.".into());
    let Some((local, domain)) = address.rsplit_once('@') else { return wrong() };
    let plausible = !local.is_empty()
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && address.len() <= MAX_LENGTH
        && !address
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>'));
    if plausible { Ok(address) } else { wrong() }
}

/// RFC 5321 §4.5.3.1.3: a path has 256, two of them brackets.
const MAX_LENGTH: usize = 254;
