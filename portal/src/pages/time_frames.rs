//! `/timeframes`: the periods of time that somebody's rules refer to: their own, and those of the company. AR-01, AR-02,
//! AR-08.

pub(crate) mod import;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{
    Problem,
    access::Viewer,
    query::Row,
    resource::Values,
    resources::time_frames::{KINDS, TIME_FRAMES},
    snapshot::TimeFrame,
    write::WriteError,
};

use super::{
    own_calls::blocked::own_author,
    own_row::{Draft, Editor},
    rules::{self, words},
};
use crate::{auth::Who, error::Fault, language::t, reply, state::App, view::Page, zone::Clock};

#[derive(Template)]
#[template(path = "time_frames.html")]
struct FramesPage {
    page: Page,
    zone: String,
    frames: Vec<FrameView>,
}

/// A time frame as the list shows it.
struct FrameView {
    id: i64,
    name: String,
    kind: &'static str,
    when: String,
    /// It holds now.
    now: bool,
    /// When that changes; blank is not soon.
    until: String,
    /// It is the company's.
    shared: bool,
    /// Rules of theirs that refer to it.
    rules: usize,
}

/// `GET /timeframes`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let (snapshot, clock) = (rules::snapshot(&app, &who).await?, Clock::of(&app, &who).await?);
    let utc = clock.now.to_utc();
    let used: Vec<_> = snapshot.answering_rules(who.tenant, who.user).map(|rule| rule.frame).collect();
    let view = |frame: &Arc<TimeFrame>| FrameView {
        id: frame.id.0,
        name: frame.name.clone(),
        kind: kind(frame),
        when: frame.schedule.to_string(),
        now: frame.schedule.contains(utc, clock.zone),
        until: frame
            .schedule
            .next_change(utc, clock.zone)
            .map(|at| words::moment(at, &clock))
            .unwrap_or_default(),
        shared: frame.user.is_none(),
        rules: used.iter().filter(|id| **id == frame.id).count(),
    };
    let mut frames: Vec<_> = snapshot.time_frames(who.tenant).map(view).collect();
    frames.sort_by_key(|frame| (frame.shared, frame.name.to_lowercase()));
    let page = Page::portal(&who, PATH, "Time frames");
    reply::html(&FramesPage { page, zone: clock.zone.name().to_owned(), frames })
}

/// `GET /timeframes/new`.
pub(crate) async fn blank(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    page_of(&app, &who, EDITOR.blank()).await
}

/// `POST /timeframes`.
pub(crate) async fn create(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let mut draft = EDITOR.sent(None, &body);
    draft.values.insert("user".into(), who.user.0.to_string());
    store(&app, &who, draft, t("Time frame added")).await
}

/// `GET /timeframes/{id}`.
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let row = own(&app, &who, id).await?;
    page_of(&app, &who, Draft::of(id, row.values)).await
}

/// `POST /timeframes/{id}`.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    own(&app, &who, id).await?;
    store(&app, &who, EDITOR.sent(Some(id), &body), t("Saved")).await
}

/// `POST /timeframes/{id}/delete`: not while a rule refers to it.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    own(&app, &who, id).await?;
    let snapshot = rules::snapshot(&app, &who).await?;
    if snapshot.answering_rules(who.tenant, who.user).any(|rule| rule.frame.0 == id) {
        return Ok(reply::see_other(PATH, t("A rule uses this time frame. Delete the rule first.")));
    }
    let author = own_author(&who);
    app.db(move |db| db.delete(&author, &TIME_FRAMES, id)).await?;
    Ok(reply::see_other(PATH, t("Time frame deleted")))
}

/// A new one, or what is wrong with it.
async fn add(app: &App, who: &Who, values: Values) -> Result<Result<(), Vec<Problem>>, Fault> {
    let author = own_author(who);
    match app.db(move |db| Ok::<_, Fault>(db.create(&author, &TIME_FRAMES, &values))).await? {
        Ok(_) => Ok(Ok(())),
        Err(WriteError::Invalid(problems)) => Ok(Err(problems)),
        Err(other) => Err(other.into()),
    }
}

/// A time frame that is theirs, not the company's.
async fn own(app: &App, who: &Who, id: i64) -> Result<Row, Fault> {
    let (viewer, user) = (Viewer::primary(who.tenant), who.user.0.to_string());
    let row = app.db(move |db| db.get(&viewer, &TIME_FRAMES, id)).await?;
    row.filter(|row| row.values.get("user") == Some(&user)).ok_or(Fault::NotFound)
}

async fn store(app: &App, who: &Who, draft: Draft, toast: &str) -> Result<Response, Fault> {
    match EDITOR.store(app, who, draft, toast).await? {
        Ok(stored) => Ok(stored),
        Err(draft) => page_of(app, who, draft).await,
    }
}

async fn page_of(app: &App, who: &Who, draft: Draft) -> Result<Response, Fault> {
    let name = draft.values.get("name").filter(|name| draft.id.is_some() && !name.is_empty());
    let title = name.map_or(t("New time frame"), String::as_str);
    EDITOR.page(who, &draft, title, EDITOR.cards(app, who, &draft).await?)
}

/// What it is, as the form says it.
fn kind(frame: &TimeFrame) -> &'static str {
    use config::schedule::Schedule;
    let key = match &frame.schedule {
        Schedule::Weekly(_) => "weekly",
        Schedule::Days(_) => "days",
        Schedule::Recurring(_) => "recurring",
        Schedule::Always => "always",
    };
    KINDS.iter().find(|(known, _)| *known == key).map_or("", |(_, label)| label)
}

const EDITOR: Editor = Editor {
    of: &TIME_FRAMES,
    path: PATH,
    title: "Time frames",
    sentence: "By itself a time frame does nothing: answering rules refer to it.",
    cards: CARDS,
};
const CARDS: &[(&str, &[&str])] = &[
    ("General", &["name", "kind"]),
    ("When", &["hours", "starts", "starts_at", "ends", "ends_at", "days", "recurrence", "lasts"]),
];
pub(crate) const PATH: &str = "/timeframes";
