//! Single sign-on against an identity provider that the test runs itself.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, body::Body, extract::State, http::Request, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use config::{UserId, resource::Values, resources::settings::SETTINGS};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{ADMIN, Answer, World, author, between, encode, form};

const DOMAIN: &str = "dialtone.local";

/// An identity provider.
#[derive(Clone)]
struct Stub(Arc<Mutex<Script>>, String);

struct Script {
    pair: EcdsaKeyPair,
    kid: String,
    /// What the next token says beside issuer, audience and times.
    claims: Value,
    /// Signs instead, though the set does not hold it.
    pub stranger: Option<EcdsaKeyPair>,
    /// Forms and `Authorization` of the token endpoint.
    asked: Vec<(String, String)>,
}

impl Stub {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script =
            Script { pair: pair(), kid: "k1".into(), claims: json!({}), stranger: None, asked: vec![] };
        let stub = Self(Arc::new(Mutex::new(script)), issuer);
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", axum::routing::post(token))
            .with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stub
    }
    fn says(&self, claims: Value) {
        self.0.lock().unwrap().claims = claims;
    }
    /// Another key under another name, as providers do.
    fn rotate(&self) {
        let mut script = self.0.lock().unwrap();
        (script.pair, script.kid) = (pair(), "k2".into());
    }
}

async fn discovery(State(Stub(_, issuer)): State<Stub>) -> Json<Value> {
    Json(json!({ "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys") }))
}

async fn keys(State(Stub(script, _)): State<Stub>) -> Json<Value> {
    let script = script.lock().unwrap();
    let point = script.pair.public_key().as_ref();
    Json(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": script.kid, "use": "sig",
        "x": text(&point[1..33]), "y": text(&point[33..]) }] }))
}

async fn token(
    State(Stub(script, issuer)): State<Stub>,
    headers: axum::http::HeaderMap,
    body: String,
) -> Json<Value> {
    let mut script = script.lock().unwrap();
    let authorization = headers.get("authorization").map_or("", |v| v.to_str().unwrap()).to_owned();
    script.asked.push((body, authorization));
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({ "iss": issuer, "aud": "portal", "sub": "u-7", "iat": now, "exp": now + 300 });
    for (name, value) in script.claims.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let head = json!({ "alg": "ES256", "kid": script.kid });
    let signed = format!("{}.{}", text(head.to_string().as_bytes()), text(claims.to_string().as_bytes()));
    let signature = script
        .stranger
        .as_ref()
        .unwrap_or(&script.pair)
        .sign(&SystemRandom::new(), signed.as_bytes())
        .unwrap();
    Json(
        json!({ "access_token": "a", "token_type": "Bearer", "id_token": format!("{signed}.{}", text(signature.as_ref())) }),
    )
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn set_up(world: &World, issuer: &str, more: &[(&str, &str)]) {
    let mut values = Values::from([
        ("oidc_issuer".into(), issuer.into()),
        ("oidc_client".into(), "portal".into()),
        ("oidc_secret".into(), "s3cret-of+portal".into()),
    ]);
    values.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    world.db.update(&author(), &SETTINGS, 1, &values, None).unwrap();
}

async fn get_as(world: &World, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path).header("host", "pbx.example").header("cookie", cookie);
    world.send(request.body(Body::empty()).unwrap()).await
}

/// Somebody on the way: what the provider was asked, and the browser's cookie.
struct Journey {
    to: String,
    cookie: String,
}

impl Journey {
    async fn begin(world: &World) -> Self {
        Self::from(&get_as(world, &format!("/sign-in/{DOMAIN}/sso?next=/contacts"), "").await)
    }
    fn from(answer: &Answer) -> Self {
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { to: answer.header("location").to_owned(), cookie }
    }
    fn part(&self, name: &str) -> String {
        between(&format!("{}&", self.to), &format!("&{name}="), "&").to_owned()
    }
    async fn back(&self, world: &World) -> Answer {
        self.back_with(world, &self.cookie).await
    }
    async fn back_with(&self, world: &World, cookie: &str) -> Answer {
        let path = format!("/sign-in/sso/callback?code=c-1&state={}", self.part("state"));
        get_as(world, &path, cookie).await
    }
}

/// A journey whose token says `claims` with the right nonce.
async fn travel(world: &World, stub: &Stub, mut claims: Value) -> Answer {
    let journey = Journey::begin(world).await;
    if claims.get("nonce").is_none() {
        claims["nonce"] = journey.part("nonce").into();
    }
    stub.says(claims);
    journey.back(world).await
}

