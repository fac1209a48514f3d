//! `/admin/calls`: the calls of the past, newest first, with search, result and dates.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use chrono::NaiveDate;
use config::records::{CallQuery, CallRow, found::Found};
use serde_json::{Value, json};

use crate::{
    auth::Who,
    calls::CallView,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    tables::field::Choice,
    text::At,
    view::Page,
    zone::Clock,
};

/// What the filter bar holds.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    q: String,
    from: String,
    to: String,
    /// Minutes that the browser's clock is ahead of UTC.
    tz: String,
    outcome: String,
    /// The called number, or how it begins. NUM-10
    called: String,
    /// A span in Unix milliseconds, from a chart; counts more than the days.
    since: String,
    until: String,
}

impl Filter {
    fn read(asked: &Pairs) -> Self {
        let get = |name: &str| asked.get(name).chars().take(100).collect::<String>();
        Self {
            q: get("q"),
            from: get("from"),
            to: get("to"),
            tz: get("tz"),
            outcome: get("outcome"),
            called: get("called"),
            since: get("since"),
            until: get("until"),
        }
    }

    /// Whether anything is filtered.
    fn active(&self) -> bool {
        let words = [&self.q, &self.from, &self.to, &self.outcome, &self.called];
        words.iter().any(|text| !text.is_empty()) || self.span().is_some()
    }

    /// The span that a chart asked for.
    fn span(&self) -> Option<(At, At)> {
        let (since, until) = (self.since.parse::<i64>().ok()?, self.until.parse::<i64>().ok()?);
        Some((At::full(since), At::full(until)))
    }

    fn query(&self, asked: &Pairs) -> CallQuery {
        let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        CallQuery {
            search: self.q.clone(),
            outcome: given(&self.outcome),
            dialled: self.called.chars().filter(|c| !" -/().".contains(*c)).collect(),
            from: self.since.parse().ok().or_else(|| self.day(&self.from, 0)),
            // The last day is part of what is asked for.
            to: self.until.parse().ok().or_else(|| self.day(&self.to, 1).map(|end| end - 1)),
            after: given(asked.get("after")),
            limit: asked.get("limit").parse().unwrap_or(PAGE).clamp(1, 200),
        }
    }

    /// Midnight of a day in the browser's zone, `later` days on, as Unix milliseconds.
    fn day(&self, text: &str, later: i64) -> Option<i64> {
        let day =
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
        let ahead = self.tz.parse::<i64>().unwrap_or_default().clamp(-14 * 60, 14 * 60);
        Some((day + later * 86_400 - ahead * 60) * 1000)
    }
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    page: Page,
    filter: Filter,
    outcomes: Vec<Choice>,
    calls: Vec<CallView>,
    next: Option<String>,
    /// The search ended there before the page was full.
    since: Option<At>,
    newest: String,
    later: bool,
    /// The same as CSV.
    csv: String,
}

#[derive(Template)]
#[template(path = "calls_body.html")]
struct CallsBody {
    filter: Filter,
    calls: Vec<CallView>,
    next: Option<String>,
    /// The search ended there before the page was full.
    since: Option<At>,
    newest: String,
    later: bool,
    csv: String,
}

/// `GET /admin/calls`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let filter = Filter::read(&asked);
    let found = find(&app, &who, filter.query(&asked)).await?;
    let plain = asked.without(&["after", "limit"]);
    let newest = plain.link("/admin/calls");
    let csv = plain.link("/admin/calls/export.csv");
    let next = found.next.map(|(_, id)| plain.with("after", &id).link("/admin/calls"));
    let (calls, later) = (found.rows.iter().map(CallView::from).collect(), asked.has("after"));
    let since = found.since.map(At::full);
    if reply::asks_for(&headers, "list") {
        return Ok(
            Html(CallsBody { filter, calls, next, since, newest, later, csv }.render()?).into_response()
        );
    }
    let page = Page::new(&app, &who, "/admin/calls", "Calls").below("Reporting", "");
    let outcomes =
        OUTCOMES.iter().map(|(key, label)| Choice::ours(*key, label, *key == filter.outcome)).collect();
    reply::html(&CallsPage { page, filter, outcomes, calls, next, since, newest, later, csv })
}

/// `GET /admin/calls/export.csv`, with the page's filter.
pub(crate) async fn csv(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let (query, tenant) = (Filter::read(&asked).query(&asked), who.tenant);
    let clock = Clock::of(&app, &who).await?;
    let text = app.read(move |db| db.calls_csv(tenant, &query, clock.zone)).await?;
    let mut answer = text.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"calls.csv\"");
    fields.insert(header::CONTENT_DISPOSITION, name);
    Ok(answer)
}

/// `GET /api/v1/calls`: `{"items":[…],"next":"…"}`, with the page's filters. A search may answer a page that is not full,
/// or empty, and has a `next`: so far it looked.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let asked = checked(&query, &PARAMETERS)?;
    let found = find(&app, &who, Filter::read(&asked).query(&asked)).await?;
    let next = found.next.map(|(_, id)| id);
    let items: Vec<_> = found.rows.iter().map(summary).collect();
    Ok(Json(json!({ "items": items, "next": next })).into_response())
}

/// A call without what only its own page needs.
pub(crate) fn summary(row: &CallRow) -> Value {
    json!({
        "id": row.id, "started_at": row.started_at, "answered_at": row.answered_at, "ended_at": row.ended_at,
        "caller_number": row.caller_number, "caller_name": row.caller_name, "dialled": row.dialled,
        "answered_by": row.answered_by, "outcome": row.outcome, "cause": row.cause, "revision": row.revision,
        "signature": row.signature,
    })
}

async fn find(app: &App, who: &Who, query: CallQuery) -> Result<Found<CallRow>, Fault> {
    let tenant = who.tenant;
    app.read(move |db| db.calls(tenant, &query)).await
}

const OUTCOMES: [(&str, &str); 6] = [
    ("", "All"),
    ("answered", "Answered"),
    ("missed", "Missed"),
    ("busy", "Busy"),
    ("declined", "Declined"),
    ("failed", "Failed"),
];
/// What the API's list takes.
pub(crate) const PARAMETERS: [Param; 10] = [
    Param::new("q", Takes::Text, "A number or a name."),
    Param::new(
        "outcome",
        Takes::OneOf(&["answered", "missed", "busy", "declined", "failed"]),
        "How it ended.",
    ),
    Param::new("called", Takes::Text, "The called number, or how it begins."),
    Param::new("from", Takes::Day, "First day."),
    Param::new("to", Takes::Day, "Last day."),
    Param::new("tz", Takes::Whole(-14 * 60, 14 * 60), "Minutes that the days' clock is ahead of UTC."),
    Param::new("since", Takes::Whole(0, i64::MAX), "Unix milliseconds; counts more than `from`."),
    Param::new("until", Takes::Whole(0, i64::MAX), "Unix milliseconds; counts more than `to`."),
    Param::new("after", Takes::Text, "`next` of the page before."),
    Param::new("limit", Takes::Whole(1, 200), "Calls a page."),
];
/// Calls a page.
const PAGE: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_the_browsers_midnight() {
        let filter = Filter { tz: "120".into(), ..Filter::default() };
        assert_eq!(filter.day("2026-11-22", 0), Some(1_795_298_400_000));
        assert_eq!(filter.day("2026-11-22", 1), Some(1_795_298_400_000 + 86_400_000));
        assert_eq!((filter.day("nonsense", 0), filter.day("", 0)), (None, None));
    }
}
