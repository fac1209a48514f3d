//! Passwords: the rules (AUTH-07…12) and the hashing (argon2id, on threads of its own).

use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// One rule, as the checklist beside the field shows it.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What the page's script calls it.
    pub key: &'static str,
    pub text: &'static str,
    holds: fn(&str) -> bool,
}

/// What every password must satisfy.
pub(crate) static RULES: [Rule; 6] = [
    Rule { key: "length", text: "At least 10 characters", holds: |p| p.chars().count() >= 10 },
    Rule { key: "upper", text: "An uppercase letter", holds: |p| p.chars().any(char::is_uppercase) },
    Rule { key: "lower", text: "A lowercase letter", holds: |p| p.chars().any(char::is_lowercase) },
    Rule { key: "digit", text: "A digit", holds: |p| p.chars().any(|c| c.is_ascii_digit()) },
    Rule {
        key: "special",
        text: "A special character such as ! @ $ % & *",
        holds: |p| p.chars().any(|c| !c.is_alphanumeric() && !c.is_whitespace() && !FORBIDDEN.contains(c)),
    },
    Rule { key: "forbidden", text: "None of ' \" ? # +", holds: |p| !p.contains(|c| FORBIDDEN.contains(c)) },
];

/// The rules that `password` breaks, as sentences; and the second typing must agree (AUTH-13).
pub(crate) fn broken(password: &str, again: &str) -> Vec<String> {
    let mut broken: Vec<_> = RULES
        .iter()
        .filter(|rule| !(rule.holds)(password))
        .map(|rule| format!("The password needs: {}.", lower_first(rule.text)))
        .collect();
    if password.chars().count() > MAX {
        broken.push(format!("The password may have at most {MAX} characters."));
    }
    if password != again {
        broken.push("The two passwords are not the same.".to_owned());
    }
    broken
}

/// The hash to store. Takes some 35 ms and 19 MiB.
///
/// # Errors
/// When the system has no randomness or memory.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

/// Whether `password` is the one behind `stored`. Takes the same time when there is none (AUTH-04).
pub(crate) fn matches(password: &str, stored: Option<&str>) -> bool {
    let against = stored.filter(|hash| !hash.is_empty()).unwrap_or(NOBODY);
    let fits = Argon2::default().verify_password(password.as_bytes(), against).is_ok();
    fits && stored.is_some_and(|hash| !hash.is_empty())
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

const FORBIDDEN: &str = "'\"?#+";
/// Longest password, so that hashing is bounded.
const MAX: usize = 128;
/// The hash of nobody's password, with the same cost as real ones.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$ZGlhbHRvbmUtbm9ib2R5$Vb3sjCVZtXLg3N1O4mKJ4gVRuRWTgHq2AAN1dzBQTFQ";

#[cfg(test)]
mod tests {
    use super::*;

    /// AUTH-07…12
    #[test]
    fn each_rule_refuses_what_it_says() {
        for (password, rule) in [
            ("Short1!aa", "10 characters"),
            ("lowercase1!", "uppercase"),
            ("UPPERCASE1!", "lowercase"),
            ("NoDigitsHere!", "digit"),
            ("NoSpecial123", "special"),
            ("Apostrophe1!'", "none of"),
            ("Quote1234!\"aA", "none of"),
            ("Question1!?", "none of"),
            ("Hashmark1!#", "none of"),
            ("PlusSign12!+", "none of"),
        ] {
            let broken = broken(password, password);
            assert_eq!(broken.len(), 1, "{password}: {broken:?}");
            assert!(broken[0].contains(rule), "{password}: {broken:?}");
        }
        assert!(broken("Coffee@Morning2024!", "Coffee@Morning2024!").is_empty());
        assert_eq!(broken("TenChars1!", "TenChars1!"), Vec::<String>::new());
    }

    /// AUTH-13
    #[test]
    fn two_different_typings_are_refused() {
        assert_eq!(broken("Coffee@Morning2024!", "Coffee@Morning2025!").len(), 1);
    }

    /// AUTH-04
    #[test]
    fn only_the_right_password_matches_and_nobody_has_none() {
        let stored = hash("Coffee@Morning2024!").expect("hashes");
        assert!(matches("Coffee@Morning2024!", Some(&stored)));
        assert!(!matches("coffee@Morning2024!", Some(&stored)));
        assert!(!matches("", Some("")));
        assert!(!matches("anything", None));
    }

    /// AUTH-04: algorithm, version, memory, passes and lanes are those of a fresh hash, so its check is the same work.
    #[test]
    fn nobodys_hash_costs_as_much_as_a_fresh_one() {
        let work = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        let fresh = hash("Coffee@Morning2024!").expect("hashes");
        assert!(work(&fresh).contains("m="), "{fresh}");
        assert_eq!(work(NOBODY), work(&fresh));
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
    }
}
