//! The configuration of one revision, typed, immutable, indexed; what calls read.

use std::{borrow::Cow, sync::Arc, time::Duration};

use crate::{
    DepartmentId, DeviceId, GeolocationId, NumberId, ParkLotId, RingGroupId, SiteId, TenantId, TrunkId,
    UserId,
    access::{Permission, Rights},
};

pub use crate::{
    destination::{Cause, Destination},
    number::Number,
    resources::{
        answering_rules::{AnsweringRule, Callers, RuleAction, RuleRing},
        blocked_callers::BlockedCaller,
        call_limits::{CallLimits, Limit},
        contacts::{Contact, OwnContact},
        departments::Department,
        devices::{Device, Ha1, Ring},
        encryption::{Encryption, Srtp},
        extensions::{Extension, Target},
        feature_codes::FeatureCode,
        geolocations::{CivicAddress, Geolocation},
        inbound_routes::{InboundRoute, Open},
        ldap_settings::DirectoryName,
        node_settings::NodeSettings,
        numbers::PhoneNumber,
        outbound_routes::{OutboundRoute, Sends},
        park_lots::ParkLot,
        ring_delays::RingDelay,
        ring_groups::{Paged, RingGroup, Strategy},
        roles::Role,
        sites::{Calling as SiteCalling, Site},
        tenants::{Calling as TenantCalling, Night, NightSwitch, Tenant},
        time_frames::TimeFrame,
        trunks::{
            Account, Attestation, CalledIn, CallerHeader, Certificate, Codecs, Identity, Incoming, NumberIn,
            NumberOut, Outgoing, Peer, Refuses, ShownAs, SignatureCheck, Signer, Source, Transport, Trunk,
            Trust,
        },
        users::{Calling, Forwards, Mobile, NightForwards, Shows, User},
    },
};
pub use answering::{Answering, Deciding};
pub use outside::Member;
pub use rows::{Rows, Table};
pub use shared_map::SharedMap;

use indexes::Indexes;

