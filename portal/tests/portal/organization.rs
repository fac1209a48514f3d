//! Sites, departments, licences and uploads as people use them.

use axum::body::Body;
use config::{resource::Values, resources::licences::LICENCES};
use serde_json::json;

use crate::world::{Answer, Browser, World, author, between, send};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and some pixels";

async fn made(browser: &Browser, table: &str, row: serde_json::Value) -> i64 {
    let answer = browser.json("POST", &format!("/api/v1/{table}"), row).await;
    assert_eq!(answer.status.as_u16(), 201, "{table}: {}", answer.body);
    answer.value()["id"].as_i64().unwrap()
}

async fn upload(browser: &Browser, path: &str, content: &[u8]) -> Answer {
    let request = browser.request("PUT", path).header("x-csrf-token", &browser.csrf);
    send(&browser.router, request.body(Body::from(content.to_vec())).unwrap()).await
}

///
#[tokio::test]
async fn a_logo_is_uploaded_saved_and_shown() {
    let world = World::new();
    let browser = world.admin().await;
    let stored = upload(&browser, "/admin/settings/upload/logo", PNG).await;
    assert_eq!(stored.status.as_u16(), 201, "{}", stored.body);
    let key = stored.value()["key"].as_str().unwrap().to_owned();
    let saved = browser
        .post("/admin/settings", &[("logo", &key), ("display_name", "Brightwater"), ("local_sign_in", "1")])
        .await;
    assert!(saved.status.is_redirection(), "{}", saved.body);
    let page = browser.get("/admin").await.body;
    let top = between(&page, "class=\"tenant\"", "</a>");
    assert!(top.contains(&format!("/files/{key}")) && top.contains("Brightwater"), "{top}");
    let shown = browser.get(&format!("/files/{key}")).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "image/png"));
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    let two = made(&browser, "tenants", json!({"name": "Two", "domain": "two.example"})).await;
    let other = world.db.add_file(
        config::TenantId(two),
        b"\xff\xd8\xff other",
        &[config::field::file::FileType::Jpeg],
        99,
    );
    let other = other.unwrap();
    assert_eq!(browser.get(&format!("/files/{other}")).await.status.as_u16(), 404, "another tenant's");
    let theirs = browser.post("/admin/settings", &[("logo", &other), ("local_sign_in", "1")]).await;
    assert_eq!(theirs.status.as_u16(), 422);
}

