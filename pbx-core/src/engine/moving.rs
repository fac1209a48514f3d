//! A leg's RTP port cannot be had, because another program uses it: the leg moves to another one. SIP-25.
//!
//! Whether a port can be opened is known only after our description with it is on its way. So the phone is told of the
//! new port by an offer of ours, as soon as it is in the call and no other offer is under way:
//!
//! ```text
//!   worker            engine             phone
//!     │◄── open 20000 ──│── SDP: 20000 ───►│
//!     │── failed ──────►│                  │
//!     │◄── open 20002 ──│◄──────────── 200 │
//!     │                 │── re-INVITE: 20002
//! ```

use media::{
    Path, SessionId,
    sdp::{self, Direction},
};

use super::Engine;
use crate::call::{
    Cause,
    leg::{Side, State},
    running::Renegotiation,
};
use crate::{
    ids::{CallId, LegId},
    io::Now,
    limits,
};

impl Engine {
    /// The operating system did not give us the port.
    pub(super) fn on_open_failed(&mut self, now: Now, session: SessionId) {
        let Some(failed) = self.calls.sessions.remove(&session) else { return };
        self.ports.set_aside(now.at, failed.port);
        tracing::warn!(port = failed.port, "an RTP port cannot be opened: another program uses it");
        let Some(row) = self.calls.legs.get_mut(&failed.leg) else { return };
        row.line.open = false;
        let (call, is_over) = (row.call, row.is_over());
        if is_over {
            self.close_if_complete(now, call);
        } else if self.move_line(now, failed.leg) {
            self.offer_anew(now, call);
        } else {
            self.lose_line(now, failed.leg);
        }
    }

    /// Offers anew to a leg that must hear of another port, or talks with another party than before. One at a time:
    /// offers on both legs of a call would cross.
    pub(super) fn offer_anew(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.running.get(&id) else { return };
        if call.is_ending() || call.renegotiation.is_some() {
            return;
        }
        let legs = &self.calls.legs;
        let must_hear = |leg: &&LegId| {
            legs.get(leg).is_some_and(|row| {
                let line = &row.line;
                row.state == State::Up && line.is_stale && !line.owes && !line.agreed.is_empty()
            })
        };
        let Some(leg) = call.legs.iter().find(must_hear).copied() else { return };
        let partner = call.partner(leg).and_then(|leg| legs.get(&leg)).map(|row| &row.line);
        let partner = partner.filter(|line| !line.agreed.is_empty());
        let direction = partner.map_or(Direction::SendRecv, |line| line.wish());
        let agreed = &legs[&leg].line.agreed;
        let payloads = match partner {
            Some(line) if sdp::relay_answer(agreed, &line.agreed).is_empty() => {
                sdp::relay_offer(&line.agreed)
            }
            _ => agreed.clone(),
        };
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.is_stale = false;
        self.offer_to(now, leg, payloads, Renegotiation { from: None, offer: None, to: leg, direction });
    }

    /// Opens the leg's session on another port; `false` if there is none.
    fn move_line(&mut self, now: Now, leg: LegId) -> bool {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return false };
        let Some(local) = row.line.local.as_mut().filter(|_| row.line.moves < limits::PORT_MOVES) else {
            return false;
        };
        let worker = row.call.worker(self.options.workers);
        let Some(port) = self.ports.take(now.at, worker) else { return false };
        let before = local.address.port();
        local.address.set_port(port);
        row.line.moves += 1;
        row.line.is_stale = true;
        let (path, who) = (row.line.path, row.party.text());
        self.agree(leg);
        path.into_iter().for_each(|path| self.set_path(leg, path));
        self.hear_anew(leg);
        if let Some(call) = self.calls.call_of(leg) {
            call.note(
                now,
                "Other port",
                format_args!("{who}: another program uses port {before}"),
                "RTP port",
            );
        }
        true
    }

    /// Has the legs that heard this one hear its new session.
    fn hear_anew(&mut self, leg: LegId) {
        let path = Path::Peer(leg.session());
        let Some(call) = self.calls.call_of(leg) else { return };
        let legs = call.legs.iter().copied();
        let listeners: Vec<_> = legs
            .filter(|id| self.calls.legs.get(id).is_some_and(|row| row.line.path == Some(path)))
            .collect();
        for listener in listeners {
            // The worker takes the same path again for no change.
            self.set_path(listener, Path::Silent);
            self.set_path(listener, path);
        }
    }

    /// There is no port for the leg: for a caller there is no call, a callee is not reached.
    fn lose_line(&mut self, now: Now, leg: LegId) {
        let Some(row) = self.calls.legs.get_mut(&leg) else { return };
        row.line.local = None;
        let (call, side, state, invite) = (row.call, row.side, row.state, row.invite);
        match (side, state, invite) {
            (Side::Callee, State::Calling | State::Ringing, Some(invite)) => {
                if row.came_in {
                    self.stack.reject(now.at, invite, Cause::Congestion.response());
                } else {
                    self.stack.cancel(now.at, invite, None);
                }
                self.leg_failed(now, leg, 503, "no RTP port can be opened for it");
            }
            _ => self.end(now, call, Cause::Congestion, "no RTP port can be opened".into()),
        }
    }
}