fn anna(world: &World) -> UserId {
    let values = Values::from([
        ("first_name".into(), "Anna".into()),
        ("email".into(), "anna@example.com".into()),
        ("login".into(), "anna".into()),
    ]);
    UserId(world.db.create(&author(), &config::resources::users::USERS, &values).unwrap().id)
}

/// AUTH-24
#[tokio::test]
async fn the_provider_signs_in_whom_it_names() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[]);
    let id = anna(&world);
    let journey = Journey::begin(&world).await;
    assert!(journey.to.starts_with(&format!("{}/authorize?response_type=code&client_id=portal&", stub.1)));
    assert_eq!(journey.part("redirect_uri"), "http%3A%2F%2Fpbx.example%2Fsign-in%2Fsso%2Fcallback");
    assert_eq!(journey.part("code_challenge_method"), "S256");
    stub.says(json!({ "nonce": journey.part("nonce"), "email": "Anna@Example.com" }));
    let done = journey.back(&world).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/contacts"), "{}", done.body);
    let session = done.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(get_as(&world, "/security", &session).await.body.contains("You are Anna@Example.com"));
    let (body, authorization) = stub.0.lock().unwrap().asked[0].clone();
    assert_eq!(authorization, "Basic cG9ydGFsOnMzY3JldC1vZiUyQnBvcnRhbA==");
    let verifier = between(&format!("{body}&"), "code_verifier=", "&").to_owned();
    assert_eq!(text(&Sha256::digest(&verifier)), journey.part("code_challenge"), "PKCE");
    assert_eq!(journey.back(&world).await.status.as_u16(), 403, "a replay");
    // From then on the link counts, whatever the address is.
    let again = travel(&world, &stub, json!({ "email": "other@example.com" })).await;
    assert_eq!(again.header("location"), "/contacts", "{}", again.body);
    assert_eq!(world.db.identity_of(id).unwrap().unwrap().shown, "Anna@Example.com");
}

/// AUTH-24
#[tokio::test]
async fn a_token_that_does_not_fit_signs_nobody_in_and_the_page_says_so() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[]);
    anna(&world);
    let address = json!("anna@example.com");
    for (name, wrong) in [
        ("exp", json!(1)),
        ("aud", json!("another")),
        ("nonce", json!("another")),
        ("iss", json!("https://evil.example")),
    ] {
        let answer = travel(&world, &stub, json!({ "email": address, name: wrong })).await;
        assert_eq!(answer.status.as_u16(), 403, "{name}");
        assert!(answer.body.contains("is not valid. Try again"), "{name}: {}", answer.body);
        assert!(!answer.header("set-cookie").contains("session"));
    }
    let doubted = travel(&world, &stub, json!({ "email": address, "email_verified": false })).await;
    assert!(doubted.body.contains("Nobody here belongs to this account"), "{}", doubted.body);
    let unknown = travel(&world, &stub, json!({ "email": "nobody@example.com" })).await;
    assert_eq!(unknown.status.as_u16(), 403);
    let journey = Journey::begin(&world).await;
    stub.says(json!({ "nonce": journey.part("nonce"), "email": address }));
    assert_eq!(journey.back_with(&world, "sso=other").await.status.as_u16(), 403, "another browser");
    let refused = Journey::begin(&world).await;
    let path = format!("/sign-in/sso/callback?error=access_denied&state={}", refused.part("state"));
    assert!(get_as(&world, &path, &refused.cookie).await.body.contains("did not let you in"));
    assert_eq!(
        travel(&world, &stub, json!({ "email": address })).await.status.as_u16(),
        303,
        "all this was not for naught"
    );
}

/// AUTH-24: keys change; unknown ones are asked for once more, and only then refused.
#[tokio::test]
async fn a_provider_may_change_its_keys() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[]);
    anna(&world);
    let address = json!({ "email": "anna@example.com" });
    assert_eq!(travel(&world, &stub, address.clone()).await.status.as_u16(), 303);
    stub.rotate();
    assert_eq!(travel(&world, &stub, address.clone()).await.status.as_u16(), 303, "the new key is asked for");
    stub.0.lock().unwrap().stranger = Some(pair());
    let forged = travel(&world, &stub, address).await;
    assert_eq!(forged.status.as_u16(), 403, "a key that the set never held");
}

