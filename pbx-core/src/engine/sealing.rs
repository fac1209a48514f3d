//! Whether a leg's speech is encrypted, and with which keys of ours. MED-03, DEV-05, SIP-38.
//!
//! The device or the trunk says whether. Keys go in descriptions (RFC 4568), so that whoever reads the signalling can listen:
//! they go over TLS only, unless the device or the trunk says otherwise.

use std::array::from_fn;

use config::{
    Snapshot,
    snapshot::{Encryption, Srtp},
};
use media::{sdp, srtp::Key};
use rand::Rng;
use sip_stack::Flow;

use super::Engine;
use crate::{call::Leg, ids::LegId, io::Now};

/// Speech must be encrypted, and its keys would go where others can read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InClear;

impl InClear {
    /// For people.
    pub(super) const TEXT: &'static str = "speech must be encrypted, and its keys need SIP over TLS";
}

impl Engine {
    /// What holds for the leg, and keys for it where it may need them. A leg that came with its media keeps its keys.
    pub(super) fn prepare_keys(&mut self, leg: LegId) {
        let Some(row) = self.calls.legs.get(&leg) else { return };
        // Who must not talk in clear was refused before, unless they call for help. GEO-07
        let encryption = wanted(&self.snapshot, row).unwrap_or(sdp::Encryption::Off);
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.encryption = encryption;
        if encryption != sdp::Encryption::Off && row.line.keys.is_none() {
            row.line.keys = Some(Box::new(from_fn(|_| Key::new(from_fn(|_| self.random.random())))));
        }
    }

    /// Whether the party's speech is encrypted, where that could be.
    pub(super) fn note_encryption(&self, now: Now, leg: LegId) {
        let (Some(row), Some(call)) = (self.calls.legs.get(&leg), self.calls.call_of(leg)) else { return };
        let rule = match row.line.encryption {
            sdp::Encryption::Off => return,
            sdp::Encryption::Optional => "encrypted speech: where the other side can",
            sdp::Encryption::Required => "encrypted speech: always",
        };
        match &row.line.sealed {
            Some(sealed) => {
                let detail = format_args!("{}: {}", row.party, sealed.ours.suite.name());
                call.note(now, "Encrypted", detail, rule);
            }
            None => call.note(now, "Not encrypted", format_args!("{}: it cannot", row.party), rule),
        }
    }

    /// Why the leg cannot be called: it would be in clear.
    pub(super) fn must_not_be_called(&self, leg: LegId) -> Option<&'static str> {
        let row = self.calls.legs.get(&leg)?;
        if row.link.as_ref().is_some_and(|link| link.is_emergency) {
            return None;
        }
        wanted(&self.snapshot, row).err().map(|InClear| InClear::TEXT)
    }
}

/// What holds for signalling that goes that way.
pub(super) fn over(wanted: Encryption, flow: Flow) -> Result<sdp::Encryption, InClear> {
    let may_tell_keys = flow.transport.is_encrypted() || wanted.clear_keys;
    match (wanted.srtp, may_tell_keys) {
        (Srtp::Off, _) | (Srtp::Optional, false) => Ok(sdp::Encryption::Off),
        (Srtp::Optional, true) => Ok(sdp::Encryption::Optional),
        (Srtp::Required, true) => Ok(sdp::Encryption::Required),
        (Srtp::Required, false) => Err(InClear),
    }
}

fn wanted(snapshot: &Snapshot, row: &Leg) -> Result<sdp::Encryption, InClear> {
    if let Some(link) = &row.link {
        return over(link.trunk.peer.encryption, row.flow);
    }
    let device = row.party.device.and_then(|id| snapshot.device_anywhere(id));
    over(
        device.map_or(Encryption { srtp: Srtp::Off, clear_keys: false }, |device| device.encryption),
        row.flow,
    )
}
