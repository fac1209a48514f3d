//! Answers: a page, a redirect with a toast, and what htmx asked for.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use crate::{error::Fault, text::encode};

/// The text of a template as a page; takes the shown toast out of the browser.
pub(crate) fn html(template: &impl askama::Template) -> Result<Response, Fault> {
    let mut answer = Html(template.render()?).into_response();
    answer.headers_mut().append(
        header::SET_COOKIE,
        HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
    );
    Ok(answer)
}

/// A redirect that shows `toast` on the next page.
pub(crate) fn see_other(to: &str, toast: &str) -> Response {
    let mut answer = axum::response::Redirect::to(to).into_response();
    if !toast.is_empty() {
        let cookie = format!("flash={}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax", encode(toast));
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    answer
}

/// Whether htmx asked for the element with this id only.
pub(crate) fn asks_for(headers: &HeaderMap, id: &str) -> bool {
    headers.get("hx-request").is_some()
        && headers
            .get("hx-target")
            .and_then(|v| v.to_str().ok())
            .is_some_and(|target| target.rsplit_once('#').is_some_and(|(_, target)| target == id))
}
