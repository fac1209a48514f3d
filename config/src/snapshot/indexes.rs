//! How calls find rows: by domain, number, user name, owner. Brought up to date by the rows that differ, so that an edit
//! costs what it touches.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use super::{Rows, SharedMap, names::Names};
use crate::{
    DeviceId, ExtensionId, RingGroupId, TenantId, UserId,
    resources::{
        answering_rules::AnsweringRule, blocked_callers::BlockedCaller, devices::Device,
        feature_codes::FeatureCode, ring_groups::Strategy,
    },
};

/// The indexes of one revision.
#[derive(Debug, Default, Clone)]
pub(super) struct Indexes {
    pub domains: Arc<HashMap<Box<str>, TenantId>>,
    /// Whose calls to a host that is no domain are.
    pub default_tenant: Option<TenantId>,
    pub numbers: ByText<ExtensionId>,
    pub usernames: ByText<DeviceId>,
    /// Over all tenants.
    pub namesakes: SharedMap<Arc<str>, Vec<DeviceId>>,
    /// In the order they were added.
    pub devices_of: SharedMap<UserId, Arc<[Arc<Device>]>>,
    /// Members of groups that ring the longest idle.
    pub hunted_by_idle: Arc<HashSet<UserId>>,
    pub names: Names,
    pub ring_delays: Arc<HashMap<(RingGroupId, UserId), Duration>>,
    /// By whom they are blocked; `None` is the whole company.
    pub blocked: SharedMap<Blocker, Arc<[Arc<BlockedCaller>]>>,
    /// In the order of their keys.
    pub codes: SharedMap<TenantId, Arc<[Arc<FeatureCode>]>>,
    /// In their order.
    pub rules_of: SharedMap<UserId, Arc<[Arc<AnsweringRule>]>>,
}

/// A user, or with `None` the whole company.
type Blocker = (TenantId, Option<UserId>);

/// Tenant → text → id.
type ByText<Id> = SharedMap<TenantId, SharedMap<Arc<str>, Id>>;

impl Indexes {
    /// From those of `old` to those of `new`.
    pub(super) fn update(&mut self, old: &Rows, new: &Rows) {
        if !new.tenants.is_same(&old.tenants) {
            let domain = |tenant: &Arc<crate::snapshot::Tenant>| (tenant.domain.as_str().into(), tenant.id);
            self.domains = Arc::new(new.tenants.values().map(domain).collect());
            self.default_tenant = new.tenants.values().map(|tenant| tenant.id).min();
        }
        if !new.ring_groups.is_same(&old.ring_groups) {
            let by_idle = new.ring_groups.values().filter(|group| group.strategy == Strategy::LongestIdle);
            self.hunted_by_idle = Arc::new(by_idle.flat_map(|group| group.members.iter().copied()).collect());
        }
        if !new.ring_delays.is_same(&old.ring_delays) {
            let delays = new.ring_delays.values().map(|row| ((row.group, row.user), row.delay));
            self.ring_delays = Arc::new(delays.collect());
        }
        self.update_numbers(old, new);
        self.update_usernames(old, new);
        self.update_devices_of(old, new);
        self.names.update(old, new);
        self.update_blocked(old, new);
        self.update_codes(old, new);
        self.update_rules_of(old, new);
    }

    fn update_numbers(&mut self, old: &Rows, new: &Rows) {
        let changes = new.extensions.differences(&old.extensions);
        // First all that go: two may have changed places.
        for (old, _) in &changes {
            if let Some(old) = old {
                self.numbers.or_default(old.tenant).remove(old.number.as_str());
            }
        }
        make_room(&mut self.numbers, changes.iter().filter_map(|(_, new)| Some(new.as_ref()?.tenant)));
        for (_, new) in changes {
            if let Some(new) = new {
                self.numbers.or_default(new.tenant).insert(new.number.as_str().into(), new.id);
            }
        }
    }

    fn update_usernames(&mut self, old: &Rows, new: &Rows) {
        fn name(device: Option<&Arc<Device>>) -> Option<(TenantId, &str)> {
            device.map(|device| (device.tenant, device.username.as_str()))
        }
        let mut changes = new.devices.differences(&old.devices);
        changes.retain(|(old, new)| name(*old) != name(*new));
        for (old, _) in &changes {
            let Some(old) = old else { continue };
            self.usernames.or_default(old.tenant).remove(old.username.as_str());
            let mut others = self.namesakes.remove(old.username.as_str()).unwrap_or_default();
            others.retain(|id| *id != old.id);
            if !others.is_empty() {
                self.namesakes.insert(old.username.as_str().into(), others);
            }
        }
        self.namesakes.reserve(changes.len());
        make_room(&mut self.usernames, changes.iter().filter_map(|(_, new)| Some(new.as_ref()?.tenant)));
        for (_, new) in changes {
            let Some(new) = new else { continue };
            let username: Arc<str> = new.username.as_str().into();
            self.namesakes.or_default(username.clone()).push(new.id);
            self.usernames.or_default(new.tenant).insert(username, new.id);
        }
    }

