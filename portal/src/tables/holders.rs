//! The users who belong to a row – the holders of a licence, the people of a department or a site – with boxes to assign
//! and unassign many at once. LIC-11, LIC-12, ORG-08, A-05, A-15.
//!
//! Who belongs to a row follows from the declaration of users: a reference, or a list. The licence of every user is a flag
//! of theirs.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use config::{
    Db, Field, Kind, Resource,
    query::{ListQuery, QueryError, Row, Viewer},
    resource::Values,
    resources::{
        licences::{ADVANCED_USER, LICENCES},
        users::USERS,
    },
    write::{Step, WriteError},
};

use super::{Beside, field::SET, form, related};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

/// How users belong to a row.
#[derive(Debug, Clone, Copy)]
enum Belonging {
    /// By a reference of theirs.
    Reference(&'static Field),
    /// By a list of theirs.
    List(&'static Field),
    /// By a flag of theirs.
    Flag(&'static Field),
}

/// Whether users belong to the rows of a table.
pub(crate) fn is_held(of: &Resource) -> bool {
    field_of(of).is_some()
}

fn field_of(of: &Resource) -> Option<&'static Field> {
    USERS.fields.iter().find(|field| match field.kind {
        Kind::Reference(name) => name == of.name && field.when_gone == config::WhenGone::Move,
        Kind::Many(name) => name == of.name,
        _ => false,
    })
}

fn belonging(of: &Resource, row: &Row) -> Option<Belonging> {
    let kind = row.values.get("kind").map_or("", String::as_str);
    if of.name == LICENCES.name && kind == ADVANCED_USER {
        return USERS.field("licensed").map(Belonging::Flag);
    }
    let field = field_of(of)?;
    Some(if matches!(field.kind, Kind::Many(_)) {
        Belonging::List(field)
    } else {
        Belonging::Reference(field)
    })
}

impl Belonging {
    /// What the users of a row have in common.
    fn filter(self, id: i64) -> (String, Vec<String>) {
        match self {
            Self::Reference(field) | Self::List(field) => (field.name.to_owned(), vec![id.to_string()]),
            Self::Flag(field) => (field.name.to_owned(), vec![SET.to_owned()]),
        }
    }

    /// The change that lets a user belong to the row, or no longer.
    fn change(self, id: i64, user: &Row, belongs: bool) -> Values {
        let id = id.to_string();
        let (field, value) = match self {
            Self::Reference(field) => (field, if belongs { id } else { String::new() }),
            Self::Flag(field) => (field, if belongs { SET } else { "0" }.to_owned()),
            Self::List(field) => {
                let held = user.values.get(field.name).map_or("", String::as_str);
                let mut held: Vec<&str> =
                    held.split(',').filter(|other| !other.is_empty() && *other != id).collect();
                if belongs {
                    held.push(&id);
                }
                (field, held.join(","))
            }
        };
        Values::from([(field.name.to_owned(), value)])
    }

    fn has(self, id: i64, user: &Row) -> bool {
        let (name, wanted) = self.filter(id);
        user.values.get(&name).is_some_and(|held| held.split(',').any(|one| *one == wanted[0]))
    }
}

/// Beside the form of a row to which users belong.
pub(crate) async fn beside(app: &App, who: &Who, of: &'static Resource, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, of, id).await?;
    beside.head += &ManageLink { href: format!("/admin/{}/{id}/users", of.name) }.render()?;
    Ok(beside)
}

#[derive(Template)]
#[template(path = "parts/manage_users.html")]
struct ManageLink {
    href: String,
}

#[derive(Template)]
#[template(path = "holders.html")]
struct HoldersPage {
    page: Page,
    of: &'static Resource,
    path: String,
    title: String,
    holders: Vec<Person>,
    total: u64,
    next: Option<String>,
    search: String,
    people: Vec<Person>,
    may_write: bool,
    problem: String,
}

#[derive(Template)]
#[template(path = "holders_people.html")]
struct PeoplePart {
    people: Vec<Person>,
}

/// A user in one of the lists.
#[derive(Debug)]
struct Person {
    user: i64,
    name: String,
    sub: String,
    /// They belong to the row already.
    on: bool,
}

/// `GET /admin/{table}/{id}/users`; asked for `people`, only those who can be assigned.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    let (row, by) = held(&app, &who, of, id).await?;
    if reply::asks_for(&headers, "people") {
        let viewer = who.viewer();
        let people = app.db(move |db| people(db, &viewer, by, id, asked.get("people"))).await?;
        return Ok(Html(PeoplePart { people }.render()?).into_response());
    }
    page(&app, &who, of, (&row, by), &asked, String::new()).await
}

/// `POST /admin/{table}/{id}/users/assign`: all of them, or none and why.
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    write(&app, &who, &table, id, &Pairs::parse(&body), true).await
}

