//! CSV of a list: exactly the rows of the filter or of the selection, and the way back. NAV-14.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{Problem, Resource, query::ListQuery, write::WriteError};

use super::list;
use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    page: Page,
    of: &'static Resource,
    problems: Vec<Problem>,
    csv: String,
}

/// `GET /admin/{table}/export.csv`: exactly the rows of the filter.
pub(crate) async fn export(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    file(&app, &who, of, list::wanted(&Pairs::parse(&query.unwrap_or_default()))).await
}

/// `POST /admin/{table}/export`: the rows that are ticked, or all that match.
pub(crate) async fn export_chosen(
    State(app): State<Arc<App>>,
    who: Who,
    Path(table): Path<String>,
    body: String,
) -> Result<Response, Fault> {
    let of = who.table(&table)?;
    let sent = Pairs::parse(&body);
    let mut wanted = list::wanted(&Pairs::parse(sent.get("query")));
    if sent.get("all") != "1" {
        wanted.filters.push(("id".to_owned(), sent.all("id").map(str::to_owned).collect()));
    }
    file(&app, &who, of, wanted).await
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
            let toast = format!("{count} {} imported", noun.to_lowercase());
            Ok(reply::see_other(&format!("/admin/{}", of.name), &toast))
        }
        Err(WriteError::Invalid(problems)) => {
            let path = format!("/admin/{}", of.name);
            let page = Page::new(&app, &who, &path, "Import").below(of.many, &path);
            let mut answer = reply::html(&ImportPage { page, of, problems, csv })?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(other) => Err(other.into()),
    }
}

/// Rows as a file that the browser saves.
async fn file(app: &App, who: &Who, of: &'static Resource, wanted: ListQuery) -> Result<Response, Fault> {
    let viewer = who.viewer();
    let csv = app.db(move |db| db.export_csv(&viewer, of, &wanted)).await?;
    let mut answer = csv.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"{}.csv\"", of.name);
    let name = HeaderValue::from_str(&name).map_err(|e| Fault::Internal(e.to_string()))?;
    fields.insert(header::CONTENT_DISPOSITION, name);
    Ok(answer)
}
