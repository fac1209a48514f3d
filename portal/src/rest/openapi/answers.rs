//! What the operations of the API answer: the row, a page, what would change, and each fault with when it comes.

use config::Resource;
use serde_json::{Value, json};

use super::row_name;

pub(super) fn told(of: &Resource) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", row_name(of)) });
    let mut answer = json_answer("The row.", schema);
    answer["headers"] = json!({ "ETag": { "description": "Its version.", "schema": { "type": "string" } } });
    answer
}

pub(super) fn changed(of: &Resource) -> Value {
    let schema = json!({ "anyOf": [{ "$ref": format!("#/components/schemas/{}", row_name(of)) }, { "$ref": "#/components/schemas/Rehearsal" }] });
    json!({ "200": json_answer("The row as it is; what would change, if it was a dry run.", schema) })
}

pub(super) fn created(of: &Resource) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}Made", row_name(of)) });
    let mut made = json_answer("The new row.", schema);
    made["headers"] = json!({
        "ETag": { "schema": { "type": "string" } }, "Location": { "schema": { "type": "string" } },
    });
    json!({ "201": made, "200": json_answer("What would change.", json!({ "$ref": "#/components/schemas/Rehearsal" })) })
}

pub(super) fn listed(of: &Resource) -> Value {
    json!({ "200": json_answer("A page.", json!({
        "type": "object",
        "properties": {
            "items": { "type": "array", "items": { "$ref": format!("#/components/schemas/{}", row_name(of)) } },
            "total": { "type": "integer", "description": "All that match." },
            "next": { "type": ["string", "null"], "description": "Where the next page begins." },
        },
        "required": ["items", "total", "next"],
    })), TOO_LONG: { "description": "The address is longer than 65,534 bytes." } })
}

pub(super) fn deleted() -> Value {
    json!({ "204": { "description": "It is gone." }, "200": json_answer("What would change.", json!({ "$ref": "#/components/schemas/Rehearsal" })) })
}

pub(super) fn bulk_done() -> Value {
    let done = json!({ "type": "object", "properties": { "rows": { "type": "integer" }, "revision": { "type": "integer" } }, "required": ["rows", "revision"] });
    json!({ "200": json_answer("How many rows changed; what would change, if it was a dry run.", json!({ "anyOf": [done, { "$ref": "#/components/schemas/Rehearsal" }] })) })
}

pub(super) fn problem() -> Value {
    json!({ "type": "object", "properties": {
        "type": { "type": "string" }, "status": { "type": "integer" }, "title": { "type": "string" },
        "problems": { "type": "array", "items": { "type": "object", "properties": { "field": { "type": "string" }, "message": { "type": "string" } }, "required": ["field", "message"] } },
    }, "required": ["type", "status", "title", "problems"] })
}

pub(super) fn rehearsal() -> Value {
    let change = json!({ "type": "object", "properties": { "from": { "type": "string" }, "to": { "type": "string" } }, "required": ["from", "to"] });
    let entry = json!({ "type": "object", "properties": {
        "table": { "type": "string" }, "title": { "type": "string" }, "action": { "type": "string" },
        "changes": { "type": "object", "additionalProperties": change },
    }, "required": ["table", "title", "action", "changes"] });
    json!({ "type": "object", "properties": { "dry_run": { "const": true }, "would_change": { "type": "array", "items": entry } }, "required": ["dry_run", "would_change"] })
}

pub(crate) fn json_answer(description: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

pub(super) fn unchanged() -> Value {
    json!({ "description": "The row is as `If-None-Match` knows it." })
}

pub(crate) fn with_faults(mut answers: Value, faults: &[(&str, &str)]) -> Value {
    for (status, description) in faults.iter().chain(ALWAYS) {
        answers[*status] = json!({ "description": description, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    }
    answers
}

pub(crate) type Faults = &'static [(&'static str, &'static str)];
const ALWAYS: Faults = &[
    ("401", "No key, or one that is not valid."),
    ("403", "The key does not allow this."),
    ("429", "Too many requests; Retry-After says when to go on."),
    ("503", "Too much at once; try again."),
];
/// Beyond 65,534 bytes an address is refused before it is read.
pub(crate) const TOO_LONG: &str = "414";
pub(super) const LIST: Faults = &[
    ("400", "A parameter is not known or does not fit."),
    ("404", "The table is not theirs to see, or `after` names no page."),
];
pub(super) const READ: Faults = &[("400", "A parameter is not known."), ("404", "There is no such row.")];
pub(super) const CREATE: Faults = &[
    ("400", "The request makes no sense."),
    ("404", "The table is not theirs to see, or the row is gone."),
    ("409", "Other rows stand in the way, or the first request with this Idempotency-Key is still running."),
    ("422", "Values are wrong, named field by field; or the Idempotency-Key was another request's."),
];
pub(super) const CHANGE: Faults = &[
    ("400", "The request makes no sense."),
    ("404", "There is no such row."),
    ("409", "Somebody changed it since the version given."),
    ("412", "Somebody changed it since the ETag given in If-Match."),
    ("422", "Values are wrong, named field by field."),
];
pub(super) const DELETE: Faults = &[
    ("400", "A parameter is not known."),
    ("404", "There is no such row."),
    ("409", "Other rows refer to it."),
    ("412", "Somebody changed it since the ETag given in If-Match."),
    ("422", "A rule stands in the way."),
];
