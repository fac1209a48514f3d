//! Somebody with a browser, without the browser: cookies, forms, pages.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use ureq::{Agent, http::Response};

use crate::server::Server;

/// Names and values in the order of the page; a list field repeats its name.
pub type Form = Vec<(String, String)>;

/// One visitor with their cookies.
#[derive(Debug, Clone)]
pub struct Visitor {
    agent: Agent,
    base: String,
    /// `name=value`, the newest of each name.
    cookies: Arc<Mutex<Vec<String>>>,
    token: Arc<Mutex<String>>,
}

/// An answer of the portal.
#[derive(Debug, Clone)]
pub struct Page {
    /// 0 if there was none.
    pub status: u16,
    /// `Location`, if any.
    pub location: String,
    pub body: String,
}

impl Visitor {
    /// A stranger.
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Self {
            agent: config.into(),
            base: base.trim_end_matches('/').into(),
            cookies: Arc::default(),
            token: Arc::default(),
        }
    }
    /// The first administrator: takes the setup link, or signs in if it was taken before.
    pub fn administrator(server: &Server) -> Self {
        let visitor = Self::new(server.http());
        let path =
            server.setup_link().split_once("/setup/").map(|(_, token)| format!("/setup/{token}")).unwrap();
        let mut form = visitor.form(&path);
        if form.iter().any(|(name, _)| name == "confirm") {
            set(&mut form, "password", PASSWORD);
            set(&mut form, "confirm", PASSWORD);
            let page = visitor.post(&path, &form);
            assert!(page.status < 400, "setup: {page:?}");
        }
        if visitor.get("/admin").status != 200 {
            let mut form = visitor.form("/login");
            set(
                &mut form,
                "login",
                &server.sql("SELECT login FROM users WHERE login <> '' ORDER BY id LIMIT 1"),
            );
            set(&mut form, "password", PASSWORD);
            visitor.post("/login", &form);
        }
        assert_eq!(visitor.get("/admin").status, 200, "signed in");
        visitor
    }
    pub fn get(&self, path: &str) -> Page {
        self.read(self.agent.get(format!("{}{path}", self.base)).header("Cookie", self.cookie()).call())
    }
    /// Posts a form as a browser of the same origin does.
    pub fn post(&self, path: &str, form: &Form) -> Page {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Origin", &self.base)
            .header("Cookie", self.cookie());
        let pairs = form.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        self.read(request.header("Sec-Fetch-Site", "same-origin").send_form(pairs))
    }
    /// Changes a row over REST; the answer's JSON in its body.
    pub fn patch(&self, path: &str, json: &Value) -> Page {
        let request = self.agent.patch(format!("{}{path}", self.base));
        self.read(self.over_rest(request).send(json.to_string()))
    }
    /// Adds a row over REST.
    pub fn add(&self, path: &str, json: &Value) -> Page {
        let request = self.agent.post(format!("{}{path}", self.base));
        self.read(self.over_rest(request).send(json.to_string()))
    }
    /// The named values of a page's forms, as a browser would send them unchanged.
    pub fn form(&self, path: &str) -> Form {
        fields(&self.get(path).body)
    }
    /// The same as [`Visitor::save`] for a server that may be killed at any moment.
    pub fn save_if_there(&self, path: &str, changes: &[(&str, &str)]) {
        let mut form = self.form(path);
        if !form.is_empty() {
            changes.iter().for_each(|(name, value)| set(&mut form, name, value));
            self.post(path, &form);
        }
    }
    /// Opens the form of a row, changes some of its fields, saves it.
    pub fn save(&self, path: &str, changes: &[(&str, &str)]) -> Page {
        let mut form = self.form(path);
        assert!(form.iter().any(|(n, _)| n == "csrf"), "no form at {path}: {:?}", self.get(path));
        for (name, value) in changes {
            set(&mut form, name, value);
        }
        self.post(path.trim_end_matches("/new"), &form)
    }
}

impl Visitor {
    /// What a script of our own pages sends along with a change.
    fn over_rest<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header("Origin", &self.base).header("Cookie", self.cookie());
        request.header("X-CSRF-Token", self.token()).header("Content-Type", "application/json")
    }
    /// The session's token; asked for once, so that a change is one request.
    fn token(&self) -> String {
        let mut token = self.token.lock().unwrap();
        if token.is_empty() {
            let form = self.form("/");
            *token = form.into_iter().find(|(n, _)| n == "csrf").map(|(_, v)| v).unwrap_or_default();
        }
        token.clone()
    }
    fn cookie(&self) -> String {
        self.cookies.lock().unwrap().join("; ")
    }
    fn read(&self, answer: Result<Response<ureq::Body>, ureq::Error>) -> Page {
        let Ok(mut response) = answer else {
            return Page { status: 0, location: String::new(), body: String::new() };
        };
        let text = |v: &ureq::http::HeaderValue| v.to_str().unwrap_or("").to_owned();
        for set in response.headers().get_all("set-cookie").iter().map(text) {
            let pair = set.split(';').next().unwrap_or("").to_owned();
            let name = format!("{}=", pair.split('=').next().unwrap_or(""));
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|c| !c.starts_with(&name));
            cookies.push(pair);
        }
        let location = response.headers().get("location").map(text).unwrap_or_default();
        let status = response.status().as_u16();
        Page { status, location, body: response.body_mut().read_to_string().unwrap_or_default() }
    }
}

/// Gives a field one value.
pub fn set(form: &mut Form, name: &str, value: &str) {
    form.retain(|(n, _)| n != name);
    form.push((name.into(), value.into()));
}

/// What the tests choose at the setup link.
pub const PASSWORD: &str = "Coffee@Morning2024!";

/// Inputs, selects and text areas with their present values.
fn fields(html: &str) -> Form {
    let mut found = Form::new();
    let mut rest = html;
    let mut select: Option<String> = None;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at..];
        let Some(end) = tag.find('>') else { break };
        let (inside, after) = (&tag[1..end], &tag[end + 1..]);
        let kind = inside.split_whitespace().next().unwrap_or("");
        match (kind, attribute(inside, "name")) {
            ("input", Some(name)) => {
                let ticked = !matches!(attribute(inside, "type").as_deref(), Some("checkbox" | "radio"))
                    || inside.split_whitespace().any(|w| w == "checked" || w.starts_with("checked="));
                if ticked {
                    found.push((name, attribute(inside, "value").unwrap_or_default()));
                }
            }
            ("textarea", Some(name)) => {
                let text = after.split("</textarea").next().unwrap_or("");
                found.push((name, unescape(text.trim_start_matches('\n'))));
            }
            ("select", Some(name)) => select = Some(name),
            ("/select", _) => select = None,
            ("option", _) => {
                let chosen = inside.split_whitespace().any(|w| w == "selected" || w.starts_with("selected="));
                let first = |name: &String| !found.iter().any(|(n, _)| n == name);
                if let Some(name) = select.clone().filter(|n| chosen || first(n)) {
                    set(&mut found, &name, &attribute(inside, "value").unwrap_or_default());
                }
            }
            _ => {}
        }
        rest = after;
    }
    found
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(unescape(tag[at..].split('"').next()?))
}

fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    for (escaped, plain) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        out = out.replace(escaped, plain);
    }
    out
}
