//! REST over the declared tables: `/api/v1/<table>`, with the same checks as the pages, and JSON problems. OPS-15.
//!
//! Signed in by an API key, or by the session cookie with the session's token in `X-CSRF-Token`. A row's version is its
//! `ETag`; `If-Match` refuses a change of what somebody else changed meanwhile. `dry_run=1` runs all checks, tells what
//! would change and writes nothing. `Idempotency-Key` makes a repetition harmless.

pub(crate) mod idempotent;
pub(crate) mod json;
pub(crate) mod methods;
pub(crate) mod openapi;
pub(crate) mod param;
mod query;
mod schema;

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{
    Kind, Problem, Resource,
    audit::AuditEntry,
    bulk::{Act, Chosen},
    query::Row,
    rehearsal::Attempt,
    resource::Values,
    write::WriteError,
};
use serde_json::{Value, json};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    state::App,
    tables::{self, form},
};
use methods::Place;
use query::Writing;

/// `GET /api/v1/{table}`: `{"items":[…],"total":…,"next":"…"}`; the row itself for a table with one.
pub(crate) async fn index(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let of = who.table(&table)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    if of.single {
        query::nothing(&asked)?;
        return Ok(tagged(of, &form::only_row(&app, &who, of).await?, &headers));
    }
    let (viewer, wanted) = (who.viewer(), query::list(of, &asked)?);
    let fields = query::fields(of, &asked)?;
    let found = app.db(move |db| db.list(&viewer, of, &wanted)).await?;
    let items: Vec<_> = found.rows.iter().map(|row| json::some(of, row, &fields)).collect();
    Ok(Json(json!({ "items": items, "total": found.total, "next": found.next })).into_response())
}

/// `GET /api/v1/{table}/{id}`.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let of = who.table(&table)?;
    query::nothing(&Pairs::parse(&query.unwrap_or_default()))?;
    Ok(tagged(of, &row(&app, &who, of, id_of(&id)?).await?, &headers))
}

/// `POST /api/v1/{table}`: 201 with the new row; a secret that was made for it is in the answer, this once.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answer {
    let of = who.table(&table)?;
    if of.single {
        return Err(methods::refused(&who, of, Place::Table).into());
    }
    who.writable(&table)?;
    let writing = Writing::read(&query)?;
    let values = json::values(of, &body, None)?.values;
    if writing.dry_run {
        return rehearsed(&app, &who, of, Attempt::Create(values)).await;
    }
    let (author, given) = (who.author("api"), values.clone());
    let saved = app.db(move |db| db.create(&author, of, &given)).await?;
    let row = row(&app, &who, of, saved.id).await?;
    let mut made = json::object(of, &row);
    if let Some((field, secret)) = tables::made_secret(&app, &who, of, saved.id, &values).await? {
        made.insert(field.to_owned(), json!(secret));
    }
    let mut answer = (StatusCode::CREATED, Json(made)).into_response();
    let place = format!("/api/v1/{}/{}", of.name, saved.id);
    answer.headers_mut().insert(header::LOCATION, header_value(&place));
    answer.headers_mut().insert(header::ETAG, header_value(&etag(row.version)));
    Ok(answer)
}

/// `PATCH /api/v1/{table}/{id}`: changes the given fields. `PUT`: the row as given; fields that are not given take their
/// defaults.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    method: Method,
    Path((table, id)): Path<(String, String)>,
    asked: Asked,
) -> Answer {
    let of = who.writable(&table)?;
    let change = Change { id: id_of(&id)?, whole: method == Method::PUT };
    changed(&app, &who, of, change, &asked).await
}

/// `PATCH /api/v1/{table}` of a table with one row.
pub(crate) async fn patch_single(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    asked: Asked,
) -> Answer {
    let of = who.table(&table)?;
    if !of.single {
        return Err(methods::refused(&who, of, Place::Table).into());
    }
    who.writable(&table)?;
    let change = Change { id: form::only_row(&app, &who, of).await?.id, whole: false };
    changed(&app, &who, of, change, &asked).await
}

