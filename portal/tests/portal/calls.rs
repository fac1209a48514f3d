//! Running calls and records. SIP-45, A-45, A-47.

use chrono::Utc;
use config::{
    records::{CallRow, Change, ladder},
    resources::{departments::DEPARTMENTS, park_lots::PARK_LOTS, users::USERS},
};
use portal::live::LiveParked;

use crate::{
    desk::{self, values},
    fake_live::call,
    world::{World, author},
};

fn record(world: &World, id: &str, outcome: &str, name: &str) {
    let row = CallRow {
        id: id.into(),
        tenant: 1,
        started_at: 1_795_298_400_000,
        answered_at: Some(1_795_298_407_000),
        ended_at: Some(1_795_298_440_000),
        caller_number: "101".into(),
        caller_name: name.into(),
        dialled: "102".into(),
        outcome: outcome.into(),
        cause: "200 OK".into(),
        trace: r#"[{"at_ms":0,"what":"Call arrives","detail":"<i>x</i>","rule":"device Desk"}]"#.into(),
        legs: r#"[{"side":"caller","name":"<b>101</b>","number":"101","codec":"PCMU","address":"udp 10.0.0.1:5060"}]"#.into(),
        ladder: ladder(),
        ..CallRow::default()
    };
    world.db.write_records(&[Change::CallClosed(Box::new(row))]).unwrap();
}

fn ladder() -> Vec<u8> {
    let (phone, us) = ("10.0.0.1:5060", "10.0.0.9:5060");
    let message = |at_ms, from: &str, to: &str, text: &str| ladder::Message {
        at_ms,
        from: from.into(),
        to: to.into(),
        again: at_ms > 0,
        text: text.into(),
    };
    ladder::pack(&[
        message(0, phone, us, "INVITE sip:102@x SIP/2.0\r\nSubject: <script>alert(1)</script>\r\n\r\n"),
        message(5, us, phone, "SIP/2.0 486 Busy Here\r\n\r\n"),
    ])
}

#[tokio::test]
async fn the_list_filters_by_result_and_search() {
    let world = World::new();
    let browser = world.admin().await;
    record(&world, "c1", "answered", "Alma");
    record(&world, "c2", "busy", "Berta");
    let rows = |body: &str| (body.contains("id=\"row-c1\""), body.contains("id=\"row-c2\""));
    assert_eq!(rows(&browser.get("/admin/calls").await.body), (true, true));
    assert_eq!(rows(&browser.get("/admin/calls?outcome=busy").await.body), (false, true));
    assert_eq!(rows(&browser.part("/admin/calls?q=alma", "div#list").await.body), (true, false));
    assert_eq!(rows(&browser.get("/admin/calls?from=2026-11-23&tz=0").await.body), (false, false));
    assert_eq!(
        rows(&browser.get("/admin/calls?from=2026-11-21&to=2026-11-22&tz=0").await.body),
        (true, true)
    );
    assert_eq!(browser.get("/api/v1/calls?outcome=busy").await.value()["items"][0]["id"], "c2");
}

/// SIP-45, CH-03: a search ends after so many calls; the page says since when it looked, and leads on from there.
#[tokio::test]
async fn a_search_without_a_hit_says_how_far_it_looked_and_goes_on() {
    let world = World::new();
    let admin = world.admin().await;
    let file = rusqlite::Connection::open(world.db.file()).unwrap();
    // One more than a look sees; the oldest is looked for.
    let rows = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)";
    let calls = "INSERT INTO calls (id, tenant_id, started_at, ended_at, caller_number, caller_name, dialled, \
        answered_by, outcome, cause, revision) SELECT printf('n%06d', i), 1, i * 1000, i * 1000, '102', '', \
        CASE i WHEN 0 THEN 'rare' ELSE '103' END, '', 'missed', '', 1 FROM n";
    let parties = "INSERT INTO call_parties SELECT 1, i * 1000, printf('n%06d', i), 1, 'inbound', 'missed', \
        CASE i WHEN 0 THEN 'rare' ELSE '103' END, '', CASE i WHEN 0 THEN 'rare' ELSE '103' END, NULL, i * 1000, NULL \
        FROM n";
    for insert in [calls, parties] {
        let (into, select) = insert.split_once("SELECT").unwrap();
        assert_eq!(file.execute(&format!("{rows} {into} SELECT {select}"), []).unwrap(), 5001);
    }
    let anna = desk::anna(&world).await;
    for (browser, path) in [(&admin, "/admin/calls?q=rare"), (&anna, "/call-history?range=all&q=rare")] {
        let page = browser.get(path).await.body;
        assert!(page.contains("Nothing matches so far") && page.contains("1970-01-01T"), "{page}");
        assert!(!page.contains("row-n000000"));
        let link = crate::world::between(&page, "id=\"next\" href=\"", "\"")
            .replace("&#38;", "&")
            .replace("&amp;", "&");
        let page = browser.get(&link).await.body;
        assert!(page.contains("row-n000000") && !page.contains("looked through"), "{page}");
    }
    let first = admin.get("/api/v1/calls?q=rare").await.value();
    assert_eq!(first["items"], serde_json::json!([]));
    let path = format!("/api/v1/calls?q=rare&after={}", first["next"].as_str().unwrap());
    let second = admin.get(&path).await.value();
    assert_eq!(
        (&second["items"][0]["id"], &second["next"]),
        (&serde_json::json!("n000000"), &serde_json::json!(null))
    );
    assert_eq!(admin.get("/admin/calls/export.csv?q=rare").await.body.lines().count(), 2);
}

