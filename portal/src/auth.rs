//! Who asks: the session behind a cookie, what they may do, and that a changing request comes from our own pages.
//! AUTH-02, 04, 05, 25, 28.

pub(crate) mod api_key;
pub(crate) mod first_start;
pub(crate) mod forgot;
pub(crate) mod languages;
pub(crate) mod login;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod second_factor;
pub(crate) mod set_password;
pub(crate) mod single_sign_on;
pub(crate) mod site;
pub(crate) mod totp;
pub(crate) mod visit;

pub(crate) use crate::proof::{id_token, openid, pending, webauthn};

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use config::{
    Db, Resource, TenantId, UserId,
    access::{self, Author, Verb, Viewer},
    history::Trial,
    organization::Face,
    query::QueryError,
    records::outside::Alert,
    resources::{api_keys::API_KEYS, tenants::TENANTS, users::USERS},
    sign_in::{Account, Session, Stage},
};
use sha2::{Digest, Sha256};

use crate::{
    error::Fault,
    language::{self, Language},
    query::Pairs,
    state::App,
    text,
};

/// Somebody who is signed in, and what their browser said about them.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub user: UserId,
    /// Row of the session.
    pub session: i64,
    pub login: String,
    pub name: String,
    pub tenant: TenantId,
    /// Name and logo of their company.
    pub face: Face,
    /// What their role allows.
    pub viewer: Viewer,
    /// Nothing else works until the password is changed (AUTH-05).
    pub must_set_password: bool,
    /// Nothing else works until a second factor is set up (AUTH-22).
    pub must_add_factor: bool,
    /// How far the sign-in has come, and by whom.
    pub stage: Stage,
    /// What changing requests of this session carry.
    pub csrf: String,
    /// `light`, `dark` or nothing.
    pub theme: String,
    /// The toast that a redirect left.
    pub flash: String,
    /// Where they sit.
    pub address: String,
    /// Changes of their company that are on trial.
    pub trial: Option<Trial>,
    /// What administrators of their company have not seen yet; nothing for who is none.
    pub alerts: Vec<Alert>,
    /// They placed a call a moment ago: its page has a banner. NAV-18.
    pub calling: bool,
    /// They run the program and have opened the portal of this company. R-01
    pub visiting: bool,
}

impl Who {
    pub fn viewer(&self) -> Viewer {
        self.viewer
    }

    /// Whether an API key asks, not a person in a browser.
    pub fn is_program(&self) -> bool {
        self.session < 0
    }

    /// Mail holds names and addresses of the whole company.
    pub fn may_see_mail(&self) -> bool {
        self.viewer.level >= 2 && self.viewer.reach == access::Reach::All
    }

    /// Whether they are primary administrators of the company that runs the system, and see its customers. R-01
    pub fn runs_the_system(&self) -> bool {
        self.viewer.tenant == access::OPERATOR && self.viewer.level >= 3 && self.may_see(&TENANTS)
    }

    /// For the audit log; `via` is `portal` or `api`.
    pub fn author(&self, via: &'static str) -> Author {
        Author { viewer: self.viewer, name: self.login.clone(), address: self.address.clone(), via }
    }

    /// Whether they may do that with rows of the table.
    pub fn may(&self, verb: Verb, of: &Resource) -> bool {
        // A key acts for who made it: a guest's would reach into their own company.
        let made_by_guest = self.visiting && verb != Verb::View && of.name == API_KEYS.name;
        access::may(&self.viewer, verb, of) && !made_by_guest
    }

    /// Whether the table is theirs to look at.
    pub fn may_see(&self, of: &Resource) -> bool {
        self.may(Verb::View, of)
    }

    /// Whether anything in the table is theirs to change; what exactly, the database says.
    pub fn may_write(&self, of: &Resource) -> bool {
        self.may_see(of) && (self.may(Verb::Edit, of) || self.may(Verb::Create, of))
    }

