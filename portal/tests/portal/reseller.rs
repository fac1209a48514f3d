//! The reseller: customers are suspended, opened, made and sold to. R-01…R-03, MT-01…08, MT-15.

use axum::{body::Body, http::Request};
use config::{TenantId, access::Viewer};
use serde_json::{Value, json};

use crate::{
    api_keys::ask,
    world::{ADMIN, Answer, Browser, World, between, form},
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

/// The token that the pages of a browser carry now.
async fn refreshed(browser: &Browser) -> Browser {
    let page = browser.get("/admin").await.body;
    let csrf = between(&page, "\"X-CSRF-Token\":\"", "\"").to_owned();
    Browser { router: browser.router.clone(), cookie: browser.cookie.clone(), csrf }
}

/// R-01, MT-15: in with a banner on every page, under one's own name in both audit logs, and back. Meanwhile no other
/// company is there, one's own included, and a page of it that is still open changes nothing.
#[tokio::test]
async fn a_reseller_opens_a_customers_portal_and_comes_back() {
    let world = World::new();
    let admin = world.admin().await;
    let own_user = world.user("Ida", "731");
    let (id, _) = customer(&world).await;
    let at = format!("/admin/tenants/{id}");
    assert!(admin.get(&at).await.body.contains("id=\"open-customer\""));
    assert!(!admin.get("/admin/tenants/1").await.body.contains("id=\"open-customer\""));
    assert!(admin.get(&format!("{at}/menu")).await.body.contains("Open as customer"));
    let opened = admin.post(&format!("{at}/open"), &[]).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "/admin"), "{}", opened.body);
    let there = refreshed(&admin).await;
    for page in ["/admin", "/admin/users", "/admin/audit", "/admin/settings"] {
        let page = there.get(page).await.body;
        assert!(page.contains("id=\"visiting\"") && page.contains("<b>Other</b>"), "{page}");
        assert!(!page.contains("/admin/node_settings"), "{page}");
    }
    // What is of no other company is not there.
    let users = there.get("/api/v1/users").await.value();
    assert_eq!((&users["total"], &users["items"][0]["login"]), (&json!(1), &json!("boss@other.example")));
    for path in [format!("/admin/users/{own_user}"), "/admin/tenants".into(), at.clone()] {
        assert_eq!(there.get(&path).await.status.as_u16(), 404, "{path}");
    }
    // What is one's own waits.
    for path in ["/", "/profile", "/security", "/password/set"] {
        let answer = there.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/admin"), "{path}");
    }
    assert_eq!(there.get("/api/v1/me").await.status.as_u16(), 403);
    let key =
        there.json("POST", "/api/v1/api_keys", json!({ "name": "Mine", "organization": "write" })).await;
    assert_eq!(key.status.as_u16(), 403, "{}", key.body);
    let stale = admin.post("/admin/sites", &[("name", "Elsewhere")]).await;
    assert_eq!(stale.status.as_u16(), 403, "a page of one's own company is still open");
    let made = there.json("POST", "/api/v1/sites", json!({ "name": "Bureau" })).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let theirs = world.db.audit(&Viewer::primary(TenantId(id)), None, None, 9).unwrap();
    let said: Vec<_> = theirs.iter().map(|entry| (&*entry.action, &*entry.author)).take(2).collect();
    let me = between(&there.get("/admin").await.body, "<h2>", "</h2>").to_owned();
    assert_eq!((said[0].0, said[1].0), ("create", "open"));
    assert!(said.iter().all(|(_, author)| author.ends_with(')') && *author == said[0].1), "{said:?} {me}");
    let ours = world.db.audit(&Viewer::primary(TenantId(1)), None, None, 9).unwrap();
    assert!(ours.iter().any(|entry| entry.action == "open" && entry.row == id), "{ours:?}");
    let back = there.post("/admin/leave-customer", &[]).await;
    assert_eq!((back.status.as_u16(), back.header("location")), (303, &*at), "{}", back.body);
    let page = admin.get("/admin/users").await.body;
    assert!(page.contains("Ida") && !page.contains("id=\"visiting\""), "{page}");
    assert_eq!(
        there.post("/admin/sites", &[("name", "Late")]).await.status.as_u16(),
        403,
        "theirs is closed"
    );
    assert_eq!(world.db.audit(&Viewer::primary(TenantId(id)), None, None, 9).unwrap().len(), theirs.len());
}

/// R-01, MT-15: only who runs the program opens a customer's portal; another session of theirs stays at home; who loses the
/// right is back at once.
#[tokio::test]
async fn a_customers_portal_opens_for_the_reseller_alone_and_in_that_session() {
    let world = World::new();
    let (admin, twin) = (world.admin().await, world.admin().await);
    let (id, boss) = customer(&world).await;
    let deputy = world.account("deputy", 2).await;
    for (browser, customer) in [(&boss, 1), (&boss, id), (&deputy, id)] {
        let tried = browser.post(&format!("/admin/tenants/{customer}/open"), &[]).await;
        assert_eq!(tried.status.as_u16(), 404, "{}", tried.body);
    }
    assert_eq!(admin.post("/admin/tenants/999/open", &[]).await.status.as_u16(), 404);
    assert_eq!(admin.post("/admin/tenants/1/open", &[]).await.status.as_u16(), 403, "one's own");
    assert_eq!(admin.post(&format!("/admin/tenants/{id}/open"), &[]).await.status.as_u16(), 303);
    assert!(!twin.get("/admin").await.body.contains("id=\"visiting\""));
    assert!(admin.get("/admin").await.body.contains("id=\"visiting\""));
    // Somebody else becomes primary, and the first one an ordinary administrator.
    let file = rusqlite::Connection::open(world.db.file()).unwrap();
    let lower =
        "UPDATE users SET role_id = (SELECT id FROM roles WHERE tenant_id = 1 AND level = '2') WHERE id = ?1";
    file.execute(lower, [ADMIN.0]).unwrap();
    let home = admin.get("/admin").await.body;
    assert!(!home.contains("id=\"visiting\"") && !home.contains("<b>Other</b>"), "{home}");
}
