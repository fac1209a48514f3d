//! Accounts: forced changes, second factors, sessions, mail. AUTH-05, 17…28.

use axum::{body::Body, http::Request};
use chrono::Utc;
use config::{UserId, resource::Values, resources, sign_in::Stage};

use crate::world::{ADMIN, Answer, Browser, World, author, between, form};

const GOOD: &str = "Coffee@Morning2024!";
const BETTER: &str = "Tea@Evening2025!";

/// Posts a form without a session, as browser at `host`.
async fn post(world: &World, host: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request =
        Request::post(path).header("host", host).header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(form(fields))).unwrap()).await
}

/// The browser that an answer signed in.
async fn browser(world: &World, answer: &Answer) -> Browser {
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let mut browser = Browser { router: world.router.clone(), cookie, csrf: String::new() };
    for page in ["/security", "/sign-in/code", "/password/set", "/security/authenticator"] {
        let page = browser.get(page).await;
        if page.status.is_success() {
            browser.csrf = between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned();
            break;
        }
    }
    browser
}

async fn sign_in(world: &World, login: &str, password: &str) -> Answer {
    post(world, "pbx.example", "/login", &[("login", login), ("password", password)]).await
}

/// A user of level 0 with a password.
async fn person(world: &World, login: &str) -> (UserId, Browser) {
    let browser = world.account(login, 0).await;
    let id = world.db.account_by_login(login, None).unwrap().unwrap().id;
    let link = world.db.new_setup_link_for(&author(), id).unwrap();
    let set = post(world, "pbx.example", &link.path, &[("password", GOOD), ("confirm", GOOD)]).await;
    assert_eq!(set.header("location"), "/", "{}", set.body);
    drop(browser);
    (id, self::browser(world, &set).await)
}

fn change(world: &World, of: &'static config::Resource, id: i64, pairs: &[(&str, &str)]) {
    let values: Values = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    world.db.update(&author(), of, id, &values, None).unwrap();
}

/// The code of the app now; `steps` later.
fn code(secret: &[u8], steps: u64) -> String {
    let now = u64::try_from(Utc::now().timestamp()).unwrap() + 30 * steps;
    totp_rs::Builder::new().with_secret(secret.to_vec()).build().unwrap().generate(now).to_string()
}

/// AUTH-05, AUTH-18
#[tokio::test]
async fn a_reset_password_is_shown_once_and_must_be_changed_before_anything_else() {
    let world = World::new();
    let (id, before) = person(&world, "uma").await;
    let admin = world.admin().await;
    let done = admin.post(&format!("/admin/users/{id}/reset-password"), &[]).await;
    let page = admin.get(done.header("location")).await.body;
    let temporary = between(between(&page, "id=\"secret\"", "</section>"), "value=\"", "\"").to_owned();
    assert!(!admin.get(done.header("location")).await.body.contains(&temporary));
    assert_eq!(before.get("/").await.header("location"), "/login", "their sessions have ended");
    assert_eq!(sign_in(&world, "uma", GOOD).await.status.as_u16(), 401);
    let uma = browser(&world, &sign_in(&world, "uma", &temporary).await).await;
    for path in ["/", "/security", "/admin", "/sign-in/code"] {
        assert_eq!(uma.get(path).await.header("location"), "/password/set", "{path}");
    }
    for path in ["/api/v1/users", "/live?parts=calls"] {
        assert_eq!(uma.get(path).await.status.as_u16(), 403, "{path}");
    }
    let page = uma.get("/password/set").await.body;
    assert!(!page.contains("name=\"current\"") && page.contains("password manager"), "AUTH-14, AUTH-16");
    let done = uma.post("/password/set", &[("password", BETTER), ("confirm", BETTER)]).await;
    let uma = browser(&world, &done).await;
    assert!(uma.get("/").await.status.is_success());
}

/// AUTH-06
#[tokio::test]
async fn an_old_password_must_be_changed() {
    let world = World::new();
    let (id, _) = person(&world, "uma").await;
    change(&world, &resources::settings::SETTINGS, 1, &[("password_days", "30")]);
    let hash = world.db.account(id).unwrap().unwrap().password.unwrap();
    let days = |n: i64| Utc::now().timestamp_millis() - n * 24 * 3_600_000;
    for (age, wanted) in [(29, ""), (31, "/password/set")] {
        world.db.set_password(id, &hash, days(age)).unwrap();
        let uma = browser(&world, &sign_in(&world, "uma", GOOD).await).await;
        assert_eq!(uma.get("/").await.header("location"), wanted, "{age} days");
    }
}

