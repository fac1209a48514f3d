//! The configuration of one revision, typed, immutable, indexed; what calls read.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use crate::{DeviceId, ExtensionId, RingGroupId, TenantId, UserId};

pub use crate::{
    destination::{Cause, Destination},
    resources::{
        devices::{Device, Ha1, Ring},
        extensions::{Extension, Target},
        node_settings::NodeSettings,
        ring_groups::RingGroup,
        tenants::Tenant,
        users::{Forwards, User},
    },
};
pub use rows::{Rows, Table};

mod rows;

/// All configuration of one revision. Share as `Arc`; a call keeps the one it began with.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    /// Grows with each change.
    pub revision: i64,
    rows: Rows,
    domains: Arc<HashMap<Box<str>, TenantId>>,
    numbers: Arc<ByText<ExtensionId>>,
    usernames: Arc<ByText<DeviceId>>,
    /// `None` if several tenants have it.
    unique_usernames: Arc<HashMap<Box<str>, Option<DeviceId>>>,
    devices_of: Arc<HashMap<UserId, Arc<[Arc<Device>]>>>,
}

/// Tenant → text → id.
type ByText<Id> = HashMap<TenantId, HashMap<Box<str>, Id>>;

impl Snapshot {
    /// The snapshot of these rows. A row that points to one that is not there is left out.
    pub fn of(revision: i64, mut rows: Rows) -> Self {
        rows.leave_out_dangling();
        let mut snapshot = Self { revision, rows, ..Self::default() };
        snapshot.index_tenants();
        snapshot.index_extensions();
        snapshot.index_devices();
        snapshot
    }

    /// The next snapshot: indexes are made anew only for tables that are not the same as before.
    pub(crate) fn next(&self, revision: i64, rows: Rows) -> Self {
        let mut next = Self { revision, rows, ..self.clone() };
        if !Arc::ptr_eq(&next.rows.tenants, &self.rows.tenants) {
            next.index_tenants();
        }
        if !Arc::ptr_eq(&next.rows.extensions, &self.rows.extensions) {
            next.index_extensions();
        }
        if !Arc::ptr_eq(&next.rows.devices, &self.rows.devices) {
            next.index_devices();
        }
        next
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
        match self.domains.get(&*lower) {
            Some(id) => self.tenant(*id),
            None => self.rows.tenants.values().min_by_key(|tenant| tenant.id),
        }
    }
    /// The tenant whose SIP domain that is, and no other.
    pub fn tenant_by_domain(&self, domain: &str) -> Option<&Arc<Tenant>> {
        self.tenant(*self.domains.get(&*domain.to_ascii_lowercase())?)
    }
    /// A tenant.
    pub fn tenant(&self, id: TenantId) -> Option<&Arc<Tenant>> {
        self.rows.tenants.get(&id.0)
    }
    /// The device with that digest user name.
    pub fn device_by_username(&self, tenant: TenantId, username: &str) -> Option<&Arc<Device>> {
        self.rows.devices.get(&self.usernames.get(&tenant)?.get(username)?.0)
    }
    /// The device with that user name in whichever tenant, if only one has it. SIP-03.
    pub fn device_by_unique_username(&self, username: &str) -> Option<&Arc<Device>> {
        self.rows.devices.get(&(*self.unique_usernames.get(username)?)?.0)
    }
    /// A device.
    pub fn device(&self, tenant: TenantId, id: DeviceId) -> Option<&Arc<Device>> {
        self.rows.devices.get(&id.0).filter(|device| device.tenant == tenant)
    }
    /// A user's devices in the order they were added.
    pub fn devices_of(&self, tenant: TenantId, user: UserId) -> &[Arc<Device>] {
        match self.devices_of.get(&user) {
            Some(devices) if devices.iter().all(|device| device.tenant == tenant) => devices,
            _ => &[],
        }
    }
    /// What an internal number is.
    pub fn extension(&self, tenant: TenantId, number: &str) -> Option<&Arc<Extension>> {
        self.rows.extensions.get(&self.numbers.get(&tenant)?.get(number)?.0)
    }
    /// A user.
    pub fn user(&self, tenant: TenantId, id: UserId) -> Option<&Arc<User>> {
        self.rows.users.get(&id.0).filter(|user| user.tenant == tenant)
    }
    /// A ring group.
    pub fn ring_group(&self, tenant: TenantId, id: RingGroupId) -> Option<&Arc<RingGroup>> {
        self.rows.ring_groups.get(&id.0).filter(|group| group.tenant == tenant)
    }

    fn index_tenants(&mut self) {
        let domain = |tenant: &Arc<Tenant>| (tenant.domain.as_str().into(), tenant.id);
        self.domains = Arc::new(self.rows.tenants.values().map(domain).collect());
    }

    fn index_extensions(&mut self) {
        let mut numbers = ByText::new();
        for extension in self.rows.extensions.values() {
            numbers
                .entry(extension.tenant)
                .or_default()
                .insert(extension.number.as_str().into(), extension.id);
        }
        self.numbers = Arc::new(numbers);
    }

    fn index_devices(&mut self) {
        let mut usernames = ByText::new();
        let mut unique = HashMap::<Box<str>, _>::with_capacity(self.rows.devices.len());
        let mut of = HashMap::<UserId, Vec<Arc<Device>>>::with_capacity(self.rows.users.len());
        for device in self.rows.devices.values() {
            usernames.entry(device.tenant).or_default().insert(device.username.as_str().into(), device.id);
            unique
                .entry(device.username.as_str().into())
                .and_modify(|id| *id = None)
                .or_insert(Some(device.id));
            if let Some(user) = device.user {
                of.entry(user).or_default().push(device.clone());
            }
        }
        let in_order = |(user, mut devices): (UserId, Vec<Arc<Device>>)| {
            devices.sort_by_key(|device| device.id);
            (user, devices.into())
        };
        self.usernames = Arc::new(usernames);
        self.unique_usernames = Arc::new(unique);
        self.devices_of = Arc::new(of.into_iter().map(in_order).collect());
    }
}
