//! Whom a phone shows that its user talks with: told in the 200 that answers its call, and again when that is somebody else –
//! after a pickup, a transfer, out of a park slot. CTRL-02, SIP-23, SIP-24; RFC 3325 §9.1, RFC 4916.
//!
//! ```text
//!   A ── calls 102, 103 takes the call ──►   200, P-Asserted-Identity: 103
//!   A ── talks with B, B puts A through to C:  re-INVITE or UPDATE to A (C) and to C (A)
//! ```
//!
//! Only our own phones are told: beyond a trunk nobody learns who of us picked up.

use sip_stack::Name;

use super::{Engine, outgoing::quoted};
use crate::call::leg::State;
use crate::{ids::LegId, io::Now};

impl Engine {
    /// The two begin to talk, or go on: the phone of one is told of the other, unless it shows them already. An offer that must
    /// go out anyway carries it.
    pub(super) fn introduce(&mut self, now: Now, leg: LegId, partner: LegId) {
        let Some(row) = self.calls.legs.get(&leg).filter(|row| row.state == State::Up) else { return };
        let is_offered = row.line.is_stale && !row.line.agreed.is_empty();
        let Some(invite) = row.invite.filter(|_| row.shows != Some(partner)) else { return };
        let Some(address) = self.address_of(leg, partner) else { return };
        if let Some(row) = self.calls.legs.get_mut(&leg) {
            row.shows = Some(partner);
        }
        if is_offered {
            self.stack.set_identity(invite, address);
        } else {
            self.stack.identify(now.at, invite, address);
        }
    }

    /// The header that tells a phone whom it talks with as it is answered.
    pub(super) fn connected(&mut self, leg: LegId, partner: LegId) -> Option<(Name, String)> {
        let address = self.address_of(leg, partner)?;
        self.calls.legs.get_mut(&leg)?.shows = Some(partner);
        Some((Name::PAssertedIdentity, address))
    }

    /// `"Name" <sip:number@domain>` of a party, as the phone of another calls them. `None` where nothing is told.
    fn address_of(&self, leg: LegId, partner: LegId) -> Option<String> {
        let (row, other) = (self.calls.legs.get(&leg)?, self.calls.legs.get(&partner)?);
        let call = self.calls.running.get(&row.call)?;
        let device = self.snapshot.device_anywhere(row.party.device?)?;
        let (facts, theirs) = (call.handle.facts(), self.snapshot.tenant(device.tenant)?);
        let is_hidden = call.handle.is_hidden() && partner == call.owner;
        if is_hidden || other.party.number.is_empty() {
            return None;
        }
        // MT-14: somebody of another company is called back by its access code.
        let of = other.party.user.and_then(|user| self.snapshot.user_anywhere(user));
        let home = of.map_or(facts.tenant.id, |user| user.tenant);
        let code = self.snapshot.tenant(home).filter(|home| home.id != theirs.id);
        let code = code.map_or("", |home| home.calling.access_code.as_str());
        let number = [code, &other.party.number].concat();
        let known = self.snapshot.name_of_number(theirs.id, row.party.user, &number);
        let name = known.unwrap_or_else(|| other.party.name.clone());
        Some([&quoted(name.trim()), " <sip:", &number, "@", &theirs.domain, ">"].concat())
    }
}
