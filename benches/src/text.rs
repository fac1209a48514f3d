//! Just enough reading of SIP text for a generator: headers by name, parameters by name.

/// The value of the first header whose line begins with `name` (with the colon).
pub fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    headers(message, name).next()
}

/// The values of all headers whose line begins with `name` (with the colon).
pub fn headers<'a>(message: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let head = message.split("\r\n\r\n").next().unwrap_or("");
    head.split("\r\n").filter_map(move |line| line.strip_prefix(name)).map(str::trim)
}

/// What stands between `from` and `to`.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to).unwrap_or(rest.len())])
}

/// The status of a response; `None` for a request.
pub fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// The nonce of the MD5 challenge.
pub fn md5_nonce(message: &str) -> Option<String> {
    let of = |line: &&str| line.contains("algorithm=MD5") || !line.contains("algorithm");
    let challenge = headers(message, "WWW-Authenticate:").find(of)?;
    between(challenge, "nonce=\"", "\"").map(str::to_owned)
}

/// The URI of the Contact.
pub fn contact(message: &str) -> Option<&str> {
    between(header(message, "Contact:")?, "<", ">")
}
