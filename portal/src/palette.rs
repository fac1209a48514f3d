//! The command palette: rows of all tables, pages, settings and commands that match what is typed; and, narrowed, where a
//! call can go. The answer is the list of options; the page's script moves the choice. NAV-11.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{Html, IntoResponse, Response},
};
use config::{Db, Resource, access::Verb, query::Viewer, resources};

use crate::{
    assets::icon,
    auth::Who,
    error::Fault,
    language::{say, t},
    menu,
    query::Pairs,
    state::App,
    tables::{destination, form},
};

/// Options under a heading.
#[derive(Debug)]
struct Group {
    title: &'static str,
    hits: Vec<Hit>,
}

/// One option.
#[derive(Debug)]
struct Hit {
    icon: &'static str,
    /// Before, in and after what was typed.
    title: (String, String, String),
    hint: String,
    does: Does,
}

/// What choosing an option does.
#[derive(Debug)]
enum Does {
    Go(String),
    /// A command of the page's script.
    Run(&'static str),
    /// Puts a value into the field that asked.
    Take {
        value: String,
        label: String,
    },
}

#[derive(Template)]
#[template(path = "palette.html")]
struct Options {
    groups: Vec<Group>,
}

/// `GET /admin/search?q=`; with `for=destination`, where a call can go.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let search: String = asked.get("q").trim().chars().take(LONGEST).collect();
    let groups = if asked.get("for") == "destination" {
        let viewer = who.viewer();
        app.db(move |db| destinations(db, &viewer, &search)).await?
    } else {
        let seen: Vec<&'static Resource> =
            resources::ALL.into_iter().filter(|of| !of.single && who.may_see(of)).collect();
        let (viewer, typed) = (who.viewer(), search.clone());
        let mut groups = app.db(move |db| rows(db, &viewer, &seen, &typed)).await?;
        groups.extend([pages(&who, &search), settings(&who, &search), commands(&who, &search)]);
        groups
    };
    let groups = groups.into_iter().filter(|group| !group.hits.is_empty()).collect();
    Ok(Html(Options { groups }.render()?).into_response())
}

/// Rows of all tables.
fn rows(db: &Db, viewer: &Viewer, seen: &[&'static Resource], search: &str) -> Result<Vec<Group>, Fault> {
    let mut groups = Vec::new();
    if search.is_empty() {
        return Ok(groups);
    }
    for of in seen {
        let found = db.find(viewer, of, search, MOST_ROWS)?;
        let hit = |row: &config::query::Row| {
            let hints = of.columns.iter().filter(|name| **name != of.title);
            let hint: Vec<&str> = hints
                .filter_map(|name| row.shown.get(*name).map(String::as_str))
                .filter(|text| !text.is_empty() && *text != "No")
                .take(2)
                .collect();
            Hit {
                icon: of.icon,
                title: marked(&form::title(of, row), search),
                hint: hint.join(" · "),
                does: Does::Go(format!("/admin/{}/{}", of.name, row.id)),
            }
        };
        groups.push(Group { title: of.many, hits: found.iter().map(hit).collect() });
    }
    Ok(groups)
}

fn pages(who: &Who, search: &str) -> Group {
    let items = menu::of(who, "").into_iter().flat_map(|group| group.items);
    let hits = items.filter(|item| contains(t(item.label), search)).map(|item| Hit {
        icon: item.icon,
        title: marked(t(item.label), search),
        hint: if item.key.is_empty() { String::new() } else { format!("G {}", item.key.to_uppercase()) },
        does: Does::Go(item.href),
    });
    Group { title: "Pages", hits: hits.take(if search.is_empty() { ALL_PAGES } else { MOST }).collect() }
}

/// Fields of the tables with one row.
fn settings(who: &Who, search: &str) -> Group {
    let singles = resources::ALL.into_iter().filter(|of| of.single && who.may_see(of));
    let fields = singles.flat_map(|of| of.settable().map(move |field| (of, field)));
    let hits = fields.filter(|(_, field)| !search.is_empty() && contains(t(field.label), search)).map(
        |(of, field)| Hit {
            icon: of.icon,
            title: marked(t(field.label), search),
            hint: t(of.many).to_owned(),
            does: Does::Go(format!("/admin/{}#field-{}", of.name, field.name)),
        },
    );
    Group { title: "Settings", hits: hits.take(MOST).collect() }
}

fn commands(who: &Who, search: &str) -> Group {
    let mut all: Vec<(String, &'static str, &str, Does)> = resources::ALL
        .into_iter()
        .filter(|of| who.may(Verb::Create, of))
        .map(|of| {
            let to = Does::Go(format!("/admin/{}/new", of.name));
            (say(&format!("New {}", of.one.to_lowercase())), icon("plus"), "", to)
        })
        .collect();
    let own = [
        ("Undo the last change", icon("arrow-back-up"), "Ctrl Z", "undo"),
        ("Light or dark", icon("moon"), "", "theme"),
        ("Keyboard shortcuts", icon("keyboard"), "?", "keyboard"),
        ("API documentation", icon("api"), "", "api"),
        ("Log out", icon("logout"), "", "logout"),
    ];
    all.extend(own.map(|(title, icon, key, run)| (t(title).to_owned(), icon, key, Does::Run(run))));
    let hits = all.into_iter().filter(|(title, ..)| !search.is_empty() && contains(title, search)).map(
        |(title, icon, key, does)| Hit { icon, title: marked(&title, search), hint: key.to_owned(), does },
    );
    Group { title: "Commands", hits: hits.take(MOST).collect() }
}

fn destinations(db: &Db, viewer: &Viewer, search: &str) -> Result<Vec<Group>, Fault> {
    let hit = |choice: destination::Offer| Hit {
        icon: choice.icon,
        title: marked(&choice.label, search),
        hint: String::new(),
        does: Does::Take { value: choice.value, label: choice.label },
    };
    let groups = destination::offers(db, viewer, search)?.into_iter();
    Ok(groups.map(|(title, offers)| Group { title, hits: offers.into_iter().map(hit).collect() }).collect())
}

/// Whether all words of `search` are in the text, without regard to case.
fn contains(text: &str, search: &str) -> bool {
    let text = text.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The text cut around what was typed.
fn marked(text: &str, search: &str) -> (String, String, String) {
    let whole = || (text.to_owned(), String::new(), String::new());
    if search.is_empty() {
        return whole();
    }
    // Lower case may have another length: only texts where it has not are marked.
    let (low, typed) = (text.to_lowercase(), search.to_lowercase());
    let Some(at) = low.find(&typed).filter(|_| low.len() == text.len()) else { return whole() };
    let end = at + typed.len();
    match (text.get(..at), text.get(at..end), text.get(end..)) {
        (Some(before), Some(found), Some(after)) => (before.to_owned(), found.to_owned(), after.to_owned()),
        _ => whole(),
    }
}

const LONGEST: usize = 100;
/// Options a group.
const MOST: usize = 6;
const MOST_ROWS: usize = 5;
/// Before anything is typed.
const ALL_PAGES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_marked_without_regard_to_case() {
        let parts = |text, search| marked(text, search);
        assert_eq!(parts("Anna Schmidt", "SCHM"), ("Anna ".into(), "Schm".into(), "idt".into()));
        assert_eq!(parts("Anna", ""), ("Anna".into(), String::new(), String::new()));
        assert_eq!(parts("İstanbul", "i"), ("İstanbul".into(), String::new(), String::new()));
        assert_eq!(parts("Größe", "röß"), ("G".into(), "röß".into(), "e".into()));
    }
}
