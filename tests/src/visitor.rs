//! Somebody with a browser, without the browser: cookies, forms, pages.

use std::collections::BTreeMap;

use ureq::{
    Agent,
    http::Response,
};

use crate::server::Server;

/// One visitor with their cookies.
#[derive(Debug, Clone)]
pub struct Visitor {
    agent: Agent,
    base: String,
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
        Self { agent: config.into(), base: base.trim_end_matches('/').into() }
    }
    /// The first administrator: takes the setup link, or signs in if it was taken before.
    pub fn administrator(server: &Server) -> Self {
        let visitor = Self::new(server.http());
        let path = server.setup_link().split_once("/setup/").map(|(_, t)| format!("/setup/{t}")).unwrap();
        let mut form = visitor.form(&path);
        if form.is_empty() {
            form = visitor.form("/sign-in");
            form.insert("login".into(), LOGIN.into());
            form.insert("password".into(), PASSWORD.into());
            visitor.post("/sign-in", &form);
        } else {
            for (name, value) in &mut form {
                match name.as_str() {
                    "login" | "email" => *value = LOGIN.into(),
                    n if n.contains("password") => *value = PASSWORD.into(),
                    _ => {}
                }
            }
            let page = visitor.post(&path, &form);
            assert!(page.status < 400, "setup: {page:?}");
        }
        visitor
    }
    pub fn get(&self, path: &str) -> Page {
        read(self.agent.get(format!("{}{path}", self.base)).call())
    }
    /// Posts a form as a browser of the same origin does.
    pub fn post(&self, path: &str, form: &BTreeMap<String, String>) -> Page {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Origin", &self.base);
        read(request.header("Sec-Fetch-Site", "same-origin").send_form(form.iter()))
    }
    /// The named values of the main form of a page, as a browser would send them unchanged.
    pub fn form(&self, path: &str) -> BTreeMap<String, String> {
        fields(&self.get(path).body)
    }
    /// Opens a form, changes some of its fields, saves it.
    pub fn save(&self, path: &str, changes: &[(&str, &str)]) -> Page {
        let mut form = self.form(path);
        assert!(!form.is_empty(), "no form at {path}: {:?}", self.get(path));
        for (name, value) in changes {
            form.insert((*name).into(), (*value).into());
        }
        self.post(path, &form)
    }
}

/// What the tests choose at the setup link.
pub const LOGIN: &str = "admin@example.com";
/// What the tests choose at the setup link.
pub const PASSWORD: &str = "correct horse battery staple";

fn read(answer: Result<Response<ureq::Body>, ureq::Error>) -> Page {
    let Ok(mut response) = answer else { return Page { status: 0, location: String::new(), body: String::new() } };
    let location = response.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let status = response.status().as_u16();
    Page { status, location, body: response.body_mut().read_to_string().unwrap_or_default() }
}

/// Inputs, selects and text areas with their present values.
fn fields(html: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
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
                    found.insert(name, attribute(inside, "value").unwrap_or_default());
                }
            }
            ("textarea", Some(name)) => {
                found.insert(name, unescape(after.split("</textarea").next().unwrap_or("").trim_start_matches('\n')));
            }
            ("select", Some(name)) => select = Some(name),
            ("/select", _) => select = None,
            ("option", _) => {
                let chosen = inside.split_whitespace().any(|w| w == "selected" || w.starts_with("selected="));
                if let Some(name) = select.as_ref().filter(|n| chosen || !found.contains_key(*n)) {
                    found.insert(name.clone(), attribute(inside, "value").unwrap_or_default());
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
    for (escaped, plain) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#38;", "&"), ("&amp;", "&")] {
        out = out.replace(escaped, plain);
    }
    out
}
