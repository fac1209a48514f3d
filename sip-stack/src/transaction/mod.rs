//! The four transactions of RFC 3261 §17 with the corrections of RFC 6026.
//!
//! Each machine is state × event → [`Actions`], without bytes or addresses, laid out to be held against the RFC's
//! figure. [`layer`] owns the machines of the node, their messages, and the clock they share.

pub(crate) mod client_invite;
pub(crate) mod client_plain;
mod failing;
pub(crate) mod layer;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod server_invite;
pub(crate) mod server_plain;
#[cfg(test)]
mod timeline;

use std::time::Instant;

use smallvec::SmallVec;

/// What a transaction wants done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the request or response that caused this for the first time.
    Send,
    /// Send the last one again.
    Resend,
    /// Acknowledge a final response other than 2xx (client INVITE only).
    Ack,
    /// Hand the message to the transaction user.
    Pass,
    /// Tell the transaction user that nothing came in time.
    TimedOut,
    /// Tell the transaction user that the transport failed.
    Failed,
    /// The transaction is gone.
    End,
}

/// At most three things follow from one event.
pub(crate) type Actions = SmallVec<[Action; 3]>;

/// A response after which a server transaction is forgotten at once: towards a request that proves nothing we behave
/// statelessly (RFC 3261 §8.2.7, §26.3.2.4). The repeated request is challenged again, with another nonce, and an ACK for
/// the challenge belongs to nothing. An INVITE that had a 100 is not repeated any more: there the challenge is resent
/// until its ACK (§17.2.1).
pub(crate) fn is_challenge(status: u16) -> bool {
    matches!(status, 401 | 407)
}

/// What the layer needs of any machine.
pub(crate) trait Machine {
    /// The earliest of its timers.
    fn poll_timeout(&self) -> Option<Instant>;
    /// Fires the earliest timer that is due; nothing if none is.
    fn handle_timeout(&mut self, now: Instant) -> Actions;
}
