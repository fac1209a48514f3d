//! One file per kind of destination. A feature gets the call and its configuration and says what follows; it never
//! calls another feature.

mod click_to_call;
mod extension;
mod ring_group;

use config::snapshot::{Destination, Target};

pub(crate) use click_to_call::click_to_call;

use crate::{
    call::{Call, Cause, Next},
    limits,
};

/// From one destination to the next until the call is over.
pub(crate) async fn run(call: Call, mut to: Destination) -> Cause {
    let mut cause = Cause::Loop;
    for _ in 0..limits::HOPS_PER_CALL {
        match visit(&call, &to).await {
            Next::Go(next) => to = next,
            Next::Hangup(why) => {
                cause = why;
                break;
            }
            Next::Done => return Cause::Normal,
        }
    }
    call.note("Ends", cause.text(), "script");
    if let (true, Some(tone)) = (call.is_answered(), cause.tone()) {
        call.tone(tone, call.after(limits::FAREWELL_TONE)).await;
    }
    cause
}

/// Runs the feature behind a destination.
async fn visit(call: &Call, to: &Destination) -> Next {
    let number = match to {
        Destination::Hangup(cause) => return Next::Hangup((*cause).into()),
        Destination::Extension(number) => number,
    };
    let facts = call.facts();
    let Some(extension) = facts.snapshot.extension(facts.tenant.id, number) else {
        return nobody(call, number);
    };
    match extension.target {
        Target::User(id) => match facts.snapshot.user(facts.tenant.id, id) {
            Some(user) => extension::extension(call, user).await,
            None => nobody(call, number),
        },
        Target::RingGroup(id) => match facts.snapshot.ring_group(facts.tenant.id, id) {
            Some(group) => ring_group::ring_group(call, group).await,
            None => nobody(call, number),
        },
    }
}

fn nobody(call: &Call, number: &str) -> Next {
    let facts = call.facts();
    let utc = chrono::DateTime::UNIX_EPOCH;
    let route = crate::route::route(&facts.snapshot, facts.tenant.id, &facts.caller, number, utc);
    for (what, detail, rule) in route.trace {
        call.note(what, detail, rule);
    }
    Next::Hangup(route.to.err().map_or(Cause::NotFound, Cause::from))
}
