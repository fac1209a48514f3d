//! What administrators have beside their form: a one-time link with which they set a password.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{Resource, query::QueryError, resources::administrators::ADMINISTRATORS};

use super::Beside;
use crate::{auth::Who, error::Fault, reply, state::App};

/// Whether a table is that of administrators.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == ADMINISTRATORS.name
}

/// Beside the form of one administrator.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let path = app.once.take(who.session, -id);
    let link = path.map(|path| format!("{}{path}", app.settings.base_url.trim_end_matches('/')));
    let part = AdministratorSide { link, may_write: who.may_write(&ADMINISTRATORS) };
    let after = LinkForm { id, csrf: &who.csrf }.render()?;
    Ok(Beside { side: part.render()?, after, ..Beside::default() })
}

/// `POST /admin/administrators/{id}/setup-link`: a link, shown on the next page only. Not for those of a higher level.
pub(crate) async fn setup_link(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let of = who.writable(ADMINISTRATORS.name)?;
    let (viewer, level) = (who.viewer(), who.level);
    let link = app
        .db(move |db| {
            let row = db.get(&viewer, of, id)?.ok_or(Fault::NotFound)?;
            let account = db
                .account(config::AdministratorId(row.id))
                .map_err(QueryError::from)?
                .ok_or(Fault::NotFound)?;
            if account.level > level {
                return Err(Fault::Forbidden("Only somebody of the same level can do this"));
            }
            Ok(db.new_setup_link(Some(&account.login))?)
        })
        .await?;
    tracing::info!(tenant.id = who.tenant.0, "{} made a setup link for {}", who.login, link.login);
    app.once.keep(who.session, -id, link.path);
    Ok(reply::see_other(
        &format!("/admin/{}/{id}", ADMINISTRATORS.name),
        "Setup link made. It is shown this once.",
    ))
}

#[derive(Template)]
#[template(path = "parts/administrator.html")]
struct AdministratorSide {
    link: Option<String>,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "parts/link_form.html")]
struct LinkForm<'a> {
    id: i64,
    csrf: &'a str,
}
