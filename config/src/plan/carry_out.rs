//! Making a plan by doing it, and doing it.

use rusqlite::Connection;

use super::{
    Action, Affected, Applied, RowChange, RowProblem, Step, Trial, TrialError, affected, apply, begin_trial,
};
use crate::{Db, access::Author, transaction::Transaction, write::WriteError};

/// Whether a plan is only made, or carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Says what would happen; nothing is written.
    Rehearse,
    /// Writes, if the configuration still is at this revision; `None`: at whatever revision it is.
    Apply(Option<i64>),
    /// The same on trial: `now_ms` in Unix milliseconds, and after how many minutes it is taken back.
    #[allow(missing_docs)]
    Try { base: Option<i64>, now_ms: i64, minutes: u32 },
}

/// What many changes would do, or did.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Plan {
    /// The revision that it was made for.
    pub base: i64,
    /// The revision that holds it; `None` if nothing was written.
    pub revision: Option<i64>,
    /// What becomes of which row.
    pub rows: Vec<RowChange>,
    /// Why it cannot be done. If there are any, nothing was written.
    pub problems: Vec<RowProblem>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// Numbers whose calls go another way.
    pub affected: Vec<Affected>,
    /// The trial that it began.
    pub trial: Option<Trial>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Somebody changed something since the plan was made.
    #[error(
        "the configuration was changed since this plan was made (revision {now}, it was {base}); look at it again"
    )]
    #[allow(missing_docs)]
    Moved { base: i64, now: i64 },
    /// What was given makes no sense, with what to do.
    #[error("{0}")]
    Refused(String),
    /// See there.
    #[error(transparent)]
    Trial(TrialError),
    /// See there.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Plan {
    /// How many rows become so.
    pub fn count(&self, action: Action) -> usize {
        self.rows.iter().filter(|row| row.action == action).count()
    }
}

impl Db {
    /// Has `steps` say what is to be done to the rows as they are, does it, and keeps it or takes it back. Notes for
    /// people go into the second argument.
    pub(crate) fn carry_out(
        &self,
        author: &Author,
        go: Go,
        steps: impl FnOnce(&Connection, &mut Vec<String>) -> Result<Vec<Step>, PlanError>,
    ) -> Result<Plan, PlanError> {
        self.carry_out_all(author, go, |rows, notes| {
            let steps = steps(rows, notes)?;
            Ok(apply(self, rows, author, steps)?)
        })
    }

    /// The same for steps that depend on what others did: `write` applies them itself.
    pub(crate) fn carry_out_all(
        &self,
        author: &Author,
        go: Go,
        write: impl FnOnce(&Connection, &mut Vec<String>) -> Result<Applied, PlanError>,
    ) -> Result<Plan, PlanError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let base = transaction.before();
        if let Go::Apply(Some(planned)) | Go::Try { base: Some(planned), .. } = go
            && planned != base
        {
            return Err(PlanError::Moved { base: planned, now: base });
        }
        let before = affected::Numbers::read(&transaction)?;
        let mut plan = Plan { base, ..Plan::default() };
        let applied = write(&transaction, &mut plan.notes)?;
        if applied.problems.is_empty() {
            plan.affected = affected::affected(&transaction, &before, &applied)?;
        }
        (plan.rows, plan.problems) = (applied.rows, applied.problems);
        if !plan.problems.is_empty() || plan.rows.is_empty() || go == Go::Rehearse {
            return Ok(plan);
        }
        if let Go::Try { now_ms, minutes, .. } = go {
            let revision = base + 1;
            let trial = begin_trial(&transaction, author, (revision, Some(revision)), (now_ms, minutes));
            plan.trial = Some(trial.map_err(PlanError::Trial)?);
        }
        plan.revision = Some(transaction.commit()?);
        Ok(plan)
    }
}

impl From<rusqlite::Error> for PlanError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Write(error.into())
    }
}
