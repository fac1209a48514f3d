//! Who sees and changes which rows: the one place that decides it, for pages, REST, CSV and calls. ROL-01…21.
//!
//! A user has a role; the role has a level (0–3), a scope and permissions. Rows of a tenant are its own; tenants and the
//! settings of the program belong to the tenant that runs it. [`may`] says whether somebody does something with a table at
//! all, [`scope`] with which of its rows, `levels` with which people.

pub(crate) mod levels;
mod rights;
mod scope;

pub use rights::{Permission, Rights, Verb, permission_choices};
pub(crate) use scope::{DEPARTMENTS, SITES, place_of_new, pointer};
pub use scope::{Scope, scope};

use super::{contacts::CONTACTS, customer_groups::CUSTOMER_GROUPS, licences::LICENCES};
use crate::{Resource, TenantId, UserId};

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The tenant whose rows are visible.
    pub tenant: TenantId,
    /// Which user of it; 0 is the program itself.
    pub user: UserId,
    /// 0–3, see ROL-01…06.
    pub level: u8,
    /// How far within the tenant.
    pub reach: Reach,
    /// The user's site, if there are sites and they have one.
    pub site: Option<i64>,
    /// The user's department, likewise.
    pub department: Option<i64>,
    /// What they may do there.
    pub rights: Rights,
}

/// How far somebody's role reaches within the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// The whole company.
    All,
    /// The user's own site. ROL-03.
    Site,
    /// The user's own department.
    Department,
    /// The user alone.
    #[default]
    Own,
}

/// Who changes something, for its permission and for the audit log.
#[derive(Debug, Clone)]
pub struct Author {
    /// Their rights, and whose rows.
    pub viewer: Viewer,
    /// `anna@example.com`, `setup`, `api:reports`.
    pub name: String,
    /// Address of the browser, if any.
    pub address: String,
    /// `portal`, `api`, `phone`, `cli`.
    pub via: &'static str,
}

impl Viewer {
    /// Whoever may do everything in a tenant: the program itself, and tests.
    pub const fn primary(tenant: TenantId) -> Self {
        Self {
            tenant,
            user: UserId(0),
            level: PRIMARY,
            reach: Reach::All,
            site: None,
            department: None,
            rights: Rights::ALL,
        }
    }

    /// Somebody who sees nothing.
    pub const fn nobody() -> Self {
        Self { level: 0, reach: Reach::Own, rights: Rights::NONE, ..Self::primary(TenantId(0)) }
    }

    /// Whether their role has that permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.rights.has(permission)
    }
}

impl Author {
    /// The program itself, with all rights in a tenant; `name` is what the audit log says.
    pub fn program(tenant: TenantId, name: &str, via: &'static str) -> Self {
        Self { viewer: Viewer::primary(tenant), name: name.to_owned(), address: String::new(), via }
    }
}

impl Reach {
    /// From a role's `scope`; what is unknown reaches nobody else.
    pub fn of(key: &str) -> Self {
        match key {
            "all" => Self::All,
            "site" => Self::Site,
            "department" => Self::Department,
            _ => Self::Own,
        }
    }
}

/// Whether somebody may do that with rows of the table that are in their [`scope`]. A table with one row has nothing to add
/// and remove. ROL-15.
pub fn may(viewer: &Viewer, verb: Verb, of: &Resource) -> bool {
    if of.single && matches!(verb, Verb::Create | Verb::Delete) {
        return false;
    }
    if of.tenant {
        // ROL-20: who may change what all see may do so as if each verb were given.
        let shares = of.name == CONTACTS.name && viewer.has(Permission::SharedContacts);
        let sold = of.name == LICENCES.name && matches!(verb, Verb::Create | Verb::Delete)
            || of.name == CUSTOMER_GROUPS.name && verb != Verb::View;
        let given = shares || viewer.rights.allows(verb, of);
        return viewer.level > 0 && given && (!sold || sells(viewer));
    }
    scope(viewer, of) == Scope::All
}

/// Whether somebody decides what a company has bought: whoever runs the program does, for all of them. LIC-04, LIC-13.
pub(crate) fn sells(viewer: &Viewer) -> bool {
    viewer.tenant == OPERATOR || viewer.user.0 == 0
}

/// The tenant that first start makes: whose primary administrators run the program.
pub const OPERATOR: TenantId = TenantId(1);
/// ROL-06.
pub const PRIMARY: u8 = 3;

#[cfg(test)]
mod tests;
