//! A call by exactly one trunk: the administrator's own phone rings first, then the number is called by that trunk, whatever
//! the outbound routes say; the page says what came of it. A-35.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    Problem, TrunkId, query::QueryError, records::CallRow, resources::trunks::TRUNKS, test_calls::TestCall,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::click_to_call::{self, Asked};
use crate::{
    auth::Who,
    calls::{self, CallView},
    error::{Answer, Fault},
    live::CallFrom,
    query::Pairs,
    reply,
    sent::{RowId, Sent},
    state::App,
    text::At,
};

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    number: String,
    /// One of their own phones; without, all of them ring.
    device: Option<i64>,
    /// The extension where they sit; instead of `device`.
    extension: Option<String>,
}

/// Beside the form of a trunk.
#[derive(Template)]
#[template(path = "parts/trunk_call.html")]
struct Card {
    id: i64,
    ask: Asked,
    /// The last test calls, ready HTML.
    calls: String,
}

#[derive(Template)]
#[template(path = "parts/trunk_calls.html")]
struct CallsPart {
    calls: Vec<Outcome>,
}

/// What came of a test call.
struct Outcome {
    id: String,
    number: String,
    author: String,
    at: At,
    at_ms: i64,
    /// In a word, and its colour.
    state: String,
    tint: &'static str,
    answered: bool,
    /// Status and words.
    cause: String,
    /// What the trunk said, or why it was not tried.
    said: String,
    /// There is a page about it.
    kept: bool,
}

/// `GET /admin/trunks/{id}/test-call`: the card beside the form of a trunk that somebody may change.
pub(crate) async fn card(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    theirs(&app, &who, id).await?;
    let kept = app.once.take(who.session, REFUSED).unwrap_or_default();
    let (number, problem) = kept.split_once('\n').unwrap_or_default();
    let ask = click_to_call::asked(&app, &who, number.to_owned(), problem.to_owned()).await?;
    reply::html(&Card { id, ask, calls: part(&app, &who, id).await? })
}

/// The last test calls of a trunk, for the live stream.
pub(crate) async fn part(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    let calls = if who.may_write(&TRUNKS) { outcomes(app, who, id).await? } else { vec![] };
    Ok(CallsPart { calls }.render()?)
}

/// `POST /admin/trunks/{id}/test-call`: `number`, and with which phone it begins as the form of [`click_to_call`] says it.
pub(crate) async fn place(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let number = click_to_call::clean(form.get("number"));
    let from = click_to_call::chosen(&app, &who, &form).await?;
    let problem = match order(&app, &who, id, ("portal", number.clone(), from)).await {
        Ok(_) => None,
        Err(Fault::Invalid(problems)) => problems.into_iter().next().map(|problem| problem.message),
        Err(Fault::Malformed(problem)) => Some(problem),
        Err(other) => return Err(other),
    };
    if let Some(problem) = problem {
        app.once.keep(who.session, REFUSED, format!("{number}\n{problem}"));
    }
    Ok(reply::see_other(&format!("/admin/{}/{id}#test-call", TRUNKS.name), ""))
}

/// `POST /api/v1/trunks/{id}/test-calls`: 202 with the call's id.
pub(crate) async fn api_place(
    State(app): State<Arc<App>>,
    who: Who,
    RowId(id): RowId,
    Sent(sent): Sent<Order>,
) -> Answer {
    let from = click_to_call::given(sent.device, sent.extension)?;
    let call = order(&app, &who, id, ("api", click_to_call::clean(&sent.number), from)).await?;
    let place = format!("/api/v1/calls/{call}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(json!({ "id": call }))).into_response())
}

/// `GET /api/v1/trunks/{id}/test-calls`: the last ones, the newest first.
pub(crate) async fn api_list(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    theirs(&app, &who, id).await?;
    let items: Vec<Value> = outcomes(&app, &who, id).await?.iter().map(Outcome::json).collect();
    Ok(Json(json!({ "total": items.len(), "items": items })).into_response())
}

/// Has the call placed and noted; its id.
async fn order(
    app: &App,
    who: &Who,
    id: i64,
    (via, number, from): (&'static str, String, CallFrom),
) -> Result<String, Fault> {
    let name = theirs(app, who, id).await?;
    if !is_outside(&number) {
        return Err(Fault::Invalid(vec![Problem::of("number", NOT_OUTSIDE)]));
    }
    let trunk = TrunkId(id);
    if !app.live.trunks(who.tenant).iter().any(|known| known.trunk == trunk) {
        let why = "The trunk is not in use yet. Try again in a moment.";
        return Err(Fault::Invalid(vec![Problem::of("number", why)]));
    }
    let call = click_to_call::order(app, who, (number.clone(), from), Some(trunk)).await?;
    let (author, placed) = (who.author(via), call.clone());
    app.db(move |db| {
        db.note_test_call(&author, (trunk, &name), (&number, &placed)).map_err(QueryError::from)
    })
    .await?;
    Ok(call)
}

/// The name of a trunk that somebody may change.
async fn theirs(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    who.writable(TRUNKS.name)?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, &TRUNKS, id)).await?.ok_or(Fault::NotFound)?;
    Ok(row.values.get("name").cloned().unwrap_or_default())
}

