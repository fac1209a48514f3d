//! The texts of a language, compiled in from `portal/languages/*.toml`: English = other. `{}` stands for a value, in order,
//! `{1}` for the first where the order differs; `{t}` for one that is looked up itself. Numbers are values.

use std::{collections::HashMap, sync::LazyLock};

use toml::de::DeTable;

/// German, in the polite form.
pub(super) static GERMAN: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read(include_str!("../../languages/de.toml")));

/// The texts of one language.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// By the key of the English text.
    texts: HashMap<String, String>,
    /// English and other, of texts with values; the most definite first.
    patterns: Vec<(String, String)>,
}

impl Catalogue {
    fn read(file: &str) -> Self {
        let pairs = DeTable::parse(file).expect("a test reads the file").into_inner();
        let mut catalogue = Self::default();
        for (english, other) in &pairs {
            let (english, other) =
                (english.get_ref().to_string(), other.get_ref().as_str().unwrap_or_default());
            if english.contains('{') {
                catalogue.patterns.push((english.clone(), other.to_owned()));
            }
            catalogue.texts.insert(key(&english.replace("{t}", "{}")), other.replace("{t}", "{}"));
            if !english.contains('{') && english.contains(|c: char| c.is_ascii_digit()) {
                // As it stands, with its own numbers.
                catalogue.texts.insert(english.clone(), filled(other, &numbers(&english)));
            }
        }
        // A long pattern says more than a short one that fits as well.
        catalogue.patterns.sort_by_key(|(english, _)| std::cmp::Reverse(english.len()));
        catalogue
    }

    /// The text for a key, with its placeholders.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// A text without values.
    pub fn text(&self, english: &str) -> Option<&str> {
        self.find(english).or_else(|| self.find(&key(english)).filter(|other| !other.contains('{')))
    }

    /// A message as it reads in this language: as a text, else by the pattern that fits.
    pub fn message(&self, english: &str) -> Option<String> {
        if let Some(text) = self.text(english) {
            return Some(text.to_owned());
        }
        for (pattern, other) in &self.patterns {
            if let Some(values) = fit(pattern, english) {
                let values: Vec<String> =
                    values.into_iter().map(|(value, looked_up)| self.value(value, looked_up)).collect();
                return Some(filled(other, &values));
            }
        }
        None
    }

    fn value(&self, value: &str, looked_up: bool) -> String {
        let capital = || {
            let mut letters = value.chars();
            let first =
                letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
            first + letters.as_str()
        };
        // Nouns are small within English sentences.
        let known = looked_up.then(|| self.text(value).or_else(|| self.text(&capital()))).flatten();
        known.unwrap_or(value).to_owned()
    }

    #[cfg(test)]
    pub fn pairs(&self) -> impl Iterator<Item = (&String, &String)> {
        self.texts.iter()
    }
}

/// The key of a text: blanks are one blank, numbers are values.
pub(super) fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() {
            while letters.peek().is_some_and(char::is_ascii_digit) {
                letters.next();
            }
            push_value(&mut key);
        } else if letter.is_whitespace() {
            if !key.ends_with(' ') {
                key.push(' ');
            }
        } else {
            key.push(letter);
        }
    }
    key.trim().to_owned()
}

/// The numbers of a text.
fn numbers(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// Values without anything between them are one.
pub(super) fn push_value(key: &mut String) {
    if !key.ends_with("{}") {
        key.push_str("{}");
    }
}

/// A text with its values in their places.
pub(super) fn filled(text: &str, values: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut next) = (text, 0);
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let Some(end) = after.find('}') else { return out };
        let named: Option<usize> = after[1..end].parse().ok();
        let place = named.map_or(next, |place| place.saturating_sub(1));
        next += usize::from(named.is_none());
        out.push_str(values.get(place).map_or("", String::as_str));
        rest = &after[end + 1..];
    }
    out + rest
}

/// The values of a text that fits a pattern, and whether they are looked up. Each takes as little as it can.
fn fit<'a>(pattern: &str, text: &'a str) -> Option<Vec<(&'a str, bool)>> {
    let (mut values, mut rest) = (Vec::new(), text);
    let mut pieces = pattern.split_inclusive('}');
    let mut waiting: Option<bool> = None;
    loop {
        let piece = pieces.next();
        let (fixed, hole) = match piece.map(|piece| (piece, piece.rfind('{'))) {
            Some((piece, Some(at))) => (&piece[..at], Some(&piece[at..] == "{t}")),
            Some((piece, None)) => (piece, None),
            None => ("", None),
        };
        let is_last = piece.is_none() || hole.is_none();
        let at = match waiting {
            None if rest.starts_with(fixed) => 0,
            None => return None,
            Some(_) if is_last => {
                rest.len().checked_sub(fixed.len()).filter(|at| rest.get(*at..) == Some(fixed))?
            }
            Some(_) => rest.find(fixed)?,
        };
        if let Some(looked_up) = waiting {
            values.push((rest.get(..at).filter(|value| !value.is_empty())?, looked_up));
        }
        rest = &rest[at + fixed.len()..];
        if is_last {
            return rest.is_empty().then_some(values);
        }
        waiting = hole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-16
    #[test]
    fn messages_are_found_by_their_pattern() {
        let values = |pattern: &str, text: &'static str| {
            fit(pattern, text).map(|all| all.into_iter().map(|(v, _)| v).collect::<Vec<_>>())
        };
        assert_eq!(values("{} is required.", "E-mail is required."), Some(vec!["E-mail"]));
        assert_eq!(values("{} to {} {}", "1 to 20 days"), Some(vec!["1", "20", "days"]));
        assert_eq!(values("still used by {}", "still used by a, b"), Some(vec!["a, b"]));
        for other in ["is required.", "E-mail is required", "E-mail is required. No."] {
            assert_eq!(values("{} is required.", other), None, "{other}");
        }
        assert_eq!(values("Saved", "Saved"), Some(vec![]));
    }

    /// OPS-16
    #[test]
    fn values_stand_where_the_other_language_wants_them() {
        let values = ["a".to_owned(), "b".to_owned()];
        assert_eq!(filled("{} und {}", &values), "a und b");
        assert_eq!(filled("{2} und {1}", &values), "b und a");
        assert_eq!(filled("{} {", &values), "a ");
        assert_eq!(key("  At least\n 10 of 2.5 "), "At least {} of {}.{}");
    }
}
