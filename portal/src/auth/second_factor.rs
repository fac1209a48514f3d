//! `/sign-in/code`: the second factor, after the password. AUTH-22, 28.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{Db, UserId, query::QueryError};

use super::{Who, login, totp};
use crate::{error::Fault, query::Pairs, state::App};

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    theme: String,
    csrf: String,
    login: String,
    next: String,
    problem: &'static str,
}

/// `GET /sign-in/code?next=`.
pub(crate) async fn page(who: Who, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    if !who.waits {
        return Ok(Redirect::to(who.home()).into_response());
    }
    show(&who, Pairs::parse(&query.unwrap_or_default()).get("next"), "", StatusCode::OK)
}

/// `POST /sign-in/code`: a code of the app, or a recovery code. Wrong ones count as failed sign-ins.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let next = form.get("next").to_owned();
    let (name, from, now) = (who.login.clone(), who.address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        app.counters.throttled.fetch_add(1, Relaxed);
        return show(&who, &next, login::LOCKED, StatusCode::TOO_MANY_REQUESTS);
    }
    let (user, code) = (who.user, form.get("code").trim().to_owned());
    if !app.read(move |db| is_right(db, user, &code, now)).await? {
        app.counters.sign_in_failures.fetch_add(1, Relaxed);
        let (name, from) = (who.login.clone(), who.address.clone());
        app.read(move |db| db.sign_in_failed(&name, &from, now)).await?;
        return show(&who, &next, WRONG, StatusCode::UNAUTHORIZED);
    }
    let session = who.session;
    let (name, from) = (who.login.clone(), who.address.clone());
    app.read(move |db| {
        db.sign_in_succeeded(&name, &from)?;
        db.end_session(user, session)
    })
    .await?;
    app.counters.sign_ins.fetch_add(1, Relaxed);
    let to = login::target(&next, &who.viewer).to_owned();
    login::begin(&app, user, &headers, who.address, &to).await
}

/// Whether a code opens the account; it does so once.
pub(crate) fn is_right(db: &Db, user: UserId, code: &str, now_ms: i64) -> Result<bool, QueryError> {
    let Some(app) = db.authenticator(user)?.filter(|app| app.confirmed) else { return Ok(false) };
    match totp::step_of(&app.secret, code, now_ms / 1000) {
        Some(step) => Ok(db.take_step(user, step)?),
        None => Ok(db.take_recovery_code(user, &code.to_lowercase())?),
    }
}

fn show(who: &Who, next: &str, problem: &'static str, status: StatusCode) -> Result<Response, Fault> {
    let page = CodePage {
        theme: who.theme.clone(),
        csrf: who.csrf.clone(),
        login: who.login.clone(),
        next: next.to_owned(),
        problem,
    };
    Ok((status, Html(page.render()?)).into_response())
}

const WRONG: &str = "This code is not right, or was used before. Wait for the next one.";
