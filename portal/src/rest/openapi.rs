//! The OpenAPI 3.1 document, made from the declarations when it is asked for: a table that is added to the registry is in it.
//!
//! Written by hand over `serde_json`: generators such as utoipa read Rust types at build time, and the tables here are data;
//! what they would save is a type for the document, which is 200 lines of `json!`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use config::{Field, Kind, Resource, resources};
use serde_json::{Map, Value, json};

use super::{query, schema};
use crate::{
    auth::Who,
    tables,
    tables::list::{LONGEST_SEARCH, MOST_ROWS, PAGE},
};

/// `GET /api/v1/openapi.json`.
pub(crate) async fn document(_: Who) -> Response {
    Json(self::of(&resources::ALL)).into_response()
}

/// The document of these tables.
pub(crate) fn of(tables: &[&'static Resource]) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for of in tables {
        schemas.insert(row_name(of), row(of));
        schemas.insert(format!("{}New", row_name(of)), new(of));
        schemas.insert(format!("{}Change", row_name(of)), change(of));
        add_paths(&mut paths, of);
    }
    schemas.insert("Problem".into(), problem());
    schemas.insert("Rehearsal".into(), rehearsal());
    let tags: Vec<Value> =
        tables.iter().map(|of| json!({ "name": of.many, "description": of.about })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Dialtone", "version": env!("CARGO_PKG_VERSION"),
            "description": "Every table of the portal, with the same checks and rights. Signed in by an API key.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "An API key." } },
            "schemas": schemas,
        },
    })
}

fn add_paths(paths: &mut Map<String, Value>, of: &'static Resource) {
    let base = format!("/api/v1/{}", of.name);
    let one = of.one.to_lowercase();
    let body = |name: &str| {
        let schema = json!({ "$ref": format!("#/components/schemas/{}{name}", row_name(of)) });
        json!({ "required": true, "content": { "application/json": { "schema": schema } } })
    };
    let op = |id: &str, summary: String, parameters: Vec<Value>, answers: Value| {
        let operation = format!("{id}_{}", of.name);
        json!({ "tags": [of.many], "operationId": operation, "summary": summary,
                "parameters": parameters, "responses": answers })
    };
    let with = |mut operation: Value, body: Value| {
        operation["requestBody"] = body;
        operation
    };
    let row_answers = || json!({ "200": told(of), "304": unchanged() });
    if of.single {
        let get =
            op("get", format!("The {}", of.many.to_lowercase()), vec![], with_faults(row_answers(), READ));
        let patch = op(
            "change",
            format!("Change {}", of.many.to_lowercase()),
            writes(true),
            with_faults(changed(of), CHANGE),
        );
        paths.insert(base, json!({ "get": get, "patch": with(patch, body("Change")) }));
        return;
    }
    let list = op(
        "list",
        format!("Search, filter and page {}", of.many.to_lowercase()),
        list_parameters(of),
        with_faults(listed(of), LIST),
    );
    let create = op("create", format!("New {one}"), writes(false), with_faults(created(of), CREATE));
    paths.insert(base.clone(), json!({ "get": list, "post": with(create, body("New")) }));
    let get = op("get", format!("One {one}"), vec![], with_faults(row_answers(), READ));
    let patch =
        op("change", format!("Change fields of a {one}"), writes(true), with_faults(changed(of), CHANGE));
    let put = op(
        "replace",
        format!("Replace a {one}; what is not given takes its default"),
        writes(true),
        with_faults(changed(of), CHANGE),
    );
    let delete = op("delete", format!("Delete a {one}"), leaves(of), with_faults(deleted(), DELETE));
    paths.insert(
        format!("{base}/{{id}}"),
        json!({ "parameters": [id_parameter()], "get": get, "patch": with(patch, body("Change")),
                "put": with(put, body("New")), "delete": delete }),
    );
    let bulk = op(
        "bulk",
        format!("Change or delete many {} at once, all or none", of.many.to_lowercase()),
        writes(false),
        with_faults(bulk_done(), CREATE),
    );
    let bulk_body =
        json!({ "required": true, "content": { "application/json": { "schema": bulk_schema(of) } } });
    paths.insert(format!("{base}/bulk"), json!({ "post": with(bulk, bulk_body) }));
    for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)) {
        let answers = json!({ "200": json_answer("The new one, told this once.", json!({
            "type": "object", "properties": { field.name: { "type": "string" } }, "required": [field.name],
        })) });
        let renew = op(
            &format!("renew_{}", field.name),
            format!("Make a new {}", field.label.to_lowercase()),
            vec![idempotency_key()],
            with_faults(answers, CREATE),
        );
        paths.insert(
            format!("{base}/{{id}}/{}/renew", field.name),
            json!({ "parameters": [id_parameter()], "post": renew }),
        );
    }
}

