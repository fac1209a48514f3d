//! Transfer: a caller goes where another party sent them; if that comes to nothing, back to that party. SIP-22, CTRL-02.

use std::slice;

use super::leaving;
use crate::{
    call::{Call, Cause, Next},
    limits,
    route::Way,
};

/// Runs the way of a caller who was sent on, see [`crate::call::script::Sender`].
pub(crate) async fn transfer(call: Call, way: Way) -> Cause {
    let sender = call.sender();
    let cause = super::walk(&call, way).await;
    let Some(sender) = sender.filter(|_| call.sender().is_some()) else {
        return super::farewell(&call, cause).await;
    };
    let cause = if cause == Cause::Normal { Cause::Unavailable } else { cause };
    call.note("Transfer failed", cause.text(), "transfer");
    if let Some(leg) = call.give_back(&sender, cause).await {
        call.note("Given back", &sender.caller.number, "transfer");
        return talk(&call, leg).await;
    }
    let (company, number) = (sender.company, &sender.caller.number);
    let user = sender.caller.user.and_then(|id| call.facts().snapshot.user(company, id)).cloned();
    let Some(user) = user.filter(|user| !user.suspended) else { return super::farewell(&call, cause).await };
    call.note("Rings back", number, "transfer");
    let there = match call.is_guest(company) {
        true => leaving::elsewhere(&call, company, number),
        false => Ok(call.clone()),
    };
    let Ok(there) = there else { return super::farewell(&call, cause).await };
    match there.ring(slice::from_ref(&user), call.after(limits::RING_BACK)).await {
        Ok(leg) => talk(&call, leg).await,
        Err(_) => super::farewell(&call, cause).await,
    }
}

async fn talk(call: &Call, leg: crate::ids::LegId) -> Cause {
    match call.talk(leg).await {
        Next::Hangup(cause) => cause,
        Next::Done | Next::Go(_) => Cause::Normal,
    }
}
