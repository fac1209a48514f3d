//! What holds of each table's list and form, whoever declared it.

use config::resources;
use serde_json::json;

use crate::{registry::csv_rows, sample::make, world::World};

/// NAV-13, NAV-14, USR-01, USR-07, ORG-01, ORG-05, ORG-06, EXT-02, NUM-05
#[tokio::test]
async fn each_table_shows_all_its_rows_as_list_as_cards_and_as_csv() {
    let world = World::new();
    let browser = world.admin().await;
    for of in resources::ALL.into_iter().filter(|of| !of.single) {
        make(&browser, of).await;
        let all = browser.get(&format!("/api/v1/{}?limit=200", of.name)).await.value();
        let ids: Vec<i64> =
            all["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
        let stored = rusqlite::Connection::open(world.db.file())
            .unwrap()
            .query_row(&format!("SELECT count(*) FROM {}", of.name), [], |row| row.get::<_, usize>(0))
            .unwrap();
        assert_eq!((ids.len(), &all["total"]), (stored, &json!(stored)), "{}", of.name);
        for view in ["list", "cards"] {
            let page = browser.get(&format!("/admin/{}?view={view}&limit=200", of.name)).await.body;
            assert!(ids.iter().all(|id| page.contains(&format!("id=\"row-{id}\""))), "{} as {view}", of.name);
            assert!(page.contains(&format!("{stored} of {stored}")), "{} as {view} says how many", of.name);
        }
        let csv = browser.get(&format!("/admin/{}/export.csv", of.name)).await.body;
        assert_eq!(csv_rows(&csv).len(), 1 + stored, "{}: names of columns, then rows", of.name);
    }
}

/// NAV-09: what was saved is said, with a way back, for each table; values that change nothing need none.
#[tokio::test]
async fn each_tables_save_is_confirmed() {
    let world = World::new();
    let browser = world.admin().await;
    let mut confirmed = 0;
    for of in resources::ALL.into_iter().filter(|of| !of.single) {
        let id = make(&browser, of).await;
        let path = format!("/admin/{}/{id}", of.name);
        let version = browser.get(&format!("/api/v1/{}/{id}", of.name)).await.value()["version"].to_string();
        let saved = browser.post(&path, &[("version", &version)]).await;
        if saved.status.as_u16() == 303 {
            let page = browser.with_flash(&saved).await;
            assert!(page.contains("class=\"toast\"") && page.contains("saved"), "{}", of.name);
            confirmed += 1;
        } else {
            // A form without its fields is no form: flags and lists of it are off then, and a rule may ask for them.
            assert_eq!(saved.status.as_u16(), 422, "{}: {}", of.name, saved.body);
        }
    }
    assert!(confirmed > 8, "{confirmed}");
}

/// EXT-01
#[tokio::test]
async fn an_extension_is_made_changed_and_deleted_with_a_warning_of_what_refers_to_it() {
    let world = World::new();
    let browser = world.admin().await;
    let user =
        browser.json("POST", "/api/v1/users", json!({ "first_name": "Ida" })).await.value()["id"].clone();
    let made = browser.json("POST", "/api/v1/extensions", json!({ "number": "741", "user": user })).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let path = format!("/api/v1/extensions/{}", made.value()["id"]);
    assert_eq!(browser.json("PATCH", &path, json!({ "number": "742" })).await.status.as_u16(), 200);
    let own = browser.get(&format!("/api/v1/users/{user}")).await.value();
    assert_eq!(own["extension"], "742", "it is the user's own");
    let overflow = |to: &str| json!({ "overflow": to });
    let group = "/api/v1/ring_groups/1";
    assert_eq!(browser.json("PATCH", group, overflow("extension:742")).await.status.as_u16(), 200);
    let page = browser.get(&format!("/admin/extensions/{}", made.value()["id"])).await.body;
    assert!(page.contains("id=\"used-by\"") && page.contains("Everyone"), "{page}");
    let held = browser.json("DELETE", &path, json!(null)).await;
    assert_eq!(held.status.as_u16(), 409, "{}", held.body);
    assert!(held.body.contains("Everyone"), "{}", held.body);
    assert_eq!(browser.json("PATCH", group, overflow("hangup:busy")).await.status.as_u16(), 200);
    assert_eq!(browser.json("DELETE", &path, json!(null)).await.status.as_u16(), 204);
    let freed = browser.get(&format!("/api/v1/users/{user}")).await.value();
    assert_eq!(freed["extension"], "");
}

/// USR-08, USR-12, ORG-09, NUM-01
#[tokio::test]
async fn people_and_numbers_are_filtered_by_where_they_are() {
    let world = World::new();
    let browser = world.admin().await;
    let made = async |table: &str, row: serde_json::Value| -> i64 {
        let answer = browser.json("POST", &format!("/api/v1/{table}"), row).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        answer.value()["id"].as_i64().unwrap()
    };
    let site = made("sites", json!({ "name": "Boise" })).await;
    let sales = made("departments", json!({ "name": "Sales" })).await;
    let field = made("departments", json!({ "name": "Field", "parent": sales })).await;
    let ida = made("users", json!({ "first_name": "Ida", "site": site, "department": field })).await;
    let number = made("numbers", json!({ "number": "+12085550100", "site": site })).await;
    let found = async |query: String| -> Vec<i64> {
        let rows = browser.get(&format!("/api/v1/{query}")).await.value();
        rows["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(found(format!("users?f.department={field}")).await, [ida]);
    assert_eq!(found(format!("users?f.site={site}")).await, [ida]);
    assert_eq!(found(format!("numbers?f.site={site}")).await, [number]);
    let page = browser.get(&format!("/admin/users?f.department={field}")).await.body;
    assert!(page.contains(&format!("id=\"row-{ida}\"")) && !page.contains("id=\"row-1\""));
    let list = browser.get("/admin/departments").await.body;
    assert!(list.contains("id=\"department-tree\""));
    let tree = crate::world::between(&list, "id=\"department-tree\"", "</section>");
    let (above, below) = tree.split_once(">Sales</a>").unwrap();
    assert!(!above.contains(">Field</a>") && below.contains(">Field</a>"), "{tree}");
    assert!(below.contains(">1 <span class=\"sr\">people in Sales</span>"), "those below count: {tree}");
}

/// USR-03, USR-04
#[tokio::test]
async fn a_user_is_suspended_by_the_menu_of_the_list_and_goes_twelve_hours_later() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    let menu = browser.get(&format!("/admin/users/{id}/menu")).await.body;
    assert!(menu.contains("name=\"set.suspended\" value=\"=1\""), "{menu}");
    let set = browser
        .post("/admin/users/bulk", &[("id", &id.to_string()), ("act", "set"), ("set.suspended", "=1")])
        .await;
    assert_eq!(set.status.as_u16(), 303);
    let row = browser.get(&format!("/api/v1/users/{id}")).await.value();
    assert_eq!(row["suspended"], true);
    let early = browser.post(&format!("/admin/users/{id}/delete"), &[]).await;
    assert_eq!(early.status.as_u16(), 422);
    world.suspended_for(id, 12 * 3600);
    assert_eq!(browser.post(&format!("/admin/users/{id}/delete"), &[]).await.status.as_u16(), 303);
}

/// LIC-07
#[tokio::test]
async fn a_ring_group_needs_no_licence() {
    let world = World::new();
    let browser = world.admin().await;
    assert_eq!(browser.get("/api/v1/licences?f.kind=call_center").await.value()["total"], 0);
    let group = json!({ "name": "Front", "extension": "790", "members": [1, 2], "overflow": "hangup:busy" });
    let made = browser.json("POST", "/api/v1/ring_groups", group).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
}
