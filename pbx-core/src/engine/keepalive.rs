//! OPTIONS to contacts behind NAT, so that calls still reach them. SIP-07.
//!
//! Nothing is taken from a contact that does not answer: it stays until it expires, and calls still try it.

use config::TenantId;
use sip_stack::{Flow, Request, RequestId};

use super::{Engine, helping::of_help};
use crate::{
    io::Now,
    pinholes::{Change, Key},
};

impl Engine {
    /// Keeps the pinhole of a contact open, if there is one between us and it.
    pub(super) fn keep_open(&mut self, now: Now, key: Key) {
        let behind_nat = self.office.bindings.borrow().find(key).is_some_and(|(_, b)| b.is_behind_nat());
        if behind_nat {
            self.pinholes.watch(now.at, key, &mut self.random);
        } else {
            self.pinholes.forget(key);
        }
    }

    pub(super) fn ask_contacts(&mut self, now: Now) {
        while let Some(key) = self.pinholes.due(now.at) {
            self.ask_contact(now, key);
        }
    }

    pub(super) fn on_response(&mut self, now: Now, id: RequestId, is_there: bool) {
        let Some((key, change)) = self.pinholes.answered(now.at, id, is_there, &mut self.random) else {
            return;
        };
        let bindings = self.office.bindings.borrow();
        let Some((tenant, binding)) = bindings.find(key) else { return };
        let (tenant, device, peer) = (tenant.0, key.0, binding.flow.remote);
        match change {
            Change::None => {}
            Change::Lost => tracing::warn!(tenant.id = tenant, device.id = %device, peer.addr = %peer,
                "a registered phone behind NAT does not answer any more: calls may not reach it"),
            Change::Back => tracing::info!(tenant.id = tenant, device.id = %device, peer.addr = %peer,
                "a registered phone behind NAT answers again"),
        }
    }

    fn ask_contact(&mut self, now: Now, key: Key) {
        let found = self.contact_to_ask(now, key);
        let found = found.and_then(|(id, flow, contact)| Some((self.snapshot.tenant(id)?, flow, contact)));
        let Some((tenant, flow, contact)) = found else { return self.pinholes.forget(key) };
        let request = Request {
            method: "OPTIONS",
            from: format!("<sip:{}>", tenant.domain),
            to: format!("<{contact}>"),
            uri: contact,
            ..Request::default()
        };
        let id = self.stack.request(now.at, flow, request);
        self.pinholes.asked(id, key);
    }

    /// A binding, or the contact of a phone without one that called for help. SIP-42
    fn contact_to_ask(&self, now: Now, key: Key) -> Option<(TenantId, Flow, String)> {
        let bindings = self.office.bindings.borrow();
        if key != of_help(key.0) {
            let (tenant, binding) = bindings.find(key)?;
            return Some((tenant, binding.flow, binding.contact.to_string()));
        }
        let helped = self.office.callbacks.borrow().phone(key.0, now.utc)?;
        bindings.of(key.0).is_empty().then_some((helped.tenant, helped.flow, helped.contact))
    }
}
