//! How calls outside find what decides them: routes in order, limits, numbers of people, companies of a group.

use std::{collections::HashMap, sync::Arc};

use super::{Rows, SharedMap};
use crate::{
    NumberId, TenantId, UserId,
    resources::{call_limits::CallLimits, outbound_routes::OutboundRoute},
};

/// The indexes of the way outside.
#[derive(Debug, Default, Clone)]
pub(super) struct Outside {
    /// Those switched on, in the order in which they are asked.
    pub routes: SharedMap<TenantId, Arc<[Arc<OutboundRoute>]>>,
    pub limits: SharedMap<TenantId, Arc<CallLimits>>,
    /// The oldest number that rings somebody directly.
    pub direct: SharedMap<UserId, NumberId>,
    /// Companies of each group that have an access code, by the group's name in lower case.
    pub groups: Arc<HashMap<Box<str>, Vec<Member>>>,
}

/// A company of a group, and what the others dial before its extensions. MT-11.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Member {
    pub tenant: TenantId,
    pub access_code: Box<str>,
}

impl Outside {
    /// From those of `old` to those of `new`.
    pub(super) fn update(&mut self, old: &Rows, new: &Rows) {
        self.update_routes(old, new);
        for (old, new) in new.call_limits.differences(&old.call_limits) {
            if let Some(old) = old {
                self.limits.remove(&old.tenant);
            }
            if let Some(new) = new {
                self.limits.insert(new.tenant, new.clone());
            }
        }
        if !new.numbers.is_same(&old.numbers) {
            self.update_direct(old, new);
        }
        if !new.tenants.is_same(&old.tenants) {
            self.groups = Arc::new(groups(new));
        }
    }

    fn update_routes(&mut self, old: &Rows, new: &Rows) {
        let changes = new.outbound_routes.differences(&old.outbound_routes);
        let mut tenants: Vec<TenantId> = changes
            .into_iter()
            .flat_map(|(old, new)| [old, new])
            .flatten()
            .map(|route| route.tenant)
            .collect();
        tenants.sort_unstable();
        tenants.dedup();
        for tenant in tenants {
            let theirs = new.outbound_routes.values().filter(|route| route.tenant == tenant && route.enabled);
            let mut routes: Vec<Arc<OutboundRoute>> = theirs.cloned().collect();
            routes.sort_by_key(|route| (route.position, route.id));
            if routes.is_empty() {
                self.routes.remove(&tenant);
            } else {
                self.routes.insert(tenant, routes.into());
            }
        }
    }

    fn update_direct(&mut self, old: &Rows, new: &Rows) {
        let changes = new.numbers.differences(&old.numbers);
        let mut users: Vec<UserId> = changes
            .into_iter()
            .flat_map(|(old, new)| [old, new])
            .flatten()
            .filter_map(|one| one.user)
            .collect();
        users.sort_unstable();
        users.dedup();
        if users.is_empty() {
            return;
        }
        let mut first = HashMap::<UserId, NumberId>::new();
        for number in new.numbers.values() {
            let Some(user) = number.user.filter(|user| users.binary_search(user).is_ok()) else { continue };
            first.entry(user).and_modify(|id| *id = number.id.min(*id)).or_insert(number.id);
        }
        for user in users {
            match first.get(&user) {
                Some(id) => drop(self.direct.insert(user, *id)),
                None => drop(self.direct.remove(&user)),
            }
        }
    }
}

fn groups(rows: &Rows) -> HashMap<Box<str>, Vec<Member>> {
    let mut groups = HashMap::<Box<str>, Vec<Member>>::new();
    for tenant in rows.tenants.values() {
        let (group, code) = (&tenant.calling.group, &tenant.calling.access_code);
        if !group.is_empty() && !code.is_empty() {
            let member = Member { tenant: tenant.id, access_code: code.as_str().into() };
            groups.entry(group.to_lowercase().into()).or_default().push(member);
        }
    }
    groups
}
