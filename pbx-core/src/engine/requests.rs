//! Requests outside of calls: REGISTER, OPTIONS, and those that we refuse.

use std::sync::Arc;

use config::{
    DeviceId, Snapshot, TenantId,
    records::{BindingRow, Change},
};
use sip_stack::{Flow, Message, Method, Name, RequestId, Response};

use super::Engine;
use crate::{
    auth::{Arrival, Identity, Refused},
    bindings::{Binding, print_peer},
    counters::Refusal,
    io::{Now, Output},
    live,
    presence::package::ALLOW_EVENTS,
    registrar::{self, Registration},
};

impl Engine {
    pub(super) fn on_request(&mut self, now: Now, id: RequestId, flow: Flow, request: &Message) {
        let response = match request.method() {
            Method::Register => return self.on_register(now, id, Arrival { flow, request }),
            Method::Subscribe => return self.on_subscribe(now, id, Arrival { flow, request }),
            Method::Publish => return self.on_publish(now, id, Arrival { flow, request }),
            Method::Refer => return self.on_refer_outside(now, id, Arrival { flow, request }),
            Method::Options => capabilities(),
            Method::Message => self.refuse_known(now, Arrival { flow, request }),
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Notify
            | Method::Other => {
                self.counters.refused(Refusal::BadMethod);
                Response::new(405).with(Name::Allow, ALLOW)
            }
        };
        self.stack.respond(now.at, id, response);
    }

    fn on_register(&mut self, now: Now, id: RequestId, arrival: Arrival<'_>) {
        match self.registration(now, arrival) {
            Ok(registration) => self.apply(now, id, arrival.request, registration),
            Err(Refused { response, why }) => {
                self.counters.refused(why);
                tracing::debug!(peer.addr = %arrival.flow.remote, reason = ?why, "REGISTER refused");
                self.stack.respond(now.at, id, response);
            }
        }
    }

    /// What a REGISTER is to change. Who is suspended binds nothing, but is called back by help where they are. SIP-42
    fn registration(&mut self, now: Now, arrival: Arrival<'_>) -> Result<Registration, Refused> {
        let address = arrival.request.to().uri;
        let identity = self.auth.identify_any(&self.snapshot, now, arrival, address)?;
        if let Err(refused) = identity.may_call() {
            self.follow_help(now, &identity, arrival);
            return Err(refused);
        }
        registrar::register(&self.snapshot, identity, &self.office.bindings.borrow(), arrival)
    }

    fn apply(&mut self, now: Now, id: RequestId, request: &Message, registration: Registration) {
        let Registration { identity, unbind, bind } = registration;
        let (tenant, device) = (identity.tenant.id, identity.device.id);
        let changed = !unbind.is_empty() || !bind.is_empty();
        let flow = bind.first().map(|contact| contact.flow);
        let before = self.flows_of(device);
        self.counters.registers += 1;
        for key in unbind {
            self.unbind(now, device, &key);
        }
        for contact in bind {
            let mut bindings = self.office.bindings.borrow_mut();
            let binding = bindings.bind(now, tenant, device, contact);
            let (row, shown) = (binding.row(tenant, device), shown(binding, tenant, device));
            let key = (device, binding.position);
            drop(bindings);
            self.keep_open(now, key);
            let stored = self.records.store(Change::Bind(row));
            self.out.push_back(stored);
            self.out.push_back(Output::Live(live::Change::Bound(shown)));
        }
        flow.into_iter().for_each(|flow| self.follow_phone(&identity, flow));
        self.registered(now, &identity, &before, flow);
        let response = registrar::accepted(now, request, self.office.bindings.borrow().of(device));
        if changed {
            // The 200 promises that the binding holds, so it waits for the disk (SIP-06).
            self.records.hold(now.at, id, response);
        } else {
            self.stack.respond(now.at, id, response);
        }
    }

    fn flows_of(&self, device: DeviceId) -> Vec<Flow> {
        self.office.bindings.borrow().of(device).iter().map(|binding| binding.flow).collect()
    }

    /// A device had these flows, and has others: lamps of its user and its own subscriptions follow.
    fn registered(&mut self, now: Now, identity: &Identity, before: &[Flow], flow: Option<Flow>) {
        let device = &identity.device;
        let after = self.flows_of(device.id);
        if before.is_empty() != after.is_empty() {
            self.touch_device(identity.tenant.id, device.id);
        }
        if before.is_empty() && !after.is_empty() && device.unasked_counts {
            self.presence.unasked.push(device.id);
        }
        let gone: Vec<Flow> = before.iter().copied().filter(|flow| !after.contains(flow)).collect();
        if let Some(flow) = flow.filter(|_| !gone.is_empty()) {
            self.follow_watchers(now, device.id, &gone, flow);
        }
    }

