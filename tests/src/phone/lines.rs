//! A phone's further lines: a call that is set aside, one that waits, and what is done with two of them.

use std::{net::SocketAddr, time::Instant};

use media::sdp::Direction;
use sip_stack::{Event, InviteId, Message, Name};

use super::{Phone, State};

/// A call that its user does not attend to.
#[derive(Debug)]
pub struct Line {
    /// Where it stands.
    pub state: State,
    pub(super) invite: Option<InviteId>,
    last_invite: Option<Message>,
    remote: Option<SocketAddr>,
    wish: Direction,
    direction: Direction,
    next_rtp: Option<Instant>,
    answer_at: Option<Instant>,
}

impl Phone {
    /// Whether its user can begin or take a call on the line they attend to.
    pub fn is_free(&self) -> bool {
        self.invite.is_none()
    }
    /// The user turns to the next call that is set aside, or with `None` there to a free line.
    pub fn swap(&mut self) {
        let next = if self.aside.is_empty() { None } else { Some(self.aside.remove(0)) };
        let mut line = next.unwrap_or_else(Line::free);
        self.exchange(&mut line);
        if line.invite.is_some() {
            self.aside.push(line);
        }
    }
    /// Sends the other side of the call to that number (REFER).
    pub fn transfer(&mut self, now: Instant, number: &str) {
        let to = format!("<sip:{number}@{}>", self.domain);
        self.refer(now, self.invite, &to);
    }
    /// Puts the other side of the first call aside through to that of the present one (REFER with Replaces).
    pub fn complete(&mut self, now: Instant) {
        let ids = self.invite.and_then(|invite| self.stack.dialog_ids(invite));
        let (Some(line), Some([call, ours, theirs])) = (self.aside.first(), ids) else { return };
        let replaces = format!("{call}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}").replace('@', "%40");
        let to = format!("<sip:{}@{}?Replaces={replaces}>", self.dialled, self.domain);
        self.refer(now, line.invite, &to);
    }
    /// Call-ID, own tag, the other's tag of the present call.
    pub fn dialog(&self) -> Option<[String; 3]> {
        self.stack.dialog_ids(self.invite?)
    }
    /// Calls with a Replaces of that value.
    pub fn dial_replacing(&mut self, now: Instant, number: &str, replaces: &str) {
        self.claim = Some((Name::Replaces, replaces.to_owned()));
        self.dial(now, number);
    }

    /// Calls with a Join of that value.
    pub fn dial_joining(&mut self, now: Instant, number: &str, join: &str) {
        self.claim = Some((Name::Join, join.to_owned()));
        self.dial(now, number);
    }

    fn refer(&mut self, now: Instant, invite: Option<InviteId>, to: &str) {
        self.referred = None;
        self.notified.clear();
        if let Some(invite) = invite {
            self.stack.refer(now, invite, to, vec![(Name::ReferredBy, self.aor())]);
        }
    }

    /// An event of a call that is set aside, or of what became of a REFER; gives back any other.
    pub(super) fn on_line(&mut self, now: Instant, event: Event) -> Option<Event> {
        match event {
            Event::Referred { status, .. } => {
                self.referred = Some(status);
                return None;
            }
            Event::Notified { id, status } => {
                self.notified.push(status);
                // Phones hang up when the other side has arrived.
                if (200..300).contains(&status) && !self.waits_for_bye {
                    self.drop_line(now, id);
                }
                return None;
            }
            _ => {}
        }
        let of = match &event {
            Event::Progress { id, .. }
            | Event::Answered { id, .. }
            | Event::Failed { id, .. }
            | Event::Cancelled { id, .. }
            | Event::Ended { id, .. }
            | Event::Offer { id, .. }
            | Event::OfferAnswered { id, .. }
            | Event::OfferRefused { id, .. } => *id,
            _ => return Some(event),
        };
        let Some(at) = self.aside.iter().position(|line| line.invite == Some(of)) else { return Some(event) };
        let mut line = self.aside.remove(at);
        self.exchange(&mut line);
        self.on_event(now, event);
        self.exchange(&mut line);
        if line.invite.is_some() {
            self.aside.insert(at, line);
        }
        None
    }

    /// A further call rings while there is one; `false` if no line is free.
    pub(super) fn waits(&mut self, id: InviteId, request: &Message) -> bool {
        if self.aside.len() + 1 >= self.lines {
            return false;
        }
        let (invite, last_invite) = (Some(id), Some(request.clone()));
        self.aside.insert(0, Line { state: State::Rings, invite, last_invite, ..Line::free() });
        true
    }

    fn drop_line(&mut self, now: Instant, id: InviteId) {
        if self.invite == Some(id) {
            return self.hang_up(now);
        }
        if let Some(at) = self.aside.iter().position(|line| line.invite == Some(id)) {
            self.aside.remove(at);
            self.stack.bye(now, id, None);
        }
    }

    fn exchange(&mut self, line: &mut Line) {
        std::mem::swap(&mut self.state, &mut line.state);
        std::mem::swap(&mut self.invite, &mut line.invite);
        std::mem::swap(&mut self.last_invite, &mut line.last_invite);
        std::mem::swap(&mut self.remote, &mut line.remote);
        std::mem::swap(&mut self.wish, &mut line.wish);
        std::mem::swap(&mut self.direction, &mut line.direction);
        std::mem::swap(&mut self.next_rtp, &mut line.next_rtp);
        std::mem::swap(&mut self.answer_at, &mut line.answer_at);
    }
}

impl Line {
    fn free() -> Self {
        Self {
            state: State::Idle,
            invite: None,
            last_invite: None,
            remote: None,
            wish: Direction::SendRecv,
            direction: Direction::SendRecv,
            next_rtp: None,
            answer_at: None,
        }
    }
}
