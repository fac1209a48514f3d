//! `/admin/calls/{id}`: why the call went where it went, how it sounded, and its SIP messages. SIP-45, A-47.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use config::records::{CallRow, ladder::unpack};
use serde_json::Value;

use super::call_list;
use crate::{
    auth::Who,
    calls::{self, CallView, LegView, Step},
    error::{Answer, Fault},
    ladder::{self, Ladder},
    live::LiveCall,
    query::Pairs,
    reply,
    state::App,
    text,
    view::Page,
};

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    page: Page,
    call: CallView,
    running: bool,
    trace: Vec<Step>,
    legs: Vec<LegView>,
    ladder: Ladder,
    message: Option<(String, String)>,
}

/// What is known of a call: the record, the running call, or both.
pub(crate) struct Known {
    row: Option<CallRow>,
    live: Option<LiveCall>,
}

/// `GET /admin/calls/{id}?msg=`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let known = find(&app, &who, &id).await?;
    let row = known.row.unwrap_or_default();
    let call = match &known.live {
        Some(live) => CallView::from(live),
        None => CallView::from(&row),
    };
    let messages = unpack(&row.ladder);
    let asked = Pairs::parse(&query.unwrap_or_default()).get("msg").parse::<usize>().unwrap_or(0);
    let chosen = Some(asked).filter(|at| *at < messages.len());
    let legs: Vec<LegView> = match &known.live {
        Some(live) => live.legs.iter().map(LegView::from).collect(),
        None => calls::legs(&row.legs),
    };
    let us = ladder::common_party(&messages);
    let name = |address: &str| match us {
        Some(us) if us == address => Some("Dialtone".to_owned()),
        _ => party_at(&legs, address),
    };
    let audio = if call.talked.is_empty() { String::new() } else { format!("audio {}", call.talked) };
    let ladder = ladder::draw(&messages, chosen, name, &audio);
    let message = chosen.and_then(|at| messages.get(at)).map(|message| ladder::split(&message.text));
    let title = format!("{} → {}", call.from, call.to);
    let mut page =
        Page::new(&app, &who, &format!("/admin/calls/{id}"), &title).below("Calls", "/admin/calls");
    if known.live.is_some() {
        page = page.listening(&format!("call:{}", text::encode(&id)));
    }
    reply::html(&CallPage {
        page,
        running: known.live.is_some(),
        trace: calls::trace(&row.trace),
        call,
        legs,
        ladder,
        message,
    })
}

/// `GET /api/v1/calls/{id}`: with trace, legs and messages.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    let known = find(&app, &who, &id).await?;
    let row = known.row.unwrap_or_default();
    let mut out = call_list::summary(&row);
    for (name, text) in [("trace", &row.trace), ("legs", &row.legs)] {
        out[name] = serde_json::from_str(text).unwrap_or(Value::Null);
    }
    out["ladder"] = serde_json::to_value(unpack(&row.ladder)).unwrap_or_default();
    out["id"] = Value::from(id);
    out["live"] = serde_json::to_value(&known.live).unwrap_or_default();
    Ok(Json(out).into_response())
}

/// Who is at the address of a message; legs have the transport in front of theirs.
fn party_at(legs: &[LegView], address: &str) -> Option<String> {
    let at = |leg: &&LegView| leg.address.rsplit(' ').next() == Some(address);
    legs.iter().filter(|_| !address.is_empty()).find(at).map(|leg| leg.party.clone())
}

async fn find(app: &App, who: &Who, id: &str) -> Result<Known, Fault> {
    let (tenant, wanted) = (who.tenant, id.to_owned());
    let row = app.read(move |db| db.call(tenant, &wanted)).await?;
    let live = app.live.calls(who.tenant).into_iter().find(|call| call.id == id);
    if row.is_none() && live.is_none() { Err(Fault::NotFound) } else { Ok(Known { row, live }) }
}

/// The live parts of a running call: parties and decisions so far.
pub(crate) async fn parts(app: &App, who: &Who, id: &str) -> Result<Option<(String, String)>, Fault> {
    let Ok(known) = find(app, who, id).await else { return Ok(None) };
    let Some(live) = known.live else { return Ok(None) };
    let trace = calls::trace(&known.row.unwrap_or_default().trace);
    let legs = live.legs.iter().map(LegView::from).collect();
    Ok(Some((LegsPart { legs }.render()?, TracePart { trace, running: true }.render()?)))
}

#[derive(Template)]
#[template(path = "parts/legs.html")]
struct LegsPart {
    legs: Vec<LegView>,
}

#[derive(Template)]
#[template(path = "parts/trace.html")]
struct TracePart {
    trace: Vec<Step>,
    running: bool,
}
