//! Passwords: set by their owner, or by an administrator for a while. AUTH-05, 15, 18.

use rusqlite::{Connection, TransactionBehavior};

use super::{SignInError, account, mails, note, own};
use crate::{
    Db, UserId,
    access::Author,
    refusal::{WriteError, manageable},
    resources::users::USERS,
};

impl Db {
    /// Sets a password (its hash) that its owner chose. All setup links and sessions of theirs end; the caller starts a new
    /// session. They are told by mail.
    pub fn set_password(&self, id: UserId, hash: &str, now_ms: i64) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        store(&transaction, id, (hash, false), now_ms)?;
        note(&transaction, &own(&account), &account, "password")?;
        mails::password_changed(&transaction, self.cipher(), &account)?;
        transaction.commit()?;
        Ok(())
    }

    /// Sets a temporary password (its hash) of a user whom the author may manage; nothing works until they change it. All
    /// their links and sessions end. AUTH-18.
    ///
    /// # Errors
    /// As changing the user would.
    pub fn reset_password(
        &self,
        author: &Author,
        id: UserId,
        hash: &str,
        now_ms: i64,
    ) -> Result<(), WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        manageable(&transaction, author, &USERS, id.0)?;
        let account = account::by_id(&transaction, id)?.ok_or(WriteError::Gone)?;
        store(&transaction, id, (hash, true), now_ms)?;
        note(&transaction, author, &account, "reset_password")?;
        transaction.commit()?;
        Ok(())
    }
}

/// Stores a hash; whether it is temporary comes with it.
pub(super) fn store(
    rows: &Connection,
    id: UserId,
    (hash, temporary): (&str, bool),
    now_ms: i64,
) -> rusqlite::Result<()> {
    rows.execute(
        "INSERT INTO sign_in (user_id, password, password_changed_at, password_temporary) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (user_id) DO UPDATE SET password = excluded.password, \
         password_changed_at = excluded.password_changed_at, password_temporary = excluded.password_temporary",
        (id.0, hash, now_ms, temporary),
    )?;
    rows.execute("DELETE FROM setup_tokens WHERE user_id = ?1", [id.0])?;
    rows.execute("DELETE FROM sessions WHERE user_id = ?1", [id.0])?;
    Ok(())
}
