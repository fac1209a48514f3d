//! Answering rules, time frames, settings and night mode of the users' own portal.

use config::{
    TenantId, UserId,
    resources::{
        answering_rules::ANSWERING_RULES, settings::SETTINGS, time_frames::TIME_FRAMES, users::USERS,
    },
};

use crate::{
    desk::{ANNA, anna, values},
    world::{World, author},
};

fn frame(world: &World, pairs: &[(&str, &str)]) -> i64 {
    let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    world.db.create(&author(), &TIME_FRAMES, &given).unwrap().id
}

fn user(world: &World) -> config::resource::Values {
    world.db.get(&author().viewer, &USERS, 1).unwrap().unwrap().values
}

/// RNG-07…09, RNG-11, RNG-12, RNG-13, RNG-19: forwards with their ends, on the user's own clock.
#[tokio::test]
async fn people_set_their_forwards_with_an_end_on_their_own_clock() {
    let world = World::new();
    let browser = anna(&world).await;
    world.db.update(&author(), &USERS, 1, &values([("time_zone", "Europe/Berlin")]), None).unwrap();
    let page = browser.get("/settings").await.body;
    for part in ["Forward all calls to", "Do not disturb", "Simultaneous ring", "datetime-local", "/phones/1"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("name=\"role\"") && !page.contains("name=\"first_name\""));
    let fields = [
        ("forward_always", "102"),
        ("forward_always_until", "2030-07-01T12:00"),
        ("forward_busy", "+49 30 123456"),
        ("busy_trigger", "3"),
        ("forward_no_answer_after", "25"),
        ("forward_shows", "own"),
        ("role", "1"),
    ];
    let saved = browser.post("/settings", &fields).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/settings"), "{}", saved.body);
    let row = user(&world);
    assert_eq!(
        (row["forward_always_until"].as_str(), row["forward_busy"].as_str(), row["busy_trigger"].as_str()),
        ("2030-07-01T10:00:00Z", "+4930123456", "3")
    );
    assert_eq!((row["role"].as_str(), row["forward_shows"].as_str()), ("", "own"));
    let page = browser.get("/settings").await.body;
    assert!(page.contains("value=\"2030-07-01T12:00\"") && page.contains("All calls go to 102."));
    let wrong = browser.post("/settings", &[("busy_trigger", "99"), ("forward_no_answer_after", "25")]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("Not saved"));
}

/// RNG-10: forwards of the night are on the page only while the company has night mode.
#[tokio::test]
async fn forwards_of_the_night_are_shown_where_there_is_night_mode() {
    let world = World::new();
    let browser = anna(&world).await;
    assert!(!browser.get("/settings").await.body.contains("night_always"));
    world.db.update(&author(), &SETTINGS, 1, &values([("night_enabled", "1")]), None).unwrap();
    assert!(browser.get("/settings").await.body.contains("name=\"night_always\""));
    let fields = [
        ("night_always", "102"),
        ("busy_trigger", "2"),
        ("forward_no_answer_after", "20"),
        ("forward_shows", "caller"),
    ];
    assert_eq!(browser.post("/settings", &fields).await.status.as_u16(), 303);
    assert_eq!(user(&world)["night_always"], "102");
    assert!(browser.get("/rules").await.body.contains("Default at night"));
}

