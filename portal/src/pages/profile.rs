//! `/profile`: what somebody may change of themselves. PRF-01…11, AUTH-14. Where their calls go is in [`super::settings`].

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    Db, Problem, Resource,
    access::{Permission, Viewer},
    query::Row,
    resource::Values,
    resources::users::USERS,
    write::WriteError,
};
use serde_json::{Map, Value, json};

use super::own_calls::blocked::own_author;
use crate::{
    auth::{Who, password},
    blocking::aside,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    sent::Sent,
    state::App,
    tables::{
        field::{self, Filled, Input, SET},
        form::Card,
    },
    view::Page,
};

#[derive(Template)]
#[template(path = "own_form.html")]
struct ProfilePage {
    page: Page,
    form: OwnForm,
}

/// The form of something of one's own: some fields of a declared table, in cards.
pub(crate) struct OwnForm {
    pub id: Option<i64>,
    pub action: String,
    pub back: String,
    pub title: String,
    pub sentence: String,
    pub cards: Vec<Card>,
    /// Shown, but for others to change; `None` where it does not belong. PRF-08.
    pub caller_id: Option<String>,
    /// A change of the address that one signs in with needs the password. AUTH-14.
    pub asks_password: bool,
    /// Of the form as a whole.
    pub problem: String,
}

impl OwnForm {
    /// The fields of some cards, filled with values and what is wrong with them.
    ///
    /// # Errors
    /// When choices cannot be read.
    pub fn cards(
        db: &Db,
        of: &'static Resource,
        viewer: &Viewer,
        (values, problems): (&Values, &[Problem]),
        cards: &[(&'static str, &[&str])],
    ) -> Result<Vec<Card>, Fault> {
        let shown = Values::new();
        let filled =
            Filled { of, viewer, values, shown: &shown, problems, theirs: None, may_write: true, id: None };
        let card = |(title, names): &(&'static str, &[&str])| {
            let fields = names.iter().filter_map(|name| of.field(name)).map(|field| {
                let mut view = field::view(db, field, &filled)?;
                // What checks while typing is below /admin.
                view.check_on = "";
                Ok::<_, Fault>(view)
            });
            Ok(Card { title, fields: fields.collect::<Result<_, _>>()? })
        };
        cards.iter().map(card).collect()
    }

    /// The values of a form's body that may be changed here; a box that is not ticked is not sent.
    pub fn sent(of: &Resource, names: &[&str], form: &Pairs) -> Values {
        let fields = names.iter().filter_map(|name| of.field(name));
        let value = |field: &config::Field| match field.kind {
            config::Kind::Flag => (if form.get(field.name) == SET { "1" } else { "0" }).to_owned(),
            config::Kind::Week => field::kinds::week(form, field.name),
            config::Kind::Many(_) => {
                form.all(field.name).filter(|id| !id.is_empty()).collect::<Vec<_>>().join(",")
            }
            _ => form.get(field.name).to_owned(),
        };
        fields.map(|field| (field.name.to_owned(), value(field))).collect()
    }

    /// What is wrong with it, for the banner.
    pub fn problems(&self) -> Vec<(&'static str, &'static str, &str)> {
        let fields = self.cards.iter().flat_map(|card| &card.fields);
        fields.filter(|f| !f.error.is_empty()).map(|f| (f.name, f.label, f.error.as_str())).collect()
    }
}

/// `GET /profile`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let row = own(&app, &who).await?;
    page_of(&app, &who, row, (vec![], String::new())).await
}

/// `POST /profile`.
pub(crate) async fn update(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let mut row = own(&app, &who).await?;
    let form = Pairs::parse(&body);
    let sent = OwnForm::sent(&USERS, &names(), &form);
    let moved = sent.get("email") != row.values.get("email");
    if moved && let Some(problem) = wrong_password(&app, &who, form.get("current")).await? {
        row.values.extend(sent);
        return page_of(&app, &who, row, (vec![], problem.to_owned())).await;
    }
    match write(&app, &who, sent.clone()).await? {
        Ok(()) => Ok(reply::see_other("/profile", "Saved")),
        Err(problems) => {
            row.values.extend(sent);
            page_of(&app, &who, row, (problems, String::new())).await
        }
    }
}

/// `GET /api/v1/me`: what [`api_change`] changes, and who they are.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let row = own(&app, &who).await?;
    let mut out: Map<String, Value> = api_names()
        .chain(["extension"])
        .map(|name| (name.to_owned(), json!(row.values.get(name).cloned().unwrap_or_default())))
        .collect();
    out.insert("id".into(), json!(row.id));
    out.insert("may_place_calls".into(), json!(who.viewer.has(Permission::PlaceCalls)));
    Ok(Json(out).into_response())
}

