//! What inbound routes have beside their form: the way of a call as a picture. A-21, ICR-01, ICR-03.

use askama::Template;
use chrono::Utc;
use config::{Resource, resources::inbound_routes::INBOUND_ROUTES};

use super::{Beside, related};
use crate::{auth::Who, error::Fault, state::App};

/// Whether a table is that of inbound routes.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == INBOUND_ROUTES.name
}

/// Beside the form of one route.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &INBOUND_ROUTES, id).await?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, &INBOUND_ROUTES, id)).await?.ok_or(Fault::NotFound)?;
    let shown = |field: &str| row.shown.get(field).cloned().unwrap_or_default();
    let value = |field: &str| row.values.get(field).cloned().unwrap_or_default();
    let (tenant, enabled) = (who.tenant, value("enabled") == "1");
    let routing = app.read(move |db| db.routing_of(tenant)).await?;
    let route = routing.routes.iter().find(|route| route.id.0 == id && enabled);
    let is_open = route.map(|route| routing.snapshot.is_route_open(route, Utc::now()).0);
    let flow = Flow {
        while_open: if is_open == Some(true) { "open now" } else { "while open" },
        while_closed: if is_open == Some(false) { "closed now" } else { "while closed" },
        numbers: shown("numbers"),
        always: value("open") == "always",
        schedule: if value("open") == "frame" { shown("time_frame") } else { shown("open") },
        open_to: shown("open_to"),
        closed_to: shown("closed_to"),
        enabled,
    };
    beside.side = flow.render()? + &beside.side;
    Ok(beside)
}

#[derive(Template)]
#[template(path = "parts/flow.html")]
struct Flow {
    numbers: String,
    always: bool,
    schedule: String,
    open_to: String,
    closed_to: String,
    /// `while open`, or `open now` if it is in force.
    while_open: &'static str,
    while_closed: &'static str,
    enabled: bool,
}
