//! `/call`: calls that are placed by a click on a number, and the banner that says what to do meanwhile. CTC-01…06, NAV-18.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use chrono::Utc;
use config::{DeviceId, TrunkId, access::Permission, query::QueryError};
use serde::Deserialize;
use serde_json::json;

use super::own_phones::{self, OwnPhone};
use crate::{
    auth::Who,
    clicks::Click,
    error::{Answer, Fault},
    live::{CallFrom, NewCall},
    query::Pairs,
    reply, sent,
    state::App,
    tables::field::Choice,
    view::Page,
};

#[derive(Template)]
#[template(path = "click_to_call.html")]
struct CallPage {
    page: Page,
    call: Asked,
}

#[derive(Template)]
#[template(path = "parts/call_dialog.html")]
struct CallDialog {
    call: Asked,
    csrf: String,
}

/// What the pop-up asks.
pub(crate) struct Asked {
    pub number: String,
    pub phones: Vec<Choice>,
    /// The extension where they sit, if that was their last choice.
    pub elsewhere: String,
    pub at_elsewhere: bool,
    pub problem: String,
}

#[derive(Template)]
#[template(path = "parts/calling.html")]
struct CallingPart {
    calling: Option<Calling>,
    csrf: String,
}

/// How a call that was placed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calling {
    pub call: String,
    pub number: String,
    pub stage: Stage,
}

/// What there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The own phone rings. CTC-03.
    AnswerYourPhone,
    /// The other side rings.
    Rings,
    /// Nothing came of it, and why.
    Failed(String),
}

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    number: String,
    /// One of their phones; without, all of them ring.
    device: Option<i64>,
    /// The extension where they sit; instead of `device`.
    extension: Option<String>,
}

/// `GET /call?number=`: a page, or the pop-up alone. CTC-01, CTC-02.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let number = Pairs::parse(&query.unwrap_or_default()).get("number").to_owned();
    let call = asked(&app, &who, clean(&number), String::new()).await?;
    if headers.contains_key("hx-request") {
        return Ok(Html(CallDialog { call, csrf: who.csrf }.render()?).into_response());
    }
    reply::html(&CallPage { page: Page::portal(&who, "/call", "Call"), call })
}

/// `POST /call`: `number`, `from` (blank, a device's id or `elsewhere`), `extension`. Back to the page they came from.
pub(crate) async fn place(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let (number, from) = (clean(form.get("number")), chosen(&app, &who, &form).await?);
    match order(&app, &who, (number.clone(), from), None).await {
        Ok(_) => Ok(reply::see_other(&came_from(&headers), "")),
        Err(Fault::Malformed(problem)) => {
            let call = asked(&app, &who, number, problem).await?;
            let mut answer = reply::html(&CallPage { page: Page::portal(&who, "/call", "Call"), call })?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(other) => Err(other),
    }
}

/// `POST /call/{id}/cancel`: ends a call that they placed, and takes its banner away.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let ended = app.live.cancel_call(who.tenant, who.user, &id);
    app.clicks.forget(who.user, &id);
    Ok(reply::see_other(&came_from(&headers), if ended { "Call cancelled" } else { "" }))
}

/// `POST /api/v1/me/calls`: places a call; 202 with its id.
pub(crate) async fn api_place(
    State(app): State<Arc<App>>,
    who: Who,
    sent::Sent(sent): sent::Sent<Sent>,
) -> Answer {
    let from = given(sent.device, sent.extension)?;
    let id = order(&app, &who, (clean(&sent.number), from), None).await?;
    let place = format!("/api/v1/me/calls/{id}");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(json!({ "id": id }))).into_response())
}

/// `GET /api/v1/me/calls`: their calls that run.
pub(crate) async fn api_calls(State(app): State<Arc<App>>, who: Who) -> Answer {
    let mut items = app.live.calls(who.tenant);
    items.retain(|call| call.caller == Some(who.user));
    Ok(Json(json!({ "items": items, "total": items.len() })).into_response())
}

