//! What digest authentication compares, instead of the password itself. RFC 7616 §3.4.2.

use md5::Md5;
use sha2::{Digest, Sha256};

/// `H(username:realm:secret)`, in memory only.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Ha1 {
    pub md5: [u8; 16],
    pub sha256: [u8; 32],
}

impl Ha1 {
    /// Of both algorithms.
    pub fn new(username: &str, realm: &str, secret: &str) -> Self {
        let parts = [username, ":", realm, ":", secret];
        let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
        for part in parts {
            md5.update(part);
            sha256.update(part);
        }
        Self { md5: md5.finalize().into(), sha256: sha256.finalize().into() }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// RFC 2617 §3.5 and RFC 7616 §3.9.1 have the same user, realm and password up to case.
    #[test]
    fn agrees_with_the_example_of_rfc_2617() {
        let ha1 = Ha1::new("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(hex(&ha1.md5), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(
            hex(&Ha1::new("Mufasa", "http-auth@example.org", "Circle of Life").sha256),
            "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"
        );
    }
}
