//! Headers that every answer carries (portal design §2.2), and the count of answers.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::{
    auth,
    language::{self, Language},
    state::App,
};

/// Adds the security headers; pages are not kept by caches unless they say so.
pub(crate) async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let chosen = auth::cookie(request.headers(), language::COOKIE).and_then(|code| Language::of(&code));
    let preferred = chosen.unwrap_or_else(|| language::preferred(request.headers()));
    let answering = async { (next.run(request).await, language::spoken()) };
    let (answer, spoken) = language::within(preferred, answering).await;
    let mut answer = in_language(answer, spoken).await;
    app.counters.answered(answer.status().as_u16());
    let fields = answer.headers_mut();
    for (name, value) in ALWAYS {
        fields.insert(name, HeaderValue::from_static(value));
    }
    fields.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // No Strict-Transport-Security: it holds for all ports of a name, and the listener in clear has the same name.
    answer
}

/// A page in the language of who asked for it.
async fn in_language(answer: Response, spoken: Language) -> Response {
    let is_page = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(spoken.code()));
    if spoken == Language::English {
        return Response::from_parts(parts, body);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    // Pages are whole strings of our own: reading one cannot fail or take long.
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let page = language::page(&String::from_utf8_lossy(&bytes), spoken);
    Response::from_parts(parts, Body::from(page))
}

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), payment=(), usb=()"),
];

/// No script but our own files; style attributes carry only numbers.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; \
    style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
