//! One action on many rows: all of them in one transaction and one revision, or none. NAV-15, OPS-05.

use rusqlite::Connection;

use crate::{
    Db, Resource,
    access::Author,
    query::{self, ListQuery, QueryError},
    resource::Values,
    rows,
    transaction::Transaction,
    write::{Delete, Edit, WriteError},
};

/// Which rows.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// Those ticked, at most [`MOST_ROWS`].
    These(Vec<i64>),
    /// All that a list shows, also beyond its page.
    Matching(ListQuery),
}

/// What happens to each of them.
#[derive(Debug, Clone)]
pub enum Act {
    /// These fields take these values.
    Set(Values),
    /// They go, unless something else refers to one of them.
    Delete,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Rows that changed; those that were so already do not count.
    pub rows: usize,
    /// The revision that holds it; the one before if nothing changed.
    pub revision: i64,
}

/// A row that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Obstacle {
    /// Row id.
    pub id: i64,
    /// How the row is called.
    pub title: String,
    /// `still used by Ring group Everyone (600)`
    pub why: String,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BulkError {
    #[error(transparent)]
    Query(#[from] QueryError),
    /// At most [`ENOUGH`] of them.
    #[error("{} row(s) stand in the way", .0.len())]
    Obstacles(Vec<Obstacle>),
    #[error("at most {MOST_ROWS} rows at once")]
    TooMany,
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Db {
    /// Does the same to many rows.
    pub fn bulk(
        &self,
        author: &Author,
        of: &'static Resource,
        chosen: &Chosen,
        act: &Act,
    ) -> Result<Done, BulkError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer).map_err(WriteError::from)?;
        let rows = self.bulk_in(&transaction, author, of, chosen, act)?;
        let revision = match rows {
            0 => transaction.before(),
            _ => transaction.commit().map_err(WriteError::from)?,
        };
        Ok(Done { rows, revision })
    }

    /// The same within a transaction; how many rows changed.
    pub(crate) fn bulk_in(
        &self,
        transaction: &Connection,
        author: &Author,
        of: &'static Resource,
        chosen: &Chosen,
        act: &Act,
    ) -> Result<usize, BulkError> {
        let ids = ids(transaction, author, of, chosen)?;
        let one = |id| match act {
            Act::Set(values) => self.update_in(transaction, author, Edit { of, id, version: None }, values),
            Act::Delete => self.delete_in(transaction, author, Delete { of, id, to: None }).map(|()| true),
        };
        let (mut left, mut changed) = (ids, 0);
        // Rows may refer to each other: what stands in the way in one round can be gone in the next.
        loop {
            let (mut stayed, mut obstacles) = (Vec::new(), Vec::new());
            let before = left.len();
            for id in left {
                match one(id) {
                    Ok(is_change) => changed += usize::from(is_change),
                    Err(error @ WriteError::Sqlite(_)) => return Err(error.into()),
                    Err(error) => {
                        stayed.push(id);
                        if obstacles.len() < ENOUGH {
                            obstacles.push(obstacle(transaction, of, id, error)?);
                        }
                    }
                }
            }
            if stayed.is_empty() {
                return Ok(changed);
            }
            if stayed.len() == before || matches!(act, Act::Set(_)) {
                return Err(BulkError::Obstacles(obstacles));
            }
            left = stayed;
        }
    }
}

fn ids(
    rows: &Connection,
    author: &Author,
    of: &'static Resource,
    chosen: &Chosen,
) -> Result<Vec<i64>, BulkError> {
    let ids = match chosen {
        Chosen::These(ids) => {
            let mut ids = ids.clone();
            ids.sort_unstable();
            ids.dedup();
            ids
        }
        Chosen::Matching(query) => query::ids(rows, &author.viewer, of, query)?,
    };
    if ids.len() > MOST_ROWS { Err(BulkError::TooMany) } else { Ok(ids) }
}

fn obstacle(
    rows: &Connection,
    of: &'static Resource,
    id: i64,
    error: WriteError,
) -> Result<Obstacle, BulkError> {
    let why = match error {
        WriteError::Invalid(problems) => {
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    Ok(Obstacle { id, title: rows::title(rows, of, id).map_err(WriteError::from)?, why })
}

/// More than the largest table that we promise to be quick with.
pub const MOST_ROWS: usize = 20_000;
/// More obstacles at once help nobody.
pub const ENOUGH: usize = 20;

#[cfg(test)]
mod tests;
