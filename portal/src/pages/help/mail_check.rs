//! "My mail does not arrive", answered from what is set and what became of the last message; and a test. TRB-07, VMN-10.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use config::{
    Problem, UserId,
    outbox::{Mail, TestMail},
    query::QueryError,
    resources::{node_settings::NODE_SETTINGS, users::USERS},
};
use serde_json::json;

use super::check::Finding;
use crate::{
    auth::Who,
    error::{Answer, Fault},
    pages::mail::kind,
    reply,
    sent::RowId,
    state::App,
    text::At,
    view::Page,
};

#[derive(Template)]
#[template(path = "mail_check.html")]
struct CheckPage {
    page: Page,
    csrf: String,
    name: String,
    /// About themselves.
    own: bool,
    /// Where this page is.
    path: String,
    found: Found,
    /// A test can be sent by who looks.
    may_test: bool,
}

/// What was found about somebody.
struct Found {
    findings: Vec<Finding>,
    /// A message is on its way: the page looks again by itself.
    under_way: bool,
    address: String,
    set_up: bool,
    /// Of the last message: when it was sent, or is tried next.
    at: Option<At>,
}

impl Found {
    fn arrives(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }

    /// The first thing that keeps mail away, or where to look.
    fn answer(&self) -> String {
        let bad = self.findings.iter().find(|finding| !finding.good);
        bad.map_or_else(|| SPAM.to_owned(), |finding| finding.sentence.clone())
    }
}

/// `GET /help/mail-check`: about themselves.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let found = look(&app, &who, who.user).await?;
    let page = Page::portal(&who, OWN, "Why does my mail not arrive?").below("Help", "/help");
    let (csrf, may_test) = (who.csrf.clone(), found.set_up && !found.address.is_empty());
    reply::html(&CheckPage { page, csrf, name: String::new(), own: true, path: OWN.into(), found, may_test })
}

/// `GET /admin/users/{id}/mail-check`: about a user whom they see.
pub(crate) async fn show_user(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let name = seen(&app, &who, id).await?;
    let found = look(&app, &who, UserId(id)).await?;
    let user = format!("/admin/users/{id}");
    let path = format!("{user}/mail-check");
    let page = Page::new(&app, &who, &path, "Why does the mail not arrive?")
        .below("Users", "/admin/users")
        .below(&name, &user);
    let may_test = who.may_write(&USERS) && found.set_up && !found.address.is_empty();
    reply::html(&CheckPage { page, csrf: who.csrf.clone(), name, own: false, path, found, may_test })
}

/// `POST /help/mail-check`: a message to oneself.
pub(crate) async fn test(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    send(&app, &who, who.user, OWN).await
}

/// `POST /admin/users/{id}/mail-check`: a message to a user whom they may change.
pub(crate) async fn test_user(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    who.writable(USERS.name)?;
    seen(&app, &who, id).await?;
    send(&app, &who, UserId(id), &format!("/admin/users/{id}/mail-check")).await
}

/// `GET /api/v1/me/mail-check`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    Ok(json_of(&look(&app, &who, who.user).await?))
}

/// `GET /api/v1/users/{id}/mail-check`.
pub(crate) async fn api_user(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    seen(&app, &who, id).await?;
    Ok(json_of(&look(&app, &who, UserId(id)).await?))
}

/// `POST /api/v1/me/mail-check`: 202, a message to oneself.
pub(crate) async fn api_test(State(app): State<Arc<App>>, who: Who) -> Answer {
    who.table(USERS.name)?;
    api_send(&app, &who, who.user).await
}

/// `POST /api/v1/users/{id}/mail-check`: 202, a message to a user whom they may change.
pub(crate) async fn api_test_user(State(app): State<Arc<App>>, who: Who, RowId(id): RowId) -> Answer {
    who.writable(USERS.name)?;
    seen(&app, &who, id).await?;
    api_send(&app, &who, UserId(id)).await
}

async fn api_send(app: &App, who: &Who, user: UserId) -> Answer {
    let (author, now) = (who.author("api"), Utc::now().timestamp_millis());
    let lacks = |field: &str, message: &str| {
        let problem = Problem { field: field.to_owned(), message: message.to_owned() };
        Err(Fault::Invalid(vec![problem]).into())
    };
    match app.read(move |db| db.test_mail_to(&author, user, now)).await? {
        TestMail::Queued => Ok(StatusCode::ACCEPTED.into_response()),
        TestMail::NoAddress => lacks("email", NO_ADDRESS),
        TestMail::NoServer => lacks("smtp_host", NO_SERVER),
        TestMail::TooSoon => Err(Fault::Already(TOO_SOON).into()),
    }
}

