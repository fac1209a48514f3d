//! A company on a system of others: what it has bought, who its first administrator is, what it tells its people; and the
//! first company, which is asked who it is.

use serde_json::json;

use crate::world::{World, between, form};
use axum::{body::Body, http::Request};

/// LIC-04, LIC-13
#[tokio::test]
async fn whoever_runs_the_program_sells_licences_to_a_company() {
    let world = World::new();
    let (operator, theirs) = (world.admin().await, world.other_tenant().await);
    let licence = theirs.get("/api/v1/licences").await.value()["items"][0].clone();
    let path = format!("/api/v1/licences/{}", licence["id"]);
    let raised = theirs.json("PATCH", &path, json!({ "quantity": 500 })).await;
    assert_eq!(raised.status.as_u16(), 403, "{}", raised.body);
    assert!(!theirs.get("/admin/licences").await.body.contains("id=\"new\""), "no button that never works");
    let page = operator.get("/admin/tenants/2").await.body;
    assert!(page.contains(&format!("name=\"quantity.{}\"", licence["id"])), "{page}");
    let sold = operator
        .post(
            "/admin/tenants/2/licences",
            &[
                (&*format!("quantity.{}", licence["id"]), "1"),
                ("name", "Agents"),
                ("kind", "call_center"),
                ("quantity", "3"),
            ],
        )
        .await;
    assert_eq!(sold.status.as_u16(), 303, "{}", sold.body);
    let rows = theirs.get("/api/v1/licences?sort=name").await.value();
    let has = |name: &str| {
        rows["items"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
    };
    assert_eq!((&has("Advanced User")["quantity"], &has("Agents")["quantity"]), (&json!(1), &json!(3)));
    let beyond =
        operator.post("/admin/tenants/2/licences", &[(&*format!("quantity.{}", licence["id"]), "0")]).await;
    assert!(operator.with_flash(&beyond).await.contains("1 are in use"), "what is in use is not taken back");
    for who in [&theirs, &world.account("manager", 2).await] {
        let refused = who.post("/admin/tenants/2/licences", &[("name", "More"), ("kind", "softphone")]).await;
        assert!([403, 404].contains(&refused.status.as_u16()), "{}", refused.status);
    }
}

/// AUTH-20, ROL-06
#[tokio::test]
async fn a_new_company_gets_its_first_administrator_from_whoever_runs_the_program() {
    let world = World::new();
    let operator = world.admin().await;
    let made =
        operator.json("POST", "/api/v1/tenants", json!({ "name": "Third", "domain": "third.example" })).await;
    let id = made.value()["id"].as_i64().unwrap();
    let page = format!("/admin/tenants/{id}");
    assert!(operator.get(&page).await.body.contains("id=\"appoint\""));
    let path = format!("{page}/administrator");
    let nameless = operator.post(&path, &[("first_name", "Ina")]).await;
    assert!(operator.with_flash(&nameless).await.contains("needs an e-mail address"));
    let person = [("first_name", "Ina"), ("last_name", "Chef"), ("email", "ina@third.example")];
    let appointed = operator.post(&path, &person).await;
    assert_eq!(appointed.status.as_u16(), 303, "{}", appointed.body);
    let shown = operator.get(&page).await.body;
    let link = between(&shown, "id=\"setup-link\">http://pbx.example", "<").to_owned();
    assert!(!operator.get(&page).await.body.contains("id=\"setup-link\""), "shown this once");
    assert!(shown.contains("Ina Chef") && !shown.contains("id=\"appoint\""));
    let setup = Request::builder().uri(&link).header("host", "pbx.example").body(Body::empty()).unwrap();
    assert!(world.send(setup).await.body.contains("ina@third.example"), "the link is theirs");
    assert_eq!(operator.post(&path, &person).await.status.as_u16(), 409, "they make the others");
    assert_eq!(world.account("manager", 2).await.post(&path, &person).await.status.as_u16(), 404);
}

/// EXTL-01…06
#[tokio::test]
async fn people_see_the_status_what_is_announced_and_the_links() {
    let world = World::new();
    let admin = world.admin().await;
    let user = world.account("ida", 0).await;
    let home = user.get("/").await.body;
    assert!(home.contains("Everything works"));
    for (label, icon, audience) in [
        ("Pay my bill", "credit-card", "everybody"),
        ("Open a ticket", "ticket", "everybody"),
        ("Knowledge base", "book", "everybody"),
        ("Newsletter", "news", "everybody"),
        ("Contracts", "link", "administrators"),
    ] {
        let row =
            json!({ "label": label, "url": "https://example.com/x", "icon": icon, "audience": audience });
        assert_eq!(admin.json("POST", "/api/v1/links", row).await.status.as_u16(), 201);
    }
    let issue = json!({ "title": "No calls", "text": "Wait.", "issue": true });
    assert_eq!(admin.json("POST", "/api/v1/announcements", issue).await.status.as_u16(), 201);
    let home = user.get("/").await.body;
    for text in [
        "Pay my bill",
        "Open a ticket",
        "Knowledge base",
        "Newsletter",
        "No calls",
        "Something does not work",
    ] {
        assert!(home.contains(text), "{text}: {home}");
    }
    assert!(!home.contains("Contracts"));
    assert!(home.contains("href=\"https://example.com/x\" target=\"_blank\" rel=\"noopener noreferrer\""));
    assert!(admin.get("/admin").await.body.contains("Contracts"));
    assert!(home.contains("Ask your administrator"), "nothing can be sent without an address");
}

/// ORG-02
#[tokio::test]
async fn the_first_administrator_is_asked_once_where_the_company_is() {
    let world = World::new();
    let open = || Request::builder().uri(&world.setup_path).header("host", "pbx.example");
    let asked = world.send(open().body(Body::empty()).unwrap()).await.body;
    assert!(asked.contains("id=\"company\"") && asked.contains("name=\"street\""));
    let post = |street: String, zone: &'static str| {
        let fields = [
            ("password", "Coffee@Morning2024!"),
            ("confirm", "Coffee@Morning2024!"),
            ("company", "Berg & Sons"),
            ("street", &street),
            ("city", "Boise"),
            ("country", "us"),
            ("time_zone", zone),
        ];
        open()
            .method("POST")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form(&fields)))
            .unwrap()
    };
    let refused = world.send(post("x".repeat(200), "America/Boise")).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(
        refused.body.contains("Street and number: ") && refused.body.contains("value=\"Boise\""),
        "what was typed stays"
    );
    // A browser may name its zone as nobody does any more; that is no fault of whoever sits there.
    let done = world.send(post("Main Street 1".into(), "US/Mountain-Old")).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.body);
    let admin = world.admin().await;
    let site = admin.get("/api/v1/sites").await.value()["items"][0].clone();
    assert_eq!(
        (&site["street"], &site["city"], &site["country"]),
        (&json!("Main Street 1"), &json!("Boise"), &json!("us"))
    );
    assert!(admin.get("/admin").await.body.contains("Berg &#38; Sons"));
    let second = admin.post("/admin/users/6/setup-link", &[]).await;
    let shown = admin.with_flash(&second).await;
    let link = between(&shown, "http://pbx.example/setup/", "\"");
    let again = Request::builder().uri(format!("/setup/{link}")).header("host", "pbx.example");
    let page = world.send(again.body(Body::empty()).unwrap()).await.body;
    assert!(page.contains("id=\"password\"") && !page.contains("id=\"company\""), "asked this once");
}

/// DSH-04
#[tokio::test]
async fn the_latest_updates_lead_to_the_audit_log() {
    let world = World::new();
    let page = world.admin().await.get("/admin").await.body;
    assert!(between(&page, "id=\"updates\"", "</section>").contains("href=\"/admin/audit\""));
}
