//! Passkeys, from the page that makes one to signing in with it. The authenticator is software; browsers are in
//! `tests/browser`.

use axum::{body::Body, http::Request};
use config::{UserId, sign_in::Stage};

use crate::{
    authenticator::Authenticator,
    world::{Answer, Browser, World, form},
};

const ORIGIN: &str = "http://localhost:8080";
const FORM: &str = "application/x-www-form-urlencoded";

/// A form as a browser at that origin sends it.
async fn post(world: &World, at: (&str, &str), path: &str, fields: &[(&str, &str)]) -> Answer {
    let (origin, cookie) = at;
    let host = origin.split_once("://").unwrap().1;
    let request = Request::post(path).header("host", host).header("origin", origin).header("cookie", cookie);
    world.send(request.header("content-type", FORM).body(Body::from(form(fields))).unwrap()).await
}

/// Ceremony and challenge.
fn asked(answer: &Answer) -> (String, Vec<u8>) {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let value = answer.value();
    let challenge = BASE64_URL_SAFE_NO_PAD.decode(value["publicKey"]["challenge"].as_str().unwrap()).unwrap();
    (value["ceremony"].as_str().unwrap().to_owned(), challenge)
}

/// A new passkey of somebody; the answer to their form.
async fn add(world: &World, browser: &Browser, phone: &mut Authenticator) -> Answer {
    let at = (ORIGIN, browser.cookie.as_str());
    let options = post(world, at, "/security/passkeys/challenge", &[("csrf", &browser.csrf)]).await;
    assert_eq!(options.status.as_u16(), 200, "{}", options.body);
    let handle = options.value()["publicKey"]["user"]["id"].as_str().unwrap().to_owned();
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    phone.handle = BASE64_URL_SAFE_NO_PAD.decode(handle).unwrap();
    let (ceremony, challenge) = asked(&options);
    let made = phone.make(&challenge);
    let fields =
        [("csrf", browser.csrf.as_str()), ("ceremony", &ceremony), ("passkey", &made), ("name", "Laptop")];
    post(world, at, "/security/passkeys", &fields).await
}

/// Signs in with a challenge just asked for, and `change` to the authenticator before it answers.
async fn sign_in(world: &World, phone: &Authenticator) -> Answer {
    let (ceremony, challenge) = asked(&post(world, (ORIGIN, ""), "/login/passkey", &[]).await);
    let proof = phone.prove(&challenge);
    finish(world, &ceremony, &proof).await
}

async fn finish(world: &World, ceremony: &str, proof: &str) -> Answer {
    post(world, (ORIGIN, ""), "/login/passkey/finish", &[("ceremony", ceremony), ("passkey", proof)]).await
}

/// AUTH-22
#[tokio::test]
async fn a_passkey_signs_in_and_counts_on() {
    let world = World::new();
    let (admin, other) = (world.admin().await, world.admin().await);
    let mut phone = Authenticator::new("localhost", ORIGIN);
    let added = add(&world, &admin, &mut phone).await;
    assert!(added.status.is_success() && added.body.contains("Recovery codes"), "{}", added.body);
    assert_eq!(
        crate::world::between(&added.body, "codes mono", "</ul>").matches("<li>").count(),
        10,
        "ten codes"
    );
    assert_eq!(other.get("/admin").await.status.as_u16(), 303, "other sessions end");
    assert!(admin.get("/security").await.body.contains("<b>Laptop</b>"));
    phone.counter = 2;
    let done = sign_in(&world, &phone).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/admin"), "{}", done.body);
    assert!(done.header("set-cookie").starts_with("dialtone_session="));
    let again = sign_in(&world, &phone).await;
    assert_eq!(again.status.as_u16(), 401, "the counter stands still");
    phone.counter = 1;
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 401, "the counter goes back");
    phone.counter = 3;
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 303);
}

/// AUTH-22
#[tokio::test]
async fn a_proof_works_once_at_its_challenge_and_origin() {
    let world = World::new();
    let admin = world.admin().await;
    let mut phone = Authenticator::new("localhost", ORIGIN);
    add(&world, &admin, &mut phone).await;
    phone.counter = 2;
    let (ceremony, challenge) = asked(&post(&world, (ORIGIN, ""), "/login/passkey", &[]).await);
    let (other, _) = asked(&post(&world, (ORIGIN, ""), "/login/passkey", &[]).await);
    let proof = phone.prove(&challenge);
    assert_eq!(finish(&world, &other, &proof).await.status.as_u16(), 401, "another challenge");
    assert_eq!(finish(&world, &ceremony, &proof).await.status.as_u16(), 303);
    assert_eq!(finish(&world, &ceremony, &proof).await.status.as_u16(), 401, "a replay");
    phone.counter = 3;
    phone.origin = "http://localhost:9090".into();
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 401, "another origin");
    phone.origin = ORIGIN.into();
    phone.handle = vec![1; 32];
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 401, "another user");
    phone.credential = vec![8; 16];
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 401, "an unknown key");
    let ip = post(&world, ("http://192.0.2.1", ""), "/login/passkey", &[]).await;
    assert_eq!(ip.status.as_u16(), 403);
    assert!(ip.value()["title"].as_str().unwrap().contains("not its IP address"));
}

