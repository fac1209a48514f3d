//! The command palette. NAV-11.

use crate::world::World;

#[tokio::test]
async fn people_pages_settings_and_commands_are_found() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Annabella", "7315");
    for (typed, found) in [
        ("annab", format!("data-href=\"/admin/users/{id}\"")),
        ("7315", format!("data-href=\"/admin/users/{id}\"")),
        ("ring gro", "data-href=\"/admin/ring_groups\"".to_owned()),
        ("country", "data-href=\"/admin/settings#field-country\"".to_owned()),
        ("new dev", "data-href=\"/admin/devices/new\"".to_owned()),
        ("undo", "data-run=\"undo\"".to_owned()),
        ("", "data-href=\"/admin\"".to_owned()),
    ] {
        let body = browser.get(&format!("/admin/search?q={}", crate::world::encode(typed))).await.body;
        assert!(body.contains(&found), "{typed}: {body}");
    }
    let nothing = browser.get("/admin/search?q=zzzzzz").await.body;
    assert!(nothing.contains("Nothing found"));
    let marked = browser.get("/admin/search?q=annab").await.body;
    assert!(marked.contains("<mark>Annab</mark>ella"), "{marked}");
}

#[tokio::test]
async fn a_destination_is_found_by_number_and_by_name() {
    let world = World::new();
    let browser = world.admin().await;
    world.user("Annabella", "7315");
    for typed in ["7315", "annab"] {
        let body = browser.get(&format!("/admin/search?for=destination&q={typed}")).await.body;
        assert!(
            body.contains("data-value=\"extension:7315\"") && body.contains("Annabella"),
            "{typed}: {body}"
        );
    }
    let hang_ups = browser.get("/admin/search?for=destination&q=busy").await.body;
    assert!(hang_ups.contains("data-value=\"hangup:busy\"") && !hang_ups.contains("no_answer"));
}

#[tokio::test]
async fn lower_levels_find_only_what_they_may_see() {
    let world = World::new();
    let plain = world.account("plain", 1).await;
    let body = plain.get("/admin/search?q=te").await.body;
    assert!(!body.contains("/admin/tenants") && !body.contains("/admin/node_settings"), "{body}");
}
