//! The reseller: customers are suspended, opened, made and sold to. R-01…R-03, MT-01…08, MT-15.

use axum::{body::Body, http::Request};
use config::{TenantId, access::Viewer};
use serde_json::{Value, json};

use crate::{
    api_keys::ask,
    world::{Answer, Browser, World, between, form},
};

const GOOD: &str = "Coffee@Morning2024!";

/// Posts a form without a session.
async fn post(world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = Request::post(path)
        .header("host", "pbx.example")
        .header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(form(fields))).unwrap()).await
}

async fn sign_in(world: &World, login: &str) -> Answer {
    post(world, "/login", &[("login", login), ("password", GOOD)]).await
}

/// A customer whose administrator `boss@other.example` has a password, and their browser.
async fn customer(world: &World) -> (i64, Browser) {
    let boss = world.other_tenant().await;
    let link = world.db.new_setup_link(Some("boss@other.example")).unwrap();
    let set = post(world, &link.path, &[("password", GOOD), ("confirm", GOOD)]).await;
    assert_eq!(set.status.as_u16(), 303, "{}", set.body);
    drop(boss);
    let account = world.db.account_by_login("boss@other.example", None).unwrap().unwrap();
    (account.viewer.tenant.0, signed_in(world, &sign_in(world, "boss@other.example").await).await)
}

/// The browser that an answer signed in.
async fn signed_in(world: &World, answer: &Answer) -> Browser {
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let mut browser = Browser { router: world.router.clone(), cookie, csrf: String::new() };
    let page = browser.get("/admin").await.body;
    browser.csrf = between(&page, "\"X-CSRF-Token\":\"", "\"").to_owned();
    browser
}

/// R-01, MT-01, AUTH-04: by the menu of the list, with the answer that a wrong password gets; taken back, all is as before.
#[tokio::test]
async fn nobody_of_a_suspended_customer_signs_in_or_stays_signed_in() {
    let world = World::new();
    let admin = world.admin().await;
    let (id, boss) = customer(&world).await;
    let key = json!({ "name": "Robot", "organization": "read" });
    let key = boss.json("POST", "/api/v1/api_keys", key).await.value()["key"].as_str().unwrap().to_owned();
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
    let menu = admin.get(&format!("/admin/tenants/{id}/menu")).await.body;
    assert!(menu.contains("name=\"set.suspended\" value=\"=1\""), "{menu}");
    let sent = [("id", &*id.to_string()), ("act", "set"), ("set.suspended", "=1")];
    assert_eq!(admin.post("/admin/tenants/bulk", &sent).await.status.as_u16(), 303);
    let list = admin.get("/admin/tenants").await.body;
    let row = between(&list, &format!("id=\"row-{id}\""), "</tr>");
    assert!(row.contains("badge warn\">Suspended"), "{row}");
    assert!(between(&list, "id=\"row-1\"", "</tr>").contains("badge ok\">Active"), "{list}");
    let found = admin.get("/api/v1/tenants?f.suspended=1").await.value();
    assert_eq!((&found["total"], &found["items"][0]["users"]), (&json!(1), &json!(1)), "{found}");
    assert_eq!(boss.get("/admin").await.status.as_u16(), 303, "running sessions end");
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 401);
    let refused = sign_in(&world, "boss@other.example").await;
    let wrong = post(&world, "/login", &[("login", "boss@other.example"), ("password", "x")]).await;
    assert_eq!((refused.status.as_u16(), &refused.body), (401, &wrong.body));
    let audit = world.db.audit(&Viewer::primary(TenantId(1)), None, None, 5).unwrap();
    let entry = audit.iter().find(|entry| entry.table == "tenants" && entry.row == id).unwrap();
    assert!(format!("{:?}", entry.changes).contains("suspended"), "{entry:?}");
    let path = format!("/api/v1/tenants/{id}");
    let resumed = admin.json("PATCH", &path, json!({ "suspended": false })).await;
    assert_eq!(resumed.status.as_u16(), 200, "{}", resumed.body);
    assert_eq!(sign_in(&world, "boss@other.example").await.status.as_u16(), 303);
    assert_eq!(ask(&world, &key, "GET", "/api/v1/users", Value::Null).await.status.as_u16(), 200);
}

/// nobody but who runs the program suspends, and never itself.
#[tokio::test]
async fn who_runs_the_program_is_not_suspended_and_nobody_else_suspends() {
    let world = World::new();
    let admin = world.admin().await;
    let (id, boss) = customer(&world).await;
    let own = admin.json("PATCH", "/api/v1/tenants/1", json!({ "suspended": true })).await;
    assert_eq!(own.status.as_u16(), 422, "{}", own.body);
    assert!(own.body.contains("runs the system"), "{}", own.body);
    let deputy = world.account("deputy", 2).await;
    for browser in [&boss, &deputy] {
        for tenant in [1, id] {
            let path = format!("/api/v1/tenants/{tenant}");
            let tried = browser.json("PATCH", &path, json!({ "suspended": true })).await;
            assert!([403, 404].contains(&tried.status.as_u16()), "{}", tried.body);
        }
    }
    assert_eq!(admin.get("/api/v1/tenants?f.suspended=1").await.value()["total"], 0);
}
