//! The call flow: all inbound routes as one picture with the way in force. A-21, ICR-01…05, NUM-07.

use config::resources::{
    inbound_routes::INBOUND_ROUTES, numbers::NUMBERS, ring_groups::RING_GROUPS, time_frames::TIME_FRAMES,
};
use serde_json::json;

use crate::{
    desk::values,
    world::{World, author, between},
};

/// A company whose main line goes to a group while it is open on weekdays, and hangs up else.
fn main_line(world: &World) -> (i64, i64) {
    let make = |of, row: &[(&str, &str)]| {
        let row = row.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        world.db.create(&author(), of, &row).unwrap().id
    };
    let group = make(&RING_GROUPS, &[("name", "Reception"), ("extension", "610"), ("members", "1")]);
    let number = make(&NUMBERS, &[("number", "+12025550100"), ("description", "Main")]);
    make(&NUMBERS, &[("number", "+12025550101"), ("user", "1")]);
    make(&NUMBERS, &[("number", "+12025550102")]);
    let frame = [("name", "Office hours"), ("kind", "weekly"), ("hours", "mo-fr 09:00-17:00")];
    let frame = make(&TIME_FRAMES, &frame).to_string();
    let route = make(
        &INBOUND_ROUTES,
        &[
            ("name", "Main line"),
            ("numbers", &number.to_string()),
            ("open", "frame"),
            ("time_frame", &frame),
            ("open_to", "extension:610"),
            ("closed_to", "hangup:busy"),
        ],
    );
    (route, group)
}

/// A-21, ICR-03: by day the group's way is lit, at night the other; nodes lead to their forms.
#[tokio::test]
async fn the_way_in_force_at_a_moment_is_lit() {
    let world = World::new();
    let admin = world.admin().await;
    let (route, group) = main_line(&world);
    // A Wednesday, and the Sunday after.
    let day = admin.get("/admin/routing?at=2026-11-18T10%3A00").await.body;
    assert!(day.contains("open now") && day.contains("while closed") && !day.contains("closed now"), "{day}");
    assert!(day.contains("open until 17:00"), "{day}");
    let canvas = between(&day, "<svg class=\"canvas\"", "</ol>");
    for href in [format!("/admin/inbound_routes/{route}"), format!("/admin/ring_groups/{group}")] {
        assert!(canvas.contains(&href), "{href}: {canvas}");
    }
    assert!(canvas.contains("Reception") && canvas.contains("Ring group 610"), "{canvas}");
    let sunday = admin.get("/admin/routing?at=2026-11-22T10%3A00").await.body;
    assert!(sunday.contains("closed now") && sunday.contains("closed until Mon 09:00"), "{sunday}");
    assert!(admin.get("/admin/routing?at=Christmas").await.body.contains("role=\"alert\""));
    let form = admin.get(&format!("/admin/inbound_routes/{route}")).await.body;
    assert!(form.contains("open now") != form.contains("closed now"), "the form has one way in force, too");
}

/// A-21, NUM-02, NUM-07: who is rung directly is listed, and what leads nowhere is told.
#[tokio::test]
async fn numbers_that_bypass_the_flow_or_lead_nowhere_are_told() {
    let world = World::new();
    let admin = world.admin().await;
    main_line(&world);
    let page = admin.get("/admin/routing").await.body;
    let bypassing = between(&page, "id=\"bypassing\"", "</section>");
    assert!(bypassing.contains("+12025550101") && bypassing.contains("/admin/users/1"), "{bypassing}");
    let nowhere = between(&page, "id=\"nowhere\"", "</div>");
    assert!(nowhere.contains("+12025550102") && !nowhere.contains("+12025550100"), "{nowhere}");
    let rest = values([("name", "All others"), ("open_to", "hangup:busy")]);
    world.db.create(&author(), &INBOUND_ROUTES, &rest).unwrap();
    let page = admin.get("/admin/routing").await.body;
    assert!(!page.contains("id=\"nowhere\"") && page.contains("All other numbers"), "{page}");
}

/// hundreds of routes are paged and searched by number, name and destination.
#[tokio::test]
async fn many_routes_are_paged_and_searched() {
    let world = World::new();
    let admin = world.admin().await;
    main_line(&world);
    for n in 0..45 {
        let number = values([("number", &format!("+1202555{n:04}"))]);
        let number = world.db.create(&author(), &NUMBERS, &number).unwrap().id.to_string();
        let row =
            values([("name", &format!("Line {n:02}")), ("numbers", &number), ("open_to", "hangup:busy")]);
        world.db.create(&author(), &INBOUND_ROUTES, &row).unwrap();
    }
    let first = admin.get("/admin/routing").await.body;
    assert!(first.contains("Page 1 of 3") && first.contains("Line 19") && !first.contains("Line 20"));
    assert!(admin.get("/admin/routing?page=3").await.body.contains("Main line"));
    let found = async |search: &str| admin.get(&format!("/admin/routing?q={search}")).await.body;
    for search in ["Main", "5550100", "Reception"] {
        let page = found(search).await;
        assert!(page.contains("Main line") && !page.contains("Line 01"), "{search}");
    }
    assert!(found("nothing-like-it").await.contains("Nothing fits"));
}

/// programs read the same; who may not see inbound routes sees nothing, nor does another company.
#[tokio::test]
async fn the_flow_is_read_by_programs_and_by_who_sees_inbound_routes() {
    let world = World::new();
    let admin = world.admin().await;
    let (route, _) = main_line(&world);
    let flow = admin.get("/api/v1/routing?at=2026-11-22T10%3A00").await.value();
    let first = &flow["routes"][0];
    assert_eq!((first["id"].as_i64(), first["open"].as_bool()), (Some(route), Some(false)));
    assert_eq!((first["to"].as_str(), &first["numbers"]), (Some("hangup:busy"), &json!(["+12025550100"])));
    assert_eq!(flow["bypassing"][0]["number"], "+12025550101");
    assert_eq!(flow["nowhere"], json!(["+12025550102"]));
    assert_eq!(admin.get("/api/v1/routing?at=Christmas").await.status.as_u16(), 422);
    let plain = world.account("plain", 0).await;
    assert!(plain.get("/admin/routing").await.status.is_client_error());
    assert!(plain.get("/api/v1/routing").await.status.is_client_error());
    let other = world.other_tenant().await;
    assert_eq!(other.get("/api/v1/routing").await.value()["routes"], json!([]));
}
