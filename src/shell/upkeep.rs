//! What the clock brings: changes on trial whose time is over are taken back, and the audit log and the history lose what
//! is too old. OPS-05, AUD-01, OPS-14.

use std::{
    io,
    time::{Duration, Instant},
};

use chrono::DateTime;
use config::Db;
use pbx_core::Input;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{alarms::Alarms, clock::unix_ms};

/// Does what is due at once, and starts the thread that goes on with it until `engine` is gone.
pub fn start(db: &Db, alarms: &Alarms, engine: mpsc::Sender<Input>) -> io::Result<()> {
    let mut upkeep = Upkeep { db: db.clone(), alarms: alarms.clone(), told: None, pruned: None };
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
    pruned: Option<Instant>,
}

impl Upkeep {
    fn turn(&mut self, now_ms: i64, now: Instant) {
        match self.db.end_trials(now_ms) {
            Ok(ended) => ended.iter().for_each(|ended| self.tell(ended, now)),
            Err(error) => warn!("changes on trial could not be taken back: {error}"),
        }
        match self.db.end_hotdesks(DateTime::from_timestamp_millis(now_ms).unwrap_or_default()) {
            Ok(0) => {}
            Ok(ended) => info!("{ended} users were logged out of hotdesk phones: their time is over"),
            Err(error) => warn!("users could not be logged out of hotdesk phones: {error}"),
        }
        if self.told.is_some_and(|told| now - told > TOLD_FOR) {
            self.alarms.clear(ALARM);
            self.told = None;
        }
        if self.pruned.is_none_or(|pruned| now - pruned > PRUNE_INTERVAL) {
            self.prune(now_ms, now);
        }
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

    /// A step a turn, so that nobody who saves waits for it.
    fn prune(&mut self, now_ms: i64, now: Instant) {
        match self.db.prune_audit(now_ms, STEP) {
            Ok(gone) if gone >= STEP => {}
            Ok(gone) => {
                if gone > 0 {
                    info!("the audit log ends where it should: {gone} old entries went");
                }
                self.pruned = Some(now);
            }
            Err(error) => {
                warn!("the audit log could not be shortened: {error}");
                self.pruned = Some(now);
            }
        }
    }
}

const ALARM: &str = "trial";
const INTERVAL: Duration = Duration::from_secs(1);
const TOLD_FOR: Duration = Duration::from_secs(3600);
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
const STEP: usize = 1000;

#[cfg(test)]
mod tests {
    use config::{
        TenantId,
        access::{Author, Viewer},
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
        let mut upkeep = Upkeep { db: db.clone(), alarms: alarms.clone(), told: None, pruned: None };
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
}
