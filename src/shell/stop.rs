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

/// Has the engine finish: no new calls; after `limit` those that run are ended. `second` is another signal.
pub async fn drain(
    second: impl Future<Output = ()>,
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
        () = second => {
            warn!("stopping at once");
            Stopped::AtOnce
        }
    }
}

/// For BYEs and their answers after the limit.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn inputs(control: &mut mpsc::Receiver<Input>) -> Vec<&'static str> {
        let name = |input: Input| match input {
            Input::Drain => "drain",
            Input::HangUpAll => "hang up",
            _ => "other",
        };
        std::iter::from_fn(|| control.try_recv().ok()).map(name).collect()
    }

    /// OPS-09
    #[tokio::test(start_paused = true)]
    async fn calls_that_end_in_time_are_not_ended() {
        let (engine, mut control) = mpsc::channel(4);
        let drained = sleep(LIMIT - Duration::from_secs(1));
        assert_eq!(drain(pending(), &engine, LIMIT, drained).await, Stopped::Drained);
        assert_eq!(inputs(&mut control), ["drain"]);
    }

    /// OPS-09
    #[tokio::test(start_paused = true)]
    async fn after_the_limit_calls_are_ended_and_get_their_bye() {
        let (engine, mut control) = mpsc::channel(4);
        let drained = sleep(LIMIT + Duration::from_secs(1));
        assert_eq!(drain(pending(), &engine, LIMIT, drained).await, Stopped::Drained);
        assert_eq!(inputs(&mut control), ["drain", "hang up"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stuck_call_does_not_keep_the_program() {
        let (engine, _control) = mpsc::channel(4);
        let start = Instant::now();
        assert_eq!(drain(pending(), &engine, LIMIT, pending()).await, Stopped::AtOnce);
        assert_eq!(start.elapsed(), LIMIT + LAST_WORDS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_stops_at_once() {
        let (engine, _control) = mpsc::channel(4);
        let start = Instant::now();
        assert_eq!(drain(sleep(Duration::from_secs(2)), &engine, LIMIT, pending()).await, Stopped::AtOnce);
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }
}
