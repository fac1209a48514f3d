//! What sites have beside their form: what is there, and a button that makes one the default. ORG-03.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{
    Resource,
    resource::Values,
    resources::{settings::SETTINGS, sites::SITES},
};

use super::{Beside, form, holders};
use crate::{auth::Who, error::Fault, reply, state::App};

/// Whether a table is that of sites.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == SITES.name
}

/// Beside the form of one site.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = holders::beside(app, who, &SITES, id).await?;
    let viewer = who.viewer();
    let site = app.db(move |db| db.get(&viewer, &SITES, id)).await?.ok_or(Fault::NotFound)?;
    let is_default = site.values.get("default").is_some_and(|set| set == super::field::SET);
    let may_change = who.may_write(&SITES) && who.may_write(&SETTINGS);
    beside.head = DefaultHead { is_default, may_change }.render()? + &beside.head;
    if may_change && !is_default {
        beside.after += &DefaultForm { id, csrf: &who.csrf }.render()?;
    }
    Ok(beside)
}

/// `POST /admin/sites/{id}/default`.
pub(crate) async fn make_default(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let of = who.writable(SITES.name)?;
    who.writable(SETTINGS.name)?;
    let settings = form::only_row(&app, &who, &SETTINGS).await?.id;
    let (author, viewer) = (who.author("portal"), who.viewer());
    let site = app.db(move |db| db.get(&viewer, of, id)).await?.ok_or(Fault::NotFound)?;
    let values = Values::from([("default_site".to_owned(), id.to_string())]);
    app.db(move |db| db.update(&author, &SETTINGS, settings, &values, None)).await?;
    Ok(reply::see_other(
        &format!("/admin/{}/{id}", of.name),
        &format!("{} is the default site", form::title(of, &site)),
    ))
}

#[derive(Template)]
#[template(path = "parts/default_site.html")]
struct DefaultHead {
    is_default: bool,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "parts/default_site_form.html")]
struct DefaultForm<'a> {
    id: i64,
    csrf: &'a str,
}
