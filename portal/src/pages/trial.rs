//! Changes on trial: begun, confirmed, taken back; and the banner that counts down on every page. OPS-05.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{Problem, history::TrialError};

use crate::{
    auth::Who,
    entry::allowed,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::{id_of, json},
    state::App,
};

/// `POST /admin/trial`: from now on the account's changes are on trial.
pub(crate) async fn begin(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    allowed(&who)?;
    let minutes = Pairs::parse(&body).get("minutes").parse().unwrap_or(MINUTES);
    let author = who.author("portal");
    let now = chrono::Utc::now().timestamp_millis();
    app.db(move |db| db.begin_trial(&author, now, minutes)).await?;
    let text = format!("Your changes are on trial for {minutes} minutes. Confirm them to keep them.");
    Ok(reply::see_other(super::history::PATH, &text))
}

/// `POST /admin/trial/{id}/confirm`.
pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let author = who.author("portal");
    app.db(move |db| db.confirm_trial(&author, id)).await?;
    Ok(reply::see_other(super::history::PATH, "Confirmed. The changes stay."))
}

/// `POST /admin/trial/{id}/cancel`: takes everything back at once.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let author = who.author("portal");
    let ended = app.db(move |db| db.cancel_trial(&author, id)).await?;
    let mut text = format!("{} changes taken back.", ended.undone.rows.len());
    if !ended.undone.kept.is_empty() {
        text += &format!(" Kept: {}", ended.undone.kept.join("; "));
    }
    Ok(reply::see_other(super::history::PATH, &text))
}

/// `POST /api/v1/trials` with `{"minutes":10}`: 201 with the trial.
pub(crate) async fn api_begin(State(app): State<Arc<App>>, who: Who, body: Bytes) -> Answer {
    allowed(&who)?;
    let asked = json::optional(&body, &["minutes"])?;
    let minutes = json::whole(&asked, "minutes")?.unwrap_or(i64::from(MINUTES));
    let minutes = u32::try_from(minutes).unwrap_or_default();
    let author = who.author("api");
    let now = chrono::Utc::now().timestamp_millis();
    let trial = app.db(move |db| db.begin_trial(&author, now, minutes)).await?;
    Ok((StatusCode::CREATED, Json(trial)).into_response())
}

/// `POST /api/v1/trials/{id}/confirm`: 204.
pub(crate) async fn api_confirm(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    allowed(&who)?;
    let id = id_of(&id)?;
    let author = who.author("api");
    app.db(move |db| db.confirm_trial(&author, id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /api/v1/trials/{id}`: takes everything back; what was kept is in the answer.
pub(crate) async fn api_cancel(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    allowed(&who)?;
    let id = id_of(&id)?;
    let author = who.author("api");
    let ended = app.db(move |db| db.cancel_trial(&author, id)).await?;
    let undone = ended.undone;
    let body = serde_json::json!({ "revision": undone.revision, "rows": undone.rows, "kept": undone.kept });
    Ok(Json(body).into_response())
}

impl From<TrialError> for Fault {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Gone => Self::NotFound,
            TrialError::Forbidden => Self::Forbidden("Your account may look at this, not change it"),
            TrialError::Write(error) => error.into(),
            TrialError::Running(by) => Self::OnTrial(by),
            why @ TrialError::Length => {
                Self::Invalid(vec![Problem { field: "minutes".to_owned(), message: why.to_string() }])
            }
        }
    }
}

/// As in `commit confirmed` of routers.
pub(crate) const MINUTES: u32 = 10;
