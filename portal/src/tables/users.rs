//! What users have beside their form: their devices, and a one-time link with which they set a password.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{Resource, UserId, access::Verb, resources::users::USERS};

use super::{Beside, related};
use crate::{auth::Who, error::Fault, reply, state::App};

/// Whether a table is that of users.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == USERS.name
}

/// Beside the form of one user.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &USERS, id).await?;
    let path = app.once.take(who.session, -id);
    let link = path.map(|path| format!("{}{path}", app.settings.base_url.trim_end_matches('/')));
    let may_write = who.may(Verb::Edit, &USERS);
    beside.side = SignInCard { link, may_write }.render()? + &beside.side;
    beside.after += &LinkForm { id, csrf: &who.csrf }.render()?;
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
    Ok(reply::see_other(&format!("/admin/{}/{id}", USERS.name), "Setup link made. It is shown this once."))
}

#[derive(Template)]
#[template(path = "parts/sign_in_card.html")]
struct SignInCard {
    link: Option<String>,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "parts/link_form.html")]
struct LinkForm<'a> {
    id: i64,
    csrf: &'a str,
}
