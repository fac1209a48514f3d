//! What ring groups have beside their form: what a caller would experience if the next call came now. GRP-05…09, 12.

use std::time::Duration;

use askama::Template;
use config::{
    Resource, RingGroupId,
    hunt::Preview,
    resources::{ring_groups::RING_GROUPS, users::USERS},
    snapshot::Strategy,
};

use super::{Beside, form, related};
use crate::{
    auth::Who,
    error::Fault,
    presence::{Presence, States},
    state::App,
};

/// Whether a table is that of ring groups.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == RING_GROUPS.name
}

/// Beside the form of one group.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let mut beside = related::beside(app, who, &RING_GROUPS, id).await?;
    let viewer = who.viewer();
    let row = app.db(move |db| db.get(&viewer, &RING_GROUPS, id)).await?.ok_or(Fault::NotFound)?;
    let tenant = who.viewer.tenant;
    let preview = app.read(move |db| db.preview_ring_group(tenant, RingGroupId(id))).await?;
    if let Some(preview) = preview {
        let number = row.values.get("extension").cloned().unwrap_or_default();
        let overflow = row.shown.get("overflow").cloned().unwrap_or_default();
        beside.side = lanes(app, who, &preview).await?.with(number, overflow).render()? + &beside.side;
    }
    Ok(beside)
}

#[derive(Template)]
#[template(path = "parts/ring_lanes.html")]
struct Lanes {
    number: String,
    lanes: Vec<Lane>,
    /// Where the call goes, and after how long.
    overflow: String,
    over: u64,
    /// Where its bar begins. [percent]
    over_at: u64,
    ticks: Vec<u64>,
    /// Who answered last, where that decides.
    last: Option<String>,
    strategy: Strategy,
    /// Some member is on a call.
    any_busy: bool,
}

struct Lane {
    name: String,
    number: String,
    presence: Option<Presence>,
    /// Begin and end in percent, and how long. [s]
    bar: Option<(u64, u64, u64)>,
}

impl Lane {
    /// Whether a call that came now would pass them over.
    fn is_passed_over(&self) -> bool {
        self.presence.is_some_and(|presence| presence != Presence::Available)
    }
}

impl Lanes {
    fn with(self, number: String, overflow: String) -> Self {
        Self { number, overflow, ..self }
    }
}

async fn lanes(app: &App, who: &Who, preview: &Preview) -> Result<Lanes, Fault> {
    let ids: Vec<i64> = preview.bars.iter().map(|bar| bar.user.0).collect();
    let states = States::read(app, who.viewer.tenant, Some(ids)).await?;
    let whole = preview.over.as_secs() * 5 / 4;
    let percent = |at: Duration| (at.as_secs() * 100).checked_div(whole).unwrap_or_default();
    let (mut lanes, mut last) = (Vec::new(), None);
    for bar in &preview.bars {
        let (viewer, id) = (who.viewer(), bar.user.0);
        // A member out of the reader's scope keeps their place without a name.
        let user = app.db(move |db| db.get(&viewer, &USERS, id)).await?;
        let name = user.as_ref().map_or_else(|| "–".to_owned(), |user| form::title(&USERS, user));
        if preview.answered_last == Some(bar.user) {
            last = Some(name.clone());
        }
        lanes.push(Lane {
            name,
            number: user.and_then(|user| user.values.get("extension").cloned()).unwrap_or_default(),
            presence: states.of(id),
            bar: bar.rings.map(|(from, until)| (percent(from), percent(until), (until - from).as_secs())),
        });
    }
    Ok(Lanes {
        number: String::new(),
        overflow: String::new(),
        over: preview.over.as_secs(),
        over_at: percent(preview.over),
        ticks: (0..=5).map(|n| whole * n / 5).collect(),
        last,
        strategy: preview.strategy,
        any_busy: lanes.iter().any(|lane| lane.presence == Some(Presence::Busy)),
        lanes,
    })
}
