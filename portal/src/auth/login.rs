//! `/login`, `/sign-in` and `/logout`. AUTH-02, 04, 24, 25, 28.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use askama::Template;
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{TenantId, UserId, access::Viewer, query::QueryError, sign_in::Stage};

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
    /// The SIP domain of the company that the page's address names.
    domain: String,
    /// Its name, if it is known whose page it is.
    company: String,
    /// Where its single sign-on begins; blank if it has none. AUTH-24.
    sso: String,
    /// Passwords and passkeys are taken.
    local: bool,
    /// It is not known whose page it is, and some company has single sign-on.
    asks_company: bool,
}

#[derive(Template)]
#[template(path = "company.html")]
struct CompanyPage {
    theme: String,
    next: String,
    problem: &'static str,
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

/// `GET /sign-in/{domain}`: the sign-in page of one company, wherever the program is.
pub(crate) async fn of_company(
    State(app): State<Arc<App>>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let next = Pairs::parse(&query.unwrap_or_default()).get("next").to_owned();
    show(&app, &headers, LoginPage { domain, next, ..LoginPage::default() }, StatusCode::OK).await
}

/// `GET /sign-in`: which company is it?
pub(crate) async fn ask_company(headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let next = Pairs::parse(&query.unwrap_or_default()).get("next").to_owned();
    Ok(Html(CompanyPage { theme: theme(&headers), next, problem: "" }.render()?).into_response())
}

/// `POST /sign-in`: its page, by its domain or by that of an address. What it says depends on no single user.
pub(crate) async fn find_company(State(app): State<Arc<App>>, request: Request) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let form = read(request).await?;
    let named = form.get("company").trim().to_lowercase();
    let found = app
        .read(move |db| {
            let tenant = match db.tenant_of_host(&named)? {
                Some(tenant) => Some(tenant),
                None => db.tenant_of_mail(&named)?,
            };
            tenant.map_or(Ok(None), |tenant| db.provider(tenant))
        })
        .await?;
    let next = form.get("next").to_owned();
    if let Some(provider) = found {
        let to = format!("/sign-in/{}?next={}", text::encode(&provider.domain), text::encode(&next));
        return Ok(Redirect::to(&to).into_response());
    }
    let page = CompanyPage { theme: theme(&headers), next, problem: NO_COMPANY };
    Ok((StatusCode::NOT_FOUND, Html(page.render()?)).into_response())
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
    let blank = LoginPage {
        login: login.clone(),
        next: next.clone(),
        domain: form.get("domain").to_owned(),
        ..LoginPage::default()
    };
    let (name, from, now) = (login.clone(), address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        app.counters.throttled.fetch_add(1, Relaxed);
        let page = LoginPage { problem: LOCKED, ..blank };
        return show(&app, &headers, page, StatusCode::TOO_MANY_REQUESTS).await;
    }
    let name = login.clone();
    let (host, domain) = (host(&headers).to_owned(), blank.domain.clone());
    let account = app
        .read(move |db| {
            let tenant = match db.tenant_of_host(&host)? {
                Some(tenant) => Some(tenant),
                None => db.tenant_of_host(&domain)?,
            };
            db.account_by_login(&name, tenant)
        })
        .await?;
    let stored = account.as_ref().filter(|a| !a.suspended).and_then(|a| a.password.clone());
    let fits = aside(&app.hashing, move || password::matches(&given, stored.as_deref())).await?;
    let Some(account) = account.filter(|_| fits) else {
        return refuse(&app, &headers, LoginPage { problem: WRONG, ..blank }, address).await;
    };
    if !account.local_sign_in {
        // Told to nobody but who knows the password.
        return show(&app, &headers, LoginPage { problem: ELSEWHERE, ..blank }, StatusCode::FORBIDDEN).await;
    }
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

/// The same for somebody whom the company's identity provider knows. AUTH-24.
pub(crate) async fn begin_elsewhere(
    app: &App,
    id: UserId,
    headers: &HeaderMap,
    address: String,
    to: &str,
) -> Result<Response, Fault> {
    session(app, id, headers, address, (Stage::Elsewhere, SESSION_MS, to)).await
}

/// The sign-in page with what went wrong, for who came without a password.
pub(crate) async fn refused(
    app: &App,
    headers: &HeaderMap,
    next: &str,
    problem: &'static str,
) -> Result<Response, Fault> {
    let page = LoginPage { next: next.to_owned(), problem, ..LoginPage::default() };
    show(app, headers, page, StatusCode::UNAUTHORIZED).await
}

/// The sign-in page of a company with what went wrong elsewhere.
pub(crate) async fn told(
    app: &App,
    headers: &HeaderMap,
    domain: &str,
    (problem, status): (&'static str, StatusCode),
) -> Result<Response, Fault> {
    show(app, headers, LoginPage { domain: domain.to_owned(), problem, ..LoginPage::default() }, status).await
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
    let (host, domain) = (host(headers).to_owned(), page.domain.clone());
    let (support, face, provider, several) = app
        .read(move |db| {
            let named = match db.tenant_of_host(&domain)? {
                Some(tenant) => Some(tenant),
                None => db.tenant_of_host(&host)?,
            };
            let only = db.only_tenant()?;
            let provider = named.or(only).map_or(Ok(None), |tenant| db.provider(tenant))?;
            let face = named.map(|tenant: TenantId| db.face_of(tenant)).transpose()?;
            let asks = named.or(only).is_none() && db.has_providers()?;
            Ok::<_, QueryError>((db.support_contact(named)?, face, provider, asks))
        })
        .await?;
    let sso = |next: &str, domain: &str| {
        format!("/sign-in/{}/sso?next={}", text::encode(domain), text::encode(next))
    };
    let page = LoginPage {
        theme: theme(headers),
        support,
        company: face.map(|face| face.name).unwrap_or_default(),
        local: provider.as_ref().is_none_or(|provider| provider.local),
        sso: provider.map(|provider| sso(&page.next, &provider.domain)).unwrap_or_default(),
        asks_company: several,
        ..page
    };
    Ok((status, Html(page.render()?)).into_response())
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
pub(crate) const ELSEWHERE: &str = "Your company signs in with its own account. Use the button for it.";
const NO_COMPANY: &str =
    "There is no single sign-on for this. Sign in with your password, or ask your administrator.";
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
