//! `/call-history/blocked`: whose calls somebody does not take. CH-17.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{
    Problem,
    access::{Author, Viewer},
    query::ListQuery,
    resource::Values,
    resources::blocked_callers::BLOCKED_CALLERS,
    write::WriteError,
};
use serde::Deserialize;
use serde_json::json;

use super::{PATH as HISTORY, one};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    reply, sent,
    state::App,
    view::Page,
    zone::{Clock, Shown},
};

#[derive(Template)]
#[template(path = "blocked.html")]
struct BlockedPage {
    page: Page,
    blocked: Vec<Blocked>,
    number: String,
    problem: String,
}

/// Somebody who is blocked.
#[derive(Debug)]
struct Blocked {
    id: i64,
    number: String,
    note: String,
    since: Shown,
}

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    number: String,
    #[serde(default)]
    note: String,
}

/// `GET /call-history/blocked`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    overview(&app, &who, (String::new(), String::new())).await
}

/// `POST /call-history/blocked`: `number`, or `call`, one of their own calls whose other side is meant.
pub(crate) async fn block(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let (mut number, mut note) = (form.get("number").to_owned(), form.get("note").to_owned());
    let from_call = form.has("call");
    if from_call {
        let call = one(&app, &who, form.get("call")).await?.ok_or(Fault::NotFound)?;
        (number, note) = (call.number, call.name.chars().take(128).collect());
    }
    match add(&app, &who, &number, note).await? {
        Ok(_) => {
            let to = if from_call { HISTORY } else { PATH };
            let toast = format!("{number} is blocked. Take it back under Blocked callers.");
            Ok(reply::see_other(to, &toast))
        }
        Err(problems) => {
            let said = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ");
            let mut answer = overview(&app, &who, (number, said)).await?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
    }
}

/// `POST /call-history/blocked/{id}/unblock`.
pub(crate) async fn unblock(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let number = remove(&app, &who, id).await?;
    Ok(reply::see_other(PATH, &format!("{number} can call you again.")))
}

/// `GET /api/v1/me/blocked-callers`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let rows = all(&app, &who).await?;
    let items: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row.values.get(name).cloned().unwrap_or_default();
            json!({ "id": row.id, "number": text("number"), "note": text("note"), "since": text("since") })
        })
        .collect();
    Ok(Json(json!({ "items": items, "total": items.len() })).into_response())
}

/// `POST /api/v1/me/blocked-callers`: `{"number":"…","note":"…"}`.
pub(crate) async fn api_block(
    State(app): State<Arc<App>>,
    who: Who,
    sent::Sent(sent): sent::Sent<Sent>,
) -> Answer {
    let id = add(&app, &who, &sent.number, sent.note).await?.map_err(Fault::Invalid)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))).into_response())
}

/// `DELETE /api/v1/me/blocked-callers/{id}`.
pub(crate) async fn api_unblock(
    State(app): State<Arc<App>>,
    who: Who,
    sent::RowId(id): sent::RowId,
) -> Answer {
    remove(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn overview(app: &App, who: &Who, (number, problem): (String, String)) -> Result<Response, Fault> {
    let clock = Clock::of(app, who).await?;
    let rows = all(app, who).await?;
    let blocked = rows.into_iter().map(|row| {
        let text = |name: &str| row.values.get(name).cloned().unwrap_or_default();
        let since = text("since").parse::<chrono::DateTime<chrono::Utc>>().unwrap_or_default();
        Blocked {
            id: row.id,
            number: text("number"),
            note: text("note"),
            since: clock.show(since.timestamp_millis()),
        }
    });
    let page = Page::portal(who, PATH, "Blocked callers").below("Call history", HISTORY);
    reply::html(&BlockedPage { page, blocked: blocked.collect(), number, problem })
}

/// Their own rows with everything.
async fn all(app: &App, who: &Who) -> Result<Vec<config::query::Row>, Fault> {
    let (viewer, user) = (Viewer::primary(who.tenant), who.user.0.to_string());
    let query = ListQuery { filters: vec![("user".into(), vec![user])], limit: MOST, ..ListQuery::default() };
    app.db(move |db| Ok::<_, Fault>(db.list(&viewer, &BLOCKED_CALLERS, &query)?.rows)).await
}

async fn add(app: &App, who: &Who, number: &str, note: String) -> Result<Result<i64, Vec<Problem>>, Fault> {
    if all(app, who).await?.len() >= MOST {
        return Ok(Err(vec![Problem::of("number", "At most 200 callers. Unblock one first.")]));
    }
    let values = Values::from([
        ("number".to_owned(), number.to_owned()),
        ("user".to_owned(), who.user.0.to_string()),
        ("note".to_owned(), note),
    ]);
    let author = own_author(who);
    let made = app.db(move |db| Ok::<_, Fault>(db.create(&author, &BLOCKED_CALLERS, &values))).await?;
    match made {
        Ok(saved) => Ok(Ok(saved.id)),
        Err(WriteError::Invalid(problems)) => Ok(Err(problems)),
        Err(other) => Err(other.into()),
    }
}

/// The number that is free again.
async fn remove(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    let row = all(app, who).await?.into_iter().find(|row| row.id == id).ok_or(Fault::NotFound)?;
    let author = own_author(who);
    app.db(move |db| db.delete(&author, &BLOCKED_CALLERS, id)).await?;
    Ok(row.values.get("number").cloned().unwrap_or_default())
}

/// Who changes what is their own needs no right to the table; whose rows they are was checked before.
pub(crate) fn own_author(who: &Who) -> Author {
    Author { viewer: Viewer::primary(who.tenant), ..who.author("portal") }
}

const PATH: &str = "/call-history/blocked";
/// More than anybody is bothered by, and as many as one list holds.
const MOST: usize = 200;
