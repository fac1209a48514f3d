//! Self-help: why a phone does not ring, problem reports, guides.

use config::{
    records::parties::PartyKind,
    resources::{node_settings::NODE_SETTINGS, settings::SETTINGS, users::USERS},
};
use serde_json::json;

use crate::desk::{anna, party, record, register, running, values};
use crate::{
    api_keys,
    world::{World, author},
};

/// TRB-06: from live state, for oneself; each fault is set and found.
#[tokio::test]
async fn the_check_says_in_one_sentence_why_the_phone_does_not_ring() {
    let world = World::new();
    let browser = anna(&world).await;
    let answer =
        async || browser.get("/api/v1/me/phone-check").await.value()["answer"].as_str().unwrap().to_owned();
    assert!(answer().await.starts_with("None of your phones is registered"), "{}", answer().await);
    register(&world, 1);
    assert!(answer().await.starts_with("Nothing keeps the phone from ringing"));
    world
        .live
        .calls
        .lock()
        .unwrap()
        .extend([running("a", "talking", Some(1), 1), running("b", "talking", Some(1), 1)]);
    assert!(answer().await.contains("in 2 calls, and busy means 2"));
    world.live.calls.lock().unwrap().clear();
    world.db.update(&author(), &USERS, 1, &values([("forward_always", "103")]), None).unwrap();
    assert_eq!(answer().await, "All calls are forwarded to 103 before a phone rings.");
    world.db.update(&author(), &USERS, 1, &values([("forward_always", "")]), None).unwrap();
    record(&world, vec![party("m", 5, PartyKind::Missed, "102", "Bob")]);
    let page = browser.get("/help/phone-check").await.body;
    assert!(page.contains("The last call from Bob") && page.contains("Desk of 101 Anna: not registered"));
    assert!(!page.contains("secret of others"), "what the call was for others is theirs");
}

/// TRB-06: administrators about users in their scope, nobody else.
#[tokio::test]
async fn administrators_check_users_in_their_scope() {
    let world = World::new();
    let admin = world.admin().await;
    let page = admin.get("/admin/users/1/phone-check").await;
    assert!(
        page.status.as_u16() == 200 && page.body.contains("None of their phones is registered"),
        "{}",
        page.body
    );
    assert_eq!(admin.get("/api/v1/users/1/phone-check").await.value()["rings"], false);
    assert_eq!(admin.get("/api/v1/users/999/phone-check").await.status.as_u16(), 404);
    let plain = anna(&world).await;
    for path in ["/admin/users/2/phone-check", "/api/v1/users/2/phone-check"] {
        assert_eq!(plain.get(path).await.status.as_u16(), 403, "{path}");
    }
    let other = world.other_tenant().await;
    assert_eq!(other.get("/api/v1/users/1/phone-check").await.status.as_u16(), 404);
}

