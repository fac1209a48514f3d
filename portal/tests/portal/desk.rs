//! The users' own portal: home, call history, blocked callers, click to call, phones, profile, self-help.

use chrono::Utc;
use config::{
    DeviceId, TenantId, UserId,
    records::{
        CallRow, Change,
        parties::{PartyKind, PartyRow},
    },
    resource::Values,
    resources::{
        announcements::ANNOUNCEMENTS, blocked_callers::BLOCKED_CALLERS, devices::DEVICES, links::LINKS,
        node_settings::NODE_SETTINGS, settings::SETTINGS, users::USERS,
    },
};
use portal::live::{CallFrom, LiveBinding, LiveCall, LiveLeg, NewCall};
use serde_json::json;

use crate::{
    api_keys,
    world::{Browser, World, author},
};

/// The first of the five people of first start, with the extension 101 and the first device.
const ANNA: UserId = UserId(1);

fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Minutes ago.
fn party(call: &str, minutes: i64, kind: PartyKind, number: &str, name: &str) -> PartyRow {
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

fn record(world: &World, parties: Vec<PartyRow>) {
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

fn register(world: &World, device: i64) {
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

fn running(id: &str, state: &'static str, answered_at: Option<i64>, device: i64) -> LiveCall {
    LiveCall {
        id: id.into(),
        started_at: Utc::now().timestamp_millis(),
        answered_at,
        caller: Some(ANNA),
        caller_number: "101".into(),
        caller_name: String::new(),
        dialled: "102".into(),
        state,
        revision: 1,
        legs: vec![LiveLeg {
            party: "101".into(),
            device: Some(DeviceId(device)),
            address: String::new(),
            state: "ringing",
            codec: String::new(),
            mos_heard: 0.0,
            mos_said: 0.0,
            loss: 0.0,
            jitter_ms: 0.0,
            round_trip_ms: None,
        }],
    }
}

async fn anna(world: &World) -> Browser {
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
    for place in ["/call-history", "/phones", "/help", "/profile", "/security"] {
        assert!(home.contains(&format!("<a href=\"{place}\"")), "{place} is not in the menu");
    }
    assert!(!home.contains("href=\"/admin\""), "level 0 has no admin panel");
    let administrator = world.admin().await.get("/").await.body;
    assert!(administrator.contains("href=\"/admin\""), "who has both changes between them");
}

/// CH-01, CH-02, CH-07, CH-12: own calls of the last day, each with type, number, name, time and length.
#[tokio::test]
async fn the_history_holds_the_own_calls_of_the_last_day() {
    let world = World::new();
    let browser = anna(&world).await;
    let other = PartyRow { user: UserId(2), ..party("theirs", 5, PartyKind::Outbound, "777", "Theirs") };
    record(
        &world,
        vec![
            party("in", 5, PartyKind::Inbound, "102", "Bob Berg"),
            party("out", 10, PartyKind::Outbound, "+4930123456", ""),
            party("missed", 15, PartyKind::Missed, "103", "Carl"),
            party("old", 60 * 30, PartyKind::Missed, "104", "Dora"),
            other,
        ],
    );
    let page = browser.get("/call-history").await.body;
    for part in ["row-in", "row-out", "row-missed", "Incoming", "Outgoing", "Missed", "1:05", "Bob Berg"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("row-old") && !page.contains("theirs"), "one day, own calls");
    assert!(
        page.contains("/contacts/new?name=Bob%20Berg&amp;number=102")
            || page.contains("/contacts/new?name=Bob%20Berg&#38;number=102")
    );
    assert!(browser.get("/call-history?range=7d").await.body.contains("row-old"));
    // C-3: the choice is remembered.
    assert!(browser.get("/call-history").await.body.contains("row-old"));
    let stranger = world.account("stranger", 0).await;
    assert!(!stranger.get("/call-history?range=all").await.body.contains("row-"));
    assert_eq!(stranger.get("/api/v1/me/call-history/in").await.status.as_u16(), 404);
}

/// CH-03, CH-04, CH-09, CH-10: search as one types, sides, types; the X clears.
#[tokio::test]
async fn the_history_is_narrowed_by_words_sides_and_types() {
    let world = World::new();
    let browser = anna(&world).await;
    record(
        &world,
        vec![
            party("in", 5, PartyKind::Inbound, "102", "Bob Berg"),
            party("out", 10, PartyKind::Outbound, "+4930123456", ""),
            party("missed", 60 * 26, PartyKind::Missed, "103", "Carl"),
        ],
    );
    let rows = |query: &'static str| {
        let browser = &browser;
        async move {
            let body = browser.part(&format!("/call-history?{query}"), "div#list").await.body;
            assert!(!body.contains("<html"), "only the list");
            ["in", "out", "missed"].map(|id| body.contains(&format!("id=\"row-{id}\"")))
        }
    };
    assert_eq!(rows("q=berg").await, [true, false, false]);
    assert_eq!(rows("q=4930").await, [false, true, false]);
    assert_eq!(rows("q=berg+today").await[1..], [false, false]);
    assert_eq!(rows("type=missed&range=7d").await, [false, false, true]);
    assert_eq!(rows("type=outbound").await, [false, true, false]);
    assert_eq!(rows("caller=102&range=7d").await, [true, false, false]);
    assert_eq!(rows("dialled=%2B49+30").await, [false, true, false]);
    assert_eq!(rows("q=nobody").await, [false, false, false]);
    let page = browser.get("/call-history?q=nobody").await.body;
    assert!(page.contains("Nothing matches") && page.contains("data-clear-search=\"q\""));
}

/// CH-08: from and to, by the user's clock. PRF-05
#[tokio::test]
async fn from_and_to_and_all_times_are_those_of_the_users_zone() {
    let world = World::new();
    let browser = anna(&world).await;
    let row = PartyRow {
        started_at: 1_795_298_400_000,
        ended_at: 1_795_298_410_000,
        ..party("x", 0, PartyKind::Inbound, "102", "")
    };
    record(&world, vec![row]);
    let shown = async |zone: &str| {
        world.db.update(&author(), &USERS, 1, &values([("time_zone", zone)]), None).unwrap();
        let body = browser.get("/call-history?from=2026-11-22T00:00&to=2026-11-22T23:59").await.body;
        let csv = browser.get("/call-history/export.csv?range=all").await.body;
        (
            body.contains("row-x"),
            csv.lines().nth(1).unwrap_or_default().split(',').nth(3).unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(shown("Asia/Tokyo").await, (true, "2026-11-22 07:00:00".to_owned()));
    assert_eq!(shown("Europe/Berlin").await, (false, "2026-11-21 23:00:00".to_owned()));
}

/// CH-19, TRB-02
#[tokio::test]
async fn an_empty_history_says_what_to_look_at() {
    let world = World::new();
    let browser = anna(&world).await;
    let body = browser.get("/call-history").await.body;
    assert!(body.contains("is the phone registered, is it the right phone, and may you place calls?"));
    assert!(body.contains("href=\"/help/phone-check\""));
}

/// CH-01: pages by cursor, the CSV of the filter, and the same for programs.
#[tokio::test]
async fn long_histories_have_pages_and_the_csv_has_all_that_match() {
    let world = World::new();
    let browser = anna(&world).await;
    let kind = |n: i64| if n % 2 == 0 { PartyKind::Inbound } else { PartyKind::Missed };
    record(&world, (0..120).map(|n| party(&format!("c{n:03}"), n, kind(n), "=102", "+Bob")).collect());
    let first = browser.get("/call-history?type=inbound").await.body;
    let next = crate::world::between(&first, "id=\"next\" href=\"", "\"")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let second = browser.get(&next).await.body;
    assert!(first.contains("row-c000") && !first.contains("row-c100") && second.contains("row-c100"));
    let csv = browser.get("/call-history/export.csv?type=inbound").await;
    assert_eq!((csv.header("content-type"), csv.body.lines().count()), ("text/csv; charset=utf-8", 61));
    assert!(csv.body.contains(",'=102,'+Bob,"), "a spreadsheet runs nothing");
    let api = browser.get("/api/v1/me/call-history?type=inbound&limit=40").await.value();
    assert_eq!(api["items"].as_array().unwrap().len(), 40);
    let rest =
        format!("/api/v1/me/call-history?type=inbound&limit=40&after={}", api["next"].as_str().unwrap());
    let rest = browser.get(&rest).await.value();
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["next"].is_null()), (20, true));
    assert_eq!(rest["items"][0]["type"], "inbound");
    assert_eq!(browser.get("/api/v1/me/call-history/c005").await.value()["number"], "=102");
}

/// CH-17: blocked from the history, listed, unblocked; nobody touches the rows of others.
#[tokio::test]
async fn a_caller_is_blocked_from_the_history_and_unblocked_again() {
    let world = World::new();
    let browser = anna(&world).await;
    record(&world, vec![party("spam", 5, PartyKind::Missed, "+4990012345", "Spam Inc")]);
    assert!(browser.get("/call-history").await.body.contains("Block Spam Inc"));
    let blocked = browser.post("/call-history/blocked", &[("call", "spam")]).await;
    assert_eq!(blocked.status.as_u16(), 303, "{}", blocked.body);
    let list = browser.get("/call-history/blocked").await.body;
    assert!(list.contains("+4990012345") && list.contains("Spam Inc"));
    let again = browser.post("/call-history/blocked", &[("call", "spam")]).await;
    assert!(again.status.as_u16() == 422 && again.body.contains("This number is blocked already."));
    let wrong = browser.post("/call-history/blocked", &[("number", "hello")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    let id = browser.get("/api/v1/me/blocked-callers").await.value()["items"][0]["id"].as_i64().unwrap();
    let stranger = world.account("stranger", 0).await;
    assert_eq!(stranger.get("/api/v1/me/blocked-callers").await.value()["total"], 0);
    for path in [format!("/call-history/blocked/{id}/unblock"), "/call-history/blocked".to_owned()] {
        assert_eq!(stranger.post(&path, &[("call", "spam")]).await.status.as_u16(), 404, "{path}");
    }
    let gone = stranger.json("DELETE", &format!("/api/v1/me/blocked-callers/{id}"), json!(null)).await;
    assert_eq!(gone.status.as_u16(), 404);
    assert_eq!(browser.post(&format!("/call-history/blocked/{id}/unblock"), &[]).await.status.as_u16(), 303);
    assert_eq!(browser.get("/api/v1/me/blocked-callers").await.value()["total"], 0);
    let made = browser.json("POST", "/api/v1/me/blocked-callers", json!({ "number": "+1900*" })).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let audit = world.admin().await.get("/admin/audit").await.body;
    assert!(audit.contains("locked caller"), "the audit log has it");
    assert_eq!(world.db.list(&author().viewer, &BLOCKED_CALLERS, &Default::default()).unwrap().rows.len(), 1);
}

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

/// PRF-01, PRF-02, PRF-04, PRF-06, PRF-07, PRF-08, PRF-11, RNG-07…13: what people change of themselves, and what not.
#[tokio::test]
async fn people_change_their_profile_and_forwards_and_nothing_else() {
    let world = World::new();
    let browser = anna(&world).await;
    let page = browser.get("/profile").await.body;
    for label in [
        "First name",
        "Mobile number",
        "Area code",
        "Announce in audio directory",
        "List in directory",
        "Forward all calls to",
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
        ("forward_busy", "102"),
        ("busy_trigger", "3"),
        ("forward_no_answer_after", "25"),
        ("role", "1"),
        ("caller_id", "1"),
        ("suspended", "1"),
        ("extension", "999"),
    ];
    let saved = browser.post("/profile", &fields).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/profile"), "{}", saved.body);
    let row = world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values;
    assert_eq!(
        (row["first_name"].as_str(), row["forward_busy"].as_str(), row["busy_trigger"].as_str()),
        ("Annabel", "102", "3")
    );
    assert_eq!(
        (row["in_directory"].as_str(), row["in_audio_directory"].as_str()),
        ("0", "1"),
        "a box without tick is off"
    );
    assert_eq!(
        (row["role"].as_str(), row["suspended"].as_str(), row["extension"].as_str()),
        ("", "0", "101")
    );
    let wrong = browser
        .post(
            "/profile",
            &[
                ("first_name", ""),
                ("email", &email),
                ("busy_trigger", "99"),
                ("forward_no_answer_after", "25"),
            ],
        )
        .await;
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
