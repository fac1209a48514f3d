//! What is done once a day of a company's clocks. OPS-14. The day on which a job was done last is in the database: after
//! downtime, however long, it is done once.
//!
//! A job that takes something away does so a step at a time, so that nobody who saves waits for it. The day is noted in the
//! transaction of the last step: a program that is killed meanwhile goes on where it was.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::{
    Db, TenantId,
    access::OPERATOR,
    history::prune,
    records::{self, Retention},
};

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// A company's audit log loses what is older than its settings say. AUD-01
    Audit,
    /// The history, which is one for all companies, ends where the longest of their logs does. AUD-01
    History,
    /// Calls, and their traces before them, go when they were kept for as long as the program's settings say.
    Calls,
}

/// A job whose day has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Due {
    pub job: Job,
    pub tenant: TenantId,
    /// What the company's calendar shows.
    pub day: NaiveDate,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many rows went, and there may be more: call again.
    Gone(usize),
    /// It is done for the day.
    Done,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Audit, Self::History, Self::Calls];

    /// As stored, and as the log calls it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::History => "history",
            Self::Calls => "calls",
        }
    }

    /// Whether it is for the whole program rather than for each company.
    fn is_programs(self) -> bool {
        matches!(self, Self::History | Self::Calls)
    }

    /// Removes at most `limit` rows of a kind; how many went.
    fn step(
        self,
        rows: &Connection,
        tenant: TenantId,
        (now_ms, limit): (i64, i64),
    ) -> rusqlite::Result<usize> {
        match self {
            Self::Audit => prune::audit(rows, tenant, now_ms, limit),
            Self::History => prune::history(rows, now_ms, limit),
            Self::Calls => records::prune(rows, kept_from(rows, now_ms)?, limit),
        }
    }
}

impl Db {
    /// The jobs whose day has come and that were not done on it, at `now`.
    ///
    /// A day far ahead was noted by a clock that was wrong: it counts as none, else nothing would be done until then.
    pub fn due_jobs(&self, now: DateTime<Utc>) -> rusqlite::Result<Vec<Due>> {
        let reader = self.reader()?;
        let mut noted = HashMap::new();
        let mut statement = reader.prepare_cached("SELECT tenant_id, job, day FROM daily_jobs")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let day: String = row.get(2)?;
            noted.insert((row.get::<_, i64>(0)?, row.get::<_, String>(1)?), day.parse::<NaiveDate>().ok());
        }
        let mut due = Vec::new();
        let mut statement = reader.prepare_cached(CLOCKS)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let (tenant, zone): (i64, String) = (row.get(0)?, row.get(1)?);
            let day = now.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).date_naive();
            let tenant = TenantId(tenant);
            for job in Job::ALL.into_iter().filter(|job| tenant == OPERATOR || !job.is_programs()) {
                let last = noted.get(&(tenant.0, job.key().to_owned())).copied().flatten();
                if last.is_none_or(|last| last < day || last > day + CLOCKS_DIFFER) {
                    due.push(Due { job, tenant, day });
                }
            }
        }
        Ok(due)
    }

    /// A step of a job, of at most `limit` rows of a kind; the last one notes the day. Nothing is done twice for a day.
    pub fn run_daily(&self, due: Due, now: DateTime<Utc>, limit: usize) -> rusqlite::Result<Step> {
        let mut writer = self.writer();
        let rows = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let day = due.day.to_string();
        let noted: Option<String> = rows
            .prepare_cached("SELECT day FROM daily_jobs WHERE tenant_id = ?1 AND job = ?2")?
            .query_row((due.tenant.0, due.job.key()), |row| row.get(0))
            .optional()?;
        if noted.as_ref() == Some(&day) {
            return Ok(Step::Done);
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let gone = due.job.step(&rows, due.tenant, (now.timestamp_millis(), limit))?;
        if gone == 0 {
            // A company that went meanwhile has no day.
            rows.prepare_cached(
                "INSERT INTO daily_jobs (tenant_id, job, day) SELECT id, ?2, ?3 FROM tenants WHERE id = ?1 \
                 ON CONFLICT DO UPDATE SET day = excluded.day",
            )?
            .execute((due.tenant.0, due.job.key(), &day))?;
        }
        rows.commit()?;
        Ok(if gone == 0 { Step::Done } else { Step::Gone(gone) })
    }
}

/// What of the calls is kept, by the program's settings.
fn kept_from(rows: &Connection, now_ms: i64) -> rusqlite::Result<Retention> {
    rows.prepare_cached("SELECT call_retention_days, ladder_retention_days FROM node_settings")?.query_row(
        [],
        |row| {
            let from = |days: i64| now_ms - days * DAY_MS;
            Ok(Retention { calls_from_ms: from(row.get(0)?), ladders_from_ms: from(row.get(1)?) })
        },
    )
}

/// Each company with the clocks that it goes by: those of its default site.
const CLOCKS: &str = "SELECT t.id, COALESCE(s.time_zone, 'UTC') FROM tenants t \
    LEFT JOIN settings o ON o.tenant_id = t.id LEFT JOIN sites s ON s.id = o.default_site_id ORDER BY t.id";
/// Between the calendars of two zones; a company that moves west is no reason to do a day again.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::days(1);
const DAY_MS: i64 = Duration::from_secs(24 * 3600).as_millis() as i64;

#[cfg(test)]
mod tests;
