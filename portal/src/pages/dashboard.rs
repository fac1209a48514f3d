//! `/admin`: what runs now, who is registered, what changed last, how to register a phone. A-01.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Utc;
use config::{audit::AuditEntry, query::ListQuery, resources::devices::DEVICES};

use super::live_calls;
use crate::{
    assets::icon, auth::Who, calls::LiveRow, error::Fault, menu::Item, reply, state::App, tables::devices,
    text::At, view::Page,
};

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    page: Page,
    revision: i64,
    stats: Stats,
    calls: Vec<LiveRow>,
    more: usize,
    csrf: String,
    register: String,
    links: Vec<Item>,
    audit: Vec<AuditView>,
}

/// The figures on top.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Stats {
    pub calls: usize,
    pub talking: usize,
    pub ringing: usize,
    pub registered: usize,
    pub devices: usize,
    pub mos: f32,
}

/// A change in one line.
#[derive(Debug)]
struct AuditView {
    what: String,
    detail: String,
    who: String,
    via: String,
    icon: &'static str,
    at: At,
}

/// `GET /admin`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let viewer = who.viewer();
    let entries = app.read(move |db| db.audit(&viewer, None, None, LATEST)).await?;
    let mut page = Page::new(&app, &who, "/admin", "Dashboard").listening("stats,calls:8");
    page.crumbs.truncate(1);
    let (calls, more) = live_calls::rows(&app, &who, SHOWN, Utc::now().timestamp_millis());
    reply::html(&Dashboard {
        revision: app.live.revision(),
        stats: stats(&app, &who).await?,
        calls,
        more,
        csrf: who.csrf.clone(),
        register: devices::how_to_register(&app, "", "from the device's page")?,
        links: links(&who),
        audit: entries.into_iter().map(AuditView::from).collect(),
        page,
    })
}

/// Counts what runs and who is there.
pub(crate) async fn stats(app: &App, who: &Who) -> Result<Stats, Fault> {
    let viewer = who.viewer();
    let query = ListQuery { limit: 1, ..ListQuery::default() };
    let devices = app.db(move |db| db.list(&viewer, &DEVICES, &query)).await?.of;
    let calls = app.live.calls(who.tenant);
    let talking = calls.iter().filter(|call| call.answered_at.is_some()).count();
    let heard = calls.iter().flat_map(|call| &call.legs).map(|leg| leg.mos_heard).filter(|mos| *mos > 0.0);
    let (sum, count) = heard.fold((0.0, 0_u16), |(sum, count), mos| (sum + mos, count + 1));
    Ok(Stats {
        calls: calls.len(),
        talking,
        ringing: calls.len() - talking,
        registered: devices::registered(app, who).len(),
        devices: usize::try_from(devices).unwrap_or_default(),
        mos: if count > 0 { sum / f32::from(count) } else { 0.0 },
    })
}

/// The figures as HTML.
pub(crate) fn stats_part(stats: Stats) -> Result<String, Fault> {
    Ok(StatsPart { stats }.render()?)
}

#[derive(Template)]
#[template(path = "parts/stats.html")]
struct StatsPart {
    stats: Stats,
}

/// New rows of the tables that belong to the organization.
fn links(who: &Who) -> Vec<Item> {
    let theirs = config::resources::ALL
        .iter()
        .filter(|of| of.menu == "Organization" && !of.single && who.may_write(of))
        .take(2);
    let link = |of: &&'static config::Resource| Item {
        label: of.many,
        href: format!("/admin/{}", of.name),
        icon: of.icon,
        current: false,
        key: "",
    };
    theirs.map(link).collect()
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let one = config::resources::by_name(&entry.table).map_or(entry.table.as_str(), |of| of.one);
        let (verb, icon) = match entry.action.as_str() {
            "create" => ("added", icon("plus")),
            "delete" => ("deleted", icon("trash")),
            "renew" => ("given a new secret", icon("key")),
            "reveal" => ("secret shown", icon("eye")),
            "password" => ("password set", icon("key")),
            "setup_link" => ("given a setup link", icon("link")),
            "reset_password" => ("given a temporary password", icon("key")),
            "second_factor" => ("protected by a second factor", icon("shield")),
            "second_factor_off" => ("without a second factor", icon("shield")),
            "sign_in" => ("signed in", icon("logout")),
            "sign_in_failed" => ("refused at sign-in", icon("lock")),
            "locked" => ("locked out after ten failed sign-ins", icon("lock")),
            "noticed" => ("changed in the file", icon("database-edit")),
            _ => ("changed", icon("pencil")),
        };
        let label = |name: &String| {
            let of = config::resources::by_name(&entry.table);
            of.and_then(|of| of.field(name)).map_or(name.clone(), |field| field.label.to_owned())
        };
        Self {
            what: format!("{one} {} {verb}", entry.title),
            detail: entry.changes.keys().take(6).map(label).collect::<Vec<_>>().join(", "),
            who: entry.author,
            via: entry.via,
            icon,
            at: At::full(entry.at_ms),
        }
    }
}

/// Latest changes shown.
const LATEST: usize = 8;
/// Live calls shown; the rest is on their own page.
const SHOWN: usize = 8;
