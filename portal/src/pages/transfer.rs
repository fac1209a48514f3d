//! `/admin/transfer`: the configuration as text, out and in; extensions of other systems in. What is read in is a plan
//! first. OPS-05.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{
    plan::{Go, PlanError},
    text::{Secrets, Source},
};

use super::history::{self, restorer};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    plan::PlanView,
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    view::Page,
};

#[derive(Template)]
#[template(path = "transfer.html")]
struct TransferPage {
    page: Page,
}

#[derive(Template)]
#[template(path = "transfer_plan.html")]
struct TransferPlan {
    page: Page,
    plan: PlanView,
    /// Given back with the plan, so that what is applied is what was looked at.
    text: String,
    from: String,
    minutes: u32,
    moved: bool,
}

/// `GET /admin/transfer`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    restorer(&who)?;
    let page = Page::new(&app, &who, PATH, "Import and export").below("System", "");
    reply::html(&TransferPage { page })
}

/// `POST /admin/transfer/export`: the text, with passwords if they are asked for. A form, so that no other site and no
/// prefetch gets it.
pub(crate) async fn export(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let secrets = if Pairs::parse(&body).has("secrets") { Secrets::InClear } else { Secrets::LeftOut };
    let text = text(&app, &who, "portal", secrets).await?;
    Ok(history::download(text, "dialtone.toml"))
}

/// `POST /admin/transfer`: the plan of an uploaded file; with `base` it is applied, with `minutes` on trial.
pub(crate) async fn import(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    restorer(&who)?;
    let asked = Pairs::parse(&body);
    let (text, from) = (asked.get("text").to_owned(), asked.get("from").to_owned());
    let Ok(base) = asked.get("base").parse::<i64>() else {
        return plan(&app, &who, text, from, false).await;
    };
    let go = history::go(Some(base), asked.get("minutes").parse().unwrap_or_default());
    let (author, source, given) = (who.author("portal"), source(&from)?, text.clone());
    match app.db(move |db| Ok::<_, Fault>(db.import_from(&author, source, &given, go))).await? {
        Ok(done) if done.problems.is_empty() => {
            let count = done.rows.len();
            let text = match done.trial {
                Some(_) => format!("{count} entries imported, on trial. Confirm to keep them."),
                None => format!("{count} entries imported."),
            };
            Ok(reply::see_other(history::PATH, &text))
        }
        Ok(_) => conflict(plan(&app, &who, text, from, false).await?),
        Err(PlanError::Moved { .. }) => conflict(plan(&app, &who, text, from, true).await?),
        Err(error) => Err(error.into()),
    }
}

/// `GET /api/v1/configuration`: the text, without passwords; with `?secrets=1` in clear.
pub(crate) async fn api_export(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = checked(&query, &EXPORTED)?;
    let secrets =
        if ["1", "true"].contains(&asked.get("secrets")) { Secrets::InClear } else { Secrets::LeftOut };
    Ok(history::download(text(&app, &who, "api", secrets).await?, "dialtone.toml"))
}

/// `POST /api/v1/configuration?dry_run=1&from=freepbx&base=41&minutes=10` with the text as body: the plan.
pub(crate) async fn api_import(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    body: String,
) -> Answer {
    restorer(&who)?;
    let asked = checked(&query, &IMPORTED)?;
    let go = match asked.get("dry_run") {
        "1" | "true" => Go::Rehearse,
        _ => history::go(asked.get("base").parse().ok(), asked.get("minutes").parse().unwrap_or_default()),
    };
    let (author, source) = (who.author("api"), source(asked.get("from"))?);
    let done = app.db(move |db| Ok::<_, Fault>(db.import_from(&author, source, &body, go))).await?;
    history::answer(done)
}

async fn text(app: &App, who: &Who, via: &'static str, secrets: Secrets) -> Result<String, Fault> {
    restorer(who)?;
    let (viewer, author) = (who.viewer(), who.author(via));
    let what = match secrets {
        Secrets::LeftOut => "configuration",
        Secrets::InClear => "configuration with passwords",
    };
    app.db(move |db| {
        db.note_export(&author, what).map_err(config::query::QueryError::from)?;
        Ok::<_, Fault>(db.export_text(&viewer, "", secrets)?)
    })
    .await
}

async fn plan(app: &App, who: &Who, text: String, from: String, moved: bool) -> Result<Response, Fault> {
    let (author, source, given) = (who.author("portal"), source(&from)?, text.clone());
    let plan = app.db(move |db| db.import_from(&author, source, &given, Go::Rehearse)).await?;
    let page = Page::new(app, who, PATH, "Plan").below("Import and export", PATH);
    let minutes = super::trial::MINUTES;
    let view = PlanView::of(&plan);
    let refused = !view.problems.is_empty();
    let mut answer = reply::html(&TransferPlan { page, plan: view, text, from, minutes, moved })?;
    if refused {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer.into_response())
}

fn source(name: &str) -> Result<Source, Fault> {
    match name {
        "" | "dialtone" => Ok(Source::Text),
        "freepbx" => Ok(Source::FreePbx),
        "fusionpbx" => Ok(Source::FusionPbx),
        other => Err(Fault::Malformed(format!("`{other}` is none of dialtone, freepbx, fusionpbx"))),
    }
}

fn conflict(mut answer: Response) -> Result<Response, Fault> {
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}

/// What the API's export takes.
pub(crate) const EXPORTED: [Param; 1] = [Param::new("secrets", Takes::Flag, "With passwords in clear.")];
/// What the API's import takes.
pub(crate) const IMPORTED: [Param; 4] = [
    Param::new("dry_run", Takes::Flag, "Tell what would change, write nothing."),
    Param::new(
        "from",
        Takes::OneOf(&["dialtone", "freepbx", "fusionpbx"]),
        "Whose extensions the text holds.",
    ),
    Param::new(
        "base",
        Takes::Whole(0, i64::MAX),
        "The revision that the plan was made at; a later one is a conflict.",
    ),
    Param::new(
        "minutes",
        Takes::Whole(0, config::plan::LONGEST_MINUTES as i64),
        "On trial for so long; 0 is for good.",
    ),
];
/// Where it is.
pub(crate) const PATH: &str = "/admin/transfer";
