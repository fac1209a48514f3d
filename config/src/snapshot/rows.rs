//! The typed rows of a snapshot, shared table by table between revisions.

use std::{collections::HashSet, sync::Arc};

use super::SharedMap;
use crate::{
    resources::{
        answering_rules::{AnsweringRule, RuleAction},
        blocked_callers::BlockedCaller,
        call_limits::CallLimits,
        contacts::{Contact, OwnContact},
        departments::Department,
        devices::Device,
        extensions::{Extension, Target},
        feature_codes::FeatureCode,
        geolocations::Geolocation,
        inbound_routes::InboundRoute,
        ldap_settings::DirectoryName,
        node_settings::NodeSettings,
        numbers::PhoneNumber,
        outbound_routes::OutboundRoute,
        park_lots::ParkLot,
        ring_delays::RingDelay,
        ring_groups::RingGroup,
        roles::Role,
        sites::Site,
        tenants::Tenant,
        time_frames::TimeFrame,
        trunks::Trunk,
        users::User,
    },
    typed::Typed,
};

/// A table of the snapshot by row id; copied only where it changes.
pub type Table<T> = SharedMap<i64, Arc<T>>;

/// All typed rows. Made from the database by the feed; made by hand where there is none (simulations).
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Rows {
    pub node: Arc<NodeSettings>,
    pub tenants: Table<Tenant>,
    pub roles: Table<Role>,
    pub users: Table<User>,
    pub extensions: Table<Extension>,
    pub devices: Table<Device>,
    pub ring_groups: Table<RingGroup>,
    pub ring_delays: Table<RingDelay>,
    pub contacts: Table<Contact>,
    pub own_contacts: Table<OwnContact>,
    pub directory_names: Table<DirectoryName>,
    pub blocked_callers: Table<BlockedCaller>,
    pub numbers: Table<PhoneNumber>,
    pub feature_codes: Table<FeatureCode>,
    pub sites: Table<Site>,
    pub geolocations: Table<Geolocation>,
    pub outbound_routes: Table<OutboundRoute>,
    pub call_limits: Table<CallLimits>,
    pub trunks: Table<Trunk>,
    pub inbound_routes: Table<InboundRoute>,
    pub time_frames: Table<TimeFrame>,
    pub answering_rules: Table<AnsweringRule>,
    pub departments: Table<Department>,
    pub park_lots: Table<ParkLot>,
}

impl Rows {
    /// Adds or replaces rows of one kind.
    pub fn put<T: Typed>(table: &mut Table<T>, rows: impl IntoIterator<Item = T>) {
        table.extend(rows.into_iter().map(|row| (row.id(), Arc::new(row))));
    }

    /// Drops rows that point to nothing, so that who follows a pointer finds something.
    pub(super) fn leave_out_dangling(&mut self) {
        let tenants: HashSet<i64> = self.tenants.values().map(|tenant| tenant.id.0).collect();
        self.users.retain(|user| tenants.contains(&user.tenant.0));
        self.departments.retain(|department| tenants.contains(&department.tenant.0));
        self.park_lots.retain(|lot| tenants.contains(&lot.tenant.0));
        let users = self.users.clone();
        self.contacts.retain(|contact| tenants.contains(&contact.tenant.0));
        self.own_contacts.retain(|own| users.contains_key(&own.user.0));
        self.directory_names.retain(|name| tenants.contains(&name.tenant.0));
        self.geolocations.retain(|place| tenants.contains(&place.tenant.0));
        self.outbound_routes.retain(|route| tenants.contains(&route.tenant.0));
        self.call_limits.retain(|limits| tenants.contains(&limits.tenant.0));
        self.feature_codes.retain(|code| tenants.contains(&code.tenant.0));
        self.leave_out_rules();
        self.ring_groups.retain(|group| tenants.contains(&group.tenant.0));
        let dangles = |group: &RingGroup| group.members.iter().any(|id| !users.contains_key(&id.0));
        let dangling: Vec<i64> =
            self.ring_groups.values().filter(|group| dangles(group)).map(|group| group.id.0).collect();
        for id in dangling {
            let Some(mut group) = self.ring_groups.remove(&id) else { continue };
            Arc::make_mut(&mut group).members.retain(|id| users.contains_key(&id.0));
            self.ring_groups.insert(id, group);
        }
        let groups = self.ring_groups.clone();
        self.inbound_routes.retain(|route| tenants.contains(&route.tenant.0));
        self.trunks.retain(|trunk| tenants.contains(&trunk.tenant.0));
        self.numbers.retain(|number| tenants.contains(&number.tenant.0));
        self.devices.retain(|device| {
            tenants.contains(&device.tenant.0) && device.user.is_none_or(|user| users.contains_key(&user.0))
        });
        self.extensions.retain(|extension| {
            let target_is_there = match extension.target {
                Target::User(id) => users.contains_key(&id.0),
                Target::RingGroup(id) => groups.contains_key(&id.0),
            };
            target_is_there && tenants.contains(&extension.tenant.0)
        });
    }

    /// Rules of nobody, of no time frame, and those whom rules would ring, too.
    fn leave_out_rules(&mut self) {
        let (users, frames) = (self.users.clone(), self.time_frames.clone());
        self.answering_rules
            .retain(|rule| users.contains_key(&rule.user.0) && frames.contains_key(&rule.frame.0));
        let gone = |rule: &AnsweringRule| match &rule.action {
            RuleAction::Ring(ring) => ring.also.iter().any(|id| !users.contains_key(&id.0)),
            _ => false,
        };
        let dangling: Vec<i64> =
            self.answering_rules.values().filter(|rule| gone(rule)).map(|rule| rule.id.0).collect();
        for id in dangling {
            let Some(mut rule) = self.answering_rules.remove(&id) else { continue };
            if let RuleAction::Ring(ring) = &mut Arc::make_mut(&mut rule).action {
                ring.also.retain(|id| users.contains_key(&id.0));
            }
            self.answering_rules.insert(id, rule);
        }
    }
}
