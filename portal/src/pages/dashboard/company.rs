//! What the dashboard says of the company: phones by site, licences, the latest changes, announcements, links.

use config::{
    organization::{Announcement, Link},
    query::{ListQuery, QueryError},
    resources::licences::LICENCES,
};

use super::updates::Update;
use crate::{assets::icon, auth::Who, error::Fault, state::App, tables::devices};

/// Everything at once, so that one thread reads it.
#[derive(Debug)]
pub(super) struct Company {
    pub sites: Vec<Site>,
    pub licences: Vec<Licence>,
    pub updates: Vec<Update>,
    pub announcements: Vec<Announcement>,
    pub links: Vec<Link>,
}

/// The phones of a site.
#[derive(Debug)]
pub(super) struct Site {
    pub name: String,
    pub registered: usize,
    pub phones: usize,
}

impl Site {
    pub fn percent(&self) -> usize {
        self.registered * 100 / self.phones.max(1)
    }
    pub fn tint(&self) -> &'static str {
        match self.percent() {
            90.. => "ok",
            50.. => "warn",
            _ => "bad",
        }
    }
}

/// How far a licence is used up. LIC-01.
#[derive(Debug)]
pub(super) struct Licence {
    pub id: i64,
    pub name: String,
    pub used: u64,
    /// Nothing if there is no limit.
    pub quantity: Option<u64>,
}

impl Licence {
    pub fn percent(&self) -> u64 {
        self.quantity.map_or(0, |quantity| (self.used * 100).checked_div(quantity).unwrap_or(100).min(100))
    }
    pub fn full(&self) -> bool {
        self.quantity.is_some_and(|quantity| self.used >= quantity)
    }
}

/// Reads it.
pub(super) async fn read(app: &App, who: &Who) -> Result<Company, Fault> {
    let (viewer, tenant, now) = (who.viewer(), who.tenant, chrono::Utc::now().timestamp_millis());
    let registered = devices::registered(app, who);
    let sees_licences = who.may_see(&LICENCES);
    app.db(move |db| {
        let sites = db.phones_by_site(tenant)?.into_iter().map(|site| Site {
            registered: site.devices.iter().filter(|id| registered.contains_key(id)).count(),
            phones: site.devices.len(),
            name: site.name,
        });
        let query = ListQuery { limit: MOST_LICENCES, ..ListQuery::default() };
        let licences = if sees_licences { db.list(&viewer, &LICENCES, &query)?.rows } else { Vec::new() };
        let figure =
            |row: &config::query::Row, name: &str| row.values.get(name).and_then(|text| text.parse().ok());
        Ok::<_, QueryError>(Company {
            sites: sites.take(MOST_SITES).collect(),
            licences: licences
                .iter()
                .map(|row| Licence {
                    id: row.id,
                    name: row.shown.get("name").cloned().unwrap_or_default(),
                    used: figure(row, "in_use").unwrap_or_default(),
                    quantity: figure(row, "quantity"),
                })
                .collect(),
            updates: db.audit(&viewer, None, None, LATEST)?.into_iter().map(Update::from).collect(),
            announcements: db.announcements_at(tenant, true, now)?,
            links: db.links_of(tenant, true)?,
        })
    })
    .await
}

/// DSH-01
const LATEST: usize = 5;
const MOST_LICENCES: usize = 6;
const MOST_SITES: usize = 8;
/// The icons that links can have, for the sprite.
const _: [&str; 6] =
    [icon("credit-card"), icon("ticket"), icon("book"), icon("help"), icon("news"), icon("activity")];
