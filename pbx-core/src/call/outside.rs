//! Calling a number of the public network by a trunk: the verb, and what its answers mean. SIP-38.

use std::{sync::Arc, time::Instant};

use config::{
    TenantId,
    snapshot::{Trunk, User},
};
use sip_stack::resolve::Hop;

use super::{
    cause::Cause,
    leg::Party,
    script::{Action, Call, Diversion, Event, Hush},
};
use crate::{ids::LegId, route::outside::Plan, trace::Trace};

/// A number to call by a trunk.
#[derive(Debug)]
pub(crate) struct Leave {
    pub leg: LegId,
    pub trunk: Arc<Trunk>,
    /// Where it is tried.
    pub hop: Hop,
    /// In the words of the trunk.
    pub number: String,
    /// Who is shown, and what an emergency call carries.
    pub plan: Plan,
    /// Through whom the call was forwarded, the first one first.
    pub diversions: Vec<Diversion>,
    /// Whose mobile phone it is, if it rings with their others. RNG-01
    pub whose: Option<Arc<User>>,
    /// Who answers hears tones of ours and presses a key. RNG-01
    pub asks: bool,
    /// Identity headers that go with it. SIP-41
    pub signatures: Vec<String>,
    /// Not before.
    pub at: Instant,
}

/// What a call brings along from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    /// Through whom it was forwarded before, the first one first.
    pub diversions: Vec<Diversion>,
    /// Values of Identity headers that say who calls (RFC 8224).
    pub signatures: Vec<String>,
    /// What came of checking them.
    pub verdict: SignatureState,
}

/// What came of checking who signed for the caller. SIP-41
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SignatureState {
    /// The trunk does not check.
    #[default]
    Unchecked,
    Verified,
    Failed,
    /// Nobody signed.
    Unsigned,
}

impl SignatureState {
    /// As the record says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Unsigned => "none",
        }
    }
}

/// What a call was for another company of the group: it has a record of its own there. SIP-43.
#[derive(Debug)]
pub(crate) struct Visit {
    pub tenant: TenantId,
    /// As they see the caller.
    pub caller: String,
    /// They see the caller as anybody outside does: by that number and name.
    pub outside: Option<Party>,
    pub dialled: String,
    pub trace: Trace,
}

/// Why a trunk did not bring the call to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It refused, or nothing came back (408), or it could not be reached (503).
    Refused(u16),
    /// It rang for as long as may be.
    Unanswered,
}

impl Call {
    /// Calls a number by a trunk until somebody answers, the trunk gives up, or the time is over.
    pub(crate) async fn leave(&self, leave: Leave, until: Instant) -> Result<LegId, NotTaken> {
        let leg = leave.leg;
        self.start_leaving(leave);
        let heard = self.take(Some(until), |event| match *event {
            Event::Answered(other) if other == leg => Some(Ok(())),
            Event::Failed(other, status) if other == leg => Some(Err(NotTaken::Refused(status))),
            Event::Moved(other) if other == leg => Some(Err(NotTaken::Refused(302))),
            Event::Ended(other) if other == leg => Some(Err(NotTaken::Refused(480))),
            _ => None,
        });
        match heard.await {
            Some(Ok(())) => Ok(leg),
            Some(Err(why)) => Err(why),
            None => {
                self.act(Action::Cancel(leg, Hush::GivenUp));
                Err(NotTaken::Unanswered)
            }
        }
    }
}

impl Call {
    /// The same without waiting for what comes of it.
    pub(crate) fn start_leaving(&self, leave: Leave) {
        self.act(Action::Leave(Box::new(leave)));
    }
}

impl NotTaken {
    /// Whether another trunk may do better: this one is out of order. What the called says, and what the number is, holds
    /// for all of them.
    pub(crate) fn is_the_trunks(self) -> bool {
        match self {
            Self::Unanswered => false,
            // A trunk that wants credentials that we do not have is as good as none; another one may take other codecs.
            Self::Refused(status) => matches!(status, 401 | 407 | 408 | 488 | 500..=599),
        }
    }
    /// Whether another address of the same trunk may do better (RFC 3263 §4.3).
    pub(crate) fn is_the_hops(self) -> bool {
        matches!(self, Self::Refused(408 | 503))
    }
    /// What the caller hears of it.
    pub(crate) fn cause(self) -> Cause {
        let Self::Refused(status) = self else { return Cause::NoAnswer };
        match status {
            486 | 600 => Cause::Busy,
            603 | 607 | 608 => Cause::Declined,
            404 | 410 | 484 | 485 | 604 => Cause::NotFound,
            403 => Cause::NotAllowed,
            415 | 488 | 606 => Cause::NotAcceptable,
            _ if self.is_the_trunks() => Cause::NoTrunk,
            _ => Cause::Unavailable,
        }
    }
}