/// A row as it is read. Only id and version are sure to be there: an answer may be limited to some fields.
fn row(of: &Resource) -> Value {
    let mut properties = properties(of);
    if let Some(name) = tables::told_once(of) {
        let told = "Told once, in the answer to the request that made it.";
        properties[name] = json!({ "type": "string", "readOnly": true, "description": told });
    }
    json!({
        "type": "object", "description": of.about, "properties": properties,
        "required": ["id", "version"], "additionalProperties": false,
    })
}

fn new(of: &Resource) -> Value {
    let needed = |field: &&Field| {
        field.required && field.default.is_empty() && !field.read_only && !matches!(field.kind, Kind::Secret)
    };
    let needed: Vec<&str> = of.fields.iter().filter(needed).map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties(of), "required": needed, "additionalProperties": false })
}

fn change(of: &Resource) -> Value {
    json!({ "type": "object", "properties": properties(of), "additionalProperties": false })
}

fn properties(of: &Resource) -> Value {
    let mut properties = Map::new();
    properties.insert("id".into(), json!({ "type": "integer", "readOnly": true }));
    properties.insert("version".into(), json!({ "type": "integer", "minimum": 1, "description": "Grows with each change; given back, a change of somebody else is a conflict." }));
    for field in of.fields {
        properties.insert(field.name.into(), schema::of(field));
    }
    Value::Object(properties)
}

fn list_parameters(of: &'static Resource) -> Vec<Value> {
    let sortable: Vec<&str> = query::sortable(of).collect();
    let mut parameters = vec![
        parameter(
            "q",
            "Words that any text of the row contains.",
            json!({ "type": "string", "maxLength": LONGEST_SEARCH }),
        ),
        parameter("sort", "Field to sort by.", json!({ "enum": sortable })),
        parameter("desc", "Descending.", json!({ "type": "boolean" })),
        parameter(
            "after",
            "`next` of the page before; good for the same sort only.",
            json!({ "type": "string" }),
        ),
        parameter(
            "limit",
            "Rows a page.",
            json!({ "type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE }),
        ),
        parameter("fields", "Only these fields, joined by commas.", json!({ "type": "string" })),
    ];
    for field in of.fields {
        for way in query::ways(field.kind) {
            let what = match *way {
                ".not" => "is none of",
                ".has" => "contains one of",
                ".min" => "is at least",
                ".max" => "is at most",
                _ => "is one of",
            };
            let one = if *way == ".has" {
                json!({ "type": "string", "minLength": 1, "maxLength": schema::LONGEST_FILTER })
            } else {
                schema::of_filter(field)
            };
            let schema = match *way {
                ".min" | ".max" => one,
                _ => json!({ "type": "array", "items": one, "maxItems": MOST_ROWS }),
            };
            parameters.push(parameter(
                &format!("f.{}{way}", field.name),
                &format!("{} {what}.", field.label),
                schema,
            ));
        }
    }
    parameters
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "required": false, "schema": schema })
}

fn id_parameter() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } })
}

fn idempotency_key() -> Value {
    json!({ "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A name of the request's own. Repeated within 24 hours it gets the same answer.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" } })
}

fn writes(matched: bool) -> Vec<Value> {
    let dry = parameter(
        "dry_run",
        "Run all checks, tell what would change, write nothing.",
        json!({ "type": "boolean" }),
    );
    let mut parameters = vec![dry, idempotency_key()];
    if matched {
        parameters.push(json!({ "name": "If-Match", "in": "header", "required": false,
            "description": "The ETag that the row was read with.", "schema": { "type": "string" } }));
    }
    parameters
}

fn leaves(of: &'static Resource) -> Vec<Value> {
    let mut parameters = writes(true);
    if resources::can_be_left(of) {
        let what = "The row to which what points to this one moves.";
        parameters.push(parameter("move_to", what, json!({ "type": "integer", "minimum": 1 })));
    }
    parameters
}

fn told(of: &Resource) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", row_name(of)) });
    let mut answer = json_answer("The row.", schema);
    answer["headers"] = json!({ "ETag": { "description": "Its version.", "schema": { "type": "string" } } });
    answer
}

fn changed(of: &Resource) -> Value {
    let schema = json!({ "anyOf": [{ "$ref": format!("#/components/schemas/{}", row_name(of)) }, { "$ref": "#/components/schemas/Rehearsal" }] });
    json!({ "200": json_answer("The row as it is; what would change, if it was a dry run.", schema) })
}

fn created(of: &Resource) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", row_name(of)) });
    let mut made = json_answer("The new row.", schema);
    made["headers"] = json!({
        "ETag": { "schema": { "type": "string" } }, "Location": { "schema": { "type": "string" } },
    });
    json!({ "201": made, "200": json_answer("What would change.", json!({ "$ref": "#/components/schemas/Rehearsal" })) })
}

