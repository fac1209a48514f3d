//! `/`: where a user's own portal begins.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{query::ListQuery, resources::users::USERS};

use super::status;
use crate::{auth::Who, error::Fault, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    name: String,
    login: String,
    /// Blank if they have none.
    extension: String,
    email: String,
    /// What the company tells, ready.
    status: String,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let own = config::access::Viewer { reach: config::access::Reach::Own, ..who.viewer };
    let query = ListQuery { limit: 1, ..ListQuery::default() };
    let row = app.db(move |db| db.list(&own, &USERS, &query)).await?.rows.into_iter().next();
    let text = |name: &str| row.as_ref().and_then(|row| row.shown.get(name).cloned()).unwrap_or_default();
    reply::html(&Home {
        extension: text("extension"),
        email: text("email"),
        status: status::part(&app, &who).await?,
        name: who.name.clone(),
        login: who.login.clone(),
        page: Page::portal(&who, "/", "Home"),
    })
}
