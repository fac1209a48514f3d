//! Signing in and out, setup links, passwords.

use axum::{body::Body, http::Request};

use crate::world::{Answer, Browser, World, form};

const GOOD: &str = "Coffee@Morning2024!";

async fn sign_in(world: &World, login: &str, password: &str) -> Answer {
    let request = Request::post("/login").header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(form(&[("login", login), ("password", password)]))).unwrap()).await
}

async fn set_up(world: &World, password: &str, confirm: &str) -> Answer {
    let request =
        Request::post(&world.setup_path).header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(form(&[("password", password), ("confirm", confirm)]))).unwrap()).await
}

fn login_of(world: &World) -> String {
    world.db.account(crate::world::ADMIN).unwrap().unwrap().login
}

/// OPS-01, AUTH-02
#[tokio::test]
async fn a_setup_link_sets_the_password_signs_in_and_works_once() {
    let world = World::new();
    let page = world.send(Request::get(&world.setup_path).body(Body::empty()).unwrap()).await;
    assert!(
        page.status.is_success()
            && page.body.contains("id=\"password\"")
            && page.body.contains("data-rule=\"length\"")
    );
    let done = set_up(&world, GOOD, GOOD).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin"));
    assert!(done.header("set-cookie").contains("HttpOnly; SameSite=Lax"), "{}", done.header("set-cookie"));
    let again = set_up(&world, GOOD, GOOD).await;
    assert_eq!(again.status.as_u16(), 403);
    let signed_in = sign_in(&world, &login_of(&world).to_uppercase(), GOOD).await;
    assert_eq!((signed_in.status.as_u16(), signed_in.header("location")), (303, "/admin"));
}

/// AUTH-07…13
#[tokio::test]
async fn a_weak_or_mistyped_password_is_refused_with_the_reason() {
    let world = World::new();
    let weak = set_up(&world, "short", "short").await;
    assert_eq!(weak.status.as_u16(), 422);
    assert!(
        weak.body.contains("10 characters") && weak.body.contains("an uppercase letter"),
        "{}",
        weak.body
    );
    let differing = set_up(&world, GOOD, "Coffee@Morning2025!").await;
    assert!(differing.body.contains("not the same"));
    assert!(set_up(&world, GOOD, GOOD).await.status.is_redirection(), "the link is still good");
}

/// AUTH-04, AUTH-28
#[tokio::test]
async fn ten_failures_lock_and_unknown_names_read_the_same() {
    let world = World::new();
    set_up(&world, GOOD, GOOD).await;
    let login = login_of(&world);
    let (wrong, unknown) =
        (sign_in(&world, &login, "Wrong@Morning2024!").await, sign_in(&world, "nobody", "x").await);
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
    let shown = |login: &str| format!("name=\"login\" value=\"{login}\"");
    assert_eq!(wrong.body.replace(&shown(&login), ""), unknown.body.replace(&shown("nobody"), ""));
    assert!(wrong.body.contains("Invalid credentials."));
    for _ in 0..9 {
        sign_in(&world, &login, "Wrong@Morning2024!").await;
    }
    let locked = sign_in(&world, &login, GOOD).await;
    assert_eq!(locked.status.as_u16(), 429, "even the right password");
    assert!(locked.body.contains("Wait 15 minutes"));
    assert!(locked.header("set-cookie").is_empty());
}

#[tokio::test]
async fn a_sign_in_from_another_site_is_refused() {
    let world = World::new();
    let request = Request::post("/login")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(request.body(Body::from("login=a&password=b")).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 403);
}

/// AUTH-25
#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let world = World::new();
    let browser = world.admin().await;
    let out = browser.post("/logout", &[]).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let after = browser.get("/admin").await;
    assert_eq!((after.status.as_u16(), after.header("location")), (303, "/login"));
}

