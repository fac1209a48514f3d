//! What a password of a person must be. AUTH-07…12. Hashing is the portal's.

/// Everything that is wrong with a new password, in words; empty if it may be used.
pub fn problems(password: &str) -> Vec<&'static str> {
    let has = |is: fn(char) -> bool| password.chars().any(is);
    let special = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    let rules = [
        (password.chars().count() >= MIN_LENGTH, "At least 10 characters."),
        (password.len() <= MAX_LENGTH, "At most 256 characters."),
        (has(char::is_uppercase), "At least one capital letter."),
        (has(char::is_lowercase), "At least one small letter."),
        (has(|c| c.is_ascii_digit()), "At least one digit."),
        (has(special), "At least one of ! @ $ % & *"),
        (!has(|c| FORBIDDEN.contains(&c)), "None of ' \" ? # +"),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, message)| message).collect()
}

/// AUTH-07.
const MIN_LENGTH: usize = 10;
/// Longer ones only cost time to hash.
const MAX_LENGTH: usize = 256;
/// AUTH-12.
const FORBIDDEN: [char; 5] = ['\'', '"', '?', '#', '+'];

#[cfg(test)]
mod tests {
    use super::problems;

    /// AUTH-07…12
    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        assert!(problems("Coffee@Morning2024!").is_empty());
        assert!(problems("Abcdefgh1!").is_empty());
        for (password, word) in [
            ("Abcdefg1!", "10 characters"),
            ("abcdefgh1!", "capital"),
            ("ABCDEFGH1!", "small"),
            ("Abcdefghi!", "digit"),
            ("Abcdefghi1", "! @ $"),
            ("Abcdefgh1'", "None of"),
            ("Abcdefgh1\"!", "None of"),
            ("Abcdefgh1?", "None of"),
            ("Abcdefgh1#", "None of"),
            ("Abcdefgh1+", "None of"),
        ] {
            let found = problems(password);
            assert!(found.iter().any(|message| message.contains(word)), "{password}: {found:?}");
        }
    }
}
