//! Looking back and going back: taking back a change, the configuration as it was at any revision of the last months, and
//! changes that are taken back by themselves unless somebody confirms them. OPS-05, AUD-01, AUD-02.
//!
//! Going back is a change like any other: checked, one revision, in the audit log, and itself to be taken back.

mod undo;

pub use undo::{Later, UndoError, Undone};

#[cfg(test)]
mod tests;
