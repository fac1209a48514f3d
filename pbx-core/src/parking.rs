//! Who waits in which park slot. Written by the engine, read by scripts and lamps. SIP-33, CTRL-05.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::{ParkLotId, TenantId, snapshot::ParkLot};

use crate::ids::CallId;

/// Somebody who is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parked {
    pub lot: ParkLotId,
    pub call: CallId,
    /// Who waits.
    pub number: String,
    pub name: String,
    /// Who parked them.
    pub by: String,
    pub since: DateTime<Utc>,
}

/// The occupied slots of all tenants.
#[derive(Debug, Default)]
pub(crate) struct Parking(BTreeMap<(TenantId, String), Parked>);

impl Parking {
    /// The slot for a call that wants this one, or any; `None` if it is not free.
    pub(crate) fn free(&self, lot: &ParkLot, wanted: Option<&str>) -> Option<String> {
        let is_free = |slot: &String| !self.0.contains_key(&(lot.tenant, slot.clone()));
        match wanted {
            Some(slot) => lot.has(slot).then(|| slot.to_owned()).filter(is_free),
            None => lot.numbers().find(is_free),
        }
    }
    /// Somebody is in the slot from now on.
    pub(crate) fn occupy(&mut self, tenant: TenantId, slot: String, parked: Parked) {
        self.0.insert((tenant, slot), parked);
    }
    /// The slot is free again.
    pub(crate) fn vacate(&mut self, tenant: TenantId, slot: &str) {
        self.0.remove(&(tenant, slot.to_owned()));
    }
    /// Who is in a slot.
    pub(crate) fn in_slot(&self, tenant: TenantId, slot: &str) -> Option<&Parked> {
        self.0.get(&(tenant, slot.to_owned()))
    }
    /// The occupied slots of a tenant in order.
    #[allow(dead_code, reason = "read by those who list slots")]
    pub(crate) fn of(&self, tenant: TenantId) -> impl Iterator<Item = (&str, &Parked)> {
        let from = (tenant, String::new());
        let theirs = self.0.range(from..).take_while(move |((of, _), _)| *of == tenant);
        theirs.map(|((_, slot), parked)| (slot.as_str(), parked))
    }
    /// How many slots are occupied.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(call: u64) -> Parked {
        let (number, name, by) = ("101".into(), "Anna".into(), "102".into());
        Parked { lot: ParkLotId(1), call: CallId(call), number, name, by, since: DateTime::UNIX_EPOCH }
    }

    /// SIP-33: the first free slot, or just the one that was dialled.
    #[test]
    fn a_slot_is_given_once_until_it_is_free_again() {
        let tenant = TenantId(1);
        let lot = ParkLot { tenant, first_slot: "701".into(), slots: 2, ..ParkLot::default() };
        let mut parking = Parking::default();
        assert_eq!(parking.free(&lot, None).as_deref(), Some("701"));
        parking.occupy(tenant, "701".into(), parked(1));
        assert_eq!(parking.free(&lot, None).as_deref(), Some("702"));
        assert_eq!((parking.free(&lot, Some("701")), parking.free(&lot, Some("703"))), (None, None));
        parking.occupy(tenant, "702".into(), parked(2));
        assert_eq!(parking.free(&lot, None), None);
        let slots: Vec<_> = parking.of(tenant).map(|(slot, parked)| (slot, parked.call.0)).collect();
        assert_eq!(slots, [("701", 1), ("702", 2)]);
        assert_eq!(parking.of(TenantId(2)).count(), 0, "another tenant's slots are others");
        parking.vacate(tenant, "701");
        assert_eq!(parking.free(&lot, Some("701")).as_deref(), Some("701"));
        assert!(parking.in_slot(tenant, "701").is_none() && parking.in_slot(tenant, "702").is_some());
    }
}
