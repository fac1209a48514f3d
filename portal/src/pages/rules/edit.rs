//! `/rules/new` and `/rules/{id}`: a time frame and what happens in it. AR-05, AR-06.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use config::{
    Problem, access::Viewer, resource::Values, resources::answering_rules::ANSWERING_RULES, write::WriteError,
};

use super::{PATH, own, own_author, rows, snapshot};
use crate::{
    auth::Who, error::Fault, language::t, pages::profile::OwnForm, query::Pairs, reply, state::App,
    tables::field::Input, view::Page,
};

#[derive(Template)]
#[template(path = "own_form.html")]
struct RulePage {
    page: Page,
    form: OwnForm,
}

/// `GET /rules/new`.
pub(crate) async fn blank(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let fields = ANSWERING_RULES.fields.iter();
    let values = fields.map(|field| (field.name.to_owned(), field.default.to_owned())).collect();
    page_of(&app, &who, None, values, vec![]).await
}

/// `POST /rules`.
pub(crate) async fn create(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let mut values = OwnForm::sent(&ANSWERING_RULES, &names(), &Pairs::parse(&body));
    if let Some(problem) = not_theirs(&app, &who, &values).await? {
        return page_of(&app, &who, None, values, vec![problem]).await;
    }
    let last = rows(&app, &who)
        .await?
        .iter()
        .filter_map(|row| row.values.get("position")?.parse::<u32>().ok())
        .max();
    values.insert("user".into(), who.user.0.to_string());
    values.insert("position".into(), (last.unwrap_or_default() + 1).min(999).to_string());
    let (author, given) = (own_author(&who), values.clone());
    match app.db(move |db| Ok::<_, Fault>(db.create(&author, &ANSWERING_RULES, &given))).await? {
        Ok(_) => Ok(reply::see_other(PATH, t("Rule added"))),
        Err(WriteError::Invalid(problems)) => page_of(&app, &who, None, values, problems).await,
        Err(other) => Err(other.into()),
    }
}

/// `GET /rules/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let row = own(&app, &who, id).await?;
    page_of(&app, &who, Some(id), row.values, vec![]).await
}

/// `POST /rules/{id}`.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    own(&app, &who, id).await?;
    let values = OwnForm::sent(&ANSWERING_RULES, &names(), &Pairs::parse(&body));
    if let Some(problem) = not_theirs(&app, &who, &values).await? {
        return page_of(&app, &who, Some(id), values, vec![problem]).await;
    }
    let (author, given) = (own_author(&who), values.clone());
    match app.db(move |db| Ok::<_, Fault>(db.update(&author, &ANSWERING_RULES, id, &given, None))).await? {
        Ok(_) => Ok(reply::see_other(PATH, t("Saved"))),
        Err(WriteError::Invalid(problems)) => page_of(&app, &who, Some(id), values, problems).await,
        Err(other) => Err(other.into()),
    }
}

/// A time frame of somebody else is as if it were not there.
async fn not_theirs(app: &App, who: &Who, values: &Values) -> Result<Option<Problem>, Fault> {
    let given = values.get("time_frame").map_or("", String::as_str);
    let frame = given.parse().ok().map(config::TimeFrameId);
    let known = match frame {
        Some(frame) => snapshot(app, who).await?.time_frame(who.tenant, frame).is_some(),
        None => given.is_empty(),
    };
    Ok((!known).then(|| Problem::of("time_frame", "There is no such time frame any more. Take another one.")))
}

async fn page_of(
    app: &App,
    who: &Who,
    id: Option<i64>,
    values: Values,
    problems: Vec<Problem>,
) -> Result<Response, Fault> {
    let good = problems.is_empty();
    let snapshot = snapshot(app, who).await?;
    let frame_of = |key: &str| snapshot.time_frame(who.tenant, config::TimeFrameId(key.parse().ok()?));
    let name = values.get("time_frame").and_then(|id| frame_of(id)).map(|frame| frame.name.clone());
    let viewer = Viewer::primary(who.tenant);
    let mut cards =
        app.db(move |db| OwnForm::cards(db, &ANSWERING_RULES, &viewer, (&values, &problems), CARDS)).await?;
    for field in cards.iter_mut().flat_map(|card| &mut card.fields) {
        // Searching all of a table is for administrators.
        field.search_url.clear();
        if let ("time_frame", Input::Select(choices)) = (field.name, &mut field.input) {
            choices.retain(|choice| choice.key.is_empty() || frame_of(&choice.key).is_some());
        }
    }
    let title = match (id, name) {
        (Some(_), Some(name)) => name,
        _ => t("New rule").to_owned(),
    };
    let form = OwnForm {
        id,
        action: id.map_or_else(|| PATH.to_owned(), |id| format!("{PATH}/{id}")),
        back: PATH.to_owned(),
        title: title.clone(),
        sentence: "Choose a time frame, then what happens to calls in it.".to_owned(),
        cards,
        caller_id: None,
        asks_password: false,
        problem: String::new(),
    };
    let page = Page::portal(who, PATH, &title).below("Answering rules", PATH);
    let mut answer = reply::html(&RulePage { page, form })?;
    if !good {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

fn names() -> Vec<&'static str> {
    CARDS.iter().flat_map(|(_, names)| names.iter().copied()).collect()
}

const CARDS: &[(&str, &[&str])] = &[
    ("When", &["time_frame", "active"]),
    (
        "Then",
        &[
            "action",
            "forward_always",
            "also_ring",
            "forward_busy",
            "forward_no_answer",
            "no_answer_after",
            "forward_offline",
        ],
    ),
    ("Callers", &["callers", "caller_list"]),
];
