//! API keys: what they reach, what they never do, and how often. OPS-15.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::world::{Answer, World, between, send};

/// A request of a program.
pub async fn ask(world: &World, key: &str, method: &str, path: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "pbx.example")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    send(&world.router, request.body(body).unwrap()).await
}

/// A new key of the first administrator, with its id.
pub async fn key(world: &World, fields: Value) -> (i64, String) {
    let made = world.admin().await.json("POST", "/api/v1/api_keys", fields).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let made = made.value();
    (made["id"].as_i64().unwrap(), made["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_is_shown_once_and_only_its_fingerprint_is_kept() {
    let world = World::new();
    let browser = world.admin().await;
    let fields = [
        ("name", "Reports"),
        ("organization", "read"),
        ("configuration", "none"),
        ("call_center", "none"),
        ("reporting", "none"),
        ("system", "none"),
        ("valid_days", "1"),
        ("rate", "600"),
    ];
    let made = browser.post("/admin/api_keys", &fields).await;
    assert_eq!(made.status.as_u16(), 303, "{}", made.body);
    let page = browser.get(made.header("location")).await.body;
    let key = between(between(&page, "id=\"secret\"", "</section>"), "value=\"", "\"").to_owned();
    assert!(key.starts_with("dt_") && key.len() > 60, "{key}");
    assert!(!browser.get(made.header("location")).await.body.contains(&key), "once");
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
    let renewed = browser.post(&format!("{}/key", made.header("location")), &[]).await;
    let page = browser.get(renewed.header("location")).await.body;
    let next = between(between(&page, "id=\"secret\"", "</section>"), "value=\"", "\"").to_owned();
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 401, "ended");
    assert_eq!(ask(&world, &next, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
    for path in ["/api/v1/api_keys", "/admin/api_keys/export.csv", "/admin/api_keys"] {
        assert!(!browser.get(path).await.body.contains(&next[3..20]), "{path}");
    }
}

#[tokio::test]
async fn scopes_limit_tables_and_verbs_and_pages_stay_closed() {
    let world = World::new();
    let (_, read) = key(&world, json!({"name": "Reader", "organization": "read"})).await;
    let (_, write) = key(&world, json!({"name": "Writer", "organization": "write"})).await;
    let new = json!({"first_name": "By a program"});
    assert_eq!(ask(&world, &read, "POST", "/api/v1/users", new.clone()).await.status.as_u16(), 403);
    let made = ask(&world, &write, "POST", "/api/v1/users", new).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    for path in ["/api/v1/settings", "/api/v1/api_keys", "/api/v1/tenants", "/api/v1/node_settings"] {
        let status = ask(&world, &write, "GET", path, Value::Null).await.status.as_u16();
        assert!([403, 404].contains(&status), "{path}: {status}");
    }
    let page = ask(&world, &write, "GET", "/admin/users", Value::Null).await;
    assert!(page.status.is_redirection(), "a key opens no page: {}", page.status);
    let entry = world
        .db
        .audit(&config::access::Viewer::primary(config::TenantId(1)), None, None, 1)
        .unwrap()
        .remove(0);
    assert_eq!((&*entry.author, &*entry.via), ("api:Writer", "api"));
}

#[tokio::test]
async fn a_key_makes_and_widens_no_key() {
    let world = World::new();
    let all = json!({"name": "All", "organization": "write", "configuration": "write", "system": "write"});
    let (id, all) = key(&world, all).await;
    let narrow = json!({"name": "Child", "organization": "write"});
    assert_eq!(ask(&world, &all, "POST", "/api/v1/api_keys", narrow).await.status.as_u16(), 403);
    let own = format!("/api/v1/api_keys/{id}");
    assert_eq!(ask(&world, &all, "PATCH", &own, json!({"reporting": "write"})).await.status.as_u16(), 403);
    assert_eq!(ask(&world, &all, "GET", &own, Value::Null).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_key_has_no_more_rights_than_its_maker_keeps() {
    let world = World::new();
    let admin = world.admin().await;
    let boss = world.account("boss", 2).await;
    let fields = json!({"name": "Boss", "organization": "write", "system": "write"});
    let made = boss.json("POST", "/api/v1/api_keys", fields).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let key = made.value()["key"].as_str().unwrap().to_owned();
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
    assert_eq!(ask(&world, &key, "GET", "/api/v1/tenants", Value::Null).await.status.as_u16(), 404);
    let user = admin.get("/api/v1/users?f.login=boss").await.value()["items"][0]["id"].clone();
    let demoted = admin.json("PATCH", &format!("/api/v1/users/{user}"), json!({"role": null})).await;
    assert_eq!(demoted.status.as_u16(), 200, "{}", demoted.body);
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 403);
    let suspended = admin.json("PATCH", &format!("/api/v1/users/{user}"), json!({"suspended": true})).await;
    assert_eq!(suspended.status.as_u16(), 200, "{}", suspended.body);
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_key_that_asks_too_often_waits() {
    let world = World::new();
    let (_, key) = key(&world, json!({"name": "Slow", "organization": "read", "rate": 3})).await;
    for _ in 0..3 {
        assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
    }
    let refused = ask(&world, &key, "GET", "/api/v1/users", Value::Null).await;
    assert_eq!((refused.status.as_u16(), refused.header("content-type")), (429, "application/problem+json"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
}

#[tokio::test]
async fn what_is_no_key_is_told_so() {
    let world = World::new();
    for value in ["Bearer", "Bearer dt_nonsense", "Basic YTpi", "dt_x"] {
        let request = Request::builder().uri("/api/v1/users").header("authorization", value);
        let answer = send(&world.router, request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"), "{value}");
    }
}