/// TRB-08: mailed to the company's support, filled with what is known of page and call.
#[tokio::test]
async fn a_report_goes_to_support_with_what_is_known() {
    let world = World::new();
    let browser = anna(&world).await;
    record(&world, vec![party("c1", 5, PartyKind::Missed, "102", "Bob")]);
    let form = browser
        .with(&[("referer", "http://pbx.example/phones?x=1")], "GET", "/help/report?call=c1", json!(null))
        .await
        .body;
    for part in
        ["value=\"/phones\"", "<dd class=\"mono\">102</dd>", "<dd class=\"mono\">101</dd>", "value=\"c1\""]
    {
        assert!(form.contains(part), "{part}: {form}");
    }
    let send = async || {
        browser
            .post("/help/report", &[("what", "It did not ring\nat all"), ("error", "480"), ("call", "c1")])
            .await
    };
    let nowhere = send().await;
    assert!(nowhere.status.as_u16() == 503 && nowhere.body.contains("Nothing was sent"));
    let mail = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    world.db.update(&author(), &NODE_SETTINGS, 1, &mail, None).unwrap();
    world.db.update(&author(), &SETTINGS, 1, &values([("support_mail", "help@example.com")]), None).unwrap();
    assert_eq!(browser.post("/help/report", &[("what", " ")]).await.status.as_u16(), 422);
    assert_eq!(send().await.header("location"), "/help");
    let due = world.db.due_mail(i64::MAX, 9).unwrap();
    assert_eq!((due.len(), due[0].recipient.as_str()), (1, "help@example.com"));
    let (subject, text) = portal::mail_text(&due[0], "http://pbx.example");
    assert_eq!(subject, "Problem report of Anna: It did not ring");
    for part in ["Error text: 480", "Caller: 102", "Dialled: 101", "Extension: 101", "Date and time: 20"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let api = browser.json("POST", "/api/v1/me/reports", json!({ "what": "x", "call": "theirs" })).await;
    assert_eq!(api.status.as_u16(), 202, "{}", api.body);
}

/// NAV-19, TRB-01, TRB-05: guides of the running version; the sign-in page tells of Caps Lock.
#[tokio::test]
async fn help_lists_its_topics_and_sign_in_tells_of_caps_lock() {
    let world = World::new();
    let browser = anna(&world).await;
    let help = browser.get("/help").await.body;
    assert!(help.contains(&format!("Dialtone {}", env!("CARGO_PKG_VERSION"))));
    for topic in [
        "Call somebody from the portal",
        "My phone does not ring",
        "I cannot sign in",
        "My changes are not there",
    ] {
        assert!(help.contains(topic), "{topic}");
    }
    let login =
        world.send(axum::http::Request::get("/login").body(axum::body::Body::empty()).unwrap()).await.body;
    assert!(login.contains("data-caps hidden") && login.contains("Caps Lock is on."));
    assert!(
        browser.get("/profile").await.body.contains("data-form"),
        "a changed form asks before it is left"
    );
}

/// OPS-15: a key reaches what is its maker's own as far as it reaches people.
#[tokio::test]
async fn keys_reach_what_is_their_makers_own_as_far_as_people() {
    let world = World::new();
    for (scope, look, change) in [("none", 403, 403), ("read", 200, 403), ("write", 200, 200)] {
        let (_, key) = api_keys::key(&world, json!({ "organization": scope, "name": scope })).await;
        for path in ["/api/v1/me", "/api/v1/me/call-history", "/api/v1/me/phone-check"] {
            let answer = api_keys::ask(&world, &key, "GET", path, json!(null)).await;
            assert_eq!(answer.status.as_u16(), look, "{scope} {path}: {}", answer.body);
        }
        let answer = api_keys::ask(&world, &key, "PATCH", "/api/v1/me", json!({ "area_code": "30" })).await;
        assert_eq!(answer.status.as_u16(), change, "{scope}: {}", answer.body);
    }
}

/// TRB-07: why mail does not arrive, for oneself and for who cares for users; a test says what becomes of it.
#[tokio::test]
async fn the_mail_check_says_why_mail_does_not_arrive_and_sends_a_test() {
    let world = World::new();
    let (browser, admin) = (anna(&world).await, world.admin().await);
    let answer = async |browser: &crate::world::Browser, path: &str| {
        browser.get(path).await.value()["answer"].as_str().unwrap_or_default().to_owned()
    };
    let (own, theirs) = ("/api/v1/me/mail-check", "/api/v1/users/1/mail-check");
    world.db.update(&author(), &USERS, 1, &values([("email", "")]), None).unwrap();
    assert_eq!(answer(&browser, own).await, "There is no e-mail address to send to.");
    let page = admin.get("/admin/users/1/mail-check").await.body;
    assert!(page.contains("href=\"/admin/users/1\"") && !page.contains("id=\"test\""), "{page}");
    world.db.update(&author(), &USERS, 1, &values([("email", "anna@example.com")]), None).unwrap();
    assert!(answer(&admin, theirs).await.starts_with("No mail server is named"));
    let server = values([("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")]);
    world.db.update(&author(), &NODE_SETTINGS, 1, &server, None).unwrap();
    assert!(answer(&browser, own).await.contains("Look into the spam folder"));
    let page = admin.get("/admin/users/1/mail-check").await.body;
    assert!(page.contains("Send a test to anna@example.com"), "{page}");
    let sent = admin.post("/admin/users/1/mail-check", &[]).await;
    assert_eq!(sent.header("location"), "/admin/users/1/mail-check");
    let page = browser.get("/help/mail-check").await.body;
    assert!(page.contains("The last message (Test message) is on its way"), "{page}");
    assert!(page.contains("hx-get=\"/help/mail-check\" hx-trigger=\"every 2s\""), "it looks again by itself");
    let again = browser.post("/help/mail-check", &[]).await;
    assert!(
        again.header("set-cookie").contains("less%20than%20a%20minute"),
        "{}",
        again.header("set-cookie")
    );
    let mail = world.db.last_mail_to(crate::desk::ANNA).unwrap().unwrap();
    world.db.mail_failed(mail.id, "550 5.1.1 no such mailbox at mx7.inside", None).unwrap();
    let why = "The last message (Test message) could not be delivered: ";
    assert_eq!(answer(&admin, theirs).await, format!("{why}550 5.1.1 no such mailbox at mx7.inside."));
    assert_eq!(answer(&browser, own).await, format!("{why}the mail server did not take it."));
    // Whom nobody cares for is not looked at.
    assert_eq!(browser.get(theirs).await.status.as_u16(), 403);
    assert_eq!(browser.post("/admin/users/2/mail-check", &[]).await.status.as_u16(), 403);
    let other = world.other_tenant().await;
    assert_eq!(other.get(theirs).await.status.as_u16(), 404);
    assert_eq!(other.post("/admin/users/1/mail-check", &[]).await.status.as_u16(), 404);
}
