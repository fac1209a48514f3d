//! Call history of a user: what it holds, how it is narrowed, and blocked callers.

use config::{
    UserId,
    records::parties::{PartyKind, PartyRow},
    resources::{blocked_callers::BLOCKED_CALLERS, users::USERS},
};
use serde_json::json;

use crate::desk::{anna, party, record, values};
use crate::world::{World, author};

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
    assert!(browser.get("/call-history?range=7d").await.body.contains("row-old"));
    // C-3: the choice is remembered.
    assert!(browser.get("/call-history").await.body.contains("row-old"));
    let stranger = world.account("stranger", 0).await;
    assert!(!stranger.get("/call-history?range=all").await.body.contains("row-"));
    assert_eq!(stranger.get("/api/v1/me/call-history/in").await.status.as_u16(), 404);
}

/// CH-11, CH-12: to the contact if the other side is one, else to where the number becomes one.
#[tokio::test]
async fn a_call_leads_to_the_contact_of_the_other_side() {
    let world = World::new();
    let browser = anna(&world).await;
    record(
        &world,
        vec![
            party("unknown", 5, PartyKind::Inbound, "+4930123456", "Bob Berg"),
            party("colleague", 6, PartyKind::Inbound, "102", ""),
        ],
    );
    assert!(browser.get("/call-history").await.body.contains("/call-history/unknown/contact"));
    let to = async |id: &str| {
        let answer = browser.get(&format!("/call-history/{id}/contact")).await;
        assert_eq!(answer.status.as_u16(), 303);
        answer.header("location").to_owned()
    };
    assert_eq!(to("unknown").await, "/contacts/add?name=Bob%20Berg&number=%2B4930123456");
    assert_eq!(browser.get(&to("unknown").await).await.status.as_u16(), 200);
    assert_eq!(to("colleague").await, "/contacts/user/2");
    let contact = json!({ "first_name": "Bob", "work": "+49 30 123456" });
    let made = browser.json("POST", "/api/v1/me/contacts", contact).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    assert!(to("unknown").await.starts_with("/contacts/own/"), "an own contact is edited");
    assert_eq!(browser.get("/call-history/strange/contact").await.status.as_u16(), 404);
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
