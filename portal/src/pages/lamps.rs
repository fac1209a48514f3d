//! `/admin/lamps`: which phone watches what, and how that stands. SIP-27, SIP-28.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use config::{
    Resource,
    query::{ListQuery, QueryError, Row},
    resources::{devices::DEVICES, ring_groups::RING_GROUPS, users::USERS},
};

use crate::{
    auth::Who,
    error::{Answer, Fault},
    live::LiveWatcher,
    reply,
    state::App,
    view::Page,
    zone::{Clock, Shown},
};

#[derive(Template)]
#[template(path = "lamps.html")]
struct LampsPage {
    page: Page,
    lamps: Vec<LampRow>,
    more: usize,
}

#[derive(Template)]
#[template(path = "parts/lamps.html")]
struct LampsPart {
    lamps: Vec<LampRow>,
    more: usize,
}

/// One watcher of one thing.
pub(crate) struct LampRow {
    id: String,
    number: String,
    /// Whose address that is.
    name: String,
    href: String,
    state: &'static str,
    tint: &'static str,
    package: &'static str,
    phone: String,
    phone_href: String,
    until: Shown,
}

/// `GET /admin/lamps`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let page = Page::new(&app, &who, "/admin/lamps", "Lamps").below("Reporting", "").listening("lamps");
    let (lamps, more) = rows(&app, &who).await?;
    reply::html(&LampsPage { page, lamps, more })
}

/// The table alone, for the live stream.
pub(crate) async fn part(app: &App, who: &Who) -> Result<String, Fault> {
    let (lamps, more) = rows(app, who).await?;
    Ok(LampsPart { lamps, more }.render()?)
}

/// `GET /api/v1/live/lamps`.
pub(crate) async fn api(State(app): State<Arc<App>>, who: Who) -> Answer {
    let (watchers, more) = watchers(&app, &who).await?;
    let states = app.live.lamps(who.tenant);
    let total = watchers.len() + more;
    let items: Vec<_> = watchers
        .into_iter()
        .map(|(watcher, phone)| {
            let state = state_of(&states, &watcher.watched);
            serde_json::json!({
                "number": watcher.number, "state": state, "package": watcher.package, "device": watcher.device,
                "device_name": phone, "expires_at": watcher.expires_at,
            })
        })
        .collect();
    Ok(Json(serde_json::json!({ "items": items, "total": total })).into_response())
}

/// Watchers whose phone the viewer may see, with its name; and how many more there are.
async fn watchers(app: &App, who: &Who) -> Result<(Vec<(LiveWatcher, String)>, usize), Fault> {
    let all = app.live.watchers(who.tenant);
    let devices: Vec<i64> = all.iter().map(|watcher| watcher.device.0).collect();
    let names = titles(app, who, &DEVICES, devices).await?;
    let mut seen: Vec<_> =
        all.into_iter().filter_map(|w| names.get(&w.device.0).cloned().map(|name| (w, name))).collect();
    let more = seen.len().saturating_sub(MOST);
    seen.truncate(MOST);
    Ok((seen, more))
}

async fn rows(app: &App, who: &Who) -> Result<(Vec<LampRow>, usize), Fault> {
    let (watchers, more) = watchers(app, who).await?;
    let states = app.live.lamps(who.tenant);
    let of = |kind: &str| watchers.iter().filter_map(|(w, _)| id_of(&w.watched, kind)).collect();
    let users = titles(app, who, &USERS, of("user")).await?;
    let groups = titles(app, who, &RING_GROUPS, of("group")).await?;
    let clock = Clock::of(app, who).await?;
    let row = |(at, (watcher, phone)): (usize, (LiveWatcher, String))| {
        let user = id_of(&watcher.watched, "user").and_then(|id| Some((id, users.get(&id)?)));
        let group = id_of(&watcher.watched, "group").and_then(|id| Some((id, groups.get(&id)?)));
        let (name, href) = match (user, group) {
            (Some((id, name)), _) => (name.clone(), format!("/admin/users/{id}")),
            (None, Some((id, name))) => (name.clone(), format!("/admin/ring_groups/{id}")),
            (None, None) => (String::new(), String::new()),
        };
        let state = state_of(&states, &watcher.watched);
        LampRow {
            id: format!("lamp-{at}"),
            number: watcher.number,
            name,
            href,
            state,
            tint: tint(state),
            package: kind(watcher.package),
            phone,
            phone_href: format!("/admin/devices/{}", watcher.device),
            until: clock.show(watcher.expires_at),
        }
    };
    Ok((watchers.into_iter().enumerate().map(row).collect(), more))
}

/// The titles of rows that the viewer may see.
async fn titles(
    app: &App,
    who: &Who,
    of: &'static Resource,
    mut ids: Vec<i64>,
) -> Result<HashMap<i64, String>, Fault> {
    ids.sort_unstable();
    ids.dedup();
    let viewer = who.viewer();
    let found = app
        .read(move |db| {
            let mut found = HashMap::new();
            for some in ids.chunks(PAGE) {
                let filter = ("id".to_owned(), some.iter().map(i64::to_string).collect());
                let query = ListQuery { filters: vec![filter], limit: PAGE, ..ListQuery::default() };
                let page = db.list(&viewer, of, &query)?;
                found.extend(page.rows.into_iter().map(|row| (row.id, title(&row, of))));
            }
            Ok::<_, QueryError>(found)
        })
        .await?;
    Ok(found)
}

fn title(row: &Row, of: &Resource) -> String {
    row.shown.get(of.title).or_else(|| row.values.get(of.title)).cloned().unwrap_or_default()
}

fn id_of(watched: &str, kind: &str) -> Option<i64> {
    watched.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}

fn state_of(states: &HashMap<String, &'static str>, watched: &str) -> &'static str {
    let usual = if watched.starts_with("user:") { "offline" } else { "idle" };
    states.get(watched).copied().unwrap_or(usual)
}

fn tint(state: &str) -> &'static str {
    match state {
        "on the phone" | "busy" | "on" => "bad",
        "ringing" => "warn",
        "available" => "ok",
        _ => "off",
    }
}

fn kind(package: &str) -> &'static str {
    match package {
        "dialog" => "Calls",
        "presence" => "Presence",
        "message-summary" => "Mailbox",
        _ => "Phone settings",
    }
}

/// More rows than anybody reads.
const MOST: usize = 500;
/// Rows of one question to the database.
const PAGE: usize = 200;
