//! What trunks have beside their form: how they are right now, and a test on demand. A-35, SIP-38.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use config::{Resource, TrunkId, resources::trunks::TRUNKS};

use super::{Beside, list::ListView};
use crate::{auth::Who, error::Fault, live::LiveTrunk, reply, state::App, text::At};

/// Whether a table is that of trunks.
pub(crate) fn are(of: &Resource) -> bool {
    of.name == TRUNKS.name
}

/// Fills the column Status of a list; its live part.
pub(crate) fn column(app: &App, who: &Who, list: &mut ListView) -> String {
    let trunks = app.live.trunks(who.tenant);
    list.status = "Status";
    for row in &mut list.rows {
        row.status = Some(state(&trunks, row.id));
    }
    let ids: Vec<_> = list.rows.iter().map(|row| row.id.to_string()).collect();
    if ids.is_empty() { String::new() } else { format!("trunks:{}", ids.join(".")) }
}

/// Beside the form of one trunk.
pub(crate) async fn beside(app: &App, who: &Who, id: i64) -> Result<Beside, Fault> {
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, &TRUNKS, id)).await?.ok_or(Fault::NotFound)?;
    let trunks = app.live.trunks(who.tenant);
    let trunk = trunks.iter().find(|trunk| trunk.trunk == TrunkId(id)).cloned();
    let since = trunk.as_ref().map(|trunk| At::full(trunk.since));
    let may_test = who.may_write(&TRUNKS);
    let mut side = TrunkSide { id, status: state(&trunks, id), trunk, since, may_test }.render()?;
    let (mut after, mut parts) = (String::new(), format!("trunks:{id}"));
    if may_test {
        side += &format!(
            "<div hx-get=\"/admin/trunks/{id}/test-call\" hx-trigger=\"load\" hx-swap=\"outerHTML\"></div>"
        );
        after = TestForm { id, csrf: &who.csrf }.render()?;
        parts += &format!(",test-calls:{id}");
    }
    Ok(Beside { side, after, head: String::new(), parts })
}

/// `POST /admin/trunks/{id}/test`: asks it by OPTIONS now, and registers anew where it registers.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    who.writable(TRUNKS.name)?;
    let viewer = who.viewer();
    app.db(move |db| db.get(&viewer, &TRUNKS, id)).await?.ok_or(Fault::NotFound)?;
    let toast = if app.live.test_trunk(who.tenant, TrunkId(id)) {
        "It is asked now. Its status here moves by itself."
    } else {
        "It is not in use yet. Try again in a moment."
    };
    Ok(reply::see_other(&format!("/admin/{}/{id}", TRUNKS.name), toast))
}

/// The content of a status cell.
pub(crate) fn state(trunks: &[LiveTrunk], id: i64) -> String {
    let trunk = trunks.iter().find(|trunk| trunk.trunk == TrunkId(id));
    StatePart { trunk }.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "parts/trunk.html")]
struct TrunkSide {
    id: i64,
    status: String,
    trunk: Option<LiveTrunk>,
    since: Option<At>,
    may_test: bool,
}

#[derive(Template)]
#[template(path = "parts/trunk_test.html")]
struct TestForm<'a> {
    id: i64,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "parts/trunk_state.html")]
struct StatePart<'a> {
    trunk: Option<&'a LiveTrunk>,
}
