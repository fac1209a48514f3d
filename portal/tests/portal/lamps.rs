//! The page of lamps: who watches whom, how that stands, and who may know.

use axum::http::StatusCode;
use config::DeviceId;
use portal::live::LiveWatcher;
use serde_json::json;

use crate::world::World;

fn watcher(device: i64, number: &str, watched: &str) -> LiveWatcher {
    LiveWatcher {
        device: DeviceId(device),
        package: "dialog",
        number: number.into(),
        watched: watched.into(),
        expires_at: 1_800_000_000_000,
    }
}

/// SIP-27, SIP-28, OPS-06
#[tokio::test]
async fn administrators_see_which_phones_watch_what_and_how_it_stands() {
    let world = World::new();
    let admin = world.admin().await;
    let empty = admin.get("/admin/lamps").await;
    assert!(empty.body.contains("id=\"no-lamps\""), "{}", empty.body);
    let phone =
        admin.json("POST", "/api/v1/devices", json!({"name": "Front desk", "username": "front"})).await;
    let phone = phone.value()["id"].as_i64().unwrap();
    *world.live.watchers.lock().unwrap() = vec![
        watcher(phone, "102", "user:2"),
        watcher(phone, "103", "user:3"),
        watcher(99_999, "104", "user:2"),
    ];
    world.live.lamps.lock().unwrap().insert("user:2".into(), "on the phone");
    let page = admin.get("/admin/lamps").await.body;
    assert!(page.contains(">on the phone<") && page.contains(">offline<"), "{page}");
    assert!(
        page.contains(&format!("/admin/devices/{phone}\">Front desk</a>")) && page.contains("/admin/users/2")
    );
    assert!(!page.contains("104"), "a phone that is not there is not shown");
    let listed = admin.get("/api/v1/live/lamps").await.value();
    assert_eq!(listed["total"], 2);
    assert_eq!(
        (&listed["items"][0]["number"], &listed["items"][0]["state"]),
        (&json!("102"), &json!("on the phone"))
    );
    let me = world.account("me", 0).await;
    assert_eq!(me.get("/api/v1/live/lamps").await.status, StatusCode::FORBIDDEN);
    assert_ne!(me.get("/admin/lamps").await.status, StatusCode::OK);
}