    /// A table by name that they may see.
    pub fn table(&self, name: &str) -> Result<&'static Resource, Fault> {
        let of = config::resources::by_name(name).ok_or(Fault::NotFound)?;
        match self.may_see(of) {
            true => Ok(of),
            false if of.tenant => Err(Fault::Forbidden("Your role does not allow this")),
            // Tables of the program are not there for others at all.
            false => Err(Fault::NotFound),
        }
    }

    /// A table by name of which they may change something.
    pub fn writable(&self, name: &str) -> Result<&'static Resource, Fault> {
        let of = self.table(name)?;
        if self.may_write(of) || self.may(Verb::Delete, of) {
            Ok(of)
        } else {
            Err(Fault::Forbidden("Your account may look at this, not change it"))
        }
    }

    /// What they have to do before anything else works: where, and why. AUTH-05, 22.
    fn must_go_first(&self) -> Option<(&'static str, &'static str)> {
        if self.stage == Stage::SecondFactor {
            Some(("/sign-in/code", "Give the second factor first, at /sign-in/code"))
        } else if self.must_set_password {
            Some(("/password/set", "Set a password of your own first, at /password/set"))
        } else if self.must_add_factor {
            Some(("/security/authenticator", "Set up a second factor first, at /security/authenticator"))
        } else {
            None
        }
    }

    /// Where they begin: administrators with the admin panel, others with the user portal.
    pub fn home(&self) -> &'static str {
        home(&self.viewer)
    }
}

/// See [`Who::home`].
pub(crate) fn home(viewer: &Viewer) -> &'static str {
    if viewer.level > 0 { "/admin" } else { "/" }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or(Fault::SignIn)
    }
}

/// Lets a request through that comes from a session and, if it changes something, from our own pages.
pub(crate) async fn require(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let told = |fault: Fault| if api { fault.problem() } else { fault.into_response() };
    if api {
        match api_key::who(&app, request.headers()).await {
            Ok(Some(program)) => return run_for(program, request, next).await,
            Ok(None) => {}
            Err(fault) => return fault.problem(),
        }
    }
    let mut who = match who(&app, request.headers()).await {
        Ok(Some(who)) => who,
        Ok(None) => return ask_to_sign_in(&request, api),
        Err(fault) => return told(fault),
    };
    who.address = peer(&request).map(|ip| ip.to_string()).unwrap_or_default();
    let mut request = match own_request(request, &who.csrf).await {
        Ok(request) => request,
        Err(fault) => {
            app.counters.refused_cross_site.fetch_add(1, Relaxed);
            return told(fault);
        }
    };
    let path = request.uri().path();
    if let Some((place, why)) = who.must_go_first()
        && !is_on_the_way(place, path)
    {
        if api || path == "/live" {
            return told(Fault::Forbidden(why));
        }
        return Redirect::to(place).into_response();
    }
    if who.viewer.level == 0 && is_for_administrators(request.uri().path()) {
        return told(Fault::NoAdministrator);
    }
    if who.visiting
        && let Some(answer) = visit::refused(request.method(), request.uri().path(), request.headers())
    {
        return answer;
    }
    request.extensions_mut().insert(who);
    next.run(request).await
}

/// What works before what has to be done first: that, and going.
fn is_on_the_way(place: &str, path: &str) -> bool {
    let below =
        |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // A passkey is a second factor as good as an app.
    path == "/logout" || below(place) || (place == "/security/authenticator" && below("/security/passkeys"))
}

/// A request of a program: no browser was talked into sending its key.
async fn run_for(mut program: Who, mut request: Request, next: Next) -> Response {
    if program.viewer.level == 0 && is_for_administrators(request.uri().path()) {
        return Fault::NoAdministrator.problem();
    }
    if is_own(request.uri().path()) && !reaches_people(&program, request.method()) {
        return Fault::Forbidden(
            "This key does not reach what belongs to people: see its scope Organization",
        )
        .problem();
    }
    program.address = peer(&request).map(|ip| ip.to_string()).unwrap_or_default();
    request.extensions_mut().insert(program);
    next.run(request).await
}

/// ROL-01.
fn is_for_administrators(path: &str) -> bool {
    let below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    below("/admin") || (below("/api/v1") && !below("/api/v1/me"))
}

