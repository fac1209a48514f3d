//! A phone comes back over another connection: its calls go on over that one. SIP-09.
//!
//! A connection cannot be opened towards a phone behind NAT, so what we have to say to it goes over the one it registered
//! with last (RFC 5626 §5.3). Without this a phone that lost its connection in a call would not hear our BYE.

use config::DeviceId;
use sip_stack::Flow;

use super::Engine;
use crate::{auth::Identity, ids::LegId};

impl Engine {
    /// The device registered over this flow: legs of it that hang on a connection which nobody is registered over any
    /// more follow.
    pub(super) fn follow_phone(&mut self, identity: &Identity, flow: Flow) {
        let is_in_call = |user| self.office.lines.borrow().of(user) > 0;
        if !flow.transport.is_reliable() || !identity.device.user.is_none_or(is_in_call) {
            return;
        }
        for leg in self.stranded(identity.device.id, flow) {
            let Some(row) = self.calls.legs.get_mut(&leg) else { continue };
            let before = std::mem::replace(&mut row.flow, flow);
            row.invite.into_iter().for_each(|invite| self.stack.reroute(invite, before, flow));
        }
    }

    fn stranded(&self, device: DeviceId, flow: Flow) -> Vec<LegId> {
        let bindings = self.office.bindings.borrow();
        let is_registered = |old: Flow| bindings.of(device).iter().any(|binding| binding.flow == old);
        let legs = self.calls.legs.iter().filter(|(_, leg)| {
            let is_its = leg.party.device == Some(device) && !leg.is_over();
            is_its && leg.flow != flow && leg.flow.transport.is_reliable() && !is_registered(leg.flow)
        });
        legs.map(|(id, _)| *id).collect()
    }
}