/// AUTH-24
#[tokio::test]
async fn a_provider_that_is_down_is_named_as_the_trouble() {
    let world = World::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    set_up(&world, &issuer, &[]);
    let answer = get_as(&world, &format!("/sign-in/{DOMAIN}/sso"), "").await;
    assert_eq!(answer.status.as_u16(), 502);
    assert!(answer.body.contains("cannot be reached. Try again"), "{}", answer.body);
    assert!(answer.body.contains("id=\"password\""), "a password still signs in");
}

/// AUTH-24: a claim that is the login name; and nothing at all, but for who is linked.
#[tokio::test]
async fn users_are_found_as_the_company_says() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[("oidc_match", "claim"), ("oidc_claim", "nick")]);
    let id = anna(&world);
    let claims = json!({ "email": "anna@example.com", "nick": "ANNA" });
    assert_eq!(travel(&world, &stub, json!({ "email": "anna@example.com" })).await.status.as_u16(), 403);
    assert_eq!(travel(&world, &stub, claims.clone()).await.status.as_u16(), 303);
    world.db.unlink_identities(id).unwrap();
    set_up(&world, &stub.1, &[("oidc_match", "linked")]);
    assert_eq!(travel(&world, &stub, claims).await.status.as_u16(), 403);
}

/// AUTH-24: linking on one's own page; what is somebody else's stays theirs.
#[tokio::test]
async fn a_user_links_and_unlinks_an_account() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[("oidc_match", "linked")]);
    let (zoe, yan) = (world.account("zoe", 0).await, world.account("yan", 0).await);
    for (browser, status) in [(&zoe, 303), (&yan, 403)] {
        let journey = Journey::from(&browser.get("/security/single-sign-on").await);
        stub.says(json!({ "nonce": journey.part("nonce"), "preferred_username": "zoe@id" }));
        let stranger = journey.part("state");
        let both = format!("{}; {}", browser.cookie, journey.cookie);
        let answer = journey.back_with(&world, &both).await;
        assert_eq!(answer.status.as_u16(), status, "{stranger} {}", answer.body);
    }
    assert!(zoe.get("/security").await.body.contains("You are zoe@id"));
    assert_eq!(travel(&world, &stub, json!({})).await.status.as_u16(), 303);
    zoe.post("/security/single-sign-on/unlink", &[]).await;
    assert_eq!(travel(&world, &stub, json!({})).await.status.as_u16(), 403);
    let cross = zoe.request("GET", "/security/single-sign-on").header("sec-fetch-site", "cross-site");
    let cross = world.send(cross.body(Body::empty()).unwrap()).await;
    assert_eq!(cross.status.as_u16(), 403, "nobody is made to link");
}

/// AUTH-24: passwords can be forbidden, except for those who run the program.
#[tokio::test]
async fn a_company_may_leave_single_sign_on_alone() {
    let (world, stub) = (World::new(), Stub::start().await);
    let password = "Coffee@Morning2024!";
    let fields = [("password", password), ("confirm", password)];
    let kind = "application/x-www-form-urlencoded";
    let setup = Request::post(&world.setup_path).header("content-type", kind);
    world.send(setup.body(Body::from(form(&fields))).unwrap()).await;
    let id = anna(&world);
    let hash = world.db.account(ADMIN).unwrap().unwrap().password.unwrap();
    world.db.set_password(id, &hash, chrono::Utc::now().timestamp_millis()).unwrap();
    let sign_in = async |login: &str, password: &str| {
        let body = format!("login={login}&password={}", encode(password));
        world.send(Request::post("/login").header("content-type", kind).body(Body::from(body)).unwrap()).await
    };
    assert_eq!(sign_in("anna", password).await.status.as_u16(), 303);
    set_up(&world, &stub.1, &[("local_sign_in", "0")]);
    let refused = sign_in("anna", password).await;
    assert_eq!(refused.status.as_u16(), 403);
    assert!(refused.body.contains("signs in with its own account") && refused.body.contains("id=\"sso\""));
    let wrong = sign_in("anna", "Wrong@Morning2024!").await;
    assert!(wrong.body.contains("Invalid credentials."), "who does not know the password learns nothing");
    assert_eq!(sign_in("admin", password).await.status.as_u16(), 303, "the operator's administrator");
    assert_eq!(travel(&world, &stub, json!({ "email": "anna@example.com" })).await.status.as_u16(), 303);
}

/// AUTH-24: the provider's factors count: neither ours nor an expired password is asked for.
#[tokio::test]
async fn our_own_factors_are_not_asked_of_who_comes_from_the_provider() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[("second_factor", "required")]);
    anna(&world);
    let done = travel(&world, &stub, json!({ "email": "anna@example.com" })).await;
    let session = done.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(get_as(&world, "/", &session).await.status.as_u16(), 200);
}

