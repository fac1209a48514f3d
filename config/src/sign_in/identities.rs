//! Single sign-on: a company's identity provider, and who its users are there. AUTH-24.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{Account, SignInError, account, note, own};
use crate::{
    Db, TenantId, UserId,
    access::{Author, OPERATOR},
    refusal::{WriteError, manageable},
    resources::users::USERS,
    secret::Place,
};

/// The identity provider of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The company.
    pub tenant: TenantId,
    /// Its SIP domain, which names it in addresses.
    pub domain: String,
    /// Address of the provider, as its tokens name it.
    pub issuer: String,
    /// What the provider calls this portal.
    pub client: String,
    /// The portal's password there; blank if it has none.
    pub secret: String,
    /// How users are found.
    pub by: Match,
    /// Passwords and passkeys open the portal, too.
    pub local: bool,
}

/// How a user is found whose account at the provider is not linked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// By their e-mail address.
    Email,
    /// The claim of that name is their login name.
    Claim(String),
    /// Not at all.
    Linked,
}

/// Whom the provider says it is.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Of the provider's tokens.
    pub issuer: &'a str,
    /// The provider's own name of the account, which never changes.
    pub subject: &'a str,
    /// For people: address or name there.
    pub shown: &'a str,
}

/// By what a user is looked for.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Sought<'a> {
    Email(&'a str),
    Login(&'a str),
    Nothing,
}

/// An account at the provider that belongs to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Identity {
    pub issuer: String,
    pub shown: String,
    /// Unix milliseconds.
    pub linked_at: i64,
}

impl Db {
    /// The identity provider of a company, if it has one. One on this very machine, without TLS, is for the company that
    /// runs the program: others have no business with what listens here.
    pub fn provider(&self, tenant: TenantId) -> rusqlite::Result<Option<Provider>> {
        let reader = self.reader()?;
        reader
            .prepare_cached(
                "SELECT s.id, t.domain, s.oidc_issuer, s.oidc_client, s.oidc_secret, s.oidc_match, s.oidc_claim, \
                 s.local_sign_in FROM settings s JOIN tenants t ON t.id = s.tenant_id \
                 WHERE s.tenant_id = ?1 AND (s.oidc_issuer LIKE 'https://%' OR (s.oidc_issuer <> '' AND ?1 = ?2))",
            )?
            .query_row([tenant.0, OPERATOR.0], |row| {
                let (place, sealed) =
                    (Place { table: "settings", field: "oidc_secret", row: row.get(0)? }, row.get::<_, String>(4)?);
                Ok(Provider {
                    tenant,
                    domain: row.get(1)?,
                    issuer: row.get(2)?,
                    client: row.get(3)?,
                    secret: self.cipher().open(place, &sealed).unwrap_or_default(),
                    by: match row.get_ref(5)?.as_str()? {
                        "email" => Match::Email,
                        "claim" => Match::Claim(row.get(6)?),
                        _ => Match::Linked,
                    },
                    local: row.get(7)?,
                })
            })
            .optional()
    }

    /// The only company with users of that mail domain, for a page that does not know yet whose it is. It tells nothing
    /// of single users.
    pub fn tenant_of_mail(&self, address: &str) -> rusqlite::Result<Option<TenantId>> {
        let Some((_, domain)) = address.trim().rsplit_once('@').filter(|(_, domain)| !domain.is_empty())
        else {
            return Ok(None);
        };
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT DISTINCT tenant_id FROM users WHERE substr(email, -length(?1) - 1) = '@' || ?1 LIMIT 2",
        )?;
        let found: Vec<i64> =
            statement.query_map([domain.to_lowercase()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(if let [only] = found.as_slice() { Some(TenantId(*only)) } else { None })
    }

    /// Whether any company has a provider.
    pub fn has_providers(&self) -> rusqlite::Result<bool> {
        self.reader()?
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM settings WHERE oidc_issuer <> '')")?
            .query_row([], |row| row.get(0))
    }

