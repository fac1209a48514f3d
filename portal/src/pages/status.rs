//! What the company tells and where it points to, on the first page of the user portal: status, announcements, links; and
//! whether somebody gets issues by e-mail. EXTL-01…06.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Utc;
use config::{organization::Link, query::QueryError};

use crate::{auth::Who, error::Fault, query::Pairs, reply, state::App};

#[derive(Template)]
#[template(path = "parts/status.html")]
struct StatusPart {
    csrf: String,
    links: Vec<Link>,
    /// Something is announced not to work.
    issue: bool,
    subscribed: bool,
    /// Without an address nothing can be sent.
    has_address: bool,
}

/// Ready HTML for a page of the user portal.
pub(crate) async fn part(app: &App, who: &Who) -> Result<String, Fault> {
    let (tenant, user, now) = (who.tenant, who.user, Utc::now().timestamp_millis());
    let administrator = who.viewer.level > 0;
    let (announcements, links, subscribed, has_address) = app
        .read(move |db| {
            let account = db.account(user)?;
            Ok::<_, QueryError>((
                db.announcements_at(tenant, administrator, now)?,
                db.links_of(tenant, administrator)?,
                db.is_subscribed(user)?,
                account.is_some_and(|account| !account.email.is_empty()),
            ))
        })
        .await?;
    let issue = announcements.iter().any(|one| one.issue);
    let part = StatusPart { csrf: who.csrf.clone(), links, issue, subscribed, has_address };
    Ok(part.render()?)
}

/// `POST /status/subscription`: issues by e-mail with `wants=1`, no longer without.
pub(crate) async fn subscribe(
    State(app): State<Arc<App>>,
    who: Who,
    body: String,
) -> Result<Response, Fault> {
    let wants = Pairs::parse(&body).get("wants") == "1";
    let (user, now) = (who.user, Utc::now().timestamp_millis());
    app.read(move |db| db.subscribe(user, wants, now)).await?;
    let toast = if wants {
        "You get an e-mail when something does not work."
    } else {
        "You get no e-mail about issues any more."
    };
    Ok(reply::see_other("/", toast))
}
