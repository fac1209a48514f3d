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

const CRANE: [(&str, &str); 12] = [
    ("name", "Crane works"),
    ("domain", "crane.example"),
    ("site_street", "Kai 1"),
    ("site_city", "Kiel"),
    ("site_country", "de"),
    ("site_time_zone", "Europe/Berlin"),
    ("administrator_first_name", "Cora"),
    ("administrator_email", "cora@crane.example"),
    ("advanced_user", "5"),
    ("softphone", "2"),
    ("first_number", "+4943155500"),
    ("number_count", "3"),
];

/// R-02, MT-01, MT-06, AUTH-20: one form makes the customer with group, site, numbers, licences and first administrator; what
/// is wrong is said at its field, everything typed stays, and nothing is there.
#[tokio::test]
async fn a_customer_is_made_in_one_form() {
    let world = World::new();
    let admin = world.admin().await;
    admin.json("POST", "/api/v1/customer_groups", json!({ "name": "Harbour" })).await;
    let blank = admin.get("/admin/tenants/new").await.body;
    for name in ["site_street", "administrator_email", "softphone", "first_number", "number_count"] {
        assert!(blank.contains(&format!("name=\"{name}\"")), "{name}");
    }
    let with = |changed: &[(&'static str, &'static str)]| {
        let mut all = CRANE.to_vec();
        all.push(("customer_group", "Harbour"));
        all.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        all.extend(changed);
        all
    };
    for (name, value, said) in [
        ("administrator_email", "", "They sign in with their e-mail address."),
        ("domain", "", "id=\"e-domain\"><span class=\"error\">"),
        ("first_number", "12", "id=\"e-first_number\"><span class=\"error\">"),
        ("customer_group", "Nobody", "There is no customer group Nobody."),
    ] {
        let refused = admin.post("/admin/tenants", &with(&[(name, value)])).await;
        assert_eq!(refused.status.as_u16(), 422, "{name}: {}", refused.body);
        assert!(refused.body.contains(said), "{name}: {}", refused.body);
        assert!(refused.body.contains("value=\"Kai 1\""), "{name}: what was typed stays");
        assert_eq!(admin.get("/api/v1/tenants?q=Crane").await.value()["total"], 0, "{name}");
    }
    let made = admin.post("/admin/tenants", &with(&[])).await;
    assert_eq!(made.status.as_u16(), 303, "{}", made.body);
    let page = admin.get(made.header("location")).await.body;
    let link = between(&page, "id=\"setup-link\">", "<").to_owned();
    assert!(!admin.get(made.header("location")).await.body.contains("id=\"setup-link\""), "once");
    let info = between(&page, "id=\"customer-info\"", "</section>");
    for said in ["dialtone", ">Harbour</a>", "<dd class=\"num\">1 / 7</dd>", "/sign-in/crane.example"] {
        assert!(info.contains(said), "{said}: {info}");
    }
    let path = link.strip_prefix("http://pbx.example").unwrap();
    let set = post(&world, path, &[("password", GOOD), ("confirm", GOOD)]).await;
    assert_eq!(set.status.as_u16(), 303, "{}", set.body);
    let cora = signed_in(&world, &sign_in(&world, "cora@crane.example").await).await;
    let site = cora.get("/api/v1/sites").await.value()["items"][0].clone();
    assert_eq!((&site["city"], &site["time_zone"]), (&json!("Kiel"), &json!("Europe/Berlin")));
    let numbers = cora.get("/api/v1/numbers").await.value();
    assert_eq!((&numbers["total"], &numbers["items"][2]["number"]), (&json!(3), &json!("+4943155502")));
    assert_eq!(cora.get("/api/v1/settings").await.value()["country"], "de");
}

