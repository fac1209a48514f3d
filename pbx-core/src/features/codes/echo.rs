//! `*43`: the caller hears what they say, for five minutes at most. FC-15, MED-12.

use std::time::Duration;

use crate::call::{Call, Cause, Next, script::Action};

/// Sends the caller's audio back.
pub(super) async fn echo(call: &Call) -> Next {
    call.answer();
    call.note("Echo", "the caller hears what they say", "feature codes");
    call.act(Action::Echo);
    call.wait(call.after(LONGEST)).await;
    Next::Hangup(Cause::Normal)
}

const LONGEST: Duration = Duration::from_secs(300);