/// What is somebody's own, for programs.
fn is_own(path: &str) -> bool {
    path.strip_prefix("/api/v1/me").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A key reaches what is its maker's own like a row of the table of users.
fn reaches_people(program: &Who, method: &Method) -> bool {
    program.may(if method.is_safe() { Verb::View } else { Verb::Edit }, &USERS)
}

/// The session of a request, if there is one that holds.
pub(crate) async fn who(app: &App, headers: &HeaderMap) -> Result<Option<Who>, Fault> {
    let Some(token) = cookie(headers, session_cookie(app)) else { return Ok(None) };
    let theme = theme(headers);
    let flash = cookie(headers, "flash").map(|text| text::decode(&text).chars().take(300).collect());
    let now = chrono::Utc::now().timestamp_millis();
    let asked = token.clone();
    let Some(Found { session, face, trial, alerts, customer }) =
        app.db(move |db| session(db, &asked, now)).await?
    else {
        return Ok(None);
    };
    let (account, stage) = (session.account, session.stage);
    if let Some(language) = Language::of(&account.language) {
        language::speak(language);
    }
    // The identity provider keeps its own rules for passwords and factors.
    let ours = stage != Stage::Elsewhere;
    let who = Who {
        user: account.id,
        session: session.id,
        must_set_password: ours && (account.password_temporary || expired(&account, now)),
        must_add_factor: ours && account.needs_second_factor && !account.has_second_factor,
        stage,
        name: account.name,
        login: account.login,
        tenant: account.viewer.tenant,
        face,
        viewer: account.viewer,
        csrf: csrf(&token, customer.as_ref().map(|(customer, _)| *customer)),
        theme,
        flash: flash.unwrap_or_default(),
        address: String::new(),
        trial,
        alerts,
        calling: app.clicks.of(account.id, now).is_some(),
        visiting: false,
    };
    Ok(Some(match customer {
        Some((customer, company)) if who.must_go_first().is_none() => visit::at(customer, who, &company),
        _ => who,
    }))
}

/// The session of a token with the face of its company and what is on trial there; notes once a minute that it is in use.
fn session(db: &Db, token: &str, now: i64) -> Result<Option<Found>, Fault> {
    let Some(session) = db.session(token, now).map_err(QueryError::from)? else { return Ok(None) };
    if now - session.seen_at > TOUCH_MS && session.stage != Stage::SecondFactor {
        // A disk that is full must not hide the page that says so.
        if let Err(error) = db.touch_session(session.id, now, SESSION_MS) {
            tracing::warn!("a session could not be prolonged: {error}");
        }
    }
    let own = session.account.tenant();
    let customer = visit::customer(&session);
    let tenant = customer.unwrap_or(own);
    let face = db.face_of(tenant).map_err(QueryError::from)?;
    let trial = db.trial(tenant).map_err(QueryError::from)?;
    let alerts = match session.account.viewer.level {
        0 => vec![],
        _ => db.alerts(tenant).map_err(QueryError::from)?,
    };
    let company = || db.face_of(own).map(|face| face.name).map_err(QueryError::from);
    let customer = customer.map(|customer| Ok::<_, QueryError>((customer, company()?))).transpose()?;
    Ok(Some(Found { session, face, trial, alerts, customer }))
}

/// A session, and what the company shows that it acts for.
struct Found {
    session: Session,
    face: Face,
    trial: Option<Trial>,
    alerts: Vec<Alert>,
    /// That company, if it is a customer, and the name of the user's own.
    customer: Option<(TenantId, String)>,
}

/// AUTH-06.
fn expired(account: &Account, now: i64) -> bool {
    let most = i64::from(account.password_days) * 24 * 3_600_000;
    most > 0 && account.password_changed_at.is_some_and(|at| now - at > most)
}

/// A cookie's value.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value.to_owned())
}

/// `light`, `dark` or nothing.
pub(crate) fn theme(headers: &HeaderMap) -> String {
    cookie(headers, "theme").filter(|t| t == "light" || t == "dark").unwrap_or_default()
}

/// The host that the browser asked, with its port. AUTH-01.
pub(crate) fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The name of the session's cookie; behind TLS a browser takes it from this very host only.
pub(crate) fn session_cookie(app: &App) -> &'static str {
    if app.settings.secure_cookies { "__Host-dialtone_session" } else { "dialtone_session" }
}

/// `Set-Cookie` of the session; `age` in seconds, 0 removes it.
pub(crate) fn session_cookie_line(app: &App, token: &str, age: u64) -> String {
    let secure = if app.settings.secure_cookies { "; Secure" } else { "" };
    format!("{}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", session_cookie(app))
}

/// Refuses what another site made the browser send, by the browser's own word; `true` is fine.
pub(crate) fn same_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), ..) => site == "same-origin" || site == "none",
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (None, Some(_), None) => false,
        // No browser of the last years sends neither; the token still has to be right.
        (None, None, _) => true,
    }
}

/// The address of the browser.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical())
}

