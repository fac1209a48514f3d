//! Audit log, undo, history, trials, import and export. AUD-01, AUD-02, OPS-05.

use serde_json::{Value, json};

use crate::world::{World, author, between};
use config::{resource::Values, resources::users::USERS};

fn rename(world: &World, id: i64, last_name: &str) {
    let values = Values::from([("last_name".to_owned(), last_name.to_owned())]);
    world.db.update(&author(), &USERS, id, &values, None).unwrap();
}

fn newest(world: &World) -> config::audit::AuditEntry {
    let viewer = config::access::Viewer::primary(config::TenantId(1));
    world.db.audit(&viewer, None, None, 1).unwrap().remove(0)
}

#[tokio::test]
async fn the_log_shows_old_and_new_values_and_is_filtered() {
    let world = World::new();
    let browser = world.admin().await;
    rename(&world, 1, "<b>Bergmann</b>");
    let page = browser.get("/admin/audit").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(
        page.body.contains("<td class=\"old\">Berg</td><td class=\"new\">&#60;b&#62;Bergmann"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<b>Bergmann"), "values are escaped");
    for (query, found) in [
        ("q=bergmann", true),
        ("q=nobody", false),
        ("who=test", true),
        ("who=anna", false),
        ("action=update&table=users", true),
        ("action=delete", false),
        ("via=portal", true),
        ("via=api", false),
        ("from=2020-01-01&to=2020-01-02", false),
        ("table=users&row=1", true),
        ("table=users&row=2&action=update", false),
    ] {
        let body = browser.part(&format!("/admin/audit?{query}"), "div#list").await.body;
        assert_eq!(body.contains("Bergmann"), found, "{query}");
        assert!(!body.contains("<html"));
    }
    let csv = browser.get("/admin/audit/export.csv?action=update&who=test").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<_> = csv.body.lines().collect();
    assert!(lines[0].starts_with("id,at_ms,who") && lines[1].contains("Last name,Berg → "), "{lines:?}");
    assert_eq!(lines.len(), 2, "a line per field of what the filter shows");
    let api = browser.get("/api/v1/audit?action=update&who=test").await.value();
    assert_eq!(api["total"], 1);
    assert_eq!(api["items"][0]["changes"]["last_name"], json!(["Berg", "<b>Bergmann</b>"]));
}

#[tokio::test]
async fn a_long_log_has_pages() {
    let world = World::new();
    let browser = world.admin().await;
    for at in 0..60 {
        rename(&world, 1, &format!("Name{at:02}"));
    }
    let first = browser.get("/admin/audit?table=users&action=update&who=test").await.body;
    assert!(first.contains("60 changes") && first.contains("Name59") && !first.contains("Name08"));
    let next = between(&first, "id=\"next\" href=\"", "\"").replace("&#38;", "&");
    let second = browser.get(&next).await.body;
    assert!(second.contains("Name08") && !second.contains("Name59"), "{next}");
}

#[tokio::test]
async fn a_change_is_undone_from_the_log_and_from_the_row() {
    let world = World::new();
    let browser = world.admin().await;
    rename(&world, 1, "Bergmann");
    let id = newest(&world).id;
    let done = browser.post(&format!("/admin/audit/{id}/undo"), &[]).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin/audit"));
    assert!(done.header("set-cookie").contains("Undone%3A%20User%20Anna%20Berg"));
    let form = browser.get("/admin/users/1").await.body;
    assert!(form.contains("value=\"Berg\"") && form.contains("id=\"row-history\""));
    assert!(form.contains("took back"), "the row tells its history");
    rename(&world, 1, "Bergstein");
    let id = newest(&world).id;
    assert!(browser.get("/admin/users/1").await.body.contains(&format!("form=\"undo-{id}\"")));
    let done = browser.post(&format!("/admin/audit/{id}/undo"), &[("back", "/admin/users/1")]).await;
    assert_eq!(done.header("location"), "/admin/users/1");
    let done = browser.post(&format!("/admin/audit/{id}/undo"), &[("back", "https://evil.example")]).await;
    assert_ne!(done.header("location"), "https://evil.example");
}

/// Two administrators at the same row: the undo of one tells of the other's change and overwrites nothing.
#[tokio::test]
async fn an_undo_that_would_overwrite_a_later_change_is_refused_with_its_author() {
    let world = World::new();
    let anna = world.admin().await;
    let ben = world.account("ben@example.com", 2).await;
    rename(&world, 1, "Bergmann");
    let id = newest(&world).id;
    let later = ben.json("PATCH", "/api/v1/users/1", json!({ "last_name": "Bergstein" })).await;
    assert_eq!(later.status.as_u16(), 200, "{}", later.body);
    let refused = anna.post(&format!("/admin/audit/{id}/undo"), &[]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(refused.body.contains("ben@example.com made Last name “Bergstein”"), "{}", refused.body);
    let refused = anna.json("POST", &format!("/api/v1/audit/{id}/undo"), Value::Null).await;
    assert_eq!(refused.status.as_u16(), 409);
    let told = refused.value();
    assert_eq!(
        (&told["later"][0]["by"], &told["later"][0]["now"]),
        (&json!("ben@example.com"), &json!("Bergstein"))
    );
    assert!(anna.get("/admin/users/1").await.body.contains("value=\"Bergstein\""));
    // And a form that was open before an undo does not overwrite it.
    let version = anna.get("/api/v1/users/1").await.value()["version"].clone();
    let undone = anna.json("POST", &format!("/api/v1/audit/{}/undo", newest(&world).id), Value::Null).await;
    assert_eq!(undone.value()["rows"][0]["table"], "users", "{}", undone.body);
    let stale = ben.json("PATCH", "/api/v1/users/1", json!({ "last_name": "X", "version": version })).await;
    assert_eq!(stale.status.as_u16(), 409);
}

#[tokio::test]
async fn the_past_is_shown_compared_and_restored() {
    let world = World::new();
    let browser = world.admin().await;
    let then = newest(&world).revision;
    rename(&world, 1, "Bergmann");
    world.user("Zoetta", "752");
    let list = browser.get("/admin/history").await.body;
    assert!(list.contains(&format!("/admin/history/compare?from={then}&amp;to={}", then + 1)), "{list}");
    let past = browser.get(&format!("/admin/history/{then}?table=users")).await.body;
    assert!(past.contains("<td>Anna Berg</td>") && !past.contains("Zoetta"), "{past}");
    let compared = browser.get(&format!("/admin/history/compare?from={then}")).await.body;
    assert!(compared.contains("Zoetta") && compared.contains("<td class=\"new\">Bergmann</td>"));
    let plan = browser.get(&format!("/admin/history/{then}/restore")).await.body;
    assert!(
        plan.contains("0 to add, 1 to change, 1 to remove") && plan.contains("id=\"affected\""),
        "{plan}"
    );
    let base = between(&plan, "name=\"base\" value=\"", "\"").to_owned();
    rename(&world, 2, "X");
    let path = format!("/admin/history/{then}/restore");
    let moved = browser.post(&path, &[("base", &base)]).await;
    assert!(moved.status.as_u16() == 409 && moved.body.contains("id=\"moved\""));
    let base = between(&moved.body, "name=\"base\" value=\"", "\"").to_owned();
    let done = browser.post(&path, &[("base", &base)]).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.body);
    assert_eq!(browser.get("/api/v1/users/1").await.value()["last_name"], "Berg");
    assert_eq!(browser.get("/admin/history/99999").await.status.as_u16(), 404);
    let moment = browser.get("/admin/history?at=2099-01-01T00:00&tz=0").await;
    assert_eq!(moment.header("location"), format!("/admin/history/{}", newest(&world).revision));
}

#[tokio::test]
async fn changes_on_trial_are_on_every_page_until_they_are_confirmed() {
    let world = World::new();
    let browser = world.admin().await;
    let begun = browser.post("/admin/trial", &[("minutes", "10")]).await;
    assert_eq!(begun.status.as_u16(), 303);
    rename(&world, 1, "By somebody else");
    browser.json("PATCH", "/api/v1/users/2", json!({ "last_name": "Tried" })).await;
    for path in ["/admin", "/admin/users", "/admin/audit"] {
        let body = browser.get(path).await.body;
        assert!(body.contains("id=\"trial\"") && body.contains("data-until=\""), "{path}");
    }
    let id = between(&browser.get("/admin").await.body, "/admin/trial/", "/").to_owned();
    let again = browser.post("/admin/trial", &[("minutes", "10")]).await;
    assert_eq!(again.status.as_u16(), 409, "one at a time");
    browser.post(&format!("/admin/trial/{id}/confirm"), &[]).await;
    assert!(!browser.get("/admin").await.body.contains("id=\"trial\""));
    assert_eq!(browser.get("/api/v1/users/2").await.value()["last_name"], "Tried");
    // Taken back at once: what somebody else changed stays.
    let trial = browser.json("POST", "/api/v1/trials", json!({ "minutes": 5 })).await;
    assert_eq!(trial.status.as_u16(), 201, "{}", trial.body);
    browser.json("PATCH", "/api/v1/users/2", json!({ "last_name": "Again" })).await;
    let ended = browser.json("DELETE", &format!("/api/v1/trials/{}", trial.value()["id"]), Value::Null).await;
    assert_eq!(ended.value()["rows"].as_array().unwrap().len(), 1, "{}", ended.body);
    assert_eq!(browser.get("/api/v1/users/2").await.value()["last_name"], "Tried");
    assert_eq!(browser.get("/api/v1/users/1").await.value()["last_name"], "By somebody else");
}

#[tokio::test]
async fn the_configuration_leaves_as_text_and_comes_back_as_a_plan() {
    let world = World::new();
    let browser = world.admin().await;
    let text = browser.post("/admin/transfer/export", &[]).await;
    assert!(text.header("content-disposition").contains("dialtone.toml"), "{:?}", text.headers);
    assert!(!text.body.contains("secret"));
    let clear = browser.post("/admin/transfer/export", &[("secrets", "1")]).await.body;
    assert!(clear.contains("secret = \""));
    let edited = text.body.replace("ring_time = 30", "ring_time = 45");
    let plan = browser.post("/admin/transfer", &[("from", "dialtone"), ("text", &edited)]).await;
    assert_eq!(plan.status.as_u16(), 200, "{}", plan.body);
    assert!(plan.body.contains("0 to add, 1 to change, 0 to remove"), "{}", plan.body);
    assert!(plan.body.contains("<td class=\"old\">30 s</td><td class=\"new\">45 s</td>"));
    let base = between(&plan.body, "name=\"base\" value=\"", "\"").to_owned();
    let fields = [("from", "dialtone"), ("text", &*edited), ("base", &*base), ("minutes", "10")];
    let done = browser.post("/admin/transfer", &fields).await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.body);
    assert!(browser.get("/admin").await.body.contains("id=\"trial\""), "it was applied on trial");
    assert_eq!(browser.get("/api/v1/ring_groups/1").await.value()["ring_time"], 45);
    let wrong = browser.post("/admin/transfer", &[("from", "dialtone"), ("text", "x = [")]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("line 1: "), "{}", wrong.body);
    let csv = "extension,name,secret,accountcode\n201,Maria Lopez,A-long-one-201,7\n";
    let plan = browser.post("/admin/transfer", &[("from", "freepbx"), ("text", csv)]).await.body;
    assert!(plan.contains("2 to add") && plan.contains("Lost: accountcode"), "{plan}");
}

#[tokio::test]
async fn programs_export_and_import_too() {
    let world = World::new();
    let browser = world.admin().await;
    let text = browser.get("/api/v1/configuration").await.body;
    let send = async |query: &str, text: String| {
        let request = browser.request("POST", &format!("/api/v1/configuration{query}"));
        let request =
            request.header("x-csrf-token", &browser.csrf).header("content-type", "application/toml");
        crate::world::send(&world.router, request.body(axum::body::Body::from(text)).unwrap()).await
    };
    let edited = text.replace("ring_time = 30", "ring_time = 45");
    let plan = send("?dry_run=1", edited.clone()).await.value();
    assert_eq!((&plan["rows"][0]["action"], &plan["revision"]), (&json!("change"), &Value::Null));
    let base = plan["base"].as_i64().unwrap();
    let stale = send(&format!("?base={}", base - 1), edited.clone()).await;
    assert_eq!(stale.status.as_u16(), 409);
    let done = send(&format!("?base={base}"), edited.clone()).await.value();
    assert_eq!(done["revision"], base + 1);
    let wrong = send("", edited.replace("ring_time = 45", "ring_time = 4500")).await;
    assert_eq!(wrong.status.as_u16(), 422);
    let large = send("?dry_run=1", format!("{edited}# {}\n", "x".repeat(6 << 20))).await;
    assert_eq!(large.status.as_u16(), 200, "texts of large companies fit");
}

/// level 2; whole configurations are for level 3.
#[tokio::test]
async fn limited_administrators_look_at_nothing_of_it() {
    let world = World::new();
    world.admin().await;
    let limited = world.account("lim@example.com", 1).await;
    let company = world.account("com@example.com", 2).await;
    for path in
        ["/admin/audit", "/admin/audit/export.csv", "/admin/history", "/api/v1/audit", "/api/v1/history"]
    {
        assert_eq!(limited.get(path).await.status.as_u16(), 403, "{path}");
        assert_eq!(company.get(path).await.status.as_u16(), 200, "{path}");
    }
    for path in ["/admin/transfer", "/api/v1/configuration"] {
        assert_eq!(company.get(path).await.status.as_u16(), 403, "{path}");
    }
    let id = newest(&world).id;
    for path in [format!("/admin/audit/{id}/undo"), "/admin/trial".to_owned()] {
        assert_eq!(limited.post(&path, &[]).await.status.as_u16(), 403, "{path}");
    }
    for path in ["/admin/transfer", "/admin/transfer/export", "/admin/history/1/restore"] {
        assert_eq!(company.post(path, &[]).await.status.as_u16(), 403, "{path}");
    }
    let menu = limited.get("/admin").await.body;
    assert!(!menu.contains("/admin/audit\"") && !menu.contains("/admin/transfer\""));
}
