//! REST over the declared tables: `/api/v1/<table>`, with the same checks as the pages, and JSON problems.
//!
//! A value is a number, a flag, a list of ids or a text, as its field's kind says. Signed in by the session cookie;
//! changing requests carry the session's token in `X-CSRF-Token`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::IntoResponse,
};
use config::{Field, Kind, Problem, Resource, query::Row, resource::Values, write::WriteError};
use serde_json::{Map, Value, json};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    state::App,
    tables::{self, field::SET, form, list},
};

/// `GET /api/v1/{table}`: `{"items":[…],"total":…,"next":"…"}`; the row itself for a table with one.
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let of = who.table(&table)?;
    if of.single {
        return Ok(Json(object(of, &form::only_row(&app, &who, of).await?)).into_response());
    }
    let (viewer, wanted) = (who.viewer(), list::wanted(of, &Pairs::parse(&query.unwrap_or_default())));
    let found = app.db(move |db| db.list(&viewer, of, &wanted)).await?;
    let items: Vec<_> = found.rows.iter().map(|row| object(of, row)).collect();
    Ok(Json(json!({ "items": items, "total": found.total, "next": found.next })).into_response())
}

/// `GET /api/v1/{table}/{id}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
) -> Answer {
    let of = who.table(&table)?;
    Ok(Json(object(of, &row(&app, &who, of, id).await?)).into_response())
}

/// `POST /api/v1/{table}`: 201 with the new row; a secret that was made for it is in the answer, this once.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    body: Bytes,
) -> Answer {
    let of = who.writable(&table)?;
    if of.single {
        return Err(Fault::Malformed(format!(
            "there is exactly one row of {}; change it with PATCH",
            of.name
        ))
        .into());
    }
    let (values, _) = values(of, &body)?;
    let (author, given) = (who.author("api"), values.clone());
    let saved = app.db(move |db| db.create(&author, of, &given)).await?;
    let mut made = object(of, &row(&app, &who, of, saved.id).await?);
    if let Some((field, secret)) = tables::made_secret(&app, &who, of, saved.id, &values).await? {
        made.insert(field.to_owned(), json!(secret));
    }
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// `PATCH /api/v1/{table}/{id}`: changes the given fields; with `version`, only if nobody else did.
pub(crate) async fn patch(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: Bytes,
) -> Answer {
    let of = who.writable(&table)?;
    change(&app, &who, of, id, &body).await
}

/// `PATCH /api/v1/{table}` of a table with one row.
pub(crate) async fn patch_single(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    body: Bytes,
) -> Answer {
    let of = who.writable(&table)?;
    if !of.single {
        return Err(Fault::NotFound.into());
    }
    let id = form::only_row(&app, &who, of).await?.id;
    change(&app, &who, of, id, &body).await
}

/// `DELETE /api/v1/{table}/{id}`: 204.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
) -> Answer {
    let of = who.writable(&table)?;
    let author = who.author("api");
    app.db(move |db| db.delete(&author, of, id).map(|_| ())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn change(app: &App, who: &Who, of: &'static Resource, id: i64, body: &[u8]) -> Answer {
    let (values, version) = values(of, body)?;
    let author = who.author("api");
    let viewer = who.viewer();
    let saved = app
        .db(move |db| {
            db.get(&viewer, of, id)?.ok_or(Fault::NotFound)?;
            match db.update(&author, of, id, &values, version) {
                Err(WriteError::Invalid(problems)) => Err(Fault::Invalid(problems)),
                other => Ok(other?),
            }
        })
        .await?;
    Ok(Json(object(of, &row(app, who, of, saved.id).await?)).into_response())
}

async fn row(app: &App, who: &Who, of: &'static Resource, id: i64) -> Result<Row, Fault> {
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)
}

/// A row as JSON.
fn object(of: &Resource, row: &Row) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".into(), json!(row.id));
    out.insert("version".into(), json!(row.version));
    for field in of.fields.iter().filter(|f| !matches!(f.kind, Kind::Secret)) {
        if let Some(text) = row.values.get(field.name) {
            out.insert(field.name.into(), value(field, text));
        }
    }
    out
}

fn value(field: &Field, text: &str) -> Value {
    let number = |text: &str| text.trim().parse::<i64>().map_or(Value::Null, Value::from);
    match field.kind {
        Kind::Number { .. } | Kind::Reference(_) => number(text),
        Kind::Flag => Value::Bool(text == SET),
        Kind::Set(_) => text.split(',').filter(|key| !key.is_empty()).map(Value::from).collect(),
        Kind::Many(_) => text.split(',').filter(|id| !id.is_empty()).map(number).collect(),
        _ => Value::from(text),
    }
}

/// The values of a JSON object, and the `version` it was read at.
fn values(of: &Resource, body: &[u8]) -> Result<(Values, Option<i64>), Fault> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|e| Fault::Malformed(format!("the body is not a JSON object: {e}")))?;
    let (mut values, mut version, mut problems) = (Values::new(), None, Vec::new());
    for (name, value) in body {
        match (name.as_str(), of.field(&name)) {
            ("id", _) => {}
            ("version", _) => version = value.as_i64(),
            (_, None) => {
                problems.push(Problem { field: name, message: format!("{} have no such field.", of.many) })
            }
            // What cannot be set may be sent back as it was read.
            (_, Some(field)) if field.read_only => {}
            (_, Some(_)) => match text(&value) {
                Some(text) => {
                    values.insert(name, text);
                }
                None => {
                    problems.push(Problem { field: name, message: "An object does not fit here.".into() })
                }
            },
        }
    }
    if problems.is_empty() { Ok((values, version)) } else { Err(Fault::Invalid(problems)) }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(set) => Some(if *set { SET } else { "0" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            items.iter().map(text).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        Value::Object(_) => None,
    }
}
