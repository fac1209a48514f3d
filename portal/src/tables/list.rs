//! The list of any declared table: search, filters as chips, sort, pages, cards, CSV.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use config::{
    Db, Kind, Problem, Resource,
    access::Verb,
    query::{ListQuery, QueryError, Row, Viewer},
    write::WriteError,
};

use super::{
    field::{self, Choice},
    form,
};
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

/// What the template draws.
#[derive(Debug)]
pub(crate) struct ListView {
    pub rows: Vec<RowView>,
    pub columns: Vec<Column>,
    pub filters: Vec<Filter>,
    pub chips: Vec<Chip>,
    pub total: u64,
    pub of: u64,
    pub range: String,
    pub later: bool,
    pub next_href: Option<String>,
    pub links: Links,
    pub search: String,
    pub sort: String,
    pub descending: bool,
    pub cards: bool,
    /// Head of the live column that a page adds; empty if there is none.
    pub status: &'static str,
}

/// Other views of the same rows.
#[derive(Debug)]
pub(crate) struct Links {
    pub first: String,
    pub csv: String,
    pub list: String,
    pub cards: String,
}

/// A row with its cells in the order of the columns.
#[derive(Debug)]
pub(crate) struct RowView {
    pub id: i64,
    pub title: String,
    pub cells: Vec<Cell>,
    /// Ready HTML of the live column.
    pub status: Option<String>,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Cell {
    pub label: &'static str,
    pub text: String,
    pub class: &'static str,
    /// Place of the cell when a narrow list becomes cards.
    pub fold: &'static str,
}

/// A head that sorts.
#[derive(Debug)]
pub(crate) struct Column {
    pub label: &'static str,
    pub href: String,
    /// `ascending`, `descending` or empty.
    pub sorted: &'static str,
}

/// A column to filter by.
#[derive(Debug)]
pub(crate) struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub on: bool,
    pub choices: Vec<Choice>,
}

/// An active filter.
#[derive(Debug)]
pub(crate) struct Chip {
    pub label: String,
    pub value: String,
    pub remove: String,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    of: &'static Resource,
    view: ListView,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "list_part.html")]
struct ListPart {
    of: &'static Resource,
    view: ListView,
    may_write: bool,
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
    let (viewer, wanted, cards) = (who.viewer(), asked.clone(), asked.get("view") == "cards");
    let mut view = app.db(move |db| list(db, &viewer, of, &wanted)).await?;
    view.cards = cards;
    let live = super::live_column(&app, &who, of, &mut view);
    let may_write = who.may(Verb::Create, of);
    if reply::asks_for(&headers, "list") {
        return Ok(Html(ListPart { of, view, may_write }.render()?).into_response());
    }
    let page =
        Page::new(&app, &who, &format!("/admin/{}", of.name), of.many).below_menu(of.menu).listening(&live);
    reply::html(&ListPage { page, of, view, may_write })
}

/// `GET /admin/{table}/export.csv`: exactly the rows of the filter.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let (viewer, wanted) = (who.viewer(), wanted(of, &Pairs::parse(&query.unwrap_or_default())));
    let csv = app.db(move |db| db.export_csv(&viewer, of, &wanted)).await?;
    let mut answer = csv.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"{}.csv\"", of.name);
    fields.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(|e| Fault::Internal(e.to_string()))?,
    );
    Ok(answer)
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    page: Page,
    of: &'static Resource,
    problems: Vec<Problem>,
    csv: String,
}

/// `POST /admin/{table}/import`: all rows of the CSV, or none.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.writable(&table)?;
    let (author, csv) = (who.author("portal"), Pairs::parse(&body).get("csv").to_owned());
    let given = csv.clone();
    let done = app.db(move |db| Ok::<_, Fault>(db.import_csv(&author, of, &given))).await?;
    match done {
        Ok(count) => {
            let noun = if count == 1 { of.one } else { of.many };
            Ok(reply::see_other(
                &format!("/admin/{}", of.name),
                &format!("{count} {} imported", noun.to_lowercase()),
            ))
        }
        Err(WriteError::Invalid(problems)) => {
            let path = format!("/admin/{}", of.name);
            let page = Page::new(&app, &who, &path, "Import").below(of.many, &path);
            let mut answer = reply::html(&ImportPage { page, of, problems, csv })?;
            *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(other) => Err(other.into()),
    }
}