    /// Removes a contact from memory, store and view.
    fn unbind(&mut self, now: Now, device: DeviceId, key: &str) {
        let Some((tenant, binding)) = self.office.bindings.borrow_mut().unbind(device, key) else { return };
        self.pinholes.forget((device, binding.position));
        let key = binding.key().to_owned();
        let stored = self.records.store(Change::Unbind { device, key: key.clone() });
        self.out.push_back(stored);
        self.out.push_back(Output::Live(live::Change::Unbound { tenant, device, key }));
        self.touch_device(tenant, device);
        self.keep_help_reachable(now, device);
    }

    pub(super) fn expire_bindings(&mut self, now: Now) {
        loop {
            let expired = self.office.bindings.borrow().expired(now.at);
            let Some((device, key)) = expired else { break };
            tracing::info!(device.id = %device, "registration expired");
            self.unbind(now, device, &key);
        }
    }

    pub(super) fn restore_bindings(&mut self, now: Now, rows: Vec<BindingRow>) {
        for row in rows {
            let (tenant, device, key) = (row.tenant, row.device, row.key.clone());
            let restored = self.office.bindings.borrow_mut().restore(now, row);
            if !restored {
                let stored = self.records.store(Change::Unbind { device, key });
                self.out.push_back(stored);
                continue;
            }
            let bindings = self.office.bindings.borrow();
            let found = bindings.of(device).iter().find(|b| b.key() == key);
            let Some(binding) = found else { continue };
            let position = binding.position;
            self.out.push_back(Output::Live(live::Change::Bound(shown(binding, tenant, device))));
            drop(bindings);
            self.keep_open(now, (device, position));
        }
        let nothing = Arc::new(Snapshot::default());
        self.sweep_bindings(now, &nothing);
    }

    /// New calls see the new revision at once; bindings that it no longer allows are removed.
    pub(super) fn swap_config(&mut self, now: Now, snapshot: Arc<Snapshot>) {
        self.resync_changed(now, &snapshot);
        let old = std::mem::replace(&mut self.snapshot, snapshot);
        self.sweep_bindings(now, &old);
        self.watch_config(&old);
        self.reconcile_trunks(now);
        self.review_all_minutes(now);
    }

    /// Removes the contacts of devices that are gone, whose user or company is suspended, or whose secret is another than
    /// in `old`: whoever registered with the old secret must prove the new one.
    fn sweep_bindings(&mut self, now: Now, old: &Snapshot) {
        let (new, office) = (self.snapshot.clone(), self.office.clone());
        let gone: Vec<DeviceId> = office
            .bindings
            .borrow()
            .devices()
            .filter(|&(tenant, id)| !may_stay(old, &new, tenant, id))
            .map(|(_, id)| id)
            .collect();
        for device in gone {
            let keys: Vec<String> =
                office.bindings.borrow().of(device).iter().map(|b| b.key().to_owned()).collect();
            for key in keys {
                self.unbind(now, device, &key);
            }
        }
    }

    /// Methods that need a known sender but lead nowhere: strangers learn nothing from the answer.
    fn refuse_known(&mut self, now: Now, arrival: Arrival<'_>) -> Response {
        let known = self.auth.identify(&self.snapshot, now, arrival, arrival.request.from().uri);
        let (response, why) = match known {
            Err(refused) => (refused.response, refused.why),
            Ok(_) => (Response::new(405).with(Name::Allow, ALLOW), Refusal::BadMethod),
        };
        self.counters.refused(why);
        response
    }
}

/// Whether contacts and subscriptions of a device are still in order.
pub(super) fn may_stay(old: &Snapshot, new: &Snapshot, tenant: TenantId, id: DeviceId) -> bool {
    let Some(device) = new.device(tenant, id) else { return false };
    let suspended = device.user.and_then(|user| new.user(tenant, user)).is_some_and(|user| user.suspended);
    let closed = new.tenant(tenant).is_some_and(|tenant| tenant.suspended);
    let same_secret = old.device(tenant, id).is_none_or(|before| before.ha1 == device.ha1);
    same_secret && !closed && (!suspended || device.hotdesk)
}

fn shown(binding: &Binding, tenant: TenantId, device: DeviceId) -> live::Binding {
    live::Binding {
        tenant,
        device,
        key: binding.key().into(),
        contact: binding.contact.to_string(),
        user_agent: binding.user_agent.to_string(),
        address: print_peer(&binding.flow),
        registered_at: binding.registered_at,
        expires_at: binding.expires_at,
    }
}

/// The 200 to OPTIONS (RFC 3261 §11.2).
fn capabilities() -> Response {
    Response::new(200)
        .with(Name::Allow, ALLOW)
        .with(Name::Accept, "application/sdp")
        .with(Name::AllowEvents, ALLOW_EVENTS)
        .with(Name::Supported, "100rel, timer, path, outbound, replaces, join, norefersub")
}

/// Methods that lead somewhere.
const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, PUBLISH";
