//! A user's PIN as administrators set it: beside their form, and for programs. HD-05. Their own is on the page Security.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{UserId, access::Verb, resources::users::USERS, write::WriteError};
use serde::Deserialize;

use super::Beside;
use crate::{
    auth::Who,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    state::App,
};

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    pin: String,
}

/// Puts the PIN's card beside the form of a user.
pub(crate) async fn add(app: &App, who: &Who, id: i64, beside: &mut Beside) -> Result<(), Fault> {
    if !who.may(Verb::Edit, &USERS) {
        return Ok(());
    }
    let has_pin = app.read(move |db| db.has_pin(UserId(id))).await?;
    let problem = app.once.take(who.session, refused(id)).unwrap_or_default();
    beside.side += &PinCard { has_pin, problem }.render()?;
    beside.after += &PinForms { id, csrf: &who.csrf }.render()?;
    Ok(())
}

/// `POST /admin/users/{id}/pin`: sets it, or takes it away if it is blank.
pub(crate) async fn set(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    let pin = Pairs::parse(&body).get("pin").trim().to_owned();
    let toast = if pin.is_empty() { "The PIN is removed." } else { "The PIN is set." };
    let back = |toast: &str| reply::see_other(&format!("/admin/{}/{id}", USERS.name), toast);
    match store(&app, &who, id, pin).await? {
        Ok(()) => Ok(back(toast)),
        Err(WriteError::Invalid(problems)) => {
            let problem = problems.into_iter().map(|problem| problem.message.to_string()).next();
            app.once.keep(who.session, refused(id), problem.unwrap_or_default());
            Ok(back(""))
        }
        Err(other) => Err(other.into()),
    }
}

/// `PUT /api/v1/users/{id}/pin` with `{"pin": "2580"}`: 204.
pub(crate) async fn api_set(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: Bytes,
) -> Answer {
    let sent: Sent = serde_json::from_slice(&body).map_err(|wrong| Fault::Malformed(wrong.to_string()))?;
    if sent.pin.is_empty() {
        return Err(Fault::Malformed("pin: four to eight digits; DELETE takes it away".into()).into());
    }
    store(&app, &who, id, sent.pin).await?.map_err(Fault::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /api/v1/users/{id}/pin`: 204, also if there was none.
pub(crate) async fn api_remove(State(app): State<Arc<App>>, who: Who, Path(id): Path<i64>) -> Answer {
    store(&app, &who, id, String::new()).await?.map_err(Fault::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who may change a user may do it: `Db::set_pin` looks. The PIN itself is in no log.
async fn store(app: &App, who: &Who, id: i64, pin: String) -> Result<Result<(), WriteError>, Fault> {
    who.writable(USERS.name)?;
    let (author, viewer, now) = (who.author("portal"), who.viewer(), Utc::now().timestamp_millis());
    app.db(move |db| {
        db.get(&viewer, &USERS, id)?.ok_or(Fault::NotFound)?;
        Ok::<_, Fault>(db.set_pin(&author, UserId(id), &pin, now))
    })
    .await
}

/// Under which number it is kept for the next page that a PIN was refused; passwords and links use the small ones.
fn refused(id: i64) -> i64 {
    i64::MIN + id
}

#[derive(Template)]
#[template(path = "parts/pin_card.html")]
struct PinCard {
    has_pin: bool,
    problem: String,
}

#[derive(Template)]
#[template(path = "parts/pin_forms.html")]
struct PinForms<'a> {
    id: i64,
    csrf: &'a str,
}