/// A changing request must come from our own pages and carry the session's token, in a header or in its form.
async fn own_request(request: Request, csrf: &str) -> Result<Request, Fault> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(request);
    }
    if !same_site(request.headers()) {
        return Err(Fault::Forbidden("This request came from another site"));
    }
    if let Some(token) = request.headers().get("x-csrf-token") {
        return if equal(token.as_bytes(), csrf.as_bytes()) {
            Ok(request)
        } else {
            Err(Fault::Forbidden(STALE))
        };
    }
    let is_form = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if !is_form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(Fault::Forbidden("Send the session's token in X-CSRF-Token"));
    }
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path() == TAKES_TEXTS { LARGE_BODY } else { BODY };
    let bytes = axum::body::to_bytes(body, most)
        .await
        .map_err(|_| Fault::Malformed("the form is too large".into()))?;
    let form = Pairs::parse(&String::from_utf8_lossy(&bytes));
    if equal(form.get("csrf").as_bytes(), csrf.as_bytes()) {
        Ok(Request::from_parts(parts, Body::from(bytes)))
    } else {
        Err(Fault::Forbidden(STALE))
    }
}

fn ask_to_sign_in(request: &Request, api: bool) -> Response {
    let path = request.uri().path();
    if api {
        return Fault::SignIn.problem();
    }
    if path == "/live" {
        return Fault::SignIn.into_response();
    }
    if request.headers().contains_key("hx-request") {
        let mut answer = Fault::SignIn.into_response();
        answer.headers_mut().insert("hx-redirect", header::HeaderValue::from_static("/login"));
        return answer;
    }
    let wanted = request.uri().path_and_query().map_or("/", |p| p.as_str());
    if *request.method() != Method::GET || path == "/" || path == "/admin" {
        return Redirect::to("/login").into_response();
    }
    Redirect::to(&format!("/login?next={}", text::encode(wanted))).into_response()
}

/// The token that changing requests of a session carry: it follows from the session's own, which no page contains, and from
/// the company, so that a page of one that is still open changes nothing of another.
fn csrf(token: &str, customer: Option<TenantId>) -> String {
    let whose = customer.map_or_else(String::new, |customer| format!(" for {customer}"));
    Sha256::digest(format!("dialtone csrf {token}{whose}")).iter().map(|b| format!("{b:02x}")).collect()
}

/// Compares without telling by its time where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

const STALE: &str = "This page is from another sign-in. Load it again and repeat";
/// A session lasts so long after its last use.
pub(crate) const SESSION_MS: i64 = 12 * 3_600_000;
const TOUCH_MS: i64 = 60_000;
/// As large as any request may be.
const BODY: usize = 4 * 1024 * 1024;
/// The page that takes a whole configuration.
const TAKES_TEXTS: &str = "/admin/transfer";
/// As a text of the whole configuration may be: 10,000 users with phones are 3 MB, and a form writes most signs threefold.
pub(crate) const LARGE_BODY: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().expect("name"), v.parse().expect("value"))).collect()
    }

    #[test]
    fn another_site_is_told_by_the_browsers_own_word() {
        assert!(same_site(&headers(&[("sec-fetch-site", "same-origin"), ("origin", "http://evil")])));
        assert!(!same_site(&headers(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://pbx"),
            ("host", "pbx")
        ])));
        assert!(!same_site(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(same_site(&headers(&[("origin", "http://pbx:8080"), ("host", "pbx:8080")])));
        assert!(!same_site(&headers(&[("origin", "http://evil"), ("host", "pbx:8080")])));
        assert!(!same_site(&headers(&[("origin", "null"), ("host", "pbx:8080")])));
        assert!(same_site(&headers(&[])));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let headers = headers(&[("cookie", "theme=dark; dialtone_session=abc; flash=x%20y")]);
        assert_eq!(cookie(&headers, "dialtone_session").as_deref(), Some("abc"));
        assert_eq!(cookie(&headers, "session"), None);
    }

    #[test]
    fn tokens_are_equal_only_when_they_are() {
        assert!(equal(b"abc", b"abc") && !equal(b"abc", b"abd") && !equal(b"", b"a"));
        let tokens = [
            csrf("one", None),
            csrf("two", None),
            csrf("one", Some(TenantId(2))),
            csrf("one", Some(TenantId(3))),
        ];
        let different: std::collections::BTreeSet<_> = tokens.iter().collect();
        assert_eq!(different.len(), tokens.len());
    }
}
