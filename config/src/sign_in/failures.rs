//! Failed sign-ins: ten in a quarter of an hour lock that login from that address for another. AUTH-28.

use rusqlite::TransactionBehavior;

use super::{account, note, own, sessions::SIGN_IN_FAILED};
use crate::{Db, access::Author};

/// Nobody signs in with that login from that address until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Unix milliseconds.
    pub until_ms: i64,
}

impl Db {
    /// The lock of a login from an address, if there is one. Ask before looking at the password.
    pub fn sign_in_lock(&self, login: &str, address: &str, now_ms: i64) -> rusqlite::Result<Option<Lock>> {
        let reader = self.reader()?;
        let until: Option<i64> = reader
            .prepare_cached(
                "SELECT max(locked_until) FROM sign_in_failures WHERE login = ?1 AND address = ?2",
            )?
            .query_row((key(login), address), |row| row.get(0))?;
        Ok(until.filter(|until| *until > now_ms).map(|until_ms| Lock { until_ms }))
    }

    /// Counts a failure. Returns the lock if this one made it, which is in the audit then. Call it only when there is no
    /// lock, so that trying on does not prolong it.
    pub fn sign_in_failed(&self, login: &str, address: &str, now_ms: i64) -> rusqlite::Result<Option<Lock>> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "DELETE FROM sign_in_failures WHERE at_ms <= ?1 AND locked_until <= ?2",
            [now_ms - WINDOW_MS, now_ms],
        )?;
        let earlier: u32 = transaction.query_row(
            "SELECT count(*) FROM sign_in_failures WHERE login = ?1 AND address = ?2 AND at_ms > ?3",
            (key(login), address, now_ms - WINDOW_MS),
            |row| row.get(0),
        )?;
        let lock = (earlier + 1 >= MOST_FAILURES).then_some(Lock { until_ms: now_ms + WINDOW_MS });
        transaction.execute(
            "INSERT INTO sign_in_failures (login, address, at_ms, locked_until) VALUES (?1, ?2, ?3, ?4)",
            (key(login), address, now_ms, lock.map_or(0, |lock| lock.until_ms)),
        )?;
        if let Some(account) = account::by_login(&transaction, &key(login), None)? {
            let author = Author { address: address.to_owned(), ..own(&account) };
            let action = if lock.is_some() { "locked" } else { SIGN_IN_FAILED };
            note(&transaction, &author, &account, action)?;
        }
        transaction.commit()?;
        Ok(lock)
    }

    /// Forgets the failures of a login from an address, after a success.
    pub fn sign_in_succeeded(&self, login: &str, address: &str) -> rusqlite::Result<()> {
        self.writer().execute(
            "DELETE FROM sign_in_failures WHERE login = ?1 AND address = ?2",
            (key(login), address),
        )?;
        Ok(())
    }
}

/// Bounded, because anybody can send one.
fn key(login: &str) -> String {
    login.trim().to_lowercase().chars().take(254).collect()
}

const MOST_FAILURES: u32 = 10;
const WINDOW_MS: i64 = 15 * 60 * 1000;
