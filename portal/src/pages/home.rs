//! `/`: where a user's own portal begins: what the company says, which rule answers,
//! their last calls, their phones, links. CH-18, DEV-13, AR-07.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{organization::Announcement, query::QueryError};

use super::{
    own_calls::{self, row::CallLine},
    own_phones::{self, PhoneView},
    rules::{self, Active},
    status,
};
use crate::{auth::Who, error::Fault, reply, state::App, view::Page, zone::Clock};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    page: Page,
    name: String,
    /// What stands below the name.
    sentence: String,
    announcements: Vec<Announcement>,
    calls: Vec<CallLine>,
    phones: Vec<PhoneView>,
    /// What happens right now when they are called; `None` without an extension. AR-07.
    now: Option<Active>,
    /// State and links, ready.
    status: String,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let clock = Clock::of(&app, &who).await?;
    let (tenant, user, administrator, now) = (who.tenant, who.user, who.viewer.level > 0, clock.now_ms());
    let (announcements, extension) = app
        .read(move |db| {
            Ok::<_, QueryError>((
                db.announcements_at(tenant, administrator, now)?,
                db.extension_of_user(tenant, user)?,
            ))
        })
        .await?;
    let snapshot = rules::snapshot(&app, &who).await?;
    let user = snapshot.user(tenant, user).filter(|user| user.number.is_some());
    reply::html(&Home {
        now: user.map(|user| rules::active(&snapshot, user, &clock)),
        sentence: match extension {
            Some(number) => format!("Extension {number} at {}", who.face.name),
            None => format!("No extension of your own at {}", who.face.name),
        },
        announcements,
        calls: own_calls::recent(&app, &who, &clock, RECENT).await?,
        phones: own_phones::views(&app, &who, &clock).await?,
        status: status::part(&app, &who).await?,
        name: who.name.clone(),
        page: Page::portal(&who, "/", "Home"),
    })
}

/// Calls shown; the others are on their own page.
const RECENT: usize = 8;
