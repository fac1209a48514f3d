//! Numbered SQL, forward only, on `PRAGMA user_version`.

use rusqlite::{Connection, TransactionBehavior};

/// The newest schema this program knows.
pub const KNOWN: i64 = STEPS.len() as i64;

/// The schema of a database; 0 is an empty file.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings a database to [`KNOWN`], in one transaction: a program killed meanwhile leaves the old schema.
pub fn run(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? >= KNOWN {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have migrated while this one waited for the lock.
    let from = usize::try_from(version(&transaction)?).unwrap_or_default();
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()
}

const STEPS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_forwards.sql"),
    include_str!("migrations/0003_large_lists.sql"),
    include_str!("migrations/0008_history.sql"),
    include_str!("migrations/0009_tables.sql"),
];
