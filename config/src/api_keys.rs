//! API keys as sign-in sees them: 32 random bytes, of which only the hash is kept, with the rights of whoever made them cut
//! down to the key's scopes. OPS-15.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Db, UserId,
    access::{Author, PRIMARY, Rights, Verb, Viewer},
    audit::{self, About, Changes},
    refusal::{self, WriteError},
    resources::{
        self,
        api_keys::{API_KEYS, scope_of_menu},
    },
    rows, secret,
    sign_in::{Account, hash_of},
    transaction::Transaction,
};

/// A program that is signed in.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Row of `api_keys`.
    pub id: i64,
    /// As the audit log says it behind `api:`.
    pub name: String,
    /// Whoever made it.
    pub maker: Account,
    /// The maker's rights, cut down to the key's scopes.
    pub viewer: Viewer,
    /// Requests a minute, 1–60,000.
    pub rate: u32,
    /// Unix milliseconds; `None` if it never was.
    pub last_used: Option<i64>,
}

impl Db {
    /// A new key for a row of `api_keys`, told this once; an earlier one ends. From then on the key acts with the rights of
    /// the author. Audited.
    ///
    /// # Errors
    /// When the row is not theirs to change.
    pub fn issue_api_key(&self, author: &Author, id: i64, now_ms: i64) -> Result<String, WriteError> {
        let mut writer = self.writer();
        let transaction = Transaction::begin(&mut writer)?;
        refusal::allowed(author, Verb::Edit, &API_KEYS)?;
        let stored = refusal::theirs(&transaction, author, &API_KEYS, id)?;
        let maker = Some(author.viewer.user.0).filter(|user| *user != 0);
        let token = format!("{PREFIX}{}", secret::token());
        transaction
            .prepare_cached(
                "UPDATE api_keys SET hash = ?2, maker_id = ?3, made_by = ?4, issued_at = ?5, last_used = '' WHERE id = ?1",
            )?
            .execute((id, hash_of(&token), maker, &author.name, now_ms))?;
        let title = rows::title(&transaction, &API_KEYS, id)?;
        let (tenant, version) = (stored.tenant, stored.version);
        let about = About { of: &API_KEYS, id, tenant, title: &title, action: "renew", version };
        audit::note(&transaction, author, about, &Changes::new())?;
        transaction.commit()?;
        Ok(token)
    }

    /// The key of a token, if it is there, neither suspended nor too old, and its maker may still sign in.
    pub fn api_key(&self, token: &str, now_ms: i64) -> rusqlite::Result<Option<ApiKey>> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let reader = self.reader()?;
        let found = reader
            .prepare_cached(
                "SELECT id, name, maker_id, rate, used_at, organization, configuration, call_center, reporting, system \
                 FROM api_keys WHERE hash = ?1 AND suspended = 0 \
                 AND (valid_days = 0 OR issued_at + valid_days * 86400000 > ?2)",
            )?
            .query_row((hash_of(token), now_ms), |row| {
                let scopes: Vec<(&str, String)> = SCOPES
                    .iter()
                    .enumerate()
                    .map(|(at, name)| Ok((*name, row.get(at + 5)?)))
                    .collect::<rusqlite::Result<_>>()?;
                Ok(Found {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    maker: UserId(row.get::<_, Option<i64>>(2)?.unwrap_or_default()),
                    rate: row.get(3)?,
                    used_at: row.get(4)?,
                    scopes,
                })
            })
            .optional()?;
        let Some(found) = found else { return Ok(None) };
        let Some(maker) = self.account(found.maker)?.filter(|maker| !maker.suspended) else {
            return Ok(None);
        };
        Ok(Some(found.with(maker)))
    }

    /// Notes that a key is in use. Once a minute is enough; no revision.
    pub fn touch_api_key(&self, id: i64, now_ms: i64) -> rusqlite::Result<()> {
        touch(&self.writer(), id, now_ms)
    }
}

fn touch(rows: &Connection, id: i64, now_ms: i64) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "UPDATE api_keys SET used_at = ?2, last_used = strftime('%Y-%m-%d %H:%M', ?2 / 1000, 'unixepoch') WHERE id = ?1",
    )?
    .execute([id, now_ms])
    .map(|_| ())
}

/// A key as stored.
struct Found {
    id: i64,
    name: String,
    maker: UserId,
    rate: u32,
    used_at: Option<i64>,
    scopes: Vec<(&'static str, String)>,
}

impl Found {
    fn with(self, maker: Account) -> ApiKey {
        let scope = |menu: &str| {
            let name = scope_of_menu(menu);
            self.scopes.iter().find(|(other, _)| *other == name).map_or("none", |(_, scope)| scope.as_str())
        };
        let own = maker.viewer.rights;
        let rights = own.without(&own.without(&allowed(scope)));
        // Tables of the whole program are open to the highest level alone, not by rights.
        let level =
            if scope("System") == "write" { maker.viewer.level } else { maker.viewer.level.min(PRIMARY - 1) };
        let viewer = Viewer { rights, level, ..maker.viewer };
        ApiKey { id: self.id, name: self.name, viewer, maker, rate: self.rate, last_used: self.used_at }
    }
}

/// What the scopes of a key allow, whoever made it. Keys are never made or changed by a key: it could reach further.
fn allowed<'a>(scope: impl Fn(&str) -> &'a str) -> Rights {
    let mut keys = Vec::new();
    for of in resources::ALL {
        for (verb, name, _) in Verb::ALL {
            let reads = matches!(verb, Verb::View);
            let open = match scope(of.menu) {
                "write" => reads || of.name != API_KEYS.name,
                "read" => reads,
                _ => false,
            };
            if open {
                keys.push(format!("{}.{name}", of.name));
            }
        }
    }
    Rights::of(&keys.join(","))
}

/// What tells a key of ours in a log or a leak.
const PREFIX: &str = "dt_";
const SCOPES: [&str; 5] = ["organization", "configuration", "call_center", "reporting", "system"];

#[cfg(test)]
mod tests;
