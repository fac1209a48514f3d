//! The configuration as it was, table by table, and as text.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use config::{Resource, text::ExportError};

use super::PATH;
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, text::At, view::Page};

#[derive(Template)]
#[template(path = "past.html")]
struct PastView {
    page: Page,
    revision: i64,
    newest: i64,
    at: Option<At>,
    tabs: Vec<Tab>,
    of: &'static Resource,
    search: String,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    total: u64,
    range: String,
    next: Option<String>,
    may_restore: bool,
}

/// A table to look at.
#[derive(Debug)]
struct Tab {
    name: &'static str,
    label: &'static str,
    on: bool,
}

/// `GET /admin/history/{revision}?table=&q=&n=`.
pub(crate) async fn past(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    crate::entry::allowed(&who)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    let tables: Vec<_> = config::resources::ALL.into_iter().filter(|of| who.may_see(of)).collect();
    let of = match asked.get("table") {
        "" => tables.first().copied().ok_or(Fault::NotFound)?,
        name => tables.iter().find(|of| of.name == name).copied().ok_or(Fault::NotFound)?,
    };
    let search: String = asked.get("q").chars().take(100).collect();
    let skip: u64 = asked.get("n").parse().unwrap_or_default();
    let (viewer, wanted) = (who.viewer(), search.clone());
    let (found, at, newest) = app
        .db(move |db| {
            let found = db.past(revision)?.list(&viewer, of, &wanted, (skip, SHOWN));
            let at = db.revision_time(revision);
            Ok::<_, Fault>((
                found.map_err(config::query::QueryError::from)?,
                at.map_err(config::query::QueryError::from)?,
                db.history_bounds().map_err(config::query::QueryError::from)?.newest,
            ))
        })
        .await?;
    let here = format!("{PATH}/{revision}");
    let tab =
        |other: &&'static Resource| Tab { name: other.name, label: other.many, on: other.name == of.name };
    let fields: Vec<_> = columns(of);
    let last = skip + found.rows.len() as u64;
    let next = (last < found.total).then(|| asked.without(&["n"]).with("n", &last.to_string()).link(&here));
    let title = format!("Revision {revision}");
    reply::html(&PastView {
        page: Page::new(&app, &who, PATH, &title).below("Configuration history", PATH),
        revision,
        newest,
        at: at.map(At::full),
        tabs: tables.iter().map(tab).collect(),
        of,
        search,
        heads: fields.iter().map(|field| field.label).collect(),
        rows: found
            .rows
            .iter()
            .map(|row| {
                let cell = |field: &&config::Field| row.shown.get(field.name).cloned().unwrap_or_default();
                fields.iter().map(cell).collect()
            })
            .collect(),
        total: found.total,
        range: if last == 0 { "0".to_owned() } else { format!("{}–{last}", skip + 1) },
        next,
        may_restore: crate::entry::may_restore(&who) && revision < newest,
    })
}

/// `GET /admin/history/{revision}/export.toml`: the text of then.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<i64>,
) -> Result<Response, Fault> {
    super::restorer(&who)?;
    let viewer = who.viewer();
    let text = app.db(move |db| Ok::<_, Fault>(db.export_past(&viewer, &db.past(revision)?)?)).await?;
    Ok(download(text, &format!("dialtone-{revision}.toml")))
}

/// A text to be kept as a file.
pub(crate) fn download(text: String, name: &str) -> Response {
    let mut answer = text.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/toml; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        fields.insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}

/// The columns of a list; of a table with one row all its fields.
fn columns(of: &'static Resource) -> Vec<&'static config::Field> {
    if of.single {
        return of.fields.iter().filter(|field| !matches!(field.kind, config::Kind::Secret)).collect();
    }
    of.columns.iter().filter_map(|name| of.field(name)).collect()
}

impl From<ExportError> for Fault {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Tenant(_) => Self::NotFound,
            ExportError::Sqlite(e) => Self::Internal(e.to_string()),
        }
    }
}

const SHOWN: u64 = 100;
