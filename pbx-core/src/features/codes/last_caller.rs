//! `*69`: calls back who called last. FC-15.

use crate::call::{Call, Cause, Next};

/// Routes the number of the last caller as if it had been dialled.
pub(super) fn call_back(call: &Call) -> Next {
    let facts = call.facts();
    let last = facts.caller.user.and_then(|user| facts.office.hunting.borrow().last_caller(user));
    let Some(number) = last else {
        call.note("Refused", "nobody has called who showed a number", "feature codes");
        return Next::Hangup(Cause::NotFound);
    };
    call.note("Called back", &number, "last caller");
    call.dial_on(&number)
}
