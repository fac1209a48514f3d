//! Contacts of a person: the page, its forms, files and rights. DIR-01…33, CH-11, CH-12.

use axum::{
    body::{Body, BodyDataStream},
    http::StatusCode,
};
use serde_json::json;
use tower::ServiceExt;

use crate::world::{Browser, World, between, encode};

async fn add(browser: &Browser, fields: &[(&str, &str)]) {
    let made = browser.post("/contacts", fields).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
}

async fn list(browser: &Browser, query: &str) -> String {
    let part = browser.part(&format!("/contacts?{query}"), "div#list").await;
    assert_eq!(part.status, StatusCode::OK, "{}", part.body);
    assert!(!part.body.contains("<html"), "only the list is sent");
    part.body
}

/// The address of the only own contact in a list.
fn only_own(list: &str) -> String {
    format!("/contacts/own/{}", between(list, "id=\"row-own-", "\""))
}

/// DIR-05, DIR-07, DIR-08, DIR-27: a person of level 0 keeps contacts.
#[tokio::test]
async fn a_contact_is_added_edited_and_deleted() {
    let world = World::new();
    let me = world.account("me", 0).await;
    let form = me.get("/contacts/new?name=Zoe%20Doe&number=030%201234567").await;
    for wanted in [
        "value=\"Zoe\"",
        "value=\"Doe\"",
        "value=\"030 1234567\"",
        "<option value=\"Vendors\">",
        "value=\"All Contacts\"",
    ] {
        assert!(form.body.contains(wanted), "{wanted}: {}", form.body);
    }
    add(&me, &[("first_name", "Zoe"), ("last_name", "Doe"), ("work", "030 1234567")]).await;
    let shown = list(&me, "show=own").await;
    assert!(
        shown.contains("1 of 100 personal contacts") && shown.contains("data-call=\"030 1234567\""),
        "{shown}"
    );
    let href = only_own(&shown);
    let form = me.get(&href).await.body;
    let version = between(&form, "name=\"version\" value=\"", "\"").to_owned();
    let saved = me.post(&href, &[("version", &version), ("last_name", "Roe")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let late = me.post(&href, &[("version", &version), ("last_name", "Poe")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    assert!(list(&me, "show=own").await.contains("Zoe Roe"));
    let wrong = me.post(&href, &[("work", "letters")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"e-work\"><span class=\"error\">"), "the error stands at the field");
    let gone = me.post(&format!("{href}/delete"), &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(list(&me, "show=own").await.contains("Nobody here"));
}

/// DIR-28, DIR-19
#[tokio::test]
async fn what_somebody_keeps_is_there_for_nobody_else() {
    let world = World::new();
    let (me, other, admin) =
        (world.account("me", 0).await, world.account("other", 0).await, world.admin().await);
    add(&me, &[("last_name", "Secret"), ("work", "1")]).await;
    let href = only_own(&list(&me, "show=own").await);
    for stranger in [&other, &admin] {
        assert!(!list(stranger, "q=Secret").await.contains("row-own"));
        assert_eq!(stranger.get(&href).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.post(&href, &[("last_name", "x")]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.post(&format!("{href}/delete"), &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            stranger.post(&format!("{href}/favourite"), &[("on", "1")]).await.status,
            StatusCode::NOT_FOUND
        );
    }
    for path in [
        "/admin/audit",
        "/api/v1/audit",
        "/api/v1/contacts",
        "/api/v1/configuration",
        "/admin/search?q=Secret",
        "/admin/contacts",
    ] {
        let page = admin.get(path).await;
        assert!(page.status.is_success(), "{path}");
        assert!(!page.body.contains("Secret<") && !page.body.contains("\"Secret\""), "{path}: {}", page.body);
    }
}

/// DIR-18, DIR-29, ROL-20
#[tokio::test]
async fn shared_contacts_are_seen_by_all_and_changed_by_managers() {
    let world = World::new();
    let (me, manager) = (world.account("me", 0).await, world.account("manager", 1).await);
    assert!(!me.get("/contacts/new").await.body.contains("id=\"f-shared\""));
    let refused = me.post("/contacts", &[("last_name", "ACME"), ("work", "1"), ("shared", "1")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(manager.get("/contacts/new").await.body.contains("id=\"f-shared\""));
    add(&manager, &[("last_name", "ACME"), ("work", "1"), ("shared", "1")]).await;
    let seen = list(&me, "show=shared").await;
    let id = between(&seen, "id=\"row-shared-", "\"").to_owned();
    assert!(!seen.contains("class=\"tick\"") && !seen.contains("title=\"Edit\""), "{seen}");
    assert!(me.get(&format!("/contacts/shared/{id}")).await.body.contains("ACME"));
    for (path, fields) in [
        (format!("/contacts/shared/{id}"), vec![("last_name", "x")]),
        (format!("/contacts/shared/{id}/delete"), vec![]),
        ("/contacts/user/2/delete".to_owned(), vec![]),
        ("/contacts/delete".to_owned(), vec![("id", "user:2")]),
    ] {
        assert_eq!(me.post(&path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(manager.post("/contacts/user/2/delete", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        manager.post(&format!("/contacts/shared/{id}/delete"), &[]).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(list(&me, "show=shared").await.contains("Nobody here"));
}

/// DIR-09
#[tokio::test]
async fn many_are_deleted_at_once_after_a_question() {
    let world = World::new();
    let me = world.account("me", 0).await;
    for name in ["A", "B", "C"] {
        add(&me, &[("last_name", name), ("work", "1")]).await;
    }
    let page = me.get("/contacts?show=own").await.body;
    assert!(page.contains("id=\"delete-dialog\"") && page.contains("form=\"bulk\""));
    let ids: Vec<String> = page
        .split("class=\"tick\" name=\"id\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    let gone = me.post("/contacts/delete", &[("id", &ids[0]), ("id", &ids[1])]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(me.with_flash(&gone).await.contains("2 contacts deleted"));
    assert!(list(&me, "show=own").await.contains("1 of 100"));
}

/// DIR-15, DIR-16, DIR-17, DIR-20, DIR-25
#[tokio::test]
async fn filters_search_and_stars() {
    let world = World::new();
    let me = world.account("me", 0).await;
    add(&me, &[("last_name", "Kranz"), ("mobile", "0170 7654321")]).await;
    let all = list(&me, "").await;
    assert!(all.contains("row-own-") && all.contains("row-user-2"), "own ones and coworkers");
    assert!(!list(&me, "show=coworkers").await.contains("Kranz"));
    assert!(list(&me, "q=765-43").await.contains("Kranz"));
    assert!(!list(&me, "show=coworkers&q=765-43").await.contains("row-"));
    let star = me.post("/contacts/user/2/favourite", &[("on", "1")]).await;
    assert!(
        star.body.contains("aria-pressed=\"true\"") && star.body.contains("\"on\":\"0\""),
        "{}",
        star.body
    );
    let favourites = list(&me, "show=favourites").await;
    assert!(favourites.contains("row-user-2") && !favourites.contains("Kranz"));
    me.post("/contacts/user/2/favourite", &[("on", "0")]).await;
    assert!(!list(&me, "show=favourites").await.contains("row-"));
}

/// DIR-02, DIR-21
#[tokio::test]
async fn departments_and_sites_are_filters() {
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    let made =
        admin.json("POST", "/api/v1/departments", json!({ "name": "Sales" })).await.value()["id"].clone();
    admin.json("PATCH", "/api/v1/users/2", json!({ "department": made })).await;
    let page = me.get("/contacts").await.body;
    assert!(page.contains(&format!("<option value=\"department:{made}\">Sales</option>")), "{page}");
    assert!(page.contains("<option value=\"site:1\">Main site</option>"));
    let sales = list(&me, &format!("show=department:{made}")).await;
    assert!(sales.contains("row-user-2") && !sales.contains("row-user-1\""), "{sales}");
    let site = list(&me, "show=site:1").await;
    assert!(site.contains("row-user-1\"") && site.contains("row-user-2"));
}

/// DIR-22, DIR-23, DIR-24
#[tokio::test]
async fn coworkers_show_what_they_are_doing_and_are_filtered_by_it() {
    let world = World::new();
    let me = world.account("me", 0).await;
    *world.live.lamps.lock().unwrap() =
        [("user:1".to_owned(), "on the phone"), ("user:2".to_owned(), "available")].into();
    let (busy, available, offline) =
        (list(&me, "show=busy").await, list(&me, "show=available").await, list(&me, "show=offline").await);
    assert!(
        busy.contains("row-user-1\"") && !busy.contains("row-user-2\"") && busy.contains(">Busy<"),
        "{busy}"
    );
    assert!(
        available.contains("row-user-2\"")
            && !available.contains("row-user-1\"")
            && !available.contains("row-user-3\"")
    );
    assert!(offline.contains("row-user-3\"") && !offline.contains("row-user-2\""));
    let all = list(&me, "").await;
    assert!(all.contains("id=\"presence-1\"") && all.contains("/live?parts=people:"));
}

/// The next event that carries HTML; beats are skipped.
async fn next(stream: &mut BodyDataStream) -> String {
    use std::{future::poll_fn, pin::Pin};
    let mut text = String::new();
    loop {
        let frame =
            poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut *stream), cx)).await.unwrap().unwrap();
        text += std::str::from_utf8(&frame).unwrap();
        while let Some((event, rest)) = text.split_once("\n\n") {
            if event.contains("data: <hx-partial") {
                return event.to_owned();
            }
            text = rest.to_owned();
        }
    }
}

/// DIR-22, DIR-24
#[tokio::test(start_paused = true)]
async fn what_coworkers_are_doing_moves_by_itself_for_ordinary_users_and_nothing_else_does() {
    let world = World::new();
    let me = world.account("me", 0).await;
    let open = |parts: &str| me.request("GET", &format!("/live?parts={parts}")).body(Body::empty()).unwrap();
    for refused in ["calls:10", "people:1,stats", "regs:1"] {
        let answer = me.router.clone().oneshot(open(refused)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{refused}");
    }
    let mut stream =
        me.router.clone().oneshot(open("people:1.2")).await.unwrap().into_body().into_data_stream();
    let first = next(&mut stream).await;
    assert!(first.contains("#presence-1") && first.contains(">Offline<"), "{first}");
    world.live.lamps.lock().unwrap().insert("user:2".to_owned(), "available");
    world.live.touch();
    let second = next(&mut stream).await;
    assert!(
        second.contains("#presence-2") && second.contains(">Available<") && !second.contains("#presence-1")
    );
}

/// DIR-06
#[tokio::test]
async fn the_hundred_and_first_contact_is_refused_with_a_message() {
    let world = World::new();
    let me = world.account("me", 0).await;
    let rows: String = (0..99).map(|n| format!("Contact {n},,030 {n:04},,\n")).collect();
    let file = format!("NAME,GROUP,WORK,MOBILE,HOME\n{rows}");
    let done = me.post("/contacts/import", &[("source", "phone"), ("text", &file), ("go", "1")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let two = "NAME,GROUP,WORK,MOBILE,HOME\nOne more,,1,,\nAnother,,2,,\n";
    let refused = me.post("/contacts/import", &[("source", "phone"), ("text", two), ("go", "1")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("so 1 more fits") && refused.body.contains("Nothing was added"),
        "{}",
        refused.body
    );
    add(&me, &[("last_name", "The last"), ("work", "1")]).await;
    let refused = me.post("/contacts", &[("last_name", "Too many"), ("work", "1")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("100 is the limit") && refused.body.contains("value=\"Too many\""));
    assert!(list(&me, "show=own").await.contains("100 of 100 personal contacts"));
}

/// DIR-10, DIR-11
#[tokio::test]
async fn the_example_has_the_five_columns_and_a_bad_row_stops_all() {
    let world = World::new();
    let me = world.account("me", 0).await;
    let example = me.get("/contacts/import/example.csv").await;
    assert_eq!(example.header("content-disposition"), "attachment; filename=\"contacts-example.csv\"");
    assert_eq!(example.body.lines().next(), Some("NAME,GROUP,WORK,MOBILE,HOME"));
    let preview = me.post("/contacts/import", &[("source", "phone"), ("text", &example.body)]).await;
    assert!(preview.body.contains("1 contact<") && preview.body.contains("Anna Example"), "{}", preview.body);
    assert!(list(&me, "show=own").await.contains("Nobody here"), "a preview stores nothing");
    let bad = "NAME,GROUP,WORK,MOBILE,HOME\nGood,,1,,\nBad,,letters,,\n";
    let refused = me.post("/contacts/import", &[("source", "phone"), ("text", bad), ("go", "1")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("Line 3: Work:") && refused.body.contains("Nothing was imported"),
        "{}",
        refused.body
    );
    assert!(list(&me, "show=own").await.contains("Nobody here"));
}

/// DIR-30: what the guess got wrong is put right before anything is stored.
#[tokio::test]
async fn columns_are_mapped_before_the_import() {
    let world = World::new();
    let me = world.account("me", 0).await;
    let file = "Wer;Nummer\nAnna Kranz;030 1\n<script>;030 2\n";
    let preview = me.post("/contacts/import", &[("source", "outlook"), ("text", file)]).await.body;
    assert!(
        preview.contains("name=\"map.0\"")
            && preview.contains("name=\"map.1\"")
            && !preview.contains("<script>;")
    );
    let fields =
        [("source", "outlook"), ("text", file), ("go", "1"), ("map.0", "full_name"), ("map.1", "home")];
    let done = me.post("/contacts/import", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(me.with_flash(&done).await.contains("2 contacts imported"));
    let shown = list(&me, "show=own").await;
    assert!(
        shown.contains("Anna Kranz") && shown.contains(">Home</small>") && !shown.contains("<script>"),
        "{shown}"
    );
}

/// DIR-31
#[tokio::test]
async fn an_export_read_again_gives_the_same_contacts() {
    let world = World::new();
    let (me, admin) = (world.account("me", 0).await, world.admin().await);
    add(
        &me,
        &[
            ("first_name", "=Zoë"),
            ("last_name", "Kranz, Dr."),
            ("work", "+49 30 1"),
            ("fax", "030 2"),
            ("group_name", "Clients"),
            ("notes", "a\nb"),
        ],
    )
    .await;
    add(&me, &[("last_name", "ACME"), ("other", "*97")]).await;
    for format in ["outlook", "google", "apple", "vcard"] {
        let file = me.get(&format!("/contacts/export?what=own&format={format}")).await;
        assert!(file.header("content-disposition").starts_with("attachment"), "{format}");
        let again =
            me.post("/contacts/import", &[("source", format), ("text", &file.body), ("go", "1")]).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "{format}: {}", again.body);
        assert!(me.with_flash(&again).await.contains("0 contacts imported, 2 already there"), "{format}");
    }
    let before = admin.get("/api/v1/audit").await.body.matches("\"export\"").count();
    let coworkers = me.get("/contacts/export?what=user&format=phone").await;
    assert!(coworkers.body.contains("Anna Berg") && !coworkers.body.contains("ACME"), "{}", coworkers.body);
    let after = admin.get("/api/v1/audit").await.body.matches("\"export\"").count();
    assert_eq!(after, before + 1, "AUD-03");
    assert_eq!(me.get("/contacts/export?what=own&format=pdf").await.status, StatusCode::BAD_REQUEST);
}

/// CH-12, DIR-32
#[tokio::test]
async fn a_callers_number_goes_into_a_free_field_of_a_contact() {
    let world = World::new();
    let me = world.account("me", 0).await;
    add(&me, &[("last_name", "Kranz"), ("work", "1")]).await;
    let page =
        me.get(&format!("/contacts/add?name={}&number={}", encode("Zoe \"Doe"), encode("030 99"))).await.body;
    assert!(
        page.contains("/contacts/new?name=Zoe%20%22Doe&amp;number=030%2099")
            || page.contains("number=030%2099"),
        "{page}"
    );
    let action = between(&page, "<ul class=\"rows\">", "</ul>");
    let href = between(action, "action=\"", "\"").to_owned();
    let added = me.post(&href, &[("number", "030 99")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    assert!(me.get(added.header("location")).await.body.contains("name=\"mobile\" value=\"030 99\""));
    let known = me.get("/api/v1/me/known-numbers?number=03099&number=5").await;
    assert_eq!(known.value()["rows"][0]["contact"]["name"], "Kranz", "CH-11");
    assert_eq!(known.value()["rows"][1]["contact"], json!(null));
}

/// DIR-04: programs keep the contacts of whoever they act for.
#[tokio::test]
async fn ones_own_contacts_are_kept_over_rest_whatever_ones_level() {
    let world = World::new();
    let (me, other) = (world.account("me", 0).await, world.account("other", 2).await);
    let at = "/api/v1/me/contacts";
    let made = me.json("POST", at, json!({ "last_name": "Kranz", "work": "030 1" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let one = format!("{at}/{}", made.value()["id"]);
    assert_eq!(me.get(&one).await.value()["values"]["work"], "030 1");
    assert_eq!(me.json("PATCH", &one, json!({ "work": "030 2" })).await.status, StatusCode::OK);
    assert_eq!(me.get(at).await.value()["rows"][0]["numbers"], json!([["work", "030 2"]]));
    for (body, field) in [
        (json!({ "work": "x" }), "work"),
        (json!({ "nothing": "x" }), "nothing"),
        (json!({ "work": 1 }), "work"),
    ] {
        let wrong = me.json("PATCH", &one, body).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.value()["problems"][0]["field"], field);
    }
    for (method, body) in [("GET", json!(null)), ("PATCH", json!({ "work": "1" })), ("DELETE", json!(null))] {
        assert_eq!(other.json(method, &one, body).await.status, StatusCode::NOT_FOUND, "{method}");
    }
    assert_eq!(me.get("/api/v1/contacts").await.status, StatusCode::FORBIDDEN);
    assert_eq!(me.json("DELETE", &one, json!(null)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(me.get(at).await.value()["rows"], json!([]));
}

#[tokio::test]
async fn another_company_sees_none_of_it() {
    let world = World::new();
    let (me, manager, stranger) =
        (world.account("me", 0).await, world.account("manager", 1).await, world.other_tenant().await);
    add(&me, &[("last_name", "Kranz"), ("work", "1")]).await;
    add(&manager, &[("last_name", "ACME"), ("work", "1"), ("shared", "1")]).await;
    let seen = list(&stranger, "").await;
    assert!(!seen.contains("Kranz") && !seen.contains("ACME") && !seen.contains("Anna Berg"), "{seen}");
    for path in ["/contacts/shared/1", "/contacts/user/1", "/contacts/own/1"] {
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
