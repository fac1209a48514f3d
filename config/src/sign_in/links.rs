//! Setup links: whoever opens one sets the password of an account, once. OPS-01.

use rusqlite::{Connection, TransactionBehavior};

use super::{Account, SignInError, account, hash_of, note, own, passwords};
use crate::{
    Db, UserId,
    access::Author,
    refusal::{WriteError, manageable},
    resources::users::USERS,
    secret,
};

/// A link with which somebody sets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLink {
    /// `/setup/<token>`.
    pub path: String,
    /// Whose.
    pub login: String,
}

impl Db {
    /// A new setup link for that login, or for the first primary administrator. Earlier links of theirs end.
    pub fn new_setup_link(&self, login: Option<&str>) -> Result<SetupLink, SignInError> {
        let found = match login {
            Some(login) => self.account_by_login(login, None)?,
            None => account::first_primary(&*self.reader()?)?,
        };
        let account = found.ok_or_else(|| SignInError::Nobody(login.unwrap_or("admin").to_owned()))?;
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let author = Author::program(account.tenant(), "dialtone admin", "cli");
        let link = renew(&transaction, &author, account)?;
        transaction.commit()?;
        Ok(link)
    }

    /// A new setup link for a user whom the author may manage. Earlier links of theirs end.
    ///
    /// # Errors
    /// As changing the user would.
    pub fn new_setup_link_for(&self, author: &Author, id: UserId) -> Result<SetupLink, WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        manageable(&transaction, author, &USERS, id.0)?;
        let account = account::by_id(&transaction, id)?.ok_or(WriteError::Gone)?;
        let link = renew(&transaction, author, account)?;
        transaction.commit()?;
        Ok(link)
    }

    /// Whose setup link that is, if it is still good. Does not use it up.
    pub fn setup_account(&self, token: &str, now_ms: i64) -> rusqlite::Result<Option<Account>> {
        account_of_token(&*self.reader()?, token, now_ms)
    }

    /// Sets the password (its hash) of whoever a setup link is for. The link is used up, all their sessions end.
    pub fn use_setup_link(&self, token: &str, hash: &str, now_ms: i64) -> Result<Account, SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account_of_token(&transaction, token, now_ms)?.ok_or(SignInError::Link)?;
        passwords::store(&transaction, account.id, (hash, false), now_ms)?;
        note(&transaction, &own(&account), &account, "password")?;
        transaction.commit()?;
        Ok(account)
    }
}

fn renew(rows: &Connection, author: &Author, account: Account) -> rusqlite::Result<SetupLink> {
    rows.execute("DELETE FROM setup_tokens WHERE user_id = ?1", [account.id.0])?;
    let path = add_setup_token(rows, account.id.0, WEEK_MS)?;
    note(rows, author, &account, "setup_link")?;
    Ok(SetupLink { path, login: account.login })
}

/// Adds a setup token that is good for so long; returns its path.
pub(crate) fn add_setup_token(rows: &Connection, user: i64, lasts_ms: i64) -> rusqlite::Result<String> {
    let token = secret::token();
    rows.execute(
        "INSERT INTO setup_tokens (token_hash, user_id, expires_at) \
         VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?3)",
        (hash_of(&token), user, lasts_ms),
    )?;
    Ok(format!("/setup/{token}"))
}

fn account_of_token(rows: &Connection, token: &str, now_ms: i64) -> rusqlite::Result<Option<Account>> {
    let mut statement =
        rows.prepare_cached("SELECT user_id FROM setup_tokens WHERE token_hash = ?1 AND expires_at > ?2")?;
    let mut found = statement.query((hash_of(token), now_ms))?;
    match found.next()? {
        Some(row) => account::by_id(rows, UserId(row.get(0)?)),
        None => Ok(None),
    }
}

/// How long a link for a first password lasts.
pub(crate) const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
