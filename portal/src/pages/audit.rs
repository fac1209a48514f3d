//! `/admin/audit`: who changed what, from where, with the values before and after; and back. AUD-01, AUD-02.

mod undo;

pub(crate) use undo::{api_undo, undo};

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use chrono::NaiveDate;
use config::audit_log::{LogPage, LogQuery};
use serde_json::json;

use crate::{
    auth::Who,
    entry::{self, EntryView, allowed},
    error::{Answer, Fault},
    language,
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    tables::field::Choice,
    view::Page,
};

/// What the filter bar holds.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    q: String,
    who: Vec<Choice>,
    actions: Vec<Choice>,
    tables: Vec<Choice>,
    ways: Vec<Choice>,
    from: String,
    to: String,
    /// Minutes that the browser's clock is ahead of UTC.
    tz: String,
    /// One row of the table, from its form.
    row: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    filter: Filter,
    list: List,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "audit_body.html")]
struct AuditBody {
    page: Csrf,
    filter: Filter,
    list: List,
}

/// As much of a page as the entries need.
struct Csrf {
    csrf: String,
}

/// The entries and where to go from them.
#[derive(Debug)]
struct List {
    entries: Vec<EntryView>,
    total: u64,
    next: Option<String>,
    newest: String,
    later: bool,
    csv: String,
}

/// `GET /admin/audit`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    if reply::asks_for(&headers, "list") {
        let (filter, list) = find(&app, &who, &asked).await?;
        let page = Csrf { csrf: who.csrf.clone() };
        return Ok(Html(AuditBody { page, filter, list }.render()?).into_response());
    }
    page(&app, &who, &asked, None).await
}

/// The page, with something to say above it.
pub(crate) async fn page(
    app: &App,
    who: &Who,
    asked: &Pairs,
    problem: Option<String>,
) -> Result<Response, Fault> {
    let (filter, list) = find(app, who, asked).await?;
    let page = Page::new(app, who, PATH, "Audit log").below("Reporting", "");
    reply::html(&AuditPage { page, filter, list, problem })
}

/// `GET /admin/audit/export.csv`: a line per changed field of what the filter shows.
pub(crate) async fn csv(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    let (viewer, wanted) = (who.viewer(), wanted(&asked));
    let csv = app.read(move |db| db.audit_csv(&viewer, &wanted)).await?;
    let mut answer = csv.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"audit.csv\"");
    fields.insert(header::CONTENT_DISPOSITION, name);
    Ok(answer)
}

/// `GET /api/v1/audit`: `{"items":[…],"total":…,"next":…}`, with the page's filters.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    allowed(&who)?;
    let asked = checked(&query, &PARAMETERS)?;
    let (viewer, wanted) = (who.viewer(), wanted(&asked));
    let found = app.read(move |db| db.audit_log(&viewer, &wanted)).await?;
    Ok(Json(json!({ "items": found.entries, "total": found.total, "next": found.next })).into_response())
}

async fn find(app: &App, who: &Who, asked: &Pairs) -> Result<(Filter, List), Fault> {
    allowed(who)?;
    let (viewer, wanted) = (who.viewer(), wanted(asked));
    let (found, authors) = app
        .read(move |db| {
            let found = db.audit_log(&viewer, &wanted)?;
            Ok::<_, config::query::QueryError>((found, db.audit_authors(&viewer)?))
        })
        .await?;
    let LogPage { entries, total, next } = found;
    let plain = asked.without(&["before", "limit"]);
    let list = List {
        entries: entries.into_iter().map(|entry| EntryView::of(who, entry)).collect(),
        total,
        next: next.map(|next| plain.clone().with("before", &next.to_string()).link(PATH)),
        newest: plain.link(PATH),
        later: asked.has("before"),
        csv: plain.link("/admin/audit/export.csv"),
    };
    Ok((filter(who, asked, authors), list))
}

