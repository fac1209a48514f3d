//! `/call-history`: a person's own calls, in their own time. CH-01…12, 19.

pub(crate) mod blocked;
mod filter;
pub(crate) mod row;

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use config::{
    query::QueryError,
    records::{
        found::Found,
        parties::{PartyQuery, PartyRow},
    },
};
use serde_json::{Value, json};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    text::encode,
    view::Page,
    zone::{Clock, Shown},
};
use filter::Filter;
use row::CallLine;

#[derive(Template)]
#[template(path = "own_calls.html")]
struct HistoryPage {
    page: Page,
    filter: Filter,
    list: List,
}

#[derive(Template)]
#[template(path = "own_calls_body.html")]
struct HistoryBody {
    filter: Filter,
    list: List,
    page: Token,
}

/// As much of a [`Page`] as forms in the list need.
struct Token {
    csrf: String,
}

/// The calls of one page and where the others are.
struct List {
    groups: Vec<(String, Vec<CallLine>)>,
    count: usize,
    next: Option<String>,
    /// The search ended there before the page was full.
    since: Option<Shown>,
    newest: String,
    later: bool,
}

/// `GET /call-history`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let clock = Clock::of(&app, &who).await?;
    let filter = Filter::read(&asked, &remembered(&app, &who, &asked).await?);
    let query = PartyQuery { after: cursor(asked.get("after")), limit: PAGE, ..filter.query(&clock) };
    let found = find(&app, &who, query).await?;
    let plain = asked.without(&["after"]);
    let list = List {
        count: found.rows.len(),
        groups: by_day(found.rows.iter().map(|row| CallLine::new(row, &clock))),
        next: found.next.map(|last| plain.clone().with("after", &after(&last)).link(PATH)),
        since: found.since.map(|at| clock.show(at)),
        newest: plain.link(PATH),
        later: asked.has("after"),
    };
    if reply::asks_for(&headers, "list") {
        let page = Token { csrf: who.csrf };
        return Ok(Html(HistoryBody { filter, list, page }.render()?).into_response());
    }
    reply::html(&HistoryPage { page: Page::portal(&who, PATH, "Call history"), filter, list })
}

/// `GET /call-history/export.csv`, with the page's filter.
pub(crate) async fn csv(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let clock = Clock::of(&app, &who).await?;
    let query = Filter::read(&asked, &remembered(&app, &who, &asked).await?).query(&clock);
    let (tenant, user) = (who.tenant, who.user);
    let csv = app.read(move |db| db.calls_of_csv(tenant, user, &query, clock.zone)).await?;
    let mut answer = csv.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"call-history.csv\"");
    fields.insert(header::CONTENT_DISPOSITION, name);
    Ok(answer)
}

/// `GET /call-history/{id}/contact`: to the contact of the other side; where there is none, to where the number becomes one or
/// goes to another. Looked up when it is asked for: a list would look for each of its numbers. CH-11, CH-12.
pub(crate) async fn contact(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Redirect, Fault> {
    let call = one(&app, &who, &id).await?.ok_or(Fault::NotFound)?;
    let (viewer, number) = (who.viewer(), call.number.clone());
    let known = app.read(move |db| db.known_numbers(&viewer, &[&number])).await?;
    Ok(Redirect::to(&match known.into_iter().flatten().next() {
        Some(known) => format!("/contacts/{}/{}", known.kind.key(), known.id),
        None => format!("/contacts/add?name={}&number={}", encode(&call.name), encode(&call.number)),
    }))
}

/// `GET /api/v1/me/call-history`: `{"items":[…],"next":"…"}`, with the page's filters; all times without `from`, `to` and
/// `range`. A search may answer a page that is not full and has a `next`: so far it looked.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = checked(&query, &PARAMETERS)?;
    let clock = Clock::of(&app, &who).await?;
    let limit = asked.get("limit").parse().unwrap_or(PAGE).clamp(1, 200);
    let query = Filter::read(&asked, "all").query(&clock);
    let query = PartyQuery { after: cursor(asked.get("after")), limit, ..query };
    let found = find(&app, &who, query).await?;
    let next = found.next.as_ref().map(after);
    let items: Vec<Value> = found.rows.iter().map(item).collect();
    Ok(Json(json!({ "items": items, "next": next })).into_response())
}

