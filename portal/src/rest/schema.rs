//! A field's JSON Schema, and the check that goes with it: what the schema forbids is refused.

use config::{Field, Kind};
use serde_json::{Value, json};

use crate::tables::field::SET;

/// The schema of a field's value.
pub(super) fn of(field: &Field) -> Value {
    let mut schema = shape(field);
    let map = schema.as_object_mut().expect("each shape is an object");
    map.insert("title".into(), json!(field.label));
    if !field.help.is_empty() {
        map.insert("description".into(), json!(field.help));
    }
    if field.read_only {
        map.insert("readOnly".into(), json!(true));
    }
    if matches!(field.kind, Kind::Secret) {
        map.insert("writeOnly".into(), json!(true));
    }
    schema
}

/// The schema of a value that a filter accepts.
pub(super) fn of_filter(field: &Field) -> Value {
    match field.kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Reference(_) | Kind::Many(_) => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 1, "maximum": HIGHEST }, { "const": "none" }] })
        }
        Kind::Number { .. } | Kind::Duration { .. } => {
            json!({ "type": "integer", "minimum": -HIGHEST, "maximum": HIGHEST })
        }
        Kind::Choice(of) => json!({ "enum": of.iter().map(|(key, _)| *key).collect::<Vec<_>>() }),
        Kind::Set(of) => json!({ "enum": of().iter().map(|(key, _)| key).collect::<Vec<_>>() }),
        _ => json!({ "type": "string", "minLength": 1, "maxLength": LONGEST_FILTER }),
    }
}

/// The stored form of a filter's value, or what is wrong with it.
pub(super) fn filter_text(field: &Field, given: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("`{given}` is {what}, in the filter of `{}`", field.name));
    let whole = given.parse::<i64>().ok().filter(|n| (-HIGHEST..=HIGHEST).contains(n));
    match (field.kind, given) {
        (Kind::Flag, "true" | "1") => Ok(SET.to_owned()),
        (Kind::Flag, "false" | "0") => Ok("0".to_owned()),
        (Kind::Flag, _) => wrong("neither true nor false"),
        (Kind::Reference(_) | Kind::Many(_), "none") => Ok(String::new()),
        (Kind::Reference(_) | Kind::Many(_), _) if whole.is_some_and(|id| id > 0) => Ok(given.to_owned()),
        (Kind::Reference(_) | Kind::Many(_), _) => wrong("no row id"),
        (Kind::Number { .. } | Kind::Duration { .. }, _) if whole.is_some() => Ok(given.to_owned()),
        (Kind::Number { .. } | Kind::Duration { .. }, _) => wrong("no whole number"),
        (Kind::Choice(of), _) if of.iter().any(|(key, _)| *key == given) => Ok(given.to_owned()),
        (Kind::Set(of), _) if of().iter().any(|(key, _)| key == given) => Ok(given.to_owned()),
        (Kind::Choice(_) | Kind::Set(_), _) => wrong("none of the choices"),
        _ if given.is_empty() || given.chars().count() > LONGEST_FILTER => wrong("empty or too long"),
        _ => Ok(given.to_owned()),
    }
}

/// A JSON value as the text that the engine checks; refused if its type is not the schema's.
pub(super) fn text(field: &Field, value: &Value) -> Result<String, String> {
    match (field.kind, value) {
        (Kind::Number { .. } | Kind::Duration { .. } | Kind::Reference(_), Value::Null)
            if !field.required =>
        {
            Ok(String::new())
        }
        (Kind::Number { .. } | Kind::Duration { .. }, value) => {
            whole(value).map(|n| n.to_string()).ok_or("A whole number.".into())
        }
        (Kind::Reference(_), value) => {
            whole(value).filter(|id| *id > 0).map(|id| id.to_string()).ok_or("A row id.".into())
        }
        (Kind::Flag, Value::Bool(set)) => Ok(if *set { SET } else { "0" }.to_owned()),
        (Kind::Flag, _) => Err("true or false.".into()),
        (Kind::Many(_), Value::Array(ids)) => {
            let ids: Option<Vec<String>> =
                ids.iter().map(|id| whole(id).filter(|id| *id > 0).map(|id| id.to_string())).collect();
            ids.map(|ids| ids.join(",")).ok_or("A list of row ids.".into())
        }
        (Kind::Many(_), _) => Err("A list of row ids.".into()),
        (Kind::Set(of), Value::Array(keys)) => {
            let known = |key: &&str| of().iter().any(|(other, _)| other == key);
            let keys: Option<Vec<&str>> =
                keys.iter().map(|key| key.as_str().filter(|key| known(key))).collect();
            keys.map(|keys| keys.join(",")).ok_or("A list of keys.".into())
        }
        (Kind::Set(_), _) => Err("A list of keys.".into()),
        (Kind::Choice(of), Value::String(key)) => {
            let known = of.iter().any(|(other, _)| other == key) || (key.is_empty() && !field.required);
            if known { Ok(key.clone()) } else { Err(format!("One of: {}.", keys(of))) }
        }
        (Kind::Text { max } | Kind::LongText { max }, Value::String(text)) => {
            if text.chars().count() > max {
                Err(format!("At most {max} characters."))
            } else {
                Ok(text.clone())
            }
        }
        (
            Kind::Word { .. }
            | Kind::PhoneNumber
            | Kind::Email
            | Kind::Extension
            | Kind::Code
            | Kind::Destination,
            Value::String(text),
        ) => {
            if exact(field.kind, text) {
                Ok(text.clone())
            } else {
                Err(in_words(field.kind))
            }
        }
        (_, Value::String(text)) => Ok(text.clone()),
        _ => Err("A text.".into()),
    }
}

