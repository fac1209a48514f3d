//! Numbers of the public network: which route takes them out. SIP-40.

use std::sync::Arc;

use config::TrunkId;

use super::{Lines, Question, Refused, Way};

/// How a call leaves: by which trunks in which order, and as whom. [`crate::features`] carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In order; the next one is tried where the one before cannot take the call.
    pub attempts: Vec<Attempt>,
    /// Who is shown to whom is called. SIP-41
    pub shown: Shown,
    /// Of an emergency call: where the caller is. GEO-05
    pub emergency: Option<Box<Emergency>>,
    /// What kind of number is called. SIP-40
    pub class: Class,
    /// The rule that decided, for the trace.
    pub route_name: Arc<str>,
}

/// One trunk, and the number in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// By which trunk.
    pub trunk: TrunkId,
    /// As sent in the Request-URI.
    pub number: String,
}

/// The caller as the called sees them. SIP-41
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// In the words of the trunks: E.164 with its plus sign as a rule.
    pub number: String,
    /// Blank for none.
    pub name: String,
    /// Number and name are told to the trunk alone (RFC 3323, RFC 3325 §9.3).
    pub anonymous: bool,
}

/// What an emergency call carries. SIP-42
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emergency {
    /// The caller's address as PIDF-LO (RFC 5139), for trunks that take it.
    pub location: Option<String>,
    /// For people: `Main site, Hauptstr. 1, 2nd floor`.
    pub place: String,
}

/// What kind of number is called, by what it costs and who may call it. SIP-40
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Help. Always allowed.
    Emergency,
    /// In the caller's area.
    Local,
    /// In the caller's country.
    National,
    /// Elsewhere.
    International,
    /// At a higher price than numbers of their country.
    Premium,
}

/// The way out for what looks like an outside number.
pub(super) fn find(question: &Question<'_>, trace: &mut Lines) -> Option<Result<Way, Refused>> {
    if !is_outside(question.dialled) {
        return None;
    }
    trace.push(("Refused", "no way outside configured".into(), "outbound routes"));
    Some(Err(Refused::NoWayOutside))
}

/// Longer than any extension can be, or marked as a full number (E.164).
fn is_outside(dialled: &str) -> bool {
    let digits = dialled.strip_prefix('+').unwrap_or(dialled);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number && (dialled.len() > LONGEST_EXTENSION || dialled.starts_with('+'))
}

/// Extensions have 2 to 6 digits.
const LONGEST_EXTENSION: usize = 6;
