//! A call as the engine knows it: a set of leg ids and what they have in common.

use std::{fmt::Display, sync::Arc, time::Instant};

use config::UserId;
use media::{Country, sdp::Description};
use sip_stack::SubscriptionId;
use smallvec::SmallVec;

use super::{
    cause::Cause,
    leg::{Party, State},
    outside::SignatureState,
    script::{Call, Script},
};
use crate::{
    ids::{CallId, IdMap, LegId},
    io::Now,
    ladder::Ladder,
    live,
    references::References,
};

/// A call from its INVITE to its closed record.
#[derive(Debug)]
pub(crate) struct Running {
    pub id: CallId,
    /// The script's end of the call; holds snapshot, tenant and trace.
    pub handle: Call,
    /// `None` once the call is ending.
    pub script: Option<Script>,
    /// The deadline that is set for the script.
    pub wake_at: Option<Instant>,
    /// The leg whose end ends the call.
    pub owner: LegId,
    /// All legs in order, gone ones included.
    pub legs: SmallVec<[LegId; 3]>,
    /// The callee who talks with the caller.
    pub talking: Option<LegId>,
    /// The callee whose early media the caller hears.
    pub early: Option<LegId>,
    /// The last provisional status the caller was told.
    pub announced: u16,
    /// An offer that was passed on and is not answered yet.
    pub renegotiation: Option<Renegotiation>,
    /// The caller was sent on and is not answered there.
    pub transfer: Option<Transfer>,
    /// What few calls have.
    pub aside: Box<Aside>,
    /// Users who are in the call, with the number of their legs.
    pub users: SmallVec<[(UserId, u32); 2]>,
    pub record: Record,
    pub shown: Shown,
}

/// What few calls have.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// The slot that the caller waits in.
    pub slot: Option<String>,
    /// Who joined the two who talk. SIP-24
    pub third: Option<LegId>,
    /// Who asked for the call by REFER and hears what becomes of it. SIP-22
    pub reference: Option<SubscriptionId>,
    /// What the caller's phone shows once the system answers, `"Name" <sip:number@domain>`.
    pub greeting: Option<Box<str>>,
}

/// What the call's record says.
#[derive(Debug)]
pub(crate) struct Record {
    /// Unique text id, sortable by time.
    pub name: Arc<str>,
    pub started: Now,
    /// [Unix ms]
    pub answered_at: Option<i64>,
    pub caller: Party,
    pub dialled: String,
    pub answered_by: String,
    pub max_forwards: u8,
    /// What came of checking who signed for the caller. SIP-41
    pub signature: SignatureState,
    pub ladder: Ladder,
    /// Two parties talked.
    pub talked: bool,
    /// Its caller talks on in another call.
    pub went_on: bool,
    /// Why it ended and who ended it; `None` while it runs.
    pub ending: Option<(Cause, String, Now)>,
}

impl Record {
    /// Of a call that begins.
    pub(crate) fn new(name: Arc<str>, started: Now, caller: Party, dialled: String) -> Self {
        Self {
            name,
            started,
            answered_at: None,
            caller,
            dialled,
            answered_by: String::new(),
            max_forwards: USUAL_MAX_FORWARDS,
            signature: SignatureState::default(),
            ladder: Ladder::default(),
            talked: false,
            went_on: false,
            ending: None,
        }
    }
}

/// Somebody sent the other party on, and it is open what that comes to. SIP-22
#[derive(Debug)]
pub(crate) struct Transfer {
    /// Who did; their leg may be over.
    pub by: LegId,
    /// Whose REFER it was; `None` for the portal's and the codes'.
    pub refer: Option<sip_stack::InviteId>,
}

/// An offer of one party that the other must answer first.
#[derive(Debug)]
pub(crate) struct Renegotiation {
    /// Who offered; `None` if we did.
    pub from: Option<LegId>,
    /// The offer.
    pub offer: Option<Description>,
    /// Who is asked.
    pub to: LegId,
    /// The direction we offered.
    pub direction: media::sdp::Direction,
}

/// What the portal, and those who watch lamps, were told last.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub at: Option<Instant>,
    /// A change is held back until then.
    pub due: Option<Instant>,
    pub last: Option<live::Call>,
    /// The legs as they were when those who watch their people were told last.
    pub legs: Vec<Option<(LegId, State)>>,
}

/// All calls and legs of the engine.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub running: IdMap<CallId, Running>,
    pub legs: IdMap<LegId, super::Leg>,
    pub invites: IdMap<sip_stack::InviteId, LegId>,
    pub sessions: IdMap<media::SessionId, Session>,
    pub names: std::collections::HashMap<Arc<str>, CallId>,
    /// Who hears what becomes of a call they asked for.
    pub references: References,
    /// How many are not ending.
    pub active: usize,
    last: u64,
}

/// A media session that a worker has, and its port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub leg: LegId,
    pub port: u16,
}

impl Calls {
    /// A call id that was never used.
    pub(crate) fn new_id(&mut self) -> CallId {
        self.last += 1;
        CallId(self.last)
    }
    /// The leg of an invite.
    pub(crate) fn leg_of(&self, invite: sip_stack::InviteId) -> Option<LegId> {
        self.invites.get(&invite).copied()
    }
    /// The call of a leg.
    pub(crate) fn call_of(&self, leg: LegId) -> Option<&Running> {
        self.running.get(&self.legs.get(&leg)?.call)
    }
    /// The call of a leg.
    pub(crate) fn call_of_mut(&mut self, leg: LegId) -> Option<&mut Running> {
        self.running.get_mut(&self.legs.get(&leg)?.call)
    }
}

impl Running {
    /// A call that begins; `owner` is not among its legs yet.
    pub(crate) fn new(id: CallId, handle: Call, owner: LegId, record: Record) -> Self {
        Self {
            id,
            handle,
            script: None,
            wake_at: None,
            owner,
            legs: SmallVec::new(),
            talking: None,
            early: None,
            announced: 100,
            renegotiation: None,
            transfer: None,
            aside: Box::default(),
            users: SmallVec::new(),
            record,
            shown: Shown::default(),
        }
    }
    /// Whether its record only waits to be closed.
    pub(crate) fn is_ending(&self) -> bool {
        self.record.ending.is_some()
    }
    /// The other party of two who talk.
    pub(crate) fn partner(&self, leg: LegId) -> Option<LegId> {
        let callee = self.talking?;
        match leg {
            _ if leg == callee => Some(self.owner),
            _ if leg == self.owner => Some(callee),
            _ => None,
        }
    }
    /// The tenant's tones.
    pub(crate) fn country(&self) -> Country {
        Country::from_code(&self.handle.facts().tenant.country)
    }
    /// Writes an event of the engine into the trace.
    pub(crate) fn note(&self, now: Now, what: &'static str, detail: impl Display, rule: &'static str) {
        self.handle.note_at(now.at, what, detail, rule);
    }
}

/// RFC 3261 §8.1.1.6.
const USUAL_MAX_FORWARDS: u8 = 70;
