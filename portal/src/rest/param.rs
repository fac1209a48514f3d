//! Query parameters of what is no table: declared once beside their handler, checked when a request comes, and shown in the
//! OpenAPI document.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::{error::Fault, query::Pairs};

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub name: &'static str,
    pub about: &'static str,
    pub takes: Takes,
    pub required: bool,
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// At most [`LONGEST`] characters.
    Text,
    /// Within these bounds.
    Whole(i64, i64),
    /// `2026-11-22`.
    Day,
    /// `1`, `0`, `true`, `false`.
    Flag,
    OneOf(&'static [&'static str]),
}

impl Param {
    pub const fn new(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self { name, about, takes, required: false }
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// As the OpenAPI document has it.
    pub fn described(&self) -> Value {
        let schema = match self.takes {
            Takes::Text => json!({ "type": "string", "maxLength": LONGEST }),
            Takes::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Takes::Day => {
                json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
            }
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::OneOf(keys) => json!({ "enum": keys }),
        };
        json!({ "name": self.name, "in": "query", "description": self.about, "required": self.required, "schema": schema })
    }

    fn fits(&self, value: &str) -> bool {
        match self.takes {
            Takes::Text => value.chars().count() <= LONGEST,
            Takes::Whole(min, max) => value.parse::<i64>().is_ok_and(|n| (min..=max).contains(&n)),
            Takes::Day => value.len() == 10 && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
            Takes::Flag => ["1", "0", "true", "false"].contains(&value),
            Takes::OneOf(keys) => keys.contains(&value),
        }
    }
}

/// The query of a request, if each of its parameters is known and fits.
pub(crate) fn checked(query: &Option<String>, known: &[Param]) -> Result<Pairs, Fault> {
    let asked = Pairs::parse(query.as_deref().unwrap_or_default());
    for (name, value) in asked.iter() {
        match known.iter().find(|param| param.name == name) {
            None => return Err(Fault::Malformed(format!("there is no parameter `{name}` here"))),
            Some(param) if !param.fits(value) => {
                return Err(Fault::Malformed(format!("`{name}` does not take `{value}`")));
            }
            Some(_) => {}
        }
    }
    match known.iter().find(|param| param.required && !asked.has(param.name)) {
        Some(missing) => Err(Fault::Malformed(format!("`{}` is missing", missing.name))),
        None => Ok(asked),
    }
}

/// Characters of a text.
const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-15
    #[test]
    fn parameters_are_taken_as_they_are_described() {
        let known = [
            Param::new("from", Takes::Day, ""),
            Param::new("limit", Takes::Whole(1, 200), ""),
            Param::new("outcome", Takes::OneOf(&["busy"]), ""),
            Param::new("dry_run", Takes::Flag, ""),
        ];
        let asked = |query: &str| checked(&Some(query.to_owned()), &known).is_ok();
        assert!(asked("") && asked("from=2026-11-22&limit=200&outcome=busy&dry_run=true"));
        for wrong in
            ["from=2026-11-31", "from=2026-1-2", "limit=0", "limit=x", "outcome=", "dry_run=2", "outcme=busy"]
        {
            assert!(!asked(wrong), "{wrong}");
        }
        assert!(checked(&None, &[Param::new("from", Takes::Day, "").required()]).is_err());
    }
}