/// AUTH-04, AUTH-27: unknown, wrong and suspended read the same, byte by byte.
#[tokio::test]
async fn a_suspended_user_cannot_sign_in_and_reads_what_strangers_read() {
    let world = World::new();
    let (id, uma) = person(&world, "uma").await;
    change(&world, &resources::users::USERS, id.0, &[("suspended", "on")]);
    assert_eq!(uma.get("/").await.header("location"), "/login", "running sessions end");
    let suspended = sign_in(&world, "uma", GOOD).await;
    let unknown = sign_in(&world, "ulf", GOOD).await;
    assert_eq!((suspended.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(suspended.body.replace("\"uma\"", "\"ulf\""), unknown.body);
    assert!(suspended.body.contains("Invalid credentials."));
}

/// AUTH-22, AUTH-28
#[tokio::test]
async fn the_second_factor_is_set_up_asked_for_and_no_code_works_twice() {
    let world = World::new();
    let (id, uma) = person(&world, "uma").await;
    let page = uma.get("/security/authenticator").await.body;
    assert!(page.contains("<svg class=\"qr\""), "a picture to scan");
    let secret = world.db.authenticator(id).unwrap().unwrap().secret;
    let wrong = uma.post("/security/authenticator", &[("code", "000000")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    let on = uma.post("/security/authenticator", &[("code", &code(&secret, 0))]).await;
    let codes: Vec<_> = on.body.split("<li>").skip(1).filter_map(|li| li.split_once("</li>")).collect();
    let codes: Vec<_> = codes.iter().map(|(code, _)| *code).filter(|code| code.len() == 13).collect();
    assert_eq!(codes.len(), 10, "{}", on.body);

    let half = sign_in(&world, "uma", GOOD).await;
    assert_eq!(half.header("location"), "/sign-in/code?next=%2F");
    let half = browser(&world, &half).await;
    for path in ["/", "/security", "/password/set", "/admin"] {
        assert_eq!(half.get(path).await.header("location"), "/sign-in/code", "{path}");
    }
    assert_eq!(half.get("/api/v1/users").await.status.as_u16(), 403);
    let used = half.post("/sign-in/code", &[("code", &code(&secret, 0))]).await;
    assert_eq!(used.status.as_u16(), 401, "the code that turned it on");
    let whole = half.post("/sign-in/code", &[("code", &code(&secret, 1)), ("next", "//evil.example")]).await;
    assert_eq!(whole.header("location"), "/", "{}", whole.body);
    assert!(browser(&world, &whole).await.get("/").await.status.is_success());
    assert_eq!(half.get("/").await.header("location"), "/login", "the half session is gone");

    let half = browser(&world, &sign_in(&world, "uma", GOOD).await).await;
    let whole = half.post("/sign-in/code", &[("code", &codes[0].to_uppercase())]).await;
    assert_eq!(whole.status.as_u16(), 303, "a recovery code");
    let half = browser(&world, &sign_in(&world, "uma", GOOD).await).await;
    assert_eq!(half.post("/sign-in/code", &[("code", codes[0])]).await.status.as_u16(), 401, "once");
    for _ in 0..9 {
        half.post("/sign-in/code", &[("code", "123456")]).await;
    }
    let locked = half.post("/sign-in/code", &[("code", codes[1])]).await;
    assert_eq!(locked.status.as_u16(), 429, "guesses are counted");
}

/// AUTH-17, AUTH-22: a link by mail is no way around the second factor.
#[tokio::test]
async fn a_setup_link_leads_to_the_second_factor() {
    let world = World::new();
    let (id, uma) = person(&world, "uma").await;
    uma.get("/security/authenticator").await;
    let secret = world.db.authenticator(id).unwrap().unwrap().secret;
    uma.post("/security/authenticator", &[("code", &code(&secret, 0))]).await;
    let link = world.db.new_setup_link_for(&author(), id).unwrap().path;
    let set = post(&world, "pbx.example", &link, &[("password", BETTER), ("confirm", BETTER)]).await;
    assert_eq!(set.header("location"), "/sign-in/code?next=%2F");
    // Whoever lost the phone asks an administrator.
    let admin = world.admin().await;
    let page = admin.get(&format!("/admin/users/{id}")).await.body;
    assert!(page.contains("id=\"remove-factor\""));
    admin.post(&format!("/admin/users/{id}/remove-second-factor"), &[]).await;
    assert_eq!(sign_in(&world, "uma", BETTER).await.header("location"), "/");
}

/// AUTH-22: a company can require it, of administrators or of all.
#[tokio::test]
async fn a_required_second_factor_is_set_up_before_anything_else() {
    let world = World::new();
    change(&world, &resources::settings::SETTINGS, 1, &[("second_factor", "administrators")]);
    let (id, uma) = person(&world, "uma").await;
    assert!(uma.get("/").await.status.is_success(), "not of users");
    change(&world, &resources::settings::SETTINGS, 1, &[("second_factor", "required")]);
    assert_eq!(uma.get("/").await.header("location"), "/security/authenticator");
    assert_eq!(uma.get("/api/v1/users").await.status.as_u16(), 403);
    let page = uma.get("/security/authenticator").await.body;
    assert!(page.contains("asks for a second factor"));
    let secret = world.db.authenticator(id).unwrap().unwrap().secret;
    uma.post("/security/authenticator", &[("code", &code(&secret, 0))]).await;
    assert!(uma.get("/").await.status.is_success());
}

/// AUTH-15, AUTH-26
#[tokio::test]
async fn sessions_and_sign_ins_are_listed_and_ended() {
    let world = World::new();
    let (id, uma) = person(&world, "uma").await;
    sign_in(&world, "uma", "Wrong@Morning2024!").await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0";
    let now = Utc::now().timestamp_millis();
    let token = world.db.new_session(id, ("198.51.100.7", agent), Stage::Whole, (now, 3_600_000)).unwrap();
    let other = Browser {
        router: world.router.clone(),
        cookie: format!("dialtone_session={token}"),
        csrf: String::new(),
    };
    let page = uma.get("/security").await.body;
    assert!(page.contains("Firefox on Linux") && page.contains("198.51.100.7") && page.contains("this one"));
    assert!(between(&page, "id=\"sign-ins\"", "</tbody>").contains("Refused"));
    let row = world.db.sessions_of(id, now).unwrap().into_iter().find(|s| s.user_agent == agent).unwrap().id;
    let stranger = world.account("otto", 0).await;
    let theirs = stranger.post(&format!("/security/sessions/{row}/end"), &[]).await;
    assert_eq!(theirs.status.as_u16(), 404, "only one's own");
    assert!(other.get("/").await.status.is_success());
    uma.post(&format!("/security/sessions/{row}/end"), &[]).await;
    assert_eq!(other.get("/").await.header("location"), "/login");
    world.db.new_session(id, ("198.51.100.8", agent), Stage::Whole, (now, 3_600_000)).unwrap();
    uma.post("/security/sessions/end-others", &[]).await;
    assert_eq!(world.db.sessions_of(id, now).unwrap().len(), 1);
    assert!(uma.get("/").await.status.is_success());
}

/// AUTH-01: the host name says which company; a user of one cannot sign in at the other.
#[tokio::test]
async fn the_host_name_selects_the_tenant() {
    let world = World::new();
    let two = Values::from([("name".into(), "Two".into()), ("domain".into(), "two.example".into())]);
    world.db.create(&author(), &resources::tenants::TENANTS, &two).unwrap();
    person(&world, "uma").await;
    let at = async |host: &str| {
        post(&world, host, "/login", &[("login", "uma"), ("password", GOOD)]).await.status.as_u16()
    };
    assert_eq!(at("dialtone.local:8080").await, 303, "their own");
    assert_eq!(at("192.0.2.1:8080").await, 303, "no company's");
    assert_eq!(at("two.example").await, 401, "another's");
}

/// AUTH-17, AUTH-19, AUTH-21
#[tokio::test]
async fn the_sign_in_page_helps_further() {
    let world = World::new();
    let change_contact = [("support_contact", "help@example.com <b>")];
    change(&world, &resources::settings::SETTINGS, 1, &change_contact);
    let stranger = Browser { router: world.router.clone(), cookie: String::new(), csrf: String::new() };
    let page = stranger.get("/login").await.body;
    assert!(page.contains("href=\"/forgot\"") && page.contains("href=\"/forgot?new=1\""));
    let support = between(&page, "id=\"support\">", "</p>");
    assert!(support.contains("help@example.com &#60;b&#62;") && support.contains("extension"), "{support}");
    assert!(stranger.get("/forgot?new=1").await.body.contains("Are you a new user?"));
    let answer = post(&world, "pbx.example", "/forgot", &[("login", "nobody"), ("new", "1")]).await;
    assert!(answer.status.is_success() && answer.body.contains("id=\"sent\""));
}

/// OPS-11
#[tokio::test]
async fn administrators_see_the_mail_of_their_company() {
    let world = World::new();
    let admin = world.admin().await;
    assert!(admin.get("/admin/mail").await.body.contains("id=\"no-server\""));
    let server = [("smtp_host", "mail.example"), ("mail_from", "pbx@example.com")];
    change(&world, &resources::node_settings::NODE_SETTINGS, 1, &server);
    change(&world, &resources::users::USERS, ADMIN.0, &[("email", "boss@example.com")]);
    admin.post("/admin/mail/test", &[]).await;
    let page = admin.get("/admin/mail").await.body;
    assert!(page.contains("Test message") && page.contains("boss@example.com") && page.contains("waiting"));
    assert_eq!(admin.get("/api/v1/mail").await.value()["items"][0]["state"], "waiting");
    assert!(admin.get("/admin").await.body.contains("href=\"/admin/mail\""));
    let site = world.account("site", 1).await;
    assert_eq!(site.get("/admin/mail").await.status.as_u16(), 403);
    let second = world.account("second", 2).await;
    let id = world.user("Ida", "731");
    change(&world, &resources::users::USERS, id, &[("email", "ida@example.com")]);
    let sent = second.post(&format!("/admin/users/{id}/welcome-mail"), &[]).await;
    assert!(sent.header("set-cookie").contains("on%20its%20way"), "{}", sent.header("set-cookie"));
    assert!(second.get("/admin/mail").await.body.contains("ida@example.com"));
    let page = admin.get("/admin/node_settings").await.body;
    assert!(page.contains("name=\"smtp_host\""));
}
