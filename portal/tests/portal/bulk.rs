//! One action on many rows, row menus and the drawer. NAV-15, OPS-05.

use axum::{body::Body, http::Request};

use crate::world::{Answer, Browser, World, form, send};

/// A form sent from a list in some state.
async fn post_from(browser: &Browser, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("csrf", browser.csrf.as_str())];
    all.extend(fields);
    let request: Request<Body> = browser
        .request("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("referer", format!("http://pbx.example{from}"))
        .body(Body::from(form(&all)))
        .unwrap();
    send(&browser.router, request).await
}

#[tokio::test]
async fn the_ticked_rows_change_together_and_the_list_stays_as_it_was() {
    let world = World::new();
    let browser = world.admin().await;
    let ids: Vec<String> = (0..3).map(|n| world.user("Tick", &format!("75{n}")).to_string()).collect();
    let fields = [("id", &*ids[0]), ("id", &*ids[1]), ("act", "set"), ("set.suspended", "=1")];
    let from = "/admin/users?q=tick&sort=name";
    let done = post_from(&browser, from, "/admin/users/bulk", &fields).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, from), "{}", done.body);
    assert!(done.header("set-cookie").contains("2%20users%20changed"), "{}", done.header("set-cookie"));
    let suspended = browser.get("/api/v1/users?f.suspended=true&q=tick").await.value();
    assert_eq!(suspended["total"], 2);
}

#[tokio::test]
async fn all_that_match_change_beyond_the_page() {
    let world = World::new();
    let browser = world.admin().await;
    for n in 0..60 {
        world.user("Match", &format!("8{n:02}"));
    }
    let fields = [("all", "1"), ("query", "q=match"), ("act", "set"), ("set.suspended", "=1")];
    let done = post_from(&browser, "/admin/users", "/admin/users/bulk", &fields).await;
    assert!(done.header("set-cookie").contains("60%20users%20changed"), "{}", done.header("set-cookie"));
    // USR-06: nobody was suspended for 12 hours.
    let deleted = [("all", "1"), ("query", "q=match&f.suspended=1"), ("act", "delete")];
    let refused = post_from(&browser, "/admin/users", "/admin/users/bulk", &deleted).await;
    assert_eq!(refused.status.as_u16(), 409, "{}", refused.body);
}

#[tokio::test]
async fn what_stands_in_the_way_is_named_and_nothing_happens() {
    let world = World::new();
    let browser = world.admin().await;
    let role = async |name: &str| {
        let made = browser.json("POST", "/api/v1/roles", serde_json::json!({ "name": name })).await;
        made.value()["id"].to_string()
    };
    let (one, two) = (role("Free").await, role("Tied").await);
    let holder = serde_json::json!({ "first_name": "Hanna", "role": two.parse::<i64>().unwrap() });
    assert_eq!(browser.json("POST", "/api/v1/users", holder).await.status.as_u16(), 201);
    let refused = browser.post("/admin/roles/bulk", &[("id", &one), ("id", &two), ("act", "delete")]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("Tied") && refused.body.contains("Hanna"), "{}", refused.body);
    assert!(browser.get(&format!("/admin/roles/{one}")).await.status.is_success(), "all or none");
    for fields in [vec![("id", &*one), ("act", "set")], vec![("id", &*one), ("act", "explode")]] {
        assert_eq!(browser.post("/admin/roles/bulk", &fields).await.status.as_u16(), 400);
    }
}

/// NAV-14
#[tokio::test]
async fn the_selection_is_exported_alone() {
    let world = World::new();
    let browser = world.admin().await;
    let (anna, _) = (world.user("Annabella", "751"), world.user("Annabeth", "752"));
    let id = anna.to_string();
    let csv = browser.post("/admin/users/export", &[("id", &id), ("query", "q=anna")]).await.body;
    assert!(csv.contains("Annabella") && csv.lines().count() == 2, "{csv}");
    let all = browser.post("/admin/users/export", &[("all", "1"), ("query", "q=annab")]).await.body;
    assert_eq!(all.lines().count(), 3, "{all}");
}

#[tokio::test]
async fn a_row_has_a_menu_and_a_drawer() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("<b>Ida", "731");
    let group = [
        ("name", "Front desk"),
        ("extension", "790"),
        ("ring_time", "20"),
        ("overflow", "hangup:busy"),
        ("members", &*id.to_string()),
    ];
    browser.post("/admin/ring_groups", &group).await;
    let menu = browser.get(&format!("/admin/users/{id}/menu")).await.body;
    assert!(
        menu.contains("name=\"set.suspended\" value=\"=1\"") && menu.contains("value=\"delete\""),
        "{menu}"
    );
    let look = browser.get(&format!("/admin/users/{id}/look")).await.body;
    assert!(look.contains("731") && look.contains("Front desk (790)") && !look.contains("<b>Ida"), "{look}");
    assert_eq!(browser.get("/admin/users/99999/look").await.status.as_u16(), 404);
}
