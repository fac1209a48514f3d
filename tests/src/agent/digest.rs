//! Digest as a phone computes it (RFC 7616, RFC 8760), from a 401 to an `Authorization` value.

use md5::{Digest, Md5};
use sha2::Sha256;

use super::Text;

/// Which of the offered algorithms the phone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    #[default]
    Md5,
    Sha256,
}

/// One challenge, with the count of its use.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    pub algorithm: Algorithm,
    pub stale: bool,
    /// How often the nonce was used.
    pub count: u32,
}

impl Challenge {
    /// The challenge of a 401 for that algorithm.
    pub fn of(response: &Text, algorithm: Algorithm) -> Option<Self> {
        let wanted = algorithm.token();
        let offered =
            |v: &str| field(v, "algorithm").unwrap_or_else(|| "MD5".into()).eq_ignore_ascii_case(wanted);
        let value = response.all("WWW-Authenticate").find(|v| offered(v))?;
        let (realm, nonce) = (field(value, "realm")?, field(value, "nonce")?);
        let stale = field(value, "stale").is_some_and(|s| s.eq_ignore_ascii_case("true"));
        Some(Self { realm, nonce, algorithm, stale, count: 0 })
    }
    /// The `Authorization` value of the next use.
    pub fn credentials(&mut self, method: &str, uri: &str, user: &str, password: &str) -> String {
        self.count += 1;
        let hash = |text: String| self.algorithm.hash(&text);
        let (realm, nonce, cnonce) = (&self.realm, &self.nonce, "0a4f113b");
        let nc = format!("{:08x}", self.count);
        let ha1 = hash(format!("{user}:{realm}:{password}"));
        let ha2 = hash(format!("{method}:{uri}"));
        let response = hash(format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
        let algorithm = self.algorithm.token();
        format!(
            "Digest username=\"{user}\",realm=\"{realm}\",nonce=\"{nonce}\",uri=\"{uri}\",response=\"{response}\",\
             algorithm={algorithm},qop=auth,nc={nc},cnonce=\"{cnonce}\""
        )
    }
}

impl Algorithm {
    fn token(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

fn field(value: &str, name: &str) -> Option<String> {
    let body = value.trim().strip_prefix("Digest")?;
    body.split(',').find_map(|p| {
        let (n, v) = p.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim().trim_matches('"').to_owned())
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-02
    #[test]
    fn a_challenge_with_both_algorithms_gives_the_one_asked_for() {
        let bytes = b"SIP/2.0 401 Unauthorized\r\n\
            WWW-Authenticate: Digest realm=\"a\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n\
            WWW-Authenticate: Digest realm=\"a\", nonce=\"n2\", algorithm=MD5, qop=\"auth\", stale=true\r\n\r\n";
        let text = Text::read(bytes).unwrap();
        assert_eq!(Challenge::of(&text, Algorithm::Sha256).unwrap().nonce, "n1");
        let md5 = Challenge::of(&text, Algorithm::Md5).unwrap();
        assert!(md5.stale && md5.nonce == "n2");
    }
}
