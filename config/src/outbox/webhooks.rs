//! Other products are told who got or lost a licence of theirs. LIC-10.
//!
//! What they were told is kept beside what is so; the difference is what they are still to be told. So it does not matter
//! who wrote the change, in how many steps, or whether the program was killed in between, and what is taken back at once is
//! never told.

use rusqlite::{Connection, TransactionBehavior};
use serde_json::json;

use super::place;
use crate::{Db, TenantId};

/// A call of another product's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Row of the outbox: the same in each attempt.
    pub id: i64,
    /// Whose licence it is.
    pub tenant: TenantId,
    /// Where to.
    pub url: String,
    /// JSON.
    pub body: String,
    /// Earlier ones.
    pub attempts: u32,
}

/// A user's licence of another product.
struct Held {
    user: i64,
    licence: i64,
    tenant: i64,
    name: String,
    webhook: String,
    person: [String; 3],
}

impl Db {
    /// Puts into the outbox what other products do not know yet; returns how much that was. `now_ms` in Unix milliseconds.
    pub fn queue_webhooks(&self, now_ms: i64) -> rusqlite::Result<usize> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (lost, gained) = (held(&transaction, LOST)?, held(&transaction, GAINED)?);
        for one in &lost {
            transaction
                .prepare_cached("DELETE FROM licences_told WHERE user_id = ?1 AND licence_id = ?2")?
                .execute((one.user, one.licence))?;
            self.tell(&transaction, one, "licence.unassigned", now_ms)?;
        }
        for one in &gained {
            let [person, email, extension] = &one.person;
            transaction
                .prepare_cached("INSERT INTO licences_told VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
                .execute((
                    one.user,
                    one.licence,
                    one.tenant,
                    &one.name,
                    &one.webhook,
                    person,
                    email,
                    extension,
                ))?;
            self.tell(&transaction, one, "licence.assigned", now_ms)?;
        }
        if !lost.is_empty() || !gained.is_empty() {
            transaction.commit()?;
        }
        Ok(lost.len() + gained.len())
    }

    fn tell(&self, rows: &Connection, one: &Held, event: &str, now_ms: i64) -> rusqlite::Result<()> {
        let [name, email, extension] = &one.person;
        let body = json!({
            "event": event, "at": now_ms, "tenant": one.tenant, "licence": { "id": one.licence, "name": one.name },
            "user": { "id": one.user, "name": name, "email": email, "extension": extension },
        });
        let id: i64 = rows
            .prepare_cached(
                "INSERT INTO outbox (tenant_id, kind, recipient, content, created_at, next_at) \
                 VALUES (?1, 'webhook', ?2, '', ?3, ?3) RETURNING id",
            )?
            .query_row((one.tenant, &one.webhook, now_ms), |row| row.get(0))?;
        rows.prepare_cached("UPDATE outbox SET content = ?2 WHERE id = ?1")?
            .execute((id, self.cipher().seal(place(id), &body.to_string())))?;
        Ok(())
    }

    /// The calls whose time has come, of each address the oldest only: what was taken back is never told before what was
    /// given.
    pub fn due_webhooks(&self, now_ms: i64, limit: usize) -> rusqlite::Result<Vec<Webhook>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT o.id, o.tenant_id, o.recipient, o.content, o.attempts FROM outbox o \
             WHERE o.state = 'waiting' AND o.kind = 'webhook' AND o.next_at <= ?1 AND NOT EXISTS (SELECT 1 FROM outbox e \
             WHERE e.recipient = o.recipient AND e.kind = 'webhook' AND e.state = 'waiting' AND e.id < o.id) \
             ORDER BY o.id LIMIT ?2",
        )?;
        let found = statement.query_map((now_ms, limit as i64), |row| {
            let id = row.get(0)?;
            let body = self.cipher().open(place(id), row.get_ref(3)?.as_str()?).unwrap_or_default();
            Ok(Webhook { id, tenant: TenantId(row.get(1)?), url: row.get(2)?, body, attempts: row.get(4)? })
        })?;
        found.collect()
    }
}

fn held(rows: &Connection, text: &str) -> rusqlite::Result<Vec<Held>> {
    let mut statement = rows.prepare_cached(text)?;
    let found = statement.query_map([], |row| {
        Ok(Held {
            user: row.get(0)?,
            licence: row.get(1)?,
            tenant: row.get(2)?,
            name: row.get(3)?,
            webhook: row.get(4)?,
            person: [row.get(5)?, row.get(6)?, row.get(7)?],
        })
    })?;
    found.collect()
}

/// Who has a licence of another product that does not know it.
const GAINED: &str = "SELECT m.owner, m.target, m.tenant_id, l.name, l.webhook, \
    trim(u.first_name || ' ' || u.last_name), u.email, COALESCE(x.number, '') \
    FROM licences l JOIN users_licences m ON m.tenant_id = l.tenant_id AND m.target = l.id \
    JOIN users u ON u.id = m.owner LEFT JOIN extensions x ON x.tenant_id = u.tenant_id AND x.user_id = u.id \
    WHERE l.kind = 'external' AND l.webhook <> '' \
    AND NOT EXISTS (SELECT 1 FROM licences_told t WHERE t.user_id = m.owner AND t.licence_id = m.target) LIMIT 500";

/// Who no longer has a licence that the product thinks they have.
const LOST: &str = "SELECT t.user_id, t.licence_id, t.tenant_id, t.licence, t.webhook, t.name, t.email, t.extension \
    FROM licences_told t WHERE NOT EXISTS (SELECT 1 FROM users_licences m WHERE m.tenant_id = t.tenant_id \
    AND m.owner = t.user_id AND m.target = t.licence_id) LIMIT 500";
