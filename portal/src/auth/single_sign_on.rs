//! Single sign-on: to the company's identity provider and back. OpenID Connect Core 1.0 §3.1 (authorisation code) with
//! PKCE (RFC 7636), state and nonce; the journey is bound to the browser by a cookie. AUTH-24.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{
    UserId,
    query::QueryError,
    sign_in::{Account, Known, Match, Provider, SignInError, Sought},
};
use sha2::{Digest, Sha256};

use super::{
    Who, cookie,
    id_token::Claims,
    login,
    openid::{Endpoints, Exchange, OpenIdError},
    peer,
    pending::{LASTS_MS, random, text},
    same_site,
    site::base,
};
use crate::{
    error::Fault,
    proof::journey::{Journey, Purpose},
    query::Pairs,
    reply,
    state::App,
};

/// `GET /sign-in/{domain}/sso?next=`.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let next = Pairs::parse(&query.unwrap_or_default()).get("next").to_owned();
    let provider = app
        .read(move |db| match db.tenant_of_host(&domain)? {
            Some(tenant) => db.provider(tenant),
            None => Ok(None),
        })
        .await?;
    let Some(provider) = provider else { return Ok(Redirect::to("/login").into_response()) };
    depart(&app, &headers, &provider, Purpose::SignIn(next)).await
}

