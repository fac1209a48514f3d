//! INVITE client transaction: RFC 3261 §17.1.1, figure 5, with the Accepted state of RFC 6026 §7.2.
//!
//! ```text
//!           A: resend, B: time-out          2xx            M
//!  Calling ─────────────────────────┐ ──────────► Accepted ──► Terminated
//!     │ 1xx                         │
//!     ▼            2xx              │  300-699               D
//!  Proceeding ─────────────────────┴─────────► Completed ────► Terminated
//! ```

use std::time::{Duration, Instant};

use smallvec::smallvec;

use super::{Action, Actions, Machine};
use crate::timers::{Deadlines, T1, T1_64, TIMER_D};

/// States of figure 5 and RFC 6026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

/// Timers of the machine.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Retransmission, unreliable transports only.
    A,
    /// The whole transaction; after CANCEL, the wait for its final response (§9.1).
    B,
    /// Wait for retransmitted final responses.
    D,
    /// Wait for retransmitted and forked 2xx (RFC 6026).
    M,
}

/// The machine. Sending the request is the caller's act of making it.
#[derive(Debug)]
pub(crate) struct ClientInvite {
    state: State,
    reliable: bool,
    interval: Duration,
    timers: Deadlines<4>,
}

impl ClientInvite {
    /// In Calling, with the request sent.
    pub(crate) fn new(now: Instant, reliable: bool) -> Self {
        let mut timers = Deadlines::none();
        if !reliable {
            timers.set(Timer::A as usize, now + T1);
        }
        timers.set(Timer::B as usize, now + T1_64);
        Self { state: State::Calling, reliable, interval: T1, timers }
    }
    pub(crate) fn state(&self) -> State {
        self.state
    }
    /// A response with this status.
    pub(crate) fn receive(&mut self, now: Instant, status: u16) -> Actions {
        match (self.state, status) {
            (State::Calling, ..=199) => {
                self.enter(State::Proceeding);
                smallvec![Action::Pass]
            }
            (State::Proceeding, ..=199) => smallvec![Action::Pass],
            (State::Calling | State::Proceeding, 200..=299) => {
                self.enter(State::Accepted);
                self.timers.set(Timer::M as usize, now + T1_64);
                smallvec![Action::Pass]
            }
            (State::Calling | State::Proceeding, _) => self.complete(now),
            // Each 2xx is the core's to acknowledge (RFC 6026 §7.2).
            (State::Accepted, 200..=299) => smallvec![Action::Pass],
            (State::Completed, 300..) => smallvec![Action::Ack],
            (State::Accepted | State::Completed | State::Terminated, _) => smallvec![],
        }
    }
    /// A CANCEL was sent: the final response must come within 64*T1 (RFC 3261 §9.1).
    pub(crate) fn cancelled(&mut self, now: Instant) {
        if self.state == State::Proceeding {
            self.timers.set(Timer::B as usize, now + T1_64);
        }
    }
    /// The transport could not deliver.
    pub(crate) fn fail(&mut self) -> Actions {
        let waiting = matches!(self.state, State::Calling | State::Proceeding);
        self.enter(State::Terminated);
        if waiting { smallvec![Action::Failed, Action::End] } else { smallvec![Action::End] }
    }
    fn complete(&mut self, now: Instant) -> Actions {
        if self.reliable {
            self.enter(State::Terminated);
            return smallvec![Action::Ack, Action::Pass, Action::End];
        }
        self.enter(State::Completed);
        self.timers.set(Timer::D as usize, now + TIMER_D);
        smallvec![Action::Ack, Action::Pass]
    }
    fn enter(&mut self, state: State) {
        self.state = state;
        self.timers.clear_all();
    }
    fn resend(&mut self, now: Instant) -> Actions {
        self.interval *= 2;
        self.timers.set(Timer::A as usize, now + self.interval);
        smallvec![Action::Resend]
    }
}

impl Machine for ClientInvite {
    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    fn handle_timeout(&mut self, now: Instant) -> Actions {
        match self.timers.pop_due(now) {
            Some(A) => self.resend(now),
            Some(B) => {
                self.enter(State::Terminated);
                smallvec![Action::TimedOut, Action::End]
            }
            Some(_) => {
                self.enter(State::Terminated);
                smallvec![Action::End]
            }
            None => smallvec![],
        }
    }
}

const A: usize = Timer::A as usize;
const B: usize = Timer::B as usize;

#[cfg(test)]
mod tests {
    use super::{super::timeline::*, *};

    /// RFC 3261 §17.1.1.2, figure 5: timer A doubles without a cap, timer B ends the try.
    #[test]
    fn request_is_resent_at_doubling_intervals_until_timer_b() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, false));
        silent!(tx, ..500);
        sends!(tx, 500, Action::Resend);
        sends!(tx, 1_500, Action::Resend);
        sends!(tx, 3_500, Action::Resend);
        sends!(tx, 7_500, Action::Resend);
        sends!(tx, 15_500, Action::Resend);
        sends!(tx, 31_500, Action::Resend);
        silent!(tx, ..32_000);
        ends!(tx, 32_000, Action::TimedOut);
    }

    /// §17.1.1.2: no timer A over TCP, timer B all the same.
    #[test]
    fn reliable_transport_sends_once() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, true));
        silent!(tx, ..32_000);
        ends!(tx, 32_000, Action::TimedOut);
    }

    /// §17.1.1.2: a provisional response stops both timers; ringing may last.
    #[test]
    fn provisional_response_stops_resending() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, false));
        passes!(tx, 400, |m, now| m.receive(now, 180), Action::Pass);
        assert_eq!(tx.machine.state(), State::Proceeding);
        silent!(tx, ..600_000);
        passes!(tx, 600_000, |m, now| m.receive(now, 183), Action::Pass);
    }

    /// §17.1.1.2: each retransmitted final response is acknowledged, only the first is passed on; timer D.
    #[test]
    fn failure_is_acked_each_time_and_passed_once() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, false));
        passes!(tx, 100, |m, now| m.receive(now, 486), Action::Ack, Action::Pass);
        passes!(tx, 600, |m, now| m.receive(now, 486), Action::Ack);
        passes!(tx, 700, |m, now| m.receive(now, 180),);
        silent!(tx, ..32_100);
        ends!(tx, 32_100, Action::End);
        quiet!(tx);
    }

    /// RFC 6026 §7.2: 2xx leads to Accepted, where further 2xx are passed until timer M.
    #[test]
    fn further_answers_are_passed_until_timer_m() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, false));
        passes!(tx, 100, |m, now| m.receive(now, 200), Action::Pass);
        passes!(tx, 600, |m, now| m.receive(now, 200), Action::Pass);
        passes!(tx, 700, |m, now| m.receive(now, 486),);
        silent!(tx, ..32_100);
        ends!(tx, 32_100, Action::End);
        quiet!(tx);
    }

    /// §9.1: a cancelled INVITE that gets no final response is over after 64*T1.
    #[test]
    fn cancelled_invite_without_final_response_ends() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, false));
        passes!(tx, 100, |m, now| m.receive(now, 180), Action::Pass);
        tx.machine.cancelled(tx.at(1_000));
        silent!(tx, ..33_000);
        ends!(tx, 33_000, Action::TimedOut);
    }

    /// §17.1.4: a transport failure is reported once.
    #[test]
    fn transport_failure_is_reported() {
        let mut tx = Timeline::start(|now| ClientInvite::new(now, true));
        passes!(tx, 10, |m, _| m.fail(), Action::Failed, Action::End);
        quiet!(tx);
    }
}
