//! What every answer carries, and what no page contains.

use crate::world::{World, between};

#[tokio::test]
async fn every_page_has_the_strict_headers_and_no_inline_script() {
    let world = World::new();
    let browser = world.admin().await;
    let mut paths: Vec<String> = [
        "/admin",
        "/admin/calls",
        "/admin/calls/live",
        "/password/set",
        "/nowhere",
        "/admin/users/1",
        "/admin/devices/1",
        "/admin/devices/new",
    ]
    .map(str::to_owned)
    .into();
    paths.extend(config::resources::ALL.iter().map(|of| format!("/admin/{}", of.name)));
    for path in paths {
        let page = browser.get(&path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(
            (
                page.header("x-content-type-options"),
                page.header("referrer-policy"),
                page.header("cache-control")
            ),
            ("nosniff", "same-origin", "no-store")
        );
        for script in page.body.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/assets/"), "{path}: inline script");
        }
        for forbidden in ["hx-on", " onclick=", "javascript:", "<style"] {
            assert!(!page.body.contains(forbidden), "{path}: {forbidden}");
        }
        assert!(path == "/nowhere" || page.status.is_success(), "{path}: {}", page.status);
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_come_compressed() {
    let world = World::new();
    let browser = world.admin().await;
    let page = browser.get("/admin").await.body;
    for ending in [".css\"", ".js\"", ".svg\"", ".woff2\""] {
        let end = page.find(ending).unwrap() + ending.len() - 1;
        let url = &page[page[..end].rfind('"').unwrap() + 1..end];
        let file = browser.get(url).await;
        assert!(file.status.is_success() && file.header("cache-control").contains("immutable"), "{url}");
        let request = browser.request("GET", url).header("accept-encoding", "gzip, br");
        let packed =
            crate::world::send(&browser.router, request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(packed.header("content-encoding"), if ending == ".woff2\"" { "" } else { "br" }, "{url}");
    }
    assert_eq!(browser.get("/assets/../Cargo.toml").await.status.as_u16(), 404);
}

/// Portal design §6.4
#[tokio::test]
async fn our_own_script_stays_small() {
    let script = include_str!("../../assets/dialtone.js");
    let world = World::new();
    let login = world.send(axum::http::Request::get("/login").body(axum::body::Body::empty()).unwrap()).await;
    let url = format!(
        "/assets/dialtone.{}.js",
        between(&login.body, "/assets/dialtone.", ".js").rsplit('.').next().unwrap()
    );
    let request = axum::http::Request::get(&url)
        .header("accept-encoding", "br")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "br", "{url}");
    let packed = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(packed.len() < 12_000, "{} bytes", packed.len());
    for forbidden in ["eval(", "new Function", "innerHTML", "insertAdjacentHTML", "http://", "https://"] {
        assert!(!script.contains(forbidden), "{forbidden}");
    }
}
