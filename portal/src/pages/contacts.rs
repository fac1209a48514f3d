//! `/contacts`: one's own contacts, those of the company, and colleagues with what they are doing. DIR-01…05, DIR-15…29, 32.

pub(crate) mod add;
pub(crate) mod api;
pub(crate) mod edit;
pub(crate) mod import;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use config::contacts::{self, People, PeopleQuery, Person, Whose};

use crate::presence::{Presence, States};
use crate::{
    assets::icon,
    auth::Who,
    error::Fault,
    ldap::{self, Customer},
    query::Pairs,
    reply,
    state::App,
    text::encode,
    view::Page,
};

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    page: Page,
    q: String,
    filters: Vec<Offer>,
    departments: Vec<Offer>,
    sites: Vec<Offer>,
    list: List,
}

#[derive(Template)]
#[template(path = "contacts_body.html")]
struct ContactsBody {
    list: List,
}

/// What is chosen from.
#[derive(Debug)]
pub(crate) struct Offer {
    pub key: String,
    pub label: String,
    pub on: bool,
}

/// What stands below the filters.
#[derive(Debug, Default)]
struct List {
    rows: Vec<PersonRow>,
    customers: Vec<Customer>,
    /// Customers were asked for.
    is_directory: bool,
    /// What was typed is too short to ask the directory.
    is_short: bool,
    problem: String,
    /// Anything narrows the list.
    narrowed: bool,
    newest: String,
    next: Option<String>,
    later: bool,
    own: usize,
    /// Users whose state moves by itself.
    live: String,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct PersonRow {
    pub kind: &'static str,
    pub id: i64,
    pub name: String,
    pub sub: String,
    pub group: String,
    /// Label and number.
    pub numbers: Vec<(&'static str, String)>,
    pub favourite: bool,
    pub presence: Option<Presence>,
    pub may_edit: bool,
    pub may_delete: bool,
}

/// Which of them somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    People(Plain),
    Department(i64),
    Site(i64),
    State(Presence),
    Directory,
}

/// The filters that the database knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    All,
    Favourites,
    Shared,
    Own,
    Colleagues,
}

impl Show {
    fn of(key: &str) -> Self {
        let id = |id: &str| id.parse().unwrap_or_default();
        match key.split_once(':') {
            Some(("department", text)) => return Self::Department(id(text)),
            Some(("site", text)) => return Self::Site(id(text)),
            _ => {}
        }
        match key {
            "favourites" => Self::People(Plain::Favourites),
            "shared" => Self::People(Plain::Shared),
            "own" => Self::People(Plain::Own),
            "coworkers" => Self::People(Plain::Colleagues),
            "available" => Self::State(Presence::Available),
            "busy" => Self::State(Presence::Busy),
            "offline" => Self::State(Presence::Offline),
            "directory" => Self::Directory,
            _ => Self::People(Plain::All),
        }
    }
}

/// `GET /contacts`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let list = list(&app, &who, &asked).await?;
    if reply::asks_for(&headers, "list") {
        return Ok(Html(ContactsBody { list }.render()?).into_response());
    }
    let tenant = who.tenant;
    let ((departments, sites), has_directory) = app
        .read(move |db| Ok::<_, config::query::QueryError>((db.places(tenant)?, db.has_ldap(tenant)?)))
        .await?;
    let chosen = asked.get("show");
    let option = |key: String, label: &str| Offer { on: key == chosen, key, label: label.to_owned() };
    let mut filters: Vec<Offer> =
        FILTERS.iter().map(|(key, label)| option((*key).to_owned(), label)).collect();
    if has_directory {
        filters.push(option("directory".to_owned(), "Customer directory"));
    }
    let places = |name: &str, places: Vec<contacts::Place>| -> Vec<Offer> {
        places.into_iter().map(|place| option(format!("{name}:{}", place.id), &place.name)).collect()
    };
    reply::html(&ContactsPage {
        q: asked.get("q").chars().take(100).collect(),
        filters,
        departments: places("department", departments),
        sites: places("site", sites),
        list,
        page: Page::portal(&who, "/contacts", "Contacts"),
    })
}