/// AUTH-24
#[tokio::test]
async fn the_sign_in_page_offers_it_when_it_knows_the_company() {
    let (world, stub) = (World::new(), Stub::start().await);
    assert!(!get_as(&world, "/login", "").await.body.contains("id=\"sso\""));
    set_up(&world, &stub.1, &[]);
    anna(&world);
    assert!(get_as(&world, "/login", "").await.body.contains("id=\"sso\""), "the only company");
    world.other_tenant().await;
    let page = get_as(&world, "/login?next=/contacts", "").await.body;
    assert!(!page.contains("id=\"sso\"") && page.contains("id=\"ask-company\""), "{page}");
    let find = async |company: &str| {
        let body = Body::from(format!("company={}&next=/contacts", encode(company)));
        let kind = "application/x-www-form-urlencoded";
        world.send(Request::post("/sign-in").header("content-type", kind).body(body).unwrap()).await
    };
    let to = format!("/sign-in/{DOMAIN}?next=%2Fcontacts");
    // Somebody who is no user, at a company that has users: nothing is told of single users.
    for named in [DOMAIN, "Dialtone.Local", "anna@example.com", "nobody@example.com"] {
        assert_eq!(find(named).await.header("location"), to, "{named}");
    }
    for named in ["", "@", "x@elsewhere.example", "other.example"] {
        assert_eq!(find(named).await.status.as_u16(), 404, "{named}");
    }
    let page = get_as(&world, &to, "").await.body;
    assert!(page.contains(&format!("/sign-in/{DOMAIN}/sso?next=%2Fcontacts")), "{page}");
}

/// AUTH-24
#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let world = World::new();
    let save = |pairs: &[(&str, &str)]| {
        let values = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        world.db.update(&author(), &SETTINGS, 1, &values, None).is_ok()
    };
    assert!(!save(&[("oidc_issuer", "http://id.example"), ("oidc_client", "x")]), "without TLS");
    assert!(!save(&[("oidc_issuer", "https://id.example")]), "without a client");
    assert!(save(&[
        ("oidc_issuer", "https://id.example"),
        ("oidc_client", "x"),
        ("oidc_secret", "geheim-123456")
    ]));
    let file = rusqlite::Connection::open(world.db.file()).unwrap();
    let stored: String = file.query_row("SELECT oidc_secret FROM settings", [], |row| row.get(0)).unwrap();
    assert!(stored.starts_with("v1:") && !stored.contains("geheim"));
}

/// AUTH-24: an administrator forgets who a user is there; what was opened by it ends, and it is in the audit log.
#[tokio::test]
async fn an_administrator_unlinks_the_account_of_a_user() {
    let (world, stub) = (World::new(), Stub::start().await);
    set_up(&world, &stub.1, &[]);
    let id = anna(&world);
    let claims = json!({ "email": "anna@example.com", "email_verified": true });
    let signed_in = travel(&world, &stub, claims.clone()).await;
    assert_eq!(signed_in.status.as_u16(), 303, "{}", signed_in.body);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(get_as(&world, "/contacts", &cookie).await.status.as_u16(), 200);
    set_up(&world, &stub.1, &[("oidc_match", "linked")]);
    let admin = world.admin().await;
    let (form, unlink) = (format!("/admin/users/{}", id.0), format!("/admin/users/{}/unlink", id.0));
    let page = admin.get(&form).await.body;
    assert!(page.contains("Linked with anna@example.com at") && page.contains("id=\"unlink\""), "{page}");
    for (who, status) in [(world.account("plain", 0).await, 403), (world.other_tenant().await, 404)] {
        assert_eq!(who.post(&unlink, &[]).await.status.as_u16(), status);
    }
    assert!(world.db.identity_of(id).unwrap().is_some(), "not theirs to undo");
    let done = admin.post(&unlink, &[]).await;
    assert_eq!(done.header("location"), form);
    assert!(world.db.identity_of(id).unwrap().is_none());
    assert_eq!(get_as(&world, "/contacts", &cookie).await.header("location"), "/login?next=%2Fcontacts");
    assert_eq!(travel(&world, &stub, claims).await.status.as_u16(), 403, "not linked again by itself");
    assert!(!admin.get(&form).await.body.contains("id=\"unlink\""));
    let log = admin.get("/api/v1/audit?limit=20").await.value();
    let entry = log["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "unlinked").cloned();
    let entry = entry.unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&entry["author"], &entry["row"]), (&json!("admin"), &json!(id.0)), "{entry}");
}
