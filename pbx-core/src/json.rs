//! JSON of a call's record, written straight into its text.

use std::fmt::{self, Display, Write};

use media::text;

/// Adds a string in quotes.
pub(crate) fn push_text(json: &mut String, text: &str) {
    json.push('"');
    push_escaped(json, text);
    json.push('"');
}

/// Adds what is shown as text, in quotes.
pub(crate) fn push_shown(json: &mut String, shown: impl Display) {
    json.push('"');
    let mut escaping = Escaping(json);
    // Writing to a String does not fail.
    let _ = write!(escaping, "{shown}");
    json.push('"');
}

/// Adds a number that is not negative, with two decimals where it has any.
pub(crate) fn push_decimal(json: &mut String, number: f32) {
    let hundredths = (number * 100.0).round() as u64;
    text::push_number(json, hundredths / 100);
    if !hundredths.is_multiple_of(100) {
        json.push('.');
        text::push_number(json, hundredths / 10 % 10);
        text::push_number(json, hundredths % 10);
    }
}

/// Adds a number, or `null`.
pub(crate) fn push_perhaps(json: &mut String, number: Option<u64>) {
    match number {
        Some(number) => text::push_number(json, number),
        None => json.push_str("null"),
    }
}

struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text);
        Ok(())
    }
}

/// RFC 8259 §7.
fn push_escaped(json: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        json.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            byte => {
                let _ = write!(json, "\\u{byte:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    json.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_the_same(text in any::<String>(), number in 0.0f32..100_000.0) {
            let mut json = String::from("[");
            push_text(&mut json, &text);
            json.push(',');
            push_shown(&mut json, format_args!("{text}{text}"));
            json.push(',');
            push_decimal(&mut json, number);
            json.push(',');
            push_perhaps(&mut json, None);
            json.push(']');
            let (one, two, read, none): (String, String, f64, Option<u64>) = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&one, &text);
            prop_assert_eq!(two, text.repeat(2));
            prop_assert!((read - f64::from(number)).abs() < 0.006 + f64::from(number) * 1e-6, "{}", json);
            prop_assert_eq!(none, None);
        }
    }

    #[test]
    fn decimals_are_few() {
        let mut json = String::new();
        for number in [0.0, 4.4, 20.0, 3.05, f32::NAN, -1.0] {
            push_decimal(&mut json, number);
            json.push(' ');
        }
        assert_eq!(json, "0 4.40 20 3.05 0 0 ");
    }
}
