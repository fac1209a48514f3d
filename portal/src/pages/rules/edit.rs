//! `/rules/new` and `/rules/{id}`: a time frame and what happens in it. AR-05, AR-06.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{Problem, resource::Values, resources::answering_rules::ANSWERING_RULES};

use super::{PATH, own, rows, snapshot};
use crate::{
    auth::Who,
    error::Fault,
    language::t,
    pages::own_row::{Draft, Editor},
    state::App,
    tables::field::Input,
};

/// `GET /rules/new`.
pub(crate) async fn blank(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    page_of(&app, &who, EDITOR.blank()).await
}

/// `POST /rules`.
pub(crate) async fn create(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let mut draft = EDITOR.sent(None, &body);
    let rows = rows(&app, &who).await?;
    let last = rows.iter().filter_map(|row| row.values.get("position")?.parse::<u32>().ok()).max();
    draft.values.insert("user".into(), who.user.0.to_string());
    draft.values.insert("position".into(), (last.unwrap_or_default() + 1).min(999).to_string());
    store(&app, &who, draft, t("Rule added")).await
}

/// `GET /rules/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let row = own(&app, &who, id).await?;
    page_of(&app, &who, Draft::of(id, row.values)).await
}

/// `POST /rules/{id}`.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    own(&app, &who, id).await?;
    store(&app, &who, EDITOR.sent(Some(id), &body), t("Saved")).await
}

async fn store(app: &App, who: &Who, mut draft: Draft, toast: &str) -> Result<Response, Fault> {
    draft.problems.extend(not_theirs(app, who, &draft.values).await?);
    if !draft.problems.is_empty() {
        return page_of(app, who, draft).await;
    }
    match EDITOR.store(app, who, draft, toast).await? {
        Ok(stored) => Ok(stored),
        Err(draft) => page_of(app, who, draft).await,
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

async fn page_of(app: &App, who: &Who, draft: Draft) -> Result<Response, Fault> {
    let snapshot = snapshot(app, who).await?;
    let frame_of = |key: &str| snapshot.time_frame(who.tenant, config::TimeFrameId(key.parse().ok()?));
    let mut cards = EDITOR.cards(app, who, &draft).await?;
    for field in cards.iter_mut().flat_map(|card| &mut card.fields) {
        // Searching all of a table is for administrators.
        field.search_url.clear();
        if let ("time_frame", Input::Select(choices)) = (field.name, &mut field.input) {
            choices.retain(|choice| choice.key.is_empty() || frame_of(&choice.key).is_some());
        }
    }
    let frame = draft.values.get("time_frame").and_then(|id| frame_of(id));
    let title = match (draft.id, frame) {
        (Some(_), Some(frame)) => &frame.name,
        _ => t("New rule"),
    };
    EDITOR.page(who, &draft, title, cards)
}

const EDITOR: Editor = Editor {
    of: &ANSWERING_RULES,
    path: PATH,
    title: "Answering rules",
    sentence: "Choose a time frame, then what happens to calls in it.",
    cards: CARDS,
};
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
