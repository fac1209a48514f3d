//! The audit log and the history end somewhere. AUD-01.

use crate::Db;

impl Db {
    /// Removes what is older than the settings say, at `now_ms` (Unix milliseconds); returns how many entries went. Each
    /// tenant's log has its own end; the history is one for all of them and is kept for whoever keeps the longest. A
    /// run takes at most `limit` of each, so that nobody waits for it; call it again while it returns as many.
    pub fn prune_audit(&self, now_ms: i64, limit: usize) -> rusqlite::Result<usize> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let days: i64 = transaction.query_row(
            "SELECT COALESCE(max(audit_retention_days), 90) FROM node_settings",
            [],
            |row| row.get(0),
        )?;
        let days = days.max(SHORTEST_DAYS);
        let longest: i64 =
            transaction.query_row("SELECT max(COALESCE(audit_days, ?1)) FROM settings", [days], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.unwrap_or(days))
            })?;
        let before = now_ms - longest.max(days) * DAY_MS;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let entries = transaction
            .prepare_cached(
                "DELETE FROM audit WHERE id IN (SELECT a.id FROM settings s JOIN audit a ON a.tenant_id = s.tenant_id \
                 AND a.at_ms < ?1 - COALESCE(s.audit_days, ?2) * 86400000 UNION ALL \
                 SELECT id FROM audit WHERE tenant_id NOT IN (SELECT tenant_id FROM settings) \
                 AND at_ms < ?1 - ?2 * 86400000 LIMIT ?3)",
            )?
            .execute((now_ms, days, limit))?;
        // Whole revisions, oldest first: what is kept must lead back without a gap.
        let last: Option<i64> = transaction
            .prepare_cached(
                "SELECT max(revision) FROM (SELECT revision FROM history WHERE at_ms < ?1 ORDER BY revision LIMIT ?2)",
            )?
            .query_row((before, limit), |row| row.get(0))?;
        let mut rows = 0;
        if let Some(last) = last {
            rows = transaction.prepare_cached("DELETE FROM history WHERE revision <= ?1")?.execute([last])?;
            transaction
                .prepare_cached("UPDATE history_floor SET revision = max(revision, ?1)")?
                .execute([last])?;
        }
        transaction.commit()?;
        Ok(entries.max(rows))
    }
}

/// AUD-01.
const SHORTEST_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
