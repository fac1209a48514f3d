//! The client's side of digest authentication (RFC 7616), MD5 with qop=auth.

use md5::{Digest, Md5};

/// `MD5(username:realm:password)` in hex.
pub fn ha1(username: &str, realm: &str, password: &str) -> String {
    hex(&[username, ":", realm, ":", password])
}

/// The value of an Authorization header.
pub fn authorization(phone: (&str, &str), ha1: &str, request: (&str, &str), nonce: (&str, u32)) -> String {
    let ((username, realm), (method, uri), (nonce, count)) = (phone, request, nonce);
    let nc = format!("{count:08x}");
    let response = hex(&[ha1, ":", nonce, ":", &nc, ":bench:auth:", &hex(&[method, ":", uri])]);
    format!(
        "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5, \
         qop=auth, nc={nc}, cnonce=\"bench\", response=\"{response}\""
    )
}

fn hex(parts: &[&str]) -> String {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
