//! Which revisions there are, when they were made and by whom.

use crate::{Db, access::Viewer, audit::AuditEntry};

use super::past::is_of;

/// The revisions that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Bounds {
    /// The oldest one that is kept.
    pub oldest: i64,
    /// The present one.
    pub newest: i64,
}

/// A revision and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RevisionSummary {
    /// Its number.
    pub revision: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub author: String,
    /// From where.
    pub via: String,
    /// How many rows.
    pub entries: u64,
    /// The first of them, as people call them.
    pub titles: Vec<String>,
}

impl Db {
    /// The oldest and the newest revision that can be shown.
    pub fn history_bounds(&self) -> rusqlite::Result<Bounds> {
        self.reader()?.query_row("SELECT f.revision, r.number FROM history_floor f, revision r", [], |row| {
            Ok(Bounds { oldest: row.get(0)?, newest: row.get(1)? })
        })
    }

    /// The revision that was in force at a moment (Unix milliseconds); the oldest one that is kept if that is later.
    pub fn revision_at(&self, at_ms: i64) -> rusqlite::Result<i64> {
        let bounds = self.history_bounds()?;
        let reader = self.reader()?;
        let next: Option<i64> = reader
            .prepare_cached("SELECT min(revision) FROM history WHERE at_ms > ?1")?
            .query_row([at_ms], |row| row.get(0))?;
        Ok(next.map_or(bounds.newest, |next| next - 1).clamp(bounds.oldest, bounds.newest))
    }

    /// When a revision was made, in Unix milliseconds; `None` if it is not known any more.
    pub fn revision_time(&self, revision: i64) -> rusqlite::Result<Option<i64>> {
        let reader = self.reader()?;
        let text = "SELECT max(at_ms) FROM history WHERE revision = (SELECT max(revision) FROM history \
             WHERE revision <= ?1)";
        reader.prepare_cached(text)?.query_row([revision], |row| row.get(0))
    }

    /// The newest revisions that changed something of a tenant, from before the revision `before` (`None`: from the
    /// newest), at most `limit` (1..=200).
    pub fn revisions(
        &self,
        viewer: &Viewer,
        before: Option<i64>,
        limit: usize,
    ) -> rusqlite::Result<Vec<RevisionSummary>> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached(
            "SELECT revision, max(at_ms), author, via, count(*) FROM audit WHERE tenant_id = ?1 AND revision < ?2 \
             AND action IN ('create', 'update', 'delete', 'renew', 'noticed') \
             GROUP BY revision ORDER BY revision DESC LIMIT ?3",
        )?;
        let limit = limit.clamp(1, 200) as i64;
        let mut found = statement
            .query_map((viewer.tenant.0, before.unwrap_or(i64::MAX), limit), |row| {
                Ok(RevisionSummary {
                    revision: row.get(0)?,
                    at_ms: row.get(1)?,
                    author: row.get(2)?,
                    via: row.get(3)?,
                    entries: row.get(4)?,
                    titles: Vec::new(),
                })
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut titles = reader.prepare_cached(
            "SELECT title FROM audit WHERE tenant_id = ?1 AND revision = ?2 \
             AND action IN ('create', 'update', 'delete', 'renew', 'noticed') ORDER BY id LIMIT 3",
        )?;
        for summary in &mut found {
            summary.titles = titles
                .query_map((viewer.tenant.0, summary.revision), |row| row.get(0))?
                .collect::<Result<_, _>>()?;
        }
        Ok(found)
    }

    /// What the audit log says of one entry, if it is the viewer's to see.
    pub fn audit_entry(&self, viewer: &Viewer, id: i64) -> rusqlite::Result<Option<AuditEntry>> {
        crate::audit::entry(&*self.reader()?, viewer.tenant.0, id)
    }

    /// Whether the viewer may look at the history of a table.
    pub fn may_look_back(&self, viewer: &Viewer, of: &crate::Resource) -> bool {
        of.tenant || is_of(of, viewer, viewer.tenant.0)
    }
}
