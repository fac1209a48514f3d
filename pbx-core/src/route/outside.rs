//! Numbers of the public network: which route takes them out. SIP-40.

use super::{Lines, Question, Refused, Way};

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
