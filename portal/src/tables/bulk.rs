//! One action on the rows that are ticked, on one row from its menu, or on all that match: one transaction, one revision.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use config::{
    Db, Field, Kind, Resource,
    bulk::{Act, BulkError, Chosen, Obstacle},
    query::Viewer,
    resource::Values,
};

use super::{
    field::{self, Choice},
    list,
};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

/// A field that can be set on many rows at once.
#[derive(Debug)]
pub(crate) struct Change {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
    /// Where further choices are searched, if there are too many to list.
    pub search_url: String,
}

#[derive(Template)]
#[template(path = "bulk_refused.html")]
struct Refused {
    page: Page,
    of: &'static Resource,
    back: String,
    what: &'static str,
    obstacles: Vec<Obstacle>,
}

/// The fields that can be set on many rows of a table: flags, choices and references that are not unique.
pub(crate) fn changes(db: &Db, viewer: &Viewer, of: &'static Resource) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    for field in of.settable().filter(|field| is_bulk(field)) {
        let (mut choices, cut) = match field.kind {
            Kind::Choice(of) => {
                (of.iter().map(|(key, label)| Choice::ours(*key, label, false)).collect(), false)
            }
            Kind::Flag => (vec![Choice::ours("1", "Yes", false), Choice::ours("0", "No", false)], false),
            Kind::Reference(table) => field::others(db, table, "", viewer)?,
            _ => continue,
        };
        if cut {
            choices.truncate(FIRST);
        }
        if matches!(field.kind, Kind::Reference(_)) && !field.required {
            choices.insert(0, Choice::ours("", "None", false));
        }
        choices.iter_mut().for_each(|choice| choice.key = format!("{GIVEN}{}", choice.key));
        let search_url = format!("/admin/{}/choices/{}?as=bulk", of.name, field.name);
        let search_url = if cut { search_url } else { String::new() };
        changes.push(Change { name: field.name, label: field.label, choices, search_url });
    }
    Ok(changes)
}

/// `POST /admin/{table}/bulk`: `act` is `delete` or `set`, the latter with `set.<field>` values that begin with `=`; `id` are
/// the rows, or `all` with the list's `query`.
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let sent = Pairs::parse(&body);
    let chosen = chosen(&sent);
    let act = act(of, &sent)?;
    let deletes = matches!(act, Act::Delete);
    let author = who.author("portal");
    let path = format!("/admin/{}", of.name);
    let done = app.db(move |db| Ok::<_, Fault>(db.bulk(&author, of, &chosen, &act))).await?;
    match done {
        Ok(done) => {
            let what = match (done.rows, deletes) {
                (0, _) => "Nothing to change".to_owned(),
                (1, true) => format!("1 {} deleted", of.one.to_lowercase()),
                (1, false) => format!("1 {} changed", of.one.to_lowercase()),
                (n, true) => format!("{n} {} deleted", of.many.to_lowercase()),
                (n, false) => format!("{n} {} changed", of.many.to_lowercase()),
            };
            Ok(reply::back(
                &headers,
                &path,
                &reply::undoable(&what, (done.rows > 0).then_some(done.revision)),
            ))
        }
        Err(BulkError::Obstacles(obstacles)) => {
            let back = reply::came_from(&headers, &path);
            let page = Page::new(&app, &who, &path, "Not done").below(of.many, &back);
            let what = if deletes { "deleted" } else { "changed" };
            let mut answer = reply::html(&Refused { page, of, back, what, obstacles })?;
            *answer.status_mut() = StatusCode::CONFLICT;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

fn chosen(sent: &Pairs) -> Chosen {
    if sent.get("all") == "1" {
        Chosen::Matching(list::wanted(&Pairs::parse(sent.get("query"))))
    } else {
        Chosen::These(sent.all("id").filter_map(|id| id.parse().ok()).collect())
    }
}

fn act(of: &Resource, sent: &Pairs) -> Result<Act, Fault> {
    match sent.get("act") {
        "delete" => Ok(Act::Delete),
        "set" => {
            let given = sent.beginning("set.").filter_map(|(name, value)| {
                let field = of.field(name).filter(|field| is_bulk(field))?;
                Some((field.name.to_owned(), value.strip_prefix(GIVEN)?.to_owned()))
            });
            let values: Values = given.collect();
            if values.is_empty() {
                return Err(Fault::Malformed("choose what to change".into()));
            }
            Ok(Act::Set(values))
        }
        _ => Err(Fault::Malformed("nothing can be done with these rows in that way".into())),
    }
}

fn is_bulk(field: &Field) -> bool {
    let kind = matches!(field.kind, Kind::Flag | Kind::Choice(_) | Kind::Reference(_));
    kind && !field.unique && !field.read_only
}

/// Choices of a large table before somebody searches.
const FIRST: usize = 20;
/// What a value that is set begins with; a blank one leaves the field as it is.
pub(crate) const GIVEN: &str = "=";
