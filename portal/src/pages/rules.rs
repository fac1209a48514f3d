//! `/rules`: what happens when somebody is called, and when: their answering rules in order, the week as a picture, what is
//! in force right now. AR-03…09.

pub(crate) mod edit;
mod week;
pub(crate) mod words;

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use config::{
    Snapshot,
    access::Viewer,
    query::{ListQuery, Row},
    resource::Values,
    resources::answering_rules::ANSWERING_RULES,
    snapshot::{AnsweringRule, User},
    write::WriteError,
};
use serde_json::json;

use super::own_calls::blocked::own_author;
use crate::{
    auth::Who,
    error::{Answer, Fault},
    language::{say, t},
    query::Pairs,
    reply,
    state::App,
    view::Page,
    zone::Clock,
};

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage {
    page: Page,
    number: String,
    now: Active,
    week: Vec<week::Day>,
    zone: String,
    rules: Vec<RuleView>,
    /// What the forwards do.
    default: String,
    /// What they do at night; `None` while the company has no night mode.
    night: Option<String>,
}

/// A rule as the list shows it.
struct RuleView {
    id: i64,
    name: String,
    when: String,
    what: String,
    active: bool,
    /// It decides right now.
    decides: bool,
    /// The colour of its hours: `1`, `4`, `2`, `3`.
    tint: &'static str,
}

/// What is in force right now. AR-07.
pub(crate) struct Active {
    pub name: String,
    pub what: String,
    /// `17:00`, `Mon 09:00`, `24 Dec 2026 09:00`; blank if nothing changes.
    pub until: String,
    pub dnd: bool,
    /// The company has its night.
    pub night: bool,
}

/// `GET /rules`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let (snapshot, clock) = (snapshot(&app, &who).await?, Clock::of(&app, &who).await?);
    let user = snapshot.user(who.tenant, who.user).ok_or(Fault::NotFound)?;
    let utc = clock.now.to_utc();
    let answering = snapshot.answering(user, utc);
    let decides = |rule: &AnsweringRule| matches!(answering.rule, config::snapshot::Deciding::Rule(deciding, _) if deciding.id == rule.id);
    let rules: Vec<RuleView> = snapshot
        .answering_rules(who.tenant, who.user)
        .enumerate()
        .filter_map(|(at, rule)| {
            let frame = snapshot.time_frame(who.tenant, rule.frame)?;
            Some(RuleView {
                id: rule.id.0,
                name: frame.name.clone(),
                when: frame.schedule.to_string(),
                what: words::of_rule(rule),
                active: rule.active,
                decides: decides(rule),
                tint: week::TINTS[at % week::TINTS.len()].1,
            })
        })
        .collect();
    let night = snapshot.tenant(who.tenant).is_some_and(|tenant| tenant.night.enabled);
    reply::html(&RulesPage {
        number: user.number.clone().unwrap_or_default(),
        now: active(&snapshot, user, &clock),
        week: week::picture(&snapshot, user, clock.now),
        zone: clock.zone.name().to_owned(),
        rules,
        default: words::of_forwards(&user.forwards, false, utc),
        night: night.then(|| words::of_forwards(&user.forwards, true, utc)),
        page: Page::portal(&who, PATH, "Answering rules"),
    })
}

/// `POST /rules/{id}/active`: switches a rule on or off.
pub(crate) async fn switch(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let row = own(&app, &who, id).await?;
    let on = row.values.get("active").is_some_and(|active| active == "1");
    let values = Values::from([("active".to_owned(), if on { "0" } else { "1" }.to_owned())]);
    let author = own_author(&who);
    app.db(move |db| db.update(&author, &ANSWERING_RULES, id, &values, None)).await?;
    Ok(reply::see_other(PATH, t(if on { "Rule switched off" } else { "Rule switched on" })))
}

/// `POST /rules/{id}/delete`.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    own(&app, &who, id).await?;
    let author = own_author(&who);
    app.db(move |db| db.delete(&author, &ANSWERING_RULES, id)).await?;
    Ok(reply::see_other(PATH, t("Rule deleted")))
}

