//! Digits that a caller dials within a call: a dial tone until the first one, # or a pause ends them. HD-05.

use std::time::Duration;

use super::script::{Action, Call};
use media::Tone;

/// How many keys are waited for, and how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    /// So many are enough.
    pub most: usize,
    /// How long until the first one.
    pub first: Duration,
    /// How long until each further one.
    pub next: Duration,
}

impl Call {
    /// Digits and stars that the caller dials; `None` if they dial nothing. The caller is answered and the call listens. What
    /// was dialled is in no trace: it may be a PIN.
    pub(crate) async fn keys(&self, keys: Keys) -> Option<String> {
        self.act(Action::Tone(Tone::Dial));
        let mut dialled = String::new();
        let mut wait = keys.first;
        while let Some(key) = self.digit(self.after(wait)).await {
            if dialled.is_empty() {
                self.act(Action::Quiet);
            }
            match key {
                '#' => break,
                '0'..='9' | '*' => dialled.push(key),
                _ => {}
            }
            if dialled.len() >= keys.most {
                break;
            }
            wait = keys.next;
        }
        self.act(Action::Quiet);
        (!dialled.is_empty()).then_some(dialled)
    }
}