async fn outcomes(app: &App, who: &Who, id: i64) -> Result<Vec<Outcome>, Fault> {
    let (viewer, tenant) = (who.viewer(), who.tenant);
    let placed = app
        .read(move |db| {
            let tests = db.test_calls(&viewer, TrunkId(id), SHOWN).map_err(QueryError::from)?;
            tests
                .into_iter()
                .map(|test| db.call(tenant, &test.call).map(|row| (test, row)).map_err(QueryError::from))
                .collect::<Result<Vec<_>, QueryError>>()
        })
        .await?;
    let running = app.live.calls(who.tenant);
    let now = Utc::now().timestamp_millis();
    let outcome = |(test, row): (TestCall, Option<_>)| {
        let live = running.iter().find(|call| call.id == test.call);
        let view = live.map(CallView::from).or_else(|| row.as_ref().map(CallView::from));
        let answered = live.map_or_else(
            || row.as_ref().is_some_and(|row: &CallRow| row.answered_at.is_some()),
            |live| live.answered_at.is_some(),
        );
        let trace = row.as_ref().filter(|_| !answered).map(|row| calls::trace(&row.trace));
        let said = trace.unwrap_or_default().into_iter().rfind(|step| TELLING.contains(&step.what.as_str()));
        let late = now - test.at_ms > APPEARS_WITHIN_MS;
        let (state, tint, cause) = match view {
            Some(view) => (view.outcome, view.tint, view.cause),
            None if late => ("Failed".to_owned(), "bad", NOT_TAKEN.to_owned()),
            None => ("Begins".to_owned(), "warn", String::new()),
        };
        Outcome {
            id: test.call,
            number: test.number,
            author: test.author,
            at: At::full(test.at_ms),
            at_ms: test.at_ms,
            state,
            tint,
            answered,
            cause,
            said: said.map(|step| step.detail).unwrap_or_default(),
            kept: row.is_some() || live.is_some(),
        }
    };
    Ok(placed.into_iter().map(outcome).collect())
}

impl Outcome {
    fn json(&self) -> Value {
        let Self { id, number, author, at_ms, state, answered, cause, said, .. } = self;
        json!({
            "id": id, "number": number, "author": author, "at_ms": at_ms, "state": state, "answered": answered,
            "cause": cause, "said": said,
        })
    }
}

/// As the engine tells numbers outside from extensions and from those that are dialled for help.
fn is_outside(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let long = digits.len() > if digits.len() < number.len() { 0 } else { LONGEST_EXTENSION };
    long && digits.len() <= LONGEST_NUMBER && digits.bytes().all(|b| b.is_ascii_digit())
}

const NOT_OUTSIDE: &str =
    "Give a number outside in full, such as +49301234567. Extensions and emergency numbers are not tested.";
const NOT_TAKEN: &str = "The telephone system took no call. Try again in a moment.";
/// What of a trace says why a trunk did not bring the call to an end.
const TELLING: [&str; 4] = ["Refused", "Trunk not tried", "Next trunk", "Not called"];
/// Under which number a refusal is kept for the next page; rows have smaller ones.
const REFUSED: i64 = i64::MAX - 1;
/// Test calls on the page.
const SHOWN: u32 = 5;
/// So long the engine may need for a call to appear.
const APPEARS_WITHIN_MS: i64 = 3_000;
/// Digits of an extension.
const LONGEST_EXTENSION: usize = 6;
/// Digits of a number, with the prefix of an international call (E.164 has 15).
const LONGEST_NUMBER: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_outside_are_tested() {
        for number in ["+49301234567", "0301234567", "1234567"] {
            assert!(is_outside(number), "{number}");
        }
        for number in ["", "+", "101", "112", "*97", "+4930x", "1234567890123456789012"] {
            assert!(!is_outside(number), "{number}");
        }
    }
}
