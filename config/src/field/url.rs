//! An address of a page: `https://example.com/help`. Other schemes than http and https could run script.

pub(super) fn normalise(given: &str) -> Result<String, String> {
    let wrong = || "An address such as https://example.com/help.".to_owned();
    let (scheme, rest) = match given.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None if given.contains(':') && !given.contains('/') => return Err(wrong()),
        None => ("https".to_owned(), given),
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let is_host = !host.is_empty()
        && !host.contains('@')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
        && host.bytes().any(|b| b.is_ascii_alphanumeric());
    let is_path =
        path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`'));
    let address = format!("{scheme}://{}{path}", host.to_ascii_lowercase());
    let is_web = matches!(scheme.as_str(), "http" | "https");
    if is_web && is_host && is_path && address.len() <= MAX_LENGTH { Ok(address) } else { Err(wrong()) }
}

/// As much as any browser takes.
const MAX_LENGTH: usize = 2000;
