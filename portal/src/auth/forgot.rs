//! `/forgot`: a link by mail for who forgot login name or password, or signs in for the first time. AUTH-17, 19.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use askama::Template;
use axum::{
    extract::{RawQuery, Request, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};
use chrono::Utc;
use config::outbox::MailKind;

use super::{host, login, same_site, theme};
use crate::{error::Fault, query::Pairs, state::App};

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    theme: String,
    /// Somebody who has never signed in.
    new: bool,
    /// The form was sent.
    sent: bool,
}

/// `GET /forgot`, `GET /forgot?new`.
pub(crate) async fn page(headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let new = Pairs::parse(&query.unwrap_or_default()).has("new");
    show(&headers, new, false)
}

/// `POST /forgot`: the answer is the same, and comes as soon, whether or not there is such an account.
pub(crate) async fn send(State(app): State<Arc<App>>, request: Request) -> Result<Response, Fault> {
    if !same_site(request.headers()) {
        app.counters.refused_cross_site.fetch_add(1, Relaxed);
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let headers = request.headers().clone();
    let form = login::read(request).await?;
    let new = form.has("new");
    let (name, host) = (form.get("login").chars().take(254).collect::<String>(), host(&headers).to_owned());
    let kind = if new { MailKind::NewUser } else { MailKind::Forgotten };
    let answer = show(&headers, new, true);
    tokio::spawn(async move {
        let now = Utc::now().timestamp_millis();
        let queued = app.read(move |db| db.mail_link(kind, &name, db.tenant_of_host(&host)?, now)).await;
        if let Err(fault) = queued {
            tracing::error!("portal: a link could not be mailed: {fault}");
        }
    });
    answer
}

fn show(headers: &HeaderMap, new: bool, sent: bool) -> Result<Response, Fault> {
    Ok(Html(ForgotPage { theme: theme(headers), new, sent }.render()?).into_response())
}
