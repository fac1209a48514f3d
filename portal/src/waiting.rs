//! Phones that asked for settings and that nobody knows: they wait until an administrator takes them on. DEV-16.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use config::{
    TenantId,
    phones::{Visit, models},
};

/// A phone that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Twelve lower-case digits.
    pub mac: String,
    /// What it says of itself.
    pub user_agent: String,
    pub address: String,
    /// Unix milliseconds.
    pub at: i64,
}

/// All of them, by tenant. In memory only: they ask again.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<HashMap<i64, Vec<Stranger>>>);

impl Stranger {
    pub(crate) fn new(mac: &str, visit: &Visit) -> Self {
        Self {
            mac: mac.to_owned(),
            user_agent: visit.user_agent.clone(),
            address: visit.address.clone(),
            at: visit.at,
        }
    }

    /// The model, if it is one that is set up from here.
    pub(crate) fn model(&self) -> Option<&'static models::Model> {
        models::by_user_agent(&self.user_agent)
    }
}

impl Waiting {
    /// Notes a phone; the one that asked least recently makes room.
    pub(crate) fn note(&self, tenant: TenantId, stranger: Stranger) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_TENANTS && !all.contains_key(&tenant.0) {
            return;
        }
        let waiting = all.entry(tenant.0).or_default();
        waiting.retain(|other| other.mac != stranger.mac && stranger.at - other.at < KEPT_MS);
        if waiting.len() >= MOST {
            waiting.remove(0);
        }
        waiting.push(stranger);
    }

    /// Those of a tenant, who asked last first.
    pub(crate) fn of(&self, tenant: TenantId) -> Vec<Stranger> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&tenant.0).map(|waiting| waiting.iter().rev().cloned().collect()).unwrap_or_default()
    }

    /// Takes a phone off the list.
    pub(crate) fn forget(&self, tenant: TenantId, mac: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = all.get_mut(&tenant.0) {
            waiting.retain(|stranger| stranger.mac != mac);
        }
    }
}

/// Phones of a tenant that may wait.
const MOST: usize = 100;
const MOST_TENANTS: usize = 10_000;
/// A phone that has not asked for so long is gone. [ms]
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(n: i64) -> Stranger {
        let (user_agent, address) = ("Yealink SIP-T54W".to_owned(), "192.0.2.7".to_owned());
        Stranger { mac: format!("{n:012x}"), user_agent, address, at: n }
    }

    /// DEV-16
    #[test]
    fn the_list_is_bounded_and_a_phone_waits_once() {
        let waiting = Waiting::default();
        for n in 0..200 {
            waiting.note(TenantId(1), stranger(n));
            waiting.note(TenantId(1), stranger(n));
        }
        let all = waiting.of(TenantId(1));
        assert_eq!((all.len(), all[0].mac.as_str()), (MOST, "0000000000c7"));
        assert!(waiting.of(TenantId(2)).is_empty());
        waiting.forget(TenantId(1), &all[0].mac);
        assert_eq!(waiting.of(TenantId(1)).len(), MOST - 1);
        assert_eq!(all[0].model().unwrap().key, "yealink-t54w");
    }
}
