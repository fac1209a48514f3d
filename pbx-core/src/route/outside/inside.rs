//! Numbers of this system: a call to them needs no trunk, where both companies want that. SIP-40.

use config::numbering::Called;

use super::{Inside, permission, shown};
use crate::route::{Lines, Question, Refused, Way, home::At, inbound};

/// The way to a number of this system; `None` if the call goes outside. Who calls must be allowed to call such a number:
/// the short cut saves the trunk, not the permission.
pub(super) fn find(
    question: &Question<'_>,
    at: &At<'_>,
    called: &Called,
    trace: &mut Lines,
) -> Option<Result<Way, Refused>> {
    let snapshot = question.snapshot;
    let wants = |tenant| snapshot.call_limits(tenant).is_some_and(|limits| limits.own_numbers_inside);
    if !wants(question.tenant) {
        return None;
    }
    let whole = called.e164.as_deref()?;
    let number = inbound::listed(snapshot, whole, |_| true)?;
    if !wants(number.tenant) {
        let why =
            format!("{} is of this system, and its company takes such calls by its trunk", number.number);
        trace.push(("Goes by a trunk", why, "own numbers"));
        return None;
    }
    if let Err(refused) = permission::check(question, at, called, trace) {
        return Some(Err(refused));
    }
    let what = format!("{whole} is a number of this system: no trunk is needed");
    trace.push(("Stays inside", what, "own numbers"));
    let shown = shown(question, at, &[], trace);
    let inside = Inside { tenant: number.tenant, called: whole.to_owned(), shown };
    Some(Ok(Way::Inside(Box::new(inside))))
}