/// `POST /admin/{table}/{id}/users/unassign`.
pub(crate) async fn unassign(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    write(&app, &who, &table, id, &Pairs::parse(&body), false).await
}

async fn write(
    app: &App,
    who: &Who,
    table: &str,
    id: i64,
    body: &Pairs,
    belong: bool,
) -> Result<Response, Fault> {
    let of = who.table(table)?;
    who.writable(USERS.name)?;
    let (row, by) = held(app, who, of, id).await?;
    let users: Vec<i64> = body.all("user").filter_map(|user| user.parse().ok()).take(MOST).collect();
    let (author, viewer, count) = (who.author("portal"), who.viewer(), users.len());
    let written = app
        .db(move |db| {
            let mut steps = Vec::new();
            for user in users {
                let row = db.get(&viewer, &USERS, user)?.ok_or(Fault::NotFound)?;
                steps.push(Step::Update { of: &USERS, id: user, values: by.change(id, &row, belong) });
            }
            Ok::<_, Fault>(db.write_all(&author, &steps))
        })
        .await?;
    match written {
        Ok(saved) => {
            let people = if count == 1 { "1 user".to_owned() } else { format!("{count} users") };
            let done = if belong { "assigned" } else { "unassigned" };
            let toast = reply::undoable(&format!("{people} {done}"), Some(saved.revision));
            Ok(reply::see_other(&format!("/admin/{}/{id}/users", of.name), &toast))
        }
        Err(WriteError::Invalid(problems)) => {
            let words: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
            let mut answer = page(app, who, of, (&row, by), &Pairs::default(), words.join(" ")).await?;
            *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(other) => Err(other.into()),
    }
}

/// The row, and how users belong to it.
async fn held(app: &App, who: &Who, of: &'static Resource, id: i64) -> Result<(Row, Belonging), Fault> {
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    let by = belonging(of, &row).ok_or(Fault::NotFound)?;
    Ok((row, by))
}

async fn page(
    app: &App,
    who: &Who,
    of: &'static Resource,
    (row, by): (&Row, Belonging),
    asked: &Pairs,
    problem: String,
) -> Result<Response, Fault> {
    let (viewer, wanted, id) = (who.viewer(), asked.clone(), row.id);
    let ((holders, total, next), people) = app
        .db(move |db| {
            Ok::<_, QueryError>((holders(db, &viewer, by, id, &wanted)?, people(db, &viewer, by, id, "")?))
        })
        .await?;
    let (title, path) = (form::title(of, row), format!("/admin/{}/{id}", of.name));
    let page = Page::new(app, who, &path, "Users")
        .below(of.many, &format!("/admin/{}", of.name))
        .below(&title, &path);
    let here = format!("{path}/users");
    let next = next.map(|cursor| asked.without(&["after"]).with("after", &cursor).link(&here));
    let may_write = who.may_write(&USERS);
    let search = asked.get("q").to_owned();
    reply::html(&HoldersPage {
        page,
        of,
        path: here,
        title,
        holders,
        total,
        next,
        search,
        people,
        may_write,
        problem,
    })
}

/// A page of those who belong to the row, how many there are, and where the next page begins.
fn holders(
    db: &Db,
    viewer: &Viewer,
    by: Belonging,
    id: i64,
    asked: &Pairs,
) -> Result<(Vec<Person>, u64, Option<String>), QueryError> {
    let query = ListQuery {
        search: asked.get("q").chars().take(100).collect(),
        filters: vec![by.filter(id)],
        after: asked.get("after").to_owned(),
        limit: PAGE,
        ..ListQuery::default()
    };
    let found = db.list(viewer, &USERS, &query)?;
    Ok((found.rows.iter().map(|row| person(row, true)).collect(), found.total, found.next))
}

/// Users that match a search, with those marked who belong to the row.
fn people(db: &Db, viewer: &Viewer, by: Belonging, id: i64, search: &str) -> Result<Vec<Person>, QueryError> {
    let query =
        ListQuery { search: search.chars().take(100).collect(), limit: OFFERED, ..ListQuery::default() };
    let rows = db.list(viewer, &USERS, &query)?.rows;
    Ok(rows.iter().map(|row| person(row, by.has(id, row))).collect())
}

fn person(row: &Row, on: bool) -> Person {
    let sub = row.shown.get("extension").cloned().unwrap_or_default();
    Person { user: row.id, name: form::title(&USERS, row), sub, on }
}

/// Holders a page.
const PAGE: usize = 50;
/// Users offered at once; a search finds the others.
const OFFERED: usize = 100;
/// Users assigned at once: as many as a page offers.
const MOST: usize = 200;
