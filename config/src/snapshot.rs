//! The configuration of one revision, typed, immutable, indexed; what calls read.

use std::{borrow::Cow, sync::Arc};

use crate::{
    DeviceId, RingGroupId, TenantId, UserId,
    access::{Permission, Rights},
};

pub use crate::{
    destination::{Cause, Destination},
    number::Number,
    resources::{
        blocked_callers::BlockedCaller,
        contacts::{Contact, OwnContact},
        devices::{Device, Ha1, Ring},
        extensions::{Extension, Target},
        ldap_settings::DirectoryName,
        node_settings::NodeSettings,
        ring_groups::{RingGroup, Strategy},
        roles::Role,
        tenants::Tenant,
        users::{Forwards, User},
    },
};
pub use rows::{Rows, Table};
pub use shared_map::SharedMap;

use indexes::Indexes;

mod indexes;
mod names;
mod rows;
mod shared_map;

/// All configuration of one revision. Share as `Arc`; a call keeps the one it began with.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    /// Grows with each change.
    pub revision: i64,
    rows: Rows,
    indexes: Indexes,
    resync: Arc<[DeviceId]>,
}

impl Snapshot {
    /// The snapshot of these rows. A row that points to one that is not there is left out.
    pub fn of(revision: i64, mut rows: Rows) -> Self {
        rows.leave_out_dangling();
        Self::default().next(revision, rows)
    }

    /// The next snapshot: of the indexes only what differs between the rows is made anew.
    pub(crate) fn next(&self, revision: i64, rows: Rows) -> Self {
        let mut indexes = self.indexes.clone();
        indexes.update(&self.rows, &rows);
        Self { revision, rows, indexes, resync: Arc::default() }
    }

    /// The same, with the phones whose settings differ from those of the revision before.
    pub fn resyncing(mut self, phones: Vec<DeviceId>) -> Self {
        self.resync = phones.into();
        self
    }

    /// The phones whose settings, keys or phone books differ from those of the revision before: they are told to fetch
    /// them. SIP-36, DEV-14.
    pub fn resync(&self) -> &[DeviceId] {
        &self.resync
    }

    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Settings of the whole program.
    pub fn node(&self) -> &NodeSettings {
        &self.rows.node
    }
    /// All tenants.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.rows.tenants.values()
    }
    /// All users of all tenants.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.rows.users.values()
    }
    /// All devices of all tenants.
    pub fn devices(&self) -> impl Iterator<Item = &Arc<Device>> {
        self.rows.devices.values()
    }
    /// The tenant of a SIP domain; for a host that is none (an address) the only or default tenant, which is the one
    /// that runs the program. `None` if there are no tenants.
    pub fn tenant_by_host(&self, host: &str) -> Option<&Arc<Tenant>> {
        let lower = if host.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
        match self.indexes.domains.get(&*lower) {
            Some(id) => self.tenant(*id),
            None => self.tenant(self.indexes.default_tenant?),
        }
    }
    /// The tenant whose SIP domain that is, and no other.
    pub fn tenant_by_domain(&self, domain: &str) -> Option<&Arc<Tenant>> {
        self.tenant(*self.indexes.domains.get(&*domain.to_ascii_lowercase())?)
    }
    /// A tenant.
    pub fn tenant(&self, id: TenantId) -> Option<&Arc<Tenant>> {
        self.rows.tenants.get(&id.0)
    }
    /// The device with that digest user name.
    pub fn device_by_username(&self, tenant: TenantId, username: &str) -> Option<&Arc<Device>> {
        self.rows.devices.get(&self.indexes.usernames.get(&tenant)?.get(username)?.0)
    }
    /// The device with that user name in whichever tenant, if only one has it. SIP-03.
    pub fn device_by_unique_username(&self, username: &str) -> Option<&Arc<Device>> {
        match self.indexes.namesakes.get(username)?.as_slice() {
            [only] => self.rows.devices.get(&only.0),
            _ => None,
        }
    }
    /// A device.
    pub fn device(&self, tenant: TenantId, id: DeviceId) -> Option<&Arc<Device>> {
        self.rows.devices.get(&id.0).filter(|device| device.tenant == tenant)
    }
    /// A device of whichever tenant.
    pub fn device_anywhere(&self, id: DeviceId) -> Option<&Arc<Device>> {
        self.rows.devices.get(&id.0)
    }
    /// A user's devices in the order they were added.
    pub fn devices_of(&self, tenant: TenantId, user: UserId) -> &[Arc<Device>] {
        match self.indexes.devices_of.get(&user) {
            Some(devices) if devices.iter().all(|device| device.tenant == tenant) => devices,
            _ => &[],
        }
    }
    /// What an internal number is.
    pub fn extension(&self, tenant: TenantId, number: &str) -> Option<&Arc<Extension>> {
        self.rows.extensions.get(&self.indexes.numbers.get(&tenant)?.get(number)?.0)
    }
    /// A user.
    pub fn user(&self, tenant: TenantId, id: UserId) -> Option<&Arc<User>> {
        self.rows.users.get(&id.0).filter(|user| user.tenant == tenant)
    }
    /// A user of whichever tenant.
    pub fn user_anywhere(&self, id: UserId) -> Option<&Arc<User>> {
        self.rows.users.get(&id.0)
    }
    /// A ring group of whichever tenant.
    pub fn ring_group_anywhere(&self, id: RingGroupId) -> Option<&Arc<RingGroup>> {
        self.rows.ring_groups.get(&id.0)
    }
    /// A user's role; `None` is an ordinary user.
    pub fn role_of(&self, user: &User) -> Option<&Arc<Role>> {
        self.rows.roles.get(&user.role?.0).filter(|role| role.tenant == user.tenant)
    }
    /// Whether a user's role allows that. ROL-09…21.
    pub fn allows(&self, user: &User, permission: Permission) -> bool {
        self.role_of(user).map_or_else(Rights::plain, |role| role.rights).has(permission)
    }
    /// Whether some group rings that user by how long they had no call, so that the ends of their calls are kept. GRP-09
    pub fn hunts_by_idle(&self, user: UserId) -> bool {
        self.indexes.hunted_by_idle.contains(&user)
    }
    /// What a user knows a number by: their own contacts, those of the company, its people, its customer directory. `None`
    /// if nobody does. The number may be written in any way. DIR-34.
    pub fn name_of_number(&self, tenant: TenantId, callee: Option<UserId>, number: &str) -> Option<String> {
        self.indexes.names.of(tenant, callee, &Number::of(number)?)
    }
    /// The contacts that a user keeps. The same ones as before, by pointer, as long as none of them changed.
    pub fn own_contacts(&self, user: UserId) -> &[Arc<OwnContact>] {
        self.indexes.names.own(user)
    }
    /// The contacts of a tenant that all share, in no order.
    pub fn contacts(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<Contact>> {
        self.rows.contacts.values().filter(move |contact| contact.tenant == tenant)
    }
    /// What has a caller refused: of a user, or of the whole company without one. CH-17.
    pub fn blocks(&self, tenant: TenantId, user: Option<UserId>, caller: &str) -> Option<&BlockedCaller> {
        let blocked = self.indexes.blocked.get(&(tenant, user))?;
        blocked.iter().map(|row| &**row).find(|row| row.matches(caller))
    }
    /// A ring group.
    pub fn ring_group(&self, tenant: TenantId, id: RingGroupId) -> Option<&Arc<RingGroup>> {
        self.rows.ring_groups.get(&id.0).filter(|group| group.tenant == tenant)
    }
}

#[cfg(test)]
mod tests;
