//! Second factors: the secret of an authenticator app, and recovery codes. The codes of the app are computed by the
//! portal. Passkeys are next door. AUTH-22.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{SignInError, account, hash_of, note, own};
use crate::{
    Db, UserId,
    access::Author,
    refusal::{WriteError, manageable},
    resources::users::USERS,
    secret::{Place, hex, random, unhex},
};

/// The authenticator app of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    /// 20 bytes that the app got as well (RFC 4226 §4).
    pub secret: Vec<u8>,
    /// They have shown that it works.
    pub confirmed: bool,
    /// Time step of the last code that was taken; it and earlier ones work no more.
    pub last_step: i64,
}

impl Db {
    /// The authenticator app of a user, confirmed or not.
    pub fn authenticator(&self, id: UserId) -> rusqlite::Result<Option<Authenticator>> {
        let reader = self.reader()?;
        let found: Option<(String, bool, i64)> = reader
            .prepare_cached("SELECT secret, confirmed, last_step FROM authenticators WHERE user_id = ?1")?
            .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(found.and_then(|(sealed, confirmed, last_step)| {
            let secret = unhex(&self.cipher().open(place(id), &sealed)?)?;
            Some(Authenticator { secret, confirmed, last_step })
        }))
    }

    /// Makes and keeps a secret that an app is about to get. A confirmed one stays.
    pub fn begin_authenticator(&self, id: UserId, now_ms: i64) -> rusqlite::Result<()> {
        let sealed = self.cipher().seal(place(id), &hex(&random::<20>()));
        self.writer().execute(
            "INSERT INTO authenticators (user_id, secret, created_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at \
             WHERE confirmed = 0",
            (id.0, sealed, now_ms),
        )?;
        Ok(())
    }

    /// The app works, its code of `step` shows: from now on sign-in asks for it. `recovery` replaces all earlier recovery
    /// codes; all other sessions of the user than `session` end.
    pub fn confirm_authenticator(
        &self,
        (id, session): (UserId, i64),
        step: i64,
        recovery: &[String],
    ) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        transaction.execute(
            "UPDATE authenticators SET confirmed = 1, last_step = ?2 WHERE user_id = ?1",
            (id.0, step),
        )?;
        keep_recovery_codes(&transaction, id, recovery)?;
        transaction.execute("DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2", (id.0, session))?;
        note(&transaction, &own(&account), &account, "second_factor")?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes the code of a time step, once. `false` if it or a later one was taken before.
    pub fn take_step(&self, id: UserId, step: i64) -> rusqlite::Result<bool> {
        let taken = self.writer().execute(
            "UPDATE authenticators SET last_step = ?2 WHERE user_id = ?1 AND confirmed = 1 AND last_step < ?2",
            (id.0, step),
        )?;
        Ok(taken > 0)
    }

    /// Takes a recovery code, which is gone then. `false` if there is none like it.
    pub fn take_recovery_code(&self, id: UserId, code: &str) -> rusqlite::Result<bool> {
        let taken = self.writer().execute(
            "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2",
            (id.0, hash_of(code)),
        )?;
        Ok(taken > 0)
    }

    /// How many recovery codes a user has left.
    pub fn recovery_codes(&self, id: UserId) -> rusqlite::Result<u32> {
        self.reader()?
            .prepare_cached("SELECT count(*) FROM recovery_codes WHERE user_id = ?1")?
            .query_row([id.0], |row| row.get(0))
    }

    /// Removes a user's own authenticator app. Their passkeys stay.
    pub fn remove_authenticator(&self, id: UserId) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        transaction.execute("DELETE FROM authenticators WHERE user_id = ?1", [id.0])?;
        end_recovery(&transaction, id)?;
        note(&transaction, &own(&account), &account, "second_factor_off")?;
        transaction.commit()?;
        Ok(())
    }

    /// Removes the second factors, passkeys too, of a user who lost their phone and whom the author may manage.
    ///
    /// # Errors
    /// As changing the user would.
    pub fn remove_authenticator_of(&self, author: &Author, id: UserId) -> Result<(), WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        manageable(&transaction, author, &USERS, id.0)?;
        let account = account::by_id(&transaction, id)?.ok_or(WriteError::Gone)?;
        transaction.execute("DELETE FROM authenticators WHERE user_id = ?1", [id.0])?;
        transaction.execute("DELETE FROM passkeys WHERE user_id = ?1", [id.0])?;
        end_recovery(&transaction, id)?;
        note(&transaction, author, &account, "second_factor_off")?;
        transaction.commit()?;
        Ok(())
    }
}

/// Replaces the recovery codes of a user.
pub(super) fn keep_recovery_codes(rows: &Connection, id: UserId, codes: &[String]) -> rusqlite::Result<()> {
    rows.execute("DELETE FROM recovery_codes WHERE user_id = ?1", [id.0])?;
    for code in codes {
        rows.execute(
            "INSERT OR IGNORE INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)",
            (id.0, hash_of(code)),
        )?;
    }
    Ok(())
}

/// Removes the recovery codes of who has no second factor left.
pub(super) fn end_recovery(rows: &Connection, id: UserId) -> rusqlite::Result<()> {
    rows.execute(
        "DELETE FROM recovery_codes WHERE user_id = ?1 \
         AND NOT EXISTS (SELECT 1 FROM passkeys WHERE user_id = ?1) \
         AND NOT EXISTS (SELECT 1 FROM authenticators WHERE user_id = ?1 AND confirmed = 1)",
        [id.0],
    )?;
    Ok(())
}

fn place(id: UserId) -> Place {
    Place { table: "authenticators", field: "secret", row: id.0 }
}
