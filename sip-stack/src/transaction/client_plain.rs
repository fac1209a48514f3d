//! Non-INVITE client transaction: RFC 3261 §17.1.2, figure 6.
//!
//! ```text
//!          E: resend, F: time-out      200-699             K
//!  Trying ───────────────────────┐ ──────────► Completed ────► Terminated
//!     │ 1xx                      │
//!     ▼    E: resend at T2       │
//!  Proceeding ───────────────────┘
//! ```

use std::time::{Duration, Instant};

use smallvec::smallvec;

use super::{Action, Actions, Machine};
use crate::timers::{Deadlines, T1, T1_64, T2, T4};

/// States of figure 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// Timers of the machine.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Retransmission, unreliable transports only.
    E,
    /// The whole transaction.
    F,
    /// Wait for retransmitted final responses.
    K,
}

/// The machine. Sending the request is the caller's act of making it.
#[derive(Debug)]
pub(crate) struct ClientPlain {
    state: State,
    reliable: bool,
    interval: Duration,
    timers: Deadlines<3>,
}

impl ClientPlain {
    /// In Trying, with the request sent.
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        let mut timers = Deadlines::none();
        if !reliable {
            timers.set(E, now + T1);
        }
        timers.set(F, now + T1_64);
        Self { state: State::Trying, reliable, interval: T1, timers }
    }
    #[cfg(test)]
    pub(crate) fn state(&self) -> State {
        self.state
    }
    /// A response with this status.
    pub(crate) fn receive(&mut self, now: Instant, status: u16) -> Actions {
        match (self.state, status) {
            (State::Trying | State::Proceeding, ..=199) => {
                self.state = State::Proceeding;
                smallvec![Action::Pass]
            }
            (State::Trying | State::Proceeding, _) if self.reliable => {
                self.end();
                smallvec![Action::Pass, Action::End]
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.timers.clear_all();
                self.timers.set(Timer::K as usize, now + T4);
                smallvec![Action::Pass]
            }
            (State::Completed | State::Terminated, _) => smallvec![],
        }
    }
    /// The transport could not deliver.
    pub(crate) fn fail(&mut self) -> Actions {
        let waiting = matches!(self.state, State::Trying | State::Proceeding);
        self.end();
        if waiting { smallvec![Action::Failed, Action::End] } else { smallvec![Action::End] }
    }
    fn end(&mut self) {
        self.state = State::Terminated;
        self.timers.clear_all();
    }
    fn resend(&mut self, now: Instant) -> Actions {
        // In Proceeding the interval is T2 at once (§17.1.2.2).
        self.interval = if self.state == State::Proceeding { T2 } else { (self.interval * 2).min(T2) };
        self.timers.set(E, now + self.interval);
        smallvec![Action::Resend]
    }
}

impl Machine for ClientPlain {
    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    fn handle_timeout(&mut self, now: Instant) -> Actions {
        match self.timers.pop_due(now) {
            Some(E) => self.resend(now),
            Some(F) => {
                self.end();
                smallvec![Action::TimedOut, Action::End]
            }
            Some(_) => {
                self.end();
                smallvec![Action::End]
            }
            None => smallvec![],
        }
    }
}

const E: usize = Timer::E as usize;
const F: usize = Timer::F as usize;

#[cfg(test)]
mod tests {
    use super::{super::timeline::*, *};

    /// RFC 3261 §17.1.2.2, figure 6: timer E doubles up to T2, timer F ends the try.
    #[test]
    fn request_is_resent_up_to_every_t2_until_timer_f() {
        let mut tx = Timeline::start(|now| ClientPlain::new(now, false));
        for at in [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500] {
            silent!(tx, ..at);
            sends!(tx, at, Action::Resend);
        }
        ends!(tx, 32_000, Action::TimedOut);
        quiet!(tx);
    }

    /// §17.1.2.2: after a provisional response the interval is T2, timer F goes on.
    #[test]
    fn provisional_response_slows_resending_to_t2() {
        let mut tx = Timeline::start(|now| ClientPlain::new(now, false));
        passes!(tx, 100, |m, now| m.receive(now, 100), Action::Pass);
        assert_eq!(tx.machine.state(), State::Proceeding);
        sends!(tx, 500, Action::Resend);
        sends!(tx, 4_500, Action::Resend);
        silent!(tx, ..8_500);
        sends!(tx, 8_500, Action::Resend);
        passes!(tx, 9_000, |m, now| m.receive(now, 200), Action::Pass);
        silent!(tx, ..14_000);
        ends!(tx, 14_000, Action::End);
        quiet!(tx);
    }

    /// §17.1.2.2: timer K is zero over TCP, and nothing is re-sent.
    #[test]
    fn reliable_transport_ends_with_the_final_response() {
        let mut tx = Timeline::start(|now| ClientPlain::new(now, true));
        silent!(tx, ..20_000);
        passes!(tx, 20_000, |m, now| m.receive(now, 404), Action::Pass, Action::End);
        quiet!(tx);
    }

    /// §17.1.2.2: retransmitted final responses are absorbed.
    #[test]
    fn second_final_response_is_absorbed() {
        let mut tx = Timeline::start(|now| ClientPlain::new(now, false));
        passes!(tx, 100, |m, now| m.receive(now, 200), Action::Pass);
        passes!(tx, 600, |m, now| m.receive(now, 200),);
        passes!(tx, 700, |m, _| m.fail(), Action::End);
        quiet!(tx);
    }
}
