//! A portal, a browser that is signed in to it, and short words for requests.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use chrono::Utc;
use config::{
    Db, TenantId, UserId,
    access::{Author, Viewer},
    resource::Values,
    sign_in::Stage,
};
use tower::ServiceExt;

use crate::fake_live::FakeLive;

/// The administrator of first start, after the five people.
pub const ADMIN: UserId = UserId(6);

pub struct World {
    pub router: Router,
    pub db: Db,
    pub live: Arc<FakeLive>,
    pub setup_path: String,
    folder: PathBuf,
}

/// A browser with a session.
pub struct Browser {
    pub router: Router,
    pub cookie: String,
    pub csrf: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// The files of a first start, and the path of its setup link. Each company begins with a copy: making the tables takes
/// longer than most tests.
struct Pattern {
    files: [(&'static str, Vec<u8>); 2],
    setup_path: String,
}

static PATTERN: LazyLock<Pattern> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("dialtone-portal-{}-pattern", std::process::id()));
    let db = Db::open(&folder).unwrap();
    let setup_path = db.first_start().unwrap().unwrap().setup_path;
    // The last connection writes what the journal holds to the file.
    drop(db);
    let files = ["dialtone.db", "dialtone.key"].map(|name| (name, std::fs::read(folder.join(name)).unwrap()));
    std::fs::remove_dir_all(folder).unwrap();
    Pattern { files, setup_path }
});

impl Pattern {
    fn copy_to(&self, folder: &Path) -> String {
        std::fs::create_dir_all(folder).unwrap();
        for (name, content) in &self.files {
            std::fs::write(folder.join(name), content).unwrap();
            std::fs::set_permissions(folder.join(name), Permissions::from_mode(0o600)).unwrap();
        }
        self.setup_path.clone()
    }
}

