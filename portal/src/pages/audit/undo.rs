//! Taking an entry back.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use config::{
    history::{UndoError, Undone},
    write::WriteError,
};
use serde_json::json;

use crate::{
    auth::Who,
    entry::allowed,
    error::{Answer, Fault},
    query::Pairs,
    reply,
    rest::id_of,
    state::App,
};

/// `POST /admin/audit/{id}/undo`; `back` is where to go then, a page of ours.
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<i64>,
    body: String,
) -> Result<Response, Fault> {
    allowed(&who)?;
    let asked = Pairs::parse(&body);
    let back = Some(asked.get("back")).filter(|back| is_ours(back)).unwrap_or(super::PATH).to_owned();
    let author = who.author("portal");
    match app.db(move |db| Ok::<_, Fault>(db.undo(&author, id))).await? {
        Ok(undone) => Ok(reply::see_other(&back, &done(&undone))),
        Err(UndoError::Write(error)) => Err(error.into()),
        Err(why) => {
            let mut answer = super::page(&app, &who, &Pairs::default(), Some(sentence(&why))).await?;
            *answer.status_mut() = StatusCode::CONFLICT;
            Ok(answer)
        }
    }
}

/// `POST /api/v1/audit/{id}/undo`: what became of which row; 409 with the reasons if it cannot be taken back.
pub(crate) async fn api_undo(State(app): State<Arc<App>>, who: Who, Path(id): Path<String>) -> Answer {
    allowed(&who)?;
    let id = id_of(&id)?;
    let author = who.author("api");
    match app.db(move |db| Ok::<_, Fault>(db.undo(&author, id))).await? {
        Ok(undone) => Ok(Json(json!({ "revision": undone.revision, "rows": undone.rows })).into_response()),
        Err(UndoError::Gone) => Err(Fault::NotFound.into()),
        Err(UndoError::Write(error)) => Err(Fault::from(error).into()),
        Err(why) => Ok(conflict(&why)),
    }
}

/// A problem (RFC 9457) with what was changed since, and what depends on it.
fn conflict(why: &UndoError) -> Response {
    let (later, problems) = match why {
        UndoError::Later(later) => (json!(later), json!([])),
        UndoError::Refused(problems) => (json!([]), json!(problems)),
        UndoError::Gone | UndoError::Never(_) | UndoError::Write(_) => (json!([]), json!([])),
    };
    let body = json!({ "type": "about:blank", "status": 409, "title": why.to_string(), "later": later, "problems": problems });
    let mut answer = (StatusCode::CONFLICT, Json(body)).into_response();
    let kind = axum::http::HeaderValue::from_static("application/problem+json");
    answer.headers_mut().insert(axum::http::header::CONTENT_TYPE, kind);
    answer
}

/// `Undone: User Anna Berg (101) is as before`.
fn done(undone: &Undone) -> String {
    match undone.rows.as_slice() {
        [] => "There was nothing left to undo".to_owned(),
        [row] => {
            let one = config::resources::by_name(row.table).map_or("", |of| of.one);
            format!("Undone: {one} {} is as before", row.title)
        }
        rows => format!("Undone: {} entries are as before", rows.len()),
    }
}

fn sentence(why: &UndoError) -> String {
    let text = why.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let full = format!("{first}{}", letters.as_str());
    if full.ends_with('.') { full } else { format!("{full}.") }
}

/// Whether a path leads nowhere else.
fn is_ours(path: &str) -> bool {
    path.starts_with("/admin") && !path.contains("//") && !path.contains('\\')
}

impl From<UndoError> for Fault {
    fn from(error: UndoError) -> Self {
        match error {
            UndoError::Gone => Self::NotFound,
            UndoError::Write(WriteError::Sqlite(e)) => Self::Internal(e.to_string()),
            UndoError::Write(other) => other.into(),
            why @ (UndoError::Never(_) | UndoError::Later(_) | UndoError::Refused(_)) => {
                Self::Malformed(why.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert!(is_ours("/admin/users/3") && is_ours("/admin/audit?q=x"));
        for path in
            ["", "https://evil.example", "//evil.example", "/admin//evil", "/admin\\evil", "javascript:x"]
        {
            assert!(!is_ours(path), "{path}");
        }
    }
}
