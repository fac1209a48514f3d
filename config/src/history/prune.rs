//! The audit log and the history end somewhere. AUD-01.

use crate::Db;

impl Db {
    /// Removes what is older than the settings say, at `now_ms` (Unix milliseconds); returns how many entries went. A
    /// run takes at most `limit` of each, so that nobody waits for it; call it again while it returns as many.
    pub fn prune_audit(&self, now_ms: i64, limit: usize) -> rusqlite::Result<usize> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let days: i64 = transaction.query_row(
            "SELECT COALESCE(max(audit_retention_days), 90) FROM node_settings",
            [],
            |row| row.get(0),
        )?;
        let before = now_ms - days.max(SHORTEST_DAYS) * DAY_MS;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let entries = transaction
            .prepare_cached("DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ?1 LIMIT ?2)")?
            .execute((before, limit))?;
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
