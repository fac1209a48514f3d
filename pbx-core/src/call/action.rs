//! What scripts and the engine say to each other: what happened to a call, what a script wants done, what follows a feature.

use std::{rc::Rc, sync::Arc, time::Instant};

use config::{
    ParkLotId, TenantId, UserId,
    edits::Edit,
    models::Vendor,
    records::{Change, outside::EmergencyRow},
    snapshot::{Device, User},
};
use sip_stack::Flow;

use super::{cause::Cause, leg::Party, outside::Leave};
use crate::{
    ids::LegId,
    route::{Caller, Way},
};

/// What follows when a feature is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    Go(Way),
    Hangup(Cause),
    Done,
}

/// What happened to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A callee answered.
    Answered(LegId),
    /// A callee refused, or could not be reached; the leg is gone.
    Failed(LegId, u16),
    /// A callee's phone sends the call elsewhere; the leg is gone.
    Moved(LegId),
    /// An answered callee is gone.
    Ended(LegId),
    /// Somebody came from another call; in the place of that callee, or to talk with the caller.
    Joined { leg: LegId, place_of: Option<LegId> },
    /// There is nobody to take over, or no room for it.
    NobodyThere,
    /// The call is parked, or was not: no slot is free.
    Parked(bool),
    /// The edit with that ticket is written, or with `false` is not.
    Edited(u64, bool),
    /// A party pressed a key. Told only to scripts that listen, see [`Call::listen`].
    Digit(LegId, char),
}

/// What the script wants done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Answer the caller with media of our own.
    Answer,
    /// Call a contact.
    Dial(Box<Dial>),
    /// Stop calling, or hang up.
    Cancel(LegId, Hush),
    /// Let the caller and this callee hear each other.
    Talk(LegId),
    /// The callee who answered is the caller from now on.
    Adopt(LegId),
    /// Let the caller hear this.
    Tone(media::Tone),
    /// Let a callee who answered hear that a key is wanted.
    Prompt(LegId),
    /// Keep this beyond a restart.
    Store(Change),
    /// Go on in the call of that party.
    Take(Wanted),
    /// Put the caller into a slot of that lot: this one, or the first that is free.
    Park { lot: ParkLotId, slot: Option<String>, by: String },
    /// Take the caller out of its slot.
    Unpark,
    /// Park the party that the caller holds in another call.
    ParkHeld(ParkLotId, Option<String>),
    /// What the caller was sent on to came to nothing: back to who sent it, if they are there.
    Return(Cause),
    /// Ring this user's phones: the caller calls for help. GEO-08
    Alarm(UserId),
    /// Remember that the caller calls for help, and where their phone is. SIP-42
    Help(Box<EmergencyRow>),
    /// Change the configuration; [`Event::Edited`] follows.
    Edit(u64, Box<Edit>),
    /// Call a number by a trunk.
    Leave(Box<Leave>),
    /// Let the caller hear what they say.
    Echo,
    /// Let the caller hear nothing.
    Quiet,
    /// Let the caller and all callees of whom this was said hear each other, as far as their directions go.
    Mix(LegId),
}

/// Whom a caller wants to talk with who is in another call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Who is parked in that slot.
    Slot(String),
    /// Whoever rings for one of these users.
    Ringing(Vec<UserId>),
    /// Who talks with that leg, or calls it.
    PartnerOf(LegId),
    /// That leg and who talks with it.
    Both(LegId),
}

/// Who sent a caller on, to whom they return if that comes to nothing.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub leg: LegId,
    pub caller: Caller,
    /// Whose user or phone it is. MT-11
    pub company: TenantId,
}

/// Why a callee's phone stops ringing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hush {
    /// Somebody else answered: no missed call is shown. SIP-14.
    ElsewhereAnswered,
    /// Nobody answered in time, or the call goes elsewhere.
    GivenUp,
}

/// One contact to call.
#[derive(Debug)]
pub(crate) struct Dial {
    pub leg: LegId,
    pub user: Arc<User>,
    pub device: Arc<Device>,
    pub uri: String,
    pub path: String,
    pub flow: Flow,
    /// Not before.
    pub at: Instant,
    /// Through whom the call was forwarded, the first one first.
    pub diversions: Vec<Diversion>,
    pub manner: Manner,
    /// Who makes the phone, where that matters.
    pub vendor: Option<Vendor>,
}

/// What a phone that is called is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Ring.
    Ring,
    /// Ring as the caller's own phone, with which the call begins. CTC-04.
    Summons,
    /// Answer by itself; the call is like any other. GRP-04.
    Intercom,
    /// Answer by itself and listen. GRP-03.
    Paged,
    /// Answer by itself and hear all others. GRP-04.
    Gathered,
}

/// Somebody whom the call was for.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub user: UserId,
    /// They block the caller.
    pub blocked: bool,
    /// Who called them, where that is not who began the call.
    pub from: Option<Rc<Party>>,
}

/// One forward that the call followed (RFC 5806).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diversion {
    /// Whose calls are forwarded.
    pub number: String,
    pub reason: &'static str,
    /// Where to.
    pub to: String,
}

impl Event {
    /// The leg that it happened to.
    pub(crate) fn leg(&self) -> Option<LegId> {
        match *self {
            Self::Answered(leg) | Self::Failed(leg, _) | Self::Moved(leg) | Self::Ended(leg) => Some(leg),
            Self::Joined { leg, .. } => Some(leg),
            Self::NobodyThere | Self::Parked(_) => None,
            Self::Digit(leg, _) => Some(leg),
            Self::Edited(..) => None,
        }
    }
}
