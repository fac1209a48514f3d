//! `*42`: 1,004 Hz at 0 dBm0, by which levels are measured, for five minutes at most. FC-15, MED-12.

use std::time::Duration;

use media::Tone;

use crate::call::{Call, Cause, Next};

/// Plays the test tone.
pub(super) async fn milliwatt(call: &Call) -> Next {
    call.answer();
    call.note("Test tone", "1,004 Hz at 0 dBm0", "feature codes");
    call.tone(Tone::Milliwatt, call.after(LONGEST)).await;
    Next::Hangup(Cause::Normal)
}

const LONGEST: Duration = Duration::from_secs(300);
