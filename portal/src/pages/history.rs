//! `/admin/history`: the revisions of the configuration, each to be looked at, compared with another, exported and
//! restored. OPS-05.

mod compare;
mod past;
mod restore;

pub(crate) use compare::{api_compare, compare};
pub(crate) use past::{download, export, past};
pub(crate) use restore::{answer, api_restore, apply, go, plan};

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDateTime;
use config::history::{Bounds, PastError};
use serde_json::json;

use crate::{
    auth::Who,
    entry::{allowed, may_restore},
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    text::At,
    view::Page,
};

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    page: Page,
    revisions: Vec<RevisionView>,
    bounds: Bounds,
    next: Option<String>,
    later: bool,
    may_restore: bool,
    minutes: u32,
}

/// A revision in the list.
#[derive(Debug)]
pub(crate) struct RevisionView {
    pub revision: i64,
    /// The one before it, if it is kept.
    pub before: Option<i64>,
    pub at: At,
    pub author: String,
    pub entries: u64,
    pub titles: String,
}

/// `GET /admin/history`. With `at` (a moment in the browser's zone), goes to the revision of that moment.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    if let Some(moment) = moment(&asked) {
        let revision = app.read(move |db| db.revision_at(moment)).await?;
        return Ok(Redirect::to(&format!("{PATH}/{revision}")).into_response());
    }
    let (viewer, before) = (who.viewer(), asked.get("before").parse().ok());
    let (found, bounds) = app
        .read(move |db| {
            let found = db.revisions(&viewer, before, SHOWN + 1)?;
            Ok::<_, config::query::QueryError>((found, db.history_bounds()?))
        })
        .await?;
    let more = found.len() > SHOWN;
    let revisions: Vec<_> = found
        .into_iter()
        .take(SHOWN)
        .map(|summary| {
            let rest = summary.entries.saturating_sub(summary.titles.len() as u64);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            RevisionView {
                revision: summary.revision,
                before: Some(summary.revision - 1).filter(|before| *before >= bounds.oldest),
                at: At::full(summary.at_ms),
                author: summary.author,
                entries: summary.entries,
                titles: format!("{}{more}", summary.titles.join(", ")),
            }
        })
        .collect();
    let last = revisions.last().map(|revision| revision.revision).filter(|_| more);
    let next = last.map(|last| format!("{PATH}?before={last}"));
    let page = Page::new(&app, &who, PATH, "Configuration history").below("System", "");
    let (later, may_restore) = (asked.has("before"), may_restore(&who));
    let minutes = super::trial::MINUTES;
    reply::html(&HistoryPage { page, revisions, bounds, next, later, may_restore, minutes })
}

/// `GET /api/v1/history`: `{"oldest":…,"newest":…,"items":[…]}`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    allowed(&who)?;
    let asked = checked(&query, &PARAMETERS)?;
    let (viewer, before) = (who.viewer(), asked.get("before").parse().ok());
    let limit = asked.get("limit").parse().unwrap_or(SHOWN);
    let (items, bounds) = app
        .read(move |db| {
            let found = db.revisions(&viewer, before, limit)?;
            Ok::<_, config::query::QueryError>((found, db.history_bounds()?))
        })
        .await?;
    let body = json!({ "oldest": bounds.oldest, "newest": bounds.newest, "items": items });
    Ok(Json(body).into_response())
}

/// Refuses who may not, see [`may_restore`].
pub(crate) fn restorer(who: &Who) -> Result<(), Fault> {
    if may_restore(who) {
        Ok(())
    } else {
        Err(Fault::Forbidden("Only primary administrators restore, import and export the configuration"))
    }
}

/// `at=2026-11-22T13:30` in the browser's zone, as Unix milliseconds.
fn moment(asked: &Pairs) -> Option<i64> {
    let text = asked.get("at");
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .ok()?;
    let ahead = asked.get("tz").parse::<i64>().unwrap_or_default().clamp(-14 * 60, 14 * 60);
    Some((at.and_utc().timestamp() - ahead * 60) * 1000)
}

impl From<PastError> for Fault {
    fn from(error: PastError) -> Self {
        match error {
            PastError::NotKept(..) => Self::NotFound,
            PastError::Sqlite(e) => Self::Internal(e.to_string()),
        }
    }
}

/// Where it is.
pub(crate) const PATH: &str = "/admin/history";
/// What the API's list takes.
pub(crate) const PARAMETERS: [Param; 2] = [
    Param::new("before", Takes::Whole(1, i64::MAX), "Revisions older than this one."),
    Param::new("limit", Takes::Whole(1, 200), "Revisions a page."),
];
/// What the API's comparison takes.
pub(crate) const COMPARED: [Param; 2] = [
    Param::new("from", Takes::Whole(1, i64::MAX), "One revision.").required(),
    Param::new("to", Takes::Whole(1, i64::MAX), "The other; the present one if not given."),
];
const SHOWN: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_in_the_browsers_zone() {
        let at = |query: &str| moment(&Pairs::parse(query));
        assert_eq!(at("at=2026-11-22T00:00&tz=120"), Some(1_795_298_400_000));
        assert_eq!(at("at=2026-11-22T00:00:01&tz=120"), Some(1_795_298_401_000));
        assert_eq!((at("at=nonsense"), at("")), (None, None));
    }
}
