//! `/contacts/add?name=&number=`: a number of a call to one of the contacts that are there. CH-12, DIR-32.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use config::contacts::{self, People, PeopleQuery, Whose};

use super::PersonRow;
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, text::encode, view::Page};

#[derive(Template)]
#[template(path = "contact_add.html")]
struct AddPage {
    page: Page,
    number: String,
    q: String,
    fresh: String,
    list: Found,
}

#[derive(Template)]
#[template(path = "contact_add_body.html")]
struct AddBody {
    list: Found,
}

#[derive(Debug)]
struct Found {
    rows: Vec<PersonRow>,
    number: String,
    csrf: String,
}

/// `GET /contacts/add`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let cut = |name: &str| asked.get(name).trim().chars().take(100).collect::<String>();
    let (number, name, q) = (cut("number"), cut("name"), cut("q"));
    let viewer = who.viewer();
    let may_share = contacts::may_share(&viewer);
    let search = q.clone();
    let people = app
        .read(move |db| {
            let of = |people| PeopleQuery {
                people,
                search: search.clone(),
                limit: MOST,
                ..PeopleQuery::default()
            };
            let mut found = db.people(&viewer, &of(People::Own))?.0;
            if may_share {
                found.extend(db.people(&viewer, &of(People::Shared))?.0);
            }
            Ok::<_, config::query::QueryError>(found)
        })
        .await?;
    let rows = people.into_iter().map(|person| PersonRow::new(&who, person, None)).collect();
    let list = Found { rows, number: number.clone(), csrf: who.csrf.clone() };
    if reply::asks_for(&headers, "list") {
        return Ok(Html(AddBody { list }.render()?).into_response());
    }
    reply::html(&AddPage {
        fresh: format!("/contacts/new?name={}&number={}", encode(&name), encode(&number)),
        page: Page::portal(&who, "/contacts", "Add to a contact").below("Contacts", "/contacts"),
        number,
        q,
        list,
    })
}

/// `POST /contacts/{kind}/{id}/number`: the number goes into the first free field.
pub(crate) async fn number(
    State(app): State<Arc<App>>,
    who: Who,
    Path((kind, id)): Path<(String, i64)>,
    body: String,
) -> Result<Response, Fault> {
    let kind = Whose::of(&kind).ok_or(Fault::NotFound)?;
    let number = Pairs::parse(&body).get("number").to_owned();
    let author = who.author("portal");
    app.db(move |db| db.add_number(&author, (kind, id), &number)).await?;
    Ok(reply::see_other(&format!("/contacts/{}/{id}", kind.key()), "Number added"))
}

/// Shown at once; a search finds the others.
const MOST: usize = 50;
