//! Accounts: users as sign-in sees them, and the names they sign in with. AUTH-01…03.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    Db, TenantId, UserId,
    access::{OPERATOR, Reach, Rights, Viewer, pointer},
    resources::users::USERS,
    sql,
};

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Account {
    pub id: UserId,
    /// What they may do, and in which tenant.
    pub viewer: Viewer,
    /// What they are called in the audit log: login name, else e-mail address, else `extension@domain`.
    pub login: String,
    pub name: String,
    /// Blank if they have none.
    pub email: String,
    /// May not sign in: they or their whole company, or without the licence for it.
    pub suspended: bool,
    /// The hash as the portal made it (PHC string); `None` until they set one.
    pub password: Option<String>,
    /// Must be changed before anything else. AUTH-05.
    pub password_temporary: bool,
    pub password_changed_at: Option<i64>,
    /// The tenant's maximum age of a password in days, 0 is never. AUTH-06.
    pub password_days: u32,
    /// An authenticator app or a passkey is asked for at sign-in. AUTH-22.
    pub has_second_factor: bool,
    /// The tenant requires one of them.
    pub needs_second_factor: bool,
    /// `de`, `en`, or blank if neither they nor their company chose one. OPS-16.
    pub language: String,
    /// Passwords and passkeys open the portal; otherwise the company's identity provider alone does. AUTH-24.
    pub local_sign_in: bool,
}

impl Account {
    /// Whose user they are.
    pub fn tenant(&self) -> TenantId {
        self.viewer.tenant
    }
}

impl Db {
    /// Who signs in with that login name, e-mail address or `extension@domain`, any case; within `tenant`, if the address
    /// of the page says which. An e-mail address that users of several tenants have names nobody without it. AUTH-01…03.
    pub fn account_by_login(
        &self,
        login: &str,
        tenant: Option<TenantId>,
    ) -> rusqlite::Result<Option<Account>> {
        let reader = self.reader()?;
        by_login(&reader, login, tenant)
    }

    /// The account of a user.
    pub fn account(&self, id: UserId) -> rusqlite::Result<Option<Account>> {
        by_id(&*self.reader()?, id)
    }

    /// Whom users of a tenant ask for help; of the tenant that runs the program, if the page's address says none. AUTH-21.
    pub fn support_contact(&self, tenant: Option<TenantId>) -> rusqlite::Result<String> {
        self.reader()?
            .prepare_cached("SELECT support_contact FROM settings WHERE tenant_id = ?1")?
            .query_row([tenant.unwrap_or(OPERATOR).0], |row| row.get(0))
            .optional()
            .map(Option::unwrap_or_default)
    }

    /// The address at which the portal is meant to be opened, such as `https://pbx.example.com`; blank if none is named.
    pub fn portal_address(&self) -> rusqlite::Result<String> {
        self.reader()?
            .prepare_cached("SELECT portal_address FROM node_settings")?
            .query_row([], |row| row.get(0))
            .optional()
            .map(Option::unwrap_or_default)
    }

    /// The tenant whose domain a host name is, port aside. AUTH-01.
    pub fn tenant_of_host(&self, host: &str) -> rusqlite::Result<Option<TenantId>> {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_lowercase();
        self.reader()?
            .prepare_cached("SELECT id FROM tenants WHERE domain = ?1")?
            .query_row([name], |row| row.get(0).map(TenantId))
            .optional()
    }
}