/// `DELETE /api/v1/me/calls/{id}`: 204, or 404 if they have no such call.
pub(crate) async fn api_cancel(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    if app.live.cancel_call(who.tenant, who.user, &id) {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Fault::NotFound.into())
    }
}

/// With which phone a form begins the call: `from` is blank, a device's id or `elsewhere`, which needs `extension`. It is
/// their choice the next time. CTC-02
pub(crate) async fn chosen(app: &App, who: &Who, form: &Pairs) -> Result<CallFrom, Fault> {
    let (chosen, extension) = (form.get("from").to_owned(), clean(form.get("extension")));
    let from = match chosen.as_str() {
        "" => CallFrom::OwnPhones,
        ELSEWHERE => CallFrom::Extension(extension.clone()),
        id => CallFrom::Device(DeviceId(id.parse().map_err(|_| Fault::NotFound)?)),
    };
    let state = if chosen == ELSEWHERE { format!("{ELSEWHERE}:{extension}") } else { chosen };
    let owner = who.user.0;
    app.read(move |db| db.keep_list_state(owner, STATE, &state)).await?;
    Ok(from)
}

/// With which phone a program begins the call.
pub(crate) fn given(device: Option<i64>, extension: Option<String>) -> Result<CallFrom, Fault> {
    match (device, extension) {
        (Some(_), Some(_)) => Err(Fault::Malformed("give a device or an extension, not both".into())),
        (Some(id), None) => Ok(CallFrom::Device(DeviceId(id))),
        (None, Some(extension)) => Ok(CallFrom::Extension(clean(&extension))),
        (None, None) => Ok(CallFrom::OwnPhones),
    }
}

/// The banner of who placed a call, for the live stream; blank when there is nothing to say.
pub(crate) async fn part(app: &App, who: &Who) -> Result<String, Fault> {
    let calling = match app.clicks.of(who.user, Utc::now().timestamp_millis()) {
        Some(click) => stage(app, who, &click).await?.map(|stage| Calling {
            call: click.call,
            number: click.number,
            stage,
        }),
        None => None,
    };
    Ok(CallingPart { calling, csrf: who.csrf.clone() }.render()?)
}

/// How it stands; nothing once they talk, or the call ended well.
async fn stage(app: &App, who: &Who, click: &Click) -> Result<Option<Stage>, Fault> {
    let running = app.live.calls(who.tenant).into_iter().find(|call| call.id == click.call);
    if let Some(call) = running {
        return Ok(match (call.answered_at, call.state) {
            (None, RINGING_CALLER) => Some(Stage::AnswerYourPhone),
            (None, _) => Some(Stage::Rings),
            (Some(_), _) => None,
        });
    }
    let (tenant, id) = (who.tenant, click.call.clone());
    let record = app.read(move |db| db.call(tenant, &id)).await?.filter(|row| row.ended_at.is_some());
    Ok(match record {
        Some(row) if row.answered_at.is_some() || row.cause.contains(CANCELLED) => None,
        Some(row) => {
            Some(Stage::Failed(row.cause.trim_start_matches(|c: char| c.is_ascii_digit()).trim().to_owned()))
        }
        None if Utc::now().timestamp_millis() - click.at < APPEARS_WITHIN_MS => Some(Stage::AnswerYourPhone),
        None => Some(Stage::Failed("The telephone system took no call. Try again in a moment.".to_owned())),
    })
}