/// AR-03, AR-04, AR-05, AR-06, AR-07, AR-09: a rule is made of a frame and what happens, has the frame's name, and is on the
/// pages that say what is in force; Default stays at the end and cannot be deleted.
#[tokio::test]
async fn people_make_order_and_end_their_rules() {
    let world = World::new();
    let browser = anna(&world).await;
    let always = frame(&world, &[("name", "Any time"), ("kind", "always")]).to_string();
    let office =
        frame(&world, &[("name", "Office hours"), ("kind", "weekly"), ("hours", "mo-su 00:00-24:00")]);
    let office = office.to_string();
    let page = browser.get("/rules").await.body;
    assert!(page.contains("Right now: Default.") && page.contains("Whenever no rule above matches."));
    let rule = |frame: &str, action: &str, to: &str| {
        let fields = [
            ("time_frame", frame),
            ("active", "1"),
            ("action", action),
            ("forward_always", to),
            ("no_answer_after", "20"),
            ("callers", "everybody"),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |fields: [(String, String); 6]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        browser.post("/rules", &fields).await
    };
    let lacking = send(rule(&office, "forward", "")).await;
    assert!(lacking.status.as_u16() == 422 && lacking.body.contains("To which number?"), "{}", lacking.body);
    assert_eq!(send(rule(&office, "forward", "102")).await.status.as_u16(), 303);
    assert_eq!(send(rule(&always, "dnd", "")).await.status.as_u16(), 303);
    let page = browser.get("/rules").await.body;
    assert!(page.contains("Right now: Office hours.") && page.contains("All calls go to 102."), "{page}");
    assert!(page.contains("Mon: Office hours 00:00–24:00") && page.contains("data-f=\"a\""));
    assert!(browser.get("/").await.body.contains("Right now: Office hours."), "home shows it");
    let snapshot = world.db.answering_of(TenantId(1), ANNA).unwrap();
    let ids: Vec<i64> = snapshot.answering_rules(TenantId(1), ANNA).map(|rule| rule.id.0).collect();
    let order = [("rule", &*ids[1].to_string()), ("rule", &*ids[0].to_string())];
    assert_eq!(browser.post("/rules/order", &order).await.status.as_u16(), 303);
    let page = browser.get("/rules").await.body;
    assert!(page.contains("Right now: Any time.") && page.contains("No phone rings."));
    for _ in 0..2 {
        assert_eq!(browser.post(&format!("/rules/{}/active", ids[1]), &[]).await.status.as_u16(), 303);
    }
    assert_eq!(browser.post(&format!("/rules/{}/delete", ids[1]), &[]).await.status.as_u16(), 303);
    assert!(browser.get("/rules").await.body.contains("Right now: Office hours."));
    let now = browser.get("/api/v1/me/answering").await;
    assert!(
        now.body.contains("\"rule\":\"Office hours\"") && now.body.contains("\"forward_always\":\"102\"")
    );
}

/// AR-01, ROL-01: nobody sees or changes rules and time frames of others, nor makes a rule of them.
#[tokio::test]
async fn rules_and_frames_of_others_are_not_there() {
    let world = World::new();
    let browser = anna(&world).await;
    let theirs = frame(&world, &[("name", "Bob's own"), ("kind", "always"), ("user", "2")]);
    let rule = values([("user", "2"), ("time_frame", &theirs.to_string()), ("action", "dnd")]);
    let rule = world.db.create(&author(), &ANSWERING_RULES, &rule).unwrap().id;
    assert!(!browser.get("/timeframes").await.body.contains("Bob&#39;s own"));
    assert!(!browser.get("/rules/new").await.body.contains("Bob&#39;s own"));
    for address in [format!("/timeframes/{theirs}"), format!("/rules/{rule}")] {
        assert_eq!(browser.get(&address).await.status.as_u16(), 404, "{address}");
        assert_eq!(browser.post(&address, &[("name", "x")]).await.status.as_u16(), 404);
        assert_eq!(browser.post(&format!("{address}/delete"), &[]).await.status.as_u16(), 404);
    }
    let own = [
        ("time_frame", &*theirs.to_string()),
        ("action", "dnd"),
        ("no_answer_after", "20"),
        ("callers", "everybody"),
    ];
    let refused = browser.post("/rules", &own).await;
    assert!(refused.status.as_u16() == 422 && refused.body.contains("There is no such time frame"));
    assert!(
        world
            .db
            .answering_of(TenantId(1), UserId(2))
            .unwrap()
            .answering_rules(TenantId(1), UserId(2))
            .count()
            == 1
    );
}

/// AR-01, AR-02, AR-08: frames of each kind, and what is wrong with one at its field; one in use is not deleted.
#[tokio::test]
async fn people_keep_time_frames_of_their_own() {
    let world = World::new();
    let browser = anna(&world).await;
    frame(&world, &[("name", "Public holidays"), ("kind", "days"), ("days", "12-25 Christmas")]);
    let mut lunch = vec![("name", "Lunch"), ("kind", "weekly")];
    lunch.extend(["12:00-13:00"; 5].map(|hours| ("hours", hours)));
    for fields in [
        lunch.as_slice(),
        &[("name", "Vacation"), ("kind", "range"), ("starts", "2030-12-24"), ("ends", "2030-12-31")],
        &[("name", "Meeting"), ("kind", "recurring"), ("recurrence", "0 10 * * mon"), ("lasts", "1 h")],
    ] {
        let saved = browser.post("/timeframes", fields).await;
        assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    }
    let page = browser.get("/timeframes").await.body;
    for part in
        ["Mon–Fri 12:00–13:00", "2030-12-24/2030-12-31", "0 10 * * mon for 1 h", "12-25 Christmas", "company"]
    {
        assert!(page.contains(part), "{part}");
    }
    for (fields, said) in [
        ([("name", "A"), ("kind", "weekly"), ("x", "")], "At least one hour"),
        ([("name", "A"), ("kind", "days"), ("days", "soon")], "`soon` is no day"),
        ([("name", "A"), ("kind", "recurring"), ("lasts", "1 h")], "0 10 * * mon is every Monday"),
        ([("name", "lunch"), ("kind", "always"), ("x", "")], "a time frame of this name already"),
    ] {
        let wrong = browser.post("/timeframes", &fields).await;
        assert!(wrong.status.as_u16() == 422 && wrong.body.contains(said), "{said}: {}", wrong.body);
    }
    let snapshot = world.db.answering_of(TenantId(1), ANNA).unwrap();
    let lunch = snapshot.time_frames(TenantId(1)).find(|frame| frame.name == "Lunch").unwrap().id;
    let rule = values([("user", "1"), ("time_frame", &lunch.to_string()), ("action", "dnd")]);
    let rule = world.db.create(&author(), &ANSWERING_RULES, &rule).unwrap().id;
    let delete = format!("/timeframes/{lunch}/delete");
    browser.post(&delete, &[]).await;
    assert!(browser.get("/timeframes").await.body.contains("Lunch"), "a rule uses it");
    world.db.delete(&author(), &ANSWERING_RULES, rule).unwrap();
    browser.post(&delete, &[]).await;
    assert!(!browser.get("/timeframes").await.body.contains("Lunch"));
}

/// AR-01: a calendar becomes a time frame; what cannot be read is said; only who may do so makes one for the company.
#[tokio::test]
async fn a_calendar_is_imported_as_a_time_frame() {
    let world = World::new();
    let browser = anna(&world).await;
    let year = chrono::Utc::now().format("%Y").to_string().parse::<i32>().unwrap() + 1;
    let calendar = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{year}1225\r\nSUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let wrong = browser.post("/timeframes/import", &[("name", "Holidays"), ("text", "hello")]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("no iCalendar file"));
    let company = [("name", "Holidays"), ("text", calendar.as_str()), ("shared", "1")];
    assert_eq!(browser.post("/timeframes/import", &company).await.status.as_u16(), 404);
    let own = browser.post("/timeframes/import", &company[..2]).await;
    assert_eq!((own.status.as_u16(), own.header("location")), (303, "/timeframes"), "{}", own.body);
    assert!(browser.get("/timeframes").await.body.contains(&format!("{year}-12-25 Christmas")));
}

/// RNG-16: who may change the settings sees the state and switches it.
#[tokio::test]
async fn administrators_see_and_switch_the_night() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin/night").await.body.contains("Night mode is not used"));
    let frame = frame(
        &world,
        &[("name", "Never"), ("kind", "range"), ("starts", "2020-01-01"), ("ends", "2020-01-01")],
    );
    let given = values([("night_enabled", "1"), ("night_frame", &frame.to_string())]);
    world.db.update(&author(), &SETTINGS, 1, &given, None).unwrap();
    let page = admin.get("/admin/night").await.body;
    assert!(page.contains("It is night.") && page.contains("Night is outside of Never."), "{page}");
    for (to, said) in
        [("day", "It is day."), ("night", "Switched by hand."), ("automatic", "Night is outside of")]
    {
        assert_eq!(admin.post("/admin/night", &[("to", to)]).await.status.as_u16(), 303);
        assert!(admin.get("/admin/night").await.body.contains(said), "{to}");
    }
    assert_eq!(admin.post("/admin/night", &[("to", "noon")]).await.status.as_u16(), 422);
    let anna = anna(&world).await;
    assert!(anna.get("/admin/night").await.status.is_client_error());
    assert!(anna.post("/admin/night", &[("to", "day")]).await.status.is_client_error());
}