/// `GET /api/v1/me/call-history/{id}`.
pub(crate) async fn api_one(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    let row = one(&app, &who, &id).await?.ok_or(Fault::NotFound)?;
    Ok(Json(item(&row)).into_response())
}

/// One of their own calls.
pub(crate) async fn one(app: &App, who: &Who, id: &str) -> Result<Option<PartyRow>, Fault> {
    let (tenant, user, id) = (who.tenant, who.user, id.to_owned());
    app.read(move |db| db.call_of(tenant, user, &id)).await
}

/// The newest calls of somebody, for their first page. CH-18.
pub(crate) async fn recent(app: &App, who: &Who, clock: &Clock, most: usize) -> Result<Vec<CallLine>, Fault> {
    let query = PartyQuery { limit: most, ..PartyQuery::default() };
    let found = find(app, who, query).await?;
    Ok(found.rows.iter().map(|row| CallLine::new(row, clock)).collect())
}

async fn find(app: &App, who: &Who, query: PartyQuery) -> Result<Found<PartyRow>, Fault> {
    let (tenant, user) = (who.tenant, who.user);
    app.read(move |db| db.calls_of(tenant, user, &query)).await
}

/// The span of time that this person chose last, and now remembers what they choose. C-3.
async fn remembered(app: &App, who: &Who, asked: &Pairs) -> Result<String, Fault> {
    let (owner, chosen) = (who.user.0, asked.get("range").to_owned());
    app.read(move |db| {
        let last = db.list_state(owner, STATE)?;
        if filter::is_range(&chosen) && chosen != last {
            db.keep_list_state(owner, STATE, &chosen)?;
        }
        Ok::<_, QueryError>(last)
    })
    .await
}

fn item(row: &PartyRow) -> Value {
    json!({
        "id": row.call, "type": row.kind.key(), "result": row.result, "number": row.number, "name": row.name,
        "started_at": row.started_at, "answered_at": row.answered_at, "ended_at": row.ended_at,
        "device": row.device.map(|device| device.0),
    })
}

fn after((at, call): &(i64, String)) -> String {
    format!("{at}.{call}")
}

fn cursor(text: &str) -> Option<(i64, String)> {
    let (at, call) = text.split_once('.')?;
    Some((at.parse().ok()?, call.chars().take(64).collect()))
}

/// Lines below the day they are of.
fn by_day(lines: impl Iterator<Item = CallLine>) -> Vec<(String, Vec<CallLine>)> {
    let mut groups: Vec<(String, Vec<CallLine>)> = vec![];
    for line in lines {
        match groups.last_mut().filter(|(day, _)| *day == line.day) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((line.day.clone(), vec![line])),
        }
    }
    groups
}

pub(super) const PATH: &str = "/call-history";
/// Under this name the choice of each person is kept.
const STATE: &str = "call_history";
/// Calls a page.
const PAGE: usize = 50;
/// What the API's list takes.
pub(crate) const PARAMETERS: [Param; 9] = [
    Param::new("q", Takes::Text, "A number, a name or a day."),
    Param::new("range", Takes::OneOf(&["24h", "3d", "7d", "all"]), "How far back; all if not given."),
    Param::new("from", Takes::Text, "First day, such as 2026-11-22; counts more than `range`."),
    Param::new("to", Takes::Text, "Last day."),
    Param::new("caller", Takes::Text, "Digits of who called."),
    Param::new("dialled", Takes::Text, "Digits of what was dialled."),
    Param::new("type", Takes::OneOf(&["inbound", "outbound", "missed"]), "Which way it went."),
    Param::new("after", Takes::Text, "`next` of the page before."),
    Param::new("limit", Takes::Whole(1, 200), "Calls a page."),
];
