//! `/sign-in/code`: the second factor, after the password. AUTH-22, 28.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{Db, UserId, query::QueryError, sign_in::Stage};

use super::{
    Who, login,
    passkey::{self, Purpose},
    totp,
};
use crate::{error::Fault, query::Pairs, state::App};

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    theme: String,
    csrf: String,
    login: String,
    next: String,
    has_app: bool,
    has_passkeys: bool,
    problem: &'static str,
}

/// `GET /sign-in/code?next=`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    who: Who,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    if who.stage != Stage::SecondFactor {
        return Ok(Redirect::to(who.home()).into_response());
    }
    show(&app, &who, Pairs::parse(&query.unwrap_or_default()).get("next"), ("", StatusCode::OK)).await
}

/// `POST /sign-in/code`: a code of the app, a recovery code, or the proof of a passkey. Wrong ones count as failed sign-ins.
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
        return show(&app, &who, &next, (login::LOCKED, StatusCode::TOO_MANY_REQUESTS)).await;
    }
    let user = who.user;
    let is_right = if form.has("passkey") {
        let proven =
            passkey::prove(&app, form.get("ceremony"), form.get("passkey"), &Purpose::Factor(user)).await?;
        proven
            .inspect_err(|why| tracing::warn!(peer.addr = %who.address, "a passkey was refused: {why}"))
            .is_ok()
    } else {
        let code = form.get("code").trim().to_owned();
        app.read(move |db| is_right(db, user, &code, now)).await?
    };
    if !is_right {
        app.counters.sign_in_failures.fetch_add(1, Relaxed);
        let (name, from) = (who.login.clone(), who.address.clone());
        app.read(move |db| db.sign_in_failed(&name, &from, now)).await?;
        let wrong = if form.has("passkey") { WRONG_KEY } else { WRONG };
        return show(&app, &who, &next, (wrong, StatusCode::UNAUTHORIZED)).await;
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
    let app = db.authenticator(user)?.filter(|app| app.confirmed);
    match app.and_then(|app| totp::step_of(&app.secret, code, now_ms / 1000)) {
        Some(step) => Ok(db.take_step(user, step)?),
        None => Ok(db.take_recovery_code(user, &code.to_lowercase())?),
    }
}

async fn show(
    app: &App,
    who: &Who,
    next: &str,
    (problem, status): (&'static str, StatusCode),
) -> Result<Response, Fault> {
    let user = who.user;
    let (has_app, has_passkeys) = app
        .read(move |db| {
            let has_app = db.authenticator(user)?.is_some_and(|app| app.confirmed);
            Ok::<_, QueryError>((has_app, !db.passkeys_of(user)?.is_empty()))
        })
        .await?;
    let page = CodePage {
        has_app,
        has_passkeys,
        theme: who.theme.clone(),
        csrf: who.csrf.clone(),
        login: who.login.clone(),
        next: next.to_owned(),
        problem,
    };
    Ok((status, Html(page.render()?)).into_response())
}

const WRONG_KEY: &str = "This passkey was not accepted. Try again, or use a code.";
const WRONG: &str = "This code is not right, or was used before. Wait for the next one.";
