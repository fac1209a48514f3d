//! Looking back and going back: taking back a change, the configuration as it was at any revision of the last months, and
//! changes that are taken back by themselves unless somebody confirms them. OPS-05, AUD-01, AUD-02.
//!
//! Going back is a change like any other: checked, one revision, in the audit log, and itself to be taken back.

mod compare;
mod past;
pub(crate) mod prune;
mod restore;
mod revisions;
mod snapshot;
mod trial;
mod undo;

pub use past::{Past, PastError, PastPage, PastRow};
pub use revisions::{Bounds, RevisionSummary};
pub use trial::Ended;

pub use crate::plan::{Trial, TrialError};
pub use undo::{Later, UndoError, Undone};

#[cfg(test)]
mod restore_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trial_tests;
