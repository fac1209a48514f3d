//! A user's extension: blocked callers → forward always → busy trigger → ring all devices → no answer. RNG-01…13, CH-17.

use std::sync::Arc;

use config::snapshot::User;

use crate::call::{
    Call, Cause, Next,
    verbs::{FORWARD_BY_PHONE, Unanswered},
};

/// Calls a user. Unregistered counts as no answer at once.
pub(crate) async fn extension(call: &Call, user: &Arc<User>) -> Next {
    if user.suspended {
        call.note("Not rung", "the user is suspended", "user");
        return Next::Hangup(Cause::Unavailable);
    }
    if call.is_blocked_by(user) {
        return Next::Hangup(Cause::Blocked);
    }
    call.concerns(user.id, false);
    if let Some(to) = &user.forwards.always {
        return call.forward(user, to, "forward always");
    }
    if call.is_busy(user) {
        return busy(call, user, Cause::Busy);
    }
    let until = call.after(user.forwards.no_answer_after);
    match call.ring(std::slice::from_ref(user), until).await {
        Ok(leg) => call.talk(leg).await,
        Err(why @ (Unanswered::Busy | Unanswered::Declined)) => busy(call, user, why.cause()),
        Err(Unanswered::Moved) => match call.moved_to() {
            Some(to) => call.forward(user, &to, FORWARD_BY_PHONE),
            None => Next::Hangup(Cause::Unavailable),
        },
        Err(why) => match &user.forwards.no_answer {
            Some(to) => call.forward(user, to, "forward no answer"),
            None => Next::Hangup(why.cause()),
        },
    }
}

fn busy(call: &Call, user: &User, cause: Cause) -> Next {
    match &user.forwards.busy {
        Some(to) => call.forward(user, to, "forward busy"),
        None => Next::Hangup(cause),
    }
}
