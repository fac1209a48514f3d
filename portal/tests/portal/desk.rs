//! The users' own portal: home, phones, profile; and what the rooms about its parts share.

use chrono::Utc;
use config::{
    DeviceId, TenantId, UserId,
    records::{
        CallRow, Change,
        parties::{PartyKind, PartyRow},
    },
    resource::Values,
    resources::{announcements::ANNOUNCEMENTS, devices::DEVICES, links::LINKS, users::USERS},
};
use portal::live::{LiveBinding, LiveCall, LiveLeg};
use serde_json::json;

use crate::world::{Browser, World, author};

/// The first of the five people of first start, with the extension 101 and the first device.
pub(crate) const ANNA: UserId = UserId(1);

pub(crate) fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Minutes ago.
pub(crate) fn party(call: &str, minutes: i64, kind: PartyKind, number: &str, name: &str) -> PartyRow {
    let started_at = Utc::now().timestamp_millis() - minutes * 60_000;
    PartyRow {
        user: ANNA,
        tenant: TenantId(1),
        call: call.into(),
        started_at,
        kind,
        result: if kind == PartyKind::Missed { "missed" } else { "answered" }.into(),
        number: number.into(),
        name: name.into(),
        answered_at: (kind != PartyKind::Missed).then_some(started_at + 1000),
        ended_at: started_at + 66_000,
        device: None,
    }
}

pub(crate) fn record(world: &World, parties: Vec<PartyRow>) {
    let calls = parties.iter().map(|party| {
        Change::CallClosed(Box::new(CallRow {
            id: party.call.clone(),
            tenant: 1,
            started_at: party.started_at,
            ended_at: Some(party.ended_at),
            outcome: party.result.clone(),
            trace: r#"[{"at_ms":0,"what":"Not rung","detail":"Desk of 101 Anna: not registered","rule":"x"},
                {"at_ms":0,"what":"Not rung","detail":"Phone of 103 Carl: secret of others","rule":"x"}]"#
                .into(),
            ..CallRow::default()
        }))
    });
    let mut changes: Vec<_> = calls.collect();
    changes.push(Change::CallParties(parties));
    world.db.write_records(&changes).unwrap();
}

pub(crate) fn register(world: &World, device: i64) {
    let now = Utc::now().timestamp_millis();
    world.live.bindings.lock().unwrap().push(LiveBinding {
        device: DeviceId(device),
        contact: "sip:101@192.0.2.7".into(),
        user_agent: "Yealink SIP-T54W 96.86.0.20".into(),
        address: "udp 192.0.2.7:5060".into(),
        registered_at: now - 60_000,
        expires_at: now + 60_000,
    });
}

pub(crate) fn running(id: &str, state: &'static str, answered_at: Option<i64>, device: i64) -> LiveCall {
    LiveCall {
        id: id.into(),
        started_at: Utc::now().timestamp_millis(),
        answered_at,
        caller: Some(ANNA),
        caller_number: "101".into(),
        caller_name: String::new(),
        dialled: "102".into(),
        state,
        parked: None,
        revision: 1,
        legs: vec![LiveLeg {
            party: "101".into(),
            device: Some(DeviceId(device)),
            address: String::new(),
            state: "ringing",
            codec: String::new(),
            encrypted: false,
            mos_heard: 0.0,
            mos_said: 0.0,
            loss: 0.0,
            jitter_ms: 0.0,
            round_trip_ms: None,
        }],
    }
}

pub(crate) async fn anna(world: &World) -> Browser {
    world
        .db
        .update(&author(), &USERS, 1, &values([("first_name", "Anna"), ("last_name", "")]), None)
        .unwrap();
    world.user_browser(ANNA).await
}

/// CH-18, DEV-13, NAV-03, NAV-04: the first page of level 0, with its menu.
#[tokio::test]
async fn home_shows_recent_calls_active_phones_news_and_links() {
    let world = World::new();
    let browser = anna(&world).await;
    let empty = browser.get("/").await.body;
    assert!(empty.contains("No calls yet") && empty.contains("/help/phone-check"));
    record(&world, vec![party("a", 5, PartyKind::Missed, "102", "<b>Bob</b>")]);
    register(&world, 1);
    let news = values([("title", "Maintenance on Sunday")]);
    world.db.create(&author(), &ANNOUNCEMENTS, &news).unwrap();
    let link = values([("label", "Knowledge base"), ("url", "https://kb.example")]);
    world.db.create(&author(), &LINKS, &link).unwrap();
    let home = browser.get("/").await.body;
    for part in
        ["Maintenance on Sunday", "https://kb.example", "&#60;b&#62;Bob", "Yealink T54W", "data-call=\"102\""]
    {
        assert!(home.contains(part), "{part} is not on the first page");
    }
    for place in
        ["/call-history", "/rules", "/timeframes", "/settings", "/phones", "/help", "/profile", "/security"]
    {
        assert!(home.contains(&format!("<a href=\"{place}\"")), "{place} is not in the menu");
    }
    assert!(!home.contains("href=\"/admin\""), "level 0 has no admin panel");
    let administrator = world.admin().await.get("/").await.body;
    assert!(administrator.contains("href=\"/admin\""), "who has both changes between them");
}

