//! The tables: one file each with the typed row, its reader and its [`Resource`].
//!
//! A column is added in its file and in a migration, nowhere else. How a device rings is part of the device, and how a
//! user forwards is part of the user: there is exactly one of each, it is edited where it is looked for, and no row can be
//! missing. (A forward by night or with an end date is two more columns.)

pub mod api_keys;
pub mod devices;
pub mod extensions;
pub mod node_settings;
pub mod ring_groups;
pub mod roles;
pub mod settings;
pub mod tenants;
pub mod users;

use crate::Resource;

/// All tables, in the order of the menu.
pub static ALL: [&Resource; 9] = [
    &users::USERS,
    &extensions::EXTENSIONS,
    &devices::DEVICES,
    &ring_groups::RING_GROUPS,
    &roles::ROLES,
    &settings::SETTINGS,
    &api_keys::API_KEYS,
    &tenants::TENANTS,
    &node_settings::NODE_SETTINGS,
];

/// A table by its name.
pub fn by_name(name: &str) -> Option<&'static Resource> {
    ALL.into_iter().find(|resource| resource.name == name)
}

#[cfg(test)]
mod tests;
