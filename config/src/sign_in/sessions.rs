//! Sessions: who is signed in from where.

use rusqlite::{OptionalExtension, Row};

use super::{ACCOUNT_COLUMNS, ACCOUNT_TABLES, Account, hash_of, read_account};
use crate::{AdministratorId, Db, secret};

/// A browser that is signed in. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Session {
    pub id: i64,
    pub account: Account,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    pub address: String,
    pub user_agent: String,
}

impl Db {
    /// Starts a session of `lasts_ms`; returns its token for the cookie. Expired sessions of everybody go.
    pub fn new_session(
        &self,
        id: AdministratorId,
        from: (&str, &str),
        now_ms: i64,
        lasts_ms: i64,
    ) -> rusqlite::Result<String> {
        let (address, user_agent) = from;
        let token = secret::token();
        let user_agent: String = user_agent.chars().take(MOST_CHARACTERS).collect();
        let writer = self.writer();
        writer.execute("DELETE FROM sessions WHERE expires_at <= ?1", [now_ms])?;
        writer.execute(
            "INSERT INTO sessions (token_hash, administrator_id, created_at, seen_at, expires_at, address, user_agent) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
            (hash_of(&token), id.0, now_ms, now_ms + lasts_ms, address, user_agent),
        )?;
        Ok(token)
    }

    /// The session of a token, if it has not expired and the administrator is not suspended.
    pub fn session(&self, token: &str, now_ms: i64) -> rusqlite::Result<Option<Session>> {
        let text = format!(
            "SELECT {SESSION_COLUMNS}, {ACCOUNT_COLUMNS} FROM {ACCOUNT_TABLES} \
             JOIN sessions e ON e.administrator_id = a.id \
             WHERE e.token_hash = ?1 AND e.expires_at > ?2 AND a.suspended = 0"
        );
        let reader = self.reader()?;
        reader.prepare_cached(&text)?.query_row((hash_of(token), now_ms), read).optional()
    }

    /// Notes that a session is in use and lets it last `lasts_ms` from now. Once a minute is enough.
    pub fn touch_session(&self, id: i64, now_ms: i64, lasts_ms: i64) -> rusqlite::Result<()> {
        self.writer()
            .prepare_cached("UPDATE sessions SET seen_at = ?2, expires_at = ?3 WHERE id = ?1")?
            .execute((id, now_ms, now_ms + lasts_ms))?;
        Ok(())
    }

    /// The sessions of an administrator, the last used first.
    pub fn sessions_of(&self, id: AdministratorId, now_ms: i64) -> rusqlite::Result<Vec<Session>> {
        let text = format!(
            "SELECT {SESSION_COLUMNS}, {ACCOUNT_COLUMNS} FROM {ACCOUNT_TABLES} \
             JOIN sessions e ON e.administrator_id = a.id \
             WHERE a.id = ?1 AND e.expires_at > ?2 ORDER BY e.seen_at DESC"
        );
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&text)?;
        statement.query_map((id.0, now_ms), read)?.collect()
    }

    /// Ends a session of an administrator. `false` if it is none of theirs.
    pub fn end_session(&self, of: AdministratorId, id: i64) -> rusqlite::Result<bool> {
        let ended = self
            .writer()
            .execute("DELETE FROM sessions WHERE id = ?1 AND administrator_id = ?2", (id, of.0))?;
        Ok(ended > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        created_at: row.get(1)?,
        seen_at: row.get(2)?,
        expires_at: row.get(3)?,
        address: row.get(4)?,
        user_agent: row.get(5)?,
        account: read_account(row, 6)?,
    })
}

const SESSION_COLUMNS: &str = "e.id, e.created_at, e.seen_at, e.expires_at, e.address, e.user_agent";
/// Of a user agent; the rest says nothing.
const MOST_CHARACTERS: usize = 256;