/// NUM-10: calls of one campaign's number, on the page, over the API, and as CSV.
#[tokio::test]
async fn calls_are_found_by_the_number_that_was_called() {
    let world = World::new();
    let browser = world.admin().await;
    for (id, dialled, name) in
        [("c1", "+49301234501", "Alma"), ("c2", "+49301234502", "=Berta"), ("c3", "102", "+49301234502")]
    {
        let row = CallRow {
            id: id.into(),
            tenant: 1,
            started_at: 1_795_298_400_000,
            answered_at: Some(1_795_298_407_000),
            ended_at: Some(1_795_298_440_000),
            caller_number: "+4940111".into(),
            caller_name: name.into(),
            dialled: dialled.into(),
            outcome: "answered".into(),
            ..CallRow::default()
        };
        world.db.write_records(&[Change::CallClosed(Box::new(row))]).unwrap();
    }
    let found = |body: &str| ["c1", "c2", "c3"].map(|id| body.contains(&format!("id=\"row-{id}\"")));
    let page = browser.get("/admin/calls?called=%2B49%2030%2012345").await.body;
    assert_eq!(found(&page), [true, true, false]);
    assert!(page.contains("/admin/calls/export.csv?called="), "{page}");
    let one = "called=%2B49301234502";
    assert_eq!(found(&browser.get(&format!("/admin/calls?{one}")).await.body), [false, true, false]);
    let api = browser.get(&format!("/api/v1/calls?{one}")).await.value();
    assert_eq!((api["items"].as_array().unwrap().len(), &api["items"][0]["id"]), (1, &"c2".into()));
    let csv = browser.get(&format!("/admin/calls/export.csv?{one}")).await.body;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert_eq!(lines[0], "date,caller,caller_name,called,answered_by,result,duration_s,cause");
    assert!(lines[1].contains("'=Berta") && lines[1].contains("answered,33"), "{csv}");
}

