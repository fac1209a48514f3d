//! How a caller hears that a code is done: three short tones, or the special information tone if it is not; then the call ends.

use std::time::Duration;

use config::edits::Edit;
use media::Tone;

use crate::call::{Call, Cause, Next};

/// Answers, changes that, and tells by a tone whether it is changed.
pub(super) async fn edit(call: &Call, edit: Edit) -> Next {
    call.answer();
    if call.edit(edit).await { done(call).await } else { refused(call).await }
}

/// What was dialled is done.
pub(super) async fn done(call: &Call) -> Next {
    call.answer();
    call.tone(Tone::Confirmation, call.after(CONFIRMED)).await;
    Next::Hangup(Cause::Normal)
}

/// What was dialled is not possible; the trace tells why.
pub(super) async fn refused(call: &Call) -> Next {
    call.answer();
    call.tone(Tone::Information, call.after(REFUSED)).await;
    Next::Hangup(Cause::Normal)
}

/// The three tones, and a moment of silence.
const CONFIRMED: Duration = Duration::from_millis(1_200);
/// Two turns of the tone.
const REFUSED: Duration = Duration::from_millis(4_000);