/// Has a call placed, by that trunk alone if there is one; its id.
pub(crate) async fn order(
    app: &App,
    who: &Who,
    (number, from): (String, CallFrom),
    by: Option<TrunkId>,
) -> Result<String, Fault> {
    if !who.viewer.has(Permission::PlaceCalls) {
        return Err(Fault::Forbidden("Your role does not let you place calls"));
    }
    if number.is_empty() || number.len() > LONGEST {
        return Err(Fault::Malformed("A number to call is missing.".into()));
    }
    let phones = own_phones::of(app, who).await?;
    match &from {
        CallFrom::Device(id) if !phones.iter().any(|phone| phone.id == id.0) => return Err(Fault::NotFound),
        CallFrom::Extension(extension) if extension.is_empty() => {
            return Err(Fault::Malformed("The extension where you are is missing.".into()));
        }
        CallFrom::OwnPhones | CallFrom::Device(_)
            if !phones.iter().any(|phone| phone.registered() && is_meant(&from, phone)) =>
        {
            return Err(Fault::Malformed("None of these phones is registered.".into()));
        }
        _ => {}
    }
    let call = NewCall { tenant: who.tenant, user: who.user, from, number: number.clone(), by };
    let id = app.live.place_call(call).ok_or(Fault::Busy)?;
    app.clicks.keep(who.user, Click { call: id.clone(), number, at: Utc::now().timestamp_millis() });
    tracing::info!(call.id = %id, tenant.id = who.tenant.0, "{} placed a call in the portal", who.login);
    Ok(id)
}

fn is_meant(from: &CallFrom, phone: &OwnPhone) -> bool {
    !matches!(from, CallFrom::Device(id) if id.0 != phone.id)
}

/// What a form asks that places a call.
pub(crate) async fn asked(app: &App, who: &Who, number: String, problem: String) -> Result<Asked, Fault> {
    let phones = own_phones::of(app, who).await?;
    let owner = who.user.0;
    let last = app.read(move |db| db.list_state(owner, STATE).map_err(QueryError::from)).await?;
    let registered: Vec<&OwnPhone> = phones.iter().filter(|phone| phone.registered()).collect();
    let mut choices = vec![];
    if registered.len() > 1 {
        choices.push(Choice::new("", "All my phones", last.is_empty()));
    }
    choices.extend(registered.iter().map(|phone| {
        let id = phone.id.to_string();
        Choice::new(&id, phone.label(), last == id)
    }));
    let elsewhere = last.strip_prefix("elsewhere:").unwrap_or_default().to_owned();
    Ok(Asked {
        number,
        at_elsewhere: !elsewhere.is_empty() || choices.is_empty(),
        elsewhere,
        phones: choices,
        problem,
    })
}

/// Without what people write between the digits.
pub(crate) fn clean(number: &str) -> String {
    number
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !"-()/".contains(*c))
        .take(LONGEST + 1)
        .collect()
}

/// The page of the portal that a form was sent from, but not the one that asks; the first page if it is not known.
fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let ours = from.filter(|from| !from.starts_with("//") && !from.starts_with("/call?") && *from != "/call");
    ours.unwrap_or("/").to_owned()
}

const ELSEWHERE: &str = "elsewhere";
/// Under this name the choice of each person is kept. CTC-02.
const STATE: &str = "click_to_call";
/// As the engine says that the caller's own phone rings, see `LiveCall::state`.
const RINGING_CALLER: &str = "ringing caller";
/// In the cause of a call that its caller cancelled here, or before it was answered.
const CANCELLED: &str = "487";
/// So long the engine may need for a call to appear.
const APPEARS_WITHIN_MS: i64 = 3_000;
/// Digits of a number.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        let from = |referer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, referer.parse().expect("a header"));
            came_from(&headers)
        };
        assert_eq!(from("http://pbx/call-history?range=7d"), "/call-history?range=7d");
        assert_eq!(from("http://pbx/call?number=102"), "/");
        assert_eq!((from("http://pbx//evil"), from("nonsense")), ("/".to_owned(), "/".to_owned()));
    }

    #[test]
    fn numbers_are_called_without_what_stands_between_their_digits() {
        assert_eq!(clean(" +49 (30) 123-456\r\n"), "+4930123456");
        assert_eq!(clean(&"1".repeat(500)).len(), LONGEST + 1);
    }
}
