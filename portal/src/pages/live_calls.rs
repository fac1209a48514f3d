//! `/admin/calls/live`: every call that is up, with hang-up. A-45.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{access::Verb, resources::devices::DEVICES};

use crate::{
    auth::Who,
    calls::LiveRow,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    state::App,
    view::Page,
};

#[derive(Template)]
#[template(path = "live_calls.html")]
struct LiveCallsPage {
    page: Page,
    calls: Vec<LiveRow>,
    more: usize,
    csrf: String,
}

#[derive(Template)]
#[template(path = "parts/live_calls.html")]
struct LiveCallsPart<'a> {
    calls: Vec<LiveRow>,
    more: usize,
    csrf: &'a str,
}

/// `GET /admin/calls/live`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let page = Page::new(&app, &who, "/admin/calls/live", "Live calls")
        .below("Reporting", "")
        .listening(&format!("calls:{MOST}"));
    let (calls, more) = rows(&app, &who, MOST, page.now);
    reply::html(&LiveCallsPage { page, calls, more, csrf: who.csrf })
}

/// The running calls of the viewer's tenant, and how many are not among them.
pub(crate) fn rows(app: &App, who: &Who, most: usize, now: i64) -> (Vec<LiveRow>, usize) {
    let mut calls = app.live.calls(who.tenant);
    // C-8: who waits for somebody comes first.
    calls.sort_by_key(|call| call.parked.is_none());
    (calls.iter().take(most).map(|call| LiveRow::new(call, now)).collect(), calls.len().saturating_sub(most))
}

/// The table alone, for the live stream.
pub(crate) fn part(app: &App, who: &Who, most: usize) -> Result<String, Fault> {
    let (calls, more) = rows(app, who, most.min(MOST), Utc::now().timestamp_millis());
    Ok(LiveCallsPart { calls, more, csrf: &who.csrf }.render()?)
}

/// `POST /admin/calls/live/{id}/hangup`. The row goes with the next live update.
pub(crate) async fn hang_up(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let ended = end(&app, &who, &id)?;
    if headers.contains_key("hx-request") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let next = Pairs::parse(&body).get("next").to_owned();
    let to = if next.starts_with("/admin/") { next.as_str() } else { "/admin/calls/live" };
    Ok(reply::see_other(to, if ended { "Call ended" } else { "That call had already ended" }))
}

/// `GET /api/v1/live/calls`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let items = app.live.calls(who.tenant);
    let total = items.len();
    Ok(Json(serde_json::json!({ "items": items, "total": total })).into_response())
}

/// `DELETE /api/v1/live/calls/{id}`: 204, or 404 if there is no such call.
pub(crate) async fn api_hang_up(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    if end(&app, &who, &id)? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Fault::NotFound.into())
    }
}

fn end(app: &App, who: &Who, id: &str) -> Result<bool, Fault> {
    if who.viewer.level == 0 {
        return Err(Fault::Forbidden("Your account may look at calls, not end them"));
    }
    if who.is_program() && !who.may(Verb::Edit, &DEVICES) {
        return Err(Fault::Forbidden("A key that ends calls has Read and change on Configuration"));
    }
    let ended = app.live.hang_up(who.tenant, id);
    if ended {
        tracing::info!(call.id = id, tenant.id = who.tenant.0, "{} ended a call in the portal", who.login);
    }
    Ok(ended)
}

/// More rows than anybody watches.
const MOST: usize = 200;
