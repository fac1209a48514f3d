//! What sign-in keeps: password hashes (made and compared by the portal), setup links, sessions, failures. AUTH-02, 28.
//!
//! Tokens are handed out once and stored as SHA-256: a copy of the database opens no session. None of this makes a
//! configuration revision. Times are Unix milliseconds and come from the caller.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior};
use sha2::{Digest, Sha256};

use crate::{
    AdministratorId, Db, TenantId,
    access::Author,
    audit::{self, About, Changes},
    resources::administrators::ADMINISTRATORS,
    secret,
};

pub use failures::Lock;

mod failures;
mod sessions;

pub use sessions::Session;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    pub id: AdministratorId,
    pub tenant: TenantId,
    /// Lower case.
    pub login: String,
    pub name: String,
    /// 1–3, see ROL-02…06.
    pub level: u8,
    pub suspended: bool,
    /// The hash as the portal made it (PHC string); `None` until the setup link was used.
    pub password: Option<String>,
    /// Must be changed before anything else. AUTH-05.
    pub password_temporary: bool,
    pub password_changed_at: Option<i64>,
    /// The tenant's maximum age of a password in days, 0 is never. AUTH-06.
    pub password_days: u32,
}

/// A link with which somebody sets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// `/setup/<token>`.
    pub path: String,
    /// Whose.
    pub login: String,
}

/// Why there is no link or no password.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SignInError {
    #[error("there is no administrator `{0}`. The program's first one is `admin`")]
    NoAdministrator(String),
    #[error("this link was used already or is too old. `dialtone admin reset-password` makes another")]
    Link,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Db {
    /// Who signs in with that name or address, any case.
    pub fn account_by_login(&self, login: &str) -> rusqlite::Result<Option<Account>> {
        let reader = self.reader()?;
        account(&reader, "a.login = ?1", login.trim().to_lowercase())
    }

    /// An administrator.
    pub fn account(&self, id: AdministratorId) -> rusqlite::Result<Option<Account>> {
        let reader = self.reader()?;
        account(&reader, "a.id = ?1", id.0)
    }

    /// A new setup link for that login, or for the first primary administrator. Earlier links of theirs end.
    pub fn new_setup_link(&self, login: Option<&str>) -> Result<SetupLink, SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = match login {
            Some(login) => account(&transaction, "a.login = ?1", login.trim().to_lowercase())?,
            None => account(&transaction, "a.level = ?1 ORDER BY a.suspended, a.id LIMIT 1", "3")?,
        };
        let account =
            found.ok_or_else(|| SignInError::NoAdministrator(login.unwrap_or_default().to_owned()))?;
        transaction.execute("DELETE FROM setup_tokens WHERE administrator_id = ?1", [account.id.0])?;
        let path = add_setup_token(&transaction, account.id.0)?;
        note(&transaction, &account, "cli", "setup_link")?;
        transaction.commit()?;
        Ok(SetupLink { path, login: account.login })
    }

    /// Whose setup link that is, if it is still good. Does not use it up.
    pub fn setup_account(&self, token: &str, now_ms: i64) -> rusqlite::Result<Option<Account>> {
        let reader = self.reader()?;
        account_of_token(&reader, token, now_ms)
    }

    /// Sets the password (its hash) of whoever a setup link is for. The link is used up, all their sessions end.
    pub fn use_setup_link(&self, token: &str, hash: &str, now_ms: i64) -> Result<Account, SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account_of_token(&transaction, token, now_ms)?.ok_or(SignInError::Link)?;
        store_password(&transaction, account.id, hash, now_ms)?;
        note(&transaction, &account, "portal", "password")?;
        transaction.commit()?;
        Ok(account)
    }

    /// Sets a password (its hash). All setup links and sessions of theirs end; the caller starts a new session.
    pub fn set_password(&self, id: AdministratorId, hash: &str, now_ms: i64) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account(&transaction, "a.id = ?1", id.0)?
            .ok_or_else(|| SignInError::NoAdministrator(id.to_string()))?;
        store_password(&transaction, id, hash, now_ms)?;
        note(&transaction, &account, "portal", "password")?;
        transaction.commit()?;
        Ok(())
    }
}

/// Adds a setup token; returns its path.
pub(crate) fn add_setup_token(rows: &Connection, administrator: i64) -> rusqlite::Result<String> {
    let token = secret::token();
    rows.execute(
        "INSERT INTO setup_tokens (token_hash, administrator_id, expires_at) \
         VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3)",
        (hash_of(&token), administrator, SETUP_LINK_LASTS_MS),
    )?;
    Ok(format!("/setup/{token}"))
}

fn account_of_token(rows: &Connection, token: &str, now_ms: i64) -> rusqlite::Result<Option<Account>> {
    let condition = format!(
        "a.id = (SELECT administrator_id FROM setup_tokens WHERE token_hash = ?1 AND expires_at > {now_ms})"
    );
    account(rows, &condition, hash_of(token))
}

fn store_password(rows: &Connection, id: AdministratorId, hash: &str, now_ms: i64) -> rusqlite::Result<()> {
    rows.execute(
        "UPDATE administrators SET password = ?2, password_changed_at = ?3, password_temporary = 0 WHERE id = ?1",
        (id.0, hash, now_ms),
    )?;
    rows.execute("DELETE FROM setup_tokens WHERE administrator_id = ?1", [id.0])?;
    rows.execute("DELETE FROM sessions WHERE administrator_id = ?1", [id.0])?;
    Ok(())
}

fn account(
    rows: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<Account>> {
    let text = format!("SELECT {ACCOUNT_COLUMNS} FROM {ACCOUNT_TABLES} WHERE {condition}");
    rows.prepare_cached(&text)?.query_row([parameter], |row| read_account(row, 0)).optional()
}

/// Reads [`ACCOUNT_COLUMNS`] from column `at` on.
fn read_account(row: &Row<'_>, at: usize) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AdministratorId(row.get(at)?),
        tenant: TenantId(row.get(at + 1)?),
        login: row.get(at + 2)?,
        name: row.get(at + 3)?,
        level: row.get(at + 4)?,
        suspended: row.get(at + 5)?,
        password: row.get(at + 6)?,
        password_temporary: row.get(at + 7)?,
        password_changed_at: row.get(at + 8)?,
        password_days: row.get(at + 9)?,
    })
}

fn note(
    rows: &Connection,
    account: &Account,
    via: &'static str,
    action: &'static str,
) -> rusqlite::Result<()> {
    let author = Author {
        tenant: account.tenant,
        name: account.login.clone(),
        address: String::new(),
        via,
        level: account.level,
    };
    let (id, tenant, title) = (account.id.0, account.tenant.0, account.login.as_str());
    let about = About { of: &ADMINISTRATORS, id, tenant, title, action, version: 0 };
    audit::note(rows, &author, about, &Changes::new())
}

/// What is stored of a token. Tokens have 256 random bits: no salt, no stretching needed.
fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

const ACCOUNT_COLUMNS: &str = "a.id, a.tenant_id, a.login, a.name, CAST(a.level AS INTEGER), a.suspended, a.password, \
    a.password_temporary, a.password_changed_at, s.password_days";
const ACCOUNT_TABLES: &str = "administrators a JOIN settings s ON s.tenant_id = a.tenant_id";
/// A week.
const SETUP_LINK_LASTS_MS: i64 = 7 * 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests;
