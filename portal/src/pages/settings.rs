//! `/settings`: do not disturb and where somebody's calls go, by day and by night, each until when; and which of their phones
//! ring. RNG-01…19.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use config::{
    Problem, access::Viewer, field::moment, resource::Values, resources::users::USERS, write::WriteError,
};

use super::{
    own_calls::blocked::own_author,
    own_phones::{self, OwnPhone},
    profile::OwnForm,
    rules::{self, Active},
};
use crate::{
    auth::Who,
    error::Fault,
    language::t,
    query::Pairs,
    reply,
    state::App,
    tables::{
        field::{FieldView, Input, SET},
        form::Card,
    },
    view::Page,
    zone::Clock,
};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    form: OwnForm,
    phones: Vec<OwnPhone>,
    now: Active,
}

/// `GET /settings`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let values = own(&app, &who).await?;
    page_of(&app, &who, values, vec![]).await
}

/// `POST /settings`.
pub(crate) async fn update(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let clock = Clock::of(&app, &who).await?;
    let cards = cards(&app, &who).await?;
    let names: Vec<&str> = cards.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut sent = OwnForm::sent(&USERS, &names, &Pairs::parse(&body));
    for (name, value) in &mut sent {
        if name.ends_with(UNTIL)
            && let Some(ms) = clock.moment(value, false)
        {
            *value = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339();
        }
    }
    match write(&app, &who, sent.clone()).await? {
        Ok(()) => Ok(reply::see_other(PATH, t("Saved"))),
        Err(problems) => {
            let mut values = own(&app, &who).await?;
            values.extend(sent);
            page_of(&app, &who, values, problems).await
        }
    }
}

/// `POST /settings/dnd`: switches do not disturb on or off, without an end.
pub(crate) async fn dnd(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let (snapshot, clock) = (rules::snapshot(&app, &who).await?, Clock::of(&app, &who).await?);
    let user = snapshot.user(who.tenant, who.user).ok_or(Fault::NotFound)?;
    let on = user.is_dnd(clock.now.to_utc());
    let values = Values::from([
        ("dnd".to_owned(), if on { "0" } else { SET }.to_owned()),
        ("dnd_until".to_owned(), String::new()),
    ]);
    write(&app, &who, values).await?.map_err(Fault::Invalid)?;
    Ok(reply::see_other(rules::PATH, t(if on { "Do not disturb is off" } else { "Do not disturb is on" })))
}

async fn write(app: &App, who: &Who, values: Values) -> Result<Result<(), Vec<Problem>>, Fault> {
    let (author, id) = (own_author(who), who.user.0);
    match app.db(move |db| Ok::<_, Fault>(db.update(&author, &USERS, id, &values, None))).await? {
        Ok(_) => Ok(Ok(())),
        Err(WriteError::Invalid(problems)) => Ok(Err(problems)),
        Err(other) => Err(other.into()),
    }
}

async fn own(app: &App, who: &Who) -> Result<Values, Fault> {
    let (viewer, id) = (Viewer::primary(who.tenant), who.user.0);
    Ok(app.db(move |db| db.get(&viewer, &USERS, id)).await?.ok_or(Fault::NotFound)?.values)
}

async fn page_of(app: &App, who: &Who, values: Values, problems: Vec<Problem>) -> Result<Response, Fault> {
    let good = problems.is_empty();
    let clock = Clock::of(app, who).await?;
    let snapshot = rules::snapshot(app, who).await?;
    let user = snapshot.user(who.tenant, who.user).ok_or(Fault::NotFound)?;
    let (viewer, wanted) = (Viewer::primary(who.tenant), cards(app, who).await?);
    let untils = values.clone();
    let mut cards =
        app.db(move |db| OwnForm::cards(db, &USERS, &viewer, (&values, &problems), &wanted)).await?;
    on_their_clock(&mut cards, &untils, &clock);
    let form = OwnForm {
        id: Some(who.user.0),
        action: PATH.to_owned(),
        back: PATH.to_owned(),
        title: t("Settings").to_owned(),
        sentence: "Where your calls go when no answering rule is in force.".to_owned(),
        cards,
        caller_id: None,
        asks_password: false,
        problem: String::new(),
    };
    let phones = own_phones::of(app, who).await?;
    let now = rules::active(&snapshot, user, &clock);
    let page = Page::portal(who, PATH, "Settings");
    let mut answer = reply::html(&SettingsPage { page, form, phones, now })?;
    if !good {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// Ends are shown and typed as the user's own clock has them.
fn on_their_clock(cards: &mut [Card], values: &Values, clock: &Clock) {
    let ends = |field: &&mut FieldView| field.name.ends_with(UNTIL);
    for field in cards.iter_mut().flat_map(|card| &mut card.fields).filter(ends) {
        field.help = "On your own clock. Blank is until you switch it off.";
        if let Input::Line(line) = &mut field.input {
            (line.kind, line.mono) = ("datetime-local", false);
        }
        if let Some(at) = values.get(field.name).and_then(|stored| moment::of(stored)) {
            field.value = at.with_timezone(&clock.zone).format("%Y-%m-%dT%H:%M").to_string();
        }
    }
}

/// RNG-10: those of the night only while the company has night mode.
async fn cards(app: &App, who: &Who) -> Result<Vec<(&'static str, &'static [&'static str])>, Fault> {
    let snapshot = rules::snapshot(app, who).await?;
    let night = snapshot.tenant(who.tenant).is_some_and(|tenant| tenant.night.enabled);
    let count = if night { CARDS.len() } else { CARDS.len() - 1 };
    Ok(CARDS[..count].to_vec())
}

/// What programs may change as well, see [`super::profile`].
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CARDS.iter().flat_map(|(_, names)| names.iter().copied())
}

const PATH: &str = "/settings";
/// How the fields are called that say when something ends.
const UNTIL: &str = "_until";
/// The last one is that of the night.
const CARDS: &[(&str, &[&str])] = &[
    ("Do not disturb", &["dnd", "dnd_until"]),
    ("Mobile phone", &["mobile_rings", "mobile_delay", "mobile_confirms"]),
    (
        "Call forwarding",
        &[
            "forward_always",
            "forward_always_until",
            "forward_busy",
            "forward_busy_until",
            "busy_trigger",
            "forward_no_answer",
            "forward_no_answer_until",
            "forward_no_answer_after",
            "forward_shows",
        ],
    ),
    (
        "Call forwarding at night",
        &[
            "night_always",
            "night_always_until",
            "night_busy",
            "night_busy_until",
            "night_no_answer",
            "night_no_answer_until",
        ],
    ),
];