/// `PATCH /api/v1/me`: fields as texts; `email` is changed on the page only, which asks for the password.
pub(crate) async fn api_change(
    State(app): State<Arc<App>>,
    who: Who,
    Sent(sent): Sent<std::collections::BTreeMap<String, String>>,
) -> Answer {
    if let Some(other) =
        sent.keys().find(|name| api_names().all(|known| known != name.as_str()) || *name == "email")
    {
        return Err(Fault::Malformed(format!("`{other}` is not changed here")).into());
    }
    match write(&app, &who, sent).await? {
        Ok(()) => api(State(app), who).await,
        Err(problems) => Err(Fault::Invalid(problems).into()),
    }
}

async fn write(app: &App, who: &Who, values: Values) -> Result<Result<(), Vec<Problem>>, Fault> {
    let (author, id) = (own_author(who), who.user.0);
    match app.db(move |db| Ok::<_, Fault>(db.update(&author, &USERS, id, &values, None))).await? {
        Ok(_) => Ok(Ok(())),
        Err(WriteError::Invalid(problems)) => Ok(Err(problems)),
        Err(other) => Err(other.into()),
    }
}

/// What is wrong with the password that was given, if anything; wrong ones are counted like those at sign-in.
async fn wrong_password(app: &App, who: &Who, given: &str) -> Result<Option<&'static str>, Fault> {
    let (user, given) = (who.user, given.to_owned());
    let (name, from, now) = (who.login.clone(), who.address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        return Ok(Some("Too many failed tries. Wait 15 minutes."));
    }
    let stored = app.read(move |db| db.account(user)).await?.and_then(|account| account.password);
    if aside(&app.hashing, move || password::matches(&given, stored.as_deref())).await? {
        return Ok(None);
    }
    let (name, from) = (who.login.clone(), who.address.clone());
    app.read(move |db| db.sign_in_failed(&name, &from, now)).await?;
    Ok(Some("To change the e-mail address, give your current password: you sign in with this address."))
}

async fn own(app: &App, who: &Who) -> Result<Row, Fault> {
    let (viewer, id) = (Viewer::primary(who.tenant), who.user.0);
    app.db(move |db| db.get(&viewer, &USERS, id)).await?.ok_or(Fault::NotFound)
}

async fn page_of(
    app: &App,
    who: &Who,
    row: Row,
    (problems, problem): (Vec<Problem>, String),
) -> Result<Response, Fault> {
    let good = problems.is_empty() && problem.is_empty();
    let caller_id = row.shown.get("caller_id").cloned().unwrap_or_default();
    let extension = row.values.get("extension").cloned().unwrap_or_default();
    let (viewer, values) = (Viewer::primary(who.tenant), row.values);
    let cards = app.db(move |db| OwnForm::cards(db, &USERS, &viewer, (&values, &problems), CARDS)).await?;
    let form = OwnForm {
        id: Some(row.id),
        action: "/profile".to_owned(),
        back: "/profile".to_owned(),
        title: who.name.clone(),
        sentence: match extension.as_str() {
            "" => format!("{}, without an extension", who.face.name),
            number => format!("{}, extension {number}", who.face.name),
        },
        cards,
        caller_id: Some(caller_id),
        asks_password: true,
        problem,
    };
    let mut answer = reply::html(&ProfilePage { page: Page::portal(who, "/profile", "Profile"), form })?;
    if !good {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

fn names() -> Vec<&'static str> {
    CARDS.iter().flat_map(|(_, names)| names.iter().copied()).collect()
}

/// What programs change of who asks: the profile, and where calls go.
pub(super) fn api_names() -> impl Iterator<Item = &'static str> {
    names().into_iter().chain(super::settings::names())
}

/// What everybody may change of themselves.
const CARDS: &[(&str, &[&str])] = &[
    ("General information", &["first_name", "last_name", "email", "time_zone", "language"]),
    ("Numbers", &["mobile", "work_phone", "home_phone", "area_code"]),
    ("Directory options", &["in_directory", "in_audio_directory"]),
];
