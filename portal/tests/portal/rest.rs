//! REST over every table: the same values, the same checks.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::world::{Browser, World};

async fn round_trip(browser: &Browser, table: &str, new: Value, change: Value) -> Value {
    let path = format!("/api/v1/{table}");
    let made = browser.json("POST", &path, new.clone()).await;
    assert_eq!(made.status.as_u16(), 201, "{table}: {}", made.body);
    let made = made.value();
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&made[name], value, "{table}.{name}");
    }
    let own = format!("{path}/{}", made["id"]);
    let changed = browser.json("PATCH", &own, change.clone()).await;
    assert_eq!(changed.status.as_u16(), 200, "{table}: {}", changed.body);
    let read = browser.get(&own).await.value();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&read[name], value, "{table}.{name}");
    }
    let list = browser.get(&path).await.value();
    assert!(list["items"].as_array().unwrap().iter().any(|item| item["id"] == made["id"]), "{table}: {list}");
    made
}

async fn remove(browser: &Browser, table: &str, made: &Value) {
    let own = format!("/api/v1/{table}/{}", made["id"]);
    let deleted = browser.json("DELETE", &own, Value::Null).await;
    assert_eq!(deleted.status.as_u16(), 204, "{table}: {}", deleted.body);
    assert_eq!(browser.get(&own).await.status.as_u16(), 404);
}

#[tokio::test]
async fn every_table_round_trips() {
    let world = World::new();
    let api = world.admin().await;
    let user = round_trip(
        &api,
        "users",
        json!({"first_name": "Ida", "extension": "731", "suspended": false}),
        json!({"suspended": true, "busy_trigger": 5}),
    )
    .await;
    let device =
        json!({"name": "Desk", "username": "desk731", "user": user["id"], "ring": "delay", "ring_delay": 8});
    let device =
        round_trip(&api, "devices", device, json!({"name": "Desk phone", "ring": "immediate"})).await;
    assert!(device["secret"].as_str().is_some_and(|s| s.len() >= 12), "a made secret is told once: {device}");
    assert!(api.get(&format!("/api/v1/devices/{}", device["id"])).await.value().get("secret").is_none());
    let group = json!({"name": "Front desk", "extension": "790", "members": [user["id"], 1], "overflow": "hangup:busy"});
    let group =
        round_trip(&api, "ring_groups", group, json!({"members": [1, user["id"]], "ring_time": 30})).await;
    let role = round_trip(
        &api,
        "roles",
        json!({"name": "Clerk", "level": "1", "permissions": ["users.view", "place_calls"]}),
        json!({"name": "Front desk", "permissions": ["users.view"]}),
    )
    .await;
    let tenant = round_trip(
        &api,
        "tenants",
        json!({"name": "Other", "domain": "other.example"}),
        json!({"name": "Another"}),
    )
    .await;
    let extension = api.get("/api/v1/extensions?q=790").await.value();
    assert_eq!(extension["items"][0]["ring_group"], group["id"], "{extension}");
    for table in ["settings", "node_settings"] {
        let row = api.get(&format!("/api/v1/{table}")).await.value();
        let back = api.json("PATCH", &format!("/api/v1/{table}"), row.clone()).await;
        assert_eq!(back.status.as_u16(), 200, "{table}: {}", back.body);
    }
    world.suspended_for(user["id"].as_i64().unwrap(), 13 * 3600);
    for (table, made) in [
        ("ring_groups", &group),
        ("devices", &device),
        ("users", &user),
        ("roles", &role),
        ("tenants", &tenant),
    ] {
        remove(&api, table, made).await;
    }
}

#[tokio::test]
async fn problems_are_json_and_name_the_field() {
    let world = World::new();
    let api = world.admin().await;
    let answer = api.json("POST", "/api/v1/users", json!({"first_name": "", "extension": "7"})).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (422, "application/problem+json"));
    let fields: Vec<_> = answer.value()["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["field"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        fields.contains(&"first_name".to_owned()) && fields.contains(&"extension".to_owned()),
        "{}",
        answer.body
    );
    let unknown = api.json("POST", "/api/v1/users", json!({"first_name": "A", "shoe_size": 44})).await;
    assert_eq!(unknown.value()["problems"][0]["field"], "shoe_size");
    for (body, status) in [(json!("text"), 400), (json!([1]), 400), (json!({"first_name": {"a": 1}}), 422)] {
        assert_eq!(api.json("POST", "/api/v1/users", body).await.status.as_u16(), status);
    }
    assert_eq!(api.json("PATCH", "/api/v1/users/99999", json!({})).await.status.as_u16(), 404);
    assert_eq!(api.get("/api/v1/nothing").await.status.as_u16(), 404);
}