fn shape(field: &Field) -> Value {
    let least = u32::from(field.required);
    match field.kind {
        Kind::Number { min, max, .. } | Kind::Duration { min, max } => {
            json!({ "type": nullable("integer", field), "minimum": min, "maximum": max })
        }
        Kind::Reference(table) => {
            json!({ "type": nullable("integer", field), "minimum": 1, "x-table": table })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Many(table) => json!({
            "type": "array", "items": { "type": "integer", "minimum": 1 }, "x-table": table,
        }),
        Kind::Set(of) => json!({
            "type": "array", "items": { "type": "string", "enum": of().iter().map(|(key, _)| key).collect::<Vec<_>>() },
        }),
        Kind::Choice(of) => {
            let mut keys: Vec<&str> = of.iter().map(|(key, _)| *key).collect();
            if !field.required && !keys.contains(&"") {
                keys.push("");
            }
            json!({ "type": "string", "enum": keys })
        }
        Kind::Text { max } | Kind::LongText { max } => {
            json!({ "type": "string", "minLength": least, "maxLength": max })
        }
        kind => match pattern(kind) {
            Some((pattern, longest)) => {
                json!({ "type": "string", "minLength": least, "maxLength": longest, "pattern": pattern })
            }
            None => json!({ "type": "string" }),
        },
    }
}

fn nullable(kind: &str, field: &Field) -> Value {
    if field.required { json!(kind) } else { json!([kind, "null"]) }
}

/// What texts of a kind look like, blank allowed, and how long they get.
fn pattern(kind: Kind) -> Option<(&'static str, usize)> {
    Some(match kind {
        Kind::Word { max } => ("^[A-Za-z0-9._@+-]*$", max),
        Kind::Extension => ("^([0-9]{2,6})?$", 6),
        Kind::Code => ("^([0-9*#]{2,8})?$", 8),
        Kind::PhoneNumber => (r"^(\+?[0-9*#]{2,32})?$", 33),
        Kind::Email => (r"^([^@\s]+@[^@\s]+)?$", 254),
        Kind::Destination => ("^([a-z_]+:.+)?$", 200),
        Kind::Secret => ("^([!-~]{10,128})?$", 128),
        _ => return None,
    })
}

/// Whether a text is what [`pattern`] says, and not only after something was cut off it.
fn exact(kind: Kind, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    let longest = pattern(kind).map_or(usize::MAX, |(_, longest)| longest);
    text.chars().count() <= longest
        && match kind {
            _ if text.is_empty() => true,
            Kind::Word { .. } => text.chars().all(plain),
            Kind::Code => text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#')),
            Kind::Extension => text.bytes().all(|b| b.is_ascii_digit()),
            Kind::PhoneNumber => {
                let digits = text.strip_prefix('+').unwrap_or(text);
                digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'*' | b'#'))
            }
            Kind::Email => text.matches('@').count() == 1 && !text.contains(char::is_whitespace),
            Kind::Destination => text.split_once(':').is_some_and(|(kind, to)| {
                !to.is_empty() && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_')) && text.trim() == text
            }),
            _ => true,
        }
}

fn in_words(kind: Kind) -> String {
    match kind {
        Kind::Word { .. } => "Letters, digits and . _ @ + - without spaces.",
        Kind::Extension => "2 to 6 digits.",
        Kind::Code => "2 to 8 of the keys 0 to 9, * and #.",
        Kind::PhoneNumber => "Digits, with + in front of a country code: +4930123456.",
        Kind::Email => "An e-mail address such as anna@example.com.",
        Kind::Destination => "A destination such as extension:101.",
        _ => "This does not fit.",
    }
    .to_owned()
}

/// A whole number, also one that is written `20.0`.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let float = || value.as_f64().filter(|f| f.fract() == 0.0 && f.abs() <= HIGHEST as f64).map(|f| f as i64);
    value.as_i64().or_else(float)
}

fn keys(of: &[(&str, &str)]) -> String {
    of.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
}

pub(super) const LONGEST_FILTER: usize = 100;
/// As far as every JSON reader counts exactly (RFC 8259 §6).
pub(super) const HIGHEST: i64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_taken_strictly() {
        let number = Field::number("n", "N", 1, 9, "").required();
        assert_eq!(text(&number, &json!(3)), Ok("3".into()));
        assert_eq!(text(&number, &json!(3.0)), Ok("3".into()));
        for wrong in [json!("3"), json!(null), json!(3.5), json!([3]), json!(true)] {
            assert!(text(&number, &wrong).is_err(), "{wrong}");
        }
        assert_eq!(text(&Field::reference("r", "R", "users"), &json!(null)), Ok(String::new()));
        assert_eq!(text(&Field::many("m", "M", "users"), &json!([3, 1])), Ok("3,1".into()));
        assert!(text(&Field::many("m", "M", "users"), &json!(["x"])).is_err());
        assert!(text(&Field::flag("f", "F"), &json!("true")).is_err());
    }

    #[test]
    fn what_would_only_fit_after_trimming_is_refused() {
        let word = Field::word("w", "W").max(4);
        assert_eq!(text(&word, &json!("abcd")), Ok("abcd".into()));
        for wrong in ["abcd ", " a", "ab cd", "abcde", "ä"] {
            assert!(text(&word, &json!(wrong)).is_err(), "{wrong}");
        }
        assert!(text(&Field::text("t", "T").max(2), &json!("ab ")).is_err());
        assert!(text(&Field::phone_number("p", "P"), &json!("+49 30 1")).is_err());
        assert_eq!(text(&Field::phone_number("p", "P"), &json!("+4930")), Ok("+4930".into()));
    }
}
