//! A user's extension: blocked callers → answering rule → forward always → do not disturb → busy trigger → ring → not
//! answered, not registered. RNG-07…19, AR-03…05, AR-09, CH-17, SIP-16.
//!
//! Which rule answers is [`config::Snapshot::answering`]'s: an answering rule in its time frame, else the user's forwards
//! by day or by night. What has ended by now is off.

use std::sync::Arc;

use config::{
    access::Permission,
    snapshot::{Answering, Deciding, User},
};

use super::mobile;
use crate::{
    call::{
        Call, Cause, Next,
        ringing::Unanswered,
        verbs::{FORWARD_BY_PHONE, name},
    },
    limits,
};

/// Calls a user. Unregistered counts as no answer at once, unless a rule says otherwise.
pub(crate) async fn extension(call: &Call, user: &Arc<User>) -> Next {
    if call.is_called_back(user) {
        return called_back(call, user).await;
    }
    if user.suspended {
        call.note("Not rung", "the user is suspended", "user");
        return Next::Hangup(Cause::Unavailable);
    }
    if call.is_blocked_by(user) {
        return Next::Hangup(Cause::Blocked);
    }
    call.concerns(user.id, false);
    let answering = call.facts().snapshot.answering(user, call.utc());
    explain(call, user, &answering);
    if let Some(cause) = refused(call, user, &answering) {
        return Next::Hangup(cause);
    }
    if let Some(to) = answering.always {
        return call.forward(user, to, "forward always");
    }
    if call.is_undisturbed(user, &answering) || call.is_busy(user) {
        return busy(call, user, &answering, Cause::Busy);
    }
    ring(call, user, &answering).await
}

/// Help calls back: neither forward, do not disturb nor the busy trigger keeps it away, nor that the phone from which help
/// was called may not register. SIP-42.
async fn called_back(call: &Call, user: &Arc<User>) -> Next {
    let (users, until) = (std::slice::from_ref(user), call.after(limits::CALLED_BACK_RINGS));
    match call.ring_with(users, until, |_| None, |user| call.dial_helped(user)).await {
        Ok(leg) => call.talk(leg).await,
        Err(why) => Next::Hangup(why.cause()),
    }
}

async fn ring(call: &Call, user: &Arc<User>, answering: &Answering<'_>) -> Next {
    let mut users = vec![user.clone()];
    users.extend(answering.also.iter().filter_map(|&id| also(call, user, id)));
    let until = call.after(answering.no_answer_after);
    let mobile = |rung: &Arc<User>| (rung.id == user.id).then(|| mobile::ring(call, user, until)).flatten();
    match call.ring_with(&users, until, |_| None, mobile).await {
        Ok(leg) => call.talk(leg).await,
        Err(why @ (Unanswered::Busy | Unanswered::Declined)) => busy(call, user, answering, why.cause()),
        Err(Unanswered::Moved) => moved(call, user, answering),
        Err(why @ Unanswered::Unreachable) => match answering.offline {
            Some(to) => call.forward(user, to, "forward unregistered"),
            None => unanswered(call, user, answering, why.cause()),
        },
        Err(why @ (Unanswered::NoRoom | Unanswered::Timeout)) => {
            unanswered(call, user, answering, why.cause())
        }
    }
}

/// Somebody whose phones ring, too, unless they are not to be called now. AR-05.
fn also(call: &Call, user: &User, id: config::UserId) -> Option<Arc<User>> {
    let facts = call.facts();
    let other = facts.snapshot.user(facts.tenant.id, id).filter(|_| id != user.id)?;
    let why = match () {
        () if other.suspended => "suspended",
        () if facts.caller.user == Some(id) => "calling",
        () if call.is_blocked_by(other) => "blocks the caller",
        () if facts.snapshot.is_dnd(other, call.utc()) => "do not disturb",
        () if call.is_busy(other) => "busy",
        () => return Some(other.clone()),
    };
    call.note("Not rung", format_args!("{}: {why}", name(other)), "these ring, too");
    None
}

fn busy(call: &Call, user: &User, answering: &Answering<'_>, cause: Cause) -> Next {
    match answering.busy {
        Some(to) => call.forward(user, to, "forward busy"),
        None => Next::Hangup(cause),
    }
}

fn unanswered(call: &Call, user: &User, answering: &Answering<'_>, cause: Cause) -> Next {
    match answering.no_answer {
        Some(to) => call.forward(user, to, "forward no answer"),
        None => Next::Hangup(cause),
    }
}

/// A phone sends the call elsewhere: a forward of its user's, if they may place calls. SIP-17, ROL-10.
fn moved(call: &Call, user: &User, answering: &Answering<'_>) -> Next {
    let facts = call.facts();
    let Some((by, to)) = call.moved_to() else { return Next::Hangup(Cause::Unavailable) };
    let by = facts.snapshot.user(facts.tenant.id, by).map_or(user, |by| by);
    if facts.snapshot.allows(by, Permission::PlaceCalls) {
        return call.forward(by, &to, FORWARD_BY_PHONE);
    }
    let role = facts.snapshot.role_of(by).map_or("", |role| &role.name);
    let detail = format_args!("{} to {to}: the role {role} does not let them place calls", name(by));
    call.note("Not followed", detail, FORWARD_BY_PHONE);
    unanswered(call, user, answering, Cause::Unavailable)
}

/// What decides, what does not and why.
fn explain(call: &Call, user: &User, answering: &Answering<'_>) {
    for (rule, why) in &answering.passed {
        call.note("Rule passed over", format_args!("rule {rule} did not apply: {why}"), "answering rules");
    }
    for (forward, ended) in &answering.expired {
        let detail = format_args!("of {}, {}", name(user), ended.format("%Y-%m-%d %H:%M UTC"));
        call.note("Forward is over", format_args!("{forward} {detail}"), "until");
    }
    let rule = answering.rule.name();
    match answering.rule {
        Deciding::Rule(_, frame) => {
            call.note("Rule decides", format_args!("rule {rule}: {}", frame.schedule), "answering rules");
        }
        Deciding::Default | Deciding::Night => call.note("Rule decides", rule, "answering rules"),
    }
}

/// Why the rule refuses the caller, if it does. AR-05.
fn refused(call: &Call, user: &User, answering: &Answering<'_>) -> Option<Cause> {
    let Deciding::Rule(rule, frame) = answering.rule else { return None };
    let caller = &call.facts().caller.number;
    if answering.refuse {
        call.note(
            "Refused",
            format_args!("rule {}: {} takes no calls", frame.name, name(user)),
            "answering rules",
        );
        return Some(Cause::Declined);
    }
    if rule.callers.admit(caller) {
        return None;
    }
    call.note(
        "Refused",
        format_args!("rule {} does not let {caller} through", frame.name),
        "callers of the rule",
    );
    call.concerns(user.id, true);
    Some(Cause::Blocked)
}
