//! What administrators must see, as a banner on each of their pages until one of them has seen it: emergency calls, and
//! limits that stopped calls. GEO-08, SIP-44.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use config::query::QueryError;

use crate::{auth::Who, error::Fault, reply, state::App};

/// `POST /admin/alerts/{id}/seen`.
pub(crate) async fn seen(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    if who.viewer.level == 0 {
        return Err(Fault::Forbidden("Your role does not allow this"));
    }
    let (author, now) = (who.author("portal"), chrono::Utc::now().timestamp_millis());
    let seen = app.db(move |db| Ok::<_, QueryError>(db.see_alert(&author, id, now)?)).await?;
    if !seen {
        return Err(Fault::NotFound);
    }
    Ok(reply::see_other("/admin", "Seen."))
}