#[tokio::test]
async fn uploads_are_of_their_type_and_size_and_from_our_pages() {
    let world = World::new();
    let browser = world.admin().await;
    let path = "/admin/settings/upload/logo";
    for (content, word) in
        [(&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "PNG or JPG"), (b"%PDF-1.7", "PNG or JPG")]
    {
        let refused = upload(&browser, path, content).await;
        assert_eq!(refused.status.as_u16(), 422);
        let message = refused.value()["problems"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{message}");
    }
    let large = [PNG, &[0; 200_000]].concat();
    assert!(upload(&browser, path, &large).await.body.contains("200 kB"));
    let forged = browser.request("PUT", path).body(Body::from(PNG)).unwrap();
    assert_eq!(send(&browser.router, forged).await.status.as_u16(), 403);
    assert_eq!(upload(&browser, "/admin/settings/upload/country", PNG).await.status.as_u16(), 404);
    assert_eq!(browser.get("/files/..%2Fdialtone.key").await.status.as_u16(), 404);
    let limited = world.account("limited", 1).await;
    assert!(upload(&limited, path, PNG).await.status.is_client_error());
}

/// ORG-03, ORG-04
#[tokio::test]
async fn a_site_becomes_the_default_and_another_is_left_by_moving() {
    let world = World::new();
    let browser = world.admin().await;
    let boise = made(&browser, "sites", json!({"name": "Boise", "time_zone": "America/Boise"})).await;
    let own = format!("/admin/sites/{boise}");
    assert!(browser.get(&own).await.body.contains("id=\"make-default\""));
    let done = browser.post(&format!("{own}/default"), &[]).await;
    assert_eq!(done.header("location"), own);
    let page = browser.get(&own).await.body;
    assert!(page.contains("Default site") && !page.contains("id=\"make-default\""));
    let user = world.user("Ida", "731");
    browser.json("PATCH", &format!("/api/v1/users/{user}"), json!({"site": 1})).await;
    let refused = browser.post("/admin/sites/1/delete", &[]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("Ida") && refused.body.contains("id=\"move-to\""), "{}", refused.body);
    let moved = browser.post("/admin/sites/1/delete", &[("move_to", &boise.to_string())]).await;
    assert_eq!(moved.header("location"), "/admin/sites", "{}", moved.body);
    assert_eq!(browser.get(&format!("/api/v1/users/{user}")).await.value()["site"], json!(boise));
}

/// ORG-04
#[tokio::test]
async fn a_program_says_where_things_move_in_the_query() {
    let world = World::new();
    let browser = world.admin().await;
    let sales = made(&browser, "departments", json!({"name": "Sales"})).await;
    let other = made(&browser, "departments", json!({"name": "Support"})).await;
    let user = made(&browser, "users", json!({"first_name": "Ida", "department": sales})).await;
    let own = format!("/api/v1/departments/{sales}");
    assert_eq!(browser.json("DELETE", &own, json!(null)).await.status.as_u16(), 409);
    let gone = browser.json("DELETE", &format!("{own}?move_to={other}"), json!(null)).await;
    assert_eq!(gone.status.as_u16(), 204, "{}", gone.body);
    assert_eq!(browser.get(&format!("/api/v1/users/{user}")).await.value()["department"], json!(other));
}

/// LIC-11, LIC-12, LIC-13, A-15
#[tokio::test]
async fn licences_are_assigned_and_taken_back_with_boxes() {
    let world = World::new();
    let browser = world.admin().await;
    let row = json!({"name": "Queues", "kind": "call_center", "quantity": 2});
    let licence = made(&browser, "licences", row).await;
    let page = format!("/admin/licences/{licence}/users");
    assert!(browser.get(&format!("/admin/licences/{licence}")).await.body.contains(&page));
    assert!(browser.get(&page).await.body.contains("Nobody yet"));
    let done = browser.post(&format!("{page}/assign"), &[("user", "1"), ("user", "2")]).await;
    assert_eq!(done.header("location"), page, "{}", done.body);
    let body = browser.get(&page).await.body;
    assert!(body.contains("Anna Berg") && body.contains("id=\"total\">2<"), "{body}");
    let full = browser.post(&format!("{page}/assign"), &[("user", "3"), ("user", "4")]).await;
    assert_eq!(full.status.as_u16(), 422);
    assert!(full.body.contains("All 2 Queues licences are in use"), "{}", full.body);
    let holder = between(&body, "name=\"holder\" value=\"", "\"").to_owned();
    let done = browser.post(&format!("{page}/unassign"), &[("holder", &holder)]).await;
    assert!(done.status.is_redirection(), "{}", done.body);
    let done = browser.post(&format!("{page}/assign"), &[("user", "3"), ("user", "4")]).await;
    assert_eq!(done.status.as_u16(), 422, "all or none");
    assert_eq!(browser.get(&format!("/api/v1/licences/{licence}")).await.value()["in_use"], json!(1));
    let people = browser.part(&format!("{page}?people=chloe"), "div#people").await;
    assert!(
        people.body.contains("Chloe Dubois")
            && !people.body.contains("Anna")
            && !people.body.contains("<html")
    );
}

/// ORG-08, A-05
#[tokio::test]
async fn people_are_assigned_to_a_department_many_at_once() {
    let world = World::new();
    let browser = world.admin().await;
    let sales = made(&browser, "departments", json!({"name": "Sales"})).await;
    let page = format!("/admin/departments/{sales}/users");
    browser.post(&format!("{page}/assign"), &[("user", "1"), ("user", "3")]).await;
    let rows = browser.get(&format!("/admin/users?f.department={sales}")).await.body;
    assert!(rows.contains("2 of 6"), "a filter of the users too (ORG-09)");
    browser.post(&format!("{page}/unassign"), &[("holder", "3")]).await;
    assert_eq!(browser.get("/api/v1/users/3").await.value()["department"], json!(null));
    assert_eq!(browser.get(&format!("/api/v1/departments/{sales}")).await.value()["users"], json!(1));
    let tenants = browser.get("/admin/tenants/1/users").await;
    assert_eq!(tenants.status.as_u16(), 404, "nobody belongs to a tenant in this way");
}

/// USR-06
#[tokio::test]
async fn the_page_says_when_a_suspended_user_can_go() {
    let world = World::new();
    let browser = world.admin().await;
    let id = world.user("Ida", "731");
    world.suspended_for(id, 12 * 3600 - 60);
    let refused = browser.post(&format!("/admin/users/{id}/delete"), &[]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("possible from 20"), "{}", refused.body);
    world.suspended_for(id, 12 * 3600);
    assert!(browser.post(&format!("/admin/users/{id}/delete"), &[]).await.status.is_redirection());
}

/// USR-10, LIC-13
#[tokio::test]
async fn a_user_beyond_the_licences_is_refused_with_the_reason() {
    let world = World::new();
    let browser = world.admin().await;
    let six = Values::from([("quantity".to_owned(), "6".to_owned())]);
    world.db.update(&author(), &LICENCES, 1, &six, None).unwrap();
    let refused = browser.json("POST", "/api/v1/users", json!({"first_name": "Late"})).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("No Advanced User licence is free"), "{}", refused.body);
}

/// NAV-07
#[tokio::test]
async fn the_menu_is_in_the_order_of_the_guide() {
    let world = World::new();
    let browser = world.admin().await;
    let body = browser.get("/admin").await.body;
    let nav = between(&body, "<nav class=\"nav\"", "</nav>");
    let mut at = 0;
    for word in [
        "Organization",
        ">Users<",
        ">Sites<",
        ">Departments<",
        "Configuration",
        ">Devices<",
        ">Extensions<",
        ">Phone numbers<",
        ">Licences<",
        "Reporting",
    ] {
        let word = word.trim_matches(['<', '>']);
        let found = nav[at..].find(word).unwrap_or_else(|| panic!("{word} is not after {}", &nav[..at]));
        at += found;
    }
}
