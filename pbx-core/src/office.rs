//! What scripts may see of the engine: registered phones, and who is on a call. The engine writes between polls,
//! scripts only read.

use std::cell::{Cell, RefCell};

use config::{QuickMap, UserId, hunt::Memory};

use crate::{
    bindings::Bindings, callback::Callbacks, guard::Guard, ids::LegId, parking::Parking, trunk::Trunks,
};

/// Shared by all calls of an engine, within its thread.
#[derive(Debug, Default)]
pub(crate) struct Office {
    /// Registered contacts.
    pub bindings: RefCell<Bindings>,
    /// Calls in progress by user.
    pub lines: RefCell<Lines>,
    /// What calls outside cost.
    pub guard: RefCell<Guard>,
    /// Who called for help.
    pub callbacks: RefCell<Callbacks>,
    /// What hunt strategies remember.
    pub hunting: RefCell<Memory>,
    /// Who waits in which slot.
    pub parking: RefCell<Parking>,
    /// Lines to the public network.
    pub trunks: RefCell<Trunks>,
    next_leg: Cell<u64>,
    next_edit: Cell<u64>,
}

/// Calls in progress by user, ringing or up, in either direction; one call counts once (C-4 of FEATURES).
#[derive(Debug, Default)]
pub(crate) struct Lines(QuickMap<UserId, u32>);

impl Office {
    /// A leg id that was never used.
    pub(crate) fn new_leg(&self) -> LegId {
        self.next_leg.set(self.next_leg.get() + 1);
        LegId(self.next_leg.get())
    }
    /// A ticket of an edit that was never used.
    pub(crate) fn new_edit(&self) -> u64 {
        self.next_edit.set(self.next_edit.get() + 1);
        self.next_edit.get()
    }
}

impl Lines {
    /// How many calls the user is in.
    pub(crate) fn of(&self, user: UserId) -> u32 {
        self.0.get(&user).copied().unwrap_or(0)
    }
    /// The user is in one more call.
    pub(crate) fn engage(&mut self, user: UserId) {
        *self.0.entry(user).or_insert(0) += 1;
    }
    /// The user left a call.
    pub(crate) fn release(&mut self, user: UserId) {
        if let Some(calls) = self.0.get_mut(&user) {
            *calls -= 1;
            if *calls == 0 {
                self.0.remove(&user);
            }
        }
    }
    /// Whether nobody is on a call.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
