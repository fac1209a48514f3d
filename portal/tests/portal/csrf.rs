//! Changing requests come from our own pages, or not at all.

use axum::body::Body;

use crate::world::{World, form, send};

#[tokio::test]
async fn a_form_without_the_sessions_token_changes_nothing() {
    let world = World::new();
    let browser = world.admin().await;
    for token in [None, Some("wrong")] {
        let mut fields = vec![("first_name", "Mallory")];
        fields.extend(token.map(|t| ("csrf", t)));
        let request = browser
            .request("POST", "/admin/users")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = send(&browser.router, request.body(Body::from(form(&fields))).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 403);
    }
    assert!(!browser.get("/admin/users").await.body.contains("Mallory"));
}

#[tokio::test]
async fn the_right_token_from_another_site_is_refused() {
    let world = World::new();
    let browser = world.admin().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")] {
        let request = browser
            .request("DELETE", "/api/v1/users/1")
            .header("x-csrf-token", &browser.csrf)
            .header(name, value);
        let answer = send(&browser.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 403);
    }
}

#[tokio::test]
async fn another_sessions_token_is_refused() {
    let world = World::new();
    let (one, other) = (world.admin().await, world.admin().await);
    let request = one.request("POST", "/api/v1/users").header("x-csrf-token", &other.csrf);
    let answer = send(&one.router, request.body(Body::from(r#"{"first_name":"M"}"#)).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (403, "application/problem+json"));
}
