//! What the clock brings: changes on trial whose time is over are taken back, users are logged out of hotdesk phones, and
//! what is done once a day is done. OPS-05, HD-05, OPS-14.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use config::{
    Db,
    daily::{Due, Step},
};
use pbx_core::Input;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{alarms::Alarms, clock::unix_ms};

/// Does what is due at once, and starts the thread that goes on with it until `engine` is gone.
pub fn start(db: &Db, alarms: &Alarms, engine: mpsc::Sender<Input>) -> io::Result<()> {
    let mut upkeep = Upkeep::new(db, alarms);
    upkeep.turn(unix_ms(), Instant::now());
    std::thread::Builder::new().name("upkeep".into()).spawn(move || {
        while !engine.is_closed() {
            std::thread::sleep(INTERVAL);
            upkeep.turn(unix_ms(), Instant::now());
        }
    })?;
    Ok(())
}

struct Upkeep {
    db: Db,
    alarms: Alarms,
    /// When the last ended trial was told.
    told: Option<Instant>,
    /// The minute, counted from 1970, in which it was looked up last what is to be done today: days begin with minutes.
    looked: Option<i64>,
    /// What is still to be done today.
    due: VecDeque<Due>,
}

impl Upkeep {
    fn new(db: &Db, alarms: &Alarms) -> Self {
        Self { db: db.clone(), alarms: alarms.clone(), told: None, looked: None, due: VecDeque::new() }
    }

    fn turn(&mut self, now_ms: i64, now: Instant) {
        match self.db.end_trials(now_ms) {
            Ok(ended) => ended.iter().for_each(|ended| self.tell(ended, now)),
            Err(error) => warn!("changes on trial could not be taken back: {error}"),
        }
        let utc = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
        match self.db.end_hotdesks(utc) {
            Ok(0) => {}
            Ok(ended) => info!("{ended} users were logged out of hotdesk phones: their time is over"),
            Err(error) => warn!("users could not be logged out of hotdesk phones: {error}"),
        }
        if self.told.is_some_and(|told| now - told > TOLD_FOR) {
            self.alarms.clear(ALARM);
            self.told = None;
        }
        self.daily(utc);
    }

    fn tell(&mut self, ended: &config::history::Ended, now: Instant) {
        let (author, rows) = (&ended.trial.author, ended.undone.rows.len());
        let mut text =
            format!("Nobody confirmed the changes of {author} in time; {rows} of them were taken back.");
        if !ended.undone.kept.is_empty() {
            text += &format!(" Not taken back: {}", ended.undone.kept.join("; "));
        }
        warn!("{text}");
        self.alarms.raise(ALARM, text);
        self.told = Some(now);
    }

    /// What is to be done today: at most one step a turn that changes something, so that nobody who saves waits for it.
    fn daily(&mut self, now: DateTime<Utc>) {
        let minute = now.timestamp() / 60;
        if self.due.is_empty() && self.looked != Some(minute) {
            self.looked = Some(minute);
            match self.db.due_jobs(now) {
                Ok(due) => self.due = due.into(),
                Err(error) => warn!("it cannot be looked up what is to be done today: {error}"),
            }
        }
        while let Some(due) = self.due.front().copied() {
            match self.db.run_daily(due, now, STEP) {
                Ok(Step::Gone(rows)) => {
                    let (job, tenant) = (due.job.key(), due.tenant.0);
                    info!(tenant.id = tenant, "{rows} rows that are too old went, by the daily job {job}");
                    return;
                }
                Ok(Step::Done) => {}
                // It is found again in the next minute.
                Err(error) => {
                    warn!(tenant.id = due.tenant.0, "the daily job {} failed: {error}", due.job.key())
                }
            }
            self.due.pop_front();
        }
    }
}

const ALARM: &str = "trial";
const INTERVAL: Duration = Duration::from_secs(1);
const TOLD_FOR: Duration = Duration::from_secs(3600);
const STEP: usize = 1000;

#[cfg(test)]
mod tests {
    use config::{
        TenantId,
        access::{Author, Viewer},
        records::{CallQuery, CallRow, Change},
        resource::Values,
        resources::users::USERS,
    };

    use super::*;

    /// OPS-05: over a restart, too, for the deadline is in the database.
    #[test]
    fn a_trial_that_is_over_is_taken_back_and_told_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let tenant = TenantId(1);
        let author = Author::program(tenant, "anna", "portal");
        db.begin_trial(&author, 0, 1).unwrap();
        let name = Values::from([("last_name".to_owned(), "X".to_owned())]);
        db.update(&author, &USERS, 1, &name, None).unwrap();
        let alarms = Alarms::default();
        let mut upkeep = Upkeep::new(&db, &alarms);
        let start = Instant::now();
        let last_name = || {
            let row = db.get(&Viewer::primary(tenant), &USERS, 1).unwrap().unwrap();
            row.values["last_name"].clone()
        };
        upkeep.turn(59_999, start);
        assert_eq!(last_name(), "X");
        upkeep.turn(60_000, start);
        assert_eq!(last_name(), "Berg");
        assert!(alarms.list()[0].text.contains("anna"));
        upkeep.turn(60_000, start + TOLD_FOR + INTERVAL);
        assert!(alarms.list().is_empty());
    }
    /// OPS-14: by a clock of the test's own.
    #[test]
    fn who_is_stopped_across_midnight_does_once_what_is_due_and_not_again_until_the_next_day() {
        const DAY: i64 = 86_400_000;
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        db.first_start().unwrap();
        let old = |id: &str, at| {
            let ended_at = Some(at + 1);
            let row = CallRow { id: id.into(), tenant: 1, started_at: at, ended_at, ..CallRow::default() };
            db.write_records(&[Change::CallClosed(Box::new(row))]).unwrap();
        };
        let calls = || db.calls(TenantId(1), &CallQuery::default()).unwrap().rows.len();
        let (start, midnight) = (Instant::now(), 20_000 * DAY);
        let run = |at: i64| {
            // A new one each time: what is known is what the database says.
            let mut upkeep = Upkeep::new(&db, &Alarms::default());
            (0..3).for_each(|turn| upkeep.turn(at + turn, start));
        };
        run(midnight - 2000);
        old("a", 1);
        run(midnight - 1000);
        assert_eq!(calls(), 1, "that day's jobs were done");
        run(midnight + 2 * DAY + 1000);
        assert_eq!(calls(), 0, "two midnights later");
        old("b", 2);
        run(midnight + 2 * DAY + 60_000);
        assert_eq!(calls(), 1, "once for both");
        let mut upkeep = Upkeep::new(&db, &Alarms::default());
        upkeep.turn(midnight + 3 * DAY - 1, start);
        assert_eq!(calls(), 1);
        upkeep.turn(midnight + 3 * DAY, start);
        assert_eq!(calls(), 0, "who runs across midnight does it then");
    }
}
