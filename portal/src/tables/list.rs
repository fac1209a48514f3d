//! The list of any declared table: search, filters as chips, sort, columns, pages, cards. NAV-13…16.

pub(crate) mod filters;
pub(crate) mod view;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use config::{Resource, query::ListQuery};

use super::{May, bulk::Change, form, views};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};
use filters::FilterInput;
pub(crate) use view::ListView;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    of: &'static Resource,
    view: ListView,
    changes: Vec<Change>,
    may: May,
    /// Ready HTML.
    above: String,
}

#[derive(Template)]
#[template(path = "list_part.html")]
struct ListPart {
    of: &'static Resource,
    view: ListView,
    may: May,
}

/// `GET /admin/{table}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    if of.single {
        return form::single(app, who, of).await;
    }
    let asked = Pairs::parse(&query.unwrap_or_default());
    let (viewer, owner, may) = (who.viewer(), views::owner(&who), May::of(&who, of));
    let part = reply::asks_for(&headers, "list");
    let (mut view, changes) = app
        .db(move |db| {
            let view = view::list(db, &viewer, owner, of, &asked)?;
            let changes = if may.edit && !part { super::bulk::changes(db, &viewer, of)? } else { vec![] };
            Ok::<_, Fault>((view, changes))
        })
        .await?;
    let live = super::live_column(&app, &who, of, &mut view);
    if part {
        return Ok(Html(ListPart { of, view, may }.render()?).into_response());
    }
    let page =
        Page::new(&app, &who, &format!("/admin/{}", of.name), of.many).below_menu(of.menu).listening(&live);
    let above = super::above(&app, &who, of).await?;
    reply::html(&ListPage { page, of, view, changes, may, above })
}

/// What the query string asks of the database. `none` stands for a blank value, because a blank parameter is none.
pub(crate) fn wanted(asked: &Pairs) -> ListQuery {
    let mut filters: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in asked.beginning("f.").filter(|(_, value)| !value.is_empty()) {
        let value = if value == filters::NONE { String::new() } else { value.to_owned() };
        match filters.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => values.push(value),
            None => filters.push((name.to_owned(), vec![value])),
        }
    }
    ListQuery {
        search: asked.get("q").chars().take(LONGEST_SEARCH).collect(),
        filters,
        sort: asked.get("sort").to_owned(),
        descending: asked.get("desc") == "1",
        after: asked.get("after").to_owned(),
        limit: asked.get("limit").parse().unwrap_or(PAGE).clamp(1, MOST_ROWS),
    }
}

/// Rows a page.
pub(crate) const PAGE: usize = 50;
/// As many as the database gives at once.
pub(crate) const MOST_ROWS: usize = 200;
pub(crate) const LONGEST_SEARCH: usize = 100;
