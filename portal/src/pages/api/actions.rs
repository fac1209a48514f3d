//! What buttons of the pages do that changes no field of a row, for programs: one address each, without a body. Each asks for the
//! right that its button asks for, before it looks for the row. OPS-15.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    DeviceId, Resource, TrunkId, UserId,
    query::QueryError,
    resources::{devices::DEVICES, ldap_settings::LDAP_SETTINGS, trunks::TRUNKS, users::USERS},
};
use serde_json::json;

use crate::{
    auth::{Who, password},
    blocking::aside,
    error::{Answer, Fault},
    sent::RowId,
    state::App,
    tables::ldap_settings,
};

/// `POST /api/v1/users/{id}/setup-link`: `{"url":…}`, told this once.
pub(crate) async fn setup_link(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &USERS, id).await?;
    let author = who.author("api");
    let link = app.db(move |db| db.new_setup_link_for(&author, UserId(id))).await?;
    let url = format!("{}{}", app.settings.base_url.trim_end_matches('/'), link.path);
    Ok((StatusCode::CREATED, Json(json!({ "url": url }))).into_response())
}

/// `POST /api/v1/users/{id}/reset-password`: `{"password":…}`, a temporary one, told this once. AUTH-18.
pub(crate) async fn reset_password(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &USERS, id).await?;
    let made = config::password::temporary();
    let given = made.clone();
    let hash = aside(&app.hashing, move || password::hash(&given)).await?.map_err(Fault::Internal)?;
    let (author, now) = (who.author("api"), Utc::now().timestamp_millis());
    app.db(move |db| db.reset_password(&author, UserId(id), &hash, now)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "password": made }))).into_response())
}

/// `POST /api/v1/users/{id}/welcome-mail`: 202; 409 without a mail server or an address. AUTH-20.
pub(crate) async fn welcome_mail(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &USERS, id).await?;
    let author = who.author("api");
    match app.db(move |db| db.mail_welcome(&author, UserId(id))).await? {
        true => Ok(StatusCode::ACCEPTED.into_response()),
        false => {
            Err(Fault::Already("Nothing was sent: it needs a mail server and the user's e-mail address")
                .into())
        }
    }
}

/// `DELETE /api/v1/users/{id}/second-factor`: 204, for who lost the phone with the app.
pub(crate) async fn remove_second_factor(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &USERS, id).await?;
    let author = who.author("api");
    app.db(move |db| db.remove_authenticator_of(&author, UserId(id))).await?;
    Ok(done())
}

/// `DELETE /api/v1/users/{id}/single-sign-on`: 204, also if nothing was linked. AUTH-24.
pub(crate) async fn unlink(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &USERS, id).await?;
    let author = who.author("api");
    app.db(move |db| db.unlink_identities_of(&author, UserId(id))).await?;
    Ok(done())
}

/// `POST /api/v1/devices/{id}/allow`: 204, the address that all phones share may give it its settings once more.
pub(crate) async fn allow(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &DEVICES, id).await?;
    let author = who.author("api");
    app.db(move |db| db.allow_shared(&author, &DEVICES, id)).await?;
    Ok(done())
}

/// `POST /api/v1/devices/{id}/log-out`: 204, nobody sits at that hotdesk phone any more.
pub(crate) async fn log_out(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &DEVICES, id).await?;
    let author = who.author("api");
    app.db(move |db| Ok::<_, Fault>(db.log_out_hotdesk(&author, DeviceId(id))?)).await?;
    Ok(done())
}

/// `POST /api/v1/trunks/{id}/test`: 202 with `{"asked":…}`, `false` while the trunk is not in use yet.
pub(crate) async fn test_trunk(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    row(&app, &who, &TRUNKS, id).await?;
    let asked = app.live.test_trunk(who.tenant, TrunkId(id));
    Ok((StatusCode::ACCEPTED, Json(json!({ "asked": asked }))).into_response())
}

/// `POST /api/v1/ldap_settings/test`: `{"good":…,"text":…}`, what the customer's directory said.
pub(crate) async fn test_directory(State(app): State<Arc<App>>, who: Who) -> Answer {
    who.writable(LDAP_SETTINGS.name)?;
    let outcome = ldap_settings::tested(&app, &who).await?;
    Ok(Json(json!({ "good": outcome.good, "text": outcome.text })).into_response())
}

/// `POST /api/v1/mail/{id}/retry`: 204, a waiting message goes out now.
pub(crate) async fn retry_mail(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    if !who.may_see_mail() {
        return Err(NOT_ALLOWED.into());
    }
    let (viewer, now) = (who.viewer(), Utc::now().timestamp_millis());
    found(app.read(move |db| db.retry_mail(&viewer, id, now)).await?)
}

/// `DELETE /api/v1/provisioning/{mac}`: 204, the phone is off the list until it asks again.
pub(crate) async fn forget_phone(State(app): State<Arc<App>>, who: Who, Path(mac): Path<String>) -> Answer {
    crate::pages::provisioning::allowed(&who)?;
    if mac.chars().count() > LONGEST_ADDRESS {
        return Err(Fault::NotFound.into());
    }
    app.waiting.forget(who.tenant, &mac);
    Ok(done())
}

/// `GET /api/v1/alerts`: what no administrator has seen yet. GEO-08, SIP-44.
pub(crate) async fn alerts(State(app): State<Arc<App>>, who: Who) -> Answer {
    administers(&who)?;
    let tenant = who.tenant;
    let items: Vec<_> = app
        .read(move |db| db.alerts(tenant))
        .await?
        .into_iter()
        .map(|alert| json!({ "id": alert.id, "at": alert.at, "kind": alert.kind, "text": alert.text }))
        .collect();
    Ok(Json(json!({ "items": items, "total": items.len() })).into_response())
}

/// `POST /api/v1/alerts/{id}/seen`: 204.
pub(crate) async fn see_alert(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    administers(&who)?;
    let (author, now) = (who.author("api"), Utc::now().timestamp_millis());
    found(app.db(move |db| Ok::<_, QueryError>(db.see_alert(&author, id, now)?)).await?)
}

/// Whether they may change such rows, and that one is theirs.
async fn row(app: &App, who: &Who, of: &'static Resource, id: i64) -> Result<(), Fault> {
    who.writable(of.name)?;
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, of, id)).await?.map(drop).ok_or(Fault::NotFound)
}

fn administers(who: &Who) -> Result<(), Fault> {
    if who.viewer.level == 0 { Err(NOT_ALLOWED) } else { Ok(()) }
}

fn found(is_there: bool) -> Answer {
    if is_there { Ok(done()) } else { Err(Fault::NotFound.into()) }
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Of a phone, as it is written in the path. [characters]
const LONGEST_ADDRESS: usize = 100;
const NOT_ALLOWED: Fault = Fault::Forbidden("Your role does not allow this");
