//! Many rows on their way to what they shall be, as one revision: what an undo, a restored revision, an imported text and
//! a migrated telephone system have in common.
//!
//! A plan is made by doing it: the rows are written in a transaction, checked as they then are, and the transaction is
//! taken back. So what a plan says is what applying it does, and rows may depend on each other in any order.

use crate::{audit::Changes, resource::Values};

pub use affected::Affected;
pub(crate) use apply::apply;
pub use carry_out::{Go, Plan, PlanError};
pub use on_trial::{LONGEST_MINUTES, Trial, TrialError};
pub(crate) use on_trial::{SELECT as SELECT_TRIAL, begin as begin_trial, read as read_trial, running};
pub(crate) use step::{Act, Step};

mod affected;
mod apply;
mod carry_out;
mod on_trial;
mod step;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Action {
    Create,
    Change,
    Delete,
}

/// One row of a plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowChange {
    /// Its table.
    pub table: &'static str,
    /// Its id; of a new row the one that it gets.
    pub id: i64,
    /// How people call it: after the change, before it when the row goes.
    pub title: String,
    /// What becomes of it.
    pub action: Action,
    /// Field → (old, new), as stored; secrets masked.
    pub changes: Changes,
    /// The same as people read it: titles instead of ids, labels instead of keys.
    pub shown: Changes,
}

/// Something that keeps a plan from being applied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowProblem {
    /// The row's table; empty if it concerns none.
    pub table: &'static str,
    /// The row that is changed.
    pub id: i64,
    /// How people call it.
    pub title: String,
    /// Field name; empty if it concerns the row as a whole.
    pub field: String,
    /// How people call that field.
    pub label: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What the rows became, or would become.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    pub rows: Vec<RowChange>,
    /// What each was before; nothing for a new one.
    pub before: Vec<Option<Values>>,
    /// If there are any, the transaction must be taken back.
    pub problems: Vec<RowProblem>,
}

impl std::fmt::Display for RowProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.title.is_empty() {
            write!(f, "{}: ", self.title)?;
        }
        if !self.label.is_empty() {
            write!(f, "{}: ", self.label)?;
        }
        f.write_str(&self.message)
    }
}
