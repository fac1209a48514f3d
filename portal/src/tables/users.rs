//! What users have beside their form: their devices, and how they sign in. AUTH-18, 20, 22, 24.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::Utc;
use config::{Resource, UserId, access::Verb, query::QueryError, resources::users::USERS};

use super::{Beside, pins, related};
use crate::{
    auth::{Who, password},
    blocking::aside,
    error::Fault,
    reply,
    state::App,
};

/// Whether a table is that of users.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == USERS.name
}

/// Beside the form of one user.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &USERS, id).await?;
    let viewer = who.viewer();
    let account = app
        .db(move |db| {
            db.get(&viewer, &USERS, id)?.ok_or(Fault::NotFound)?;
            db.account(UserId(id)).map_err(QueryError::from)?.ok_or(Fault::NotFound)
        })
        .await?;
    let identity = app.read(move |db| db.identity_of(UserId(id))).await?;
    let card = SignInCard {
        id,
        secret: app.once.take(who.session, -id).map(|text| Secret::of(app, text)),
        may_write: who.may(Verb::Edit, &USERS),
        login: account.login,
        has_password: account.password.is_some(),
        has_address: !account.email.is_empty(),
        has_second_factor: account.has_second_factor,
        identity: identity.map(|identity| (identity.shown, identity.issuer)),
    };
    beside.side = card.render()? + &beside.side;
    beside.after += &Forms { id, csrf: &who.csrf }.render()?;
    pins::add(app, who, id, &mut beside).await?;
    Ok(beside)
}

/// `POST /admin/users/{id}/setup-link`: a link, shown on the next page only.
pub(crate) async fn setup_link(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    let link = app.db(move |db| db.new_setup_link_for(&author, UserId(id))).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} made a setup link for {}", who.login, link.login);
    app.once.keep(who.session, -id, link.path);
    Ok(back(id, "Setup link made. It is shown this once."))
}

/// `POST /admin/users/{id}/reset-password`: a temporary password, shown on the next page only. AUTH-18.
pub(crate) async fn reset_password(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let made = config::password::temporary();
    let given = made.clone();
    let hash = aside(&app.hashing, move || password::hash(&given)).await?.map_err(Fault::Internal)?;
    let (author, now) = (who.author("portal"), Utc::now().timestamp_millis());
    app.db(move |db| db.reset_password(&author, UserId(id), &hash, now)).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} reset the password of user {id}", who.login);
    app.once.keep(who.session, -id, made);
    Ok(back(id, "Temporary password made. It is shown this once."))
}

/// `POST /admin/users/{id}/welcome-mail`: login name and link once more. AUTH-20.
pub(crate) async fn welcome_mail(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    let sent = app.db(move |db| db.mail_welcome(&author, UserId(id))).await?;
    Ok(back(id, if sent { "The welcome mail is on its way." } else { NO_MAIL }))
}

/// `POST /admin/users/{id}/remove-second-factor`, for who lost the phone with the app.
pub(crate) async fn remove_second_factor(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    app.db(move |db| db.remove_authenticator_of(&author, UserId(id))).await?;
    tracing::info!(tenant.id = who.tenant.0, "{} removed the second factor of user {id}", who.login);
    Ok(back(id, "The second factor is removed."))
}

/// `POST /admin/users/{id}/unlink`: who they are at the company's identity provider is forgotten. AUTH-24.
pub(crate) async fn unlink(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    let toast = match app.db(move |db| db.unlink_identities_of(&author, UserId(id))).await? {
        true => "The account at the identity provider is no longer linked.",
        false => "Nothing was linked.",
    };
    tracing::info!(tenant.id = who.tenant.0, "{} unlinked the single sign-on of user {id}", who.login);
    Ok(back(id, toast))
}

fn back(id: i64, toast: &str) -> Response {
    reply::see_other(&format!("/admin/{}/{id}", USERS.name), toast)
}

/// What is shown this once.
struct Secret {
    title: &'static str,
    text: String,
    help: &'static str,
    id: &'static str,
}

impl Secret {
    /// A path is a link, all else a password.
    fn of(app: &App, text: String) -> Self {
        if text.starts_with('/') {
            Self {
                title: "Setup link",
                text: format!("{}{text}", app.settings.base_url.trim_end_matches('/')),
                help: "Whoever opens it sets the password of this user. It works once, for a week.",
                id: "setup-link",
            }
        } else {
            Self {
                title: "Temporary password",
                text,
                help: "Tell it to the user. They have to change it when they sign in.",
                id: "temporary-password",
            }
        }
    }
}

#[derive(Template)]
#[template(path = "parts/sign_in_card.html")]
struct SignInCard {
    id: i64,
    secret: Option<Secret>,
    may_write: bool,
    login: String,
    has_password: bool,
    has_address: bool,
    has_second_factor: bool,
    /// Who they are at the company's identity provider, and the provider.
    identity: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "parts/link_form.html")]
struct Forms<'a> {
    id: i64,
    csrf: &'a str,
}

const NO_MAIL: &str = "No mail was sent: name a mail server in the system settings first.";
