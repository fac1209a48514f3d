//! `/admin/reseller`: what whoever runs the system sets up for customers, in one place: licences sold, how the portal shows
//! itself, links and announcements, mail. Each is edited where it always is; here it is seen and found. R-06.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Utc;
use config::{
    access::OPERATOR,
    customers::selling::Selling,
    organization::{Face, Link},
    query::QueryError,
};

use crate::{auth::Who, error::Fault, reply, state::App, view::Page};

#[derive(Template)]
#[template(path = "reseller.html")]
struct ResellerPage {
    page: Page,
    selling: Selling,
    face: Face,
    links: Vec<Link>,
    /// Titles of what is announced now; whether it is an issue.
    announced: Vec<(String, bool)>,
}

/// `GET /admin/reseller`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    if !who.runs_the_system() {
        return Err(Fault::NotFound);
    }
    let now = Utc::now().timestamp_millis();
    let (selling, face, links, announcements) = app
        .read(move |db| {
            Ok::<_, QueryError>((
                db.selling()?,
                db.face_of(OPERATOR)?,
                db.links_of(OPERATOR, true)?,
                db.announcements_at(OPERATOR, true, now)?,
            ))
        })
        .await?;
    reply::html(&ResellerPage {
        page: Page::new(&app, &who, PATH, "Reseller").below_menu("System"),
        selling,
        face,
        links,
        announced: announcements.into_iter().map(|one| (one.title, one.issue)).collect(),
    })
}

const PATH: &str = "/admin/reseller";
