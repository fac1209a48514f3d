//! What every page shows around its own content, and how moments, names and durations look.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, Utc};

use crate::{
    app::App,
    auth::Who,
    error::Fault,
    live::Alarm,
    menu::{self, Group, Item},
};

/// The frame of a signed-in page: title, navigation, banners.
#[derive(Debug)]
pub(crate) struct Page {
    pub title: String,
    pub theme: String,
    pub csrf: String,
    pub tenant: String,
    pub me: String,
    pub menu: Vec<Group>,
    pub dock: Vec<Item>,
    pub crumbs: Vec<Crumb>,
    pub alarms: Vec<Alarm>,
    pub toast: String,
    /// The live parts this page listens to, see `events`.
    pub parts: String,
    /// The server's clock in Unix milliseconds, for clocks that the page counts itself.
    pub now: i64,
}

/// A step on the way to the page; the page itself has no link.
#[derive(Debug)]
pub(crate) struct Crumb {
    pub label: String,
    pub href: String,
}

impl Page {
    /// The frame of a page at `path`; the last crumb is the title.
    pub fn new(app: &App, who: &Who, path: &str, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            theme: who.theme.clone(),
            csrf: who.csrf.clone(),
            tenant: who.tenant_name.clone(),
            me: who.name.clone(),
            menu: menu::of(who, path),
            dock: menu::dock(path),
            crumbs: vec![Crumb { label: title.to_owned(), href: String::new() }],
            alarms: app.live.alarms(),
            toast: who.flash.clone(),
            parts: "alarms".to_owned(),
            now: Utc::now().timestamp_millis(),
        }
    }

    /// Puts a step before the page's own crumb.
    pub fn below(mut self, label: &str, href: &str) -> Self {
        let at = self.crumbs.len() - 1;
        self.crumbs.insert(at, Crumb { label: label.to_owned(), href: href.to_owned() });
        self
    }

    /// Puts the heading of the navigation before the page's own crumb.
    pub fn below_menu(self, title: &str) -> Self {
        self.below(title, "")
    }

    /// Adds live parts, if there are any.
    pub fn listening(mut self, parts: &str) -> Self {
        if parts.is_empty() {
            return self;
        }
        self.parts = format!("{},{parts}", self.parts);
        self
    }
}

/// The alarms banner and the line below the navigation, for the live stream.
pub(crate) fn alarm_parts(app: &App) -> Result<Vec<(String, String)>, Fault> {
    use askama::Template;
    let alarms = app.live.alarms();
    let banner = AlarmsPart { page: Shown { alarms: alarms.clone() } }.render()?;
    let health = HealthPart { page: Shown { alarms } }.render()?;
    Ok(vec![("alarms".to_owned(), banner), ("health".to_owned(), health)])
}

#[derive(askama::Template)]
#[template(path = "parts/alarms.html")]
struct AlarmsPart {
    page: Shown,
}

#[derive(askama::Template)]
#[template(path = "parts/health.html")]
struct HealthPart {
    page: Shown,
}

/// As much of a [`Page`] as these parts show.
struct Shown {
    alarms: Vec<Alarm>,
}

/// The text of a template as a page; takes the shown toast out of the browser.
pub(crate) fn html(template: &impl askama::Template) -> Result<Response, Fault> {
    let mut answer = Html(template.render()?).into_response();
    answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    Ok(answer)
}

/// A redirect that shows `toast` on the next page.
pub(crate) fn see_other(to: &str, toast: &str) -> Response {
    let mut answer = axum::response::Redirect::to(to).into_response();
    if !toast.is_empty() {
        let cookie = format!("flash={}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax", encode(toast));
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    answer
}

/// Whether htmx asked for the element with this id only.
pub(crate) fn asks_for(headers: &HeaderMap, id: &str) -> bool {
    headers.get("hx-request").is_some()
        && headers.get("hx-target").and_then(|v| v.to_str().ok()).is_some_and(|target| {
            target.rsplit_once('#').is_some_and(|(_, target)| target == id)
        })
}

/// A moment and how it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    moment: DateTime<Utc>,
    /// `time` for the time of day only, `full` with the day when it is not today.
    pub form: &'static str,
}

impl At {
    /// Unix milliseconds.
    pub fn full(ms: impl std::borrow::Borrow<i64>) -> Self {
        Self { moment: DateTime::from_timestamp_millis(*ms.borrow()).unwrap_or_default(), form: "full" }
    }
    /// For the `datetime` attribute.
    pub fn iso(&self) -> String {
        self.moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
    /// For people without script.
    pub fn plain(&self) -> String {
        self.moment.format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }
}

/// `2:05`, `1:02:05` from milliseconds.
pub(crate) fn clock(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    if s >= 3600 { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) } else { format!("{}:{:02}", s / 60, s % 60) }
}

/// `24.310`, `2:38.536` from milliseconds since the call began.
pub(crate) fn offset(ms: i64) -> String {
    let (s, rest) = (ms.max(0) / 1000, ms.max(0) % 1000);
    if s >= 60 { format!("{}:{:02}.{rest:03}", s / 60, s % 60) } else { format!("{s}.{rest:03}") }
}

/// Up to two letters that stand for a person.
pub(crate) fn initials(name: impl AsRef<str>) -> String {
    let mut words = name.as_ref().split(|c: char| c.is_whitespace() || c == '.' || c == '@').filter_map(|w| w.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next()).flat_map(char::to_uppercase).collect()
}

/// A steady colour for a name, in degrees.
pub(crate) fn hue(name: impl AsRef<str>) -> u32 {
    name.as_ref().bytes().fold(7_u32, |h, b| h.wrapping_mul(31).wrapping_add(u32::from(b))) % 360
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
        out
    })
}

/// Undoes [`encode`]; what is not valid becomes the replacement character.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|two| std::str::from_utf8(two).ok());
        match pair.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_decoding_are_each_others_inverse() {
        for text in ["", "a b", "ä/&?=%+#\"'<>", "100 %", "日本"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("a+b%2"), "a b%2");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!((clock(0), clock(125_000), clock(3_725_000)), ("0:00".into(), "2:05".into(), "1:02:05".into()));
        assert_eq!((offset(24_310), offset(158_536)), ("24.310".into(), "2:38.536".into()));
    }

    #[test]
    fn initials_take_two_words() {
        assert_eq!(initials("dana osei smith"), "DO");
        assert_eq!(initials("anna@example.com"), "AE");
        assert_eq!(initials(""), "");
    }
}
