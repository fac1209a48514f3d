//! `/timeframes/import`: a time frame of the appointments in an iCalendar file. AR-01.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    access::{self, Verb},
    resource::Values,
    resources::time_frames::TIME_FRAMES,
    schedule::ical,
};

use super::{PATH, add};
use crate::{auth::Who, error::Fault, language::say, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "time_frame_import.html")]
struct ImportPage {
    page: Page,
    name: String,
    text: String,
    problem: String,
    /// Whether it is for the company; `None` for who may not say so.
    shared: Option<bool>,
}

/// `GET /timeframes/import`.
pub(crate) async fn show(who: Who) -> Result<Response, Fault> {
    page_of(&who, &Pairs::parse(""), String::new())
}

/// `POST /timeframes/import`: `name`, `text`, and `shared=1` for the company.
pub(crate) async fn import(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let sent = Pairs::parse(&body);
    let shared = sent.get("shared") == "1";
    if shared && !may_share(&who) {
        return Err(Fault::NotFound);
    }
    let list = match ical::read(sent.get("text"), Utc::now()) {
        Ok(list) => list,
        Err(problem) => return page_of(&who, &sent, problem),
    };
    let user = if shared { String::new() } else { who.user.0.to_string() };
    let values = Values::from([
        ("name".to_owned(), sent.get("name").to_owned()),
        ("user".to_owned(), user),
        ("kind".to_owned(), "days".to_owned()),
        ("days".to_owned(), list.to_string()),
    ]);
    match add(&app, &who, values).await? {
        Ok(()) => Ok(reply::see_other(PATH, &say(&format!("{} appointments imported", list.days().len())))),
        Err(problems) => {
            let said = problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ");
            page_of(&who, &sent, said)
        }
    }
}

fn page_of(who: &Who, sent: &Pairs, problem: String) -> Result<Response, Fault> {
    let good = problem.is_empty();
    let page = Page::portal(who, PATH, "Import a calendar").below("Time frames", PATH);
    let mut answer = reply::html(&ImportPage {
        page,
        name: sent.get("name").to_owned(),
        text: sent.get("text").to_owned(),
        problem,
        shared: may_share(who).then(|| sent.get("shared") == "1"),
    })?;
    if !good {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer.into_response())
}

fn may_share(who: &Who) -> bool {
    access::may(&who.viewer, Verb::Create, &TIME_FRAMES)
}
