//! Where a call can be sent, and its text form: `extension:101`, `hangup:busy`.

use std::{fmt, str::FromStr};

/// Where a call can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Destination {
    /// An internal number of the same tenant.
    Extension(String),
    Hangup(Cause),
    /// A number of the public network in full.
    External(String),
}

/// Why a call ends, as configuration can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Cause {
    Busy,
    NoAnswer,
    Unavailable,
    NotFound,
    Declined,
}

/// The text is no destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no destination")]
pub struct NoDestination;

impl Destination {
    /// `Extension 101`, `Hang up: busy`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Extension(number) => format!("Extension {number}"),
            Self::Hangup(cause) => format!("Hang up: {}", cause.label()),
            Self::External(number) => format!("Outside number {number}"),
        }
    }
}

impl Cause {
    /// All, in the order in which forms offer them.
    pub const ALL: [Self; 5] =
        [Self::Busy, Self::NoAnswer, Self::Unavailable, Self::NotFound, Self::Declined];

    /// As stored: `no_answer`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::Declined => "declined",
        }
    }
    /// For people: `no answer`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Unavailable => "unavailable",
            Self::NotFound => "number not found",
            Self::Declined => "declined",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => write!(f, "extension:{number}"),
            Self::Hangup(cause) => write!(f, "hangup:{}", cause.key()),
            Self::External(number) => write!(f, "external:{number}"),
        }
    }
}

impl FromStr for Destination {
    type Err = NoDestination;

    fn from_str(text: &str) -> Result<Self, NoDestination> {
        match text.split_once(':') {
            Some(("extension", number))
                if (2..=6).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Ok(Self::Extension(number.to_owned()))
            }
            Some(("hangup", key)) => {
                Cause::ALL.into_iter().find(|c| c.key() == key).map(Self::Hangup).ok_or(NoDestination)
            }
            Some(("external", number)) => {
                let digits = number.strip_prefix('+').unwrap_or_default();
                let whole = (6..=15).contains(&digits.len())
                    && !digits.starts_with('0')
                    && digits.bytes().all(|b| b.is_ascii_digit());
                if whole { Ok(Self::External(number.to_owned())) } else { Err(NoDestination) }
            }
            _ => Err(NoDestination),
        }
    }
}
