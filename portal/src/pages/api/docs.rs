//! The API's page: the OpenAPI document for people, drawn by our own template, nothing loaded from elsewhere.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;

use crate::{auth::Who, error::Fault, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "api_docs.html")]
struct DocsPage {
    page: Page,
    groups: Vec<Group>,
}

/// The operations of one table.
#[derive(Debug)]
struct Group {
    name: String,
    anchor: String,
    about: String,
    operations: Vec<Operation>,
}

/// One method at one address.
#[derive(Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    parameters: Vec<Line>,
    body: Vec<Line>,
    answers: Vec<(String, String)>,
}

/// A parameter or a field.
#[derive(Debug)]
struct Line {
    name: String,
    kind: String,
    about: String,
    required: bool,
}

/// `GET /api/docs`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let document = super::described(&who);
    let page = Page::new(&app, &who, "/api/docs", "API");
    reply::html(&DocsPage { page, groups: groups(&document) })
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = array(&document["tags"])
        .map(|tag| {
            let name = text(&tag["name"]);
            let anchor = name.to_lowercase().replace(' ', "-");
            Group { name, anchor, about: text(&tag["description"]), operations: Vec::new() }
        })
        .collect();
    for (path, methods) in entries(&document["paths"]) {
        let shared = &methods["parameters"];
        for method in ["get", "post", "patch", "put", "delete"] {
            let operation = &methods[method];
            let tag = text(&operation["tags"][0]);
            if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                group.operations.push(read(document, path, method, operation, shared));
            }
        }
    }
    groups
}

fn read(document: &Value, path: &str, method: &str, operation: &Value, shared: &Value) -> Operation {
    let parameters = array(shared).chain(array(&operation["parameters"])).map(|one| Line {
        name: text(&one["name"]),
        kind: kind(&one["schema"]),
        about: text(&one["description"]),
        required: one["required"] == true,
    });
    let schema = resolved(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
    let needed: Vec<String> = array(&schema["required"]).map(text).collect();
    let fields = entries(&schema["properties"]).filter(|(_, field)| field["readOnly"] != true);
    let body = fields.map(|(name, field)| Line {
        name: name.to_owned(),
        kind: kind(field),
        about: text(&field[if field["description"].is_null() { "title" } else { "description" }]),
        required: needed.iter().any(|needed| needed == name),
    });
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        parameters: parameters.collect(),
        body: body.collect(),
        answers: entries(&operation["responses"])
            .map(|(status, answer)| (status.to_owned(), text(&answer["description"])))
            .collect(),
    }
}

/// A schema's type in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().map(text).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of(&schema["items"])),
        Value::String(kind) => match (&schema["minimum"], &schema["maximum"]) {
            (Value::Number(min), Value::Number(max)) => format!("{kind} {min}–{max}"),
            _ => kind.clone(),
        },
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

fn kind_of(items: &Value) -> String {
    if items["anyOf"].is_array() { "integer or none".to_owned() } else { kind(items) }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema["$ref"]
        .as_str()
        .and_then(|place| document.pointer(place.trim_start_matches('#')))
        .unwrap_or(schema)
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
