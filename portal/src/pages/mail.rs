//! `/admin/mail`: what is on its way by mail, what was sent, what could not be. OPS-11.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::outbox::Mail;

use crate::{
    auth::Who,
    error::{Answer, Fault},
    reply,
    state::App,
    text::At,
    view::Page,
};

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    page: Page,
    csrf: String,
    /// A mail server is named.
    set_up: bool,
    /// They may name one.
    may_set_up: bool,
    /// Where a test message would go; blank if they have no address.
    own_address: String,
    mails: Vec<MailView>,
}

#[derive(Debug)]
struct MailView {
    id: i64,
    what: &'static str,
    recipient: String,
    state: String,
    tint: &'static str,
    attempts: u32,
    error: String,
    at: At,
    /// Of the next attempt.
    next: Option<At>,
}

/// `GET /admin/mail`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    allowed(&who)?;
    let (viewer, user) = (who.viewer(), who.user);
    let (mails, server, account) = app
        .read(move |db| {
            Ok::<_, config::query::QueryError>((db.mails(&viewer)?, db.mail_server()?, db.account(user)?))
        })
        .await?;
    reply::html(&MailPage {
        csrf: who.csrf.clone(),
        set_up: server.is_some(),
        may_set_up: who.may_see(&config::resources::node_settings::NODE_SETTINGS),
        own_address: account.map(|account| account.email).unwrap_or_default(),
        mails: mails.into_iter().map(MailView::from).collect(),
        page: Page::new(&app, &who, "/admin/mail", "Mail").below_menu("System"),
    })
}

/// `POST /admin/mail/test`: a message to oneself.
pub(crate) async fn test(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    allowed(&who)?;
    let (user, tenant) = (who.user, who.tenant);
    let sent = app
        .read(move |db| {
            let address = db.account(user)?.map(|account| account.email).unwrap_or_default();
            if address.is_empty() || db.mail_server()?.is_none() {
                return Ok::<_, config::query::QueryError>(false);
            }
            db.queue_test_mail(tenant, &address)?;
            Ok(true)
        })
        .await?;
    let toast = if sent {
        "A test message is on its way to you."
    } else {
        "Nothing was sent: it needs a mail server and your own e-mail address."
    };
    Ok(reply::see_other("/admin/mail", toast))
}

/// `POST /admin/mail/{id}/retry`: a waiting message goes out now.
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let (viewer, now) = (who.viewer(), Utc::now().timestamp_millis());
    if !app.read(move |db| db.retry_mail(&viewer, id, now)).await? {
        return Err(Fault::NotFound);
    }
    Ok(reply::see_other("/admin/mail", "It is tried again now."))
}

/// `GET /api/v1/mail`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    allowed(&who)?;
    let viewer = who.viewer();
    let items = app.read(move |db| db.mails(&viewer)).await?;
    Ok(Json(serde_json::json!({ "items": items, "total": items.len() })).into_response())
}

fn allowed(who: &Who) -> Result<(), Fault> {
    if who.may_see_mail() { Ok(()) } else { Err(Fault::Forbidden("Your role does not allow this")) }
}

/// What a message is about, for people.
pub(crate) fn kind(key: &str) -> &'static str {
    match key {
        "welcome" => "Welcome",
        "forgotten" => "Forgotten password",
        "new_user" => "New user",
        "password_changed" => "Password changed",
        "issue" => "Status",
        "webhook" => "Licence, to another product",
        "report" => "Problem report",
        "alert" => "Alert",
        _ => "Test message",
    }
}

impl From<Mail> for MailView {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id,
            what: kind(&mail.kind),
            recipient: mail.recipient,
            tint: match mail.state.as_str() {
                "sent" => "ok",
                "failed" => "bad",
                _ => "warn",
            },
            next: (mail.state == "waiting" && mail.attempts > 0).then(|| At::full(mail.next_at)),
            at: At::full(mail.sent_at.unwrap_or(mail.created_at)),
            state: mail.state,
            attempts: mail.attempts,
            error: mail.error,
        }
    }
}
