//! One file per kind of destination. A feature gets the call and its configuration and says what follows; it never
//! calls another feature.

mod alarm;
mod click_to_call;
mod codes;
mod extension;
mod external;
mod leaving;
mod mobile;
pub(crate) mod page;
pub(crate) mod park;
pub(crate) mod pickup;
mod ring_group;
mod transfer;

use config::{
    TenantId,
    snapshot::{Destination, Target},
};

pub(crate) use alarm::alarm;
pub(crate) use click_to_call::click_to_call;
pub(crate) use transfer::transfer;

use crate::{
    call::{Call, Cause, Next, script::Wanted},
    ids::LegId,
    limits,
    route::{Caller, Way},
};

/// From one destination to the next until the call is over.
pub(crate) async fn run(call: Call, to: Way) -> Cause {
    let cause = walk(&call, to).await;
    farewell(&call, cause).await
}

/// Talks in the place of that leg, or instead of the phone that it rings on. SIP-24
pub(crate) async fn replace(call: Call, leg: LegId) -> Cause {
    call.take_over(Wanted::PartnerOf(leg)).await;
    farewell(&call, Cause::NobodyThere).await
}

/// Talks with that leg and its partner as a third. SIP-24
pub(crate) async fn join(call: Call, leg: LegId) -> Cause {
    call.take_over(Wanted::Both(leg)).await;
    farewell(&call, Cause::NobodyThere).await
}

/// The same without a word at the end.
async fn walk(call: &Call, mut to: Way) -> Cause {
    let (mut call, mut home) = (call.clone(), call.facts().tenant.id);
    for _ in 0..limits::HOPS_PER_CALL {
        if let Way::Elsewhere { tenant, number } = &to {
            match leaving::elsewhere(&call, *tenant, number) {
                Ok(there) => (call, to) = (there, Way::To(Destination::Extension(number.clone()))),
                Err(why) => return why,
            }
        }
        if let Way::Inside(inside) = &to {
            match leaving::inside(&call, inside) {
                // There the caller is like anybody outside: whom a forward takes out again, as who forwards.
                Ok((there, way)) => (home, call, to) = (there.facts().tenant.id, there, way),
                Err(why) => return why,
            }
        }
        match visit(&call, &to, home).await {
            Next::Go(next) => to = next,
            Next::Hangup(why) => return why,
            Next::Done => return Cause::Normal,
        }
    }
    Cause::Loop
}

/// Lets a caller who is answered hear why the call ends.
async fn farewell(call: &Call, cause: Cause) -> Cause {
    if cause == Cause::Normal {
        return cause;
    }
    call.note("Ends", cause.text(), "script");
    if let (true, Some(tone)) = (call.is_answered(), cause.tone()) {
        call.tone(tone, call.after(limits::FAREWELL_TONE)).await;
    }
    cause
}

/// Runs the feature behind a way. Those that few calls come to are boxed: a script is as large as its largest feature.
async fn visit(call: &Call, way: &Way, home: TenantId) -> Next {
    match way {
        Way::To(Destination::Hangup(cause)) => Next::Hangup((*cause).into()),
        Way::To(Destination::Extension(number)) => internal(call, number).await,
        Way::Park(lot) => Box::pin(park::park(call, *lot, None)).await,
        Way::Slot(number) => Box::pin(park::slot(call, number)).await,
        Way::To(Destination::External(number)) => forwarded(call, number),
        Way::Outside(plan) => match leaving::may_leave(call, plan, home) {
            Ok(()) => external::external(call, &leaving::shown(call, plan)).await,
            Err(cause) => Next::Hangup(cause),
        },
        // `walk` followed it already.
        Way::Elsewhere { .. } | Way::Inside(_) => Next::Hangup(Cause::NotFound),
        Way::Direct(target) => direct(call, *target).await,
        Way::Code(code) => Box::pin(codes::run(call, code)).await,
    }
}

/// An internal number. One that is gone since it was configured says so as if it had been dialled.
async fn internal(call: &Call, number: &str) -> Next {
    let facts = call.facts();
    match facts.snapshot.extension(facts.tenant.id, number).map(|extension| extension.target) {
        Some(target) => direct(call, target).await,
        None => {
            call.note("Not internal", format_args!("nobody has extension {number}"), "extension");
            Next::Hangup(Cause::NotFound)
        }
    }
}

/// Out again to where the company sends its callers: as the company, not as who calls. ICR-05
fn forwarded(call: &Call, number: &str) -> Next {
    let by = Caller::default();
    let route = call.route(&by, number);
    for (what, detail, rule) in route.trace {
        call.note(what, detail, rule);
    }
    match route.to {
        Ok(way) => Next::Go(way),
        Err(refused) => Next::Hangup(refused.into()),
    }
}

/// A user or a group.
async fn direct(call: &Call, target: Target) -> Next {
    let facts = call.facts();
    match target {
        Target::User(id) => match facts.snapshot.user(facts.tenant.id, id) {
            Some(user) => extension::extension(call, user).await,
            None => Next::Hangup(Cause::NotFound),
        },
        Target::RingGroup(id) => match facts.snapshot.ring_group(facts.tenant.id, id) {
            Some(group) => ring_group::ring_group(call, group).await,
            None => Next::Hangup(Cause::NotFound),
        },
    }
}
