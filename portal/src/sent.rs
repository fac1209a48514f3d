//! What a request to the API brings, read so that what does not fit is told as a JSON problem.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

use crate::error::Fault;

/// A JSON body, whatever its `Content-Type` says.
pub(crate) struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        serde_json::from_slice(&body).map(Self).map_err(|wrong| Fault::Malformed(wrong.to_string()).problem())
    }
}

/// The same, or nothing at all.
pub(crate) struct SentOrNothing<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for SentOrNothing<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice(&body).map(Self).map_err(|wrong| Fault::Malformed(wrong.to_string()).problem())
    }
}

/// The id in an address; what is no number is nothing's id.
pub(crate) struct RowId(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for RowId {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Path(id) =
            Path::<String>::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        id.parse().map(Self).map_err(|_| Fault::NotFound.problem())
    }
}
