//! Feature codes, their card, hotdesk phones and PINs.

use axum::http::StatusCode;
use config::{DeviceId, UserId, pins::Proof};
use serde_json::json;

use crate::{
    desk::anna,
    world::{Browser, World, author, between},
};

/// The id of the code of a function.
async fn code(api: &Browser, function: &str) -> i64 {
    let found = api.get(&format!("/api/v1/feature_codes?f.function={function}")).await.value();
    found["items"][0]["id"].as_i64().unwrap()
}

/// FC-01…15: the card has what can be dialled, with what follows and who may; what is switched off is not on it.
#[tokio::test]
async fn the_card_shows_the_codes_that_can_be_dialled() {
    let world = World::new();
    let admin = world.admin().await;
    let card = admin.get("/admin/feature-codes").await;
    assert_eq!(card.status, StatusCode::OK);
    for text in
        ["<b>*72</b>", "Echo test", "Forward all calls to", "+ number", "Page groups and use the intercom"]
    {
        assert!(card.body.contains(text), "{text} is not on the card");
    }
    assert!(!card.body.contains("Conference centre"), "what this system does not have is on no card");
    let echo = code(&admin, "echo").await;
    let off = admin.json("PATCH", &format!("/api/v1/feature_codes/{echo}"), json!({"enabled": false})).await;
    assert_eq!(off.status, StatusCode::OK, "{}", off.body);
    assert!(!admin.get("/admin/feature-codes").await.body.contains("Echo test"));
    assert!(admin.get("/admin/feature_codes").await.body.contains("id=\"card-link\""));
    let plain = anna(&world).await;
    assert_eq!(plain.get("/admin/feature-codes").await.status, StatusCode::FORBIDDEN);
    let own = plain.get("/help/feature-codes").await;
    assert!(own.status == StatusCode::OK && own.body.contains("<b>*80</b>"), "{}", own.body);
    assert!(!own.body.contains("Night mode on or off"), "what they may not dial is not on theirs");
    assert!(plain.get("/help").await.body.contains("id=\"codes-link\""));
}

/// FC-01…15: the conflict is told at the field while it is typed, by the form and by the API.
#[tokio::test]
async fn a_code_that_is_in_the_way_is_refused_while_it_is_typed() {
    let world = World::new();
    let admin = world.admin().await;
    let echo = code(&admin, "echo").await;
    let typed = [("code", "*7"), ("function", "echo"), ("id", &echo.to_string())];
    let check = admin.post("/admin/feature_codes/check/code", &typed).await;
    assert!(check.body.contains("*7 is how feature code *70"), "{}", check.body);
    let patch = admin.json("PATCH", &format!("/api/v1/feature_codes/{echo}"), json!({"code": "*725"})).await;
    assert_eq!(patch.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(patch.value()["problems"][0]["field"], "code");
}

/// HD-02, HD-03, HD-04: the page shows who is logged in where, and logs them out.
#[tokio::test]
async fn hotdesk_devices_show_who_is_logged_in_and_log_them_out() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin/devices").await.body.contains("href=\"/admin/devices/hotdesk\""));
    assert!(admin.get("/admin/devices/hotdesk").await.body.contains("No hotdesk devices"));
    let site = admin.get("/api/v1/sites").await.value()["items"][0]["id"].clone();
    let made = admin
        .json("POST", "/api/v1/devices", json!({"name": "Window desk", "username": "window", "site": site}))
        .await;
    let desk = made.value()["id"].as_i64().unwrap();
    let log_in = json!({"hotdesk_user": 1, "hotdesk_since": "2026-11-22T08:00:00Z"});
    let logged_in = admin.json("PATCH", &format!("/api/v1/devices/{desk}"), log_in).await;
    assert_eq!(logged_in.status, StatusCode::OK, "{}", logged_in.body);
    let page = admin.get("/admin/devices/hotdesk").await.body;
    let row = between(&page, &format!("id=\"desk-{desk}\""), "</tr>");
    assert!(
        row.contains("Window desk") && row.contains("/admin/users/1") && row.contains("log-out"),
        "{row}"
    );
    assert!(page.contains("id=\"login-code\">*40<"));
    let plain = anna(&world).await;
    let path = format!("/admin/devices/hotdesk/{desk}/log-out");
    assert_eq!(plain.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    let page = admin.get("/admin/devices/hotdesk").await.body;
    assert!(between(&page, &format!("id=\"desk-{desk}\""), "</tr>").contains("nobody"));
    let other = world.other_tenant().await;
    assert!(!other.get("/admin/devices/hotdesk").await.body.contains("Window desk"));
    assert_eq!(world.db.hotdesks(&author().viewer).unwrap()[0].device, DeviceId(desk));
}