/// `GET /security/single-sign-on`: links the account that the provider then names.
pub(crate) async fn link(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    if !same_site(&headers) {
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let tenant = who.tenant;
    let Some(provider) = app.read(move |db| db.provider(tenant)).await? else { return Err(Fault::NotFound) };
    depart(&app, &headers, &provider, Purpose::Link(who.user)).await
}

/// `POST /security/single-sign-on/unlink`.
pub(crate) async fn unlink(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let user = who.user;
    app.db(move |db| db.unlink_identities(user)).await?;
    Ok(reply::see_other("/security", "Your account there is no longer linked."))
}

/// `GET /sign-in/sso/callback`: the way back.
pub(crate) async fn arrive(State(app): State<Arc<App>>, request: Request) -> Result<Response, Fault> {
    let address = peer(&request).map(|ip| ip.to_string()).unwrap_or_default();
    let (query, headers) = (request.uri().query().unwrap_or_default(), request.headers().clone());
    let said = Pairs::parse(query);
    let now = Utc::now().timestamp_millis();
    let journey = app.journeys.take(said.get("state"), now);
    let ours = cookie(&headers, COOKIE);
    let Some(journey) = journey.filter(|journey| ours.as_ref() == Some(&journey.browser)) else {
        return turned_away(&app, &headers, "", STALE, StatusCode::FORBIDDEN).await;
    };
    let tenant = journey.tenant;
    let provider = app.read(move |db| db.provider(tenant)).await?;
    let Some(provider) = provider else {
        return turned_away(&app, &headers, "", STALE, StatusCode::FORBIDDEN).await;
    };
    let claims = match claims(&app, &provider, &journey, &said).await {
        Ok(claims) => claims,
        Err((problem, status)) => {
            return turned_away(&app, &headers, &provider.domain, problem, status).await;
        }
    };
    match journey.purpose {
        Purpose::SignIn(next) => {
            let found = known(&app, &provider, claims).await?;
            let Some(account) = found.filter(|account| !account.suspended) else {
                tracing::warn!(tenant.id = tenant.0, peer.addr = %address, "the identity provider named nobody who may sign in");
                return turned_away(&app, &headers, &provider.domain, NOBODY, StatusCode::FORBIDDEN).await;
            };
            app.counters.sign_ins.fetch_add(1, Relaxed);
            let to = login::target(&next, &account.viewer);
            login::begin_elsewhere(&app, account.id, &headers, address, to).await
        }
        Purpose::Link(user) => linked(&app, &headers, &provider, (user, claims)).await,
    }
}

/// Off to the provider.
async fn depart(
    app: &App,
    headers: &HeaderMap,
    provider: &Provider,
    purpose: Purpose,
) -> Result<Response, Fault> {
    let endpoints = match app.openid.endpoints(&provider.issuer).await {
        Ok(endpoints) => endpoints,
        Err(error) => {
            note(provider, &error);
            return turned_away(app, headers, &provider.domain, UNREACHABLE, StatusCode::BAD_GATEWAY).await;
        }
    };
    let journey = Journey {
        tenant: provider.tenant,
        nonce: text(&random::<24>()?),
        verifier: text(&random::<32>()?),
        redirect: format!("{}{CALLBACK}", base(app, headers).await?),
        browser: text(&random::<24>()?),
        purpose,
    };
    let (browser, address) = (journey.browser.clone(), address(provider, &endpoints, &journey));
    let state = app.journeys.keep(journey, Utc::now().timestamp_millis())?;
    let mut answer = Redirect::to(&format!("{address}&state={state}")).into_response();
    let secure = if app.settings.secure_cookies { "; Secure" } else { "" };
    let line = format!(
        "{COOKIE}={browser}; Path=/sign-in; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        LASTS_MS / 1000
    );
    let value = HeaderValue::from_str(&line).map_err(|e| Fault::Internal(e.to_string()))?;
    answer.headers_mut().append(header::SET_COOKIE, value);
    Ok(answer)
}

/// OpenID Connect Core §3.1.2.1.
fn address(provider: &Provider, endpoints: &Endpoints, journey: &Journey) -> String {
    let query = Pairs::default()
        .with("response_type", "code")
        .with("client_id", &provider.client)
        .with("redirect_uri", &journey.redirect)
        .with("scope", "openid email profile")
        .with("nonce", &journey.nonce)
        .with("code_challenge", &text(&Sha256::digest(&journey.verifier)))
        .with("code_challenge_method", "S256")
        .text();
    let joint = if endpoints.authorization.contains('?') { '&' } else { '?' };
    format!("{}{joint}{query}", endpoints.authorization)
}

/// What the provider says about who came back.
async fn claims(
    app: &App,
    provider: &Provider,
    journey: &Journey,
    said: &Pairs,
) -> Result<Claims, (&'static str, StatusCode)> {
    if said.has("error") || !said.has("code") {
        let why: String = said.get("error").chars().take(100).collect();
        tracing::warn!(tenant.id = provider.tenant.0, "the identity provider refused a sign-in: {why}");
        return Err((REFUSED, StatusCode::FORBIDDEN));
    }
    // RFC 9207: who answers says so, if it can.
    let answered = said.get("iss");
    if !answered.is_empty() && answered.trim_end_matches('/') != provider.issuer.trim_end_matches('/') {
        return Err((STALE, StatusCode::FORBIDDEN));
    }
    let exchange = Exchange {
        code: said.get("code"),
        verifier: &journey.verifier,
        redirect: &journey.redirect,
        nonce: &journey.nonce,
        now: Utc::now().timestamp(),
    };
    app.openid.redeem(provider, exchange).await.map_err(|error| {
        note(provider, &error);
        match error {
            OpenIdError::Token(_) => (NOT_VALID, StatusCode::FORBIDDEN),
            _ => (UNREACHABLE, StatusCode::BAD_GATEWAY),
        }
    })
}

/// The user whom the claims mean.
async fn known(app: &App, provider: &Provider, claims: Claims) -> Result<Option<Account>, Fault> {
    let (tenant, by, issuer) = (provider.tenant, provider.by.clone(), provider.issuer.clone());
    let now = Utc::now().timestamp_millis();
    app.read(move |db| {
        let sought = match &by {
            Match::Email => Sought::Email(claims.email()),
            Match::Claim(name) => Sought::Login(claims.text(name)),
            Match::Linked => Sought::Nothing,
        };
        db.sign_in_as(tenant, identity(&claims, &issuer), sought, now)
    })
    .await
}

async fn linked(
    app: &App,
    headers: &HeaderMap,
    provider: &Provider,
    (user, claims): (UserId, Claims),
) -> Result<Response, Fault> {
    let still = super::who(app, headers).await?.is_some_and(|who| who.user == user);
    if !still {
        return turned_away(app, headers, &provider.domain, STALE, StatusCode::FORBIDDEN).await;
    }
    let (issuer, now) = (provider.issuer.clone(), Utc::now().timestamp_millis());
    let linked = app
        .read(move |db| match db.link_identity(user, identity(&claims, &issuer), now) {
            Ok(()) => Ok(true),
            Err(SignInError::Sqlite(error)) => Err(QueryError::from(error)),
            Err(_) => Ok(false),
        })
        .await?;
    match linked {
        true => Ok(reply::see_other("/security", "Your account is linked.")),
        false => Err(Fault::Forbidden(TAKEN)),
    }
}

fn identity<'a>(claims: &'a Claims, issuer: &'a str) -> Known<'a> {
    let shown = [claims.email(), claims.text("preferred_username"), claims.text("name"), claims.subject()];
    let shown = shown.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    Known { issuer, subject: claims.subject(), shown }
}

async fn turned_away(
    app: &App,
    headers: &HeaderMap,
    domain: &str,
    problem: &'static str,
    status: StatusCode,
) -> Result<Response, Fault> {
    app.counters.sign_in_failures.fetch_add(1, Relaxed);
    login::told(app, headers, domain, (problem, status)).await
}

fn note(provider: &Provider, error: &OpenIdError) {
    tracing::warn!(tenant.id = provider.tenant.0, "single sign-on: {error}");
}

/// Registered with the provider, behind the portal's address.
pub(crate) const CALLBACK: &str = "/sign-in/sso/callback";
const COOKIE: &str = "sso";
const STALE: &str = "This sign-in was not begun in this browser, or took too long. Begin again.";
const UNREACHABLE: &str =
    "Your company's sign-in service cannot be reached. Try again in a minute, or ask your administrator.";
const REFUSED: &str = "Your company's sign-in service did not let you in.";
const NOT_VALID: &str = "The answer of your company's sign-in service is not valid. Try again; if it stays so, ask your administrator.";
const NOBODY: &str = "Nobody here belongs to this account. Ask your administrator, or sign in otherwise and link it under Security.";
const TAKEN: &str = "This account is linked with somebody else, or another one is linked with you";
