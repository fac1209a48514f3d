//! How something that is watched stands: its calls, and whether its person can be reached.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A call of what is watched, as its watchers see it. However many devices ring, it is one (C-4 of FEATURES).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Dialog {
    /// Names it in documents; the same as long as the call lasts.
    pub id: u32,
    pub stage: Stage,
    /// What is watched began it.
    pub is_initiator: bool,
    pub is_held: bool,
    /// Everybody sees who it is: they wait to be taken.
    pub is_open: bool,
    /// Number and name of the other side; `None` for lamps that stand for no call.
    pub remote: Option<(String, String)>,
    /// Call-ID, our tag, the phone's tag: what a phone that picks up puts into Replaces.
    pub ids: Option<[String; 3]>,
}

/// RFC 4235 §3.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    Early,
    Confirmed,
}

/// What somebody is doing. DIR-22…24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    /// A call would reach them.
    Available,
    /// They let it be known that they are not there.
    Away,
    /// On a call.
    OnThePhone,
    /// Do not disturb, or they let it be known. RNG-14
    Busy,
    /// No device is registered, and their calls go nowhere else.
    Offline,
}

impl Doing {
    /// For people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::OnThePhone => "on the phone",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// A number that stands for a value: equal values have the same one, others by chance never.
pub(crate) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
