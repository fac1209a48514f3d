//! A callee who answered hears a tone of ours while the caller goes on hearing it ring. RNG-01.

use media::{Path, Tone};

use super::Engine;
use crate::{
    ids::{CallId, LegId},
    io::Now,
};

impl Engine {
    /// Has that leg hear that a key is wanted; the caller hears nothing of it, not even what they heard of it before.
    pub(super) fn prompt(&mut self, now: Now, id: CallId, leg: LegId) {
        let Some(call) = self.calls.running.get_mut(&id) else { return };
        let country = call.country();
        if call.early == Some(leg) {
            call.early = None;
            self.play_tone(id, Tone::Ringback);
        }
        self.announce(now, id);
        self.set_path(leg, Path::Tone(Tone::Prompt, country));
    }
}
