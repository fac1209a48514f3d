//! Non-INVITE server transaction: RFC 3261 §17.2.2, figure 8.
//!
//! ```text
//!           1xx              200-699             J
//!  Trying ──────► Proceeding ──────► Completed ────► Terminated
//!     └──────────────────────────────►
//! ```

use std::time::Instant;

use smallvec::smallvec;

use super::{Action, Actions, Machine, is_challenge};
use crate::timers::{Deadlines, T1_64};

/// States of figure 8.
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
    /// Wait for retransmitted requests.
    J,
}

/// The machine, begun by a request that was passed to the core.
#[derive(Debug)]
pub(crate) struct ServerPlain {
    state: State,
    reliable: bool,
    timers: Deadlines<1>,
}

impl ServerPlain {
    /// In Trying.
    pub(crate) fn new(reliable: bool) -> Self {
        Self { state: State::Trying, reliable, timers: Deadlines::none() }
    }
    #[cfg(test)]
    pub(crate) fn state(&self) -> State {
        self.state
    }
    /// The request again.
    pub(crate) fn receive(&mut self) -> Actions {
        match self.state {
            State::Proceeding | State::Completed => smallvec![Action::Resend],
            State::Trying | State::Terminated => smallvec![],
        }
    }
    /// The core answers with this status.
    pub(crate) fn respond(&mut self, now: Instant, status: u16) -> Actions {
        match (self.state, status) {
            (State::Trying | State::Proceeding, ..=199) => {
                self.state = State::Proceeding;
                smallvec![Action::Send]
            }
            (State::Trying | State::Proceeding, _) if self.reliable || is_challenge(status) => {
                self.state = State::Terminated;
                smallvec![Action::Send, Action::End]
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.timers.set(Timer::J as usize, now + T1_64);
                smallvec![Action::Send]
            }
            (State::Completed | State::Terminated, _) => smallvec![],
        }
    }
    /// The transport could not deliver.
    pub(crate) fn fail(&mut self) -> Actions {
        self.state = State::Terminated;
        self.timers.clear_all();
        smallvec![Action::End]
    }
}

impl Machine for ServerPlain {
    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    fn handle_timeout(&mut self, now: Instant) -> Actions {
        if self.timers.pop_due(now).is_none() {
            return smallvec![];
        }
        self.state = State::Terminated;
        smallvec![Action::End]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::timeline::*, *};

    /// RFC 3261 §17.2.2, figure 8: a repeated request gets the last response again until timer J.
    #[test]
    fn repeated_request_gets_the_last_response_again() {
        let mut tx = Timeline::start(|_| ServerPlain::new(false));
        passes!(tx, 100, |m, _| m.receive(),);
        passes!(tx, 200, |m, now| m.respond(now, 100), Action::Send);
        assert_eq!(tx.machine.state(), State::Proceeding);
        passes!(tx, 300, |m, _| m.receive(), Action::Resend);
        passes!(tx, 1_000, |m, now| m.respond(now, 200), Action::Send);
        passes!(tx, 2_000, |m, _| m.receive(), Action::Resend);
        passes!(tx, 2_100, |m, now| m.respond(now, 500),);
        silent!(tx, ..33_000);
        ends!(tx, 33_000, Action::End);
        quiet!(tx);
    }

    /// RFC 3261 §26.3.2.4
    #[test]
    fn challenge_is_sent_once_and_forgotten() {
        let mut tx = Timeline::start(|_| ServerPlain::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 401), Action::Send, Action::End);
        quiet!(tx);
    }

    /// §17.2.2: timer J is zero over TCP.
    #[test]
    fn reliable_transport_ends_with_the_response() {
        let mut tx = Timeline::start(|_| ServerPlain::new(true));
        passes!(tx, 10, |m, now| m.respond(now, 200), Action::Send, Action::End);
        quiet!(tx);
    }
}
