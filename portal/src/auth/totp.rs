//! Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 s, one step of skew), and how the app gets the secret.
//! AUTH-22.

use totp_rs::{Builder, Secret, Totp};

use crate::text::encode;

/// The time step whose code this is, at `now` [s]; `None` if it is none. The caller takes each step once.
pub(crate) fn step_of(secret: &[u8], code: &str, now: i64) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let is_code = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    let step = totp(secret).filter(|_| is_code)?.check(&digits, u64::try_from(now).ok()?)?;
    i64::try_from(step).ok()
}

/// What the app scans: `otpauth://totp/…`.
pub(crate) fn address(secret: &[u8], company: &str, login: &str) -> String {
    format!(
        "otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits=6&period=30",
        encode(company),
        encode(login),
        base32(secret),
        encode(company)
    )
}

/// The secret for who types it in.
pub(crate) fn base32(secret: &[u8]) -> String {
    Secret::from(secret.to_vec()).to_base32()
}

/// The address as a QR code: the path of an SVG whose side is the second value, each dark module a unit square.
pub(crate) fn picture(address: &str) -> Option<(String, i32)> {
    let code = qrcodegen::QrCode::encode_text(address, qrcodegen::QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
            }
        }
    }
    Some((path, code.size() + 2 * QUIET))
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(secret.to_vec()).build().ok()
}

/// Light modules around the code (ISO 18004 §6.3.8).
const QUIET: i32 = 4;

#[cfg(test)]
pub(crate) fn code_at(secret: &[u8], now: u64) -> String {
    totp(secret).expect("a secret of 20 bytes").generate(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (now, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code_at(secret, now), code);
            assert_eq!(step_of(secret, code, now as i64), Some(now as i64 / 30));
        }
        assert_eq!(step_of(secret, "287 082", 59 + 30), Some(1), "one step late");
        assert_eq!(step_of(secret, "287082", 59 + 61), None, "two steps late");
        for wrong in ["287083", "28708", "", "abcdef", "2870820"] {
            assert_eq!(step_of(secret, wrong, 59), None, "{wrong}");
        }
        assert_eq!(step_of(b"short", "287082", 59), None);
    }

    #[test]
    fn the_app_gets_company_login_and_secret() {
        let address = address(b"12345678901234567890", "A & B", "anna@example.com");
        assert!(address.starts_with("otpauth://totp/A%20%26%20B:anna%40example.com?secret=GEZDGNBVGY3TQOJQ"));
        let (path, side) = picture(&address).expect("short enough");
        assert!(path.starts_with("M4 4h1") && side > 30, "the corner is dark");
    }
}
