//! The users who belong to a row – the holders of a licence, the people of a department or a site – with boxes to assign
//! and unassign many at once. LIC-11, LIC-12, ORG-08, A-05, A-15.
//!
//! Who belongs to a row follows from the declarations: a table of its own that refers to both, or a reference of users.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use config::{
    Db, Field, Kind, Resource,
    query::{ListQuery, QueryError, Viewer},
    resource::Values,
    resources::users::USERS,
    write::{Step, WriteError},
};

use super::{Beside, form, related};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

/// How users belong to rows of a table.
#[derive(Debug, Clone, Copy)]
enum Belonging {
    /// By rows of a table: that table, its reference to the row, its reference to the user.
    Through(&'static Resource, &'static Field, &'static Field),
    /// By a reference of the user.
    Direct(&'static Field),
}

/// Whether users belong to the rows of a table.
pub(crate) fn is_held(of: &Resource) -> bool {
    belonging(of).is_some()
}

fn belonging(of: &Resource) -> Option<Belonging> {
    let to = |table: &'static Resource, target: &str| {
        table.fields.iter().find(|field| matches!(field.kind, Kind::Reference(name) if name == target))
    };
    // A table that no menu shows and that refers to both says who has what.
    let joining = config::resources::ALL.into_iter().filter(|table| table.menu.is_empty());
    let mut through = joining
        .filter_map(|table| Some(Belonging::Through(table, to(table, of.name)?, to(table, USERS.name)?)));
    through.next().or_else(|| {
        to(&USERS, of.name).filter(|f| f.when_gone == config::WhenGone::Move).map(Belonging::Direct)
    })
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
    /// What is sent to assign or unassign them.
    key: i64,
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
    if reply::asks_for(&headers, "people") {
        let (viewer, by) = (who.viewer(), belonging(of).ok_or(Fault::NotFound)?);
        let people = app.db(move |db| people(db, &viewer, by, id, asked.get("people"))).await?;
        return Ok(Html(PeoplePart { people }.render()?).into_response());
    }
    page(&app, &who, of, id, &asked, String::new()).await
}

/// `POST /admin/{table}/{id}/users/assign`: all of them, or none and why.
pub(crate) async fn assign(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let by = belonging(of).ok_or(Fault::NotFound)?;
    let step = |user: &str| match by {
        Belonging::Through(table, row, holder) => {
            let values = [(row.name.to_owned(), id.to_string()), (holder.name.to_owned(), user.to_owned())];
            Some(Step::Create { of: table, values: Values::from(values) })
        }
        Belonging::Direct(field) => {
            let values = Values::from([(field.name.to_owned(), id.to_string())]);
            Some(Step::Update { of: &USERS, id: user.parse().ok()?, values })
        }
    };
    let steps: Vec<_> = Pairs::parse(&body).all("user").filter_map(step).collect();
    write(&app, &who, of, id, (steps, "assigned")).await
}

/// `POST /admin/{table}/{id}/users/unassign`.
pub(crate) async fn unassign(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let by = belonging(of).ok_or(Fault::NotFound)?;
    let step = |key: &str| {
        let key = key.parse().ok()?;
        Some(match by {
            Belonging::Through(table, ..) => Step::Delete { of: table, id: key },
            Belonging::Direct(field) => {
                let values = Values::from([(field.name.to_owned(), String::new())]);
                Step::Update { of: &USERS, id: key, values }
            }
        })
    };
    let steps: Vec<_> = Pairs::parse(&body).all("holder").filter_map(step).collect();
    write(&app, &who, of, id, (steps, "unassigned")).await
}

async fn write(
    app: &App,
    who: &Who,
    of: &'static Resource,
    id: i64,
    (steps, done): (Vec<Step>, &str),
) -> Result<Response, Fault> {
    let (author, count) = (who.author("portal"), steps.len());
    let written = app.db(move |db| Ok::<_, Fault>(db.write_all(&author, &steps))).await?;
    match written {
        Ok(_) => {
            let people = if count == 1 { "1 user".to_owned() } else { format!("{count} users") };
            Ok(reply::see_other(&format!("/admin/{}/{id}/users", of.name), &format!("{people} {done}")))
        }
        Err(WriteError::Invalid(problems)) => {
            let words: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
            let mut answer = page(app, who, of, id, &Pairs::default(), words.join(" ")).await?;
            *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(
    app: &App,
    who: &Who,
    of: &'static Resource,
    id: i64,
    asked: &Pairs,
    problem: String,
) -> Result<Response, Fault> {
    let by = belonging(of).ok_or(Fault::NotFound)?;
    let (viewer, wanted) = (who.viewer(), asked.clone());
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    let viewer = who.viewer();
    let ((holders, total, next), people) = app
        .db(move |db| {
            Ok::<_, QueryError>((holders(db, &viewer, by, id, &wanted)?, people(db, &viewer, by, id, "")?))
        })
        .await?;
    let (title, path) = (form::title(of, &row), format!("/admin/{}/{id}", of.name));
    let page = Page::new(app, who, &path, "Users")
        .below(of.many, &format!("/admin/{}", of.name))
        .below(&title, &path);
    let here = format!("{path}/users");
    let next = next.map(|cursor| asked.without(&["after"]).with("after", &cursor).link(&here));
    let may_write = who.may_write(of) && who.may_write(&USERS);
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
    let (of, row) = match by {
        Belonging::Through(table, row, _) => (table, row),
        Belonging::Direct(field) => (&USERS, field),
    };
    let query = ListQuery {
        search: asked.get("q").chars().take(100).collect(),
        filters: vec![(row.name.to_owned(), vec![id.to_string()])],
        after: asked.get("after").to_owned(),
        limit: PAGE,
        ..ListQuery::default()
    };
    let found = db.list(viewer, of, &query)?;
    let person = |row: &config::query::Row| match by {
        Belonging::Through(_, _, holder) => Person {
            key: row.id,
            user: row.values.get(holder.name).and_then(|id| id.parse().ok()).unwrap_or_default(),
            name: row.shown.get(holder.name).cloned().unwrap_or_default(),
            sub: String::new(),
            on: true,
        },
        Belonging::Direct(_) => Person { on: true, ..user(row) },
    };
    Ok((found.rows.iter().map(person).collect(), found.total, found.next))
}

/// Users that match a search, with those marked who belong to the row.
fn people(db: &Db, viewer: &Viewer, by: Belonging, id: i64, search: &str) -> Result<Vec<Person>, QueryError> {
    let query =
        ListQuery { search: search.chars().take(100).collect(), limit: OFFERED, ..ListQuery::default() };
    let rows = db.list(viewer, &USERS, &query)?.rows;
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let held: HashMap<i64, ()> = match by {
        Belonging::Direct(field) => {
            let here = |row: &&config::query::Row| {
                row.values.get(field.name).is_some_and(|at| *at == id.to_string())
            };
            rows.iter().filter(here).map(|row| (row.id, ())).collect()
        }
        Belonging::Through(..) if ids.is_empty() => HashMap::new(),
        Belonging::Through(table, row, holder) => {
            let filters = vec![(row.name.to_owned(), vec![id.to_string()]), (holder.name.to_owned(), ids)];
            let query = ListQuery { filters, limit: OFFERED, ..ListQuery::default() };
            let found = db.list(viewer, table, &query)?.rows;
            found.iter().filter_map(|row| Some((row.values.get(holder.name)?.parse().ok()?, ()))).collect()
        }
    };
    Ok(rows.iter().map(|row| Person { on: held.contains_key(&row.id), ..user(row) }).collect())
}

fn user(row: &config::query::Row) -> Person {
    let shown = |name: &str| row.shown.get(name).cloned().unwrap_or_default();
    Person { key: row.id, user: row.id, name: form::title(&USERS, row), sub: shown("extension"), on: false }
}

/// Holders a page.
const PAGE: usize = 50;
/// Users offered at once; a search finds the others.
const OFFERED: usize = 100;