/// `DELETE /api/v1/{table}/{id}`: 204. With `?move_to=`, what points to the row points to that one then.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let of = who.writable(&table)?;
    let (id, (writing, to)) = (id_of(&id)?, Writing::of_delete(&query)?);
    let row = row(&app, &who, of, id).await?;
    match_version(&headers, row.version)?;
    if writing.dry_run {
        return rehearsed(&app, &who, of, Attempt::Delete { id, to }).await;
    }
    let author = who.author("api");
    app.db(move |db| db.delete_moving(&author, of, id, to).map(|_| ())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/{table}/bulk`: `{"ids":[…]}` or `{"query":"f.suspended=true"}` with `"set":{…}` or `"delete":true`, all or
/// none.
pub(crate) async fn bulk(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answer {
    let of = who.writable(&table)?;
    if of.single {
        return Err(Fault::NotFound.into());
    }
    let writing = Writing::read(&query)?;
    let (chosen, act) = many(of, &body)?;
    if writing.dry_run {
        return rehearsed(&app, &who, of, Attempt::Bulk(chosen, act)).await;
    }
    let author = who.author("api");
    let done = app.db(move |db| db.bulk(&author, of, &chosen, &act)).await?;
    Ok(Json(json!({ "rows": done.rows, "revision": done.revision })).into_response())
}

/// `POST /api/v1/{table}/{id}/{field}/renew`: a new secret, told this once.
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id, field)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let of = who.writable(&table)?;
    query::nothing(&Pairs::parse(&query.unwrap_or_default()))?;
    let field = of.field(&field).filter(|field| matches!(field.kind, Kind::Secret)).ok_or(Fault::NotFound)?;
    let id = row(&app, &who, of, id_of(&id)?).await?.id;
    let author = who.author("api");
    let secret = app.db(move |db| db.renew_secret(&author, of, id, field.name)).await?;
    Ok(Json(json!({ field.name: secret })).into_response())
}

/// Which row is changed, and how.
struct Change {
    id: i64,
    /// Fields that are not given take their defaults.
    whole: bool,
}

/// What a changing request brings beside its address.
pub(crate) struct Asked {
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (query, headers) = (request.uri().query().map(str::to_owned), request.headers().clone());
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { query, headers, body })
    }
}

async fn changed(app: &App, who: &Who, of: &'static Resource, what: Change, asked: &Asked) -> Answer {
    let (id, writing) = (what.id, Writing::read(&asked.query)?);
    let given = json::values(of, &asked.body, Some(id))?;
    let present = row(app, who, of, id).await?;
    let matched = match_version(&asked.headers, present.version)?;
    let mut values = if what.whole { blank(of) } else { Values::new() };
    values.extend(given.values);
    // Between this look at the version and the write somebody may save: the write looks again.
    let version = matched.or(given.version);
    if writing.dry_run {
        return rehearsed(app, who, of, Attempt::Update { id, values, version }).await;
    }
    let author = who.author("api");
    let written = app.db(move |db| Ok::<_, Fault>(db.update(&author, of, id, &values, version))).await?;
    match written {
        Err(WriteError::Conflict { .. }) if matched.is_some() => Err(Fault::Precondition.into()),
        other => {
            other?;
            Ok(tagged(of, &row(app, who, of, id).await?, &HeaderMap::new()))
        }
    }
}

/// All fields at their defaults; secrets stay.
fn blank(of: &'static Resource) -> Values {
    let fields = of.settable().filter(|field| !matches!(field.kind, Kind::Secret));
    fields.map(|field| (field.name.to_owned(), field.default.to_owned())).collect()
}

/// The rows and the action of a bulk request.
fn many(of: &'static Resource, body: &[u8]) -> Result<(Chosen, Act), Fault> {
    let mut body = json::body(body)?;
    let wrong = |text: &str| Err(Fault::Malformed(text.to_owned()));
    let chosen = match (body.remove("ids"), body.remove("query")) {
        (Some(Value::Array(ids)), None) => {
            let ids: Option<Vec<i64>> = ids
                .iter()
                .map(|id| schema::whole(id).filter(|id| (1..=schema::HIGHEST).contains(id)))
                .collect();
            match ids {
                Some(ids) => Chosen::These(ids),
                None => return wrong("`ids` is a list of row ids"),
            }
        }
        (None, Some(Value::String(query))) => {
            // It stands in the body, so it is a value that does not fit, told at its name.
            let at_its_name = |fault| match fault {
                Fault::Malformed(message) => {
                    Fault::Invalid(vec![Problem { field: "query".to_owned(), message }])
                }
                other => other,
            };
            Chosen::Matching(query::list(of, &Pairs::parse(&query)).map_err(at_its_name)?)
        }
        _ => return wrong("give either `ids`, a list of row ids, or `query`, as a list takes it"),
    };
    let act = match (body.remove("set"), body.remove("delete")) {
        (Some(Value::Object(set)), None) => Act::Set(json::given(of, set, None)?.values),
        (None, Some(Value::Bool(true))) => Act::Delete,
        _ => return wrong("give either `set`, an object of fields, or `delete`: true"),
    };
    match body.keys().next() {
        Some(other) => Err(Fault::Malformed(format!("`{other}` is not known here"))),
        None => Ok((chosen, act)),
    }
}

/// What an attempt would change.
async fn rehearsed(app: &App, who: &Who, of: &'static Resource, attempt: Attempt) -> Answer {
    let author = who.author("api");
    let entries = app.db(move |db| db.rehearse(&author, of, &attempt)).await?;
    let told = |entry: &AuditEntry| {
        let field = |(name, (from, to)): (&String, &(String, String))| {
            (name.clone(), json!({ "from": from, "to": to }))
        };
        let changes: serde_json::Map<_, _> = entry.changes.iter().map(field).collect();
        json!({ "table": entry.table, "title": entry.title, "action": entry.action, "changes": changes })
    };
    let would = entries.iter().map(told).collect::<Vec<_>>();
    Ok(Json(json!({ "dry_run": true, "would_change": would })).into_response())
}

async fn row(app: &App, who: &Who, of: &'static Resource, id: i64) -> Result<Row, Fault> {
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)
}

/// A row with its version as `ETag`; 304 if the program has it already.
fn tagged(of: &Resource, row: &Row, headers: &HeaderMap) -> Response {
    let tag = etag(row.version);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut answer = if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(json::object(of, row)).into_response()
    };
    answer.headers_mut().insert(header::ETAG, header_value(&tag));
    answer
}

/// The version that `If-Match` demands; an error if the row has another.
fn match_version(headers: &HeaderMap, present: i64) -> Result<Option<i64>, Fault> {
    let Some(wanted) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let wanted = wanted.to_str().map_err(|_| Fault::Precondition)?.trim();
    if wanted == "*" {
        return Ok(None);
    }
    let tag = etag(present);
    if wanted.split(',').any(|one| one.trim() == tag) { Ok(Some(present)) } else { Err(Fault::Precondition) }
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// A row id of an address; what is none is not there.
pub(crate) fn id_of(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault::NotFound)
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("table names, ids and versions are ASCII")
}
