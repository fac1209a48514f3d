//! `/admin/simulator`: what would become of a call, step by step with the rule of each; under another revision beside it, if
//! somebody wants to compare. The same code decides that decides real calls. A-46, OPS-02.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use config::{Problem, Snapshot, TenantId, history::PastError, query::QueryError, snapshot::Target};
use serde_json::json;

use crate::{
    auth::Who,
    calls::{self, Step},
    error::{Answer, Fault},
    live::{Assumption, Rehearsal, Rehearsed},
    query::Pairs,
    reply,
    rest::param::{Param, Takes, checked},
    state::App,
    view::Page,
};

#[derive(Template)]
#[template(path = "simulator.html")]
struct SimulatorPage {
    page: Page,
    from: String,
    to: String,
    at: String,
    revision: String,
    compare: String,
    assume: String,
    problem: String,
    results: Vec<Outcome>,
}

/// A call under one revision.
struct Outcome {
    revision: i64,
    /// Blank if nobody answers.
    answered_by: String,
    cause: String,
    /// `20.0 s`.
    took: String,
    trace: Vec<Step>,
}

/// `GET /admin/simulator?from=&to=&at=&revision=&compare=&assume=`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let asked = Pairs::parse(&query.unwrap_or_default());
    let text = |name: &str| asked.get(name).trim().chars().take(200).collect::<String>();
    let mut page = SimulatorPage {
        page: Page::new(&app, &who, PATH, "Call simulator").below_menu("Reporting"),
        from: text("from"),
        to: text("to"),
        at: text("at"),
        revision: text("revision"),
        compare: text("compare"),
        assume: text("assume"),
        problem: String::new(),
        results: vec![],
    };
    if !page.to.is_empty() {
        let revisions =
            [Some(page.revision.clone()), Some(page.compare.clone()).filter(|one| !one.is_empty())];
        for revision in revisions.into_iter().flatten() {
            let one = Asked {
                from: &page.from,
                to: &page.to,
                at: &page.at,
                revision: &revision,
                assume: &page.assume,
            };
            match ask(&app, &who, one).await {
                Ok(came) => page.results.push(came.into()),
                Err(Fault::Invalid(problems)) => {
                    page.problem = problems.into_iter().map(|one| one.message).collect::<Vec<_>>().join(" ");
                    break;
                }
                Err(other) => return Err(other),
            }
        }
    }
    reply::html(&page)
}

/// `GET /api/v1/simulation`: the same for programs.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    allowed(&who)?;
    let asked = checked(&query, &PARAMETERS)?;
    let (from, to) = (asked.get("from"), asked.get("to"));
    let one =
        Asked { from, to, at: asked.get("at"), revision: asked.get("revision"), assume: asked.get("assume") };
    let came = ask(&app, &who, one).await?;
    let trace: serde_json::Value = serde_json::from_str(&came.trace).unwrap_or_default();
    Ok(Json(json!({
        "revision": came.revision, "answered_by": came.answered_by, "cause": came.cause, "took_ms": came.took_ms,
        "trace": trace,
    }))
    .into_response())
}

/// What was asked, as text.
struct Asked<'a> {
    from: &'a str,
    to: &'a str,
    at: &'a str,
    revision: &'a str,
    assume: &'a str,
}

async fn ask(app: &App, who: &Who, asked: Asked<'_>) -> Result<Rehearsed, Fault> {
    let wrong = |field: &str, message: &str| Fault::Invalid(vec![Problem::of(field, message)]);
    let revision = match asked.revision {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong("revision", "A revision is a number."))?),
    };
    let tenant = who.viewer.tenant;
    let snapshot = app
        .db(move |db| match db.snapshot(revision) {
            Ok(snapshot) => Ok(snapshot),
            Err(why @ PastError::NotKept(..)) => {
                Err(Fault::Invalid(vec![Problem::of("revision", why.to_string())]))
            }
            Err(PastError::Sqlite(error)) => Err(QueryError::from(error).into()),
        })
        .await?;
    if !is_caller(&snapshot, tenant, asked.from) {
        let message = "Who calls? An extension of a user, or a number outside such as +49301234567.";
        return Err(wrong("from", message));
    }
    if asked.to.is_empty() || asked.to.len() > LONGEST_NUMBER || asked.to.contains(char::is_control) {
        return Err(wrong("to", "What do they dial?"));
    }
    let utc = moment(&snapshot, tenant, asked.at)
        .ok_or_else(|| wrong("at", "A time such as 2026-12-24T18:00, on the clocks of the company."))?;
    let assumed = assumed(asked.assume).ok_or_else(|| {
        wrong("assume", "102=busy, 103=unregistered, 104=answers:10, 105=declines, outside=rings.")
    })?;
    let (from, to) = (asked.from.to_owned(), asked.to.to_owned());
    Ok(app.live.rehearse(&Rehearsal { snapshot, tenant, from, to, utc, assumed }))
}

fn is_caller(snapshot: &Snapshot, tenant: TenantId, from: &str) -> bool {
    let outside = from.strip_prefix('+');
    match outside {
        Some(digits) => (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()),
        None => snapshot.extension(tenant, from).is_some_and(|one| matches!(one.target, Target::User(_))),
    }
}

/// A time on the company's clocks; now if there is none. `None` if it is no time.
pub(super) fn moment(snapshot: &Snapshot, tenant: TenantId, text: &str) -> Option<DateTime<Utc>> {
    if text.is_empty() {
        return Some(Utc::now());
    }
    let at = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let at = at.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    let zone = snapshot.zone_of_tenant(snapshot.tenant(tenant)?);
    let local = zone.from_local_datetime(&at).earliest();
    // A clock that goes forward never shows that hour.
    let local = local.or_else(|| zone.from_local_datetime(&(at + chrono::TimeDelta::hours(1))).earliest())?;
    Some(local.with_timezone(&Utc))
}

/// `102=busy 103=answers:5`, also with commas between.
fn assumed(text: &str) -> Option<Vec<(String, Assumption)>> {
    let parts = text.split([',', ' ', ';']).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.split_once('=').and_then(|(who, what)| Some((who.to_owned(), Assumption::of(what)?)))
        })
        .collect()
}

/// From which level.
pub(super) const LEVEL: u8 = 2;

/// Whoever sees the whole configuration may ask what it does.
fn allowed(who: &Who) -> Result<(), Fault> {
    if who.viewer.level >= LEVEL { Ok(()) } else { Err(Fault::Forbidden("Your role does not allow this")) }
}

impl From<Rehearsed> for Outcome {
    fn from(came: Rehearsed) -> Self {
        Self {
            revision: came.revision,
            answered_by: came.answered_by,
            cause: came.cause,
            took: format!("{:.1} s", came.took_ms as f64 / 1000.0),
            trace: calls::trace(&came.trace),
        }
    }
}

/// Of the page.
pub(crate) const PATH: &str = "/admin/simulator";
/// Of the API.
pub(crate) const PARAMETERS: [Param; 5] = [
    Param::new("from", Takes::Text, "Who calls: an extension, or a number outside with its plus sign.")
        .required(),
    Param::new("to", Takes::Text, "What they dial.").required(),
    Param::new("at", Takes::Text, "When, on the company's clocks: `2026-12-24T18:00`; now if left out."),
    Param::new("revision", Takes::Whole(0, i64::MAX), "Under this revision; the present one if left out."),
    Param::new(
        "assume",
        Takes::Text,
        "What phones do: `102=busy 103=answers:5 outside=rings`; the others ring.",
    ),
];
/// As the engine takes it.
const LONGEST_NUMBER: usize = 128;
