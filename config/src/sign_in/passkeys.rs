//! Passkeys: the public keys of a user's authenticators. What they sign is checked by the portal. AUTH-22.

use rusqlite::{OptionalExtension, Row, TransactionBehavior};

use super::{SignInError, account, factors, note, own};
use crate::{Db, UserId, secret::random};

/// A key of one authenticator. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Passkey {
    pub id: i64,
    pub user: UserId,
    /// As its user calls it.
    pub name: String,
    /// The site that it is for.
    pub rp: String,
    /// What the authenticator calls it.
    pub credential: Vec<u8>,
    /// What the authenticator calls its user.
    pub handle: Vec<u8>,
    /// COSE.
    pub public_key: Vec<u8>,
    /// What the authenticator counted last; 0 if it does not count.
    pub counter: u32,
    pub created_at: i64,
    pub used_at: Option<i64>,
}

/// A key that was just made.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewPasskey {
    pub name: String,
    pub rp: String,
    pub credential: Vec<u8>,
    pub handle: Vec<u8>,
    pub public_key: Vec<u8>,
    pub counter: u32,
}

impl Db {
    /// The passkeys of a user, the oldest first.
    pub fn passkeys_of(&self, id: UserId) -> rusqlite::Result<Vec<Passkey>> {
        let reader = self.reader()?;
        let mut statement = reader
            .prepare_cached(&format!("SELECT {COLUMNS} FROM passkeys WHERE user_id = ?1 ORDER BY id"))?;
        statement.query_map([id.0], read)?.collect()
    }

    /// The passkey that authenticators call so.
    pub fn passkey(&self, credential: &[u8]) -> rusqlite::Result<Option<Passkey>> {
        let reader = self.reader()?;
        reader
            .prepare_cached(&format!("SELECT {COLUMNS} FROM passkeys WHERE credential = ?1"))?
            .query_row([credential], read)
            .optional()
    }

    /// What authenticators call a user: as their earlier keys do, otherwise something new.
    pub fn passkey_handle(&self, id: UserId) -> rusqlite::Result<Vec<u8>> {
        let reader = self.reader()?;
        let found = reader
            .prepare_cached("SELECT handle FROM passkeys WHERE user_id = ?1 LIMIT 1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or_else(|| random::<32>().to_vec()))
    }

    /// Keeps a new passkey. If it is the user's first second factor, `recovery` are kept as their recovery codes, and all
    /// other sessions of theirs than `session` end; whether that was so is returned.
    ///
    /// # Errors
    /// [`SignInError::Taken`] if there is such a key, or the user has as many as they may.
    pub fn add_passkey(
        &self,
        (id, session): (UserId, i64),
        new: &NewPasskey,
        recovery: &[String],
        now_ms: i64,
    ) -> Result<bool, SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        let added = transaction.execute(
            "INSERT INTO passkeys (user_id, name, rp, credential, handle, public_key, counter, created_at) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE (SELECT count(*) FROM passkeys WHERE user_id = ?1) < ?9 \
             ON CONFLICT (credential) DO NOTHING",
            (
                id.0,
                &new.name,
                &new.rp,
                &new.credential,
                &new.handle,
                &new.public_key,
                new.counter,
                now_ms,
                MOST,
            ),
        )?;
        if added == 0 {
            return Err(SignInError::Taken);
        }
        let is_first = !account.has_second_factor;
        if is_first {
            factors::keep_recovery_codes(&transaction, id, recovery)?;
            transaction.execute("DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2", (id.0, session))?;
        }
        note(&transaction, &own(&account), &account, "passkey")?;
        transaction.commit()?;
        Ok(is_first)
    }

    /// Removes a passkey of a user. `false` if it is none of theirs.
    pub fn remove_passkey(&self, id: UserId, passkey: i64) -> Result<bool, SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        let gone =
            transaction.execute("DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2", (passkey, id.0))?;
        if gone > 0 {
            factors::end_recovery(&transaction, id)?;
            note(&transaction, &own(&account), &account, "passkey_off")?;
        }
        transaction.commit()?;
        Ok(gone > 0)
    }

    /// Notes that a passkey was used and what it counted. `false` if it counted no further than before, as a copy would.
    pub fn use_passkey(&self, passkey: i64, counter: u32, now_ms: i64) -> rusqlite::Result<bool> {
        let used = self.writer().execute(
            "UPDATE passkeys SET counter = ?2, used_at = ?3 WHERE id = ?1 AND (counter < ?2 OR counter + ?2 = 0)",
            (passkey, counter, now_ms),
        )?;
        Ok(used > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        user: UserId(row.get(1)?),
        name: row.get(2)?,
        rp: row.get(3)?,
        credential: row.get(4)?,
        handle: row.get(5)?,
        public_key: row.get(6)?,
        counter: row.get(7)?,
        created_at: row.get(8)?,
        used_at: row.get(9)?,
    })
}

const COLUMNS: &str = "id, user_id, name, rp, credential, handle, public_key, counter, created_at, used_at";
/// Passkeys of one user.
const MOST: u32 = 20;