#[tokio::test]
async fn an_old_version_is_a_conflict() {
    let world = World::new();
    let api = world.admin().await;
    let id = world.user("Ida", "731");
    let own = format!("/api/v1/users/{id}");
    let version = api.get(&own).await.value()["version"].clone();
    assert_eq!(
        api.json("PATCH", &own, json!({"last_name": "One", "version": version})).await.status.as_u16(),
        200
    );
    assert_eq!(
        api.json("PATCH", &own, json!({"last_name": "Two", "version": version})).await.status.as_u16(),
        409
    );
}

#[tokio::test]
async fn if_match_refuses_what_somebody_else_changed() {
    let world = World::new();
    let api = world.admin().await;
    let own = format!("/api/v1/users/{}", world.user("Ida", "731"));
    let tag = api.get(&own).await.header("etag").to_owned();
    assert_eq!(api.with(&[("if-none-match", &tag)], "GET", &own, Value::Null).await.status.as_u16(), 304);
    let changed = api.with(&[("if-match", &tag)], "PATCH", &own, json!({"last_name": "One"})).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.body);
    assert_ne!(changed.header("etag"), tag);
    for (method, body) in [("PATCH", json!({"last_name": "Two"})), ("DELETE", Value::Null)] {
        let stale = api.with(&[("if-match", &tag)], method, &own, body).await;
        assert_eq!(stale.status.as_u16(), 412, "{method}: {}", stale.body);
    }
    assert_eq!(api.get(&own).await.value()["last_name"], "One");
}

#[tokio::test]
async fn put_gives_the_rest_its_defaults() {
    let world = World::new();
    let api = world.admin().await;
    let own = format!("/api/v1/users/{}", world.user("Ida", "731"));
    api.json("PATCH", &own, json!({"last_name": "Schmidt", "busy_trigger": 7})).await;
    let put = api.json("PUT", &own, json!({"first_name": "Ida", "extension": "732"})).await;
    assert_eq!(put.status.as_u16(), 200, "{}", put.body);
    let row = put.value();
    assert_eq!(
        (&row["last_name"], &row["busy_trigger"], &row["extension"]),
        (&json!(""), &json!(2), &json!("732"))
    );
}

#[tokio::test]
async fn a_dry_run_checks_tells_and_writes_nothing() {
    let world = World::new();
    let api = world.admin().await;
    let id = world.user("Ida", "731");
    world.suspended_for(id, 13 * 3600);
    let before = api.get("/api/v1/users").await.body;
    let told = api.json("POST", "/api/v1/users?dry_run=1", json!({"first_name": "Otto"})).await;
    assert_eq!((told.status.as_u16(), &told.value()["would_change"][0]["action"]), (200, &json!("create")));
    let own = format!("/api/v1/users/{id}?dry_run=1");
    let told = api.json("PATCH", &own, json!({"last_name": "Neu"})).await.value();
    assert_eq!(told["would_change"][0]["changes"]["last_name"], json!({"from": "", "to": "Neu"}));
    assert_eq!(api.json("DELETE", &own, Value::Null).await.value()["would_change"][0]["action"], "delete");
    let wrong =
        api.json("POST", "/api/v1/users?dry_run=1", json!({"first_name": "A", "extension": "731"})).await;
    assert_eq!(wrong.status.as_u16(), 422, "the checks run: {}", wrong.body);
    assert_eq!(api.get("/api/v1/users").await.body, before);
}

/// OPS-15: two companies may have keys of the same name; what one of them did says nothing to the other.
#[tokio::test]
async fn an_idempotency_key_is_of_one_company() {
    let world = World::new();
    let (ours, theirs) = (world.admin().await, world.other_tenant().await);
    let mut keys = Vec::new();
    for browser in [&ours, &theirs] {
        let fields = json!({ "name": "Sync", "organization": "write" });
        let made = browser.json("POST", "/api/v1/api_keys", fields).await;
        keys.push(made.value()["key"].as_str().unwrap().to_owned());
    }
    for (at, name, replayed) in [(0, "Berlin", ""), (1, "Berlin", ""), (0, "Berlin", "true")] {
        let request = Request::post("/api/v1/departments")
            .header("host", "pbx.example")
            .header("authorization", format!("Bearer {}", keys[at]))
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1");
        let made = world.send(request.body(Body::from(json!({ "name": name }).to_string())).unwrap()).await;
        assert_eq!(made.status.as_u16(), 201, "{name}: {}", made.body);
        let told = made.headers.get("idempotency-replayed").map_or("", |value| value.to_str().unwrap());
        assert_eq!(told, replayed, "{at}");
    }
    for browser in [&ours, &theirs] {
        assert_eq!(browser.get("/api/v1/departments?q=Berlin").await.value()["total"], 1);
    }
}

