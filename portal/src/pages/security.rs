//! `/security`: a user's own password, second factor, sessions and last sign-ins. AUTH-22, 26.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{audit::AuditEntry, query::QueryError, sign_in::Session, write::WriteError};

use super::passkeys::PasskeyView;
use crate::{
    auth::{Who, password, totp},
    blocking::aside,
    error::Fault,
    query::Pairs,
    reply,
    state::App,
    text::At,
    view::Page,
};

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage {
    page: Page,
    csrf: String,
    has_app: bool,
    /// Some second factor is required, and there is none.
    factor_required: bool,
    has_password: bool,
    passkeys: Vec<PasskeyView>,
    recovery_codes: u32,
    sso: Option<SingleSignOn>,
    /// A PIN for phones is set.
    has_pin: bool,
    sessions: Vec<SessionView>,
    sign_ins: Vec<SignIn>,
    problem: &'static str,
}

#[derive(Debug)]
struct SessionView {
    id: i64,
    browser: String,
    address: String,
    seen: At,
    /// The one that asks.
    here: bool,
}

/// The company's identity provider, and who they are there. AUTH-24.
#[derive(Debug)]
struct SingleSignOn {
    issuer: String,
    linked: Option<(String, At)>,
}

#[derive(Debug)]
struct SignIn {
    what: &'static str,
    good: bool,
    address: String,
    at: At,
}

#[derive(Template)]
#[template(path = "authenticator.html")]
struct AuthenticatorPage {
    page: Page,
    csrf: String,
    /// Path and side of the QR code.
    picture: Option<(String, i32)>,
    secret: String,
    required: bool,
    problem: &'static str,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    page: Page,
    heading: &'static str,
    codes: Vec<String>,
}

/// `GET /security`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    overview(&app, &who, "", StatusCode::OK).await
}

/// `POST /security/sessions/{id}/end`.
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let user = who.user;
    if !app.read(move |db| db.end_session(user, id)).await? {
        return Err(Fault::NotFound);
    }
    Ok(reply::see_other("/security", "That session is signed out."))
}

/// `POST /security/sessions/end-others`.
pub(crate) async fn end_others(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let (user, session) = (who.user, who.session);
    app.read(move |db| db.end_other_sessions(user, session)).await?;
    Ok(reply::see_other("/security", "All other sessions are signed out."))
}

/// `GET /security/authenticator`: the secret for the app, until it is shown to work.
pub(crate) async fn authenticator(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    set_up(&app, &who, "", StatusCode::OK).await
}

