//! `/healthz` and `/metrics`. OPS-10.
//!
//! `/healthz` is open to everybody and says nothing but `ok`. `/metrics` is open to the machine itself; from elsewhere,
//! and through a proxy, it needs a sign-in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Extension, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use config::query::{ListQuery, Viewer};

use crate::{auth, error::Fault, state::App};

/// `GET /healthz`: 200 when the database answers within a second, else 503.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Response {
    let viewer = Viewer::nobody();
    let ask = app.db(move |db| {
        let of = config::resources::ALL[0];
        db.list(&viewer, of, &ListQuery { limit: 1, ..ListQuery::default() }).map(|_| ())
    });
    match tokio::time::timeout(Duration::from_secs(1), ask).await {
        Ok(Ok(())) => (StatusCode::OK, "ok\n").into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// `GET /metrics`, Prometheus text.
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let local = peer.is_some_and(|Extension(ConnectInfo(peer))| peer.ip().is_loopback()) && !forwarded;
    let signed_in = async || {
        Ok::<_, Fault>(
            auth::who(&app, &headers)
                .await?
                .is_some_and(|who| who.stage != config::sign_in::Stage::SecondFactor),
        )
    };
    if !local && !signed_in().await? {
        return Err(Fault::SignIn);
    }
    let text = format!("{}{}", app.live.metrics(), app.counters.text(app.open_streams()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
