//! `/parked`: who waits in which slot, those of one's own department first. ORG-10, C-8, CTRL-05.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Utc;

use crate::{auth::Who, error::Fault, live::LiveParked, reply, state::App, text, view::Page};

#[derive(Template)]
#[template(path = "parked.html")]
struct ParkedPage {
    page: Page,
    lots: Vec<Lot>,
}

#[derive(Template)]
#[template(path = "parts/parked.html")]
struct ParkedPart {
    lots: Vec<Lot>,
}

/// Those who wait in the slots of one lot.
struct Lot {
    title: String,
    is_own: bool,
    parked: Vec<Waiting>,
}

/// Somebody who waits.
struct Waiting {
    slot: String,
    who: String,
    by: String,
    since: i64,
    clock: String,
}

/// `GET /parked`.
pub(crate) async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let lots = lots(&app, &who).await?;
    let page = Page::portal(&who, "/parked", "Parked calls").listening("parked");
    reply::html(&ParkedPage { page, lots })
}

/// The lists alone, for the live stream.
pub(crate) async fn part(app: &App, who: &Who) -> Result<String, Fault> {
    Ok(ParkedPart { lots: lots(app, who).await? }.render()?)
}

/// The lots in which somebody waits, one's own first.
async fn lots(app: &App, who: &Who) -> Result<Vec<Lot>, Fault> {
    let parked: Vec<LiveParked> =
        app.live.calls(who.tenant).into_iter().filter_map(|call| call.parked).collect();
    if parked.is_empty() {
        return Ok(vec![]);
    }
    let (tenant, user, now) = (who.tenant, who.user, Utc::now().timestamp_millis());
    let seen = app.read(move |db| db.park_lots_seen(tenant, user)).await?;
    let lots = seen.into_iter().map(|lot| Lot {
        parked: parked.iter().filter(|parked| parked.lot == lot.id).map(|p| waiting(p, now)).collect(),
        title: lot.title,
        is_own: lot.is_own,
    });
    let mut lots: Vec<Lot> = lots.filter(|lot| !lot.parked.is_empty()).collect();
    lots.iter_mut().for_each(|lot| lot.parked.sort_by(|a, b| a.slot.cmp(&b.slot)));
    Ok(lots)
}

fn waiting(parked: &LiveParked, now: i64) -> Waiting {
    Waiting {
        slot: parked.slot.clone(),
        who: parked.who.clone(),
        by: parked.by.clone(),
        since: parked.since,
        clock: text::clock(now - parked.since),
    }
}
