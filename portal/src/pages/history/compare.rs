//! Two revisions side by side.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use config::plan::RowChange;

use super::{COMPARED, PATH};
use crate::{
    auth::Who,
    error::{Answer, Fault},
    plan::RowList,
    query::Pairs,
    reply,
    rest::param::checked,
    state::App,
    view::Page,
};

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    page: Page,
    from: i64,
    to: i64,
    list: RowList,
    may_restore: bool,
}

/// `GET /admin/history/compare?from=&to=`; without `to` with the present one.
pub(crate) async fn compare(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (from, to, changes) = changes(&app, &who, Pairs::parse(&query.unwrap_or_default())).await?;
    let page =
        Page::new(&app, &who, PATH, &format!("Revision {from} to {to}")).below("Configuration history", PATH);
    let list = RowList::of(&changes);
    reply::html(&ComparePage { page, from, to, list, may_restore: crate::entry::may_restore(&who) })
}

/// `GET /api/v1/history/compare?from=&to=`: row by row what became of it.
pub(crate) async fn api_compare(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let (from, to, changes) = changes(&app, &who, checked(&query, &COMPARED)?).await?;
    Ok(Json(serde_json::json!({ "from": from, "to": to, "rows": changes })).into_response())
}

async fn changes(app: &App, who: &Who, asked: Pairs) -> Result<(i64, i64, Vec<RowChange>), Fault> {
    crate::entry::allowed(who)?;
    let number = |name: &str| asked.get(name).parse::<i64>().ok();
    let (from, to, viewer) = (number("from"), number("to"), who.viewer());
    app.db(move |db| {
        let newest = db.history_bounds().map_err(config::query::QueryError::from)?.newest;
        let (from, to) = (from.ok_or(Fault::NotFound)?, to.unwrap_or(newest));
        let (from, to) = (from.min(to), from.max(to));
        Ok::<_, Fault>((from, to, db.compare(&viewer, from, to)?))
    })
    .await
}
