//! The language of pages before anybody is signed in: chosen on the page, remembered by the browser. OPS-16.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{host, login, same_site};
use crate::{
    error::Fault,
    language::{COOKIE, Language},
};

/// `POST /language`: from now on pages for nobody in particular are in that language, in this browser.
pub(crate) async fn choose(request: Request) -> Result<Response, Fault> {
    if !same_site(request.headers()) {
        return Err(Fault::Forbidden("This request came from another site"));
    }
    let headers = request.headers().clone();
    let form = login::read(request).await?;
    let language = Language::of(form.get("language"))
        .ok_or_else(|| Fault::Malformed("language: en or de".to_owned()))?;
    let mut answer = Redirect::to(&back(&headers)).into_response();
    let line = format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", language.code());
    let value = HeaderValue::from_str(&line).map_err(|e| Fault::Internal(e.to_string()))?;
    answer.headers_mut().append(header::SET_COOKIE, value);
    Ok(answer)
}

/// The page where the choice was made, if the browser says which of ours it was.
fn back(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = from
        .split_once("://")
        .and_then(|(_, rest)| rest.strip_prefix(host(headers)))
        .filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
    path.unwrap_or("/login").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-16
    #[test]
    fn a_choice_leads_back_to_our_own_page_only() {
        let from = |referer: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("pbx.example:8080"));
            headers.insert(header::REFERER, referer.parse().expect("a value"));
            back(&headers)
        };
        assert_eq!(from("http://pbx.example:8080/forgot?new=1"), "/forgot?new=1");
        assert_eq!(from("http://pbx.example:8080"), "/login");
        assert_eq!(from("http://evil.example/forgot"), "/login");
        assert_eq!(from("http://pbx.example:8080//evil.example"), "/login");
        assert_eq!(from("http://pbx.example:8080.evil.example/x"), "/login");
        assert_eq!(back(&HeaderMap::new()), "/login");
    }
}
