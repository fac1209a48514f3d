//! Secrets at rest: sealed under the key file, bound to their place, so that neither a stolen database file nor a value
//! copied to another row reveals or grants anything.
//!
//! A sealed value is `v1:` and the hexadecimal of nonce and ciphertext (XChaCha20-Poly1305, whose nonce is long enough to
//! be random). For hand-editing, `plain:` and the password is taken too; it is sealed as soon as it is noticed.

use chacha20poly1305::{
    AeadInPlace, Key, KeyInit, Tag, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};

/// The key of one database.
#[derive(Clone)]
pub struct Cipher(XChaCha20Poly1305);

/// The column and row that a value is for.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Place {
    pub table: &'static str,
    pub field: &'static str,
    pub row: i64,
}

impl Cipher {
    /// Under a key of 32 random bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(Key::from_slice(key)))
    }

    /// The text to store.
    pub fn seal(&self, place: Place, secret: &str) -> String {
        let nonce: [u8; NONCE] = random();
        let associated = place.to_string();
        let payload = Payload { msg: secret.as_bytes(), aad: associated.as_bytes() };
        let sealed = self
            .0
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("encryption fails only beyond 256 GiB");
        format!("{SEALED}{}{}", hex(&nonce), hex(&sealed))
    }

    /// The secret of a stored text; `None` if it was sealed under another key or for another place, or is damaged.
    pub fn open(&self, place: Place, stored: &str) -> Option<String> {
        if let Some(plain) = stored.strip_prefix(PLAIN) {
            return Some(plain.to_owned()).filter(|plain| !plain.is_empty());
        }
        let mut bytes = unhex(stored.strip_prefix(SEALED)?)?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE)?;
        let (secret, tag) = sealed.split_at_mut_checked(sealed.len().checked_sub(TAG)?)?;
        let associated = place.to_string();
        let (nonce, tag) = (XNonce::from_slice(nonce), Tag::from_slice(tag));
        self.0.decrypt_in_place_detached(nonce, associated.as_bytes(), secret, tag).ok()?;
        std::str::from_utf8(secret).ok().map(str::to_owned)
    }

    /// A secret of 128 bits that follows from the key and a purpose, hexadecimal; nobody without the key can tell it. The
    /// purpose makes the nonce, so that no two purposes share one; what is taken is the key stream itself.
    pub fn derive(&self, purpose: &str) -> String {
        let digest: [u8; 32] = Sha256::digest(format!("dialtone secret for {purpose}")).into();
        let mut stream = [0; 16];
        self.0
            .encrypt_in_place_detached(XNonce::from_slice(&digest[..NONCE]), b"", &mut stream)
            .expect("encryption fails only beyond 256 GiB");
        hex(&stream)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}#{}", self.table, self.field, self.row)
    }
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(…)")
    }
}

/// A password for a machine: 24 characters of 56 that nobody confuses on paper, 139 bits.
pub fn generate() -> String {
    let mut password = String::with_capacity(PASSWORD_LENGTH);
    while password.len() < PASSWORD_LENGTH {
        for byte in random::<64>() {
            // Bytes beyond the last whole round of the alphabet would make its first letters likelier.
            if usize::from(byte) < 256 - 256 % ALPHABET.len() && password.len() < PASSWORD_LENGTH {
                password.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
    }
    password
}

/// A token for a link or a cookie: 32 random bytes, hexadecimal.
pub fn token() -> String {
    hex(&random::<32>())
}

/// Bytes of the operating system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("Linux has random bytes from early boot on");
    bytes
}

/// Lower case.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// The reverse; `None` if it is not hexadecimal.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut wrong = 0;
    for pair in text.as_bytes().chunks_exact(2) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        wrong |= high | low;
        bytes.push(high << 4 | low & 15);
    }
    (wrong & NO_DIGIT == 0).then_some(bytes)
}

/// The value of each byte as a hexadecimal digit.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        digits[digit as usize] = value as u8;
        digits[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    digits
};
const NO_DIGIT: u8 = 0x80;
/// What a password written by hand begins with.
pub const PLAIN: &str = "plain:";
const SEALED: &str = "v1:";
const NONCE: usize = 24;
const TAG: usize = 16;
const PASSWORD_LENGTH: usize = 24;
/// Without 0 O o, 1 I l.
const ALPHABET: &[u8] = b"23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { table: "devices", field: "secret", row: 7 };

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let cipher = Cipher::new(&[1; 32]);
        let sealed = cipher.seal(PLACE, "Geheim-12345");
        assert!(!sealed.contains("Geheim"));
        assert_ne!(sealed, cipher.seal(PLACE, "Geheim-12345"), "nonces differ");
        assert_eq!(cipher.open(PLACE, &sealed).as_deref(), Some("Geheim-12345"));
        assert_eq!(cipher.open(Place { row: 8, ..PLACE }, &sealed), None);
        assert_eq!(Cipher::new(&[2; 32]).open(PLACE, &sealed), None);
    }

    #[test]
    fn damaged_text_opens_nothing() {
        let cipher = Cipher::new(&[1; 32]);
        let sealed = cipher.seal(PLACE, "Geheim-12345");
        for damaged in ["", "v1:", "v1:zz", "v1:é0", "plain:", "Geheim", &sealed[..sealed.len() - 2]] {
            assert_eq!(cipher.open(PLACE, damaged), None, "{damaged}");
        }
    }

    #[test]
    fn hexadecimal_is_read_in_both_cases_and_nothing_else_is() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&all)), Some(all.clone()));
        assert_eq!(unhex(&hex(&all).to_uppercase()), Some(all));
        for wrong in ["0", "0g", "g0", "@0", "0`", " 0", "\u{e9}"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn generated_passwords_are_long_unlike_and_unambiguous() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.len(), 24);
        assert_ne!(one, other);
        assert!(!one.contains(['0', 'O', 'o', '1', 'I', 'l']));
    }
}
