//! `/setup/{token}` and `/password/set`: the first and every further password. AUTH-05, 07…13.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use chrono::Utc;
use config::{query::QueryError, sign_in::Stage};

use super::{
    Who,
    first_start::{self, Company},
    home, login, password, peer, same_site, theme,
};
use crate::{blocking::aside, error::Fault, query::Pairs, state::App, text};

#[derive(Template, Default)]
#[template(path = "password.html")]
struct PasswordPage {
    theme: String,
    heading: &'static str,
    sentence: String,
    action: String,
    button: &'static str,
    csrf: String,
    login: String,
    ask_current: bool,
    problems: Vec<String>,
    back: &'static str,
    /// Asked of the first administrator.
    company: Option<Company>,
}

/// `GET /setup/{token}`: a one-time link.
pub(crate) async fn setup_page(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let (login, asks) = setup_login(&app, &token).await?.ok_or(Fault::Forbidden(USED_UP))?;
    show_setup(&headers, &token, login, asks.then(|| Company::of(&Pairs::default())), vec![])
}

/// `POST /setup/{token}`: sets the password, uses the link up, signs in.
pub(crate) async fn setup(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    if !same_site(request.headers()) {
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let (headers, address) =
        (request.headers().clone(), peer(&request).map(|ip| ip.to_string()).unwrap_or_default());
    let form = login::read(request).await?;
    let (name, asks) = setup_login(&app, &token).await?.ok_or(Fault::Forbidden(USED_UP))?;
    let mut problems = password::broken(form.get("password"), form.get("confirm"));
    if asks && problems.is_empty() {
        problems = kept(&app, &token, &form).await?;
    }
    if !problems.is_empty() {
        return show_setup(&headers, &token, name, asks.then(|| Company::of(&form)), problems);
    }
    let hash = hashed(&app, form.get("password")).await?;
    let now = Utc::now().timestamp_millis();
    let account = app.db(move |db| db.use_setup_link(&token, &hash, now)).await?;
    tracing::info!("{name} set a password with a setup link");
    let to = home(&account.viewer);
    if !account.local_sign_in {
        return Ok(Redirect::to("/login").into_response());
    }
    if account.has_second_factor {
        return login::half_way(&app, account.id, &headers, address, to).await;
    }
    login::begin(&app, account.id, &headers, address, to).await
}

/// `GET /password/set`.
pub(crate) async fn page(who: Who) -> Result<Response, Fault> {
    show_change(&who, vec![])
}

/// `POST /password/set`: ends the other sessions of this account.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Fault> {
    let form = Pairs::parse(&body);
    let (given, new) = (form.get("current").to_owned(), form.get("password"));
    let (name, from, now) = (who.login.clone(), who.address.clone(), Utc::now().timestamp_millis());
    if app.read(move |db| db.sign_in_lock(&name, &from, now)).await?.is_some() {
        return show_change(&who, vec!["Too many failed tries. Wait 15 minutes.".to_owned()]);
    }
    let mut problems = password::broken(new, form.get("confirm"));
    if !who.must_set_password {
        let id = who.user;
        let stored = app.read(move |db| db.account(id)).await?.and_then(|account| account.password);
        if !aside(&app.hashing, move || password::matches(&given, stored.as_deref())).await? {
            let (name, from) = (who.login.clone(), who.address.clone());
            app.read(move |db| db.sign_in_failed(&name, &from, now)).await?;
            problems.insert(0, "The current password is not right.".to_owned());
        }
    }
    if !problems.is_empty() {
        return show_change(&who, problems);
    }
    let (hash, id) = (hashed(&app, new).await?, who.user);
    app.db(move |db| db.set_password(id, &hash, now)).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} changed their password", who.login);
    // All sessions of the account have ended; this browser gets a new one.
    if who.stage == Stage::Elsewhere {
        return login::begin_elsewhere(&app, id, &headers, who.address.clone(), who.home()).await;
    }
    login::begin(&app, id, &headers, who.address.clone(), who.home()).await
}

async fn hashed(app: &App, new: &str) -> Result<String, Fault> {
    let new = new.to_owned();
    aside(&app.hashing, move || password::hash(&new)).await?.map_err(Fault::Internal)
}

/// Whose link it is, and whether they are asked for their company.
async fn setup_login(app: &App, token: &str) -> Result<Option<(String, bool)>, Fault> {
    let (token, now) = (token.to_owned(), Utc::now().timestamp_millis());
    app.db(move |db| {
        let Some(account) = db.setup_account(&token, now).map_err(QueryError::from)? else { return Ok(None) };
        let asks = first_start::asks(db, &account)?;
        Ok::<_, Fault>(Some((account.login, asks)))
    })
    .await
}

/// What is wrong with what was said of the company; if nothing is, it is kept.
async fn kept(app: &App, token: &str, form: &Pairs) -> Result<Vec<String>, Fault> {
    let (token, form, now) = (token.to_owned(), form.clone(), Utc::now().timestamp_millis());
    let problems = app
        .db(move |db| match db.setup_account(&token, now).map_err(QueryError::from)? {
            Some(account) => first_start::keep(db, &account, &form),
            None => Err(Fault::Forbidden(USED_UP)),
        })
        .await?;
    Ok(problems.iter().map(first_start::sentence).collect())
}

fn show_setup(
    headers: &HeaderMap,
    token: &str,
    login: String,
    company: Option<Company>,
    problems: Vec<String>,
) -> Result<Response, Fault> {
    let page = PasswordPage {
        company,
        theme: theme(headers),
        heading: "Welcome to Dialtone",
        sentence: format!("Choose the password of {login}. You are signed in afterwards."),
        action: format!("/setup/{}", text::encode(token)),
        button: "Set password and sign in",
        login,
        problems,
        ..PasswordPage::default()
    };
    show(page)
}

fn show_change(who: &Who, problems: Vec<String>) -> Result<Response, Fault> {
    let forced = who.must_set_password;
    let page = PasswordPage {
        theme: who.theme.clone(),
        heading: if forced { "Choose your own password" } else { "Change password" },
        sentence: if forced {
            "Your password was set by somebody else or is too old. Nothing else works until you change it."
                .into()
        } else {
            format!("For {}.", who.login)
        },
        action: "/password/set".into(),
        button: "Update",
        csrf: who.csrf.clone(),
        login: who.login.clone(),
        ask_current: !forced,
        problems,
        back: if forced { "" } else { "/security" },
        company: None,
    };
    show(page)
}

fn show(page: PasswordPage) -> Result<Response, Fault> {
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(page.render()?)).into_response())
}

const USED_UP: &str = "This setup link was used already or is too old. On the server, ask for another at the sign-in page, or run `dialtone admin reset-password` on the server";
