//! The tables: one file each with the typed row, its reader and its [`Resource`].
//!
//! A column is added in its file and in a migration, nowhere else. How a device rings is part of the device, and how a
//! user forwards is part of the user: there is exactly one of each, it is edited where it is looked for, and no row can be
//! missing.

pub mod access;
pub mod announcements;
pub mod answering_rules;
pub mod api_keys;
pub mod blocked_callers;
pub mod call_limits;
pub mod codes;
pub mod contacts;
pub mod customer_groups;
pub mod departments;
pub mod device_buttons;
pub mod devices;
pub mod encryption;
pub mod extensions;
pub mod feature_codes;
pub mod geolocations;
pub mod inbound_routes;
pub mod ldap_settings;
pub mod licences;
pub mod links;
pub mod node_settings;
pub mod numbers;
pub mod outbound_routes;
pub mod park_lots;
pub mod ring_delays;
pub mod ring_groups;
pub mod roles;
pub mod settings;
pub mod sites;
pub mod tenants;
pub mod time_frames;
pub mod trunks;
pub mod users;

use crate::{Field, Kind, Problem, Resource, WhenGone, resource::Values};

/// All tables, in the order of the menu. NAV-07.
pub static ALL: [&Resource; 30] = [
    &users::USERS,
    &sites::SITES,
    &departments::DEPARTMENTS,
    &ring_groups::RING_GROUPS,
    &ring_delays::RING_DELAYS,
    &devices::DEVICES,
    &device_buttons::DEVICE_BUTTONS,
    &extensions::EXTENSIONS,
    &feature_codes::FEATURE_CODES,
    &numbers::NUMBERS,
    &inbound_routes::INBOUND_ROUTES,
    &trunks::TRUNKS,
    &geolocations::GEOLOCATIONS,
    &outbound_routes::OUTBOUND_ROUTES,
    &call_limits::CALL_LIMITS,
    &time_frames::TIME_FRAMES,
    &answering_rules::ANSWERING_RULES,
    &park_lots::PARK_LOTS,
    &contacts::CONTACTS,
    &blocked_callers::BLOCKED_CALLERS,
    &licences::LICENCES,
    &roles::ROLES,
    &settings::SETTINGS,
    &ldap_settings::LDAP_SETTINGS,
    &links::LINKS,
    &announcements::ANNOUNCEMENTS,
    &api_keys::API_KEYS,
    &tenants::TENANTS,
    &customer_groups::CUSTOMER_GROUPS,
    &node_settings::NODE_SETTINGS,
];

/// Tables that calls read and no administrator sees: they are in no menu, list, log, history or text.
pub static UNLISTED: [&Resource; 2] = [&contacts::OWN, &ldap_settings::LDAP_NAMES];

/// A table by its name.
pub fn by_name(name: &str) -> Option<&'static Resource> {
    ALL.into_iter().find(|resource| resource.name == name)
}

/// Whether what points to a row of a table can move to another when the row is deleted.
pub fn can_be_left(of: &Resource) -> bool {
    let points = |field: &Field| {
        field.when_gone == WhenGone::Move && matches!(field.kind, Kind::Reference(name) if name == of.name)
    };
    ALL.into_iter().any(|table| table.fields.iter().any(points))
}

/// The default area of numbers that are dialled without one. PRF-02.
const fn area_code(help: &'static str) -> Field {
    Field::text("area_code", "Area code").max(8).help(help)
}

fn area_code_is_digits(values: &Values) -> Result<(), Problem> {
    if values.get("area_code").is_none_or(|code| code.bytes().all(|b| b.is_ascii_digit())) {
        Ok(())
    } else {
        Err(Problem::of("area_code", "Digits only."))
    }
}

/// Ids of a list, as SQLite joins them.
fn ids(joined: Option<&str>) -> impl Iterator<Item = i64> {
    joined.unwrap_or_default().split(',').filter_map(|id| id.parse().ok())
}

/// E-mail addresses that stand in one field with commas between.
fn addresses(text: &str) -> Vec<String> {
    text.split([',', ';', ' ']).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// What is wrong with one of them.
fn are_addresses(values: &Values, field: &'static str) -> Result<(), Problem> {
    let is_one = Field::email("email", "E-mail");
    let given = addresses(values.get(field).map_or("", String::as_str));
    let wrong = given.iter().find(|one| is_one.normalise(one).is_err());
    wrong.map_or(Ok(()), |one| {
        Err(Problem::of(field, format!("{one} is no e-mail address such as anna@example.com.")))
    })
}

/// To whom something of the company is shown.
const AUDIENCES: &[(&str, &str)] = &[("everybody", "Everybody"), ("administrators", "Administrators")];

#[cfg(test)]
mod organization_tests;
#[cfg(test)]
mod tests;
