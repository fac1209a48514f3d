//! What callers are called: by the called's own contacts, then those of the company, its people, and its customer directory.
//! Found by the number's last digits, so that ten thousand contacts cost no more than ten. DIR-34.

use std::sync::Arc;

use super::{Number, Rows, SharedMap};
use crate::{
    TenantId, UserId,
    resources::{
        contacts::{Contact, OwnContact},
        ldap_settings::DirectoryName,
        users::User,
    },
};

/// The names of one revision.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    /// In the order they were added.
    own: SharedMap<UserId, Arc<[Arc<OwnContact>]>>,
    shared: ByNumber<Contact>,
    people: ByNumber<User>,
    directory: ByNumber<DirectoryName>,
}

/// Tenant → last digits of a number → rows that have it, those added first come first.
type ByNumber<T> = SharedMap<TenantId, SharedMap<Box<str>, Vec<Arc<T>>>>;

impl Names {
    /// From those of `old` to those of `new`.
    pub(super) fn update(&mut self, old: &Rows, new: &Rows) {
        self.update_own(old, new);
        update(&mut self.shared, &old.contacts, &new.contacts);
        update(&mut self.people, &old.users, &new.users);
        update(&mut self.directory, &old.directory_names, &new.directory_names);
    }

    /// What a user keeps.
    pub(super) fn own(&self, user: UserId) -> &[Arc<OwnContact>] {
        self.own.get(&user).map_or(&[], |own| own)
    }

    /// The name of a number for a user of a tenant.
    pub(super) fn of(&self, tenant: TenantId, callee: Option<UserId>, number: &Number) -> Option<String> {
        let own = callee.map_or(&[][..], |user| self.own(user)).iter();
        let mut own = own.filter(|own| own.contact.tenant == tenant).map(|own| &own.contact);
        let own = own.find(|contact| contact.numbers.iter().any(|known| known.is(number)));
        let name = own.map(|contact| contact.name.to_string());
        name.or_else(|| find(&self.shared, tenant, number))
            .or_else(|| find(&self.people, tenant, number))
            .or_else(|| find(&self.directory, tenant, number))
    }

    fn update_own(&mut self, old: &Rows, new: &Rows) {
        let changes = new.own_contacts.differences(&old.own_contacts);
        let mut users: Vec<UserId> =
            changes.iter().flat_map(|(old, new)| [old, new]).flatten().map(|own| own.user).collect();
        users.sort_unstable();
        users.dedup();
        for user in users {
            let is_unchanged = |own: &&Arc<OwnContact>| {
                new.own_contacts.get(&own.contact.id).is_some_and(|present| Arc::ptr_eq(present, own))
            };
            let mut kept: Vec<_> = self.own(user).iter().filter(is_unchanged).cloned().collect();
            let added = changes.iter().filter_map(|(_, new)| *new).filter(|own| own.user == user);
            kept.extend(added.cloned());
            kept.sort_by_key(|own| own.contact.id);
            match kept.is_empty() {
                true => drop(self.own.remove(&user)),
                false => drop(self.own.insert(user, kept.into())),
            }
        }
    }
}

/// A row that gives numbers a name.
trait Named {
    fn tenant(&self) -> TenantId;
    fn order(&self) -> i64;
    fn numbers(&self) -> &[Number];
    fn name(&self) -> String;
}

impl Named for Contact {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn order(&self) -> i64 {
        self.id
    }
    fn numbers(&self) -> &[Number] {
        &self.numbers
    }
    fn name(&self) -> String {
        self.name.to_string()
    }
}

impl Named for User {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn order(&self) -> i64 {
        self.id.0
    }
    fn numbers(&self) -> &[Number] {
        &self.numbers
    }
    fn name(&self) -> String {
        self.full_name()
    }
}

impl Named for DirectoryName {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn order(&self) -> i64 {
        self.id
    }
    fn numbers(&self) -> &[Number] {
        std::slice::from_ref(&self.number)
    }
    fn name(&self) -> String {
        self.name.to_string()
    }
}

fn find<T: Named>(index: &ByNumber<T>, tenant: TenantId, number: &Number) -> Option<String> {
    let candidates = index.get(&tenant)?.get(number.key())?;
    candidates.iter().find(|row| row.numbers().iter().any(|known| known.is(number))).map(|row| row.name())
}

fn update<T: Named>(index: &mut ByNumber<T>, old: &super::Table<T>, new: &super::Table<T>) {
    let changes = new.differences(old);
    for old in changes.iter().filter_map(|(old, _)| *old).filter(|old| !old.numbers().is_empty()) {
        let of_tenant = index.or_default(old.tenant());
        for number in old.numbers() {
            let left = of_tenant.or_default(number.key().into());
            left.retain(|row| row.order() != old.order());
            if left.is_empty() {
                of_tenant.remove(number.key());
            }
        }
    }
    for new in changes.iter().filter_map(|(_, new)| *new).filter(|new| !new.numbers().is_empty()) {
        let of_tenant = index.or_default(new.tenant());
        for number in new.numbers() {
            let with = of_tenant.or_default(number.key().into());
            if !with.iter().any(|row| row.order() == new.order()) {
                with.push(new.clone());
                with.sort_by_key(|row| row.order());
            }
        }
    }
}

#[cfg(test)]
mod tests;
