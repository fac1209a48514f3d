//! A transaction whose changes share one revision. OPS-05.

use std::ops::Deref;

use rusqlite::{Connection, TransactionBehavior};

/// Dropped, it leaves nothing.
pub(crate) struct Transaction<'a> {
    inner: rusqlite::Transaction<'a>,
    revision: i64,
}

impl<'a> Transaction<'a> {
    /// Takes the next revision. What was checked stays so: this transaction checks what it writes.
    pub(crate) fn begin(writer: &'a mut Connection) -> rusqlite::Result<Self> {
        let inner = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let revision = inner
            .prepare_cached(
                "UPDATE revision SET checked = checked + (checked = number), number = number + 1, held = 1 \
                 RETURNING number",
            )?
            .query_row([], |row| row.get(0))?;
        Ok(Self { inner, revision })
    }

    /// The revision before it.
    pub(crate) fn before(&self) -> i64 {
        self.revision - 1
    }

    /// Puts it in force. Returns its revision.
    pub(crate) fn commit(self) -> rusqlite::Result<i64> {
        self.inner.prepare_cached("UPDATE revision SET held = 0")?.execute([])?;
        self.inner.commit()?;
        Ok(self.revision)
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}
