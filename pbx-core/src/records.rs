//! Record rows on their way to the disk, and answers that wait for theirs. SIP-06.

use std::{collections::VecDeque, time::Instant};

use config::records::Change;
use sip_stack::{RequestId, Response};

use crate::{io::Output, limits};

/// Tickets and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Records {
    given: u64,
    stored: u64,
    waiting: VecDeque<Waiting>,
}

/// An answer that leaves once its row is committed.
#[derive(Debug)]
struct Waiting {
    ticket: u64,
    until: Instant,
    id: RequestId,
    response: Response,
}

impl Records {
    /// A row to write.
    pub(crate) fn store(&mut self, change: Change) -> Output {
        self.given += 1;
        Output::Store { ticket: self.given, change }
    }
    /// Holds an answer back until everything stored so far is committed, for a bounded time.
    pub(crate) fn hold(&mut self, now: Instant, id: RequestId, response: Response) {
        let until = now + limits::STORE_WAIT;
        self.waiting.push_back(Waiting { ticket: self.given, until, id, response });
    }
    /// Rows up to `ticket` are committed.
    pub(crate) fn stored(&mut self, ticket: u64) {
        self.stored = self.stored.max(ticket.min(self.given));
    }
    /// The next answer whose row is committed.
    pub(crate) fn ready(&mut self) -> Option<(RequestId, Response)> {
        let stored = self.stored;
        let first = self.waiting.pop_front_if(|w| w.ticket <= stored)?;
        Some((first.id, first.response))
    }
    /// The next answer that waited too long.
    pub(crate) fn late(&mut self, now: Instant) -> Option<(RequestId, Response)> {
        let first = self.waiting.pop_front_if(|w| w.until <= now)?;
        Some((first.id, first.response))
    }
    /// When the first answer has waited too long.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|w| w.until)
    }
    /// Rows that are not committed yet.
    pub(crate) fn outstanding(&self) -> u64 {
        self.given - self.stored
    }
    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