    fn update_devices_of(&mut self, old: &Rows, new: &Rows) {
        let mut added = HashMap::<UserId, Vec<Arc<Device>>>::new();
        for (old, new) in new.devices.differences(&old.devices) {
            if let Some(user) = old.and_then(|old| old.user) {
                added.entry(user).or_default();
            }
            if let Some((user, new)) = new.and_then(|new| Some((new.user?, new))) {
                added.entry(user).or_default().push(new.clone());
            }
        }
        self.devices_of.reserve(added.len());
        for (user, mut devices) in added {
            let unchanged = |device: &&Arc<Device>| {
                new.devices.get(&device.id.0).is_some_and(|present| Arc::ptr_eq(present, device))
            };
            let before = self.devices_of.get(&user);
            devices.extend(before.iter().flat_map(|devices| devices.iter()).filter(unchanged).cloned());
            devices.sort_by_key(|device| device.id);
            if devices.is_empty() {
                self.devices_of.remove(&user);
            } else {
                self.devices_of.insert(user, devices.into());
            }
        }
    }

    fn update_codes(&mut self, old: &Rows, new: &Rows) {
        let changes = new.feature_codes.differences(&old.feature_codes);
        let tenants: HashSet<TenantId> =
            changes.iter().flat_map(|(old, new)| [*old, *new]).flatten().map(|code| code.tenant).collect();
        let mut codes: HashMap<TenantId, Vec<Arc<FeatureCode>>> =
            tenants.into_iter().map(|tenant| (tenant, vec![])).collect();
        if codes.is_empty() {
            return;
        }
        for code in new.feature_codes.values() {
            if let Some(codes) = codes.get_mut(&code.tenant) {
                codes.push(code.clone());
            }
        }
        for (tenant, mut codes) in codes {
            codes.sort_by(|one, other| (&one.code, one.function).cmp(&(&other.code, other.function)));
            self.codes.insert(tenant, codes.into());
        }
    }

    fn update_blocked(&mut self, old: &Rows, new: &Rows) {
        let mut added = HashMap::<(TenantId, Option<UserId>), Vec<Arc<BlockedCaller>>>::new();
        for (old, new) in new.blocked_callers.differences(&old.blocked_callers) {
            if let Some(old) = old {
                added.entry((old.tenant, old.user)).or_default();
            }
            if let Some(new) = new {
                added.entry((new.tenant, new.user)).or_default().push(new.clone());
            }
        }
        for (by, mut blocked) in added {
            let unchanged = |row: &&Arc<BlockedCaller>| {
                new.blocked_callers.get(&row.id).is_some_and(|present| Arc::ptr_eq(present, row))
            };
            let before = self.blocked.get(&by);
            blocked.extend(before.iter().flat_map(|rows| rows.iter()).filter(unchanged).cloned());
            if blocked.is_empty() {
                self.blocked.remove(&by);
            } else {
                self.blocked.insert(by, blocked.into());
            }
        }
    }

    fn update_rules_of(&mut self, old: &Rows, new: &Rows) {
        let mut added = HashMap::<UserId, Vec<Arc<AnsweringRule>>>::new();
        for (old, new) in new.answering_rules.differences(&old.answering_rules) {
            if let Some(old) = old {
                added.entry(old.user).or_default();
            }
            if let Some(new) = new {
                added.entry(new.user).or_default().push(new.clone());
            }
        }
        for (user, mut rules) in added {
            let unchanged = |rule: &&Arc<AnsweringRule>| {
                new.answering_rules.get(&rule.id.0).is_some_and(|present| Arc::ptr_eq(present, rule))
            };
            let before = self.rules_of.get(&user);
            rules.extend(before.iter().flat_map(|rules| rules.iter()).filter(unchanged).cloned());
            rules.sort_by_key(|rule| (rule.position, rule.id));
            if rules.is_empty() {
                self.rules_of.remove(&user);
            } else {
                self.rules_of.insert(user, rules.into());
            }
        }
    }
}

/// For one entry more for each time that a tenant is named.
fn make_room<Id: Clone>(index: &mut ByText<Id>, tenants: impl Iterator<Item = TenantId>) {
    let mut entries = HashMap::<TenantId, usize>::new();
    for tenant in tenants {
        *entries.entry(tenant).or_default() += 1;
    }
    for (tenant, more) in entries {
        index.or_default(tenant).reserve(more);
    }
}
