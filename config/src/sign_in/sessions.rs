//! Sessions: who is signed in from where; and the last sign-ins. AUTH-02, 25, 26.

use rusqlite::{OptionalExtension, Row, TransactionBehavior};

use super::{
    Account,
    account::{self, ACCOUNT_TABLES},
    hash_of, note, own,
};
use crate::{Db, TenantId, UserId, access::Author, audit::AuditEntry, resources::users::USERS, secret};

/// A browser that is signed in. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Session {
    pub id: i64,
    pub account: Account,
    pub stage: Stage,
    /// The customer whose portal they have opened. R-01
    pub acts_for: Option<TenantId>,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    pub address: String,
    pub user_agent: String,
}

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All asked for was given.
    Whole,
    /// The password was right; the second factor is asked for, and nothing else works.
    SecondFactor,
    /// The company's identity provider said who it is: our password and second factor do not matter. AUTH-24.
    Elsewhere,
}

impl Db {
    /// Starts a session from an address and user agent, at `now_ms` and for so long; returns its token for the cookie.
    /// Expired sessions of everybody go. A whole one is in the audit log.
    pub fn new_session(
        &self,
        id: UserId,
        (address, user_agent): (&str, &str),
        stage: Stage,
        (now_ms, lasts_ms): (i64, i64),
    ) -> rusqlite::Result<String> {
        let token = secret::token();
        let user_agent: String = user_agent.chars().take(MOST_CHARACTERS).collect();
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM sessions WHERE expires_at <= ?1", [now_ms])?;
        transaction.execute(
            "INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at, address, user_agent, waits, \
             elsewhere) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                hash_of(&token),
                id.0,
                now_ms,
                now_ms + lasts_ms,
                address,
                user_agent,
                stage == Stage::SecondFactor,
                stage == Stage::Elsewhere,
            ),
        )?;
        if stage != Stage::SecondFactor
            && let Some(account) = account::by_id(&transaction, id)?
        {
            let author = Author { address: address.to_owned(), ..own(&account) };
            note(&transaction, &author, &account, SIGN_IN)?;
        }
        transaction.commit()?;
        Ok(token)
    }

    /// The session of a token, if it has not expired, was used within the company's time, and the user may sign in.
    pub fn session(&self, token: &str, now_ms: i64) -> rusqlite::Result<Option<Session>> {
        let text = format!(
            "SELECT {SESSION_COLUMNS}, {} FROM {ACCOUNT_TABLES} JOIN sessions e ON e.user_id = a.id \
             WHERE e.token_hash = ?1 AND e.expires_at > ?2 AND e.seen_at + s.session_length * 1000 > ?2 AND NOT {}",
            account::columns(),
            account::STOPPED
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

    /// The sessions of a user, the last used first.
    pub fn sessions_of(&self, id: UserId, now_ms: i64) -> rusqlite::Result<Vec<Session>> {
        let text = format!(
            "SELECT {SESSION_COLUMNS}, {} FROM {ACCOUNT_TABLES} JOIN sessions e ON e.user_id = a.id \
             WHERE a.id = ?1 AND e.expires_at > ?2 AND e.waits = 0 ORDER BY e.seen_at DESC",
            account::columns()
        );
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(&text)?;
        statement.query_map((id.0, now_ms), read)?.collect()
    }

    /// Ends a session of a user. `false` if it is none of theirs.
    pub fn end_session(&self, of: UserId, id: i64) -> rusqlite::Result<bool> {
        let ended =
            self.writer().execute("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2", (id, of.0))?;
        Ok(ended > 0)
    }

    /// Ends all sessions of a user but one. Returns how many.
    pub fn end_other_sessions(&self, of: UserId, but: i64) -> rusqlite::Result<usize> {
        self.writer().execute("DELETE FROM sessions WHERE id <> ?1 AND user_id = ?2", (but, of.0))
    }

    /// The last sign-ins of a user, the refused ones too, the newest first. AUTH-26.
    pub fn last_sign_ins(&self, account: &Account) -> rusqlite::Result<Vec<AuditEntry>> {
        let mut entries = self.audit(&account.viewer, Some((&USERS, account.id.0)), None, 200)?;
        entries.retain(|entry| [SIGN_IN, SIGN_IN_FAILED, "locked"].contains(&entry.action.as_str()));
        entries.truncate(LAST_SIGN_INS);
        Ok(entries)
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
        stage: match (row.get(6)?, row.get(7)?) {
            (true, _) => Stage::SecondFactor,
            (false, true) => Stage::Elsewhere,
            (false, false) => Stage::Whole,
        },
        acts_for: row.get::<_, Option<i64>>(8)?.map(TenantId),
        account: account::read(row, 9)?,
    })
}

const SESSION_COLUMNS: &str = "e.id, e.created_at, e.seen_at, e.expires_at, e.address, e.user_agent, e.waits, \
    e.elsewhere, e.acts_for";
/// Of a user agent; the rest says nothing.
const MOST_CHARACTERS: usize = 256;
const LAST_SIGN_INS: usize = 20;
/// AUD-03.
const SIGN_IN: &str = "sign_in";
pub(super) const SIGN_IN_FAILED: &str = "sign_in_failed";
