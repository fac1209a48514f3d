//! The OpenAPI 3.1 document, made from the declarations when it is asked for: a table that is added to the registry is in it.
//!
//! Written by hand over `serde_json`: generators such as utoipa read Rust types at build time, and the tables here are data;
//! what they would save is a type for the document, which is 200 lines of `json!`.

pub(crate) mod answers;

use config::{Field, Kind, Resource, resources};
use serde_json::{Map, Value, json};

use super::{
    methods::{self, Place},
    query, schema,
};
use crate::{
    auth::Who,
    tables,
    tables::list::{LONGEST_SEARCH, MOST_ROWS, PAGE},
};
use answers::{
    CHANGE, CREATE, DELETE, LIST, READ, bulk_done, changed, created, deleted, json_answer, listed, problem,
    rehearsal, told, unchanged, with_faults,
};

/// Operations of what is no table, under a heading.
pub(crate) struct Group {
    pub name: &'static str,
    pub about: &'static str,
    pub paths: Vec<(String, Value)>,
}

/// The document of the tables that somebody may see, and of these groups.
pub(crate) fn of(who: &Who, groups: Vec<Group>) -> Value {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    let tables: Vec<&'static Resource> = resources::ALL.into_iter().filter(|of| who.may_see(of)).collect();
    for of in &tables {
        schemas.insert(row_name(of), row(of));
        schemas.insert(format!("{}Made", row_name(of)), made(of));
        schemas.insert(format!("{}New", row_name(of)), new(of));
        schemas.insert(format!("{}Change", row_name(of)), change(of));
        paths.extend(table_paths(who, of));
    }
    schemas.insert("Problem".into(), problem());
    schemas.insert("Rehearsal".into(), rehearsal());
    let mut tags: Vec<Value> =
        tables.iter().map(|of| json!({ "name": of.many, "description": of.about })).collect();
    for group in groups {
        tags.push(json!({ "name": group.name, "description": group.about }));
        for (path, item) in group.paths {
            unite(&mut paths, path, item);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Dialtone", "version": env!("CARGO_PKG_VERSION"),
            "description": "Every table and action of the portal that is open to whoever asks for this document, with the same checks and rights. Signed in by an API key.",
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

/// Adds an address; what another group does there stays.
fn unite(paths: &mut Map<String, Value>, path: String, item: Value) {
    match (paths.get_mut(&path), item) {
        (Some(Value::Object(known)), Value::Object(new)) => known.extend(new),
        (_, item) => drop(paths.insert(path, item)),
    }
}

/// The addresses of a table with the methods that are open to somebody.
fn table_paths(who: &Who, of: &'static Resource) -> Vec<(String, Value)> {
    let base = format!("/api/v1/{}", of.name);
    let place = |path: String, place: Place, describe: &dyn Fn(&str) -> Value| {
        let methods = methods::at(who, of, place);
        let mut item: Map<String, Value> =
            methods.iter().map(|method| ((*method).to_owned(), describe(method))).collect();
        if item.is_empty() {
            return None;
        }
        if path.contains("{id}") {
            item.insert("parameters".into(), json!([id_parameter()]));
        }
        if place == Place::Table {
            item.insert("x-table".into(), json!(of.name));
        }
        Some((path, Value::Object(item)))
    };
    let mut paths = vec![place(base.clone(), Place::Table, &|method| on_table(of, method))];
    if !of.single {
        paths.push(place(format!("{base}/{{id}}"), Place::Row, &|method| on_row(of, method)));
        paths.push(place(format!("{base}/bulk"), Place::Bulk, &|_| on_many(of)));
    }
    for field in of.fields.iter().filter(|_| !of.single) {
        if matches!(field.kind, Kind::Secret) {
            let path = format!("{base}/{{id}}/{}/renew", field.name);
            paths.push(place(path, Place::Secret, &|_| on_secret(of, field)));
        }
    }
    for field in of.fields.iter().filter(|field| matches!(field.kind, Kind::File { .. })) {
        let path = format!("{base}/upload/{}", field.name);
        paths.push(place(path, Place::Upload, &|_| on_upload(of, field)));
    }
    paths.into_iter().flatten().collect()
}

fn on_table(of: &'static Resource, method: &str) -> Value {
    let many = of.many.to_lowercase();
    match (of.single, method) {
        (true, "patch") => with_body(
            op(of, "change", format!("Change {many}"), writes(true), with_faults(changed(of), CHANGE)),
            of,
            "Change",
        ),
        (true, _) => op(of, "get", format!("The {many}"), vec![], with_faults(row_answers(of), READ)),
        (false, "post") => with_body(
            op(of, "create", format!("New {}", one(of)), writes(false), with_faults(created(of), CREATE)),
            of,
            "New",
        ),
        (false, _) => {
            let summary = format!("Search, filter and page {many}");
            op(of, "list", summary, list_parameters(of), with_faults(listed(of), LIST))
        }
    }
}

fn on_row(of: &'static Resource, method: &str) -> Value {
    let one = one(of);
    let written =
        |id: &str, summary: String| op(of, id, summary, writes(true), with_faults(changed(of), CHANGE));
    match method {
        "patch" => with_body(written("change", format!("Change fields of a {one}")), of, "Change"),
        "put" => {
            let summary = format!("Replace a {one}; what is not given takes its default");
            with_body(written("replace", summary), of, "New")
        }
        "delete" => op(of, "delete", format!("Delete a {one}"), leaves(of), with_faults(deleted(), DELETE)),
        _ => op(of, "get", format!("One {one}"), vec![], with_faults(row_answers(of), READ)),
    }
}

fn on_many(of: &'static Resource) -> Value {
    let summary = format!("Change or delete many {} at once, all or none", of.many.to_lowercase());
    let mut bulk = op(of, "bulk", summary, writes(false), with_faults(bulk_done(), CREATE));
    bulk["requestBody"] = body(bulk_schema(of));
    bulk
}

fn on_secret(of: &'static Resource, field: &Field) -> Value {
    let answers = json!({ "200": json_answer("The new one, told this once.", json!({
        "type": "object", "properties": { field.name: { "type": "string" } }, "required": [field.name],
    })) });
    let (id, summary) =
        (format!("renew_{}", field.name), format!("Make a new {}", field.label.to_lowercase()));
    op(of, &id, summary, vec![idempotency_key()], with_faults(answers, CREATE))
}

fn on_upload(of: &'static Resource, field: &Field) -> Value {
    let key = json!({ "type": "object", "properties": { "key": { "type": "string" } }, "required": ["key"] });
    let answers = json!({ "201": json_answer("The key that the field takes.", key) });
    let (id, summary) = (
        format!("upload_{}", field.name),
        format!("Upload a file for {}; its content is the body", field.label.to_lowercase()),
    );
    let mut upload = op(of, &id, summary, vec![idempotency_key()], with_faults(answers, CREATE));
    let content = json!({ "schema": { "type": "string", "format": "binary" } });
    upload["requestBody"] = json!({ "required": true, "content": { "application/octet-stream": content } });
    upload
}

fn op(of: &Resource, id: &str, summary: String, parameters: Vec<Value>, answers: Value) -> Value {
    let operation = format!("{id}_{}", of.name);
    json!({ "tags": [of.many], "operationId": operation, "summary": summary,
            "parameters": parameters, "responses": answers })
}

fn with_body(mut operation: Value, of: &Resource, name: &str) -> Value {
    operation["requestBody"] =
        body(json!({ "$ref": format!("#/components/schemas/{}{name}", row_name(of)) }));
    operation
}

fn body(schema: Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn row_answers(of: &Resource) -> Value {
    json!({ "200": told(of), "304": unchanged() })
}

fn one(of: &Resource) -> String {
    of.one.to_lowercase()
}

/// A row as it is read. Only id and version are sure to be there: an answer may be limited to some fields.
fn row(of: &Resource) -> Value {
    let mut properties = properties(of);
    if let Some(properties) = properties.as_object_mut() {
        properties.retain(|_, property| property["writeOnly"] != true);
    }
    json!({
        "type": "object", "description": of.about, "properties": properties,
        "required": ["id", "version"], "additionalProperties": false,
    })
}

/// A row as the answer to its creation tells it, with the secret that was made.
fn made(of: &Resource) -> Value {
    let mut row = row(of);
    let secrets = of.fields.iter().filter(|field| matches!(field.kind, Kind::Secret)).map(|field| field.name);
    for name in secrets.chain(tables::told_once(of)) {
        let told = "Told once, in this answer, if it was made for the row.";
        row["properties"][name] = json!({ "type": "string", "readOnly": true, "description": told });
    }
    row
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
            json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" }),
        ),
        parameter(
            "limit",
            "Rows a page.",
            json!({ "type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE }),
        ),
        parameter("fields", "Only these fields, joined by commas.", named_fields(of)),
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
                _ => json!({ "type": "array", "items": one, "maxItems": query::MOST_VALUES }),
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

/// The names that `fields` takes.
fn named_fields(of: &Resource) -> Value {
    let fields = of.fields.iter().filter(|field| !matches!(field.kind, Kind::Secret)).map(|field| field.name);
    let names: Vec<&str> = ["id", "version"].into_iter().chain(fields).collect();
    let any = names.join("|");
    json!({ "type": "string", "pattern": format!("^({any})(,({any}))*$") })
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "required": false, "schema": schema })
}

pub(crate) fn id_parameter() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 1 } })
}

pub(crate) fn idempotency_key() -> Value {
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

fn bulk_schema(of: &Resource) -> Value {
    let change = json!({ "$ref": format!("#/components/schemas/{}Change", row_name(of)) });
    let rows = [
        (
            "ids",
            json!({ "type": "array", "items": { "type": "integer", "minimum": 1, "maximum": schema::HIGHEST } }),
        ),
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

/// `RingGroup` of `ring_groups`.
fn row_name(of: &Resource) -> String {
    let words = of.name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    let name: String = words.collect();
    name.strip_suffix('s').filter(|_| !of.single).unwrap_or(&name).to_owned()
}
