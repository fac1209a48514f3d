//! One party's part of a call: a row in the engine's table.

use std::{fmt, sync::Arc, time::Instant};

use config::{DeviceId, UserId, snapshot::Trunk};
use media::{Statistics, sdp::Direction};
use sip_stack::{Flow, InviteId};

use super::{line::Line, outside::Leave, script::Dial};
use crate::ids::{CallId, LegId};

/// One party's part of a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub call: CallId,
    /// `None` while a delayed device waits for its turn.
    pub invite: Option<InviteId>,
    pub side: Side,
    /// Its INVITE came from the party; otherwise we sent it.
    pub came_in: bool,
    pub party: Party,
    /// The way its signalling goes.
    pub flow: Flow,
    pub state: State,
    pub line: Line,
    pub times: Times,
    /// Why it ended, for people.
    pub cause: String,
    pub statistics: Statistics,
    /// What it is to call, while it waits.
    pub later: Option<Later>,
    /// The final answer to our BYE or CANCEL is not seen yet.
    pub parting: bool,
    /// The trunk by which it goes, if it does.
    pub link: Option<Link>,
    /// The leg whose party the phone shows that it talks with.
    pub shows: Option<LegId>,
}

/// What a leg calls when its time has come.
#[derive(Debug)]
pub(crate) enum Later {
    Dial(Box<Dial>),
    Leave(Box<Leave>),
}

/// A leg's trunk.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub trunk: Arc<Trunk>,
    /// It never gives way to another call. GEO-07
    pub is_emergency: bool,
}

/// Which side of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Caller,
    Callee,
}

/// Who it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Party {
    pub number: String,
    pub name: String,
    pub user: Option<UserId>,
    pub device: Option<DeviceId>,
}

/// Stages of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its turn to ring comes later.
    Waiting,
    Calling,
    Ringing,
    Up,
    Over,
}

/// When what happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub started: Instant,
    pub ringing: Option<Instant>,
    pub answered: Option<Instant>,
    pub ended: Option<Instant>,
    /// Since when it talked with another party, and until when it was in the call. [Unix ms]
    pub talked: Option<i64>,
    pub left: Option<i64>,
}

impl Leg {
    /// Whether it counts as in the call.
    pub(crate) fn is_over(&self) -> bool {
        self.state == State::Over
    }
    /// Whether the party holds, or is held by, the other side.
    pub(crate) fn is_held(&self) -> bool {
        self.state == State::Up && !self.line.agreed.is_empty() && self.line.theirs() != Direction::SendRecv
            || self.state == State::Up && self.line.ours != Direction::SendRecv
    }
    /// One word for people.
    pub(crate) fn state_text(&self) -> &'static str {
        match self.state {
            State::Waiting => "waiting",
            State::Calling => "calling",
            State::Ringing => "ringing",
            State::Up if self.is_held() => "held",
            State::Up => "talking",
            State::Over => "over",
        }
    }
    /// Name of the codec in force.
    pub(crate) fn codec(&self) -> &str {
        self.line.agreed.first().map_or("", |p| &p.codec.name)
    }
}

impl Later {
    /// When that is.
    pub(crate) fn at(&self) -> Instant {
        match self {
            Self::Dial(dial) => dial.at,
            Self::Leave(leave) => leave.at,
        }
    }
}

impl Party {
    /// Number and name in one.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(self.number.len() + 1 + self.name.len());
        text.push_str(self.number.trim());
        if !self.number.is_empty() && !self.name.is_empty() {
            text.push(' ');
        }
        text.push_str(self.name.trim());
        text
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        f.write_str(if self.number.is_empty() || self.name.is_empty() { "" } else { " " })?;
        f.write_str(&self.name)
    }
}

impl Times {
    /// Begun, nothing else.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, ringing: None, answered: None, ended: None, talked: None, left: None }
    }
}
