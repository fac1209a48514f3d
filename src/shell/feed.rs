//! The feed's thread: notices any change of the configuration within 10 ms and hands the engine the new snapshot.
//! A refused revision is an alarm, and the last good one stays. OPS-02, OPS-03, OPS-04.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use config::{
    Db, OpenError, Snapshot,
    feed::{Feed, Rejected},
};
use pbx_core::Input;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::alarms::Alarms;

/// Why there is no configuration to begin with.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum FeedError {
    #[error("the configuration cannot be read: {0}")]
    Read(#[from] OpenError),
    #[error("no thread for the configuration: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the thread; new snapshots go to `engine`, and the thread ends with it. Also returns the snapshot to begin
/// with and the count of revisions that were refused.
pub fn start(
    db: &Db,
    engine: mpsc::Sender<Input>,
    alarms: Alarms,
) -> Result<(Arc<Snapshot>, Arc<AtomicU64>), FeedError> {
    let (mut feed, snapshot) = Feed::open(db)?;
    let refused = Arc::new(AtomicU64::new(0));
    let watch = Watch { engine, alarms, refused: refused.clone() };
    std::thread::Builder::new().name("feed".into()).spawn(move || {
        while watch.take(feed.poll()) {
            std::thread::sleep(INTERVAL);
        }
    })?;
    Ok((snapshot, refused))
}

struct Watch {
    engine: mpsc::Sender<Input>,
    alarms: Alarms,
    refused: Arc<AtomicU64>,
}

impl Watch {
    /// `false` when the engine is gone.
    fn take(&self, polled: Result<Option<Arc<Snapshot>>, Rejected>) -> bool {
        match polled {
            Ok(None) => !self.engine.is_closed(),
            Ok(Some(snapshot)) => {
                info!("configuration revision {} is in force", snapshot.revision);
                self.alarms.clear(ALARM);
                self.engine.blocking_send(Input::Config(snapshot)).is_ok()
            }
            Err(rejected) => {
                // A database that cannot be read is reported at each poll; once is enough.
                if self.alarms.raise(ALARM, format!("{rejected} The revision before stays in force.")) {
                    error!("{rejected}");
                    self.refused.fetch_add(1, Relaxed);
                }
                !self.engine.is_closed()
            }
        }
    }
}

const ALARM: &str = "configuration";
const INTERVAL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    /// OPS-04
    #[test]
    fn a_refused_revision_is_an_alarm_until_a_good_one_comes() {
        let (engine, mut inputs) = mpsc::channel(1);
        let watch = Watch { engine, alarms: Alarms::default(), refused: Arc::default() };
        let rejected = Rejected { revision: 7, problems: vec!["devices 3: user is gone.".into()] };
        assert!(watch.take(Err(rejected.clone())));
        assert!(watch.take(Err(rejected)));
        assert!(watch.take(Ok(None)));
        assert!(watch.alarms.list()[0].text.contains("devices 3: user is gone."));
        assert_eq!(watch.refused.load(Relaxed), 1);
        assert!(inputs.try_recv().is_err());
        assert!(watch.take(Ok(Some(Arc::default()))));
        assert!(watch.alarms.list().is_empty());
        assert!(matches!(inputs.try_recv(), Ok(Input::Config(_))));
    }

    #[test]
    fn the_feed_ends_with_the_engine() {
        let (engine, inputs) = mpsc::channel(1);
        let watch = Watch { engine, alarms: Alarms::default(), refused: Arc::default() };
        assert!(watch.take(Ok(None)));
        drop(inputs);
        assert!(!watch.take(Ok(None)));
    }
}