/// `POST /security/authenticator`: a code proves that the app works; the answer shows the recovery codes, once.
pub(crate) async fn confirm(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let (user, session) = (who.user, who.session);
    let found = app.read(move |db| db.authenticator(user)).await?.filter(|app| !app.confirmed);
    let Some(made) = found else { return Ok(Redirect::to("/security").into_response()) };
    let form = Pairs::parse(&body);
    let Some(step) = totp::step_of(&made.secret, form.get("code"), Utc::now().timestamp()) else {
        return set_up(&app, &who, WRONG_CODE, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let codes = config::password::recovery_codes();
    let kept = codes.clone();
    app.db(move |db| db.confirm_authenticator((user, session), step, &kept)).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} set up a second factor", who.login);
    recovery(&who, "The authenticator app is on", codes)
}

/// The page that shows recovery codes, once.
pub(crate) fn recovery(who: &Who, heading: &'static str, codes: Vec<String>) -> Result<Response, Fault> {
    reply::html(&RecoveryPage { page: Page::portal(who, "/security", "Recovery codes"), heading, codes })
}

/// `POST /security/pin`: the digits by which they prove themselves at a phone; blank takes them away. HD-05.
pub(crate) async fn set_pin(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let (pin, author, user) = (form.get("pin").trim().to_owned(), who.author("portal"), who.user);
    let now = Utc::now().timestamp_millis();
    let removed = pin.is_empty();
    let set = app.db(move |db| Ok::<_, Fault>(db.set_pin(&author, user, &pin, now))).await?;
    match set {
        Ok(()) if removed => Ok(reply::see_other("/security", "The PIN is removed.")),
        Ok(()) => Ok(reply::see_other("/security", "The PIN is set.")),
        Err(WriteError::Invalid(_)) => overview(&app, &who, BAD_PIN, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(other) => Err(other.into()),
    }
}

/// `POST /security/authenticator/remove`: needs the password.
pub(crate) async fn remove(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let user = who.user;
    if let Err(problem) = is_own_password(&app, &who, Pairs::parse(&body).get("current")).await? {
        return overview(&app, &who, problem, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    app.db(move |db| db.remove_authenticator(user)).await?;
    Ok(reply::see_other("/security", "The authenticator app is removed."))
}

/// Whether that is the password of who asks; who has none needs to give none. Wrong ones count as failed sign-ins.
pub(crate) async fn is_own_password(
    app: &App,
    who: &Who,
    given: &str,
) -> Result<Result<(), &'static str>, Fault> {
    let (name, from, now) = (who.login.clone(), who.address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        return Ok(Err("Too many failed tries. Wait 15 minutes."));
    }
    let user = who.user;
    let stored = app.read(move |db| db.account(user)).await?.and_then(|account| account.password);
    let given = given.to_owned();
    if stored.is_none() || aside(&app.hashing, move || password::matches(&given, stored.as_deref())).await? {
        return Ok(Ok(()));
    }
    let (name, from) = (who.login.clone(), who.address.clone());
    app.read(move |db| db.sign_in_failed(&name, &from, now)).await?;
    Ok(Err("The password is not right."))
}

/// The page as it stands, with what went wrong.
pub(crate) async fn overview(
    app: &App,
    who: &Who,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Fault> {
    let (user, now) = (who.user, Utc::now().timestamp_millis());
    let (account, sessions, sign_ins) = app
        .read(move |db| {
            let account = db.account(user)?;
            let sign_ins = account.as_ref().map_or(Ok(vec![]), |account| db.last_sign_ins(account))?;
            Ok::<_, QueryError>((account, db.sessions_of(user, now)?, sign_ins))
        })
        .await?;
    let account = account.ok_or(Fault::SignIn)?;
    let tenant = who.tenant;
    let (has_app, passkeys, recovery_codes, sso, has_pin) = app
        .read(move |db| {
            let has_app = db.authenticator(user)?.is_some_and(|app| app.confirmed);
            let linked = db.identity_of(user)?.map(|one| (one.shown, At::full(one.linked_at)));
            let sso = db.provider(tenant)?.map(|provider| SingleSignOn { issuer: provider.issuer, linked });
            Ok::<_, QueryError>((
                has_app,
                db.passkeys_of(user)?,
                db.recovery_codes(user)?,
                sso,
                db.has_pin(user)?,
            ))
        })
        .await?;
    let here = who.session;
    let mut answer = reply::html(&SecurityPage {
        csrf: who.csrf.clone(),
        has_app,
        factor_required: account.needs_second_factor && !account.has_second_factor,
        has_password: account.password.is_some(),
        passkeys: passkeys.into_iter().map(PasskeyView::from).collect(),
        recovery_codes,
        sso,
        has_pin,
        sessions: sessions.into_iter().map(|session| SessionView::of(session, here)).collect(),
        sign_ins: sign_ins.into_iter().map(SignIn::from).collect(),
        problem,
        page: Page::portal(who, "/security", "Security"),
    })?;
    *answer.status_mut() = status;
    Ok(answer)
}

async fn set_up(app: &App, who: &Who, problem: &'static str, status: StatusCode) -> Result<Response, Fault> {
    let (user, now) = (who.user, Utc::now().timestamp_millis());
    let made = app
        .read(move |db| {
            if db.authenticator(user)?.is_none() {
                db.begin_authenticator(user, now)?;
            }
            db.authenticator(user)
        })
        .await?;
    let Some(made) = made.filter(|app| !app.confirmed) else {
        return Ok(Redirect::to("/security").into_response());
    };
    let mut answer = reply::html(&AuthenticatorPage {
        page: Page::portal(who, "/security", "Authenticator app"),
        csrf: who.csrf.clone(),
        picture: totp::picture(&totp::address(&made.secret, &who.face.name, &who.login)),
        secret: totp::base32(&made.secret),
        required: who.must_add_factor,
        problem,
    })?;
    *answer.status_mut() = status;
    Ok(answer)
}

impl SessionView {
    fn of(session: Session, here: i64) -> Self {
        Self {
            id: session.id,
            browser: browser(&session.user_agent),
            address: session.address,
            seen: At::full(session.seen_at),
            here: session.id == here,
        }
    }
}

impl From<AuditEntry> for SignIn {
    fn from(entry: AuditEntry) -> Self {
        let (what, good) = match entry.action.as_str() {
            "sign_in" => ("Signed in", true),
            "locked" => ("Locked after ten failures", false),
            _ => ("Refused", false),
        };
        Self { what, good, address: entry.address, at: At::full(entry.at_ms) }
    }
}

/// What people call the program behind a user agent; the agent itself if it is none of these.
fn browser(agent: &str) -> String {
    // In this order: each claims to be those after it.
    let name = ["Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/"].iter().find(|name| agent.contains(**name));
    let system =
        ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"].iter().find(|s| agent.contains(**s));
    let words = |name: &str| match name {
        "Edg/" => "Edge",
        "OPR/" => "Opera",
        "Firefox/" => "Firefox",
        "Chrome/" => "Chrome",
        _ => "Safari",
    };
    match (name, system) {
        (Some(name), Some(system)) => format!("{} on {system}", words(name)),
        (Some(name), None) => words(name).to_owned(),
        _ if agent.is_empty() => "Unknown program".to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

const BAD_PIN: &str = "A PIN has 4 to 8 digits that nobody would try first.";
const WRONG_CODE: &str =
    "This code is not right. Look at the clock of your phone: it must be right within half a minute.";

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_have_names() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"),
            "Safari on iPhone"
        );
        assert_eq!(browser("curl/8.0"), "curl/8.0");
        assert_eq!(browser(""), "Unknown program");
    }
}
