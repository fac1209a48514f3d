//! Who may do what. ROL-01…08.

use serde_json::json;

use crate::world::{ADMIN, World};

#[tokio::test]
async fn lower_levels_see_less_and_another_tenant_nothing() {
    let world = World::new();
    let (primary, plain) = (world.admin().await, world.account("plain", 1).await);
    assert_eq!(primary.get("/admin/tenants").await.status.as_u16(), 200);
    for (path, status) in [
        ("/admin/tenants", 404),
        ("/admin/node_settings", 404),
        ("/api/v1/tenants", 404),
        ("/admin/settings", 403),
        ("/api/v1/settings", 403),
        ("/admin/roles/new", 403),
    ] {
        assert_eq!(plain.get(path).await.status.as_u16(), status, "{path}");
    }
    let dashboard = plain.get("/admin").await.body;
    assert!(!dashboard.contains("/admin/tenants") && !dashboard.contains("href=\"/admin/settings"));
    assert!(plain.get("/admin/users").await.status.is_success());
}

/// ROL-01
#[tokio::test]
async fn level_0_has_the_portal_and_no_admin_panel() {
    let world = World::new();
    let user = world.account("uma", 0).await;
    let home = user.get("/").await;
    assert!(
        home.status.is_success() && home.body.contains("uma") && home.body.contains("action=\"/logout\"")
    );
    assert!(!home.body.contains("href=\"/admin\"") && !home.body.contains("/live?parts"));
    for path in ["/admin", "/admin/users", "/admin/calls", "/admin/nothing"] {
        let refused = user.get(path).await;
        assert_eq!(refused.status.as_u16(), 403, "{path}");
        assert!(refused.body.contains("No admin panel") && refused.body.contains("href=\"/\""), "{path}");
    }
    let api = user.get("/api/v1/users").await;
    assert_eq!((api.status.as_u16(), api.header("content-type")), (403, "application/problem+json"));
    assert_eq!(user.get("/live?parts=calls").await.status.as_u16(), 403);
    assert_eq!(user.post("/admin/users", &[("first_name", "Mallory")]).await.status.as_u16(), 403);
    let admin = world.admin().await.get("/").await.body;
    assert!(admin.contains("href=\"/admin\""), "administrators have both");
}

/// ROL-07: 3 makes 2, 1, 0; 2 makes 1, 0; 1 makes 0; 0 makes nobody. USR-09.
#[tokio::test]
async fn users_are_made_strictly_below_ones_own_level() {
    let world = World::new();
    let authors = [
        world.account("zero", 0).await,
        world.account("one", 1).await,
        world.account("two", 2).await,
        world.admin().await,
    ];
    for (own, author) in authors.iter().enumerate() {
        for (level, role) in [6, 3, 2, 1].into_iter().enumerate() {
            let new = json!({"first_name": "New", "role": role});
            let answer = author.json("POST", "/api/v1/users", new).await;
            let expected = if level < own { 201 } else { 403 };
            assert_eq!(answer.status.as_u16(), expected, "{own} makes {level}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_setup_link_for_a_higher_level_is_refused() {
    let world = World::new();
    let (primary, lower) = (world.admin().await, world.account("second", 2).await);
    let path = format!("/admin/users/{ADMIN}/setup-link");
    let refused = lower.post(&path, &[]).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.body);
    let made = primary.post(&path, &[]).await;
    let page = primary.get(made.header("location")).await.body;
    assert!(page.contains("value=\"http://pbx.example/setup/"), "the link is shown once");
    assert!(!primary.get(made.header("location")).await.body.contains("/setup/"));
}

/// ROL-22
#[tokio::test]
async fn a_role_is_edited_by_check_boxes() {
    let world = World::new();
    let browser = world.admin().await;
    let form = browser.get("/admin/roles/6").await.body;
    assert!(form.contains("name=\"permissions\" value=\"place_calls\" checked"));
    assert!(form.contains("name=\"permissions\" value=\"users.view\">View"));
    let fields = [("name", "User"), ("level", "0"), ("scope", "own"), ("permissions", "park_calls")];
    let saved = browser.post("/admin/roles/6", &[&fields[..], &[("permissions", "page")]].concat()).await;
    assert!(saved.status.is_redirection(), "{}", saved.body);
    let role = browser.get("/api/v1/roles/6").await.value();
    assert_eq!(role["permissions"], json!(["park_calls", "page"]));
    let refused =
        browser.post("/admin/roles/6", &[&fields[..], &[("permissions", "users.edit")]].concat()).await;
    assert_eq!(refused.status.as_u16(), 422, "level 0 has no admin panel");
}

/// ROL-03
#[tokio::test]
async fn a_site_administrator_has_the_users_and_phones_of_their_site() {
    let world = World::new();
    let admin = world.admin().await;
    let north = admin.json("POST", "/api/v1/sites", json!({"name": "North"})).await.value()["id"].clone();
    let person = |name: &str, site: &serde_json::Value| json!({"first_name": name, "site": site});
    let theirs = admin.json("POST", "/api/v1/users", person("Nora", &north)).await.value()["id"].clone();
    let phone = |name: &str, user: &serde_json::Value| json!({"name": name, "username": name, "user": user});
    let phone_of = admin.json("POST", "/api/v1/devices", phone("nora", &theirs)).await.value()["id"].clone();
    let site = world.account("site", 1).await;
    let me = world.db.account_by_login("site", None).unwrap().unwrap().id;
    // Without a site of their own they are at the default one, as the five people of first start are.
    let total = async |path: &str| site.get(path).await.value()["total"].clone();
    assert_eq!((total("/api/v1/users").await, total("/api/v1/devices").await), (json!(7), json!(5)));
    assert_eq!(site.get(&format!("/api/v1/users/{theirs}")).await.status.as_u16(), 403);
    admin.json("PATCH", &format!("/api/v1/users/{me}"), json!({"site": north})).await;
    assert_eq!((total("/api/v1/users").await, total("/api/v1/devices").await), (json!(2), json!(1)));
    assert_eq!(site.get(&format!("/api/v1/devices/{phone_of}")).await.status.as_u16(), 200);
    for path in ["/api/v1/users/1", "/api/v1/devices/1", "/admin/users/1"] {
        assert_eq!(site.get(path).await.status.as_u16(), 403, "{path}");
    }
    assert_eq!(site.json("PATCH", "/api/v1/users/1", json!({"last_name": "x"})).await.status.as_u16(), 403);
    let csv = site.get("/admin/users/export.csv").await.body;
    assert!(csv.contains("Nora") && !csv.contains("Anna"), "{csv}");
    let made = site.json("POST", "/api/v1/users", json!({"first_name": "Nils"})).await.value();
    assert_eq!(made["site"], north, "what they make is at their site");
    let phone = site.json("POST", "/api/v1/devices", phone("nils", &made["id"])).await;
    assert_eq!(phone.status.as_u16(), 201, "{}", phone.body);
    let moved = site.json("PATCH", &format!("/api/v1/users/{}", made["id"]), json!({"site": null})).await;
    assert_eq!(moved.status.as_u16(), 403, "and stays there: {}", moved.body);
}
