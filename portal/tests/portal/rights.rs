//! Who may do what.

use crate::world::World;

#[tokio::test]
async fn lower_levels_see_less_and_another_tenant_nothing() {
    let world = World::new();
    let (primary, plain) = (world.admin().await, world.administrator("plain", 1).await);
    assert_eq!(primary.get("/admin/tenants").await.status.as_u16(), 200);
    for path in [
        "/admin/tenants",
        "/admin/node_settings",
        "/admin/administrators",
        "/api/v1/tenants",
        "/admin/administrators/1",
    ] {
        assert_eq!(plain.get(path).await.status.as_u16(), 404, "{path}");
    }
    assert!(!plain.get("/admin").await.body.contains("/admin/tenants"));
    assert!(plain.get("/admin/users").await.status.is_success());
}

#[tokio::test]
async fn a_setup_link_for_a_higher_level_is_refused() {
    let world = World::new();
    let (primary, lower) = (world.admin().await, world.administrator("second", 2).await);
    let refused = lower.post("/admin/administrators/1/setup-link", &[]).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.body);
    let made = primary.post("/admin/administrators/1/setup-link", &[]).await;
    let page = primary.get(made.header("location")).await.body;
    assert!(page.contains("value=\"http://pbx.example/setup/"), "the link is shown once");
    assert!(!primary.get(made.header("location")).await.body.contains("/setup/"));
}
