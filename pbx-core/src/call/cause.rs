//! Why a call ends, in the words of SIP, of Q.850 and of people. SIP-16.

use media::Tone;
use sip_stack::{Name, Response};

use crate::{counters::Outcome, limits, route};

/// Why a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody hung up.
    Normal,
    /// The caller gave up before anybody answered.
    Cancelled,
    Busy,
    NoAnswer,
    /// Nobody can be rung: not registered, suspended, no device.
    Unavailable,
    NotFound,
    NoWayOutside,
    Declined,
    /// The callee, or the whole company, blocks the caller.
    Blocked,
    /// The caller's role does not let them place calls.
    NotAllowed,
    /// None of the phones that a call from the portal begins with is registered.
    NoOwnPhone,
    /// The caller did not answer their own phone.
    OwnPhoneUnanswered,
    /// Too many forwards or hops.
    Loop,
    /// No port or no room.
    Congestion,
    /// No codec or no usable description.
    NotAcceptable,
    /// Speech must be encrypted, and the phone offers it in clear. MED-03
    NotEncrypted,
    /// The signature for the caller is not right. SIP-41
    BadSignature,
    /// Nobody signed for the caller, which the trunk's calls must be. SIP-41
    Unsigned,
    /// A fault of ours.
    Fault,
    /// Both phones fell silent, MED-05.
    Silent,
    /// Dialog died: no ACK, no answer to a request, session not refreshed.
    Dead,
    /// Ended by an administrator or by the stop of the program.
    Administrative,
    /// No call to pick up, nobody in the slot, nobody to park.
    NobodyThere,
    /// No trunk could take the call. SIP-38
    NoTrunk,
    /// Calls of that kind are not the caller's to make. ROL-10
    ClassNotAllowed,
    /// The company calls no such country. SIP-44
    CountryNotAllowed,
    /// It would leave by another company's trunk. MT-13
    OthersTrunk,
    /// Too many calls of that kind, or too many minutes. SIP-44
    LimitReached,
    /// The function of a feature code is not part of this system.
    NotImplemented,
    /// The caller's role does not let them dial that feature code.
    CodeNotAllowed,
    /// A number has to follow the feature code.
    Incomplete,
    /// Nobody has logged in to the phone. HD-06.
    NotLoggedIn,
    /// The caller's whole company is suspended. R-01
    Suspended,
}

