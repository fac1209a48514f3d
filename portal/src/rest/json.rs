//! Rows as JSON and back. Types are taken strictly, as the OpenAPI document says them: a number is a number.

use config::{Field, Kind, Problem, Resource, query::Row, resource::Values};
use serde_json::{Map, Value, json};

use super::schema;
use crate::{error::Fault, tables::field::SET};

/// What a program gave.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub values: Values,
    /// The version it was read at, if it says so.
    pub version: Option<i64>,
}

/// A row as JSON.
pub(super) fn object(of: &Resource, row: &Row) -> Map<String, Value> {
    some(of, row, &[])
}

/// Id, version and those fields of a row; all of them if none is named.
pub(super) fn some(of: &Resource, row: &Row, fields: &[&'static str]) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".into(), json!(row.id));
    out.insert("version".into(), json!(row.version));
    for field in of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret)) {
        let wanted = fields.is_empty() || fields.contains(&field.name);
        if let Some(text) = row.values.get(field.name).filter(|_| wanted) {
            out.insert(field.name.into(), value(field, text));
        }
    }
    out
}

/// The values of a JSON object. `id` may be among them if it is that of the row.
pub(super) fn values(of: &'static Resource, bytes: &[u8], id: Option<i64>) -> Result<Given, Fault> {
    given(of, body(bytes)?, id)
}

/// A JSON object.
pub(crate) fn body(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    serde_json::from_slice(bytes)
        .map_err(|error| Fault::Malformed(format!("the body is not a JSON object: {error}")))
}

/// A JSON object with no other members than these, or nothing at all.
pub(crate) fn optional(bytes: &[u8], known: &[&str]) -> Result<Map<String, Value>, Fault> {
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let body = body(bytes)?;
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        Some(other) => Err(Fault::Malformed(format!("`{other}` is not known here"))),
        None => Ok(body),
    }
}

/// A whole number that is 0 or above, if it is there.
pub(crate) fn whole(body: &Map<String, Value>, name: &str) -> Result<Option<i64>, Fault> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let number = schema::whole(value).filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| Fault::Malformed(format!("`{name}` is a whole number")))
}

/// The values of an object that was read already.
pub(super) fn given(
    of: &'static Resource,
    body: Map<String, Value>,
    id: Option<i64>,
) -> Result<Given, Fault> {
    let (mut given, mut problems) = (Given::default(), Vec::new());
    for (name, value) in body {
        let checked = match (name.as_str(), of.field(&name)) {
            ("id", _) if value.as_i64().is_some_and(|own| id.is_none_or(|id| id == own)) => continue,
            ("id", _) => Err("This is not the id of the row.".to_owned()),
            ("version", _) => match value.as_i64().filter(|version| *version > 0) {
                Some(version) => {
                    given.version = Some(version);
                    continue;
                }
                None => Err("A version as the row had it.".to_owned()),
            },
            (_, None) => Err(format!("{} have no such field.", of.many)),
            // What cannot be set may be sent back as it was read.
            (_, Some(field)) if field.read_only => schema::text(field, &value).map(|_| None),
            (_, Some(field)) => schema::text(field, &value).map(Some),
        };
        match checked {
            Ok(Some(text)) => drop(given.values.insert(name, text)),
            Ok(None) => {}
            Err(message) => problems.push(Problem { field: name, message }),
        }
    }
    if problems.is_empty() { Ok(given) } else { Err(Fault::Invalid(problems)) }
}

fn value(field: &Field, text: &str) -> Value {
    let number = |text: &str| text.trim().parse::<i64>().map_or(Value::Null, Value::from);
    match field.kind {
        Kind::Number { .. } | Kind::Duration { .. } | Kind::Reference(_) => number(text),
        Kind::Flag => Value::Bool(text == SET),
        Kind::Set(_) => text.split(',').filter(|key| !key.is_empty()).map(Value::from).collect(),
        Kind::Many(_) => text.split(',').filter(|id| !id.is_empty()).map(number).collect(),
        _ => Value::from(text),
    }
}
