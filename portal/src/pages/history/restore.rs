//! Back to a revision: the plan first, then for good or on trial.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use config::plan::{Go, PlanError};
use serde_json::{Value, json};

use super::PATH;
use crate::{
    auth::Who,
    error::{Answer, Fault},
    plan::PlanView,
    query::Pairs,
    reply,
    rest::{id_of, json},
    state::App,
    view::Page,
};

#[derive(Template)]
#[template(path = "restore.html")]
struct RestorePage {
    page: Page,
    revision: i64,
    plan: PlanView,
    minutes: u32,
    moved: bool,
}

/// `GET /admin/history/{revision}/restore`: what would happen.
pub(crate) async fn plan(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<i64>,
) -> Result<Response, Fault> {
    show(&app, &who, revision, false).await
}

/// `POST /admin/history/{revision}/restore`: does it, if the configuration still is the one of the plan.
pub(crate) async fn apply(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    super::restorer(&who)?;
    let asked = Pairs::parse(&body);
    let go = go(asked.get("base").parse().ok(), asked.get("minutes").parse().unwrap_or_default());
    let author = who.author("portal");
    let done = app.db(move |db| Ok::<_, Fault>(db.restore(&author, revision, go))).await?;
    match done {
        Ok(plan) if plan.problems.is_empty() => {
            let rows = plan.rows.len();
            let text = match plan.trial {
                Some(_) => {
                    format!("{rows} entries are as at revision {revision}, on trial. Confirm to keep it.")
                }
                None => format!("{rows} entries are as at revision {revision}."),
            };
            Ok(reply::see_other(PATH, &text))
        }
        Ok(_) => conflict(show(&app, &who, revision, false).await?),
        Err(PlanError::Moved { .. }) => conflict(show(&app, &who, revision, true).await?),
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/v1/history/{revision}/restore` with `{"dry_run":true}` or `{"base":41,"minutes":10}`: the plan.
pub(crate) async fn api_restore(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<String>,
    body: Bytes,
) -> Answer {
    super::restorer(&who)?;
    let (revision, asked) = (id_of(&revision)?, json::optional(&body, &["dry_run", "base", "minutes"])?);
    let go = match asked.get("dry_run") {
        Some(Value::Bool(true)) => Go::Rehearse,
        None | Some(Value::Bool(false)) => {
            let minutes = json::whole(&asked, "minutes")?.unwrap_or_default();
            go(json::whole(&asked, "base")?, u32::try_from(minutes).unwrap_or(u32::MAX))
        }
        Some(_) => return Err(Fault::Malformed("`dry_run` is true or false".into()).into()),
    };
    let author = who.author("api");
    let done = app
        .db(move |db| {
            let bounds = db.history_bounds().map_err(config::query::QueryError::from)?;
            if !(bounds.oldest..=bounds.newest).contains(&revision) {
                return Err(Fault::NotFound);
            }
            Ok(db.restore(&author, revision, go))
        })
        .await?;
    answer(done)
}

/// The plan as JSON: 200 if it was or could be applied, 409 with its problems if not.
pub(crate) fn answer(done: Result<config::plan::Plan, PlanError>) -> Answer {
    match done {
        Ok(plan) if plan.problems.is_empty() => Ok(Json(plan).into_response()),
        Ok(plan) => Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(plan)).into_response()),
        Err(PlanError::Moved { base, now }) => {
            let body = json!({ "type": "about:blank", "status": 409, "title": "the configuration was changed since this plan was made",
                "base": base, "now": now, "problems": [] });
            let kind = [(header::CONTENT_TYPE, "application/problem+json")];
            Ok((StatusCode::CONFLICT, kind, body.to_string()).into_response())
        }
        Err(error) => Err(Fault::from(error).into()),
    }
}

/// For good, or on trial for so many minutes.
pub(crate) fn go(base: Option<i64>, minutes: u32) -> Go {
    if minutes == 0 {
        return Go::Apply(base);
    }
    Go::Try { base, now_ms: chrono::Utc::now().timestamp_millis(), minutes }
}

async fn show(app: &App, who: &Who, revision: i64, moved: bool) -> Result<Response, Fault> {
    super::restorer(who)?;
    let author = who.author("portal");
    let plan = app.db(move |db| db.restore(&author, revision, Go::Rehearse)).await?;
    let page = Page::new(app, who, PATH, &format!("Restore revision {revision}"))
        .below("Configuration history", PATH);
    let minutes = crate::pages::trial::MINUTES;
    reply::html(&RestorePage { page, revision, plan: PlanView::of(&plan), minutes, moved })
}

fn conflict(mut answer: Response) -> Result<Response, Fault> {
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}
