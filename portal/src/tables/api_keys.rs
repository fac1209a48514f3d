//! What API keys have beside their form: the key, shown once, and a new one in its place.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{Resource, resources::api_keys::API_KEYS};

use super::Beside;
use crate::{auth::Who, error::Fault, reply, state::App};

/// Whether a table is that of API keys.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == API_KEYS.name
}

/// Beside the form of one key.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, &API_KEYS, id)).await?.ok_or(Fault::NotFound)?;
    let shown = |name: &str| row.shown.get(name).cloned().unwrap_or_default();
    let side = KeySide {
        key: app.once.take(who.session, KEPT_AT - id),
        made_by: shown("made_by"),
        last_used: shown("last_used"),
        may_write: who.may_write(&API_KEYS),
    };
    let after = KeyForm { id, csrf: &who.csrf }.render()?;
    Ok(Beside { side: side.render()?, after, ..Beside::default() })
}

/// The key of a new row; the field under which REST tells it.
pub(crate) async fn made(app: &App, who: &Who, id: i64) -> Result<(&'static str, String), Fault> {
    let (author, now) = (who.author("portal"), chrono::Utc::now().timestamp_millis());
    let key = app.db(move |db| db.issue_api_key(&author, id, now)).await?;
    Ok((KEY, key))
}

/// Keeps the key of a new row for its page.
pub(crate) fn keep(app: &App, who: &Who, id: i64, key: String) {
    app.once.keep(who.session, KEPT_AT - id, key);
}

/// `POST /admin/api_keys/{id}/key`: a new key, shown on the next page only; the old one ends.
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    who.writable(API_KEYS.name)?;
    let (_, key) = made(&app, &who, id).await?;
    keep(&app, &who, id, key);
    Ok(reply::see_other(&format!("/admin/{}/{id}", API_KEYS.name), "New key made. It is shown this once."))
}

#[derive(Template)]
#[template(path = "parts/api_key.html")]
struct KeySide {
    key: Option<String>,
    made_by: String,
    last_used: String,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "parts/api_key_form.html")]
struct KeyForm<'a> {
    id: i64,
    csrf: &'a str,
}

/// Under this name REST tells a new key.
pub(crate) const KEY: &str = "key";
/// Secrets of several tables wait in one place; those of keys far below zero.
const KEPT_AT: i64 = -1 << 40;
