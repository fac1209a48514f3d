//! PINs: digits by which somebody proves at a phone who they are. HD-05. Stored as Argon2id hashes; five wrong ones in a row,
//! from whichever phones, and none is taken for a quarter of an hour.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use rusqlite::OptionalExtension;

use crate::{
    Db, Problem, UserId,
    access::Author,
    audit::{self, About, Changes},
    refusal::{WriteError, manageable},
    resources::users::USERS,
    rows,
};

/// Who somebody says they are, and the PIN that they dialled.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// Who.
    pub user: UserId,
    /// Digits. Never printed.
    pub pin: String,
}

/// Why a PIN is not taken, in words for the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// None was set.
    #[error("no PIN is set")]
    NoPin,
    /// It is another.
    #[error("the PIN is wrong")]
    Wrong,
    /// Too many were wrong before.
    #[error("the PIN was wrong too often; wait a quarter of an hour")]
    Locked,
}

impl Db {
    /// Sets a user's PIN, as themselves or as somebody who may manage them; blank takes it away.
    ///
    /// # Errors
    /// [`WriteError::Invalid`] if it is not four to eight digits or anybody would guess it; otherwise as changing the user.
    pub fn set_pin(&self, author: &Author, user: UserId, pin: &str, now_ms: i64) -> Result<(), WriteError> {
        let hash = match pin {
            "" => None,
            pin => {
                Some(hashed(pin).map_err(|message| WriteError::Invalid(vec![Problem::of("pin", message)]))?)
            }
        };
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        if author.viewer.user != user {
            manageable(&transaction, author, &USERS, user.0)?;
        }
        match &hash {
            None => transaction.execute("DELETE FROM pins WHERE user_id = ?1", [user.0])?,
            Some(hash) => transaction.execute(
                "INSERT INTO pins (user_id, hash, set_at) VALUES (?1, ?2, ?3) ON CONFLICT (user_id) DO UPDATE \
                 SET hash = excluded.hash, set_at = excluded.set_at, failures = 0, locked_until = 0",
                (user.0, hash, now_ms),
            )?,
        };
        let title = rows::title(&transaction, &USERS, user.0)?;
        let (tenant, action) = (author.viewer.tenant.0, if hash.is_some() { "pin" } else { "pin_removed" });
        let about = About { of: &USERS, id: user.0, tenant, title: &title, action, version: 0 };
        audit::note(&transaction, author, about, &Changes::new())?;
        transaction.commit()?;
        Ok(())
    }

    /// Whether a user has a PIN.
    pub fn has_pin(&self, user: UserId) -> rusqlite::Result<bool> {
        self.reader()?.prepare_cached("SELECT 1 FROM pins WHERE user_id = ?1")?.exists([user.0])
    }

    /// Checks a PIN, and counts it if it is wrong. Takes some 35 ms.
    pub fn prove(&self, proof: &Proof, now_ms: i64) -> rusqlite::Result<Result<(), Unproven>> {
        let found: Option<(String, i64, i64)> = self
            .reader()?
            .prepare_cached("SELECT hash, failures, locked_until FROM pins WHERE user_id = ?1")?
            .query_row([proof.user.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((hash, failures, locked_until)) = found else { return Ok(Err(Unproven::NoPin)) };
        if now_ms < locked_until {
            return Ok(Err(Unproven::Locked));
        }
        let right = Argon2::default().verify_password(proof.pin.as_bytes(), hash.as_str()).is_ok();
        let (failures, locked_until) = match right {
            true => (0, 0),
            false if failures + 1 >= TRIES => (0, now_ms + LOCKED_MS),
            false => (failures + 1, 0),
        };
        self.writer().execute(
            "UPDATE pins SET failures = ?2, locked_until = ?3 WHERE user_id = ?1",
            (proof.user.0, failures, locked_until),
        )?;
        Ok(if right { Ok(()) } else { Err(Unproven::Wrong) })
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proof({})", self.user)
    }
}

fn hashed(pin: &str) -> Result<String, String> {
    if !(4..=8).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit()) {
        return Err("4 to 8 digits.".into());
    }
    let steps: Vec<i16> =
        pin.as_bytes().windows(2).map(|two| i16::from(two[1]) - i16::from(two[0])).collect();
    if matches!(steps[0], -1..=1) && steps.iter().all(|step| *step == steps[0]) {
        return Err("Anybody would try this one first. Choose digits without such an order.".into());
    }
    Argon2::default().hash_password(pin.as_bytes()).map(|hash| hash.to_string()).map_err(|e| e.to_string())
}

/// Wrong ones in a row.
const TRIES: i64 = 5;
const LOCKED_MS: i64 = 15 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        TenantId,
        access::Viewer,
        fixture::{Company, author},
    };

    /// HD-05
    #[test]
    fn a_pin_is_taken_until_it_was_wrong_five_times() {
        let company = Company::new();
        let anna = UserId(1);
        let prove = |pin: &str, now| company.db.prove(&Proof { user: anna, pin: pin.into() }, now).unwrap();
        assert_eq!(prove("2580", 0), Err(Unproven::NoPin));
        company.db.set_pin(&author(1), anna, "2580", 0).unwrap();
        assert_eq!((prove("2580", 1), company.db.has_pin(anna).unwrap()), (Ok(()), true));
        for now in 0..5 {
            assert_eq!(prove("1111", now), Err(Unproven::Wrong));
        }
        assert_eq!(prove("2580", 5), Err(Unproven::Locked));
        assert_eq!(prove("2580", 4 + LOCKED_MS), Ok(()));
        let stored: String = company.number("SELECT hash FROM pins");
        assert!(stored.starts_with("$argon2id$") && !stored.contains("2580"));
        assert_eq!(format!("{:?}", Proof { user: anna, pin: "2580".into() }), "Proof(1)");
        company.db.set_pin(&author(1), anna, "", 9).unwrap();
        assert_eq!(prove("2580", 9), Err(Unproven::NoPin));
    }

    /// HD-05: what anybody would guess is refused; others set it only if they may manage the user.
    #[test]
    fn a_pin_that_is_easily_guessed_is_refused() {
        let company = Company::new();
        for pin in ["123", "123456789", "12a4", "0000", "1234", "98765"] {
            assert!(company.db.set_pin(&author(1), UserId(1), pin, 0).is_err(), "{pin}");
        }
        let mut colleague = author(1);
        colleague.viewer = Viewer { user: UserId(2), ..Viewer::nobody() };
        colleague.viewer.tenant = TenantId(1);
        assert!(company.db.set_pin(&colleague, UserId(1), "2580", 0).is_err());
        company.db.set_pin(&colleague, UserId(2), "2580", 0).unwrap();
    }
}
