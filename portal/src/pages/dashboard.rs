//! `/admin`: how the company telephones, what runs now, who is registered, what changed last. A-01, DSH-01…04.

mod calls;
mod chart;
mod company;
mod updates;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Utc;
use config::{
    organization::{Announcement, Link},
    query::ListQuery,
    resources::devices::DEVICES,
};

use super::live_calls;
use crate::{auth::Who, calls::LiveRow, error::Fault, reply, state::App, tables::devices, view::Page};
use calls::{Calls, Today};
use chart::Series;
use company::{Licence, Site};
use updates::Update;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    page: Page,
    stats: Stats,
    charts: Charts,
    calls: Vec<LiveRow>,
    more: usize,
    csrf: String,
    /// How to register a phone, as long as none is.
    register: String,
    may_add_users: bool,
    sites: Vec<Site>,
    licences: Vec<Licence>,
    updates: Vec<Update>,
    announcements: Vec<Announcement>,
    links: Vec<Link>,
}

/// The three charts as SVG, with what their colours mean.
#[derive(Debug)]
struct Charts {
    hours: (String, Vec<Series>),
    days: (String, Vec<Series>),
    talk: (String, Vec<Series>),
    talk_unit: &'static str,
}

/// The figures on top.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Stats {
    pub calls: usize,
    pub talking: usize,
    pub ringing: usize,
    pub registered: usize,
    pub devices: usize,
    pub mos: f32,
    pub users: u64,
    pub suspended: u64,
    pub today: Today,
}

/// `GET /admin`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let counted = counted(&app, &who).await?;
    let stats = stats_of(&app, &who, counted.today()).await?;
    let company = company::read(&app, &who).await?;
    let mut page = Page::new(&app, &who, "/admin", "Dashboard").listening("stats,calls:8");
    page.crumbs.truncate(1);
    let (calls, more) = live_calls::rows(&app, &who, SHOWN, page.now);
    let register = if stats.registered == 0 {
        devices::how_to_register(&app, "", "from the device's page")?
    } else {
        String::new()
    };
    reply::html(&Dashboard {
        charts: Charts::of(&counted)?,
        stats,
        calls,
        more,
        csrf: who.csrf.clone(),
        register,
        may_add_users: who.may_write(&config::resources::users::USERS),
        sites: company.sites,
        licences: company.licences,
        updates: company.updates,
        announcements: company.announcements,
        links: company.links,
        page,
    })
}

/// Counts what runs, who is there, and the calls of the day.
pub(crate) async fn stats(app: &App, who: &Who) -> Result<Stats, Fault> {
    let today = counted(app, who).await?.today();
    stats_of(app, who, today).await
}

async fn stats_of(app: &App, who: &Who, today: Today) -> Result<Stats, Fault> {
    let (viewer, tenant) = (who.viewer(), who.tenant);
    let query = ListQuery { limit: 1, ..ListQuery::default() };
    let (devices, heads) = app
        .db(move |db| {
            let devices = db.list(&viewer, &DEVICES, &query)?.of;
            Ok::<_, config::query::QueryError>((devices, db.headcount(tenant)?))
        })
        .await?;
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
        users: heads.users,
        suspended: heads.suspended,
        today,
    })
}

async fn counted(app: &App, who: &Who) -> Result<Calls, Fault> {
    let (tenant, now) = (who.tenant, Utc::now().timestamp_millis());
    app.read(move |db| {
        let counts = db.call_counts(tenant, Calls::needed_from(now), i64::MAX)?;
        Ok::<_, config::query::QueryError>(Calls::new(&db.time_zone_of(tenant)?, now, counts))
    })
    .await
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

impl Charts {
    fn of(calls: &Calls) -> Result<Self, Fault> {
        let drawn = |chart: chart::Chart| Ok::<_, Fault>((chart.draw()?, chart.legend()));
        let (talk, talk_unit) = calls.talk();
        Ok(Self { hours: drawn(calls.hours())?, days: drawn(calls.days())?, talk: drawn(talk)?, talk_unit })
    }
}

/// Live calls shown; the rest is on their own page.
const SHOWN: usize = 8;
