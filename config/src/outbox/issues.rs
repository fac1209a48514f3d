//! The status by e-mail: whoever subscribed is told of each announced issue, once, when it begins. EXTL-05.

use rusqlite::{OptionalExtension, TransactionBehavior};

use super::{Content, MailKind, queue};
use crate::{Db, UserId};

impl Db {
    /// Whether somebody gets issues by e-mail.
    pub fn is_subscribed(&self, user: UserId) -> rusqlite::Result<bool> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT 1 FROM status_subscriptions WHERE user_id = ?1")?;
        Ok(statement.query_row([user.0], |_| Ok(())).optional()?.is_some())
    }

    /// From now on somebody gets issues by e-mail, or no longer.
    pub fn subscribe(&self, user: UserId, wants: bool, now_ms: i64) -> rusqlite::Result<()> {
        let writer = self.writer();
        if wants {
            writer.execute(
                "INSERT INTO status_subscriptions (user_id, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (user.0, now_ms),
            )?;
        } else {
            writer.execute("DELETE FROM status_subscriptions WHERE user_id = ?1", [user.0])?;
        }
        Ok(())
    }

    /// Puts mail about issues that have begun into the outbox; returns how many issues that were. Those for administrators
    /// go to administrators. `now_ms` in Unix milliseconds.
    pub fn tell_issues(&self, now_ms: i64) -> rusqlite::Result<usize> {
        // This is asked every other second: nobody waits for it as long as there is nothing to tell.
        if !self.reader()?.prepare_cached(BEGUN)?.exists([now_ms])? {
            return Ok(0);
        }
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let begun: Vec<(i64, i64, String, String, bool)> = transaction
            .prepare_cached(BEGUN)?
            .query_map([now_ms], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (id, tenant, title, text, administrators) in &begun {
            let people: Vec<(String, String)> = transaction
                .prepare_cached(SUBSCRIBED)?
                .query_map((tenant, administrators), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            for (name, address) in people {
                let parts = [("name", &name), ("title", title), ("text", text)];
                let content: Content = parts.map(|(part, text)| (part.to_owned(), text.clone())).into();
                queue(&transaction, self.cipher(), *tenant, (MailKind::Issue, &address), &content)?;
            }
            transaction
                .prepare_cached("INSERT INTO issues_told (announcement_id, told_at) VALUES (?1, ?2)")?
                .execute((id, now_ms))?;
        }
        if !begun.is_empty() {
            transaction.commit()?;
        }
        Ok(begun.len())
    }
}

/// Moments are texts whose order is that of time.
const BEGUN: &str = "SELECT id, tenant_id, title, text, audience = 'administrators' FROM announcements, \
    (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?1 / 1000, 'unixepoch') AS now) \
    WHERE issue = 1 AND starts <= now AND (ends = '' OR ends > now) \
    AND NOT EXISTS (SELECT 1 FROM issues_told t WHERE t.announcement_id = announcements.id) LIMIT 20";

const SUBSCRIBED: &str = "SELECT trim(u.first_name || ' ' || u.last_name), u.email FROM status_subscriptions s \
    JOIN users u ON u.id = s.user_id LEFT JOIN roles r ON r.id = u.role_id \
    WHERE u.tenant_id = ?1 AND u.email <> '' AND u.suspended = 0 AND (?2 = 0 OR COALESCE(r.level, '0') <> '0') \
    ORDER BY u.id";