#[tokio::test]
async fn an_idempotency_key_does_it_once() {
    let world = World::new();
    let api = world.admin().await;
    let key = [("idempotency-key", "k-1")];
    let body = json!({"name": "Desk", "username": "desk1"});
    let first = api.with(&key, "POST", "/api/v1/devices", body.clone()).await;
    assert_eq!(first.status.as_u16(), 201, "{}", first.body);
    let again = api.with(&key, "POST", "/api/v1/devices", body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body), "the same answer, secret and all");
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("etag"), first.header("etag"));
    let other =
        api.with(&key, "POST", "/api/v1/devices", json!({"name": "Desk 2", "username": "desk2"})).await;
    assert_eq!(other.status.as_u16(), 422, "{}", other.body);
    assert_eq!(api.get("/api/v1/devices?q=desk1").await.value()["total"], 1);
    let refused = [("idempotency-key", "k-2")];
    let wrong = json!({"name": "Desk", "username": "desk1"});
    assert_eq!(api.with(&refused, "POST", "/api/v1/devices", wrong.clone()).await.status.as_u16(), 422);
    assert_eq!(
        api.with(&refused, "POST", "/api/v1/devices", wrong).await.header("idempotency-replayed"),
        "true"
    );
}

#[tokio::test]
async fn bulk_is_all_or_none() {
    let world = World::new();
    let api = world.admin().await;
    let (one, two) = (world.user("Ida", "731"), world.user("Otto", "732"));
    let done =
        api.json("POST", "/api/v1/users/bulk", json!({"ids": [one, two], "set": {"suspended": true}})).await;
    assert_eq!((done.status.as_u16(), &done.value()["rows"]), (200, &json!(2)), "{}", done.body);
    let refused = api.json("POST", "/api/v1/users/bulk", json!({"ids": [one, 99999], "delete": true})).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
    let matching = json!({"query": "f.suspended=true", "set": {"suspended": false}});
    assert_eq!(api.json("POST", "/api/v1/users/bulk", matching).await.value()["rows"], 2);
    for wrong in [
        json!({}),
        json!({"ids": [1]}),
        json!({"ids": ["x"], "delete": true}),
        json!({"ids": [1], "delete": true, "more": 1}),
    ] {
        assert_eq!(api.json("POST", "/api/v1/users/bulk", wrong).await.status.as_u16(), 400);
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_instead_of_overlooked() {
    let world = World::new();
    let api = world.admin().await;
    for query in [
        "shoe_size=4",
        "f.shoe_size=4",
        "f.suspended=maybe",
        "limit=0",
        "limit=many",
        "sort=secret",
        "desc=x",
        "fields=nothing",
        "f.busy_trigger.min=x",
    ] {
        assert_eq!(api.get(&format!("/api/v1/users?{query}")).await.status.as_u16(), 400, "{query}");
    }
    let some = api.get("/api/v1/users?fields=first_name&limit=1").await.value();
    let names: Vec<_> = some["items"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["first_name", "id", "version"]);
    for (body, field) in [
        (json!({"first_name": "A", "busy_trigger": "2"}), "busy_trigger"),
        (json!({"first_name": "A", "suspended": "1"}), "suspended"),
        (json!({"first_name": 7}), "first_name"),
    ] {
        let refused = api.json("POST", "/api/v1/users", body).await;
        assert_eq!((refused.status.as_u16(), &refused.value()["problems"][0]["field"]), (422, &json!(field)));
    }
    let not_allowed = api.json("PUT", "/api/v1/users", json!({})).await;
    assert_eq!(not_allowed.status.as_u16(), 405, "{}", not_allowed.body);
    assert_eq!(not_allowed.header("content-type"), "application/problem+json");
    assert!(not_allowed.header("allow").contains("POST"), "{:?}", not_allowed.headers);
    assert_eq!(api.get("/api/v1/users/abc").await.header("content-type"), "application/problem+json");
}