fn listed(of: &Resource) -> Value {
    json!({ "200": json_answer("A page.", json!({
        "type": "object",
        "properties": {
            "items": { "type": "array", "items": { "$ref": format!("#/components/schemas/{}", row_name(of)) } },
            "total": { "type": "integer", "description": "All that match." },
            "next": { "type": ["string", "null"], "description": "Where the next page begins." },
        },
        "required": ["items", "total", "next"],
    })) })
}

fn deleted() -> Value {
    json!({ "204": { "description": "It is gone." }, "200": json_answer("What would change.", json!({ "$ref": "#/components/schemas/Rehearsal" })) })
}

fn bulk_done() -> Value {
    let done = json!({ "type": "object", "properties": { "rows": { "type": "integer" }, "revision": { "type": "integer" } }, "required": ["rows", "revision"] });
    json!({ "200": json_answer("How many rows changed; what would change, if it was a dry run.", json!({ "anyOf": [done, { "$ref": "#/components/schemas/Rehearsal" }] })) })
}

fn bulk_schema(of: &Resource) -> Value {
    let change = json!({ "$ref": format!("#/components/schemas/{}Change", row_name(of)) });
    let rows = [
        ("ids", json!({ "type": "array", "items": { "type": "integer" } })),
        ("query", json!({ "type": "string", "description": "As a list takes it: f.suspended=true&q=anna" })),
    ];
    let acts = [("set", change), ("delete", json!({ "const": true }))];
    let mut ways = Vec::new();
    for (which, rows) in &rows {
        for (act, what) in &acts {
            ways.push(json!({ "type": "object", "properties": { *which: rows, *act: what }, "required": [which, act], "additionalProperties": false }));
        }
    }
    json!({ "anyOf": ways })
}

fn problem() -> Value {
    json!({ "type": "object", "properties": {
        "type": { "type": "string" }, "status": { "type": "integer" }, "title": { "type": "string" },
        "problems": { "type": "array", "items": { "type": "object", "properties": { "field": { "type": "string" }, "message": { "type": "string" } }, "required": ["field", "message"] } },
    }, "required": ["type", "status", "title", "problems"] })
}

fn rehearsal() -> Value {
    let change = json!({ "type": "object", "properties": { "from": { "type": "string" }, "to": { "type": "string" } }, "required": ["from", "to"] });
    let entry = json!({ "type": "object", "properties": {
        "table": { "type": "string" }, "title": { "type": "string" }, "action": { "type": "string" },
        "changes": { "type": "object", "additionalProperties": change },
    }, "required": ["table", "title", "action", "changes"] });
    json!({ "type": "object", "properties": { "dry_run": { "const": true }, "would_change": { "type": "array", "items": entry } }, "required": ["dry_run", "would_change"] })
}

fn json_answer(description: &str, schema: Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}

fn unchanged() -> Value {
    json!({ "description": "The row is as `If-None-Match` knows it." })
}

fn with_faults(mut answers: Value, faults: &[(&str, &str)]) -> Value {
    for (status, description) in faults.iter().chain(ALWAYS) {
        answers[*status] = json!({ "description": description, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    }
    answers
}

/// `RingGroup` of `ring_groups`.
fn row_name(of: &Resource) -> String {
    let words = of.name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    let name: String = words.collect();
    name.strip_suffix('s').filter(|_| !of.single).unwrap_or(&name).to_owned()
}

type Faults = &'static [(&'static str, &'static str)];
const ALWAYS: Faults = &[
    ("401", "No key, or one that is not valid."),
    ("403", "The key does not allow this."),
    ("429", "Too many requests; Retry-After says when to go on."),
    ("503", "Too much at once; try again."),
];
const LIST: Faults =
    &[("400", "A parameter is not known or does not fit."), ("404", "The table is not theirs to see.")];
const READ: Faults = &[("400", "A parameter is not known."), ("404", "There is no such row.")];
const CREATE: Faults = &[
    ("400", "The request makes no sense."),
    ("404", "The table is not theirs to see, or the row is gone."),
    ("409", "Other rows stand in the way, or the first request with this Idempotency-Key is still running."),
    ("422", "Values are wrong, named field by field; or the Idempotency-Key was another request's."),
];
const CHANGE: Faults = &[
    ("400", "The request makes no sense."),
    ("404", "There is no such row."),
    ("409", "Somebody changed it since the version given."),
    ("412", "Somebody changed it since the ETag given in If-Match."),
    ("422", "Values are wrong, named field by field."),
];
const DELETE: Faults = &[
    ("400", "A parameter is not known."),
    ("404", "There is no such row."),
    ("409", "Other rows refer to it."),
    ("412", "Somebody changed it since the ETag given in If-Match."),
    ("422", "A rule stands in the way."),
];
