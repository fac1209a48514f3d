//! Which mail accounts get, written in the transaction of its cause. AUTH-17, 19, 20.

use rusqlite::{Connection, TransactionBehavior};

use super::{Account, WEEK_MS, account, add_setup_token};
use crate::{
    Db, TenantId, UserId,
    access::Author,
    outbox::{self, Content, MailKind},
    refusal::{WriteError, manageable},
    resources::users::USERS,
    secret::Cipher,
};

impl Db {
    /// Sends a link for a new password, and their login name, to whoever has that login name or e-mail address. Does
    /// nothing for others, and nothing that the asker could see. At most a few an hour. AUTH-17, AUTH-19.
    pub fn mail_link(
        &self,
        kind: MailKind,
        login: &str,
        tenant: Option<TenantId>,
        now_ms: i64,
    ) -> rusqlite::Result<()> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_login(&transaction, login, tenant)?;
        let Some(account) = account.filter(|account| !account.suspended && !account.email.is_empty()) else {
            return Ok(());
        };
        if outbox::count_since(&transaction, kind, &account.email, now_ms - HOUR_MS)? >= MOST_AN_HOUR {
            return Ok(());
        }
        let lasts = if kind == MailKind::Forgotten { HALF_AN_HOUR_MS } else { WEEK_MS };
        link(&transaction, self.cipher(), kind, &account, lasts)?;
        transaction.commit()
    }

    /// Sends the welcome mail of a user whom the author may manage once more. `false` if they have no address or there is no
    /// mail server.
    ///
    /// # Errors
    /// As changing the user would.
    pub fn mail_welcome(&self, author: &Author, id: UserId) -> Result<bool, WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        manageable(&transaction, author, &USERS, id.0)?;
        let account = account::by_id(&transaction, id)?.ok_or(WriteError::Gone)?;
        if account.email.is_empty() || !outbox::is_set_up(&transaction)? {
            return Ok(false);
        }
        link(&transaction, self.cipher(), MailKind::Welcome, &account, WEEK_MS)?;
        transaction.commit()?;
        Ok(true)
    }
}

/// For a new user, if they have an address. AUTH-20.
pub(crate) fn welcome(rows: &Connection, cipher: &Cipher, id: UserId) -> rusqlite::Result<()> {
    match account::by_id(rows, id)?.filter(|account| !account.email.is_empty()) {
        Some(account) => link(rows, cipher, MailKind::Welcome, &account, WEEK_MS),
        None => Ok(()),
    }
}

/// So that they learn of a change that was not theirs.
pub(super) fn password_changed(
    rows: &Connection,
    cipher: &Cipher,
    account: &Account,
) -> rusqlite::Result<()> {
    if account.email.is_empty() {
        return Ok(());
    }
    let mail = (MailKind::PasswordChanged, account.email.as_str());
    outbox::queue(rows, cipher, account.tenant().0, mail, &about(account))
}

fn link(
    rows: &Connection,
    cipher: &Cipher,
    kind: MailKind,
    account: &Account,
    lasts_ms: i64,
) -> rusqlite::Result<()> {
    if !outbox::is_set_up(rows)? {
        return Ok(());
    }
    let mut content = about(account);
    let path = match account.local_sign_in {
        true => add_setup_token(rows, account.id.0, lasts_ms)?,
        // A password would open nothing.
        false => company_path(rows, account)?,
    };
    content.insert("path".into(), path);
    outbox::queue(rows, cipher, account.tenant().0, (kind, &account.email), &content)
}

/// The sign-in page of their company.
fn company_path(rows: &Connection, account: &Account) -> rusqlite::Result<String> {
    let domain: String =
        rows.query_row("SELECT domain FROM tenants WHERE id = ?1", [account.tenant().0], |row| row.get(0))?;
    Ok(format!("/sign-in/{domain}"))
}

fn about(account: &Account) -> Content {
    let parts = [("name", &account.name), ("login", &account.login), ("language", &account.language)];
    parts.map(|(name, value)| (name.to_owned(), value.clone())).into()
}

const MOST_AN_HOUR: u32 = 5;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// AUTH-17.
const HALF_AN_HOUR_MS: i64 = 30 * 60 * 1000;
