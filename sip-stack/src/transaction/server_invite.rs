//! INVITE server transaction: RFC 3261 §17.2.1, figure 7, with the Accepted state of RFC 6026 §7.1.
//!
//! ```text
//!               2xx             L
//!  Proceeding ──────► Accepted ───► Terminated
//!     │ 300-699     G: resend        ACK              I
//!     └───────────► Completed ─────────► Confirmed ─────► Terminated
//!                     H: time-out
//! ```
//!
//! A challenge before any provisional response goes straight to Terminated: see [`is_challenge`].

use std::time::{Duration, Instant};

use smallvec::smallvec;

use super::{Action, Actions, Machine, is_challenge};
use crate::timers::{Deadlines, T1, T1_64, T2, T4};

/// States of figure 7 and RFC 6026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Proceeding,
    Accepted,
    Completed,
    Confirmed,
    Terminated,
}

/// Timers of the machine.
#[derive(Debug, Clone, Copy)]
enum Timer {
    /// Retransmission of the failure, unreliable transports only.
    G,
    /// Wait for the ACK.
    H,
    /// Wait for retransmitted ACKs.
    I,
    /// Wait for retransmitted INVITEs after a 2xx (RFC 6026).
    L,
}

/// The machine, begun by an INVITE that was passed to the core.
#[derive(Debug)]
pub(crate) struct ServerInvite {
    state: State,
    reliable: bool,
    /// The peer heard of us, so it does not repeat its request.
    has_progressed: bool,
    interval: Duration,
    timers: Deadlines<4>,
}

impl ServerInvite {
    /// In Proceeding.
    pub(crate) fn new(reliable: bool) -> Self {
        Self {
            state: State::Proceeding,
            reliable,
            has_progressed: false,
            interval: T1,
            timers: Deadlines::none(),
        }
    }
    pub(crate) fn state(&self) -> State {
        self.state
    }
    /// The INVITE again.
    pub(crate) fn receive(&mut self) -> Actions {
        match self.state {
            State::Proceeding | State::Completed => smallvec![Action::Resend],
            // The core re-sends its 2xx by its own timer (RFC 6026 §7.1).
            State::Accepted | State::Confirmed | State::Terminated => smallvec![],
        }
    }
    /// The ACK of a failure.
    pub(crate) fn receive_ack(&mut self, now: Instant) -> Actions {
        match self.state {
            State::Completed if self.reliable => {
                self.enter(State::Terminated);
                smallvec![Action::End]
            }
            State::Completed => {
                self.enter(State::Confirmed);
                self.timers.set(Timer::I as usize, now + T4);
                smallvec![]
            }
            State::Proceeding | State::Accepted | State::Confirmed | State::Terminated => smallvec![],
        }
    }
    /// The core answers with this status.
    pub(crate) fn respond(&mut self, now: Instant, status: u16) -> Actions {
        match (self.state, status) {
            (State::Proceeding, ..=199) => {
                self.has_progressed = true;
                smallvec![Action::Send]
            }
            (State::Proceeding, _) if is_challenge(status) && !self.has_progressed => {
                self.enter(State::Terminated);
                smallvec![Action::Send, Action::End]
            }
            (State::Proceeding, 200..=299) => {
                self.enter(State::Accepted);
                self.timers.set(Timer::L as usize, now + T1_64);
                smallvec![Action::Send]
            }
            (State::Proceeding, _) => {
                self.enter(State::Completed);
                if !self.reliable {
                    self.timers.set(G, now + T1);
                }
                self.timers.set(H, now + T1_64);
                smallvec![Action::Send]
            }
            (State::Accepted | State::Completed | State::Confirmed | State::Terminated, _) => smallvec![],
        }
    }
    /// The transport could not deliver.
    pub(crate) fn fail(&mut self) -> Actions {
        let waiting = self.state == State::Proceeding;
        self.enter(State::Terminated);
        if waiting { smallvec![Action::Failed, Action::End] } else { smallvec![Action::End] }
    }
    fn enter(&mut self, state: State) {
        self.state = state;
        self.timers.clear_all();
    }
    fn resend(&mut self, now: Instant) -> Actions {
        self.interval = (self.interval * 2).min(T2);
        self.timers.set(G, now + self.interval);
        smallvec![Action::Resend]
    }
}

impl Machine for ServerInvite {
    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
    fn handle_timeout(&mut self, now: Instant) -> Actions {
        match self.timers.pop_due(now) {
            Some(G) => self.resend(now),
            Some(H) => {
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

const G: usize = Timer::G as usize;
const H: usize = Timer::H as usize;

#[cfg(test)]
mod tests {
    use super::{super::timeline::*, *};

    /// RFC 3261 §8.2.7, §26.3.2.4
    #[test]
    fn challenge_at_once_is_sent_once_and_forgotten() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 407), Action::Send, Action::End);
        quiet!(tx);
    }

    /// A 100 stops the phone's own retransmissions, so a challenge behind it that is lost must come again from us.
    #[test]
    fn challenge_is_resent_until_its_ack() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 100), Action::Send);
        passes!(tx, 0, |m, now| m.respond(now, 401), Action::Send);
        sends!(tx, 500, Action::Resend);
    }

    /// RFC 3261 §17.2.1, figure 7: timer G doubles up to T2 until timer H.
    #[test]
    fn failure_is_resent_up_to_every_t2_until_timer_h() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 486), Action::Send);
        for at in [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500] {
            silent!(tx, ..at);
            sends!(tx, at, Action::Resend);
        }
        ends!(tx, 32_000, Action::TimedOut);
        quiet!(tx);
    }

    /// §17.2.1: the ACK stops resending, timer I absorbs further ACKs.
    #[test]
    fn ack_confirms_the_failure() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 603), Action::Send);
        passes!(tx, 200, |m, now| m.receive_ack(now),);
        passes!(tx, 300, |m, now| m.receive_ack(now),);
        assert_eq!(tx.machine.state(), State::Confirmed);
        silent!(tx, ..5_200);
        ends!(tx, 5_200, Action::End);
        quiet!(tx);
    }

    /// §17.2.1: timer G is not used and timer I is zero over TCP.
    #[test]
    fn reliable_transport_ends_with_the_ack() {
        let mut tx = Timeline::start(|_| ServerInvite::new(true));
        passes!(tx, 0, |m, now| m.respond(now, 404), Action::Send);
        silent!(tx, ..31_000);
        passes!(tx, 31_000, |m, now| m.receive_ack(now), Action::End);
        quiet!(tx);
    }

    /// §17.2.1: a retransmitted INVITE gets the last provisional response again.
    #[test]
    fn repeated_invite_gets_the_last_provisional_again() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 100), Action::Send);
        passes!(tx, 500, |m, _| m.receive(), Action::Resend);
        passes!(tx, 600, |m, now| m.respond(now, 180), Action::Send);
        silent!(tx, ..900_000);
    }

    /// RFC 6026 §7.1: after the 2xx repeated INVITEs are absorbed until timer L.
    #[test]
    fn accepted_absorbs_repeated_invites_until_timer_l() {
        let mut tx = Timeline::start(|_| ServerInvite::new(false));
        passes!(tx, 0, |m, now| m.respond(now, 200), Action::Send);
        passes!(tx, 500, |m, _| m.receive(),);
        passes!(tx, 600, |m, now| m.respond(now, 500),);
        silent!(tx, ..32_000);
        ends!(tx, 32_000, Action::End);
        quiet!(tx);
    }
}