#[tokio::test]
async fn one_call_shows_decisions_parties_and_messages_as_text() {
    let world = World::new();
    let browser = world.admin().await;
    record(&world, "c1", "answered", "<script>alert(1)</script>");
    let page = browser.get("/admin/calls/c1?msg=1").await.body;
    assert!(
        page.contains("<ol class=\"trace\">")
            && page.contains("<svg class=\"ladder\"")
            && page.contains("Call arrives")
            && page.contains(">Dialtone</text>")
    );
    assert!(
        page.contains("486 Busy Here (again)") && page.contains("<b>SIP/2.0 486 Busy Here</b>"),
        "the chosen message is in the pane"
    );
    let first = browser.get("/admin/calls/c1?msg=0").await.body;
    assert!(first.contains("Subject: &#60;script&#62;"));
    for body in [page, first] {
        assert!(
            !body.contains("<script>alert") && !body.contains("<i>x</i>") && !body.contains("<b>101</b>")
        );
    }
    let api = browser.get("/api/v1/calls/c1").await.value();
    assert_eq!(
        (&api["trace"][0]["what"], &api["ladder"][1]["again"]),
        (&"Call arrives".into(), &true.into())
    );
    assert_eq!(browser.get("/admin/calls/none").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_running_call_is_shown_and_can_be_ended() {
    let world = World::new();
    let browser = world.admin().await;
    let now = Utc::now().timestamp_millis();
    world.live.calls.lock().unwrap().push(call("live-1", "101", "Alma \"<b>\"", "102", now, true));
    let page = browser.get("/admin/calls/live").await.body;
    assert!(
        page.contains("id=\"live-calls\"")
            && page.contains("id=\"call-live-1\"")
            && page.contains("name=\"hangup\"")
            && !page.contains("<b>\"</b>")
    );
    assert!(browser.get("/admin/calls/live-1").await.body.contains("Talking"));
    assert_eq!(browser.get("/api/v1/live/calls").await.value()["total"], 1);
    assert_eq!(
        browser.post("/admin/calls/live/other/hangup", &[]).await.header("location"),
        "/admin/calls/live"
    );
    assert_eq!(world.live.calls.lock().unwrap().len(), 1);
    browser.post("/admin/calls/live/live-1/hangup", &[]).await;
    assert!(world.live.calls.lock().unwrap().is_empty());
    assert_eq!(
        browser.json("DELETE", "/api/v1/live/calls/live-1", serde_json::Value::Null).await.status.as_u16(),
        404
    );
}

/// CTRL-02: who may hang up may transfer; a program gives just the number.
#[tokio::test]
async fn a_running_call_is_transferred() {
    let world = World::new();
    let browser = world.admin().await;
    let now = Utc::now().timestamp_millis();
    world.live.calls.lock().unwrap().push(call("live-1", "101", "Alma", "102", now, true));
    let dialled = || world.live.calls.lock().unwrap()[0].dialled.clone();
    assert!(browser.get("/admin/calls/live-1").await.body.contains("name=\"transfer\""));
    browser.post("/admin/calls/live/live-1/transfer", &[("who", "callee"), ("to", "1 03")]).await;
    assert_eq!(dialled(), "103");
    browser.post("/admin/calls/live/live-1/transfer", &[("to", "")]).await;
    assert_eq!(dialled(), "103");
    let send = async |body: serde_json::Value| {
        let sent = browser.json("POST", "/api/v1/live/calls/live-1/transfer", body).await;
        sent.status.as_u16()
    };
    assert_eq!(send(serde_json::json!({ "to": "*70", "who": "caller" })).await, 202);
    assert_eq!(dialled(), "*70");
    for nonsense in [serde_json::json!({ "to": "" }), serde_json::json!({ "to": "x" })] {
        assert_eq!(send(nonsense).await, 400);
    }
    world.live.calls.lock().unwrap().clear();
    assert_eq!(send(serde_json::json!({ "to": "104" })).await, 404);
}

/// ORG-10, C-8: those of one's own department first, with what takes them.
#[tokio::test]
async fn parked_calls_are_shown_by_department() {
    let world = World::new();
    let admin = world.admin().await;
    let department = world.db.create(&author(), &DEPARTMENTS, &values([("name", "Sales")])).unwrap().id;
    let department = department.to_string();
    let row = [("name", "Sales"), ("first_slot", "801"), ("slots", "5"), ("department", department.as_str())];
    // The first lot of a company is for everybody.
    let lots = [1, world.db.create(&author(), &PARK_LOTS, &values(row)).unwrap().id];
    assert!(admin.get("/parked").await.body.contains("Nobody is parked"));
    let now = Utc::now().timestamp_millis();
    for (lot, slot) in [(lots[0], "702"), (lots[1], "803")] {
        let mut parked = call(slot, "101", "Alma", "102", now, true);
        let (slot, who, by) = (slot.to_owned(), "101 Alma".to_owned(), "102".to_owned());
        (parked.state, parked.parked) = ("parked", Some(LiveParked { slot, lot, who, by, since: now }));
        world.live.calls.lock().unwrap().push(parked);
    }
    let mut ringing = call("r", "101", "Alma", "102", now, false);
    ringing.started_at -= 60_000;
    world.live.calls.lock().unwrap().insert(0, ringing);
    let anna = desk::anna(&world).await;
    let first = |body: &str| body.find("slot-702").unwrap() < body.find("slot-803").unwrap();
    assert!(first(&anna.get("/parked").await.body));
    world.db.update(&author(), &USERS, 1, &values([("department", &department)]), None).unwrap();
    let body = anna.get("/parked").await.body;
    assert!(
        !first(&body) && body.contains("Your department") && body.contains("data-call=\"803\""),
        "{body}"
    );
    let live = admin.get("/admin/calls/live").await.body;
    assert!(live.contains("Parked in 803") && live.find("call-702").unwrap() < live.find("call-r").unwrap());
}
