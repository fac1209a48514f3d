//! REST over every table: the same values, the same checks.

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
