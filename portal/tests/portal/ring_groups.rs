//! Ring groups: what a caller experiences stands beside the form, by the strategy and by the delays of members.

use serde_json::json;

use crate::world::{World, between};

/// The panel without its text about names.
async fn lanes(browser: &crate::world::Browser, id: i64) -> String {
    let page = browser.get(&format!("/admin/ring_groups/{id}")).await.body;
    between(&page, "id=\"ring-lanes\"", "</section>").to_owned()
}

/// GRP-05, GRP-06, GRP-12: one after the other, as long as each rings; then the overflow.
#[tokio::test]
async fn the_form_shows_when_whom_the_next_call_rings() {
    let world = World::new();
    let browser = world.admin().await;
    let group = json!({
        "name": "Desk", "extension": "650", "members": [3, 1], "strategy": "top_to_bottom", "ring_time": 20,
        "overflow": "hangup:busy",
    });
    let id = browser.json("POST", "/api/v1/ring_groups", group).await.value()["id"].as_i64().unwrap();
    let html = lanes(&browser, id).await;
    assert!(html.contains("What a caller to 650 experiences"), "{html}");
    let bars: Vec<&str> =
        html.match_indices("--a:").map(|(at, _)| between(&html[at..], "--a:", "\"")).collect();
    assert_eq!(bars, ["0;--b:40", "40;--b:80", "80;--b:100"]);
    assert!(html.contains("rings 20 s") && html.contains("after 40 s") && html.contains("Hang up: busy"));
}

/// GRP-08, GRP-12: with Ring all a member may begin later, once in a group.
#[tokio::test]
async fn a_member_has_one_delay_in_a_group() {
    let world = World::new();
    let browser = world.admin().await;
    let group = json!({ "name": "All", "extension": "651", "members": [1, 2], "ring_time": 20, "overflow": "hangup:busy" });
    let id = browser.json("POST", "/api/v1/ring_groups", group).await.value()["id"].as_i64().unwrap();
    let delay = json!({ "ring_group": id, "user": 2, "delay": 5 });
    let made = browser.json("POST", "/api/v1/ring_delays", delay.clone()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let html = lanes(&browser, id).await;
    assert!(
        html.contains("--a:0;--b:80") && html.contains("--a:20;--b:80") && html.contains("rings 15 s"),
        "{html}"
    );
    let again = browser.json("POST", "/api/v1/ring_delays", delay).await;
    assert_eq!(again.status.as_u16(), 422, "{}", again.body);
    assert!(again.body.contains("has a delay in this group already"), "{}", again.body);
}
