//! Phones that called for help: where each is reached while help may call back, also one that may not register. What is
//! remembered here serves the call back and nothing else. SIP-42

use config::{
    DeviceId,
    records::{
        Change,
        outside::{EmergencyRow, Reach},
    },
};
use sip_stack::uri::{Scheme, Uri};

use super::Engine;
use crate::{
    auth::{Arrival, Identity},
    bindings::{is_behind_nat, print_flow},
    ids::CallId,
    io::Now,
    limits,
    pinholes::Key,
    registrar,
};

impl Engine {
    /// The caller calls for help: they are called back where the call comes from.
    pub(super) fn remember_help(&mut self, now: Now, id: CallId, mut row: Box<EmergencyRow>) {
        row.reach = row.device.and_then(|device| self.reach_of_caller(id, device));
        let device = row.device;
        self.office.callbacks.borrow_mut().add((*row).clone());
        let stored = self.records.store(Change::Emergency(row));
        self.out.push_back(stored);
        if let Some(device) = device {
            self.keep_help_reachable(now, device);
        }
    }

    /// A phone that may not register tries to: if it called for help, it is called back there from now on.
    pub(super) fn follow_help(&mut self, now: Now, identity: &Identity, arrival: Arrival<'_>) {
        let device = identity.device.id;
        if self.office.callbacks.borrow().phone(device, now.utc).is_none() {
            return;
        }
        let Some(contact) = registrar::first_contact(&self.snapshot, arrival) else { return };
        let reach = Reach { contact: contact.uri, path: contact.path, flow: print_flow(&contact.flow) };
        let moved = self.office.callbacks.borrow_mut().moved(device, reach, now.utc);
        let Some(row) = moved else { return };
        tracing::info!(tenant.id = %row.tenant, device.id = %device, peer.addr = %arrival.flow.remote,
            "a suspended phone that called for help is elsewhere now; help calls back there");
        let stored = self.records.store(Change::Emergency(Box::new(row)));
        self.out.push_back(stored);
        self.keep_help_reachable(now, device);
    }

    /// After a restart: as before it.
    pub(super) fn keep_helped_reachable(&mut self, now: Now) {
        let phones = self.office.callbacks.borrow().phones();
        phones.into_iter().for_each(|device| self.keep_help_reachable(now, device));
    }

    /// Keeps the pinhole of a phone open that called for help, if it has no binding that does.
    pub(super) fn keep_help_reachable(&mut self, now: Now, device: DeviceId) {
        let helped = self.office.callbacks.borrow().phone(device, now.utc);
        let is_bound = !self.office.bindings.borrow().of(device).is_empty();
        let Some(helped) = helped.filter(|helped| !is_bound && helped.path.is_empty()) else { return };
        let ip = Uri::parse(helped.contact.as_bytes()).and_then(|uri| uri.ip());
        if is_behind_nat(&helped.flow, ip) {
            self.pinholes.watch(now.at, of_help(device), &mut self.random);
        }
    }

    /// Where the phone is with which somebody calls.
    fn reach_of_caller(&self, id: CallId, device: DeviceId) -> Option<Reach> {
        let leg = self.calls.legs.get(&self.calls.running.get(&id)?.owner)?;
        let dialog = self.stack.keep_dialog(leg.invite.filter(|_| leg.party.device == Some(device))?)?;
        let uri = Uri::parse(dialog.target.as_bytes())?;
        let is_short =
            dialog.target.len() <= limits::CONTACT_BYTES && dialog.routes.len() <= limits::CONTACT_BYTES;
        let usable = is_short && matches!(uri.scheme, Scheme::Sip | Scheme::Sips);
        usable.then(|| Reach { contact: dialog.target, path: dialog.routes, flow: print_flow(&leg.flow) })
    }
}

/// Stands for the remembered contact of a phone among the contacts that are kept reachable.
pub(super) fn of_help(device: DeviceId) -> Key {
    (device, u32::MAX)
}
