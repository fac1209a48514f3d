//! Adding, changing and deleting contacts. DIR-05, DIR-07…09, DIR-27…29, CH-11, CH-12.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use config::{
    Kind, Problem,
    contacts::{self, FIELDS, Whose},
    resource::Values,
    write::WriteError,
};

use super::{PersonRow, label};
use crate::presence::States;
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage {
    page: Page,
    title: String,
    action: String,
    fields: Vec<Input>,
    groups: Vec<String>,
    problem: String,
    version: String,
    /// A switch for all of the company, and whether it is on; `None` if there is no choice.
    shared: Option<bool>,
    kind: &'static str,
    /// 0 for a new one.
    id: i64,
    may_delete: bool,
}

#[derive(Template)]
#[template(path = "contact_look.html")]
struct LookPage {
    page: Page,
    row: PersonRow,
    email: String,
    notes: String,
}

/// A line of the form.
#[derive(Debug)]
struct Input {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    max: usize,
    problem: String,
}

/// `GET /contacts/new?name=&number=`: a new one, filled in as far as it is known.
pub(crate) async fn blank(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let mut values = Values::new();
    let (first, last) = asked.get("name").trim().rsplit_once(' ').unwrap_or(("", asked.get("name").trim()));
    for (name, value) in [("first_name", first), ("last_name", last), ("work", asked.get("number").trim())] {
        values.insert(name.into(), value.chars().take(64).collect());
    }
    let form = Form { kind: Whose::Own, id: 0, values, version: None, problems: vec![] };
    form.answer(&app, &who, StatusCode::OK).await
}

/// `GET /contacts/{kind}/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path((kind, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let kind = Whose::of(&kind).ok_or(Fault::NotFound)?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.contact(&viewer, kind, id)).await?;
    let may_change = kind == Whose::Own || kind == Whose::Shared && contacts::may_share(&who.viewer);
    match row {
        Some(row) if may_change => {
            let form = Form { kind, id, values: row.values, version: Some(row.version), problems: vec![] };
            form.answer(&app, &who, StatusCode::OK).await
        }
        row => {
            let person = app.read(move |db| db.person(&viewer, kind, id)).await?.ok_or(Fault::NotFound)?;
            let states = States::read(&app, who.tenant, Some(vec![id])).await?;
            let presence = (kind == Whose::User).then(|| states.of(id)).flatten();
            let text =
                |name: &str| row.as_ref().and_then(|row| row.values.get(name).cloned()).unwrap_or_default();
            let page = Page::portal(&who, "/contacts", &person.name).below("Contacts", "/contacts");
            let page = if kind == Whose::User { page.listening(&format!("people:{id}")) } else { page };
            reply::html(&LookPage {
                email: person.email.clone(),
                notes: text("notes"),
                row: PersonRow::new(&who, person, presence),
                page,
            })
        }
    }
}

/// `POST /contacts`: adds one.
pub(crate) async fn create(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let sent = Pairs::parse(&body);
    let kind = if sent.get("shared") == "1" { Whose::Shared } else { Whose::Own };
    let form = Form { kind, id: 0, values: given(&sent), version: None, problems: vec![] };
    let (author, values) = (who.author("portal"), form.values.clone());
    let done = app.db(move |db| Ok::<_, Fault>(db.add_contact(&author, kind, &values))).await?;
    form.done(&app, &who, done.map(drop), "added").await
}

/// `POST /contacts/{kind}/{id}`: changes one.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    who: Who,
    Path((kind, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let kind = Whose::of(&kind).ok_or(Fault::NotFound)?;
    let sent = Pairs::parse(&body);
    let version = sent.get("version").parse().ok();
    let form = Form { kind, id, values: given(&sent), version, problems: vec![] };
    let (author, values) = (who.author("portal"), form.values.clone());
    let done =
        app.db(move |db| Ok::<_, Fault>(db.change_contact(&author, (kind, id), &values, version))).await?;
    form.done(&app, &who, done.map(drop), "saved").await
}

/// `POST /contacts/{kind}/{id}/delete`. DIR-08.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path((kind, id)): Path<(String, i64)>,
) -> Result<Response, Fault> {
    let kind = Whose::of(&kind).ok_or(Fault::NotFound)?;
    let author = who.author("portal");
    app.db(move |db| db.delete_contacts(&author, &[(kind, id)])).await?;
    Ok(reply::see_other("/contacts", "Contact deleted"))
}

