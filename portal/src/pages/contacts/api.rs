//! `/api/v1/me/contacts`: one's own contacts, for programs that act for one person, whatever their level. What all share is
//! `/api/v1/contacts`, as any table.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{RawQuery, State},
    http::StatusCode,
    response::IntoResponse,
};
use config::{
    Problem,
    contacts::{FIELDS, People, PeopleQuery, Whose, formats},
    resource::Values,
};
use serde_json::{Map, Value, json};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    rest::param::{Param, Takes, checked},
    sent::RowId,
    state::App,
};

/// `GET`: with `q` those that contain each word; `all=1` adds the company's and colleagues. At most 200.
pub(crate) async fn index(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = checked(&query, &PARAMETERS)?;
    let viewer = who.viewer();
    let query = PeopleQuery {
        people: if ["1", "true"].contains(&asked.get("all")) { People::All } else { People::Own },
        search: asked.get("q").chars().take(100).collect(),
        after: super::place(asked.get("after")),
        limit: 200,
    };
    let (people, more) = app.read(move |db| db.people(&viewer, &query)).await?;
    let next =
        people.last().filter(|_| more).map(|last| format!("{}:{}:{}", last.kind.key(), last.id, last.name));
    Ok(Json(json!({ "rows": people, "next": next })).into_response())
}

/// `GET …/{id}`.
pub(crate) async fn one(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    let viewer = who.viewer();
    let row = app.db(move |db| db.contact(&viewer, Whose::Own, id)).await?.ok_or(Fault::NotFound)?;
    Ok(Json(json!({ "id": id, "version": row.version, "values": row.values })).into_response())
}

/// `POST`: adds one; the fields are those of the table `contacts`.
pub(crate) async fn create(State(app): State<Arc<App>>, who: Who, body: Bytes) -> Answer {
    let (author, values) = (who.author("api"), given(&body)?);
    let saved = app.db(move |db| db.add_contact(&author, Whose::Own, &values)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": saved.id }))).into_response())
}

/// `PATCH …/{id}`: the fields that are given.
pub(crate) async fn patch(State(app): State<Arc<App>>, who: Who, RowId(id): RowId, body: Bytes) -> Answer {
    let (author, values) = (who.author("api"), given(&body)?);
    let saved = app.db(move |db| db.change_contact(&author, (Whose::Own, id), &values, None)).await?;
    Ok(Json(json!({ "id": saved.id })).into_response())
}

/// `DELETE …/{id}`.
pub(crate) async fn delete(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    let author = who.author("api");
    app.db(move |db| db.delete_contacts(&author, &[(Whose::Own, id)])).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST …/import`: a file of any of the forms as the body; all of it or nothing.
pub(crate) async fn import(State(app): State<Arc<App>>, who: Who, body: Bytes) -> Answer {
    let refused = |error: formats::SheetError| {
        Fault::Invalid(vec![Problem { field: String::new(), message: error.to_string() }])
    };
    let contacts = formats::read(&body, None).and_then(|sheet| sheet.contacts()).map_err(refused)?;
    let author = who.author("api");
    let done = app.db(move |db| db.add_contacts(&author, Whose::Own, &contacts)).await?;
    Ok(Json(json!(done)).into_response())
}

/// `GET /api/v1/me/known-numbers?number=…&number=…`: whom each belongs to. CH-11.
pub(crate) async fn known(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let numbers: Vec<String> = asked.all("number").take(MOST_NUMBERS).map(str::to_owned).collect();
    let viewer = who.viewer();
    let known = app
        .read(move |db| {
            let asked: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let known = db.known_numbers(&viewer, &asked)?;
            Ok::<_, config::query::QueryError>(numbers.into_iter().zip(known).collect::<Vec<_>>())
        })
        .await?;
    let rows: Vec<Value> =
        known.into_iter().map(|(number, known)| json!({ "number": number, "contact": known })).collect();
    Ok(Json(json!({ "rows": rows })).into_response())
}

fn given(body: &[u8]) -> Result<Values, Fault> {
    let object: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Fault::Malformed(format!("this is no JSON object: {error}")))?;
    let mut values = Values::new();
    for (name, value) in object {
        let Value::String(text) = value else {
            let message = "A text.".to_owned();
            return Err(Fault::Invalid(vec![Problem { field: name, message }]));
        };
        if FIELDS.field(&name).is_none_or(|field| field.read_only) {
            let message = "There is no such field.".to_owned();
            return Err(Fault::Invalid(vec![Problem { field: name, message }]));
        }
        values.insert(name, text);
    }
    Ok(values)
}

/// What the list takes.
pub(crate) const PARAMETERS: [Param; 3] = [
    Param::new("q", Takes::Text, "Words that all occur."),
    Param::new("all", Takes::Flag, "The company's contacts and colleagues, too."),
    Param::new("after", Takes::Text, "`next` of the page before."),
];
const MOST_NUMBERS: usize = 200;
