//! Stopping: the first signal drains, the second quits at once. OPS-09.

use std::time::Duration;

use pbx_core::Input;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::sleep,
};
use tracing::{info, warn};

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to catch them. Within a runtime only.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
    /// Waits for either.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every call ended, and the engine with the last.
    Drained,
    /// A second signal came, or calls did not end in time.
    AtOnce,
}

/// Has the engine finish: no new calls; after `limit` those that run are ended.
pub async fn drain(
    signals: &mut Signals,
    engine: &mpsc::Sender<Input>,
    limit: Duration,
    drained: impl Future<Output = ()>,
) -> Stopped {
    info!("stopping: no new calls, running ones have {} s", limit.as_secs());
    let _ = engine.send(Input::Drain).await;
    let end_calls = async {
        sleep(limit).await;
        info!("ending the calls that still run");
        let _ = engine.send(Input::HangUpAll).await;
        sleep(LAST_WORDS).await;
        warn!("some calls did not end in time");
    };
    tokio::select! {
        () = drained => Stopped::Drained,
        () = end_calls => Stopped::AtOnce,
        () = signals.next() => {
            warn!("stopping at once");
            Stopped::AtOnce
        }
    }
}

/// For BYEs and their answers after the limit.
const LAST_WORDS: Duration = Duration::from_secs(5);
