//! `/help`: guides, why a phone does not ring, and whom to ask. NAV-19, TRB-01…08.

pub(crate) mod check;
pub(crate) mod mail_check;
pub(crate) mod report;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{auth::Who, error::Fault, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    page: Page,
    version: &'static str,
    /// Whom the company names; blank if nobody.
    support: String,
}

/// `GET /help`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let tenant = who.tenant;
    let support = app.read(move |db| db.support_contact(Some(tenant))).await?;
    let page = Page::portal(&who, "/help", "Help");
    reply::html(&HelpPage { page, version: env!("CARGO_PKG_VERSION"), support })
}
