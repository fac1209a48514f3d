//! Whom the peer talks with is told within the session: P-Asserted-Identity (RFC 3325 §9.1) in our re-INVITEs and UPDATEs,
//! and where the peer takes that another From, too (RFC 4916 §4.4).

use std::{sync::Arc, time::Instant};

use super::{Invite, Stage, offer::Why};
use crate::{
    Name,
    dialog::{Dialog, Local},
    transaction::layer::Layer,
};

/// The other side of the session as the peer is to show it.
#[derive(Debug)]
pub(crate) struct Identity {
    /// `"Name" <sip:number@domain>`.
    asserted: String,
    /// No re-INVITE of ours has carried it, and none will for other reasons.
    is_due: bool,
}

impl Invite {
    /// The next re-INVITE or UPDATE carries it, and all that follow.
    pub(crate) fn set_identity(&mut self, asserted: String) {
        if self.stage != Stage::Up {
            return;
        }
        if let Some(dialog) = self.dialogs.first_mut().filter(|dialog| dialog.takes_from_change) {
            self.local = renamed(dialog, &asserted);
            dialog.local = self.local.clone();
        }
        self.identity = Some(Box::new(Identity { asserted, is_due: false }));
    }
    /// The same, by an UPDATE of its own as soon as one may go. A peer that allows none is told by what goes out anyway.
    pub(crate) fn identify(&mut self, now: Instant, layer: &mut Layer, asserted: String) {
        self.set_identity(asserted);
        if let Some(identity) = &mut self.identity {
            identity.is_due = true;
        }
        self.offer_queued(now, layer);
    }
    /// Sends the UPDATE that is due. Nothing else is under way.
    pub(super) fn tell_identity(&mut self, now: Instant, layer: &mut Layer) {
        let may_update = self.dialogs.first().is_some_and(|dialog| dialog.may_update);
        let Some(identity) = self.identity.as_mut().filter(|identity| identity.is_due) else { return };
        identity.is_due = false;
        if may_update && self.stage == Stage::Up {
            self.send_ours(now, layer, ("UPDATE", Why::Identity), None);
        }
    }
    /// The UPDATE met an offer of the peer's: it goes out again.
    pub(super) fn identity_is_due(&mut self) {
        if let Some(identity) = &mut self.identity {
            identity.is_due = true;
        }
    }
    /// A phone that does not take an UPDATE after all is not asked again.
    pub(super) fn identity_refused(&mut self, status: u16) {
        if let (405 | 501, Some(dialog)) = (status, self.dialogs.first_mut()) {
            dialog.may_update = false;
        }
    }
    /// The header of a re-INVITE or UPDATE that goes out.
    pub(super) fn asserted(&mut self) -> Option<(Name, String)> {
        let identity = self.identity.as_mut()?;
        identity.is_due = false;
        Some((Name::PAssertedIdentity, identity.asserted.clone()))
    }
}

/// Our end under another address.
fn renamed(dialog: &Dialog, address: &str) -> Arc<Local> {
    let local = &dialog.local;
    let contact = local.contact().to_vec();
    Arc::new(Local::new(local.call_id(), address.as_bytes(), local.tag(), |out| {
        out.extend_from_slice(&contact)
    }))
}
