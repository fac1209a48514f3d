//! Changes on trial: taken back at a deadline unless somebody confirms them. The deadline is a row of the database, so it
//! holds over restarts and kills; the running program, or the next one, ends what is over.

use rusqlite::Connection;

use super::undo::{self, Undone};
use crate::{
    Db, TenantId,
    access::Author,
    audit::{self, AuditEntry},
    plan::{
        self, RowProblem, SELECT_TRIAL as SELECT, Step, Trial, TrialError, begin_trial, read_trial as read,
        running,
    },
    transaction::Transaction,
    write::WriteError,
};

/// A trial that nobody confirmed.
#[derive(Debug)]
pub struct Ended {
    /// Which one.
    pub trial: Trial,
    /// What was taken back, and what stayed because somebody changed it since or uses it.
    pub undone: Undone,
}

impl Db {
    /// From now on all changes of the author are on trial, for so many minutes.
    ///
    /// # Errors
    /// When a trial of the tenant is running.
    pub fn begin_trial(&self, author: &Author, now_ms: i64, minutes: u32) -> Result<Trial, TrialError> {
        if author.viewer.level == 0 {
            return Err(TrialError::Forbidden);
        }
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let first: i64 = transaction.query_row("SELECT number + 1 FROM revision", [], |row| row.get(0))?;
        let trial = begin_trial(&transaction, author, (first, None), (now_ms, minutes))?;
        transaction.commit()?;
        Ok(trial)
    }

    /// The trial of a tenant that is running.
    pub fn trial(&self, tenant: TenantId) -> rusqlite::Result<Option<Trial>> {
        running(&*self.reader()?, tenant.0)
    }

    /// Keeps what is on trial.
    pub fn confirm_trial(&self, author: &Author, id: i64) -> Result<(), TrialError> {
        if author.viewer.level == 0 {
            return Err(TrialError::Forbidden);
        }
        let writer = self.writer();
        let gone = writer
            .execute("DELETE FROM trials WHERE id = ?1 AND tenant_id = ?2", [id, author.viewer.tenant.0])?;
        if gone == 0 { Err(TrialError::Gone) } else { Ok(()) }
    }

    /// Takes back at once what is on trial.
    pub fn cancel_trial(&self, author: &Author, id: i64) -> Result<Ended, TrialError> {
        if author.viewer.level == 0 {
            return Err(TrialError::Forbidden);
        }
        let trial =
            self.trial(author.viewer.tenant)?.filter(|trial| trial.id == id).ok_or(TrialError::Gone)?;
        Ok(self.end(trial, author)?)
    }

    /// Takes back all trials that are over at `now_ms`. Call it at start, and each second or so.
    pub fn end_trials(&self, now_ms: i64) -> Result<Vec<Ended>, WriteError> {
        let over = {
            let reader = self.reader()?;
            let mut statement =
                reader.prepare_cached(&format!("{SELECT} WHERE deadline_ms <= ?1 ORDER BY id"))?;
            statement.query_map([now_ms], read)?.collect::<Result<Vec<_>, _>>()?
        };
        over.into_iter()
            .map(|trial| {
                let name = format!("not confirmed by {}", trial.author);
                let author = Author::program(trial.tenant, &name, "trial");
                self.end(trial, &author)
            })
            .collect()
    }

    /// Takes back what can be, tells what cannot, and forgets the trial, all at once.
    fn end(&self, trial: Trial, author: &Author) -> Result<Ended, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        let entries = entries(&transaction, &trial)?;
        let mut undone = Undone { revision: transaction.before(), ..Undone::default() };
        let (mut steps, kept) = self.steps(&transaction, entries)?;
        undone.kept = kept;
        transaction.execute_batch("SAVEPOINT trial")?;
        loop {
            let applied = plan::apply(self, &transaction, author, steps.clone())?;
            if applied.problems.is_empty() {
                undone.rows = applied.rows;
                break;
            }
            transaction.execute_batch("ROLLBACK TO trial")?;
            steps.retain(|step| !troubled(step, &applied.problems));
            undone.kept.extend(applied.problems.iter().map(ToString::to_string));
        }
        transaction.execute_batch("RELEASE trial")?;
        transaction.execute("DELETE FROM trials WHERE id = ?1", [trial.id])?;
        // Even without changes it is a revision: the trial is forgotten in it.
        undone.revision = transaction.commit()?;
        Ok(Ended { trial, undone })
    }

    fn steps(
        &self,
        rows: &Connection,
        entries: Vec<AuditEntry>,
    ) -> Result<(Vec<Step>, Vec<String>), WriteError> {
        let (mut steps, mut kept) = (Vec::new(), Vec::new());
        for entry in undo::by_row(entries).unwrap_or_default() {
            match undo::step(self, rows, &entry) {
                Ok(taken) => {
                    kept.extend(taken.changed.iter().map(ToString::to_string));
                    // A new row that somebody went on working on is theirs.
                    let theirs = entry.action == "create" && !taken.changed.is_empty();
                    steps.extend(taken.step.filter(|_| !theirs));
                }
                Err(undo::UndoError::Write(error)) => return Err(error),
                Err(why) => kept.push(format!("{}: {why}", entry.title)),
            }
        }
        Ok((steps, kept))
    }
}

/// What a trial is about.
fn entries(rows: &Connection, trial: &Trial) -> rusqlite::Result<Vec<AuditEntry>> {
    let text = format!(
        "{} WHERE tenant_id = ?1 AND author = ?2 AND revision BETWEEN ?3 AND ?4 AND via <> 'file' ORDER BY id",
        audit::SELECT
    );
    let last = trial.last.unwrap_or(i64::MAX);
    let mut statement = rows.prepare_cached(&text)?;
    statement.query_map((trial.tenant.0, &trial.author, trial.first, last), audit::read)?.collect()
}

fn troubled(step: &Step, problems: &[RowProblem]) -> bool {
    problems.iter().any(|problem| (problem.table, problem.id) == (step.of.name, step.id))
}
