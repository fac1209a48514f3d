//! Phones are told to fetch their settings: NOTIFY with `Event: check-sync` to each contact. SIP-36, DEV-07, DEV-14.

use config::{DeviceId, Snapshot, TenantId};
use sip_stack::{Name, Request};

use super::{Engine, outgoing::split_path};
use crate::{
    io::Now,
    resync::{Target, Turn, Wanted},
};

impl Engine {
    /// Has the phones told that a new revision concerns. Called while their contacts are still there: with its password a
    /// phone loses them.
    pub(super) fn resync_changed(&mut self, now: Now, snapshot: &Snapshot) {
        let phones = snapshot.resync();
        let turn = if phones.len() <= FEW { Turn::Few } else { Turn::Many };
        for &device in phones {
            let tenant = self.snapshot.device_anywhere(device).or(snapshot.device_anywhere(device));
            if let Some(tenant) = tenant.map(|device| device.tenant) {
                self.ask_to_resync(now, (tenant, device), turn, false);
            }
        }
    }

    /// Has a phone told now; `reboot` has it start anew.
    pub(super) fn resync(&mut self, now: Now, tenant: TenantId, device: DeviceId, reboot: bool) {
        self.ask_to_resync(now, (tenant, device), Turn::Asked, reboot);
        self.tell_resyncs(now);
    }

    /// Tells those whose turn has come.
    pub(super) fn tell_resyncs(&mut self, now: Now) {
        while let Some((device, wanted)) = self.resyncs.due(now.at) {
            self.tell_resync(now, device, &wanted);
        }
    }

    fn ask_to_resync(&mut self, now: Now, phone: (TenantId, DeviceId), turn: Turn, reboot: bool) {
        let (tenant, device) = phone;
        let targets: Vec<Target> =
            self.office.bindings.borrow().of(device).iter().map(Target::from).collect();
        if !targets.is_empty() {
            self.resyncs.ask(now.at, device, turn, Wanted { tenant, reboot, targets });
        }
    }

    fn tell_resync(&mut self, now: Now, device: DeviceId, wanted: &Wanted) {
        let Some(domain) = self.snapshot.tenant(wanted.tenant).map(|tenant| tenant.domain.clone()) else {
            return;
        };
        let bound: Vec<Target> = self.office.bindings.borrow().of(device).iter().map(Target::from).collect();
        let targets = if bound.is_empty() { &wanted.targets } else { &bound };
        for target in targets {
            tracing::info!(tenant.id = %wanted.tenant, device.id = %device, peer.addr = %target.flow.remote,
                "a phone is told to fetch its settings{}", if wanted.reboot { " and start anew" } else { "" });
            self.counters.resyncs += 1;
            self.stack.request(now.at, target.flow, notify(&domain, target, wanted.reboot));
        }
    }
}

/// Nobody subscribed: phones take this NOTIFY all the same, and the parameter where they know it. There is no RFC of it.
fn notify(domain: &str, target: &Target, reboot: bool) -> Request {
    Request {
        method: "NOTIFY",
        from: format!("<sip:{domain}>"),
        to: format!("<{}>", target.contact),
        uri: target.contact.to_string(),
        route: split_path(target.path.as_deref().unwrap_or_default()),
        headers: vec![
            (Name::Contact, format!("<sip:{}>", target.flow.local)),
            (Name::Event, format!("check-sync;reboot={reboot}")),
            (Name::SubscriptionState, "terminated;reason=timeout".to_owned()),
        ],
        body: None,
    }
}

/// As many as one edit by hand concerns.
const FEW: usize = 20;