/// HD-05: users set their own PIN, which is then taken, and take it away.
#[tokio::test]
async fn users_set_and_remove_their_pin() {
    let world = World::new();
    let browser = anna(&world).await;
    assert!(browser.get("/security").await.body.contains("id=\"pin-card\""));
    let bad = browser.post("/security/pin", &[("pin", "1234")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.body.contains("4 to 8 digits that nobody would try first"));
    assert_eq!(browser.post("/security/pin", &[("pin", "2580")]).await.status, StatusCode::SEE_OTHER);
    let proof = Proof { user: UserId(1), pin: "2580".into() };
    assert_eq!(world.db.prove(&proof, 0).unwrap(), Ok(()));
    assert!(browser.get("/security").await.body.contains("id=\"remove-pin\""));
    assert_eq!(browser.post("/security/pin", &[("pin", "")]).await.status, StatusCode::SEE_OTHER);
    assert!(!world.db.has_pin(UserId(1)).unwrap());
}

/// HD-05, ROL-15: whoever may change a user sets their PIN beside the form and by REST, sees why one is refused, and nobody else may.
#[tokio::test]
async fn an_administrator_sets_a_users_pin_and_nobody_reads_it() {
    let world = World::new();
    let admin = world.admin().await;
    let user = world.user("Anna", "150");
    let (form, api) = (format!("/admin/users/{user}"), format!("/api/v1/users/{user}/pin"));
    let page = admin.get(&form).await.body;
    assert!(page.contains("id=\"set-pin\"") && !page.contains("id=\"remove-pin\""));
    let refused = admin.post(&format!("{form}/pin"), &[("pin", "1234")]).await;
    assert_eq!(refused.header("location"), form);
    let page = admin.get(&form).await.body;
    assert!(
        page.contains("id=\"pin-problem\"") && page.contains("Anybody would try this one first"),
        "at its field"
    );
    assert!(!admin.get(&form).await.body.contains("pin-problem"), "once");
    assert_eq!(admin.post(&format!("{form}/pin"), &[("pin", "2580")]).await.status, StatusCode::SEE_OTHER);
    assert!(world.db.has_pin(config::UserId(user)).unwrap());
    assert!(admin.get(&form).await.body.contains("id=\"remove-pin\""));
    let log = admin.get("/admin/audit").await.body;
    assert!(log.contains("set the PIN of") && !log.contains("2580"));
    assert_eq!(admin.json("DELETE", &api, serde_json::json!({})).await.status, StatusCode::NO_CONTENT);
    assert!(!world.db.has_pin(config::UserId(user)).unwrap());
    for (body, status) in [
        (serde_json::json!({ "pin": "7391" }), 204),
        (serde_json::json!({ "pin": "1111" }), 422),
        (serde_json::json!({ "pin": "12" }), 422),
        (serde_json::json!({ "pin": "" }), 400),
        (serde_json::json!({}), 400),
    ] {
        assert_eq!(admin.json("PUT", &api, body.clone()).await.status.as_u16(), status, "{body}");
    }
    assert!(world.db.has_pin(config::UserId(user)).unwrap());
    assert_eq!(
        admin
            .json("PUT", "/api/v1/users/99999/pin", serde_json::json!({ "pin": "7391" }))
            .await
            .status
            .as_u16(),
        404
    );
    let plain = world.account("plain", 0).await;
    assert!(!plain.json("PUT", &api, serde_json::json!({ "pin": "2580" })).await.status.is_success());
    let stranger = world.other_tenant().await;
    assert_eq!(stranger.json("PUT", &api, serde_json::json!({ "pin": "2580" })).await.status.as_u16(), 404);
}
