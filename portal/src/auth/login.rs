//! `/login` and `/logout`. AUTH-02, 04, 25, 28.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use askama::Template;
use axum::{
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{UserId, access::Viewer, sign_in::Stage};

use super::{SESSION_MS, Who, home, host, password, peer, same_site, session_cookie_line, theme};
use crate::{blocking::aside, error::Fault, query::Pairs, state::App, text};

#[derive(Template, Default)]
#[template(path = "login.html")]
struct LoginPage {
    theme: String,
    login: String,
    next: String,
    problem: &'static str,
    notice: &'static str,
    /// Whom to ask for help; blank if nobody is named. AUTH-21.
    support: String,
}

/// `GET /login?next=`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let asked = Pairs::parse(&query.unwrap_or_default());
    if let Some(who) = super::who(&app, &headers).await? {
        return Ok(Redirect::to(target(asked.get("next"), &who.viewer)).into_response());
    }
    let notice = if asked.has("out") { "You are signed out." } else { "" };
    let page = LoginPage { next: asked.get("next").to_owned(), notice, ..LoginPage::default() };
    show(&app, &headers, page, StatusCode::OK).await
}

/// `POST /login`. Wrong password, unknown and suspended accounts get the same answer in the same time.
pub(crate) async fn sign_in(State(app): State<Arc<App>>, request: Request) -> Result<Response, Fault> {
    if !same_site(request.headers()) {
        app.counters.refused_cross_site.fetch_add(1, Relaxed);
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let address = peer(&request).map(|ip| ip.to_string()).unwrap_or_default();
    let headers = request.headers().clone();
    let form = read(request).await?;
    let login = form.get("login").trim().to_lowercase();
    let (given, next) = (form.get("password").to_owned(), form.get("next").to_owned());
    let (name, from, now) = (login.clone(), address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        app.counters.throttled.fetch_add(1, Relaxed);
        let page = LoginPage { login, next, problem: LOCKED, ..LoginPage::default() };
        return show(&app, &headers, page, StatusCode::TOO_MANY_REQUESTS).await;
    }
    let name = login.clone();
    let host = host(&headers).to_owned();
    let account = app
        .read(move |db| {
            let tenant = db.tenant_of_host(&host)?;
            db.account_by_login(&name, tenant)
        })
        .await?;
    let stored = account.as_ref().filter(|a| !a.suspended).and_then(|a| a.password.clone());
    let fits = aside(&app.hashing, move || password::matches(&given, stored.as_deref())).await?;
    let Some(account) = account.filter(|_| fits) else {
        return refuse(
            &app,
            &headers,
            LoginPage { login, next, problem: WRONG, ..LoginPage::default() },
            address,
        )
        .await;
    };
    let to = target(&next, &account.viewer);
    if account.has_second_factor {
        // Failures are forgotten when the code is right, too: else a known password would be a way to try codes.
        return half_way(&app, account.id, &headers, address, to).await;
    }
    app.counters.sign_ins.fetch_add(1, Relaxed);
    let (name, from) = (login, address.clone());
    app.read(move |db| db.sign_in_succeeded(&name, &from)).await?;
    begin(&app, account.id, &headers, address, to).await
}

/// `POST /logout`: the session's row goes, the cookie with it.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let (user, session) = (who.user, who.session);
    app.read(move |db| db.end_session(user, session)).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} signed out", who.login);
    with_cookie(&app, Redirect::to("/login?out").into_response(), "", 0)
}

/// A new session and the way to `to`.
pub(crate) async fn begin(
    app: &App,
    id: UserId,
    headers: &HeaderMap,
    address: String,
    to: &str,
) -> Result<Response, Fault> {
    session(app, id, headers, address, (Stage::Whole, SESSION_MS, to)).await
}

/// A session that opens nothing but the page that asks for the second factor. AUTH-22.
pub(crate) async fn half_way(
    app: &App,
    id: UserId,
    headers: &HeaderMap,
    address: String,
    to: &str,
) -> Result<Response, Fault> {
    let page = format!("/sign-in/code?next={}", text::encode(to));
    session(app, id, headers, address, (Stage::SecondFactor, HALF_WAY_MS, &page)).await
}

async fn session(
    app: &App,
    id: UserId,
    headers: &HeaderMap,
    address: String,
    (stage, lasts, to): (Stage, i64, &str),
) -> Result<Response, Fault> {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (agent, now) = (agent.chars().take(200).collect::<String>(), Utc::now().timestamp_millis());
    let token = app.read(move |db| db.new_session(id, (&address, &agent), stage, (now, lasts))).await?;
    with_cookie(app, Redirect::to(to).into_response(), &token, (lasts / 1000).unsigned_abs())
}

/// The form of a request that has no session yet.
pub(crate) async fn read(request: Request) -> Result<Pairs, Fault> {
    let bytes = axum::body::to_bytes(request.into_body(), FORM)
        .await
        .map_err(|_| Fault::Malformed("the form is too large".into()))?;
    Ok(Pairs::parse(&String::from_utf8_lossy(&bytes)))
}

async fn refuse(app: &App, headers: &HeaderMap, page: LoginPage, address: String) -> Result<Response, Fault> {
    app.counters.sign_in_failures.fetch_add(1, Relaxed);
    let (login, now) = (page.login.clone(), Utc::now().timestamp_millis());
    tracing::warn!(peer.addr = %address, "a sign-in was refused");
    app.read(move |db| db.sign_in_failed(&login, &address, now)).await?;
    show(app, headers, page, StatusCode::UNAUTHORIZED).await
}

async fn show(
    app: &App,
    headers: &HeaderMap,
    page: LoginPage,
    status: StatusCode,
) -> Result<Response, Fault> {
    let host = host(headers).to_owned();
    let support = app.read(move |db| db.support_contact(db.tenant_of_host(&host)?)).await?;
    Ok((status, Html(LoginPage { theme: theme(headers), support, ..page }.render()?)).into_response())
}

fn with_cookie(app: &App, mut answer: Response, token: &str, age: u64) -> Result<Response, Fault> {
    let line = session_cookie_line(app, token, age);
    let value = HeaderValue::from_str(&line).map_err(|e| Fault::Internal(e.to_string()))?;
    answer.headers_mut().append(header::SET_COOKIE, value);
    Ok(answer)
}

/// Where a sign-in leads: only to pages of our own, never to `//elsewhere`, and to none that are not theirs.
pub(crate) fn target<'a>(next: &'a str, viewer: &Viewer) -> &'a str {
    let own = next.starts_with('/') && !next.starts_with("//");
    let theirs = viewer.level > 0 || !next.starts_with("/admin");
    if own && theirs && !next.contains(['\\', '\n', '\r', '\t']) { next } else { home(viewer) }
}

const WRONG: &str = "Invalid credentials.";
pub(crate) const LOCKED: &str = "Too many failed tries. Wait 15 minutes, or ask for a new password.";
/// For typing in a code.
const HALF_WAY_MS: i64 = 10 * 60_000;
const FORM: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_our_own_pages_only() {
        for (next, to) in [
            ("/admin/users?q=a", "/admin/users?q=a"),
            ("//evil.example", "/admin"),
            ("https://evil.example", "/admin"),
            ("/admin\\evil", "/admin"),
            ("/\t/evil.example", "/admin"),
            ("", "/admin"),
        ] {
            assert_eq!(target(next, &Viewer::primary(config::TenantId(1))), to);
        }
        assert_eq!(target("/admin/users", &Viewer::nobody()), "/");
        assert_eq!(target("/contacts?q=a", &Viewer::nobody()), "/contacts?q=a");
    }
}
