//! Notices any committed change by any writer and makes the next snapshot of it. OPS-02…04.
//!
//! Polling costs about a microsecond while nothing was committed and a look at the revision when only records were. Rows
//! that our own write path checked are taken as they are; rows that somebody else wrote are checked first. What is invalid
//! is refused as a whole: the last good snapshot stays until the rows are mended.
//!
//! At the start of the program there is no last good snapshot: it begins with the offending rows left out, and the first
//! poll reports them.

use std::{collections::HashSet, sync::Arc};

use rusqlite::Connection;

use crate::{Db, OpenError, Snapshot, secret::Cipher, snapshot::Rows};

use change::Touched;

mod accept;
mod change;
mod load;
mod resync;

/// The reader of changes. One a program, on a thread of its own, polled every 10 ms or so.
#[derive(Debug)]
pub struct Feed {
    db: Db,
    connection: Connection,
    snapshot: Arc<Snapshot>,
    data_version: i64,
    /// The last revision looked at, whether it was accepted or not.
    examined: i64,
    /// The snapshot lacks rows; the next one is made from all.
    incomplete: bool,
    /// Found at the start, not yet reported.
    pending: Option<Rejected>,
}

/// The database holds something invalid. The last good snapshot stays in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration revision {revision} is not in force: {}", .problems.join(" "))]
pub struct Rejected {
    /// One sentence each: where, what is wrong, what to do.
    pub problems: Vec<String>,
    /// The revision that is not in force.
    pub revision: i64,
}

/// All rows that a connection shows, as calls read them; what cannot be read is left out.
pub(crate) fn snapshot_of(rows: &Connection, cipher: &Cipher, revision: i64) -> rusqlite::Result<Snapshot> {
    Ok(Snapshot::of(revision, load::all(rows, cipher, &HashSet::new())?.rows))
}

impl Feed {
    /// Reads everything. Problems of rows that were written by hand meanwhile are reported by the first poll.
    pub fn open(db: &Db) -> Result<(Self, Arc<Snapshot>), OpenError> {
        let connection = db.new_reader()?;
        let data_version = data_version(&connection)?;
        let moment = connection.unchecked_transaction()?;
        let revision = change::revision(&moment)?;
        let touched = change::since(&moment, revision.checked)?;
        let bad = change::problems(&moment, &touched)?;
        let left_out: HashSet<Touched> = bad.iter().filter_map(|problem| problem.row).collect();
        let loaded = load::all(&moment, db.cipher(), &left_out)?;
        moment.commit()?;
        let problems: Vec<String> =
            bad.into_iter().map(|problem| problem.message).chain(loaded.problems).collect();
        let snapshot = Arc::new(Snapshot::of(revision.number, loaded.rows));
        let mut feed = Self {
            db: db.clone(),
            connection,
            snapshot: snapshot.clone(),
            data_version,
            examined: revision.number,
            incomplete: !problems.is_empty(),
            pending: None,
        };
        if problems.is_empty() {
            feed.accepted(revision, &touched);
        } else {
            feed.pending = Some(Rejected { problems, revision: revision.number });
        }
        Ok((feed, snapshot))
    }

    /// The next snapshot if anything in the configuration changed, `None` if not. An error is reported once for each
    /// revision that is refused; what it says holds until a snapshot comes.
    pub fn poll(&mut self) -> Result<Option<Arc<Snapshot>>, Rejected> {
        if let Some(rejected) = self.pending.take() {
            return Err(rejected);
        }
        self.look().unwrap_or_else(|error| {
            let problem = format!("The database cannot be read: {error}.");
            Err(Rejected { problems: vec![problem], revision: self.examined })
        })
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    fn look(&mut self) -> rusqlite::Result<Result<Option<Arc<Snapshot>>, Rejected>> {
        let data_version = data_version(&self.connection)?;
        if data_version == self.data_version {
            return Ok(Ok(None));
        }
        let moment = self.connection.unchecked_transaction()?;
        let revision = change::revision(&moment)?;
        if revision.number == self.examined {
            moment.commit()?;
            self.data_version = data_version;
            return Ok(Ok(None));
        }
        // A revision below ours: a backup was restored under the running program.
        let restored = revision.number < self.snapshot.revision;
        let since = if restored { 0 } else { self.snapshot.revision };
        let touched = change::since(&moment, since)?;
        let unchecked: Vec<_> =
            touched.iter().filter(|touched| touched.revision > revision.checked).copied().collect();
        let problems = change::problems(&moment, &unchecked)?;
        let phones = if restored || self.incomplete {
            Vec::new()
        } else {
            resync::phones(&moment, &self.snapshot, &touched)?
        };
        let loaded = if !problems.is_empty() {
            Err(problems.into_iter().map(|problem| problem.message).collect())
        } else if restored || self.incomplete {
            load::all(&moment, self.db.cipher(), &HashSet::new())?.complete()
        } else {
            load::touched(&moment, self.db.cipher(), &self.snapshot, &touched)?.complete()
        };
        moment.commit()?;
        self.data_version = data_version;
        self.examined = revision.number;
        Ok(match loaded {
            Ok(rows) => {
                let next = self.next(revision.number, rows, restored).resyncing(phones);
                Ok(Some(self.accept(revision, next, &unchecked)))
            }
            Err(problems) => Err(Rejected { problems, revision: revision.number }),
        })
    }

    fn next(&self, revision: i64, rows: Rows, restored: bool) -> Snapshot {
        if restored || self.incomplete {
            Snapshot::of(revision, rows)
        } else {
            self.snapshot.next(revision, rows)
        }
    }

    fn accept(&mut self, revision: change::Revision, next: Snapshot, unchecked: &[Touched]) -> Arc<Snapshot> {
        self.snapshot = Arc::new(next);
        self.incomplete = false;
        self.accepted(revision, unchecked);
        self.snapshot.clone()
    }

    /// Notes what somebody else wrote, encrypts passwords in clear, remembers that all was checked.
    fn accepted(&self, revision: change::Revision, unchecked: &[Touched]) {
        if revision.checked >= revision.number {
            return;
        }
        if let Err(error) = accept::foreign(&self.db, revision.number, unchecked) {
            tracing::warn!(%error, "changes made in the database file are in force, but could not be noted");
        }
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests;
