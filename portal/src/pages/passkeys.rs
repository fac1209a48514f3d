//! `/security/passkeys`: a user's own passkeys are made and removed here. Their use is in [`crate::auth::passkey`]. AUTH-22.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::sign_in::{NewPasskey, Passkey, SignInError};
use serde_json::json;

use super::security;
use crate::{
    auth::{
        Who,
        passkey::{Ceremony, Purpose},
        pending::{LASTS_MS, random, text},
        site::site,
        webauthn::{self, Challenge},
    },
    error::{Answer, Fault},
    query::Pairs,
    reply,
    state::App,
    text::At,
    view::Page,
};

/// A passkey in the list.
#[derive(Debug)]
pub(crate) struct PasskeyView {
    pub id: i64,
    pub name: String,
    pub made: At,
    pub used: Option<At>,
}

#[derive(Template)]
#[template(path = "passkey.html")]
struct PasskeyPage {
    page: Page,
    csrf: String,
    required: bool,
    ask_current: bool,
    problem: &'static str,
}

/// `GET /security/passkeys/new`.
pub(crate) async fn blank(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    show(&app, &who, "", StatusCode::OK).await
}

/// `POST /security/passkeys/challenge`: what the browser needs to make a key; the password first, if they have one.
pub(crate) async fn challenge(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
    body: String,
) -> Answer {
    let form = Pairs::parse(&body);
    if let Err(problem) = security::is_own_password(&app, &who, form.get("current")).await? {
        return Err(Fault::Forbidden(problem).into());
    }
    let (site, user) = (site(&app, &headers).await?, who.user);
    let (keys, handle) = app
        .read(move |db| Ok::<_, config::query::QueryError>((db.passkeys_of(user)?, db.passkey_handle(user)?)))
        .await?;
    let asked = Challenge { site, challenge: random()?, verified: false };
    let had = keys.iter().filter(|key| key.rp == asked.site.rp);
    let had: Vec<_> = had.map(|key| json!({ "type": "public-key", "id": text(&key.credential) })).collect();
    let options = json!({
        "challenge": text(&asked.challenge),
        "rp": { "id": asked.site.rp, "name": who.face.name },
        "user": { "id": text(&handle), "name": who.login, "displayName": who.name },
        "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg })),
        "excludeCredentials": had,
        "authenticatorSelection": { "residentKey": "preferred", "userVerification": "preferred" },
        "attestation": "none",
        "timeout": LASTS_MS,
    });
    let ceremony = Ceremony { asked, purpose: Purpose::New(user, handle) };
    let ceremony = app.ceremonies.keep(ceremony, Utc::now().timestamp_millis())?;
    Ok(Json(json!({ "ceremony": ceremony, "publicKey": options })).into_response())
}

/// `POST /security/passkeys`: keeps the key that the browser made. Recovery codes are shown with the first second factor.
pub(crate) async fn add(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let (form, now) = (Pairs::parse(&body), Utc::now().timestamp_millis());
    let given = app.ceremonies.take(form.get("ceremony"), now);
    let given = given.and_then(|given| match given.purpose {
        Purpose::New(user, handle) if user == who.user => Some((given.asked, handle)),
        _ => None,
    });
    let made =
        given.map(|(asked, handle)| (webauthn::made(form.get("passkey"), &asked), asked.site.rp, handle));
    let Some((Ok(made), rp, handle)) = made else {
        return show(&app, &who, NOT_MADE, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let name: String = form.get("name").trim().chars().take(MOST_NAME).collect();
    let new = NewPasskey {
        name: if name.is_empty() { "Passkey".to_owned() } else { name },
        rp,
        credential: made.credential,
        handle,
        public_key: made.public_key,
        counter: made.counter,
    };
    let codes = config::password::recovery_codes();
    let (kept, owner) = (codes.clone(), (who.user, who.session));
    let added = app
        .db(move |db| match db.add_passkey(owner, &new, &kept, now) {
            Err(SignInError::Taken) => Ok(None),
            other => other.map(Some),
        })
        .await?;
    tracing::info!(tenant.id = who.tenant.0, "{} added a passkey", who.login);
    match added {
        None => show(&app, &who, TAKEN, StatusCode::CONFLICT).await,
        Some(false) => Ok(reply::see_other("/security", "The passkey is added.")),
        Some(true) => security::recovery(&who, "The passkey is added", codes),
    }
}

/// `POST /security/passkeys/{id}/remove`: needs the password, if they have one.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    if let Err(problem) = security::is_own_password(&app, &who, Pairs::parse(&body).get("current")).await? {
        return security::overview(&app, &who, problem, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let user = who.user;
    if !app.db(move |db| db.remove_passkey(user, id)).await? {
        return Err(Fault::NotFound);
    }
    Ok(reply::see_other("/security", "The passkey is removed."))
}

impl From<Passkey> for PasskeyView {
    fn from(key: Passkey) -> Self {
        Self { id: key.id, name: key.name, made: At::full(key.created_at), used: key.used_at.map(At::full) }
    }
}

async fn show(app: &App, who: &Who, problem: &'static str, status: StatusCode) -> Result<Response, Fault> {
    let user = who.user;
    let account = app.read(move |db| db.account(user)).await?.ok_or(Fault::SignIn)?;
    let mut answer = reply::html(&PasskeyPage {
        page: Page::portal(who, "/security", "New passkey").below("Security", "/security"),
        csrf: who.csrf.clone(),
        required: who.must_add_factor,
        ask_current: account.password.is_some(),
        problem,
    })?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// ES256, EdDSA, RS256 (RFC 9053, RFC 8812): with these every authenticator can do one.
const ALGORITHMS: [i32; 3] = [-7, -8, -257];
const MOST_NAME: usize = 64;
const NOT_MADE: &str = "The passkey was not made, or it took too long. Try again.";
const TAKEN: &str = "This passkey is known already, or you have 20 of them.";