/// `POST /rules/order`: `rule` as often as there are rules, in their order.
pub(crate) async fn order(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let rows = rows(&app, &who).await?;
    let sent = Pairs::parse(&body);
    let mut ids: Vec<i64> = sent.all("rule").filter_map(|id| id.parse().ok()).collect();
    ids.retain(|id| rows.iter().any(|row| row.id == *id));
    let mut moved = Vec::new();
    for (at, id) in ids.into_iter().enumerate() {
        let place = (at + 1).to_string();
        let row = rows.iter().find(|row| row.id == id);
        if row.is_some_and(|row| row.values.get("position") != Some(&place)) {
            moved.push((id, Values::from([("position".to_owned(), place)])));
        }
    }
    let author = own_author(&who);
    app.db(move |db| {
        for (id, values) in moved {
            db.update(&author, &ANSWERING_RULES, id, &values, None)?;
        }
        Ok::<_, WriteError>(())
    })
    .await?;
    Ok(reply::see_other(PATH, t("Order saved")))
}

/// `GET /api/v1/me/answering`: what happens right now to a call for who asks.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let snapshot = snapshot(&app, &who).await?;
    let user = snapshot.user(who.tenant, who.user).ok_or(Fault::NotFound)?;
    let utc = Utc::now();
    let answering = snapshot.answering(user, utc);
    let passed: Vec<_> =
        answering.passed.iter().map(|(rule, why)| json!({ "rule": rule, "reason": why })).collect();
    let until = snapshot.answering_until(user, utc).map(|at: DateTime<Utc>| at.to_rfc3339());
    let body = json!({
        "rule": answering.rule.name(), "until": until, "do_not_disturb": answering.dnd || user.is_dnd(utc),
        "forward_always": answering.always, "forward_busy": answering.busy,
        "forward_no_answer": answering.no_answer, "night": snapshot.is_night(who.tenant, utc), "passed_over": passed,
    });
    Ok(Json(body).into_response())
}

/// What is in force right now. AR-07.
pub(crate) fn active(snapshot: &Snapshot, user: &User, clock: &Clock) -> Active {
    let utc = clock.now.to_utc();
    let answering = snapshot.answering(user, utc);
    let dnd = user.is_dnd(utc);
    let until = snapshot.answering_until(user, utc);
    Active {
        name: match answering.rule {
            config::snapshot::Deciding::Rule(..) => answering.rule.name().to_owned(),
            config::snapshot::Deciding::Default | config::snapshot::Deciding::Night => {
                say(answering.rule.name())
            }
        },
        what: words::of_answering(&answering, dnd),
        until: until.map(|at| words::moment(at, clock)).unwrap_or_default(),
        dnd,
        night: snapshot.is_night(user.tenant, utc),
    }
}

/// Everything that decides about calls for who is signed in.
pub(crate) async fn snapshot(app: &App, who: &Who) -> Result<Snapshot, Fault> {
    let (tenant, user) = (who.tenant, who.user);
    app.read(move |db| db.answering_of(tenant, user)).await
}

/// A rule that is theirs.
async fn own(app: &App, who: &Who, id: i64) -> Result<Row, Fault> {
    let (viewer, user) = (Viewer::primary(who.tenant), who.user.0.to_string());
    let row = app.db(move |db| db.get(&viewer, &ANSWERING_RULES, id)).await?;
    row.filter(|row| row.values.get("user") == Some(&user)).ok_or(Fault::NotFound)
}

/// All that are theirs, with their values.
async fn rows(app: &App, who: &Who) -> Result<Vec<Row>, Fault> {
    let (viewer, user) = (Viewer::primary(who.tenant), who.user.0.to_string());
    let query = ListQuery { filters: vec![("user".into(), vec![user])], limit: 200, ..ListQuery::default() };
    app.db(move |db| {
        let mut rows = Vec::new();
        for row in db.list(&viewer, &ANSWERING_RULES, &query)?.rows {
            rows.extend(db.get(&viewer, &ANSWERING_RULES, row.id)?);
        }
        Ok::<_, config::query::QueryError>(rows)
    })
    .await
}

pub(crate) const PATH: &str = "/rules";