mod answering;
mod indexes;
mod names;
mod outside;
mod rows;
mod rules_of_default;
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
    /// A number of the public network, whoever owns it, as E.164 with its plus sign. SIP-39
    pub fn number_by_e164(&self, e164: &str) -> Option<&Arc<PhoneNumber>> {
        self.rows.numbers.get(&self.indexes.numbers_outside.get(e164)?.0)
    }
    /// A number of the public network that the tenant owns.
    pub fn number(&self, tenant: TenantId, id: NumberId) -> Option<&Arc<PhoneNumber>> {
        self.rows.numbers.get(&id.0).filter(|number| number.tenant == tenant)
    }
    /// The inbound route of a number, `None` for one that is not listed: the one that names it, or else the one that takes
    /// all others. ICR-01
    pub fn inbound_route(&self, tenant: TenantId, number: Option<NumberId>) -> Option<&Arc<InboundRoute>> {
        let routes = || self.rows.inbound_routes.values().filter(|r| r.tenant == tenant && r.enabled);
        let names = |route: &&Arc<InboundRoute>| number.is_some_and(|id| route.numbers.contains(&id));
        routes().find(names).or_else(|| routes().find(|route| route.numbers.is_empty()))
    }
    /// All trunks of all tenants, those that are switched off, too.
    pub fn trunks(&self) -> impl Iterator<Item = &Arc<Trunk>> {
        self.rows.trunks.values()
    }
    /// A trunk that the tenant's calls may leave by: its own, or one that the operator shares. SIP-38
    pub fn trunk(&self, tenant: TenantId, id: TrunkId) -> Option<&Arc<Trunk>> {
        self.trunk_anywhere(id).filter(|trunk| self.may_use(tenant, trunk))
    }
    /// A trunk of whichever tenant.
    pub fn trunk_anywhere(&self, id: TrunkId) -> Option<&Arc<Trunk>> {
        self.rows.trunks.get(&id.0)
    }
    /// The trunks that are switched on and that the tenant's calls may leave by: lowest priority number first, its own
    /// before those that the operator shares, then by age. SIP-38
    pub fn trunks_of(&self, tenant: TenantId) -> Vec<&Arc<Trunk>> {
        let mut trunks: Vec<_> =
            self.trunks().filter(|trunk| trunk.enabled && self.may_use(tenant, trunk)).collect();
        trunks.sort_by_key(|trunk| (trunk.priority, trunk.tenant != tenant, trunk.id));
        trunks
    }
    /// Only the company that runs the program shares its trunks.
    fn may_use(&self, tenant: TenantId, trunk: &Trunk) -> bool {
        let is_shared = trunk.shared && Some(trunk.tenant) == self.indexes.default_tenant;
        trunk.tenant == tenant || is_shared
    }
    /// The outbound routes of a tenant that are switched on, in the order in which they are asked. SIP-40.
    pub fn outbound_routes(&self, tenant: TenantId) -> &[Arc<OutboundRoute>] {
        self.indexes.outside.routes.get(&tenant).map_or(&[], |routes| routes)
    }
    /// What a tenant's calls may cost. SIP-44.
    pub fn call_limits(&self, tenant: TenantId) -> Option<&Arc<CallLimits>> {
        self.indexes.outside.limits.get(&tenant)
    }
    /// The number that rings a user directly; the oldest one if there are several. NUM-02.
    pub fn direct_number(&self, tenant: TenantId, user: UserId) -> Option<&Arc<PhoneNumber>> {
        self.number(tenant, *self.indexes.outside.direct.get(&user)?)
    }
    /// The feature codes of a tenant, in the order of their keys.
    pub fn feature_codes(&self, tenant: TenantId) -> &[Arc<FeatureCode>] {
        self.indexes.codes.get(&tenant).map_or(&[], |codes| codes)
    }
    /// The feature code that was dialled, and what was dialled behind it. One that is switched off is none.
    pub fn feature_code<'a>(
        &self,
        tenant: TenantId,
        dialled: &'a str,
    ) -> Option<(&Arc<FeatureCode>, &'a str)> {
        let codes = self.feature_codes(tenant).iter().filter(|code| code.enabled);
        codes.into_iter().find_map(|code| Some((code, code.argument_of(dialled)?)))
    }
    /// How much later than others a member of a group begins to ring, if so. GRP-12
    pub fn ring_delay(&self, group: RingGroupId, user: UserId) -> Option<Duration> {
        self.indexes.ring_delays.get(&(group, user)).copied()
    }
    /// A site.
    pub fn site(&self, tenant: TenantId, id: SiteId) -> Option<&Arc<Site>> {
        self.rows.sites.get(&id.0).filter(|site| site.tenant == tenant)
    }
    /// The sites of a tenant, in no order.
    pub fn sites_of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<Site>> {
        self.rows.sites.values().filter(move |site| site.tenant == tenant)
    }
    /// A place where phones are.
    pub fn geolocation(&self, tenant: TenantId, id: GeolocationId) -> Option<&Arc<Geolocation>> {
        self.rows.geolocations.get(&id.0).filter(|place| place.tenant == tenant)
    }
    /// The companies of a tenant's group that have an access code, the tenant itself among them. MT-11.
    pub fn group_of(&self, tenant: &Tenant) -> &[Member] {
        let group = tenant.calling.group.to_lowercase();
        self.indexes.outside.groups.get(group.as_str()).map_or(&[], Vec::as_slice)
    }
    /// A department.
    pub fn department(&self, tenant: TenantId, id: DepartmentId) -> Option<&Arc<Department>> {
        self.rows.departments.get(&id.0).filter(|department| department.tenant == tenant)
    }
    /// The department with that park code. ORG-10
    pub fn department_by_park_code(&self, tenant: TenantId, code: &str) -> Option<&Arc<Department>> {
        let mut departments = self.rows.departments.values();
        departments.find(|d| d.tenant == tenant && !code.is_empty() && d.park_code == code)
    }
    /// Who works with a user: members of the same ring groups and of the same department, without the user. FC-14
    pub fn colleagues(&self, tenant: TenantId, user: UserId) -> Vec<UserId> {
        let department = self.user(tenant, user).and_then(|user| user.department);
        let groups =
            self.rows.ring_groups.values().filter(|g| g.tenant == tenant && g.members.contains(&user));
        let members = groups.flat_map(|group| group.members.iter().copied());
        let same = |other: &&Arc<User>| other.tenant == tenant && other.department == department;
        let department = department.map(|_| self.rows.users.values().filter(same).map(|user| user.id));
        let mut colleagues: Vec<UserId> = members.chain(department.into_iter().flatten()).collect();
        colleagues.sort_unstable();
        colleagues.dedup();
        colleagues.retain(|other| *other != user);
        colleagues
    }
    /// A park lot.
    pub fn park_lot(&self, tenant: TenantId, id: ParkLotId) -> Option<&Arc<ParkLot>> {
        self.rows.park_lots.get(&id.0).filter(|lot| lot.tenant == tenant)
    }
    /// All park lots of a tenant.
    pub fn park_lots(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<ParkLot>> {
        self.rows.park_lots.values().filter(move |lot| lot.tenant == tenant)
    }
    /// The park lot that has a slot of that number. SIP-33
    pub fn park_lot_of_slot(&self, tenant: TenantId, number: &str) -> Option<&Arc<ParkLot>> {
        self.park_lots(tenant).find(|lot| lot.has(number))
    }
    /// Where somebody of a department parks: in its lot, else in that of the department above, else in the one for
    /// everybody. ORG-10
    pub fn park_lot_for(&self, tenant: TenantId, department: Option<DepartmentId>) -> Option<&Arc<ParkLot>> {
        let above = department.and_then(|id| self.department(tenant, id)).and_then(|d| d.parent);
        let of = |wanted: Option<DepartmentId>| self.park_lots(tenant).find(|lot| lot.department == wanted);
        let own = [department, above].into_iter().flatten().find_map(|id| of(Some(id)));
        own.or_else(|| of(None))
    }
    /// A ring group.
    pub fn ring_group(&self, tenant: TenantId, id: RingGroupId) -> Option<&Arc<RingGroup>> {
        self.rows.ring_groups.get(&id.0).filter(|group| group.tenant == tenant)
    }
}

#[cfg(test)]
mod tests;
