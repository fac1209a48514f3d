//! A caller waits in a numbered slot until somebody takes them, or returns to who parked them. SIP-33, CTRL-05, ORG-10.

use config::ParkLotId;

use super::Engine;
use crate::call::{Running, leg::State, script::Event};
use crate::{
    ids::{CallId, LegId},
    io::Now,
    parking::Parked,
    route::Way,
};

impl Engine {
    /// Puts the caller into a slot, if one is free.
    pub(super) fn park(
        &mut self,
        now: Now,
        id: CallId,
        lot: ParkLotId,
        (slot, by): (Option<String>, String),
    ) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let facts = call.handle.facts();
        let (tenant, snapshot) = (facts.tenant.id, facts.snapshot.clone());
        let free = snapshot
            .park_lot(tenant, lot)
            .and_then(|lot| self.office.parking.borrow().free(lot, slot.as_deref()))
            .filter(|_| call.aside.slot.is_none());
        let is_free = free.is_some();
        if let Some(slot) = free {
            let party = self.calls.legs.get(&call.owner).map(|row| row.party.clone()).unwrap_or_default();
            call.note(now, "Parked", format_args!("{party} in slot {slot} by {by}"), "park lot");
            let parked = Parked { lot, call: id, number: party.number, name: party.name, by, since: now.utc };
            self.office.parking.borrow_mut().occupy(tenant, slot.clone(), parked);
            call.aside.slot = Some(slot.clone());
            self.touch_slot(id, tenant, &slot);
        } else if let Some(call) = self.calls.running.get(&id) {
            call.note(now, "Not parked", "no slot is free", "park lot");
        }
        if let Some(call) = self.calls.running.get(&id) {
            call.handle.tell(Event::Parked(is_free));
        }
        self.ready.push_back(id);
        self.show(now, id);
    }

    /// The caller waits no longer. Phones that are rung from now on are told anew.
    pub(super) fn unpark(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let Some(slot) = call.aside.slot.take() else { return };
        call.announced = 100;
        let tenant = call.handle.facts().tenant.id;
        self.office.parking.borrow_mut().vacate(tenant, &slot);
        self.touch_slot(id, tenant, &slot);
        self.show(now, id);
    }

    /// Parks whom the caller of this call holds in another one.
    pub(super) fn park_held(&mut self, now: Now, id: CallId, lot: ParkLotId, slot: Option<String>) {
        let held = self.held_by(id);
        let slot = held.and_then(|_| self.free_slot(id, lot, slot.as_deref()));
        let is_free = slot.is_some();
        if let (Some(leg), Some(slot)) = (held, slot) {
            self.greet_parker(id, &slot);
            self.send_on(now, leg, (Way::Slot(slot.clone()), vec![], slot), None);
        }
        if let Some(call) = self.calls.running.get(&id) {
            call.handle.tell(Event::Parked(is_free));
            self.ready.push_back(id);
        }
    }

    fn free_slot(&self, id: CallId, lot: ParkLotId, wanted: Option<&str>) -> Option<String> {
        let facts = self.calls.running.get(&id)?.handle.facts();
        let lot = facts.snapshot.park_lot(facts.tenant.id, lot)?;
        self.office.parking.borrow().free(lot, wanted)
    }

    /// The parker's phone shows the slot as whom it talks with.
    fn greet_parker(&mut self, id: CallId, slot: &str) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let domain = &call.handle.facts().tenant.domain;
        call.aside.greeting =
            Some(["\"Parked in ", slot, "\" <sip:", slot, "@", domain, ">"].concat().into());
    }

    /// The leg of another call on the same phone that holds somebody.
    fn held_by(&self, id: CallId) -> Option<LegId> {
        let call = self.calls.running.get(&id)?;
        let own = &self.calls.legs.get(&call.owner)?.party;
        let holds = |leg: &LegId| {
            self.calls.legs.get(leg).is_some_and(|row| {
                let is_same = row.party.device.is_some() && row.party.device == own.device;
                is_same && row.state == State::Up && row.line.wish().is_hold() && row.call != id
            })
        };
        let of_two =
            |call: &&Running| !call.is_ending() && call.transfer.is_none() && call.aside.third.is_none();
        let calls = self.calls.running.values().filter(of_two);
        calls.filter_map(|call| [Some(call.owner), call.talking].into_iter().flatten().find(holds)).max()
    }
}
