//! What is done by dialling: one file for each function or pair of functions. FC-01…15. Which keys they have is
//! `config::codes`; who may dial them was decided when the number was routed.

mod confirm;
mod dnd;
mod echo;
mod forward;
mod hide;
mod hotdesk;
mod last_caller;
mod milliwatt;
mod night;

use config::codes::Function;

use crate::{
    call::{Call, Cause, Next},
    features,
    route::Code,
};

/// Does what a code is for.
pub(crate) async fn run(call: &Call, code: &Code) -> Next {
    let Code { function, argument } = code;
    if wants_who_dials(*function) && !call.diversions().is_empty() {
        // Who forwards to a code would have it act for whoever calls them: change settings of theirs, page the company.
        call.note("Refused", "calls that were forwarded change nothing", "feature codes");
        return Next::Hangup(Cause::NotAllowed);
    }
    match function {
        Function::ForwardAlways => forward::set(call, "forward_always", argument).await,
        Function::ForwardAlwaysOff => forward::set(call, "forward_always", "").await,
        Function::ForwardBusy => forward::set(call, "forward_busy", argument).await,
        Function::ForwardBusyOff => forward::set(call, "forward_busy", "").await,
        Function::ForwardNoAnswer => forward::set(call, "forward_no_answer", argument).await,
        Function::ForwardNoAnswerOff => forward::set(call, "forward_no_answer", "").await,
        Function::DndOn => dnd::set(call, true).await,
        Function::DndOff => dnd::set(call, false).await,
        Function::LastCaller => last_caller::call_back(call),
        Function::Hide => hide::hide(call, argument),
        Function::Echo => echo::echo(call).await,
        Function::Milliwatt => milliwatt::milliwatt(call).await,
        Function::HotdeskIn => hotdesk::log_in(call).await,
        Function::HotdeskOut => hotdesk::log_out(call).await,
        Function::Night => night::switch(call).await,
        Function::Page => features::page::page(call, argument).await,
        Function::Intercom => features::page::intercom(call, argument).await,
        Function::Park => features::park::in_department(call, "").await,
        Function::ParkIn => features::park::in_department(call, argument).await,
        Function::Retrieve => features::park::retrieve(call, argument).await,
        Function::Pickup => features::pickup::pickup(call, Some(argument)).await,
        Function::GroupPickup => features::pickup::pickup(call, None).await,
        Function::QueueIn
        | Function::QueueOut
        | Function::QueueInFor
        | Function::QueueOutFor
        | Function::Mailbox
        | Function::LeaveMessage
        | Function::Conference
        | Function::Directory
        | Function::Record => not_here(call, *function),
    }
}

/// What this system does not do.
fn not_here(call: &Call, function: Function) -> Next {
    call.note("Refused", format_args!("this system has no {}", function.title()), "feature codes");
    Next::Hangup(Cause::NotImplemented)
}

/// Whether a code does something in the name of who dials it, so that no forward leads to it.
fn wants_who_dials(function: Function) -> bool {
    match function {
        Function::ForwardAlways
        | Function::ForwardAlwaysOff
        | Function::ForwardBusy
        | Function::ForwardBusyOff
        | Function::ForwardNoAnswer
        | Function::ForwardNoAnswerOff
        | Function::DndOn
        | Function::DndOff
        | Function::Night
        | Function::HotdeskIn
        | Function::HotdeskOut
        | Function::QueueIn
        | Function::QueueOut
        | Function::QueueInFor
        | Function::QueueOutFor
        | Function::LastCaller
        | Function::Hide
        | Function::Page
        | Function::Intercom
        | Function::Pickup
        | Function::GroupPickup
        | Function::Record => true,
        Function::Echo
        | Function::Milliwatt
        | Function::Park
        | Function::ParkIn
        | Function::Retrieve
        | Function::Mailbox
        | Function::LeaveMessage
        | Function::Conference
        | Function::Directory => false,
    }
}