    /// The only company of the program; `None` if there are several.
    pub fn only_tenant(&self) -> rusqlite::Result<Option<TenantId>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT id FROM tenants LIMIT 2")?;
        let found: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(if let [only] = found.as_slice() { Some(TenantId(*only)) } else { None })
    }

    /// The user whom the provider named: who is linked; otherwise who is found, and is linked by that. Nobody who has
    /// another account at the same provider is found.
    pub fn sign_in_as(
        &self,
        tenant: TenantId,
        known: Known<'_>,
        sought: Sought<'_>,
        now_ms: i64,
    ) -> rusqlite::Result<Option<Account>> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(user) = linked(&transaction, tenant, known)? {
            return account::by_id(&transaction, user);
        }
        let Some(user) = found(&transaction, tenant, sought)? else { return Ok(None) };
        let Some(account) = account::by_id(&transaction, user)? else { return Ok(None) };
        if !link(&transaction, &account, known, now_ms)? {
            return Ok(None);
        }
        transaction.commit()?;
        Ok(Some(account))
    }

    /// Links a user with an account at the provider.
    ///
    /// # Errors
    /// [`SignInError::Taken`] if it is somebody else's, or they have another one there.
    pub fn link_identity(&self, id: UserId, known: Known<'_>, now_ms: i64) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        match linked(&transaction, account.tenant(), known)? {
            Some(user) if user == id => return Ok(()),
            Some(_) => return Err(SignInError::Taken),
            None if !link(&transaction, &account, known, now_ms)? => return Err(SignInError::Taken),
            None => {}
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets who a user is at the providers.
    pub fn unlink_identities(&self, id: UserId) -> Result<(), SignInError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let account = account::by_id(&transaction, id)?.ok_or_else(|| SignInError::Nobody(id.to_string()))?;
        if transaction.execute("DELETE FROM identities WHERE user_id = ?1", [id.0])? > 0 {
            note(&transaction, &own(&account), &account, "unlinked")?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets who a user is at the providers, whom the author may manage; what they opened by it ends. `false` if they
    /// are nobody there.
    ///
    /// # Errors
    /// As changing the user would.
    pub fn unlink_identities_of(&self, author: &Author, id: UserId) -> Result<bool, WriteError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        manageable(&transaction, author, &USERS, id.0)?;
        let account = account::by_id(&transaction, id)?.ok_or(WriteError::Gone)?;
        if transaction.execute("DELETE FROM identities WHERE user_id = ?1", [id.0])? == 0 {
            return Ok(false);
        }
        transaction.execute("DELETE FROM sessions WHERE user_id = ?1 AND elsewhere = 1", [id.0])?;
        note(&transaction, author, &account, "unlinked")?;
        transaction.commit()?;
        Ok(true)
    }

    /// Who a user is at their company's present provider.
    pub fn identity_of(&self, id: UserId) -> rusqlite::Result<Option<Identity>> {
        let reader = self.reader()?;
        reader
            .prepare_cached(
                "SELECT i.issuer, i.shown, i.linked_at FROM identities i JOIN settings s ON s.tenant_id = i.tenant_id \
                 WHERE i.user_id = ?1 AND i.issuer = s.oidc_issuer",
            )?
            .query_row([id.0], |row| {
                Ok(Identity { issuer: row.get(0)?, shown: row.get(1)?, linked_at: row.get(2)? })
            })
            .optional()
    }
}

fn linked(rows: &Connection, tenant: TenantId, known: Known<'_>) -> rusqlite::Result<Option<UserId>> {
    rows.prepare_cached(
        "SELECT user_id FROM identities WHERE tenant_id = ?1 AND issuer = ?2 AND subject = ?3",
    )?
    .query_row((tenant.0, known.issuer, known.subject), |row| row.get(0).map(UserId))
    .optional()
}

fn found(rows: &Connection, tenant: TenantId, sought: Sought<'_>) -> rusqlite::Result<Option<UserId>> {
    let (column, value) = match sought {
        Sought::Email(address) => ("email", address),
        Sought::Login(login) => ("login", login),
        Sought::Nothing => return Ok(None),
    };
    let value = value.trim().to_lowercase();
    if value.is_empty() {
        return Ok(None);
    }
    rows.prepare_cached(&format!("SELECT id FROM users WHERE tenant_id = ?1 AND {column} = ?2"))?
        .query_row((tenant.0, value), |row| row.get(0).map(UserId))
        .optional()
}

/// `false` if the user has another account there.
fn link(rows: &Connection, account: &Account, known: Known<'_>, now_ms: i64) -> rusqlite::Result<bool> {
    let shown: String = known.shown.chars().take(MOST_SHOWN).collect();
    let added = rows.execute(
        "INSERT INTO identities (tenant_id, issuer, subject, user_id, shown, linked_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        (account.tenant().0, known.issuer, known.subject, account.id.0, shown, now_ms),
    )?;
    if added > 0 {
        note(rows, &own(account), account, "linked")?;
    }
    Ok(added > 0)
}

/// Characters of a name that people see.
const MOST_SHOWN: usize = 254;
