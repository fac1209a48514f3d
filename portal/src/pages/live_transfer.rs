//! Transfer of a running call from the portal: one party goes where the other would send it. CTRL-02.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{access::Verb, resources::devices::DEVICES};
use serde::Deserialize;

use crate::{
    auth::Who,
    error::{Answer, Fault},
    live::LiveSide,
    query::Pairs,
    reply,
    state::App,
};

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    to: String,
    #[serde(default)]
    who: LiveSide,
}

/// `POST /admin/calls/live/{id}/transfer`.
pub(crate) async fn transfer(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
    body: String,
) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let side = if form.get("who") == "callee" { LiveSide::Callee } else { LiveSide::Caller };
    let number = clean(form.get("to"));
    if number.is_empty() {
        return Ok(reply::see_other(&format!("/admin/calls/{id}"), "Give the number that the call goes to"));
    }
    let sent = send(&app, &who, &id, (side, &number))?;
    let toast = if sent { "Call transferred" } else { "That call cannot be transferred any more" };
    Ok(reply::see_other(&format!("/admin/calls/{id}"), toast))
}

/// `POST /api/v1/live/calls/{id}/transfer`: 202, or 404 if there is no such call.
pub(crate) async fn api_transfer(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let sent: Sent = serde_json::from_slice(&body).map_err(|wrong| Fault::Malformed(wrong.to_string()))?;
    let number = clean(&sent.to);
    if number.is_empty() || number != sent.to || number.len() > LONGEST {
        return Err(Fault::Malformed("to: digits, + at the beginning, * and #".into()).into());
    }
    if send(&app, &who, &id, (sent.who, &number))? {
        Ok(StatusCode::ACCEPTED.into_response())
    } else {
        Err(Fault::NotFound.into())
    }
}

/// As with hang-up: administrators, and keys that may change phones.
fn send(app: &App, who: &Who, id: &str, (side, number): (LiveSide, &str)) -> Result<bool, Fault> {
    if who.viewer.level == 0 {
        return Err(Fault::Forbidden("Your account may look at calls, not transfer them"));
    }
    if who.is_program() && !who.may(Verb::Edit, &DEVICES) {
        return Err(Fault::Forbidden("A key that transfers calls has Read and change on Configuration"));
    }
    let sent = app.live.transfer(who.tenant, id, side, number);
    if sent {
        tracing::info!(
            call.id = id,
            tenant.id = who.tenant.0,
            "{} transferred a call in the portal",
            who.login
        );
    }
    Ok(sent)
}

fn clean(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect()
}

/// Digits of a number and its prefixes.
const LONGEST: usize = 34;