fn json_of(found: &Found) -> Response {
    let body = json!({ "arrives": found.arrives(), "answer": found.answer(), "checks": found.findings });
    Json(body).into_response()
}

/// The name of a user in their scope.
async fn seen(app: &App, who: &Who, id: i64) -> Result<String, Fault> {
    let (of, viewer) = (who.table(USERS.name)?, who.viewer());
    let row = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    Ok(row.shown.get("name").cloned().unwrap_or_default())
}

async fn send(app: &App, who: &Who, user: UserId, back: &str) -> Result<Response, Fault> {
    let (author, now) = (who.author("portal"), Utc::now().timestamp_millis());
    let toast = match app.read(move |db| db.test_mail_to(&author, user, now)).await? {
        TestMail::Queued => "A test message is on its way. What becomes of it stands here.",
        TestMail::NoAddress => NO_ADDRESS,
        TestMail::NoServer => NO_SERVER,
        TestMail::TooSoon => TOO_SOON,
    };
    Ok(reply::see_other(back, toast))
}

async fn look(app: &App, who: &Who, user: UserId) -> Result<Found, Fault> {
    let (account, set_up, last) = app
        .read(move |db| {
            let account = db.account(user)?;
            Ok::<_, QueryError>((account, db.mail_server()?.is_some(), db.last_mail_to(user)?))
        })
        .await?;
    let address = account.ok_or(Fault::NotFound)?.email;
    let under_way = last.as_ref().is_some_and(|mail| mail.state == "waiting" && mail.attempts == 0) && set_up;
    let own = user == who.user;
    let finding = |check, good, sentence: String, href: String| Finding { check, good, sentence, href };
    let at = if own { "/profile".to_owned() } else { format!("/admin/users/{}", user.0) };
    let mut findings = vec![match address.as_str() {
        "" => finding("address", false, "There is no e-mail address to send to.".into(), at),
        address => finding("address", true, format!("Mail goes to {address}."), at),
    }];
    let settings = if who.may_see(&NODE_SETTINGS) { "/admin/node_settings#f-smtp_host" } else { "" };
    findings.push(match set_up {
        true => finding("server", true, "A mail server is named.".into(), settings.into()),
        false => finding(
            "server",
            false,
            "No mail server is named, so no mail is sent. Who runs this system can name one.".into(),
            settings.into(),
        ),
    });
    if !address.is_empty() {
        // What servers say of each other is for administrators.
        let detailed = who.viewer.level > 0;
        let (good, sentence) = last_mail(last.as_ref(), detailed);
        findings.push(finding("last", good, sentence, String::new()));
    }
    let at = last.map(|mail| {
        At::full(if mail.state == "waiting" { mail.next_at } else { mail.sent_at.unwrap_or(mail.created_at) })
    });
    Ok(Found { findings, under_way, address, set_up, at })
}

/// What became of the last message, and whether that is well.
fn last_mail(mail: Option<&Mail>, detailed: bool) -> (bool, String) {
    let Some(mail) = mail else {
        return (true, "No message was sent there lately.".to_owned());
    };
    let what = kind(&mail.kind);
    let why = match (detailed, mail.error.trim_end_matches('.')) {
        (true, error) if !error.is_empty() => error,
        _ => "the mail server did not take it",
    };
    match mail.state.as_str() {
        "sent" => (true, format!("The last message ({what}) was taken by the mail server.")),
        "failed" => (false, format!("The last message ({what}) could not be delivered: {why}.")),
        _ if mail.attempts == 0 => (true, format!("The last message ({what}) is on its way.")),
        _ => (false, format!("The last message ({what}) is tried again later: {why}.")),
    }
}

const NO_ADDRESS: &str = "Nothing was sent: there is no e-mail address.";
const NO_SERVER: &str = "Nothing was sent: no mail server is named.";
const TOO_SOON: &str = "A test was sent less than a minute ago. See what became of it.";
const OWN: &str = "/help/mail-check";
const SPAM: &str =
    "Nothing keeps mail away here. Look into the spam folder, and whether the address is right.";