impl Cause {
    /// Status of the final response to a caller who is not answered yet.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Busy => 486,
            Self::Declined | Self::Blocked => 603,
            // RFC 8224 §6.2.2.
            Self::BadSignature => 438,
            Self::Unsigned => 428,
            Self::NotAllowed
            | Self::ClassNotAllowed
            | Self::CountryNotAllowed
            | Self::OthersTrunk
            | Self::LimitReached
            | Self::CodeNotAllowed
            | Self::NotLoggedIn
            | Self::Suspended => 403,
            Self::Incomplete => 484,
            Self::NotImplemented => 501,
            Self::NotFound | Self::NoWayOutside | Self::NobodyThere => 404,
            Self::Cancelled => 487,
            Self::NotAcceptable | Self::NotEncrypted => 488,
            Self::Fault => 500,
            Self::Congestion | Self::NoTrunk => 503,
            Self::Normal
            | Self::NoAnswer
            | Self::Unavailable
            | Self::NoOwnPhone
            | Self::OwnPhoneUnanswered
            | Self::Loop
            | Self::Silent
            | Self::Dead
            | Self::Administrative => 480,
        }
    }

    /// For the reason phrase and for people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Normal => "Call over",
            Self::Cancelled => "Caller gave up",
            Self::Busy => "Busy",
            Self::NoAnswer => "No answer",
            Self::Unavailable => "Not reachable",
            Self::NotFound => "No such extension",
            Self::NoWayOutside => "No way outside configured",
            Self::Declined => "Declined",
            Self::Blocked => "Caller is blocked",
            Self::NotAllowed => "Not allowed to place calls",
            Self::NoOwnPhone => "None of your phones is registered",
            Self::OwnPhoneUnanswered => "You did not answer your phone",
            Self::Loop => "Forwarding loop",
            Self::Congestion => "No room for this call",
            Self::NotAcceptable => "No common codec",
            Self::NotEncrypted => "Speech must be encrypted",
            Self::BadSignature => "The caller's signature is not right",
            Self::Unsigned => "Calls by this trunk must be signed",
            Self::Fault => "Internal error",
            Self::Silent => "No media from either phone",
            Self::Dead => "Phone does not respond",
            Self::Administrative => "Ended by the system",
            Self::NobodyThere => "Nobody there to take",
            Self::NoTrunk => "No trunk can take the call",
            Self::ClassNotAllowed => "Not allowed to call this kind of number",
            Self::CountryNotAllowed => "Not allowed to call this country",
            Self::OthersTrunk => "Not allowed to use another company's trunk",
            Self::LimitReached => "The limit for such calls is reached",
            Self::NotImplemented => "This system does not have that function",
            Self::CodeNotAllowed => "Not allowed to use this code",
            Self::Incomplete => "A number is missing behind the code",
            Self::NotLoggedIn => "Log in to this phone first",
            Self::Suspended => "Company suspended",
        }
    }

    /// Cause value of ITU-T Q.850 §2.2.7 for the `Reason` header (RFC 3326).
    pub(crate) fn q850(self) -> u8 {
        match self {
            Self::Normal | Self::Cancelled => 16,
            Self::Busy => 17,
            Self::NoAnswer | Self::OwnPhoneUnanswered => 19,
            Self::Unavailable | Self::NoOwnPhone => 20,
            Self::NotFound => 1,
            Self::NoWayOutside => 3,
            Self::Declined | Self::Blocked | Self::BadSignature | Self::Unsigned => 21,
            Self::NotAllowed => 57,
            Self::Loop => 25,
            Self::Congestion => 34,
            Self::NotAcceptable | Self::NotEncrypted => 88,
            Self::Fault => 127,
            Self::Silent | Self::Dead => 27,
            Self::Administrative => 31,
            Self::NobodyThere => 31,
            Self::NoTrunk => 38,
            Self::ClassNotAllowed | Self::CountryNotAllowed | Self::OthersTrunk => 57,
            Self::LimitReached => 50,
            Self::NotImplemented => 79,
            Self::CodeNotAllowed | Self::NotLoggedIn | Self::Suspended => 50,
            Self::Incomplete => 28,
        }
    }

    /// Value of a `Reason` header.
    pub(crate) fn reason(self) -> String {
        format!("Q.850;cause={};text=\"{}\"", self.q850(), self.text())
    }

    /// The final response to a caller who is not answered yet.
    pub(crate) fn response(self) -> Response {
        let response = Response::new(self.status()).because(self.text()).with(Name::Reason, self.reason());
        if self == Self::Congestion { response.with(Name::RetryAfter, limits::RETRY_AFTER) } else { response }
    }

    /// What a caller who is answered hears; `None` just ends.
    pub(crate) fn tone(self) -> Option<Tone> {
        match self {
            Self::Normal | Self::Cancelled | Self::Silent | Self::Dead | Self::Administrative => None,
            Self::Busy | Self::Declined | Self::Blocked | Self::NoAnswer => Some(Tone::Busy),
            Self::NoOwnPhone | Self::OwnPhoneUnanswered => None,
            Self::Unavailable
            | Self::NotFound
            | Self::NoWayOutside
            | Self::NotAllowed
            | Self::Loop
            | Self::Congestion
            | Self::NotAcceptable
            | Self::NotEncrypted
            | Self::BadSignature
            | Self::Unsigned
            | Self::NobodyThere
            | Self::Fault
            | Self::NoTrunk
            | Self::ClassNotAllowed
            | Self::CountryNotAllowed
            | Self::OthersTrunk
            | Self::LimitReached
            | Self::Suspended => Some(Tone::Congestion),
            Self::NotImplemented | Self::CodeNotAllowed | Self::Incomplete | Self::NotLoggedIn => {
                Some(Tone::Information)
            }
        }
    }

    /// What the record says of a call that nobody answered.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Busy => Outcome::Busy,
            Self::Declined | Self::Blocked | Self::BadSignature | Self::Unsigned => Outcome::Declined,
            Self::Normal | Self::Cancelled | Self::NoAnswer | Self::Unavailable => Outcome::Missed,
            Self::NotFound
            | Self::NoWayOutside
            | Self::NotAllowed
            | Self::NoOwnPhone
            | Self::OwnPhoneUnanswered
            | Self::Loop
            | Self::Congestion
            | Self::NotAcceptable
            | Self::NotEncrypted
            | Self::Fault
            | Self::Silent
            | Self::Dead
            | Self::NobodyThere
            | Self::Administrative
            | Self::NoTrunk
            | Self::ClassNotAllowed
            | Self::CountryNotAllowed
            | Self::OthersTrunk
            | Self::LimitReached
            | Self::NotImplemented
            | Self::CodeNotAllowed
            | Self::Incomplete
            | Self::NotLoggedIn
            | Self::Suspended => Outcome::Failed,
        }
    }
}

impl From<config::snapshot::Cause> for Cause {
    fn from(cause: config::snapshot::Cause) -> Self {
        match cause {
            config::snapshot::Cause::Busy => Self::Busy,
            config::snapshot::Cause::NoAnswer => Self::NoAnswer,
            config::snapshot::Cause::Unavailable => Self::Unavailable,
            config::snapshot::Cause::NotFound => Self::NotFound,
            config::snapshot::Cause::Declined => Self::Declined,
        }
    }
}

impl From<route::Refused> for Cause {
    fn from(refused: route::Refused) -> Self {
        match refused {
            route::Refused::UnknownExtension => Self::NotFound,
            route::Refused::NoWayOutside => Self::NoWayOutside,
            route::Refused::NotAllowed => Self::NotAllowed,
            route::Refused::Blocked => Self::Blocked,
            route::Refused::ClassNotAllowed => Self::ClassNotAllowed,
            route::Refused::CountryNotAllowed => Self::CountryNotAllowed,
            route::Refused::OthersTrunk => Self::OthersTrunk,
            route::Refused::CodeNotAllowed => Self::CodeNotAllowed,
            route::Refused::Incomplete => Self::Incomplete,
            route::Refused::NotLoggedIn => Self::NotLoggedIn,
            route::Refused::Suspended => Self::Suspended,
            route::Refused::NotEncrypted => Self::NotEncrypted,
            route::Refused::BadSignature => Self::BadSignature,
            route::Refused::Unsigned => Self::Unsigned,
        }
    }
}
