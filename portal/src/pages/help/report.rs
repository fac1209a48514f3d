//! `/help/report`: tells the company's support what went wrong, with what the portal knows already. TRB-08.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{Problem, access::Viewer, outbox::Content, resources::users::USERS};
use serde::Deserialize;
use serde_json::json;

use crate::{
    auth::Who,
    error::{Answer, Fault},
    pages::own_calls,
    query::Pairs,
    reply,
    sent::Sent,
    state::App,
    view::Page,
    zone::Clock,
};

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    page: Page,
    report: Report,
    support: String,
    problem: &'static str,
}

/// What a report says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Report {
    /// What happened.
    what: String,
    /// Which text of ours said so.
    error: String,
    /// What was used, usually a page.
    feature: String,
    /// What was done before.
    steps: String,
    /// Id of the call that it is about.
    call: String,
    /// Of the call.
    #[serde(skip)]
    date: String,
    #[serde(skip)]
    caller: String,
    #[serde(skip)]
    dialled: String,
    #[serde(skip)]
    extension: String,
}

/// `GET /help/report?call=`: filled with the page they come from and the call.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    let report =
        Report { feature: page_before(&headers), call: asked.get("call").to_owned(), ..Report::default() };
    let report = completed(&app, &who, report).await?;
    page_of(&app, &who, report, "", StatusCode::OK).await
}

/// `POST /help/report`.
pub(crate) async fn send(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let get =
        |name: &str| form.get(name).chars().filter(|c| !c.is_control() || *c == '\n').take(2000).collect();
    let report = Report {
        what: get("what"),
        error: get("error"),
        feature: get("feature"),
        steps: get("steps"),
        call: get("call"),
        ..Report::default()
    };
    let report = completed(&app, &who, report).await?;
    if report.what.trim().is_empty() {
        return page_of(&app, &who, report, "Say what happened.", StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if post(&app, &who, &report).await? {
        return Ok(reply::see_other("/help", "Your report is on its way to support."));
    }
    page_of(&app, &who, report, NOWHERE, StatusCode::SERVICE_UNAVAILABLE).await
}

/// `POST /api/v1/me/reports`: `what`, and as far as known `error`, `feature`, `steps`, `call`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who, Sent(sent): Sent<Report>) -> Answer {
    if sent.what.trim().is_empty() {
        return Err(Fault::Invalid(vec![Problem::of("what", "Say what happened.")]).into());
    }
    let report = completed(&app, &who, sent).await?;
    match post(&app, &who, &report).await? {
        true => Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response()),
        false => Err(Fault::NotStored(NOWHERE.into()).into()),
    }
}

/// With what is known of the call and of who reports.
async fn completed(app: &App, who: &Who, mut report: Report) -> Result<Report, Fault> {
    let (viewer, id) = (Viewer::primary(who.tenant), who.user.0);
    let row = app.db(move |db| db.get(&viewer, &USERS, id)).await?;
    report.extension = row.and_then(|row| row.values.get("extension").cloned()).unwrap_or_default();
    let call = if report.call.is_empty() { None } else { own_calls::one(app, who, &report.call).await? };
    let Some(call) = call else {
        report.call.clear();
        return Ok(report);
    };
    let clock = Clock::of(app, who).await?;
    report.date = format!("{} ({})", clock.show(call.started_at).iso, clock.zone);
    let outbound = call.kind == config::records::parties::PartyKind::Outbound;
    (report.caller, report.dialled) = if outbound {
        (report.extension.clone(), call.number)
    } else {
        (call.number, report.extension.clone())
    };
    Ok(report)
}

async fn post(app: &App, who: &Who, report: &Report) -> Result<bool, Fault> {
    let first: String = report.what.lines().next().unwrap_or_default().chars().take(80).collect();
    let content = Content::from([
        ("subject".to_owned(), format!("Problem report of {}: {first}", who.name)),
        ("text".to_owned(), report.text(who)),
    ]);
    let tenant = who.tenant;
    app.read(move |db| db.queue_report(tenant, &content)).await
}

async fn page_of(
    app: &App,
    who: &Who,
    report: Report,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Fault> {
    let tenant = who.tenant;
    let support = app.read(move |db| db.support_contact(Some(tenant))).await?;
    let page = Page::portal(who, "/help/report", "Report a problem").below("Help", "/help");
    let mut answer = reply::html(&ReportPage { page, report, support, problem })?;
    *answer.status_mut() = status;
    Ok(answer)
}

impl Report {
    /// As it is mailed: a line for all that is known.
    fn text(&self, who: &Who) -> String {
        let mut text = format!("{}\n\n", self.what.trim());
        for (label, value) in [
            ("Error text", &self.error),
            ("Feature", &self.feature),
            ("Steps", &self.steps),
            ("Call", &self.call),
            ("Date and time", &self.date),
            ("Caller", &self.caller),
            ("Dialled", &self.dialled),
            ("Extension", &self.extension),
            ("Sign-in", &who.login),
            ("Company", &who.face.name),
        ] {
            if !value.trim().is_empty() {
                text.push_str(&format!("{label}: {}\n", value.trim()));
            }
        }
        text
    }
}

/// The path of the page that they come from.
fn page_before(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    path.and_then(|path| path.split(['?', '#']).next()).unwrap_or_default().chars().take(200).collect()
}

const NOWHERE: &str = "Nothing was sent: your company has named no support e-mail address, or mail is not set up. Ask an administrator.";