/// DEV-11, RNG-01…05: the phones page, and what their user may set.
#[tokio::test]
async fn people_see_their_phones_and_set_how_they_ring() {
    let world = World::new();
    let browser = anna(&world).await;
    register(&world, 1);
    let page = browser.get("/phones").await.body;
    assert!(page.contains("Yealink T54W") && page.contains("registered") && page.contains("192.0.2.7:5060"));
    assert!(!page.contains("row-2"), "another's phone");
    assert_eq!(browser.get("/phones/2").await.status.as_u16(), 404);
    let fields = [("location", "Home"), ("ring", "delay"), ("ring_delay", "7"), ("auto_answer", "1")];
    let saved = browser.post("/phones/1", &fields).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let phones = browser.get("/api/v1/me/phones").await.value();
    assert_eq!(
        (&phones["items"][0]["ringing"], &phones["items"][0]["auto_answer"]),
        (&json!("Rings after 7 s"), &json!(true))
    );
    let silent = browser.post("/phones/1", &[("ring", "disabled"), ("ring_delay", "7")]).await;
    assert_eq!(silent.status.as_u16(), 422);
    assert!(silent.body.contains("At least one device of a user must ring"), "{}", silent.body);
    let stolen =
        [("username", "mine"), ("name", "Mine"), ("user", "2"), ("ring", "immediate"), ("ring_delay", "7")];
    assert_eq!(browser.post("/phones/1", &stolen).await.status.as_u16(), 303);
    let row = world.db.get(&author().viewer, &DEVICES, 1).unwrap().unwrap();
    assert_eq!((row.values["user"].as_str(), row.values["username"] == "mine"), ("1", false));
}

/// PRF-01, PRF-02, PRF-04, PRF-06, PRF-07, PRF-08, PRF-11: what people change of themselves, and what not.
#[tokio::test]
async fn people_change_their_profile_and_nothing_else() {
    let world = World::new();
    let browser = anna(&world).await;
    let page = browser.get("/profile").await.body;
    for label in [
        "First name",
        "Mobile number",
        "Area code",
        "Announce in audio directory",
        "List in directory",
        "Ask your office manager",
    ] {
        assert!(page.contains(label), "{label}");
    }
    assert!(!page.contains("name=\"caller_id\"") && !page.contains("name=\"role\""));
    let email = world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values["email"].clone();
    let fields = [
        ("first_name", "Annabel"),
        ("last_name", "Ames"),
        ("email", &email),
        ("time_zone", "Europe/Berlin"),
        ("mobile", "+49 170 1234567"),
        ("area_code", "30"),
        ("in_audio_directory", "1"),
        ("role", "1"),
        ("caller_id", "1"),
        ("suspended", "1"),
        ("extension", "999"),
    ];
    let saved = browser.post("/profile", &fields).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/profile"), "{}", saved.body);
    let row = world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values;
    assert_eq!((row["first_name"].as_str(), row["area_code"].as_str()), ("Annabel", "30"));
    assert_eq!(
        (row["in_directory"].as_str(), row["in_audio_directory"].as_str()),
        ("0", "1"),
        "a box without tick is off"
    );
    assert_eq!(
        (row["role"].as_str(), row["suspended"].as_str(), row["extension"].as_str()),
        ("", "0", "101")
    );
    let wrong = browser.post("/profile", &[("first_name", ""), ("email", &email)]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("Not saved"));
    let patched = browser.json("PATCH", "/api/v1/me", json!({ "forward_always": "103" })).await;
    assert_eq!((patched.status.as_u16(), &patched.value()["forward_always"]), (200, &json!("103")));
    for body in [json!({ "role": "1" }), json!({ "email": "x@example.com" })] {
        assert_eq!(browser.json("PATCH", "/api/v1/me", body).await.status.as_u16(), 400);
    }
    let audit = world.admin().await.get("/api/v1/audit?limit=50").await.body;
    assert!(audit.contains("forward_always"), "the audit log has it");
}

/// AUTH-14: the address that one signs in with is changed with the current password only.
#[tokio::test]
async fn the_email_address_is_changed_with_the_current_password_only() {
    let world = World::new();
    world.set_password(ANNA, "Coffee@Morning2024!").await;
    let browser = anna(&world).await;
    let fields = |password: &'static str| {
        vec![
            ("first_name", "Anna"),
            ("email", "new@example.com"),
            ("busy_trigger", "2"),
            ("forward_no_answer_after", "20"),
            ("current", password),
        ]
    };
    for wrong in ["", "guess"] {
        let refused = browser.post("/profile", &fields(wrong)).await;
        assert!(refused.status.as_u16() == 422 && refused.body.contains("give your current password"));
    }
    let saved = browser.post("/profile", &fields("Coffee@Morning2024!")).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    assert_eq!(
        world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values["email"],
        "new@example.com"
    );
}

/// AUTH-16, PRF-09: the password page has its tips, and the profile leads to it and to the other factors.
#[tokio::test]
async fn the_profile_leads_to_passwords_with_tips_and_to_security() {
    let world = World::new();
    let browser = anna(&world).await;
    let profile = browser.get("/profile").await.body;
    assert!(profile.contains("id=\"account-security\"") && profile.contains("href=\"/password/set\""));
    assert!(profile.contains("href=\"/security\""));
    let page = browser.get("/password/set").await.body;
    for tip in ["that you use nowhere else", "Several words", "password manager", "Do not share it"] {
        assert!(page.contains(tip), "{tip}");
    }
    assert!(page.contains("name=\"current\""), "AUTH-14: the current password is asked for");
}

/// DSH-04, USR-11
#[tokio::test]
async fn latest_updates_lead_to_the_audit_log_and_live_calls_to_their_users() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin").await.body.contains("<a href=\"/admin/audit\">Latest updates</a>"));
    world.live.calls.lock().unwrap().push(running("a", "talking", Some(1), 1));
    let live = admin.get("/admin/calls/live").await.body;
    assert!(live.contains("href=\"/admin/users/1\"") && live.contains("Edit the user"));
}
