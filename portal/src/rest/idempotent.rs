//! `Idempotency-Key`: a changing request that carries one is done once; repeated within a day it gets the same answer, another
//! request with the same key is refused.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use config::idempotency::{Answer, Known};
use sha2::{Digest, Sha256};

use super::methods;
use crate::{auth::Who, error::Fault, state::App};

/// Answers a repeated request with the first answer.
pub(crate) async fn once(State(app): State<Arc<App>>, who: Who, request: Request, next: Next) -> Response {
    let changes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    let refused = methods::is_refused(&who, request.method(), request.uri().path());
    if !changes || refused || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match kept(&app, &who, request, next).await {
        Ok(answer) => answer,
        Err(fault) => fault.problem(),
    }
}

async fn kept(app: &App, who: &Who, request: Request, next: Next) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let bad = || Fault::Malformed("an Idempotency-Key has 1 to 255 visible characters".into());
    let key = parts.headers[KEY].to_str().map_err(|_| bad())?.to_owned();
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad());
    }
    let bytes = axum::body::to_bytes(body, MOST)
        .await
        .map_err(|_| Fault::Malformed("the body is too large".into()))?;
    let digest = digest(&parts.method, &parts.uri.to_string(), &bytes);
    // Two companies may have users of the same address.
    let owner = format!("{} of {}", who.author("api").name, who.tenant);
    let (owner, now) = (owner, chrono::Utc::now().timestamp_millis());
    let (asked_owner, asked_key) = (owner.clone(), key.clone());
    let known =
        app.read(move |db| db.reserve_idempotency_key((&asked_owner, &asked_key), &digest, now)).await?;
    match known {
        Known::Answered(answer) => return replayed(answer),
        Known::Begun => return Err(Fault::KeyInUse),
        Known::OtherRequest => return Err(Fault::KeyTaken),
        Known::Reserved => {}
    }
    let answer = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (answer, keep) = taken_down(answer).await?;
    app.read(move |db| db.settle_idempotency_key((&owner, &key), keep.as_ref())).await?;
    Ok(answer)
}

/// An answer, and what is kept of it: nothing if the request was refused before it did anything.
async fn taken_down(answer: Response) -> Result<(Response, Option<Answer>), Fault> {
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|e| Fault::Internal(e.to_string()))?;
    let status = parts.status;
    let undone = status.is_server_error() || [401, 403, 429].contains(&status.as_u16());
    let header = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some(format!("{name}: {value}"))
    };
    let keep = (!undone).then(|| Answer {
        status: status.as_u16(),
        headers: KEPT.iter().filter_map(header).collect::<Vec<_>>().join("\n"),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    });
    Ok((Response::from_parts(parts, Body::from(bytes)), keep))
}

fn replayed(kept: Answer) -> Result<Response, Fault> {
    let broken = || Fault::Internal("a kept answer cannot be read".into());
    let status = StatusCode::from_u16(kept.status).map_err(|_| broken())?;
    let mut answer = (status, kept.body).into_response();
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for line in kept.headers.lines() {
        let (name, value) = line.split_once(": ").ok_or_else(broken)?;
        let name: HeaderName = name.parse().map_err(|_| broken())?;
        headers.insert(name, value.parse().map_err(|_| broken())?);
    }
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(answer)
}

/// What makes two requests the same.
fn digest(method: &Method, uri: &str, body: &[u8]) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(method.as_str());
    digest.update([0]);
    digest.update(uri);
    digest.update([0]);
    digest.update(body);
    digest.finalize().to_vec()
}

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The headers of an answer that a program needs again.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];
/// As large as any request may be.
const MOST: usize = 4 * 1024 * 1024;