/// See [`Db::account_by_login`].
pub(super) fn by_login(
    rows: &Connection,
    login: &str,
    tenant: Option<TenantId>,
) -> rusqlite::Result<Option<Account>> {
    let login = login.trim().to_lowercase();
    let (extension, domain) = login.rsplit_once('@').unwrap_or(("", ""));
    let within = tenant.map_or(0, |tenant| tenant.0);
    let found: Vec<(u8, i64)> = rows
        .prepare_cached(
            "SELECT place, id FROM (SELECT 1 AS place, id, tenant_id FROM users WHERE login = ?1 AND login <> '' \
             UNION ALL SELECT 2, id, tenant_id FROM users WHERE email = ?1 AND email <> '' \
             UNION ALL SELECT 3, x.user_id, x.tenant_id FROM extensions x JOIN tenants t ON t.id = x.tenant_id \
             WHERE x.number = ?2 AND t.domain = ?3 AND x.user_id IS NOT NULL) \
             WHERE ?4 = 0 OR tenant_id = ?4 ORDER BY place, id",
        )?
        .query_map((&login, extension, domain, within), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    // A login name is its user's alone; an address may be somebody's at another company, too.
    match found.as_slice() {
        [(1, id), ..] => by_id(rows, UserId(*id)),
        [(_, id), rest @ ..] if rest.iter().all(|(_, other)| other == id) => by_id(rows, UserId(*id)),
        _ => Ok(None),
    }
}

pub(super) fn by_id(rows: &Connection, id: UserId) -> rusqlite::Result<Option<Account>> {
    let text = sql::once(("account", USERS.name, ""), || {
        format!("SELECT {} FROM {ACCOUNT_TABLES} WHERE a.id = ?1", columns())
    });
    rows.prepare_cached(&text)?.query_row([id.0], |row| read(row, 0)).optional()
}

/// The first primary administrator who is not suspended, of the tenant that runs the program.
pub(super) fn first_primary(rows: &Connection) -> rusqlite::Result<Option<Account>> {
    let id = rows
        .query_row(
            "SELECT u.id FROM users u JOIN roles r ON r.id = u.role_id WHERE r.level = '3' \
             ORDER BY u.suspended, u.tenant_id, u.id LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    id.map_or(Ok(None), |id| by_id(rows, UserId(id)))
}

/// What [`read`] reads, of [`ACCOUNT_TABLES`].
pub(super) fn columns() -> Arc<str> {
    sql::once(("account columns", USERS.name, ""), || {
        let place = |to| pointer(&USERS, to).map_or("NULL".to_owned(), |field| format!("a.{field}_id"));
        format!(
            "a.id, a.tenant_id, COALESCE(NULLIF(a.login, ''), NULLIF(a.email, ''), \
             (SELECT x.number || '@' || t.domain FROM extensions x JOIN tenants t ON t.id = x.tenant_id \
             WHERE x.tenant_id = a.tenant_id AND x.user_id = a.id), a.name), a.name, a.email, {STOPPED}, \
             k.password, COALESCE(k.password_temporary, 0), k.password_changed_at, s.password_days, \
             CAST(COALESCE(r.level, '0') AS INTEGER), COALESCE(r.scope, 'own'), r.permissions, {}, {}, \
             EXISTS (SELECT 1 FROM authenticators o WHERE o.user_id = a.id AND o.confirmed = 1) \
             OR EXISTS (SELECT 1 FROM passkeys o WHERE o.user_id = a.id), \
             s.second_factor, COALESCE(NULLIF(a.language, ''), s.language), \
             s.local_sign_in = 1 OR s.oidc_issuer = '' OR (a.tenant_id = {} AND r.level = '3')",
            place(crate::access::SITES),
            place(crate::access::DEPARTMENTS),
            OPERATOR.0
        )
    })
}

/// Reads [`columns`] from column `at` on.
pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Account> {
    let id = UserId(row.get(at)?);
    let keys: Option<String> = row.get(at + 12)?;
    let level: u8 = row.get(at + 10)?;
    let required = match row.get_ref(at + 16)?.as_str()? {
        "required" => true,
        "administrators" => level > 0,
        _ => false,
    };
    Ok(Account {
        id,
        viewer: Viewer {
            tenant: TenantId(row.get(at + 1)?),
            user: id,
            level,
            reach: Reach::of(row.get_ref(at + 11)?.as_str()?),
            site: row.get(at + 13)?,
            department: row.get(at + 14)?,
            rights: keys.map_or_else(Rights::plain, |keys| Rights::of(&keys)),
        },
        login: row.get(at + 2)?,
        name: row.get(at + 3)?,
        email: row.get(at + 4)?,
        suspended: row.get(at + 5)?,
        password: row.get(at + 6)?,
        password_temporary: row.get(at + 7)?,
        password_changed_at: row.get(at + 8)?,
        password_days: row.get(at + 9)?,
        has_second_factor: row.get(at + 15)?,
        needs_second_factor: required,
        language: row.get(at + 17)?,
        // An outer join makes the last condition unknown for who has no role.
        local_sign_in: row.get::<_, Option<bool>>(at + 18)?.unwrap_or_default(),
    })
}

/// Whether somebody may not sign in: suspended as their whole company may be, or without the licence for it. An administrator
/// needs none, so that nobody locks the company out by taking licences back. USR-05, LIC-03, R-01.
pub(super) const STOPPED: &str = "(a.suspended = 1 OR (a.licensed = 0 AND CAST(COALESCE(r.level, '0') AS INTEGER) = 0) \
    OR EXISTS (SELECT 1 FROM tenants c WHERE c.id = a.tenant_id AND c.suspended = 1))";

/// `a` is the user.
pub(super) const ACCOUNT_TABLES: &str = "users a JOIN settings s ON s.tenant_id = a.tenant_id \
    LEFT JOIN sign_in k ON k.user_id = a.id LEFT JOIN roles r ON r.id = a.role_id AND r.tenant_id = a.tenant_id";