/// LIC-13, OPS-15: the same by a program: a customer, what it uses, what it has bought, its administrator; for
/// nobody else, and described.
#[tokio::test]
async fn a_program_opens_a_customer_sells_it_licences_and_appoints_its_administrator() {
    let world = World::new();
    let admin = world.admin().await;
    let (other, boss) = customer(&world).await;
    let wrong =
        json!({ "name": "Crane", "domain": "crane.example", "advanced_user": 3, "first_number": "x" });
    let refused = admin.json("POST", "/api/v1/customers", wrong).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
    assert_eq!(refused.value()["problems"][0]["field"], "first_number", "{}", refused.body);
    let fields =
        json!({ "name": "Crane", "domain": "crane.example", "advanced_user": 3, "site_city": "Kiel" });
    let made = admin.json("POST", "/api/v1/customers", fields).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let at = format!("/api/v1/tenants/{}", made.value()["id"]);
    assert_eq!(made.header("location"), at);
    let licences = format!("{at}/licences");
    let first = admin.get(&licences).await.value()["items"][0].clone();
    assert_eq!((&first["kind"], &first["quantity"]), (&json!("advanced_user"), &json!(3)));
    let new = json!({ "name": "Agents", "kind": "call_center", "quantity": 4 });
    let sold = json!({ "licences": [{ "id": first["id"], "quantity": 9 }, new] });
    let sold = admin.json("PATCH", &licences, sold).await;
    assert_eq!((sold.status.as_u16(), &sold.value()["total"]), (200, &json!(2)), "{}", sold.body);
    let nothing = json!({ "licences": [{ "id": first["id"], "quantity": 1 }, { "quantity": 2 }] });
    assert_eq!(admin.json("PATCH", &licences, nothing).await.status.as_u16(), 422);
    let person = json!({ "first_name": "Cora", "email": "cora@crane.example" });
    let administrator = format!("{at}/administrator");
    let cora = admin.json("POST", &administrator, person.clone()).await;
    assert_eq!(cora.status.as_u16(), 201, "{}", cora.body);
    assert!(cora.value()["setup_link"].as_str().unwrap().starts_with("http://pbx.example/setup/"));
    assert_eq!(admin.json("POST", &administrator, person.clone()).await.status.as_u16(), 409, "the second");
    let usage = admin.get(&format!("{at}/usage")).await.value();
    assert_eq!((&usage["users"], &usage["licences_in_use"]), (&json!(1), &json!(1)), "{usage}");
    assert_eq!((&usage["licences_sold"], &usage["calls_this_month"]), (&json!(13), &json!(0)), "{usage}");
    assert_eq!(admin.get("/api/v1/tenants/999/usage").await.status.as_u16(), 404);
    // Nobody else, about nobody, their own company included.
    for company in [at, format!("/api/v1/tenants/{other}")] {
        for (method, path, body) in [
            ("GET", "usage", Value::Null),
            ("GET", "licences", Value::Null),
            ("PATCH", "licences", json!({ "licences": [] })),
            ("POST", "administrator", person.clone()),
        ] {
            let tried = boss.json(method, &format!("{company}/{path}"), body).await;
            assert_eq!(tried.status.as_u16(), 404, "{method} {company}/{path}: {}", tried.body);
        }
    }
    assert_eq!(boss.json("POST", "/api/v1/customers", json!({})).await.status.as_u16(), 404);
    let described =
        |body: String| body.contains("/api/v1/tenants/{id}/licences") && body.contains("open_customer");
    assert!(described(admin.get("/api/v1/openapi.json").await.body));
    assert!(!described(boss.get("/api/v1/openapi.json").await.body));
}

/// what is set up for customers in one place, for who runs the system and nobody else.
#[tokio::test]
async fn the_resellers_page_gathers_what_is_set_up_for_customers() {
    let world = World::new();
    let admin = world.admin().await;
    let (_, boss) = customer(&world).await;
    let sold = json!({ "name": "Transcripts", "kind": "transcription", "quantity": 5 });
    let made = admin.json("POST", "/api/v1/licences", sold).await;
    assert!(made.status.is_success(), "{}", made.body);
    let link = json!({ "label": "Newsletter", "url": "https://news.example/" });
    assert!(admin.json("POST", "/api/v1/links", link).await.status.is_success());
    let told = json!({ "title": "Line trouble", "issue": true });
    assert!(admin.json("POST", "/api/v1/announcements", told).await.status.is_success());
    let page = admin.get("/admin/reseller").await.body;
    let stock = between(&page, "id=\"stock\"", "</section>");
    assert!(stock.contains("Voicemail transcription") && stock.contains("0 / 5"), "{stock}");
    assert!(between(&page, "id=\"customers\"", "</section>").contains(">1<"), "{page}");
    assert!(page.contains("https://news.example/") && page.contains("Line trouble"), "{page}");
    assert!(page.contains("No mail server is named"), "{page}");
    for editor in ["tenants", "settings", "links", "announcements", "node_settings", "mail"] {
        assert!(page.contains(&format!("href=\"/admin/{editor}\"")), "{editor}");
    }
    assert_eq!(boss.get("/admin/reseller").await.status.as_u16(), 404);
    let low = world.account("low", 2).await;
    assert_eq!(low.get("/admin/reseller").await.status.as_u16(), 404);
}
