//! `/admin/night`: whether the company has its night, and the switch. RNG-16.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use config::{
    access::{Permission, Viewer},
    query::ListQuery,
    resource::Values,
    resources::settings::SETTINGS,
    snapshot::{NightSwitch, Tenant},
};

use super::{own_calls::blocked::own_author, rules::words};
use crate::{auth::Who, error::Fault, language::t, query::Pairs, reply, state::App, view::Page, zone::Clock};

#[derive(Template)]
#[template(path = "night.html")]
struct NightPage {
    page: Page,
    /// Night mode is used at all.
    enabled: bool,
    night: bool,
    /// `automatic`, `day`, `night`.
    switch: &'static str,
    /// When a switch by hand is over; blank is never.
    until: String,
    /// What the automatic follows; blank is nothing.
    frame: String,
    within: bool,
    zone: String,
    may_switch: bool,
}

/// `GET /admin/night`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    if !who.may_see(&SETTINGS) && !may_switch(&who) {
        return Err(Fault::NotFound);
    }
    let (tenant, user) = (who.tenant, who.user);
    let snapshot = app.read(move |db| db.answering_of(tenant, user)).await?;
    let company = snapshot.tenant(tenant).ok_or(Fault::NotFound)?;
    let clock = Clock::new(snapshot.zone_of_tenant(company).name(), chrono::Utc::now());
    let night = &company.night;
    let frame = night.frame.and_then(|frame| snapshot.time_frame(tenant, frame));
    reply::html(&NightPage {
        enabled: night.enabled,
        night: snapshot.is_night(tenant, clock.now.to_utc()),
        switch: switch(company, &clock),
        until: night
            .until
            .filter(|at| *at > clock.now)
            .map(|at| words::moment(at, &clock))
            .unwrap_or_default(),
        frame: frame.map(|frame| frame.name.clone()).unwrap_or_default(),
        within: night.within,
        zone: clock.zone.name().to_owned(),
        may_switch: may_switch(&who),
        page: Page::new(&app, &who, PATH, "Night mode").below_menu("Configuration"),
    })
}

/// `POST /admin/night`: `to`, one of `automatic`, `day`, `night`, and `until` on the company's clock.
pub(crate) async fn change(State(app): State<Arc<App>>, who: Who, body: String) -> Result<Response, Fault> {
    let sent = Pairs::parse(&body);
    if !may_switch(&who) {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let (tenant, user) = (who.tenant, who.user);
    let snapshot = app.read(move |db| db.answering_of(tenant, user)).await?;
    let company = snapshot.tenant(tenant).ok_or(Fault::NotFound)?;
    let clock = Clock::new(snapshot.zone_of_tenant(company).name(), chrono::Utc::now());
    let until = clock.moment(sent.get("until"), false).filter(|_| sent.get("to") != "automatic");
    let until = until.and_then(chrono::DateTime::from_timestamp_millis);
    let values = Values::from([
        ("night_mode".to_owned(), sent.get("to").to_owned()),
        ("night_until".to_owned(), until.map(|at| at.to_rfc3339()).unwrap_or_default()),
    ]);
    let (author, only) = (own_author(&who), ListQuery { limit: 1, ..ListQuery::default() });
    let rows = app.db(move |db| db.list(&Viewer::primary(tenant), &SETTINGS, &only)).await?.rows;
    let row = rows.first().ok_or(Fault::NotFound)?.id;
    app.db(move |db| db.update(&author, &SETTINGS, row, &values, None)).await?;
    Ok(reply::see_other(PATH, t("Night mode switched")))
}

/// Who may change the settings, and whose role lets them switch the night and nothing else of those.
fn may_switch(who: &Who) -> bool {
    who.may_write(&SETTINGS) || who.viewer.has(Permission::NightMode)
}

/// Where the switch stands: one that is over is automatic again.
fn switch(tenant: &Tenant, clock: &Clock) -> &'static str {
    let over = tenant.night.until.is_some_and(|until| until <= clock.now);
    match tenant.night.switch {
        NightSwitch::Day if !over => "day",
        NightSwitch::Night if !over => "night",
        NightSwitch::Automatic | NightSwitch::Day | NightSwitch::Night => "automatic",
    }
}

const PATH: &str = "/admin/night";