/// AUTH-22, AUTH-27
#[tokio::test]
async fn a_suspended_user_has_no_use_of_a_passkey() {
    let world = World::new();
    let user = world.account("zoe", 0).await;
    let mut phone = Authenticator::new("localhost", ORIGIN);
    add(&world, &user, &mut phone).await;
    phone.counter = 2;
    assert_eq!(sign_in(&world, &phone).await.header("location"), "/");
    world.suspended_for(7, 0);
    phone.counter = 3;
    assert_eq!(sign_in(&world, &phone).await.status.as_u16(), 401);
}

/// AUTH-22: after the password only keys of that user count, and a recovery code helps who has none at hand.
#[tokio::test]
async fn a_passkey_is_a_second_factor_of_its_own_user_only() {
    let world = World::new();
    let (admin, zoe) = (world.admin().await, world.account("zoe", 0).await);
    let (mut mine, mut theirs) =
        (Authenticator::new("localhost", ORIGIN), Authenticator::new("localhost", ORIGIN));
    theirs.credential = vec![8; 16];
    let page = add(&world, &admin, &mut mine).await.body;
    add(&world, &zoe, &mut theirs).await;
    let half = |id| {
        let now = chrono::Utc::now().timestamp_millis();
        let token = world.db.new_session(id, ("192.0.2.9", "test"), Stage::SecondFactor, (now, 600_000));
        format!("dialtone_session={}", token.unwrap())
    };
    let admin_id = crate::world::ADMIN;
    for (phone, status) in [(&mut theirs, 401), (&mut mine, 303)] {
        phone.counter = 9;
        let (ceremony, challenge, csrf, cookie) = half_way(&world, half(admin_id)).await;
        let proof = phone.prove(&challenge);
        let fields = [("csrf", csrf.as_str()), ("ceremony", &ceremony), ("passkey", &proof)];
        let answer = post(&world, (ORIGIN, &cookie), "/sign-in/code", &fields).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    let code = crate::world::between(&page, "<ul class=\"codes mono\"><li>", "</li>").to_owned();
    for status in [303, 401] {
        let (_, _, csrf, cookie) = half_way(&world, half(admin_id)).await;
        let answer =
            post(&world, (ORIGIN, &cookie), "/sign-in/code", &[("csrf", &csrf), ("code", &code)]).await;
        assert_eq!(answer.status.as_u16(), status, "a recovery code works once");
    }
    let nobody = UserId(1);
    assert!(world.db.passkeys_of(nobody).unwrap().is_empty());
}

/// The page for the second factor and a challenge from it.
async fn half_way(world: &World, cookie: String) -> (String, Vec<u8>, String, String) {
    let request = Request::get("/sign-in/code").header("host", "localhost:8080").header("cookie", &cookie);
    let page = world.send(request.body(Body::empty()).unwrap()).await;
    assert!(page.body.contains("id=\"use-passkey\""), "{}", page.body);
    let csrf = crate::world::between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned();
    let options = post(world, (ORIGIN, &cookie), "/sign-in/code/passkey", &[("csrf", &csrf)]).await;
    let (ceremony, challenge) = asked(&options);
    (ceremony, challenge, csrf, cookie)
}

/// AUTH-22: who has a password gives it before a key is made or removed.
#[tokio::test]
async fn a_password_guards_making_and_removing() {
    let world = World::new();
    let good = "Coffee@Morning2024!";
    let fields = [("password", good), ("confirm", good)];
    let setup = Request::post(&world.setup_path).header("content-type", FORM);
    world.send(setup.body(Body::from(form(&fields))).unwrap()).await;
    let admin = world.admin().await;
    let at = (ORIGIN, admin.cookie.as_str());
    let ask = async |current: &str| {
        let fields = [("csrf", admin.csrf.as_str()), ("current", current)];
        post(&world, at, "/security/passkeys/challenge", &fields).await
    };
    assert_eq!(ask("wrong").await.status.as_u16(), 403);
    let (ceremony, challenge) = asked(&ask(good).await);
    let made = Authenticator::new("localhost", ORIGIN).make(&challenge);
    let fields = [("csrf", admin.csrf.as_str()), ("ceremony", &ceremony), ("passkey", &made), ("name", "")];
    assert!(post(&world, at, "/security/passkeys", &fields).await.status.is_success());
    let id = world.db.passkeys_of(crate::world::ADMIN).unwrap()[0].id;
    let path = format!("/security/passkeys/{id}/remove");
    assert_eq!(admin.post(&path, &[("current", "wrong")]).await.status.as_u16(), 422);
    assert_eq!(world.db.passkeys_of(crate::world::ADMIN).unwrap().len(), 1);
    assert_eq!(admin.post(&path, &[("current", good)]).await.status.as_u16(), 303);
    assert!(world.db.passkeys_of(crate::world::ADMIN).unwrap().is_empty());
    assert_eq!(
        world.db.recovery_codes(crate::world::ADMIN).unwrap(),
        0,
        "without a factor they are of no use"
    );
}
