//! Server-sent events. DEV-04.

use axum::body::{Body, BodyDataStream};
use chrono::Utc;
use tower::ServiceExt;

use crate::{
    fake_live::{binding, call},
    world::{Browser, World},
};

/// The next event that carries HTML; beats are skipped.
async fn next(stream: &mut BodyDataStream) -> String {
    use std::{future::poll_fn, pin::Pin};
    let mut text = String::new();
    loop {
        let frame =
            poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut *stream), cx)).await.unwrap().unwrap();
        text += std::str::from_utf8(&frame).unwrap();
        while let Some((event, rest)) = text.split_once("\n\n") {
            if event.contains("data: <hx-partial") || event.contains("event: ended") {
                return event.to_owned();
            }
            text = rest.to_owned();
        }
    }
}

/// The first event with HTML of somebody's stream.
pub async fn first_event(browser: &Browser, path: &str) -> String {
    let request = browser.request("GET", path).body(Body::empty()).unwrap();
    let answer = browser.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    next(&mut answer.into_body().into_data_stream()).await
}

async fn open(world: &World, parts: &str) -> BodyDataStream {
    let browser = world.admin().await;
    let request = browser.request("GET", &format!("/live?parts={parts}")).body(Body::empty()).unwrap();
    let answer = browser.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer.into_body().into_data_stream()
}

#[tokio::test(start_paused = true)]
async fn a_registration_reaches_the_page() {
    let world = World::new();
    let mut stream = open(&world, "regs:1.2").await;
    let first = next(&mut stream).await;
    assert!(
        first.contains("hx-target=\"#reg-1\"")
            && first.contains("hx-target=\"#reg-2\"")
            && first.contains("Not registered")
    );
    let before = tokio::time::Instant::now();
    world.live.bindings.lock().unwrap().push(binding(2, "phone", Utc::now().timestamp_millis()));
    world.live.touch();
    let second = next(&mut stream).await;
    assert!(
        second.contains("#reg-2") && second.contains(">Registered<") && !second.contains("#reg-1"),
        "only what changed: {second}"
    );
    assert!(before.elapsed().as_secs() < 2);
}

#[tokio::test(start_paused = true)]
async fn calls_come_and_go_and_hostile_names_stay_text() {
    let world = World::new();
    let mut stream = open(&world, "calls:10,stats").await;
    next(&mut stream).await;
    let now = Utc::now().timestamp_millis();
    world.live.calls.lock().unwrap().push(call(
        "live-1",
        "101",
        "x</hx-partial><script>\r\n\r\ndata: evil",
        "102",
        now,
        true,
    ));
    world.live.touch();
    let event = next(&mut stream).await;
    assert!(
        event.contains("id=\"call-live-1\"")
            && !event.contains("<script>")
            && !event.contains("\ndata: evil\n")
    );
    assert!(event.lines().all(|line| line.starts_with("data: ")), "{event}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_tells_its_page() {
    let world = World::new();
    world.live.calls.lock().unwrap().push(call(
        "live-1",
        "101",
        "Alma",
        "102",
        Utc::now().timestamp_millis(),
        true,
    ));
    let mut stream = open(&world, "call:live-1").await;
    assert!(next(&mut stream).await.contains("#call-legs"));
    world.live.calls.lock().unwrap().clear();
    world.live.touch();
    assert!(next(&mut stream).await.contains("event: ended"));
}
