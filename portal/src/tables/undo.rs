//! Taking back what a save, a delete or a bulk action did: from its toast, or the last own change by Ctrl Z. AUD-02.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use config::{
    Db,
    access::Author,
    history::{UndoError, Undone},
    plan::Action,
    query::{QueryError, Viewer},
    resources,
};

use crate::{auth::Who, error::Fault, reply, state::App};

/// `POST /admin/undo/{revision}`: all that a revision changed.
pub(crate) async fn revision(
    State(app): State<Arc<App>>,
    who: Who,
    Path(revision): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let author = who.author("portal");
    let done = app.db(move |db| Ok::<_, Fault>(db.undo_revision(&author, revision))).await?;
    answer(&who, done, &headers)
}

/// `POST /admin/undo`: the last change of the person who asks that was not taken back.
pub(crate) async fn last(
    State(app): State<Arc<App>>,
    who: Who,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let (author, viewer) = (who.author("portal"), who.viewer());
    let done = app
        .db(move |db| {
            let Some(revision) = last_own(db, &viewer, &author)? else { return Ok::<_, Fault>(None) };
            Ok(Some(db.undo_revision(&author, revision)))
        })
        .await?;
    match done {
        Some(done) => answer(&who, done, &headers),
        None => {
            Ok(reply::see_other(&reply::came_from_anywhere(&headers), "There is nothing of yours to undo"))
        }
    }
}

/// The revision of somebody's last change that stands, and that is no undo itself.
fn last_own(db: &Db, viewer: &Viewer, author: &Author) -> Result<Option<i64>, QueryError> {
    let entries = db.audit(viewer, None, None, LOOKED_BACK)?;
    let stands = entries.iter().find(|entry| {
        let changes = ["create", "update", "delete"].contains(&entry.action.as_str());
        changes && entry.author == author.name && entry.undoes.is_none() && entry.undone_by.is_none()
    });
    Ok(stands.map(|entry| entry.revision))
}

fn answer(who: &Who, done: Result<Undone, UndoError>, headers: &HeaderMap) -> Result<Response, Fault> {
    let from = reply::came_from_anywhere(headers);
    match done {
        Ok(undone) => {
            // A row that the undo removed has no page any more.
            let gone = undone.rows.iter().find(|row| matches!(row.action, Action::Delete));
            let to = match gone.and_then(|row| resources::by_name(row.table)).filter(|of| who.may_see(of)) {
                Some(of) if from.starts_with(&format!("/admin/{}/", of.name)) => {
                    format!("/admin/{}", of.name)
                }
                _ => from,
            };
            let what = match undone.rows.as_slice() {
                [] => "Nothing was left to undo".to_owned(),
                [row] => format!("{} is as it was", row.title),
                rows => format!("{} rows are as they were", rows.len()),
            };
            Ok(reply::see_other(&to, &what))
        }
        Err(UndoError::Write(error)) => Err(error.into()),
        Err(refused) => Ok(reply::see_other(&from, &format!("Not undone: {refused}"))),
    }
}

/// So many entries of the audit log are looked through for one's own.
const LOOKED_BACK: usize = 200;