/// `POST /contacts/{kind}/{id}/favourite`: with `on=1` a star, else none. DIR-17.
pub(crate) async fn favourite(
    State(app): State<Arc<App>>,
    who: Who,
    Path((kind, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let whose = Whose::of(&kind).ok_or(Fault::NotFound)?;
    let on = Pairs::parse(&body).get("on") == "1";
    let viewer = who.viewer();
    let row = app
        .db(move |db| {
            db.set_favourite(&viewer, (whose, id), on)?;
            Ok::<_, config::write::WriteError>(db.person(&viewer, whose, id)?)
        })
        .await?
        .ok_or(Fault::NotFound)?;
    Ok(Html(Star { row: PersonRow::new(&who, row, None) }.render()?).into_response())
}

#[derive(Template)]
#[template(path = "parts/star.html")]
struct Star {
    row: PersonRow,
}

/// The people of a page, for the live stream: what each is doing.
pub(crate) async fn live(app: &App, who: &Who, users: &[i64]) -> Result<Vec<(String, String)>, Fault> {
    let states = States::read(app, who.tenant, Some(users.to_vec())).await?;
    let parts = users.iter().filter_map(|id| Some((format!("presence-{id}"), states.of(*id)?.html())));
    Ok(parts.collect())
}

async fn list(app: &App, who: &Who, asked: &Pairs) -> Result<List, Fault> {
    let show = Show::of(asked.get("show"));
    let search: String = asked.get("q").chars().take(100).collect();
    let viewer = who.viewer();
    let own = app.read(move |db| db.own_contact_count(viewer.user)).await?;
    let without = asked.without(&["after"]);
    let mut list = List {
        own,
        narrowed: !search.trim().is_empty() || show != Show::People(Plain::All),
        newest: without.link("/contacts"),
        later: asked.has("after"),
        ..List::default()
    };
    if show == Show::Directory {
        directory(app, who, &search, &mut list).await?;
        return Ok(list);
    }
    let people = match show {
        Show::People(Plain::All) | Show::Directory => People::All,
        Show::People(Plain::Favourites) => People::Favourites,
        Show::People(Plain::Shared) => People::Shared,
        Show::People(Plain::Own) => People::Own,
        Show::People(Plain::Colleagues) => People::Colleagues,
        Show::Department(id) => People::Department(id),
        Show::Site(id) => People::Site(id),
        Show::State(wanted) => People::Among(States::read(app, who.tenant, None).await?.with(wanted)),
    };
    let query = PeopleQuery { people, search, after: place(asked.get("after")), limit: PAGE };
    let (people, more) = app.read(move |db| db.people(&viewer, &query)).await?;
    let last = people.last().filter(|_| more);
    let next = last.map(|last| format!("{}:{}:{}", last.kind.key(), last.id, last.name));
    list.next = next.map(|next| without.with("after", &next).link("/contacts"));
    let users: Vec<i64> = people.iter().filter(|one| one.kind == Whose::User).map(|one| one.id).collect();
    let states = States::read(app, who.tenant, Some(users.clone())).await?;
    list.live = users.iter().map(i64::to_string).collect::<Vec<_>>().join(".");
    let row = |person: Person| {
        let presence = (person.kind == Whose::User).then(|| states.of(person.id)).flatten();
        PersonRow::new(who, person, presence)
    };
    list.rows = people.into_iter().map(row).collect();
    Ok(list)
}

/// DIR-13, DIR-14.
async fn directory(app: &App, who: &Who, typed: &str, list: &mut List) -> Result<(), Fault> {
    let tenant = who.tenant;
    let settings = app.read(move |db| db.ldap_settings(tenant)).await?.ok_or(Fault::NotFound)?;
    list.is_directory = true;
    list.is_short = typed.trim().chars().count() < ldap::LEAST_TYPED;
    match ldap::search(&settings, typed).await {
        Ok(found) => list.customers = found,
        Err(fault) => {
            tracing::warn!(tenant.id = tenant.0, "the customer directory was not searched: {fault}");
            list.problem = fault.to_string();
        }
    }
    Ok(())
}

impl PersonRow {
    pub fn new(who: &Who, person: Person, presence: Option<Presence>) -> Self {
        let may_change = match person.kind {
            Whose::Own => true,
            Whose::Shared => contacts::may_share(&who.viewer),
            Whose::User => false,
        };
        let mut numbers: Vec<(&'static str, String)> = Vec::new();
        if !person.extension.is_empty() {
            numbers.push(("Extension", person.extension));
        }
        numbers.extend(person.numbers.into_iter().map(|(name, number)| (label(name), number)));
        let sub = if person.organization.is_empty() { person.email } else { person.organization };
        Self {
            kind: person.kind.key(),
            id: person.id,
            name: person.name,
            sub,
            group: person.group,
            numbers,
            favourite: person.favourite,
            presence,
            may_edit: may_change,
            may_delete: may_change,
        }
    }

    /// Whose it is, for people.
    pub fn whose(&self) -> &'static str {
        match self.kind {
            "own" => "Mine",
            "shared" => "Shared",
            _ => "Coworker",
        }
    }

    /// The icon of favorites.
    pub fn star(&self) -> &'static str {
        icon("star")
    }

    /// Where one reads or changes it.
    pub fn href(&self) -> String {
        format!("/contacts/{}/{}", self.kind, self.id)
    }
}

impl Customer {
    /// Where it becomes a contact of one's own.
    pub fn keep(&self) -> String {
        let number = self.numbers.first().map_or("", |(_, number)| number.as_str());
        format!("/contacts/new?name={}&number={}", encode(&self.name), encode(number))
    }
}

/// A field's label.
pub(crate) fn label(field: &str) -> &'static str {
    contacts::FIELDS.field(field).map_or("", |field| field.label)
}

/// The last one of the page before.
fn place(text: &str) -> Option<(String, Whose, i64)> {
    let mut parts = text.splitn(3, ':');
    let (kind, id, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.to_owned(), Whose::of(kind)?, id.parse().ok()?))
}

/// DIR-16…24; departments and sites stand apart.
const FILTERS: [(&str, &str); 8] = [
    ("", "All"),
    ("favourites", "Favorites"),
    ("shared", "Shared"),
    ("own", "My Contacts"),
    ("coworkers", "Coworkers"),
    ("available", "Available"),
    ("busy", "Busy"),
    ("offline", "Offline"),
];
/// People a page.
const PAGE: usize = 50;
