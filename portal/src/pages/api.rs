//! The API described: as an OpenAPI document for programs, and as a page for people. Tables describe themselves; what is no
//! table is in [`operations`]. OPS-15.

pub(crate) mod actions;
mod docs;
mod operations;

pub(crate) use docs::show;

use axum::{
    Json,
    response::{IntoResponse, Response},
};

use crate::{auth::Who, rest::openapi};

/// `GET /api/v1/openapi.json`: what whoever asks may do.
pub(crate) async fn document(who: Who) -> Response {
    Json(described(&who)).into_response()
}

/// The document of what somebody may see and do.
fn described(who: &Who) -> serde_json::Value {
    openapi::of(who, operations::groups(who))
}
