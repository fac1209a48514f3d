//! Passwords and codes that are made for people. What a password that somebody chooses must be is the portal's.

use crate::secret::{generate, hex, random};

/// A temporary password, to be read out on the telephone: four groups of four, none of whose letters is taken for another. It
/// satisfies AUTH-07…12.
pub fn temporary() -> String {
    loop {
        let letters = generate();
        let groups: Vec<&str> = (0..4).map(|group| &letters[4 * group..4 * group + 4]).collect();
        let has = |is: fn(char) -> bool| letters[..16].chars().any(is);
        if has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_digit()) {
            return groups.join("-");
        }
    }
}

/// Ten codes that open an account once each, when the authenticator app is lost. 48 bits a code. AUTH-22.
pub fn recovery_codes() -> Vec<String> {
    let code = || {
        let digits = hex(&random::<6>());
        format!("{}-{}", &digits[..6], &digits[6..])
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

const RECOVERY_CODES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-07…12, AUTH-18
    #[test]
    fn temporary_passwords_satisfy_the_rules() {
        for _ in 0..200 {
            let password = temporary();
            assert_eq!(password.len(), 19, "{password}");
            let has = |is: fn(char) -> bool| password.chars().any(is);
            assert!(has(char::is_uppercase) && has(char::is_lowercase) && has(|c| c.is_ascii_digit()));
            assert!(password.contains('-') && !password.contains(['\'', '"', '?', '#', '+']));
        }
        assert_ne!(temporary(), temporary());
    }

    /// AUTH-22
    #[test]
    fn there_are_ten_recovery_codes_all_unlike() {
        let mut codes = recovery_codes();
        assert!(codes.iter().all(|code| code.len() == 13));
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 10);
    }
}
