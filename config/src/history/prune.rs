//! The audit log and the history end somewhere: daily jobs. AUD-01, OPS-14.

use rusqlite::Connection;

use crate::{TenantId, access::OPERATOR};

/// Removes at most `limit` entries of a company that are older than its settings say, at `now_ms` (Unix milliseconds);
/// returns how many went. With those of the company that runs the program go those of companies that are gone.
pub(crate) fn audit(rows: &Connection, tenant: TenantId, now_ms: i64, limit: i64) -> rusqlite::Result<usize> {
    let days = programs_days(rows)?;
    let theirs = rows
        .prepare_cached(
            "DELETE FROM audit WHERE id IN (SELECT a.id FROM settings s JOIN audit a ON a.tenant_id = s.tenant_id \
             WHERE s.tenant_id = ?4 AND a.at_ms < ?1 - COALESCE(s.audit_days, ?2) * 86400000 LIMIT ?3)",
        )?
        .execute((now_ms, days, limit, tenant.0))?;
    if tenant != OPERATOR {
        return Ok(theirs);
    }
    let nobodys = rows
        .prepare_cached(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit \
             WHERE tenant_id NOT IN (SELECT tenant_id FROM settings) AND at_ms < ?1 - ?2 * 86400000 LIMIT ?3)",
        )?
        .execute((now_ms, days, limit))?;
    Ok(theirs + nobodys)
}

/// Removes revisions with at most `limit` rows beyond the first that are older than everybody's settings say: the history
/// is one for all companies and is kept for whoever keeps the longest. Returns how many rows went.
pub(crate) fn history(rows: &Connection, now_ms: i64, limit: i64) -> rusqlite::Result<usize> {
    let days = programs_days(rows)?;
    let longest: Option<i64> =
        rows.query_row("SELECT max(audit_days) FROM settings", [], |row| row.get(0))?;
    let before = now_ms - longest.unwrap_or(days).max(days) * DAY_MS;
    // Whole revisions, oldest first: what is kept must lead back without a gap.
    let last: Option<i64> = rows
        .prepare_cached(
            "SELECT max(revision) FROM (SELECT revision FROM history WHERE at_ms < ?1 ORDER BY revision LIMIT ?2)",
        )?
        .query_row((before, limit), |row| row.get(0))?;
    let Some(last) = last else { return Ok(0) };
    let gone = rows.prepare_cached("DELETE FROM history WHERE revision <= ?1")?.execute([last])?;
    rows.prepare_cached("UPDATE history_floor SET revision = max(revision, ?1)")?.execute([last])?;
    Ok(gone)
}

/// Of companies whose own settings say nothing.
fn programs_days(rows: &Connection) -> rusqlite::Result<i64> {
    let days: i64 =
        rows.query_row("SELECT COALESCE(max(audit_retention_days), 90) FROM node_settings", [], |row| {
            row.get(0)
        })?;
    Ok(days.max(SHORTEST_DAYS))
}

/// AUD-01.
const SHORTEST_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
