//! Files of forms: uploaded before the form is saved, which then holds their key only. Types and sizes are those of the
//! field; what a file is, is read from its content.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::{Kind, Problem, field::file::FileType, files::FileError};
use serde_json::json;

use crate::{
    auth::Who,
    error::{Answer, Fault},
    state::App,
};

/// `PUT /admin/{table}/upload/{field}` and `/api/v1/{table}/upload/{field}`: the content is the body; `{"key": "…"}`.
pub(crate) async fn store(
    State(app): State<Arc<App>>,
    who: Who,
    Path((table, field)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let field = who.writable(&table)?.field(&field).ok_or(Fault::NotFound)?;
    let Kind::File { types, max } = field.kind else { return Err(Fault::NotFound.into()) };
    let tenant = who.tenant;
    let stored = app.db(move |db| Ok::<_, Fault>(db.add_file(tenant, &body, types, max))).await?;
    match stored {
        Ok(key) => Ok((StatusCode::CREATED, Json(json!({ "key": key }))).into_response()),
        Err(FileError::Sqlite(error)) => Err(Fault::Internal(error.to_string()).into()),
        Err(refused) => {
            Err(Fault::Invalid(vec![Problem { field: field.name.into(), message: refused.to_string() }])
                .into())
        }
    }
}

/// `GET /files/{key}`. A key names one content for ever.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(key): Path<String>,
) -> Result<Response, Fault> {
    let kind = FileType::of_key(&key).ok_or(Fault::NotFound)?;
    let tenant = who.tenant;
    let content = app.read(move |db| db.file_content(tenant, &key)).await?.ok_or(Fault::NotFound)?;
    let mut answer = content.into_response();
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.mime()));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    if kind == FileType::Pdf {
        fields.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    Ok(answer)
}