/// `POST /contacts/delete`: those that are ticked, all of them or none. DIR-09.
pub(crate) async fn delete_many(
    State(app): State<Arc<App>>,
    who: Who,
    headers: axum::http::HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let sent = Pairs::parse(&body);
    let chosen: Vec<(Whose, i64)> = sent.all("id").filter_map(parsed).collect();
    let count = chosen.len();
    let author = who.author("portal");
    app.db(move |db| db.delete_contacts(&author, &chosen)).await?;
    let toast = if count == 1 { "Contact deleted".to_owned() } else { format!("{count} contacts deleted") };
    Ok(reply::back(&headers, "/contacts", &toast))
}

/// What a form is about.
struct Form {
    kind: Whose,
    id: i64,
    values: Values,
    version: Option<i64>,
    problems: Vec<Problem>,
}

impl Form {
    /// After a write: back to the list, or the form again with what is wrong.
    async fn done(
        mut self,
        app: &App,
        who: &Who,
        done: Result<(), WriteError>,
        word: &str,
    ) -> Result<Response, Fault> {
        match done {
            Ok(()) => Ok(reply::see_other("/contacts", &format!("Contact {word}"))),
            Err(WriteError::Invalid(problems)) => {
                self.problems = problems;
                self.answer(app, who, StatusCode::UNPROCESSABLE_ENTITY).await
            }
            Err(WriteError::Conflict { by, .. }) => {
                let message = format!("{by} changed this contact meanwhile. Open it again to see how it is.");
                self.problems = vec![Problem { field: String::new(), message }];
                self.answer(app, who, StatusCode::CONFLICT).await
            }
            Err(other) => Err(other.into()),
        }
    }

    async fn answer(self, app: &App, who: &Who, status: StatusCode) -> Result<Response, Fault> {
        let viewer = who.viewer();
        let groups = app.read(move |db| db.contact_groups(&viewer)).await?;
        let suggested = SUGGESTED.iter().map(|group| (*group).to_owned());
        let mut all = groups;
        all.extend(suggested.filter(|group| !all.contains(group)).collect::<Vec<_>>());
        let text = |name: &str| self.values.get(name).cloned().unwrap_or_default();
        let name = format!("{} {}", text("first_name"), text("last_name"));
        let is_new = self.id == 0;
        let title =
            if is_new { crate::language::t("New contact").to_owned() } else { name.trim().to_owned() };
        let of = |problem: &&Problem| FIELDS.field(&problem.field).is_none();
        let general: Vec<&str> =
            self.problems.iter().filter(of).map(|problem| problem.message.as_str()).collect();
        let fields = FIELDS.settable().map(|field| {
            let (kind, max) = match field.kind {
                Kind::WrittenNumber => ("tel", 40),
                Kind::Email => ("email", 254),
                Kind::LongText { max } => ("area", max),
                _ if field.name == "group_name" => ("group", 64),
                _ => ("text", 64),
            };
            let problem = self.problems.iter().find(|problem| problem.field == field.name);
            Input {
                name: field.name,
                label: label(field.name),
                kind,
                value: self.values.get(field.name).map_or(field.default, String::as_str).to_owned(),
                max,
                problem: problem.map(|problem| problem.message.clone()).unwrap_or_default(),
            }
        });
        let page = Page::portal(who, "/contacts", &title).below("Contacts", "/contacts");
        let mut answer = reply::html(&ContactPage {
            action: if is_new {
                "/contacts".into()
            } else {
                format!("/contacts/{}/{}", self.kind.key(), self.id)
            },
            fields: fields.collect(),
            groups: all,
            problem: general.join(" "),
            version: self.version.map(|version| version.to_string()).unwrap_or_default(),
            shared: (is_new && contacts::may_share(&who.viewer)).then_some(self.kind == Whose::Shared),
            kind: self.kind.key(),
            id: self.id,
            may_delete: !is_new,
            title,
            page,
        })?;
        *answer.status_mut() = status;
        Ok(answer)
    }
}

/// The fields that a form has.
pub(super) fn given(sent: &Pairs) -> Values {
    let fields = FIELDS.settable().filter(|field| sent.has(field.name));
    fields.map(|field| (field.name.to_owned(), sent.get(field.name).to_owned())).collect()
}

/// `own:5`.
fn parsed(text: &str) -> Option<(Whose, i64)> {
    let (kind, id) = text.split_once(':')?;
    Some((Whose::of(kind)?, id.parse().ok()?))
}

/// DIR-33: what groups are called, until there are others.
const SUGGESTED: [&str; 4] = ["All Contacts", "Clients", "Vendors", "Personal"];
