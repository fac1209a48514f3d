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

/// A toast that offers to take back what a revision did. The page that shows it reads the mark, see `view`.
pub(crate) fn undoable(toast: &str, revision: Option<i64>) -> String {
    revision.map_or_else(|| toast.to_owned(), |revision| format!("{toast}{UNDO_MARK}{revision}"))
}

/// A toast's text and the revision it offers to take back.
pub(crate) fn undo_of(toast: &str) -> (String, Option<i64>) {
    match toast.split_once(UNDO_MARK) {
        Some((text, revision)) => (text.to_owned(), revision.parse().ok()),
        None => (toast.to_owned(), None),
    }
}

/// Where a form was sent from, if that was `path` in some state; otherwise `path`.
pub(crate) fn came_from(headers: &HeaderMap, path: &str) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let same = from.filter(|from| from.split(['?', '#']).next() == Some(path));
    same.unwrap_or(path).to_owned()
}

/// The page of the portal that a form was sent from; the dashboard if it is not known.
pub(crate) fn came_from_anywhere(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let ours =
        from.filter(|from| *from == "/admin" || from.starts_with("/admin/") || from.starts_with("/admin?"));
    ours.unwrap_or("/admin").to_owned()
}

/// Back to the list that a form was sent from, in the state it was in.
pub(crate) fn back(headers: &HeaderMap, path: &str, toast: &str) -> Response {
    see_other(&came_from(headers, path), toast)
}

/// Whether htmx asked for the element with this id only.
pub(crate) fn asks_for(headers: &HeaderMap, id: &str) -> bool {
    headers.get("hx-request").is_some()
        && headers
            .get("hx-target")
            .and_then(|v| v.to_str().ok())
            .is_some_and(|target| target.rsplit_once('#').is_some_and(|(_, target)| target == id))
}

/// Between a toast's text and its revision; no text of ours has it.
const UNDO_MARK: char = '\u{1f}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_list_is_gone_back_to() {
        let from = |referer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, referer.parse().expect("a header"));
            came_from(&headers, "/admin/users")
        };
        assert_eq!(from("http://pbx/admin/users?q=a&sort=name"), "/admin/users?q=a&sort=name");
        assert_eq!(from("http://pbx/admin/devices?q=a"), "/admin/users");
        assert_eq!(from("http://evil/admin/users/../x"), "/admin/users");
        assert_eq!(from("nonsense"), "/admin/users");
    }

    #[test]
    fn a_toast_carries_its_revision() {
        assert_eq!(undo_of(&undoable("Saved", Some(7))), ("Saved".to_owned(), Some(7)));
        assert_eq!(undo_of(&undoable("Saved", None)), ("Saved".to_owned(), None));
    }
}