impl World {
    /// A company as first start makes it.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("dialtone-portal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        let setup_path = PATTERN.copy_to(&folder);
        let db = Db::open(&folder).unwrap();
        let live = Arc::new(FakeLive::new());
        let settings = portal::Settings {
            base_url: "http://pbx.example".into(),
            secure_cookies: false,
            secure_url: String::new(),
        };
        Self { router: portal::router(db.clone(), live.clone(), settings), db, live, setup_path, folder }
    }

    /// Signed in as the first administrator, without the cost of hashing.
    pub async fn admin(&self) -> Browser {
        self.browser(ADMIN, "/admin").await
    }

    /// Signed in as a user of level 0.
    pub async fn user_browser(&self, user: UserId) -> Browser {
        self.browser(user, "/").await
    }

    /// Sets a password as a setup link does. Sessions of the user end.
    pub async fn set_password(&self, user: UserId, password: &str) {
        let path = self.db.new_setup_link_for(&author(), user).unwrap().path;
        let request = Request::post(&path).header("content-type", "application/x-www-form-urlencoded");
        let body = form(&[("password", password), ("confirm", password)]);
        let set = self.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(set.status.as_u16(), 303, "{}", set.body);
    }

    /// Signed in as a new user with the first default role of that level, 0–2.
    pub async fn account(&self, login: &str, level: u8) -> Browser {
        let role = ["6", "3", "2"][usize::from(level)];
        let values = [("first_name", login), ("login", login), ("role", role)];
        let values = Values::from(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let made = self.db.create(&author(), &config::resources::users::USERS, &values).unwrap();
        self.browser(UserId(made.id), if level == 0 { "/" } else { "/admin" }).await
    }

    /// Signed in as the administrator of another company on the same node.
    pub async fn other_tenant(&self) -> Browser {
        let values =
            Values::from([("name".into(), "Other".into()), ("domain".into(), "other.example".into())]);
        let tenant = self.db.create(&author(), &config::resources::tenants::TENANTS, &values).unwrap().id;
        let viewer = Viewer::primary(TenantId(tenant));
        let query = config::query::ListQuery {
            filters: vec![("level".into(), vec!["2".into()])],
            ..Default::default()
        };
        let role =
            self.db.list(&viewer, &config::resources::roles::ROLES, &query).unwrap().rows[0].id.to_string();
        let author = Author { viewer, ..author() };
        let values = [("first_name", "Boss"), ("login", "boss@other.example"), ("role", &*role)];
        let values = Values::from(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let made = self.db.create(&author, &config::resources::users::USERS, &values).unwrap();
        self.browser(UserId(made.id), "/admin").await
    }

    async fn browser(&self, id: UserId, home: &str) -> Browser {
        let token = self
            .db
            .new_session(id, ("192.0.2.9", "test"), Stage::Whole, (Utc::now().timestamp_millis(), 3_600_000))
            .unwrap();
        let mut browser = Browser {
            router: self.router.clone(),
            cookie: format!("dialtone_session={token}"),
            csrf: String::new(),
        };
        let page = browser.get(home).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        browser.csrf = between(&page.body, "\"X-CSRF-Token\":\"", "\"").to_owned();
        browser
    }

    /// Suspends a user as if that had been so long ago.
    pub fn suspended_for(&self, user: i64, seconds: i64) {
        let file = rusqlite::Connection::open(self.db.file()).unwrap();
        let text = "UPDATE users SET suspended = 1 WHERE id = ?1";
        file.execute(text, [user]).unwrap();
        let text = "UPDATE users SET suspended_at = (unixepoch() - ?2) * 1000 WHERE id = ?1";
        file.execute(text, [user, seconds]).unwrap();
    }

    /// A request without a session.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    /// A new user with that first name; their id.
    pub fn user(&self, first_name: &str, extension: &str) -> i64 {
        let values =
            Values::from([("first_name".into(), first_name.into()), ("extension".into(), extension.into())]);
        self.db.create(&author(), &config::resources::users::USERS, &values).unwrap().id
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Browser {
    pub async fn get(&self, path: &str) -> Answer {
        let answer = send(&self.router, self.request("GET", path).body(Body::empty()).unwrap()).await;
        assert!(!has_nested_forms(&answer.body), "{path}: a form within a form, which browsers drop");
        answer
    }

    /// The page that a redirect leads to, with the toast that it left.
    pub async fn with_flash(&self, redirect: &Answer) -> String {
        let flash = redirect.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        let request = Request::builder()
            .uri(redirect.header("location"))
            .header("host", "pbx.example")
            .header("cookie", format!("{}; {flash}", self.cookie));
        send(&self.router, request.body(Body::empty()).unwrap()).await.body
    }

    /// As htmx asks for one element.
    pub async fn part(&self, path: &str, target: &str) -> Answer {
        let request = self.request("GET", path).header("hx-request", "true").header("hx-target", target);
        send(&self.router, request.body(Body::empty()).unwrap()).await
    }

    /// A form with the session's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend(fields);
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        send(&self.router, request.body(Body::from(form(&all))).unwrap()).await
    }

    /// A REST call with the session's token.
    pub async fn json(&self, method: &str, path: &str, body: serde_json::Value) -> Answer {
        let request = self
            .request(method, path)
            .header("x-csrf-token", &self.csrf)
            .header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        send(&self.router, request.body(body).unwrap()).await
    }

    /// A REST call with further headers.
    pub async fn with(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: serde_json::Value,
    ) -> Answer {
        let mut request = self
            .request(method, path)
            .header("x-csrf-token", &self.csrf)
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        send(&self.router, request.body(body).unwrap()).await
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "pbx.example")
            .header("cookie", &self.cookie)
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let answer = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

pub fn author() -> Author {
    Author::program(TenantId(1), "test", "portal")
}

pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    pairs.join("&")
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap().0
}

/// Whether a form begins before the one before it ended.
fn has_nested_forms(page: &str) -> bool {
    let mut rest = page;
    let mut is_open = false;
    while let Some(at) = rest.find("<form").into_iter().chain(rest.find("</form>")).min() {
        let begins = rest[at..].starts_with("<form");
        if begins && is_open {
            return true;
        }
        is_open = begins;
        rest = &rest[at + "<form".len()..];
    }
    false
}
