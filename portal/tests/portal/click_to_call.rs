//! Click to call: which phones are offered, what is placed, what the banner says.

use config::{
    DeviceId, TenantId,
    records::{CallRow, Change},
    resources::{devices::DEVICES, users::USERS},
};
use portal::live::{CallFrom, NewCall};
use serde_json::json;

use crate::desk::{ANNA, anna, register, running, values};
use crate::world::{World, author};

/// CTC-01, CTC-02, CTC-05: the pop-up offers the registered phones by model, and another extension.
#[tokio::test]
async fn the_pop_up_offers_the_registered_phones_by_model() {
    let world = World::new();
    let browser = anna(&world).await;
    let none = browser.part("/call?number=102", "dialog").await.body;
    assert!(none.contains("None of your phones is registered"));
    let row = values([("name", "Mobile"), ("username", "anna-mobile"), ("user", "1")]);
    let second = world.db.create(&author(), &DEVICES, &row).unwrap().id;
    register(&world, 1);
    let one = browser.part("/call?number=%2B49+(30)+1", "dialog").await.body;
    assert!(one.contains("Call +49301 using") || one.contains("Call &#43;49301 using"), "{one}");
    assert!(one.contains("Yealink T54W") && !one.contains("Mobile") && !one.contains("All my phones"));
    assert!(one.contains("Another extension") && !one.contains("<html"));
    register(&world, second);
    assert!(browser.get("/call?number=102").await.body.contains("All my phones"));
}

/// CTC-03, CTC-04, NAV-18: the call is placed for oneself, its banner says what to do until it is answered.
#[tokio::test]
async fn a_click_places_a_call_and_the_banner_follows_it() {
    let world = World::new();
    let browser = anna(&world).await;
    register(&world, 1);
    let placed = browser.post("/call", &[("number", "102"), ("from", "1")]).await;
    assert_eq!((placed.status.as_u16(), placed.header("location")), (303, "/"), "{}", placed.body);
    let order = NewCall {
        tenant: TenantId(1),
        user: ANNA,
        from: CallFrom::Device(DeviceId(1)),
        number: "102".into(),
        by: None,
    };
    assert_eq!(*world.live.placed.lock().unwrap(), [order]);
    assert!(browser.get("/call-history").await.body.contains("/live?parts=calling"), "the page listens");
    let banner = async || crate::live::first_event(&browser, "/live?parts=calling").await;
    world.live.calls.lock().unwrap().push(running("placed1", "ringing caller", None, 1));
    let text = banner().await;
    assert!(
        text.contains("Please answer your ringing phone and the call will be connected to <b>102</b>"),
        "{text}"
    );
    world.live.calls.lock().unwrap()[0].state = "ringing";
    assert!(banner().await.contains("Calling <b>102</b>"));
    world.live.calls.lock().unwrap()[0].answered_at = Some(1);
    assert!(!banner().await.contains("calling-banner"), "they talk");
    world.live.calls.lock().unwrap().clear();
    let row = CallRow {
        id: "placed1".into(),
        tenant: 1,
        started_at: 1,
        ended_at: Some(2),
        outcome: "failed".into(),
        cause: "480 You did not answer your phone".into(),
        ..CallRow::default()
    };
    world.db.write_records(&[Change::CallClosed(Box::new(row))]).unwrap();
    let text = banner().await;
    assert!(text.contains("came to nothing: You did not answer your phone."), "{text}");
    browser.post("/call/placed1/cancel", &[]).await;
    assert!(!browser.get("/").await.body.contains("parts=calling"));
}

/// CTC-04, ROL-10: what cannot be placed is refused with its reason.
#[tokio::test]
async fn calls_are_placed_on_own_registered_phones_by_who_may() {
    let world = World::new();
    let browser = anna(&world).await;
    let api = async |body| browser.json("POST", "/api/v1/me/calls", body).await;
    let unregistered = api(json!({ "number": "102" })).await;
    assert!(
        unregistered.status.as_u16() == 400
            && unregistered.body.contains("None of these phones is registered")
    );
    register(&world, 1);
    assert_eq!(
        api(json!({ "number": "102", "device": 2 })).await.status.as_u16(),
        404,
        "somebody else's phone"
    );
    assert_eq!(api(json!({ "number": "" })).await.status.as_u16(), 400);
    assert_eq!(api(json!({ "number": "102", "device": 1, "extension": "103" })).await.status.as_u16(), 400);
    let placed = api(json!({ "number": "102" })).await;
    assert_eq!((placed.status.as_u16(), placed.header("location")), (202, "/api/v1/me/calls/placed1"));
    world.live.calls.lock().unwrap().push(running("placed1", "ringing", None, 1));
    assert_eq!(browser.get("/api/v1/me/calls").await.value()["total"], 1);
    let stranger = world.account("stranger", 0).await;
    assert_eq!(stranger.get("/api/v1/me/calls").await.value()["total"], 0);
    let theirs = stranger.json("DELETE", "/api/v1/me/calls/placed1", json!(null)).await;
    assert_eq!(theirs.status.as_u16(), 404, "nobody else cancels it");
    assert_eq!(browser.json("DELETE", "/api/v1/me/calls/placed1", json!(null)).await.status.as_u16(), 204);
    let role = values([("name", "Lobby"), ("level", "0"), ("permissions", "park_calls")]);
    let role = world.db.create(&author(), &config::resources::roles::ROLES, &role).unwrap().id.to_string();
    world.db.update(&author(), &USERS, 1, &values([("role", &role)]), None).unwrap();
    let refused = browser.json("POST", "/api/v1/me/calls", json!({ "number": "102" })).await;
    assert!(
        refused.status.as_u16() == 403 && refused.body.contains("Your role does not let you place calls")
    );
    assert_eq!(world.live.placed.lock().unwrap().len(), 1);
}

/// Level 0 sees its own banner in the live stream and nothing of the company's.
#[tokio::test]
async fn the_live_stream_of_level_0_holds_their_own_part_only() {
    let world = World::new();
    let browser = anna(&world).await;
    for parts in ["calls:5", "calling,stats", "alarms", "regs:1"] {
        assert_eq!(browser.get(&format!("/live?parts={parts}")).await.status.as_u16(), 403, "{parts}");
    }
}
