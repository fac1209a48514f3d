//! Pages of the way outside: simulator, company group, alerts., GEO-08.

use config::{
    TenantId,
    access::Author,
    records::{
        Change,
        outside::{AlertKind, AlertRow},
    },
    resources::{customer_groups::CUSTOMER_GROUPS, tenants::TENANTS},
};
use serde_json::json;

use crate::world::{World, author};

/// OPS-02: the page and the API say what would become of a call, and compare revisions.
#[tokio::test]
async fn the_simulator_says_each_step_and_compares_revisions() {
    let world = World::new();
    let admin = world.admin().await;
    let blank = admin.get("/admin/simulator").await;
    assert!(blank.status.is_success() && blank.body.contains("Call simulator"), "{}", blank.body);
    let page = admin.get("/admin/simulator?from=101&to=102&at=2026-12-24T18%3A00&compare=1").await;
    assert!(page.body.contains("102 is extension of Ben Castillo"), "{}", page.body);
    assert_eq!(page.body.matches("480 No answer").count(), 2, "two revisions");
    let answered = admin.get("/admin/simulator?from=101&to=102&assume=102%3Danswers%3A4").await;
    assert!(answered.body.contains("Answered") && answered.body.contains("102 Ben Castillo"));
    let api = admin.get("/api/v1/simulation?from=101&to=102").await.value();
    assert_eq!((api["cause"].as_str(), api["took_ms"].as_i64()), (Some("480 No answer"), Some(20_000)));
    assert_eq!(api["trace"][1]["what"], "Routed");
    for (query, field) in [
        ("from=&to=102", "from"),
        ("from=199&to=102", "from"),
        ("from=101&to=102&at=Christmas", "at"),
        ("from=101&to=102&assume=102%3Dasleep", "assume"),
        ("from=101&to=102&revision=999999", "revision"),
    ] {
        let refused = admin.get(&format!("/api/v1/simulation?{query}")).await;
        assert_eq!(refused.status.as_u16(), 422, "{query}: {}", refused.body);
        assert!(refused.body.contains(field), "{query}: {}", refused.body);
        let page = admin.get(&format!("/admin/simulator?{query}")).await;
        assert!(page.status.is_success() && page.body.contains("role=\"alert\""), "{query}");
    }
    let low = world.account("low", 1).await;
    assert_eq!(low.get("/admin/simulator").await.status.as_u16(), 403);
    assert_eq!(low.get("/api/v1/simulation?from=101&to=102").await.status.as_u16(), 403);
}

/// MT-05, MT-09, MT-10: groups are the reseller's, the access code is each company's.
#[tokio::test]
async fn a_company_chooses_its_access_code_among_its_group() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin/company-group").await.body.contains("In no group"));
    let text =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    world.db.create(&author(), &CUSTOMER_GROUPS, &text(&[("name", "Twins")])).unwrap();
    let two = text(&[("name", "Two"), ("domain", "two.example"), ("customer_group", "Twins")]);
    let two = world.db.create(&author(), &TENANTS, &two).unwrap().id;
    world.db.update(&author(), &TENANTS, 1, &text(&[("customer_group", "Twins")]), None).unwrap();
    let saved = admin.post("/admin/company-group", &[("access_code", "71")]).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let page = admin.get("/admin/company-group").await.body;
    assert!(page.contains("Twins") && page.contains("Two") && page.contains("71"), "{page}");
    let refused = admin.post("/admin/company-group", &[("access_code", "101")]).await;
    assert!(refused.body.contains("an extension of"), "{}", refused.body);
    let there = Author::program(TenantId(two), "two", "portal");
    assert_eq!(world.db.access_code(TenantId(two)).unwrap(), "");
    assert!(world.db.create(&there, &CUSTOMER_GROUPS, &text(&[("name", "Own")])).is_ok(), "a program may");
    let other = world.other_tenant().await;
    assert_eq!(
        other.json("POST", "/api/v1/customer_groups", json!({ "name": "X" })).await.status.as_u16(),
        403
    );
    assert!(!other.get("/admin").await.body.contains("Customer groups"));
}

/// GEO-08, SIP-44: a call for help stands on every page of administrators until one of them has seen it.
#[tokio::test]
async fn administrators_see_a_call_for_help_until_one_has_seen_it() {
    let world = World::new();
    let admin = world.admin().await;
    let alert = AlertRow {
        tenant: TenantId(1),
        at: 1,
        kind: AlertKind::Emergency,
        text: "101 <Anna> called 112 from Office".into(),
        user: None,
        mail: vec![],
    };
    world.db.write_records(&[Change::Alert(Box::new(alert))]).unwrap();
    let page = admin.get("/admin/users").await.body;
    assert!(page.contains("Emergency call.") && page.contains("called 112 from Office"), "{page}");
    assert!(!page.contains("<Anna>"));
    let id = world.db.alerts(TenantId(1)).unwrap()[0].id;
    let other = world.other_tenant().await;
    assert_eq!(other.post(&format!("/admin/alerts/{id}/seen"), &[]).await.status.as_u16(), 404);
    assert!(!other.get("/admin").await.body.contains("called 112"));
    assert_eq!(admin.post(&format!("/admin/alerts/{id}/seen"), &[]).await.status.as_u16(), 303);
    assert!(!admin.get("/admin/users").await.body.contains("called 112"));
}