#[tokio::test]
async fn without_a_session_pages_lead_to_the_sign_in_and_back() {
    let world = World::new();
    let stranger = Browser { router: world.router.clone(), cookie: String::new(), csrf: String::new() };
    assert_eq!(
        stranger.get("/admin/users?q=a").await.header("location"),
        "/login?next=%2Fadmin%2Fusers%3Fq%3Da"
    );
    assert_eq!(stranger.get("/api/v1/users").await.status.as_u16(), 401);
    assert_eq!(stranger.get("/live?parts=calls").await.status.as_u16(), 401);
    assert_eq!(stranger.part("/admin/users", "div#list").await.header("hx-redirect"), "/login");
    assert_eq!(stranger.get("/healthz").await.status.as_u16(), 200);
    assert_eq!(stranger.get("/metrics").await.status.as_u16(), 401, "no peer address, so not this machine");
    assert!(world.admin().await.get("/metrics").await.body.contains("portal_requests_total{class=\"4xx\"}"));
}

/// AUTH-16: on the forced form and on that of the profile alike.
#[tokio::test]
async fn the_password_form_has_tips() {
    let world = World::new();
    let first = world.send(Request::get(&world.setup_path).body(Body::empty()).unwrap()).await.body;
    let later = world.admin().await.get("/password/set").await.body;
    for page in [first, later] {
        for tip in ["use nowhere else", "Coffee@Morning2024!", "password manager", "Do not share it"] {
            assert!(page.contains(tip), "{tip}: {page}");
        }
    }
}

/// AUTH-13, AUTH-14
#[tokio::test]
async fn changing_the_password_needs_the_current_one_and_ends_other_sessions() {
    let world = World::new();
    set_up(&world, GOOD, GOOD).await;
    let (here, elsewhere) = (world.admin().await, world.admin().await);
    let new = "Tea@Evening2025!";
    let wrong = here.post("/password/set", &[("current", "x"), ("password", new), ("confirm", new)]).await;
    assert!(wrong.status.as_u16() == 422 && wrong.body.contains("current password is not right"));
    let done = here.post("/password/set", &[("current", GOOD), ("password", new), ("confirm", new)]).await;
    assert!(done.status.is_redirection() && !done.header("set-cookie").is_empty());
    assert_eq!(elsewhere.get("/admin").await.header("location"), "/login");
}

/// OPS-16: before anybody is signed in, the language is chosen on the page and remembered by the browser.
#[tokio::test]
async fn the_language_of_the_sign_in_page_is_chosen_and_remembered() {
    let world = World::new();
    let open = async |path: &str, cookie: &str, accepts: &str| {
        let request = Request::get(path).header("cookie", cookie).header("accept-language", accepts);
        world.send(request.body(Body::empty()).unwrap()).await
    };
    let (german, english) = ("Melden Sie sich an Ihrer Telefonanlage an", "Sign in to your phone system");
    assert!(open("/login", "", "de-AT").await.body.contains(german), "what the browser would rather read");
    let page = open("/login", "", "en").await.body;
    assert!(page.contains(english) && page.contains("lang=\"de\">Deutsch</button>"), "{page}");
    let choose = async |language: &str, site: &str| {
        let request = Request::post("/language")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "pbx.example")
            .header("referer", "http://pbx.example/forgot?new=1")
            .header("sec-fetch-site", site);
        world.send(request.body(Body::from(form(&[("language", language)]))).unwrap()).await
    };
    let chosen = choose("de", "same-origin").await;
    assert_eq!((chosen.status.as_u16(), chosen.header("location")), (303, "/forgot?new=1"));
    assert!(chosen.header("set-cookie").starts_with("language=de; Path=/; Max-Age="));
    let page = open("/login", "theme=dark; language=de", "en-US,en").await.body;
    assert!(page.contains(german) && page.contains("lang=\"en\">English</button>"), "{page}");
    assert!(page.contains("lang=\"de\" aria-current=\"true\">Deutsch"), "{page}");
    assert!(open("/forgot", "language=en", "de").await.body.contains("Send the link"));
    assert!(open("/login", "language=xx", "de").await.body.contains(german), "no language of ours");
    assert_eq!(choose("xx", "same-origin").await.status.as_u16(), 400);
    assert_eq!(choose("de", "cross-site").await.status.as_u16(), 403);
}