fn filter(who: &Who, asked: &Pairs, authors: Vec<String>) -> Filter {
    let get = |name: &str| asked.get(name).chars().take(LONGEST).collect::<String>();
    let choices = |name: &str, all: &mut dyn Iterator<Item = (String, String)>| -> Vec<Choice> {
        let chosen = asked.get(name).to_owned();
        let any = std::iter::once((String::new(), language::say("Any")));
        any.chain(all)
            .map(|(key, label)| {
                let on = key == chosen;
                Choice::new(key, label, on)
            })
            .collect()
    };
    let tables = config::resources::ALL.iter().filter(|of| who.may_see(of));
    Filter {
        q: get("q"),
        who: choices("who", &mut authors.into_iter().map(|name| (name.clone(), name))),
        actions: choices("action", &mut entry::ACTIONS.iter().map(owned)),
        tables: choices("table", &mut tables.map(|of| (of.name.to_owned(), language::t(of.many).to_owned()))),
        ways: choices("via", &mut entry::WAYS.iter().map(owned)),
        from: get("from"),
        to: get("to"),
        tz: get("tz"),
        row: get("row"),
    }
}

fn owned((key, label): &(&str, &str)) -> (String, String) {
    ((*key).to_owned(), language::say(label))
}

fn wanted(asked: &Pairs) -> LogQuery {
    let get = |name: &str| asked.get(name).chars().take(LONGEST).collect::<String>();
    LogQuery {
        search: get("q"),
        author: get("who"),
        action: get("action"),
        table: get("table"),
        row: asked.get("row").parse().ok(),
        via: get("via"),
        from: day(asked, "from", 0),
        // The last day is part of what is asked for.
        to: day(asked, "to", 1).map(|end| end - 1),
        before: asked.get("before").parse().ok(),
        limit: asked.get("limit").parse().unwrap_or_default(),
    }
}

/// Midnight of a day in the browser's zone, `later` days on, as Unix milliseconds.
fn day(asked: &Pairs, name: &str, later: i64) -> Option<i64> {
    let day = NaiveDate::parse_from_str(asked.get(name), "%Y-%m-%d").ok()?;
    let ahead = asked.get("tz").parse::<i64>().unwrap_or_default().clamp(-14 * 60, 14 * 60);
    Some((day.and_hms_opt(0, 0, 0)?.and_utc().timestamp() + later * 86_400 - ahead * 60) * 1000)
}

impl Filter {
    /// Whether anything is filtered.
    fn active(&self) -> bool {
        let chosen = |choices: &[Choice]| choices.iter().any(|choice| choice.on && !choice.key.is_empty());
        [&self.who, &self.actions, &self.tables, &self.ways].into_iter().any(|c| chosen(c))
            || [&self.q, &self.from, &self.to, &self.row].into_iter().any(|text| !text.is_empty())
    }
}

/// Where it is.
pub(crate) const PATH: &str = "/admin/audit";
/// What the API's list takes.
pub(crate) const PARAMETERS: [Param; 11] = [
    Param::new("q", Takes::Text, "In who, what or the values."),
    Param::new("who", Takes::Text, "Exactly this author."),
    Param::new("action", Takes::Text, "`create`, `update`, `delete`, …"),
    Param::new("table", Takes::Text, "Name of a table."),
    Param::new("row", Takes::Whole(1, i64::MAX), "Only that row of the table."),
    Param::new("via", Takes::Text, "`portal`, `api`, `file`, …"),
    Param::new("from", Takes::Day, "First day."),
    Param::new("to", Takes::Day, "Last day."),
    Param::new("tz", Takes::Whole(-14 * 60, 14 * 60), "Minutes that the days' clock is ahead of UTC."),
    Param::new("before", Takes::Whole(1, i64::MAX), "`next` of the page before."),
    Param::new("limit", Takes::Whole(1, 200), "Entries a page."),
];
const LONGEST: usize = 100;
