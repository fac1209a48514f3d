//! Changes of the configuration that a call or a phone asks for: handed to the shell, whose answer goes back to who asked.
//! FC-11, FC-12.

use config::edits::Edit;
use sip_stack::SubscriptionId;

use super::Engine;
use crate::{
    call::script::Event,
    ids::{CallId, IdMap},
    io::{Now, Output},
};

/// Edits that are under way, by ticket.
pub(super) type Edits = IdMap<u64, Waiting>;

/// Who waits for an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The script of a call, if it still runs then.
    Call(CallId),
    /// A phone that tells of its settings by SUBSCRIBE.
    Watcher(SubscriptionId),
    /// Nobody: what is not written is logged.
    #[allow(dead_code, reason = "phones that tell of their own settings wait for nothing")]
    Nobody,
}

impl Engine {
    /// Has an edit written. Tickets come from [`crate::office::Office::new_edit`].
    pub(super) fn edit(&mut self, ticket: u64, edit: Box<Edit>, waiting: Waiting) {
        tracing::debug!(tenant.id = %edit.tenant, "{} {} is edited by phone: {}", edit.table, edit.id, edit.reason);
        self.edits.insert(ticket, waiting);
        self.out.push_back(Output::Edit { ticket, edit });
    }

    /// An edit is written, or is not.
    pub(super) fn on_edited(&mut self, now: Now, ticket: u64, outcome: Result<(), String>) {
        let Some(waiting) = self.edits.remove(&ticket) else { return };
        if let Err(why) = &outcome {
            tracing::info!("an edit by phone is refused: {why}");
        }
        match waiting {
            Waiting::Watcher(id) => self.wish_edited(id, outcome.is_ok()),
            Waiting::Nobody => {}
            Waiting::Call(id) => {
                let Some(call) = self.calls.running.get(&id).filter(|call| !call.is_ending()) else { return };
                match &outcome {
                    Ok(()) => call.note(now, "Saved", "", "edit"),
                    Err(why) => call.note(now, "Not saved", why, "edit"),
                }
                call.handle.tell(Event::Edited(ticket, outcome.is_ok()));
                self.ready.push_back(id);
            }
        }
    }
}