/// What the query string asks of the database.
pub(crate) fn wanted(of: &Resource, asked: &Pairs) -> ListQuery {
    let mut filters: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in asked.beginning("f.").filter(|(name, _)| of.filters.contains(name)) {
        match filters.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => filters.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    ListQuery {
        search: asked.get("q").chars().take(LONGEST_SEARCH).collect(),
        filters,
        sort: asked.get("sort").to_owned(),
        descending: asked.get("desc") == "1",
        after: asked.get("after").to_owned(),
        limit: asked.get("limit").parse().unwrap_or(PAGE).clamp(1, 200),
    }
}

fn list(db: &Db, viewer: &Viewer, of: &'static Resource, asked: &Pairs) -> Result<ListView, QueryError> {
    let wanted = wanted(of, asked);
    let found = db.list(viewer, of, &wanted)?;
    let path = format!("/admin/{}", of.name);
    let before: usize = asked.get("n").parse().unwrap_or(0);
    let last = before + found.rows.len();
    let plain = asked.without(&["after", "n", "limit"]);
    let next = |cursor: &String| plain.clone().with("after", cursor).with("n", &last.to_string()).link(&path);
    let (filters, chips) = filters(db, viewer, of, &wanted, &plain)?;
    Ok(ListView {
        rows: found.rows.iter().map(|row| row_view(of, row)).collect(),
        columns: of
            .columns
            .iter()
            .filter_map(|name| of.field(name))
            .map(|f| column(of, f, &wanted, &plain, &path))
            .collect(),
        filters,
        chips,
        total: found.total,
        of: found.of,
        range: if last == 0 { "0".to_owned() } else { format!("{}–{last}", before + 1) },
        later: !wanted.after.is_empty(),
        next_href: found.next.as_ref().map(next),
        links: Links {
            first: plain.link(&path),
            csv: plain.without(&["view"]).link(&format!("{path}/export.csv")),
            list: plain.without(&["view"]).link(&path),
            cards: plain.without(&["view"]).with("view", "cards").link(&path),
        },
        search: wanted.search,
        sort: wanted.sort,
        descending: wanted.descending,
        cards: false,
        status: "",
    })
}

fn column(of: &Resource, field: &config::Field, wanted: &ListQuery, plain: &Pairs, path: &str) -> Column {
    let sort = if wanted.sort.is_empty() { of.sort } else { &wanted.sort };
    let sorted = match (sort == field.name, wanted.descending) {
        (false, _) => "",
        (true, false) => "ascending",
        (true, true) => "descending",
    };
    let mut to = plain.without(&["sort", "desc"]).with("sort", field.name);
    if sorted == "ascending" {
        to = to.with("desc", "1");
    }
    Column { label: field.label, href: to.link(path), sorted }
}

fn filters(
    db: &Db,
    viewer: &Viewer,
    of: &'static Resource,
    wanted: &ListQuery,
    plain: &Pairs,
) -> Result<(Vec<Filter>, Vec<Chip>), QueryError> {
    let path = &*format!("/admin/{}", of.name);
    let (mut filters, mut chips) = (Vec::new(), Vec::new());
    if !wanted.search.is_empty() {
        chips.push(Chip {
            label: "Contains".into(),
            value: wanted.search.clone(),
            remove: plain.without(&["q"]).link(path),
        });
    }
    for field in of.filters.iter().filter_map(|name| of.field(name)) {
        let mut choices = match field.kind {
            Kind::Choice(of) => of.iter().map(|(key, label)| Choice::new(*key, *label, false)).collect(),
            Kind::Flag => vec![Choice::new("1", "Yes", false), Choice::new("0", "No", false)],
            Kind::Reference(table) => field::others(db, table, "", viewer)?.0,
            _ => vec![],
        };
        let active = wanted
            .filters
            .iter()
            .find(|(name, _)| name == field.name)
            .map(|(_, values)| values.as_slice())
            .unwrap_or_default();
        choices.iter_mut().for_each(|choice| choice.on = active.contains(&choice.key));
        if !active.is_empty() {
            let value =
                choices.iter().filter(|c| c.on).map(|c| c.label.as_str()).collect::<Vec<_>>().join(", ");
            let name = format!("f.{}", field.name);
            chips.push(Chip {
                label: format!("{} is", field.label),
                value,
                remove: plain.without(&[&name]).link(path),
            });
        }
        filters.push(Filter { name: field.name, label: field.label, on: !active.is_empty(), choices });
    }
    Ok((filters, chips))
}

fn row_view(of: &Resource, row: &Row) -> RowView {
    let fields = of.columns.iter().filter_map(|name| of.field(name)).enumerate();
    let cells = fields.map(|(at, field)| Cell {
        label: field.label,
        text: match field.kind {
            Kind::Flag if row.values.get(field.name).is_none_or(|v| v != field::SET) => String::new(),
            _ => row.shown.get(field.name).cloned().unwrap_or_default(),
        },
        class: match field.kind {
            Kind::Extension | Kind::PhoneNumber | Kind::Word { .. } => "mono",
            _ if at > 0 => "muted",
            _ => "",
        },
        fold: ["lead", "end", "sub"].get(at).copied().unwrap_or_default(),
    });
    RowView { id: row.id, title: form::title(of, row), cells: cells.collect(), status: None }
}

/// Rows a page.
const PAGE: usize = 50;
const LONGEST_SEARCH: usize = 100;
