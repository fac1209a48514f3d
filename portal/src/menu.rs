//! The navigation: pages of their own, and one entry per declared table in the group it names.

use config::{
    Resource,
    access::{OPERATOR, Permission},
    resources::{
        customer_groups::CUSTOMER_GROUPS, devices::DEVICES, feature_codes::FEATURE_CODES,
        inbound_routes::INBOUND_ROUTES, settings::SETTINGS,
    },
};

use crate::{assets::icon, auth::Who};

/// Entries under one heading.
#[derive(Debug)]
pub(crate) struct Group {
    pub title: &'static str,
    pub items: Vec<Item>,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Item {
    pub label: &'static str,
    pub href: String,
    pub icon: &'static str,
    pub current: bool,
    /// Goes there after G.
    pub key: &'static str,
}

/// The navigation of somebody at `path`.
pub(crate) fn of(who: &Who, path: &str) -> Vec<Group> {
    let tables = |menu: &str| -> Vec<Item> {
        let shown =
            |of: &&&'static Resource| of.name != CUSTOMER_GROUPS.name || who.viewer.tenant == OPERATOR;
        let theirs =
            config::resources::ALL.iter().filter(|of| of.menu == menu && who.may_see(of)).filter(shown);
        theirs.map(|of| table(of, path)).collect()
    };
    let mut groups = vec![Group {
        title: "",
        items: vec![item("Dashboard", "/admin", icon("layout-dashboard"), "d", path)],
    }];
    for title in TITLES {
        let mut items = tables(title);
        if title == "Reporting" {
            items.insert(0, item("Live calls", "/admin/calls/live", icon("activity"), "m", path));
            items.insert(1, item("Calls", "/admin/calls", icon("list-details"), "c", path));
            items.insert(2, item("Lamps", "/admin/lamps", icon("bulb"), "", path));
        }
        if title == "Configuration" && who.may_see(&INBOUND_ROUTES) {
            items.push(item("Call flow", "/admin/routing", icon("route"), "", path));
        }
        if title == "Configuration" && (who.may_see(&SETTINGS) || who.viewer.has(Permission::NightMode)) {
            items.push(item("Night mode", "/admin/night", icon("moon"), "", path));
        }
        if title == "Configuration" && who.may_write(&DEVICES) {
            items.push(item("Provisioning", "/admin/provisioning", icon("cloud-download"), "", path));
        }
        if title == "Configuration" && who.may_see(&FEATURE_CODES) {
            items.push(item("Feature code card", "/admin/feature-codes", icon("printer"), "", path));
        }
        if title == "Reporting" && who.viewer.level >= 2 {
            items.push(item("Call simulator", "/admin/simulator", icon("route"), "", path));
            items.push(item("Audit log", "/admin/audit", icon("history"), "a", path));
        }
        if title == "System" && who.viewer.level >= 2 {
            items.push(item("Company group", "/admin/company-group", icon("users-group"), "", path));
            items.push(item("Configuration history", "/admin/history", icon("versions"), "", path));
        }
        if title == "System" && who.runs_the_system() {
            items.push(item("Reseller", "/admin/reseller", icon("building"), "", path));
        }
        if title == "System" && who.viewer.level >= 3 {
            items.push(item("Import and export", "/admin/transfer", icon("transfer"), "", path));
        }
        if title == "System" && who.may_see_mail() {
            items.push(item("Mail", "/admin/mail", icon("mail"), "", path));
        }
        if !items.is_empty() {
            groups.push(Group { title, items });
        }
    }
    groups
}

/// The navigation of the user portal at `path`.
pub(crate) fn portal(path: &str) -> Vec<Group> {
    vec![Group {
        title: "",
        items: vec![
            item("Home", "/", icon("home"), "h", path),
            item("Contacts", "/contacts", icon("address-book"), "c", path),
            item("Call history", "/call-history", icon("history"), "y", path),
            item("Parked calls", "/parked", icon("parking"), "", path),
            item("Answering rules", "/rules", icon("arrows-split"), "r", path),
            item("Time frames", "/timeframes", icon("calendar-week"), "t", path),
            item("Settings", "/settings", icon("settings"), "", path),
            item("Phones", "/phones", icon("device-landline-phone"), "p", path),
            item("Help", "/help", icon("help"), "", path),
            item("Profile", "/profile", icon("user"), "", path),
            item("Security", "/security", icon("lock"), "s", path),
        ],
    }]
}

/// The places at the bottom of a small screen.
pub(crate) fn dock(path: &str) -> Vec<Item> {
    let mut places = vec![
        item("Dashboard", "/admin", icon("layout-dashboard"), "", path),
        item("Live", "/admin/calls/live", icon("activity"), "", path),
        item("Calls", "/admin/calls", icon("list-details"), "", path),
    ];
    places.extend(
        config::resources::ALL.iter().filter(|of| !of.single && of.tenant).take(2).map(|of| table(of, path)),
    );
    places
}

fn table(of: &'static Resource, path: &str) -> Item {
    let href = format!("/admin/{}", of.name);
    let current = path == href || path.starts_with(&format!("{href}/"));
    let key = if of.tenant && !of.single {
        of.name.get(..1).filter(|k| !"dmc".contains(k)).unwrap_or("")
    } else {
        ""
    };
    Item { label: of.many, href, icon: of.icon, current, key }
}

fn item(label: &'static str, href: &str, icon: &'static str, key: &'static str, path: &str) -> Item {
    let calls = path.starts_with("/admin/calls/") && path != "/admin/calls/live" && href == "/admin/calls";
    let own = ["/call-history", "/phones", "/help", "/rules", "/timeframes"].contains(&href)
        && path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
    let below = calls || own;
    Item { label, href: href.to_owned(), icon, current: path == href || below, key }
}

/// Places at the bottom of a small screen; the others are in the menu.
pub(crate) const DOCK: usize = 5;
/// NAV-07; what is not in the sidebar of a company is in the last group.
const TITLES: [&str; 4] = ["Organization", "Configuration", "Reporting", "System"];
