//! The server itself, over loopback. OPS-09, OPS-10.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use tokio::{sync::oneshot, task::spawn_blocking};

use crate::world::World;

/// Sends `request` and reads until `wanted` came or the connection ended.
fn talk(to: SocketAddr, request: &str, wanted: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains(wanted) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => text.push_str(&String::from_utf8_lossy(&buffer[..n])),
        }
    }
    (stream, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_soon_although_a_live_stream_is_open() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(portal::serve(listener, world.router.clone(), async {
        let _ = stopped.await;
    }));
    let browser = world.admin().await;
    let request = format!("GET /live?parts=regs:1 HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", browser.cookie);
    let (stream, text) = spawn_blocking(move || talk(address, &request, "hx-partial")).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("text/event-stream"), "{text}");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(30), server).await.unwrap().unwrap().unwrap();
    drop(stream);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_open_to_this_machine_but_not_through_a_proxy() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(portal::serve(listener, world.router.clone(), std::future::pending()));
    let get = |extra: &str| format!("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}\r\n");
    let (own, proxied) = (get(""), get("X-Forwarded-For: 192.0.2.1\r\n"));
    let (_, text) = spawn_blocking(move || talk(address, &own, "portal_streams ")).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("sip_requests_total 7"), "{text}");
    let (_, text) = spawn_blocking(move || talk(address, &proxied, "</html>")).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 401"), "{text}");
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_head_is_cut() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(portal::serve(listener, world.router.clone(), std::future::pending()));
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}", "a".repeat(200_000));
    let (_, text) = spawn_blocking(move || talk(address, &request, "\r\n\r\n")).await.unwrap();
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 431"), "{text}");
    server.abort();
}
