//! Undo from the toast and by Ctrl Z. AUD-02.

use crate::world::{World, between};

/// The undo form of the toast that a redirect leads to.
fn undo_of(page: &str) -> String {
    between(page, "action=\"/admin/undo/", "\"").to_owned()
}

#[tokio::test]
async fn a_save_a_bulk_change_and_a_delete_are_taken_back_from_their_toasts() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let own = format!("/api/v1/users/{id}");
    let fields = [
        ("first_name", "Ada"),
        ("extension", "731"),
        ("busy_trigger", "2"),
        ("forward_no_answer_after", "20"),
    ];
    let saved = browser.post(&format!("/admin/users/{id}"), &fields).await;
    let revision = undo_of(&browser.with_flash(&saved).await);
    let undone = browser.post(&format!("/admin/undo/{revision}"), &[]).await;
    assert!(undone.header("set-cookie").contains("is%20as%20it%20was"), "{}", undone.header("set-cookie"));
    assert_eq!(browser.get(&own).await.value()["first_name"], "Ida");

    let bulk = browser
        .post("/admin/users/bulk", &[("id", &id.to_string()), ("act", "set"), ("set.suspended", "=1")])
        .await;
    let revision = undo_of(&browser.with_flash(&bulk).await);
    browser.post(&format!("/admin/undo/{revision}"), &[]).await;
    assert_eq!(browser.get(&own).await.value()["suspended"], false);

    let group = serde_json::json!({"name": "Front desk", "extension": "790", "members": [id]});
    let group = browser.json("POST", "/api/v1/ring_groups", group).await.value()["id"].clone();
    let deleted = browser.post(&format!("/admin/ring_groups/{group}/delete"), &[]).await;
    let revision = undo_of(&browser.with_flash(&deleted).await);
    let own = format!("/api/v1/ring_groups/{group}");
    assert_eq!(browser.get(&own).await.status.as_u16(), 404);
    browser.post(&format!("/admin/undo/{revision}"), &[]).await;
    let back = browser.get(&own).await.value();
    assert_eq!(
        (&back["extension"], &back["members"][0]),
        (&"790".into(), &id.into()),
        "with number and members"
    );
}

#[tokio::test]
async fn the_last_own_change_is_undone_and_then_the_one_before() {
    let world = World::new();
    let browser = world.admin().await;
    let other = world.account("second", 2).await;
    let id =
        browser.json("POST", "/api/v1/users", serde_json::json!({"first_name": "Ida"})).await.value()["id"]
            .clone();
    let own = format!("/api/v1/users/{id}");
    for name in ["One", "Two"] {
        browser.json("PATCH", &own, serde_json::json!({"last_name": name})).await;
    }
    let nothing = other.post("/admin/undo", &[]).await;
    assert!(
        nothing.header("set-cookie").contains("nothing%20of%20yours"),
        "{}",
        nothing.header("set-cookie")
    );
    for expected in ["One", ""] {
        browser.post("/admin/undo", &[]).await;
        assert_eq!(browser.get(&own).await.value()["last_name"], expected);
    }
    browser.post("/admin/undo", &[]).await;
    assert_eq!(browser.get(&own).await.status.as_u16(), 404, "the creation too");
}

#[tokio::test]
async fn what_was_changed_since_is_not_overwritten() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let own = format!("/api/v1/users/{id}");
    let bulk = browser
        .post("/admin/users/bulk", &[("id", &id.to_string()), ("act", "set"), ("set.suspended", "=1")])
        .await;
    let revision = undo_of(&browser.with_flash(&bulk).await);
    browser.json("PATCH", &own, serde_json::json!({"suspended": false})).await;
    browser.json("PATCH", &own, serde_json::json!({"suspended": true})).await;
    let refused = browser.post(&format!("/admin/undo/{revision}"), &[]).await;
    assert_eq!(refused.status.as_u16(), 303);
}

#[tokio::test]
async fn a_save_that_changes_nothing_offers_no_undo_of_somebody_elses_change() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    world.user("Otto", "732");
    let row = browser.get(&format!("/api/v1/users/{id}")).await.value();
    let fields = crate::registry::as_form(&config::resources::users::USERS, row.as_object().unwrap());
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let saved = browser.post(&format!("/admin/users/{id}"), &fields).await;
    assert!(saved.status.is_redirection(), "{}", saved.body);
    assert!(!browser.with_flash(&saved).await.contains("/admin/undo/"));
}
