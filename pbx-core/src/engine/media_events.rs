//! What the media workers say of a call. MED-04, MED-05.

use std::time::Duration;

use media::{Event, SessionId, Statistics, sdp::Direction};

use super::Engine;
use crate::call::{Cause, line::Silence};
use crate::{
    ids::{CallId, LegId},
    io::Now,
};

impl Engine {
    pub(super) fn on_media(&mut self, now: Now, event: Event) {
        match event {
            Event::OpenFailed { session } => self.on_open_failed(now, session),
            Event::Latched { .. } => {}
            Event::Digit { session, digit } => {
                if let Some(leg) = self.leg_of_session(session) {
                    self.on_digit(leg, digit);
                }
            }
            Event::Silent { session, since } => self.on_silent(now, session, since),
            Event::Quality { session, statistics } => self.on_quality(now, session, statistics),
            Event::Closed { session, statistics } => self.on_closed(now, session, statistics),
        }
    }

    fn on_quality(&mut self, now: Now, session: SessionId, statistics: Statistics) {
        let Some(leg) = self.leg_of_session(session) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.statistics = statistics;
        let call = row.call;
        self.show(now, call);
    }

    fn on_closed(&mut self, now: Now, session: SessionId, statistics: Statistics) {
        let Some(closed) = self.calls.sessions.remove(&session) else { return };
        self.ports.give_back(now.at, closed.port);
        let Some(row) = self.calls.legs.get_mut(&closed.leg) else { return };
        row.statistics = statistics;
        let call = row.call;
        self.close_if_complete(now, call);
    }

    /// Ends a call when both parties sent nothing for the configured time, the same one, and neither holds. MED-05.
    fn on_silent(&mut self, now: Now, session: SessionId, since: Duration) {
        let Some(leg) = self.leg_of_session(session) else { return };
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.silent = Some(Silence { at: now.at, since });
        let call = row.call;
        if self.both_silent(call) {
            self.counters.silent += 1;
            self.end(now, call, Cause::Silent, Cause::Silent.text().into());
        }
    }

    fn both_silent(&self, call: CallId) -> bool {
        let Some(call) = self.calls.running.get(&call) else { return false };
        let Some(callee) = call.talking else { return false };
        let patience = call.handle.facts().snapshot.node().rtp_silence_timeout;
        let (Some(a), Some(b)) = (self.calls.legs.get(&call.owner), self.calls.legs.get(&callee)) else {
            return false;
        };
        let open = |line: &crate::call::line::Line| {
            line.theirs() == Direction::SendRecv && line.ours == Direction::SendRecv
        };
        let (Some(x), Some(y)) = (a.line.silent, b.line.silent) else { return false };
        let begin = |s: Silence| s.at.checked_sub(s.since).unwrap_or(s.at);
        let shared = x.at.min(y.at).saturating_duration_since(begin(x).max(begin(y)));
        !patience.is_zero() && shared >= patience && open(&a.line) && open(&b.line)
    }

    fn leg_of_session(&self, session: SessionId) -> Option<LegId> {
        self.calls.sessions.get(&session).map(|s| s.leg)
    }
}
