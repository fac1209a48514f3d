//! What every page shows around its own content.

use chrono::Utc;
use config::{history::Trial, records::outside::Alert};

use crate::{
    auth::Who,
    error::Fault,
    language::say,
    live::Alarm,
    menu::{self, Group, Item},
    reply,
    state::App,
};

/// The frame of a signed-in page: title, navigation, banners.
#[derive(Debug)]
pub(crate) struct Page {
    pub title: String,
    pub theme: String,
    pub csrf: String,
    pub tenant: String,
    /// Key of the company's logo; blank without one.
    pub logo: String,
    pub me: String,
    /// Of which part of the portal the page is.
    pub area: Area,
    /// It is a customer's, opened by who runs the program.
    pub visiting: bool,
    /// Whether they may change to the other.
    pub may_administer: bool,
    pub menu: Vec<Group>,
    pub dock: Vec<Item>,
    pub crumbs: Vec<Crumb>,
    pub alarms: Vec<Alarm>,
    pub toast: String,
    /// The revision that the toast offers to take back.
    pub undo: Option<i64>,
    /// The live parts this page listens to, see `events`.
    pub parts: String,
    /// Changes on trial, for the banner that counts down.
    pub trial: Option<Trial>,
    /// What administrators have not seen yet.
    pub alerts: Vec<Alert>,
    /// The server's clock in Unix milliseconds, for clocks that the page counts itself.
    pub now: i64,
}

/// The two parts of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Below `/admin`, from level 1 on.
    Admin,
    /// For everybody.
    Portal,
}

impl Area {
    /// Where it begins.
    pub fn home(self) -> &'static str {
        if self == Self::Admin { "/admin" } else { "/" }
    }
    /// What stands below the company's name.
    pub fn name(self) -> &'static str {
        if self == Self::Admin { "Admin" } else { "Portal" }
    }
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
        let (toast, undo) = reply::undo_of(&who.flash);
        let title = say(title);
        Self {
            crumbs: vec![Crumb { label: title.clone(), href: String::new() }],
            title,
            theme: who.theme.clone(),
            csrf: who.csrf.clone(),
            tenant: who.face.name.clone(),
            logo: who.face.logo.clone(),
            me: who.name.clone(),
            area: Area::Admin,
            visiting: who.visiting,
            may_administer: true,
            menu: menu::of(who, path),
            dock: menu::dock(path),
            alarms: app.live.alarms(),
            toast,
            undo,
            parts: if who.calling { "alarms,calling" } else { "alarms" }.to_owned(),
            trial: who.trial.clone(),
            alerts: who.alerts.clone(),
            now: Utc::now().timestamp_millis(),
        }
    }

    /// The frame of a page of the user portal at `path`.
    pub fn portal(who: &Who, path: &str, title: &str) -> Self {
        let (toast, undo) = reply::undo_of(&who.flash);
        let title = say(title);
        Self {
            crumbs: vec![Crumb { label: title.clone(), href: String::new() }],
            title,
            theme: who.theme.clone(),
            csrf: who.csrf.clone(),
            tenant: who.face.name.clone(),
            logo: who.face.logo.clone(),
            me: who.name.clone(),
            area: Area::Portal,
            visiting: who.visiting,
            may_administer: who.viewer.level > 0,
            menu: menu::portal(path),
            dock: menu::portal(path).into_iter().flat_map(|group| group.items).take(menu::DOCK).collect(),
            alarms: vec![],
            toast,
            undo: undo.filter(|_| who.viewer.level > 0),
            trial: None,
            alerts: vec![],
            parts: if who.calling { "calling" } else { "" }.to_owned(),
            now: Utc::now().timestamp_millis(),
        }
    }

    /// Puts a step before the page's own crumb.
    pub fn below(mut self, label: &str, href: &str) -> Self {
        let at = self.crumbs.len() - 1;
        self.crumbs.insert(at, Crumb { label: say(label), href: href.to_owned() });
        self
    }

    /// Puts the heading of the navigation before the page's own crumb.
    pub fn below_menu(self, title: &str) -> Self {
        self.below(title, "")
    }

    /// Adds live parts, if there are any.
    pub fn listening(mut self, parts: &str) -> Self {
        let both = [self.parts.as_str(), parts].into_iter().filter(|part| !part.is_empty());
        self.parts = both.collect::<Vec<_>>().join(",");
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
